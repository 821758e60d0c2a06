"""The command as a user runs it: a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMMAND = (sys.executable, "-c", "from loopflow.cli.code_context import main; main()")


@dataclass(frozen=True, slots=True)
class Result:
    """What a run printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What was printed, as JSON."""
        return json.loads(self.out)


def run(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None, stdin: bytes | None = None) -> Result:
    """Run `code-context` with `arguments` in `cwd`; a variable that is "" in `env` is unset."""
    environment = {**os.environ, **(env or {})}
    environment = {name: value for name, value in environment.items() if value}
    done = subprocess.run(
        [*COMMAND, *arguments], cwd=cwd, input=stdin or b"", capture_output=True, check=False, env=environment
    )
    return Result(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))
