"""Completing `@[file:` on the page, in Chromium: by keyboard, in words for all, from what the service lists."""

import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from loopflow.tokens import count
from tests.support.live_page import Live, Open, refuse

pytestmark = pytest.mark.browser
HIT = "<img src=x onerror=hit()>.txt"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory with files to refer to."""
    root = tmp_path_factory.mktemp("served")
    for name in ("sub/a]b.py", "sub/other.py", ".env", HIT, *(f"many/{number:03}" for number in range(120))):
        (root / "files" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "files" / name).write_text("print(1)\n")
    return root


@pytest.fixture(scope="module")
def arguments() -> tuple[str, ...]:
    return ("--root", "files")


def type_in(live: Live, text: str) -> None:
    live.page.locator(".cm-content").focus()
    live.page.keyboard.type(text)


def options(live: Live) -> Any:  # noqa: ANN401
    """Return what is offered."""
    return live.page.get_by_role("listbox").get_by_role("option")


def text_of(live: Live) -> str:
    return live.page.locator(".cm-content").inner_text()


def test_a_path_is_completed_by_keyboard(open_page: Open) -> None:
    """Directory by directory, what has to be escaped being so; then the reference is closed, and counted."""
    live = open_page()
    type_in(live, "@[file:s")
    expect(options(live)).to_have_text(["sub/"])
    live.page.wait_for_timeout(150)  # what is offered takes keys only once it could be seen
    live.page.keyboard.press("Enter")
    expect(options(live)).to_have_text(["sub/a]b.py", "sub/other.py"])
    live.page.wait_for_timeout(150)
    live.page.keyboard.press("ArrowDown")
    live.page.keyboard.press("ArrowUp")
    live.page.keyboard.press("Enter")
    expect(live.page.locator(".cm-content")).to_have_text("@[file:sub/a\\]b.py]")
    expect(live.entry("sub/a\\]b.py")).to_have_attribute("data-state", "ok")
    assert live.await_exact() == count("print(1)\n")
    expect(options(live)).to_have_count(0)


def test_a_bracket_that_is_there_is_used(open_page: Open) -> None:
    """And a click chooses as well."""
    live = open_page()
    type_in(live, "@[file:] b")
    for _ in range(3):
        live.page.keyboard.press("ArrowLeft")
    live.page.keyboard.type("sub/o")
    options(live).filter(has_text="other").click()
    expect(live.page.locator(".cm-content")).to_have_text("@[file:sub/other.py] b")
    live.page.keyboard.type("!")
    expect(live.page.locator(".cm-content")).to_have_text("@[file:sub/other.py]! b")


def test_escape_closes_the_list_and_tab_leaves(open_page: Open) -> None:
    """The keys of the page hold: neither is caught for good."""
    live = open_page()
    type_in(live, "@[file:")
    expect(options(live)).to_have_text([HIT, "many/", "sub/"])
    live.page.keyboard.press("Escape")
    expect(options(live)).to_have_count(0)
    live.page.keyboard.press("Control+Space")
    expect(options(live)).to_have_count(3)
    live.page.keyboard.press("Tab")
    expect(live.page.locator(".cm-content")).not_to_be_focused()
    expect(options(live)).to_have_count(0)
    assert text_of(live) == "@[file:"


def test_nothing_is_offered_elsewhere(open_page: Open) -> None:
    """Behind a reference, in one of another kind, without a colon: nothing is asked; what is denied is not offered."""
    live = open_page()
    for text in ("sub/", " @[var:s", "] @[file", "] @[file:sub/other.py] s", "\n@file:s"):
        type_in(live, text)
        live.page.wait_for_timeout(300)
        expect(options(live)).to_have_count(0)
    asked = [each.post_data for each in live.requests if each.url.endswith("/complete")]
    assert [body for body in asked if body and not body.startswith('{"prefix":"')] == []
    assert [body for body in asked if body and not re.fullmatch(r'\{"prefix":"(s(u(b(/[a-z.]*)?)?)?)?"\}', body)] == []
    type_in(live, "\n@[file:.e")
    live.page.wait_for_timeout(300)
    expect(options(live)).to_have_count(0)


def test_a_long_list_says_that_there_are_more(open_page: Open) -> None:
    live = open_page()
    type_in(live, "@[file:many/")
    expect(options(live)).to_have_count(100)
    expect(live.page.get_by_role("listbox")).to_contain_text("The first 100: write on for others")
    live.page.keyboard.type("11")
    expect(options(live)).to_have_count(10)


def test_a_service_that_lists_nothing_is_no_trouble(open_page: Open) -> None:
    """What is written is written; nothing is said, and the number stays exact."""
    live = open_page()
    live.failures.add("503")
    live.page.route("**/v1/references/complete", refuse(503, "overloaded"))
    type_in(live, "a @[file:s")
    live.page.wait_for_timeout(400)
    assert live.await_exact() == count("a @[file:s")
    live.await_status(re.compile("^exact in "))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_list_is_for_everybody(open_page: Open, scheme: Any) -> None:  # noqa: ANN401
    """Axe finds nothing, the chosen one is named by the editor, and 320 pixels hold it."""
    live = open_page(width=320, scheme=scheme)
    type_in(live, "@[file:")
    expect(options(live)).to_have_count(3)
    live.page.keyboard.press("ArrowDown")
    chosen = live.page.locator("[role=option][aria-selected=true]")
    content = live.page.locator(".cm-content")
    expect(content).to_have_attribute("aria-activedescendant", chosen.get_attribute("id") or "none")
    expect(content).to_have_attribute("aria-controls", live.page.get_by_role("listbox").get_attribute("id") or "none")
    assert live.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    live.page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8"))
    found = live.page.evaluate("axe.run()")
    assert [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]] == []
