"""Pages in a real browser: Chromium, as it is installed."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright

IN_CI = bool(os.environ.get("CI"))  # read before the tests' environment is made
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@dataclass(slots=True)
class Opened:
    """A page that is open, and all that it asked for, complained about and tried to do."""

    page: Page
    requests: list[Request] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def crumbs(self) -> list[str]:
        """The path above the map."""
        return self.page.locator("#crumbs li").all_inner_texts()

    def cell(self, path: str) -> str:
        """Return what selects a cell right in the view by its path."""
        return f'#map [aria-label^="{path},"]'

    def names(self, table: str) -> list[str]:
        """Return the first column of a table."""
        return self.page.locator(f"#{table} tbody th").all_inner_texts()

    def rows(self, table: str) -> list[list[str]]:
        """Return the texts of a table's rows."""
        texts = "lines => lines.map(line => [...line.cells].map(cell => cell.innerText.trim()))"
        rows: list[list[str]] = self.page.locator(f"#{table} tbody tr").evaluate_all(texts)
        return rows


class OpenText(Protocol):
    """Opens a page of this text in a window of its own."""

    def __call__(self, text: str, *, width: int = 1400, dark: bool = False, script: bool = True) -> Opened:
        """Return the page, open."""
        ...


@contextmanager
def launch_browser(home: Path) -> Iterator[Browser]:
    """Start Chromium with a home of its own; without one, fail in CI and skip elsewhere."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None and IN_CI:
        pytest.fail("no Chromium is installed")
    if found is None:
        pytest.skip("no Chromium is installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, env={**os.environ, "HOME": str(home)})
        yield browser
        browser.close()


@contextmanager
def visit(browser: Browser, file: Path) -> Iterator[OpenText]:
    """Give what opens pages at `file`; at the end, none of them complained or asked for anything else."""
    contexts: list[BrowserContext] = []
    opened: list[Opened] = []

    def open_text(text: str, *, width: int = 1400, dark: bool = False, script: bool = True) -> Opened:
        file.write_text(text, encoding="utf-8")
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
        )
        contexts.append(context)
        context.add_init_script("window.hits = []; window.hit = () => window.hits.push(1); window.alert = window.hit;")
        page = context.new_page()
        page.set_default_timeout(10_000)
        seen = Opened(page)
        page.on("request", lambda request: seen.requests.append(request))  # noqa: PLW0108  builtins take no marks
        page.on("console", lambda message: seen.complaints.append(message.text))
        page.on("pageerror", lambda error: seen.complaints.append(str(error)))
        page.goto(file.as_uri())
        opened.append(seen)
        return seen

    yield open_text
    for each in opened:
        assert {request.url.partition("#")[0] for request in each.requests} == {file.as_uri()}
        assert each.complaints == []
    for context in contexts:
        context.close()
