"""Platforms: where it does not run, that is all that is said, whatever is asked for."""

import re
import sys
import tomllib
from pathlib import Path

import click
import pytest

from loopflow.cli.code_context import code_context
from loopflow.cli.main import loopflow
from loopflow.console.command import run_process
from tests.support.run import COMMAND
from tests.support.run import run_process as start

ROOT = Path(__file__).parents[2]
ONE_LINE = re.compile(
    r"(\S+): error: \1 does not run on Windows, only on POSIX systems such as Linux; use it in WSL: \S+\n"
)

# What Python lacks on Windows, as far as anything here imports it or looks for it.
WITHOUT = """
import os, sys
for name in ("fcntl", "grp", "pwd", "resource", "termios"):
    sys.modules[name] = None
for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_DIRECTORY", "O_PATH", "fchmod", "getuid", "sched_getaffinity"):
    if hasattr(os, name):
        delattr(os, name)
from loopflow.cli.{module} import {name}
from loopflow.console.command import run_process
run_process({name}, "nt")
"""


@pytest.mark.parametrize("command", [code_context, loopflow])
@pytest.mark.parametrize("arguments", [[], ["--version"], ["--profile", "nowhere"]])
def test_windows_is_refused(
    command: click.Command, arguments: list[str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """It is one error that names the way out, and exit 2, before anything else is looked at."""
    monkeypatch.setattr(sys, "argv", ["x", *arguments])
    with pytest.raises(SystemExit) as ended:
        run_process(command, "nt")
    out, err = capfd.readouterr()
    assert (ended.value.code, out) == (2, "")
    assert ONE_LINE.fullmatch(err)


@pytest.mark.parametrize(("module", "name"), [("code_context", "code_context"), ("main", "loopflow")])
def test_nothing_that_windows_lacks_comes_before_it(tmp_path: Path, module: str, name: str) -> None:
    """What is imported on the way to the error is there on Windows too."""
    code = WITHOUT.format(module=module, name=name)
    refused = start(cwd=tmp_path, program=(sys.executable, "-c", code))
    assert (refused.code, refused.out) == (2, "")
    assert ONE_LINE.fullmatch(refused.err)


def test_a_posix_system_is_not_refused(tmp_path: Path) -> None:
    """Here it runs."""
    assert start("--version", cwd=tmp_path, program=COMMAND).code == 0


def test_the_package_says_where_it_runs() -> None:
    """The classifiers name POSIX, and no other system."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    systems = [each for each in project["classifiers"] if each.startswith("Operating System")]
    assert systems
    assert all(each.startswith("Operating System :: POSIX") for each in systems)
