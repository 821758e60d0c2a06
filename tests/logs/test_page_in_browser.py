"""The page of a digest in a real browser: it needs no script, fits every screen, and nothing of a log acts in it."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from loopflow.logs.render.html import render_html
from tests.support.browser import launch_browser, visit
from tests.support.reducing import HOSTILE, reduce_text

pytestmark = pytest.mark.browser

NOISE = "".join(f"step {number} of the build is done\n" for number in range(500))
LONG = "ValueError: " + "x" * 3_000
LOG = NOISE + "".join(f"{line}\n" for line in HOSTILE) + "Error: one is broken\n" + NOISE + LONG + "\n" + NOISE
WIDTHS = (390, 768, 1_400, 2_400)

# The least contrast of the texts that are seen with what is behind them, as WCAG 2.2 defines it.
CONTRAST = """() => {
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const paint = colours => {
    canvas.clearRect(0, 0, 1, 1);
    for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  let least = 21;
  for (const element of document.querySelectorAll("body *")) {
    const says = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    if (!says || !element.checkVisibility()) continue;
    const behind = [];
    for (let at = element; at; at = at.parentElement) behind.unshift(getComputedStyle(at).backgroundColor);
    const text = getComputedStyle(element).color;
    const pair = [light(paint(behind)), light(paint([...behind, text]))].sort((a, b) => b - a);
    least = Math.min(least, (pair[0] + 0.05) / (pair[1] + 0.05));
  }
  return least;
}"""


@pytest.mark.parametrize("dark", [False, True])
def test_a_page_fits_every_screen_and_can_be_read(dark: bool, tmp_path: Path) -> None:  # noqa: FBT001  a parameter
    """Nothing is wider than the screen, and every text has the contrast of 4.5 that is asked of small ones."""
    text = "".join(render_html(reduce_text(LOG, 2_000).digest))
    with launch_browser(tmp_path) as browser, visit(browser, tmp_path / "page.html") as open_text:
        for width in WIDTHS:
            page = open_text(text, width=width, dark=dark).page
            assert page.evaluate("document.documentElement.scrollWidth") == width
            assert page.evaluate(CONTRAST) >= 4.5


def test_a_failure_unfolds_without_a_script(tmp_path: Path) -> None:
    """The browser does it, also where no script may run."""
    text = "".join(render_html(reduce_text(LOG, 2_000).digest))
    with launch_browser(tmp_path) as browser, visit(browser, tmp_path / "page.html") as open_text:
        page = open_text(text, script=False).page
        folded = page.locator("details.failure:not([open])").first
        reference = folded.get_attribute("id")
        lines = page.locator(f"#{reference} .log")
        expect(lines).to_be_hidden()
        page.locator(f"#{reference} summary").click()
        expect(lines).to_be_visible()


def test_nothing_of_a_log_acts(tmp_path: Path) -> None:
    """No script of it runs, and nothing is asked for; every hostile line is text."""
    log = "".join(f"{line}\n" for line in HOSTILE)
    text = "".join(render_html(reduce_text(log, 5_000).digest))
    with launch_browser(tmp_path) as browser, visit(browser, tmp_path / "page.html") as open_text:
        page = open_text(text).page
        assert page.evaluate("window.hits") == []
        shown = page.locator(".log code").all_inner_texts()
        assert {line for line in HOSTILE if line.isascii()} <= set(shown)
