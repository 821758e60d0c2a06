"""The live page in Chromium, with a service of its own behind it; and all that it asked for and complained about."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from playwright.sync_api import Browser, BrowserContext, Page, Request, Route, expect

from tests.support.serve import Server

EXACT = re.compile(r"^exact in ")


@dataclass(slots=True)
class Live:
    """The page, open."""

    page: Page
    requests: list[Request] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    failures: set[str] = field(default_factory=set)
    """What may be complained about: parts of messages about requests that a test lets fail."""

    def write(self, text: str) -> None:
        """Insert text where the caret is, as a paste does."""
        self.page.locator(".cm-content").focus()
        self.page.keyboard.insert_text(text)

    def drop(self, *files: tuple[str, bytes | str], onto: str = "header") -> None:
        """Drop files: names and contents."""
        given = [
            (name, content.decode("latin-1") if isinstance(content, bytes) else content) for name, content in files
        ]
        self.page.evaluate(_DROP, [onto, given])

    @property
    def total(self) -> int:
        """The number."""
        return int(self.page.locator("#total").inner_text().replace(",", ""))

    def number(self, id_: str) -> int:
        """Another one."""
        return int(self.page.locator(f"#{id_}").inner_text().replace(",", ""))

    def await_exact(self, milliseconds: float = 20_000) -> int:
        """Wait until the number is that of the text as it is now, and return it."""
        expect(self.page.locator("#card")).to_have_attribute("aria-busy", "false", timeout=milliseconds)
        return self.total

    def await_status(self, text: str | re.Pattern[str], milliseconds: float = 20_000) -> None:
        """Wait until this is said below the number."""
        expect(self.page.locator("#status")).to_have_text(text, timeout=milliseconds)

    def entry(self, marker: str) -> Any:  # noqa: ANN401
        """Return the row of a reference or file."""
        return self.page.locator(".entry", has_text=marker)

    def window(self, name: str) -> tuple[str, str, str]:
        """Return share, state and what is left of a window."""
        row = self.page.locator(".window", has=self.page.get_by_text(name, exact=True))
        return row.locator(".share").inner_text(), row.locator(".state").inner_text(), row.locator(".left").inner_text()


_DROP = """([onto, files]) => {
  const given = new DataTransfer();
  for (const [name, text] of files) {
    given.items.add(new File([Uint8Array.from(text, (char) => char.charCodeAt(0))], name));
  }
  const target = document.querySelector(onto);
  const { x, y } = target.getBoundingClientRect();
  const options = { dataTransfer: given, bubbles: true, cancelable: true, clientX: x + 5, clientY: y + 5 };
  target.dispatchEvent(new DragEvent("dragover", options));
  target.dispatchEvent(new DragEvent("drop", options));
}"""

Open = Callable[..., Live]


@contextmanager
def visit(browser: Browser, server: Server) -> Iterator[Open]:
    """Give what opens the page; at the end none asked another host, kept a text, or complained."""
    contexts: list[BrowserContext] = []
    opened: list[Live] = []
    home = f"http://127.0.0.1:{server.port}/"

    def open_page(
        *,
        width: int = 1280,
        height: int = 860,
        scheme: Literal["light", "dark"] = "light",
        address: str = "",
        before: Callable[[Page], None] | None = None,
    ) -> Live:
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        contexts.append(context)
        context.add_init_script("window.hits = []; window.hit = () => window.hits.push(1); window.alert = window.hit;")
        page = context.new_page()
        page.set_default_timeout(20_000)
        live = Live(page)
        page.on("request", lambda request: live.requests.append(request))  # noqa: PLW0108  builtins take no marks
        page.on("console", lambda message: live.complaints.append(message.text))
        page.on("pageerror", lambda error: live.complaints.append(str(error)))
        if before:
            before(page)
        page.goto(home + address)
        opened.append(live)
        return live

    yield open_page
    for each in opened:
        assert {request.url for request in each.requests if not request.url.startswith(home)} == set()
        assert [said for said in each.complaints if not any(part in said for part in each.failures)] == []
        assert each.page.evaluate("window.hits") == []
    for context in contexts:
        context.close()


def answer_later(live: Live, wait: Callable[[], float]) -> None:
    """Let replies with counts come after so many milliseconds each, whatever came before."""
    live.page.evaluate(
        """() => {
      const ask = window.fetch;
      window.fetch = async (path, options) => {
        if (!String(path).includes("count")) return ask(path, options);
        const reply = await ask(path, options);
        await new Promise((resolve) => setTimeout(resolve, window.nextWait()));
        return reply;
      };
    }"""
    )
    live.page.evaluate("(waits) => { window.nextWait = () => waits.pop() ?? 0; }", [wait() for _ in range(400)])


def refuse(status: int, code: str) -> Callable[[Route], None]:
    """Return what answers with a problem."""
    body = {
        "type": "about:blank",
        "title": code,
        "status": status,
        "code": code,
        "detail": f"this is {code}",
        "hint": "",
        "retryable": True,
    }

    def answer(route: Route) -> None:
        route.fulfill(status=status, content_type="application/problem+json", body=json.dumps(body))

    return answer
