"""How fast the live page is, in Chromium: keys in large texts, a large paste, the way from a key to an exact number.

    python benchmarks/page.py [ROUNDS]

Times are taken in the page itself, by `performance.now`: `script` is what a key costs before the browser may draw,
`frame` is until it has drawn. Beside them stands a text area in the same browser: on a machine that does other things
too, only what is side by side compares.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Page, sync_playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
CODE = "def total(lines, rate):\n    return sum(line.amount * rate for line in lines)\n\n"
KEYS = 100
PASTE = """async (text) => {
  const tasks = [];
  const observer = new PerformanceObserver((list) => tasks.push(...list.getEntries().map((each) => each.duration)));
  const total = document.querySelector("#total");
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/plain", text);
  const began = performance.now();
  const event = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
  document.querySelector(".cm-content").dispatchEvent(event);
  const pasted = performance.now() - began;
  await new Promise((resolve) => setTimeout(resolve));
  observer.observe({ type: "longtask" });
  const card = document.querySelector("#card");
  while (card.getAttribute("aria-busy") === "true") await new Promise((resolve) => setTimeout(resolve, 5));
  const exact = performance.now() - began;
  await new Promise((resolve) => setTimeout(resolve, 300));
  return { pasted, exact, longest: Math.max(0, ...tasks) };
}"""
KEY = """async ([selector, place, keys]) => {
  const element = document.querySelector(selector);
  element.focus();
  if (element.setSelectionRange) element.setSelectionRange(place, place);
  const times = { script: [], frame: [] };
  for (let key = 0; key < keys; key += 1) {
    const began = performance.now();
    document.execCommand("insertText", false, "x");
    await null; // what looks at changes of the document has its turn
    times.script.push(performance.now() - began);
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    times.frame.push(performance.now() - began);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return times;
}"""
EXACT = """async () => {
  const card = document.querySelector("#card");
  const began = performance.now();
  document.execCommand("insertText", false, " x");
  await new Promise((resolve) => setTimeout(resolve));
  while (card.getAttribute("aria-busy") === "true") await new Promise((resolve) => setTimeout(resolve, 2));
  return performance.now() - began;
}"""


@contextmanager
def serve() -> Iterator[str]:
    """Serve at a free port; give its address."""
    with tempfile.TemporaryDirectory() as directory:
        command = [sys.executable, "-c", "from loopflow.cli.main import main; main()", "serve", "--port", "0"]
        env = {**os.environ, "LOOPFLOW_DATA_DIR": directory}
        process = subprocess.Popen(command, cwd=directory, env=env, stderr=subprocess.PIPE, text=True)
        assert process.stderr
        try:
            yield process.stderr.readline().split()[-1]
        finally:
            process.terminate()
            process.wait()


def spread(values: list[float]) -> str:
    """Say the middle, and what 95 of 100 stay within."""
    ordered = sorted(values)
    return f"{statistics.median(ordered):6.1f} {ordered[int(0.95 * (len(ordered) - 1))]:6.1f}"


def fresh(page: Page, address: str) -> None:
    """Open the page, and wait for its windows."""
    page.goto(address)
    page.locator(".window").nth(2).wait_for()


def keys_in(page: Page, address: str, text: str, *, tokens: bool = False) -> dict[str, list[float]]:
    """Paste, then type in the middle."""
    fresh(page, f"{address}#tokens={'on' if tokens else 'off'}")
    page.evaluate(PASTE, text)
    page.keyboard.press("Control+Home")
    for _ in range(30):
        page.keyboard.press("ArrowDown")
    times: dict[str, list[float]] = page.evaluate(KEY, [".cm-content", 0, KEYS])
    return times


def keys_in_text_area(page: Page, address: str, text: str, keys: int) -> dict[str, list[float]]:
    """Do the same in a text area of the same page."""
    fresh(page, address)
    page.evaluate(
        "(text) => { const area = document.createElement('textarea'); area.id = 'area'; area.rows = 40; "
        "area.value = text; document.body.replaceChildren(area); }",
        text,
    )
    times: dict[str, list[float]] = page.evaluate(KEY, ["#area", len(text) // 2, keys])
    return times


def measure(page: Page, address: str) -> None:
    """Print a line for each figure."""
    lines = CODE * (5_000_000 // len(CODE))
    for name, text in (("5 MB in lines", lines), ("5 MB in one line", lines.replace("\n", " "))):
        fresh(page, address)
        found: dict[str, Any] = page.evaluate(PASTE, text)
        print(f"paste, {name:18} {json.dumps({key: round(value) for key, value in found.items()})}")
        times = keys_in(page, address, text)
        print(f"keys,  {name:18} script {spread(times['script'])}   frame {spread(times['frame'])}")
    times = keys_in(page, address, lines, tokens=True)
    print(f"keys,  with tokens        script {spread(times['script'])}   frame {spread(times['frame'])}")
    times = keys_in_text_area(page, address, lines[:1_000_000], 10)
    print(f"keys,  text area of 1 MB  script {spread(times['script'])}   frame {spread(times['frame'])}")
    fresh(page, address)
    page.evaluate(PASTE, lines[:100_000])
    waits = []
    for _ in range(15):
        waits.append(page.evaluate(EXACT))
        page.wait_for_timeout(300)
    print(f"last key to exact number, 100 kB: {spread(waits)} (120 of them are the pause that is waited for)")


def main() -> None:
    """Measure some rounds."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    assert found, "no Chromium is installed"
    print("milliseconds: the middle, and 95 of 100")
    with serve() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found)
        for number in range(rounds):
            load = os.getloadavg()[0]
            print(f"round {number + 1}, {os.cpu_count()} processors, load {load:.1f}")
            page = browser.new_context().new_page()
            measure(page, address)
            page.context.close()
        browser.close()


if __name__ == "__main__":
    main()
