"""Take the picture in the README: the treemap of Django 5.2.1, as a browser shows it.

Usage: python docs/pictures/page.py REPOSITORY

The repository is a checkout of the source distribution (benchmarks/corpora.py makes one). Needs Chromium.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

WIDTH, HEIGHT = 1_200, 900
COMMAND = ("code-context", "--profile", "--report")


def main() -> None:
    """Write the report of the repository that is named, and take the picture of its map beside this file."""
    [repository] = sys.argv[1:]
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with tempfile.TemporaryDirectory() as directory, sync_playwright() as playwright:
        page_file = Path(directory, "report.html")
        subprocess.run([*COMMAND, f"html:{page_file}"], cwd=repository, check=True, stdout=subprocess.DEVNULL)
        chromium = playwright.chromium.launch(executable_path=browser)
        page = chromium.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.goto(page_file.as_uri())
        page.locator("section", has=page.locator("#map")).screenshot(path=str(Path(__file__).with_name("treemap.png")))
        chromium.close()


if __name__ == "__main__":
    main()
