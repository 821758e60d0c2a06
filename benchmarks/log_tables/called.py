"""The command, called in this process as it is typed: for measures of what it says, not of how long it takes."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from textwrap import indent

from log_tables.processes import ROOT, environment

sys.path.insert(0, os.fspath(ROOT))

from loopflow.cli.logs import logs
from tests.support.run import Result, run


def call(home: Path, *arguments: str) -> Result:
    """Return what `loopflow logs` with these arguments says; its store is below `home`."""
    return run(*arguments, cwd=home, env=environment(home), command=logs)


def call_in(directory: Path, arguments: Sequence[str]) -> tuple[int, str, str]:
    """Return how `loopflow logs` ends in a directory with a config of its own, and what it prints on both streams."""
    result = run(*arguments, cwd=directory, env={"LOOPFLOW_DATA_DIR": "data"}, command=logs)
    return int(result.code), result.out, result.err


def evaluate_in(code: str, directory: Path) -> str:
    """Return what code prints in a directory, with `logs` for `loopflow.logs`, or the message of its error."""
    program = f"import loopflow.logs as logs\nfrom loopflow.errors import LoopflowError\ntry:\n{indent(code, '    ')}\n"
    program += "except LoopflowError as error:\n    print(error.message)\n"
    env = environment(directory) | {"PYTHONPATH": os.fspath(ROOT)}
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=directory, env=env, capture_output=True, text=True, check=True).stdout


def digest(home: Path, log: Path, fit: int) -> str:
    """Return the digest of a log. Nothing is stored."""
    result = call(home, str(log), "--fit", str(fit), "--no-store", "--quiet")
    if result.code:
        raise SystemExit(f"{log} at {fit}: ended with {result.code}: {result.err}")
    return result.out
