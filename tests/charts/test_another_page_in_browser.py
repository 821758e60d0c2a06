"""The page of a hierarchy that has nothing to do with a codebase, in a real browser."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from loopflow.charts.hierarchy import build_hierarchy
from loopflow.charts.page import render_page
from tests.support.browser import launch_browser, visit
from tests.support.conversations import WORDS, make_page

pytestmark = pytest.mark.browser


def test_a_conversation_is_read_by_clicks(tmp_path: Path) -> None:
    """A click on a turn shows it alone, in the words of conversations; the way back works, and nothing complains."""
    with launch_browser(tmp_path) as browser, visit(browser, tmp_path / "page.html") as open_text:
        opened = open_text("".join(render_page(make_page())))
        page = opened.page
        assert opened.crumbs == ["all"]
        assert opened.names("branches") == ["conversation", "Turn 2", "Turn 2 / Tools", "Turn 1"]
        page.click("#map text:text-is('Turn 2')")
        assert opened.crumbs == ["all", "Turn 2"]
        expect(page.locator("#crumbs .size")).to_have_text("1,400 tokens · 35.0%")
        expect(page.locator("#said")).to_have_text("Turn 2: 1,400 tokens in 5 messages")
        page.hover("#map text:text-is('grep')")
        tip = page.locator("#tip p").all_inner_texts()
        assert tip == ["Turn 2 / Tools / grep", "900 tokens · 22.5% of total · 72.6% of Tools"]
        page.hover(opened.cell("Turn 2 / Tools"), position={"x": 20, "y": 8})
        expect(page.locator("#tip")).to_contain_text("3 messages")
        page.locator("#branches button.link", has_text="Tools").click()
        assert opened.crumbs == ["all", "Turn 2", "Tools"]
        page.reload()
        assert opened.crumbs == ["all", "Turn 2", "Tools"]
        page.go_back()
        assert opened.crumbs == ["all", "Turn 2"]
        page.click("#branches button.sort:text-is('messages')")
        assert opened.names("branches")[:3] == ["conversation", "Turn 2", "Turn 2 / Tools"]
        page.fill("#kinds-filter", "TOOL")
        assert opened.names("kinds") == ["tool"]
        assert page.evaluate("window.hits") == []


def test_the_script_shows_the_rows_of_the_page(tmp_path: Path) -> None:
    """Every number that the script formats is the one that the page was written with."""
    with launch_browser(tmp_path) as browser, visit(browser, tmp_path / "page.html") as open_text:
        text = "".join(render_page(make_page()))
        without, with_script = (open_text(text, script=script) for script in (False, True))
        for table in ("branches", "kinds"):
            assert with_script.rows(table) == without.rows(table)


def test_back_leads_to_the_same_of_two_that_are_called_alike(tmp_path: Path) -> None:
    """Labels that look alike in a path are two branches, and the browser's Back knows which of them it was."""
    entries = [(("a", "b", "one"), "user", 70), (("a / b", "two"), "user", 50), (("a / b", "three"), "user", 9)]
    root = build_hierarchy(entries, WORDS)
    with launch_browser(tmp_path) as browser, visit(browser, tmp_path / "page.html") as open_text:
        opened = open_text("".join(render_page(make_page()._replace(root=root))))
        page = opened.page
        page.click("#map text:text-is('two')")
        assert opened.crumbs == ["all", "a / b"]
        page.click("#crumbs button")
        page.go_back()
        assert opened.crumbs == ["all", "a / b"]
