"""The page of a log in a real browser: it fits every screen, can be read, and nothing of a name acts in it."""

from datetime import timedelta
from pathlib import Path

import pytest

from loopflow.chat.advice import advise
from loopflow.chat.render.usage_page import render_html
from loopflow.chat.requests import read_log
from loopflow.chat.spending import spend
from tests.chat.test_requests import START
from tests.logs.test_page_in_browser import CONTRAST
from tests.support.browser import launch_browser, visit

pytestmark = pytest.mark.browser

NAMES = ["large", "<script>hit()</script>", "</script><img src=x onerror=hit()>", "{{ 7 * 7 }}", "x" * 200]
WIDTHS = (390, 1_280)


def make_page(days: int, daily: int) -> str:
    """Return the page of a log with days that kept the limit, came near it and reached it, and names that would act."""
    rows = ["time,model,task,session,input,output"]
    for at in range(days * 20):
        when = START.replace(hour=1) + timedelta(days=at // 20, minutes=37 * (at % 20))
        name = NAMES[at % len(NAMES)]
        rows.append(f"{when.isoformat()},{name},{name[::-1]},{name},{1_000 + 61 * (at // 20)},{at}")
    found = spend(read_log("\n".join(rows).encode()), daily)
    return "".join(render_html(found, advise(found, 500)))


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(("days", "daily"), [(1, 0), (6, 25_200), (60, 10**6)])
def test_a_page_fits_every_screen_and_can_be_read(days: int, daily: int, *, dark: bool, tmp_path: Path) -> None:
    """Nothing is wider than the screen, every text has the contrast of 4.5, and names are text."""
    text = make_page(days, daily)
    with launch_browser(tmp_path) as browser, visit(browser, tmp_path / "page.html") as open_text:
        for width in WIDTHS:
            page = open_text(text, width=width, dark=dark).page
            assert page.evaluate("document.documentElement.scrollWidth") == width
            assert page.evaluate(CONTRAST) >= 4.5
            assert page.evaluate("window.hits") == []
            assert "{{ 7 * 7 }}" in page.inner_text("#sessions")
            assert page.locator("#days > li").count() == min(days, 31)
            assert page.locator("#sessions tbody tr").count() == len(NAMES)


def test_a_page_says_when_the_limit_was_near_without_a_script(tmp_path: Path) -> None:
    """Of each day; the first advice is about it, and the curve has it as its name for those who cannot see it."""
    with launch_browser(tmp_path) as browser, visit(browser, tmp_path / "page.html") as open_text:
        page = open_text(make_page(6, 25_200), script=False).page
        said = page.locator("#days .said").all_inner_texts()
        assert ["80 % at" in each for each in said] == [True] * 6
        assert ["all of it at" in each for each in said] == [False] * 4 + [True] * 2
        assert page.locator("#advice > li").first.inner_text().startswith("The daily limit was near on 6 of 6 days")
        labels = page.locator("svg.curve").evaluate_all("all => all.map(each => each.getAttribute('aria-label'))")
        assert ["80 % at" in each for each in labels] == [True] * 6
