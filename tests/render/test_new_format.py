"""A format is one module and one line: with both in a copy of the package, every place that names formats knows it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.builder import Repo

ROOT = Path(__file__).parents[2]
MODULE = '''"""Directories and their tokens, a line each."""

from collections.abc import Iterator

from loopflow.model import Report


def render_lines(report: Report) -> Iterator[str]:
    """Yield a line for each directory."""
    for directory in report.profile.directories:
        yield f"{directory.path} {directory.tokens}\\n"
'''
LAST = '        "badge-json": "loopflow.render.badge:render_badge_json",\n'
LINE = '        "lines": "loopflow.render.lines:render_lines",\n'


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the package in which one module is new, and one line of another."""
    copy = tmp_path_factory.mktemp("package")
    shutil.copytree(ROOT / "loopflow", copy / "loopflow", ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "loopflow/render/lines.py").write_text(MODULE)
    formats = copy / "loopflow/render/formats.py"
    text = formats.read_text()
    assert text.count(LAST) == 1
    formats.write_text(text.replace(LAST, LAST + LINE))
    return copy


def run(package: Path, repo: Repo, *arguments: str, **more: str) -> str:
    """Run the command of the copy and return what it prints."""
    command = [sys.executable, "-c", "from loopflow.cli.code_context import main; main()", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(package), **more}
    return subprocess.run(command, cwd=repo.root, env=environment, capture_output=True, text=True, check=True).stdout


def test_it_is_printed(package: Path, repo: Repo) -> None:
    """--format takes it."""
    repo.track({"src/a.py": "a = 1\n", "b.py": "b = 2\n"})
    assert run(package, repo, "--profile", "--format", "lines").splitlines() == [". 10", "src 5"]


def test_it_is_written(package: Path, repo: Repo) -> None:
    """--report takes it."""
    repo.track({"b.py": "b = 2\n"})
    run(package, repo, "--profile", "--report", "lines:report.txt")
    assert (repo.root / "report.txt").read_text() == ". 5\n"


def test_it_is_named_in_help(package: Path, repo: Repo) -> None:
    """--help lists it among the formats."""
    assert "badge-json, lines." in " ".join(run(package, repo, "--help").split())


def test_shells_complete_it(package: Path, repo: Repo) -> None:
    """A shell that asks for what can follow --format is told."""
    asked = {"_CODE_CONTEXT_COMPLETE": "bash_complete", "COMP_WORDS": "code-context --format li", "COMP_CWORD": "2"}
    assert run(package, repo, **asked) == "plain,lines\n"
