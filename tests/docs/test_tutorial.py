"""The tutorial prints what it says: it is run from top to bottom, as it stands."""

import os
import re
import runpy
import shutil
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
README = (DOCS.parent / "README.md").read_text("utf-8")


def test_the_tutorial_prints_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where this fails, `python docs/run_tutorial.py` renews the page; read what changed."""
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert shutil.which("code-context")
    page = (DOCS / "tutorial.md").read_text("utf-8")
    assert page.count("\n$ ") > 15
    assert runpy.run_path(str(DOCS / "run_tutorial.py"))["run"](page, tmp_path) == page


def test_the_digest_in_the_readme_is_that_of_the_tutorial() -> None:
    """What the README shows of a digest was printed."""
    [block] = re.findall(r"^```text\n(\$ loopflow logs .*?)^```$", README, re.DOTALL | re.MULTILINE)
    printed = (DOCS / "tutorial-logs.md").read_text("utf-8").splitlines()
    shown = [line for line in block.splitlines() if line != "..." and not line.startswith("$ ")]
    assert len(shown) > 3
    assert [line for line in shown if line not in printed] == []
