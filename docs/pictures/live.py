"""Take the picture of the live page: a prompt with files of this repository, in colour, a limit that is near.

Usage: python docs/pictures/live.py

Serves at a free port; needs Chromium.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
WIDTH, HEIGHT = 1_280, 820
TEXT = """You review a change to a token counter.

A text may be counted in pieces wherever no token reaches across
a cut. Read how that is decided, @[file:loopflow/tokens/safe_cuts.py],
and how the page does it: @[file:loopflow/service/page/segments.js]

Say in five points at most:
    - which texts have no such place,
    - what happens to them,
    - whether "\\r\\n" makes a difference.
"""


def main() -> None:
    """Serve, type, and take the picture beside this file."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with tempfile.TemporaryDirectory() as directory, sync_playwright() as playwright:
        env = {**os.environ, "LOOPFLOW_DATA_DIR": directory}
        command = ["loopflow", "serve", "--port", "0", "--root", "."]
        with subprocess.Popen(command, cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True) as serving:
            assert serving.stderr  # noqa: S101
            chromium = playwright.chromium.launch(executable_path=browser)
            page = chromium.new_page(viewport={"width": WIDTH, "height": HEIGHT})
            page.goto(f"{serving.stderr.readline().split()[-1]}/#tokens=on&limit=1450&room=200")
            page.locator(".window").nth(3).wait_for()
            page.locator(".cm-content").focus()
            page.keyboard.insert_text(TEXT)
            page.locator("#ids .id").first.wait_for()
            page.wait_for_timeout(1_500)
            page.locator(".cm-line .token", has_text="reaches").hover()
            page.locator(".cm-tooltip").wait_for()
            page.screenshot(path=str(Path(__file__).with_name("live.png")))
            chromium.close()
            serving.terminate()


if __name__ == "__main__":
    main()
