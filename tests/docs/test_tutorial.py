"""The tutorial prints what it says: it is run from top to bottom, as it stands."""

import os
import runpy
import shutil
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


def test_the_tutorial_prints_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where this fails, `python docs/run_tutorial.py` renews the page; read what changed."""
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert shutil.which("code-context")
    page = (DOCS / "tutorial.md").read_text("utf-8")
    assert page.count("\n$ ") > 15
    assert runpy.run_path(str(DOCS / "run_tutorial.py"))["run"](page, tmp_path) == page
