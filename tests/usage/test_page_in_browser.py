"""The page of a report in a real browser: it fits every screen, can be read, and nothing of a name acts in it."""

from pathlib import Path

import pytest

from loopflow.usage.budgets import find_uses
from loopflow.usage.database import Database
from loopflow.usage.ledger import Ledger
from loopflow.usage.model import Budget, Entry, PeriodKind
from loopflow.usage.periods import find_period, find_zone
from loopflow.usage.render.html import render_report
from loopflow.usage.reporting import make_report
from tests.logs.test_page_in_browser import CONTRAST
from tests.support.browser import launch_browser, visit
from tests.usage.test_ledger import NOW

pytestmark = pytest.mark.browser

NAMES = ["api", "<script>hit()</script>", "</script><img src=x onerror=hit()>", "{{ 7 * 7 }}", "x" * 200]
WIDTHS = (390, 1_400)


def make_page(directory: Path) -> str:
    """Return a page with budgets of every level, times, estimates, and names that would like to act."""
    ledger = Ledger(Database(str(directory / "usage.sqlite3")))
    ledger.add(Entry(NOW, 100 + at, 5, 3, name, name, name, name) for at, name in enumerate(NAMES))
    ledger.add([Entry(NOW, 9, exact=False)])
    budgets = [Budget(name, 10 ** (at + 2), component=name) for at, name in enumerate(NAMES[1:])]
    uses = find_uses(ledger, [*budgets, Budget("warns", 640)], NOW)
    assert {use.level.word for use in uses} == {"ok", "warning", "critical"}
    day = find_period(PeriodKind.DAY, NOW, find_zone("UTC"))
    report = make_report(ledger, day, "UTC", ["component", "environment", "hour"], uses=uses)
    return "".join(render_report(report, NOW))


@pytest.mark.parametrize("dark", [False, True])
def test_a_page_fits_every_screen_and_can_be_read(dark: bool, tmp_path: Path) -> None:  # noqa: FBT001  a parameter
    """Nothing is wider than the screen, every text has the contrast of 4.5, and names are text."""
    text = make_page(tmp_path)
    with launch_browser(tmp_path) as browser, visit(browser, tmp_path / "page.html") as open_text:
        for width in WIDTHS:
            page = open_text(text, width=width, dark=dark).page
            assert page.evaluate("document.documentElement.scrollWidth") == width
            assert page.evaluate(CONTRAST) >= 4.5
            assert page.evaluate("window.hits") == []
            assert "{{ 7 * 7 }}" in page.locator("#budgets").inner_text()
            assert page.locator("#times tbody tr").count() == 1
