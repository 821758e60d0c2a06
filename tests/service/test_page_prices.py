"""What a text costs, on the page in Chromium."""

import random
import re
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support.live_page import Live, Open

pytestmark = pytest.mark.browser
CONFIG = """
[[service.model]]
name = "gpt-4o"
window = 128_000
encoding = "o200k_base"
price = "$2.50"
[[service.model]]
name = "ours"
window = 200_000
price = "0.9 <b>€"
[[service.model]]
name = "free"
window = 100
"""
COSTS = """async (cases) => {
  const { cost } = await import(new URL("numbers.js", document.querySelector("script[data-most]").src));
  return cases.map(([tokens, amount]) => cost(tokens, { amount, before: "$", after: "" }));
}"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory with a config."""
    root = tmp_path_factory.mktemp("served")
    (root / "loopflow.toml").write_text(CONFIG)
    return root


@pytest.fixture(scope="module")
def arguments() -> tuple[str, ...]:
    return ("--config", "loopflow.toml")


def cost_of(live: Live, name: str) -> str:
    """Return what is said of a window's cost."""
    row = live.page.locator(".window", has=live.page.get_by_text(name, exact=True))
    return row.locator(".cost").inner_text()


def test_costs_are_exact_and_rounded_once(open_page: Open) -> None:
    """As a calculation with decimals has it; a cost is never shown as nothing."""
    chance = random.Random(5)  # noqa: S311  the same each time
    cases = [(0, "2.50"), (1, "0.01"), (20, "2.50"), (60, "2.5"), (10**12, "999999999.999999")]
    cases += [
        (chance.randrange(10 ** chance.randrange(1, 9)), f"{chance.randrange(100)}.{chance.randrange(1000):03}")
        for _ in range(500)
    ]
    shown = open_page().page.evaluate(COSTS, [list(case) for case in cases])
    for (tokens, amount), cost in zip(cases, shown, strict=True):
        exact = tokens * Decimal(amount) / 10**6
        rounded = exact.quantize(Decimal("0.0001"), ROUND_HALF_UP)
        if exact and not rounded:
            assert cost == "< $0.0001"
        else:
            assert Decimal(cost.removeprefix("$").replace(",", "")) == rounded, (tokens, amount)
            assert re.fullmatch(r"\$\d{1,3}(,\d{3})*\.(\d\d|\d\d(?!00)\d\d)", cost)


def test_the_cost_stands_beside_its_window(open_page: Open) -> None:
    """In the currency of the config, as text; without room for the answer; "about" where counts are not exact."""
    live = open_page()
    live.write("a" + " b" * 39_999)
    assert live.await_exact() == 40_000
    live.page.fill("#room", "5000")
    assert cost_of(live, "gpt-4o") == "$0.10"
    assert cost_of(live, "ours") == "about 0.0360 <b>€"
    assert live.page.locator(".window .cost").count() == 2
    meter = live.page.get_by_role("meter", name="gpt-4o", exact=True)
    expect(meter).to_have_attribute("aria-valuetext", re.compile(r"35\.1 %: fits; input costs \$0\.10$"))


def test_costs_fit_a_narrow_screen(open_page: Open) -> None:
    """320 pixels do not scroll sideways."""
    live = open_page(width=320)
    live.write("a" + " b" * 99_999)
    live.await_exact()
    assert live.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
