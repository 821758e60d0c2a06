"""The command as a user runs it: as a function, or as a process of its own where the claim is about a process."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from loopflow.cli.code_context import code_context
from loopflow.console.command import run_command
from loopflow.console.streams import OutputStream, Streams

_HANGS_AFTER = 600  # seconds; not a measure of anything, but a hanging run should fail, not hang the tests

COMMAND = (sys.executable, "-c", "from loopflow.cli.code_context import main; main()")


@dataclass(frozen=True, slots=True)
class Result:
    """What a run printed and how it ended. Bytes that are not UTF-8 are lone surrogates."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """What was printed, as JSON."""
        document: dict[str, Any] = json.loads(self.out)
        return document


def environment(changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment with `changes`; a variable that is "" there is unset."""
    changed = {**os.environ, **(changes or {})}
    return {name: value for name, value in changed.items() if value}


def shell(redirection: str) -> tuple[str, ...]:
    """Return the program that is the command with a redirection that only a shell can make, such as `>&-`."""
    return ("sh", "-c", f'exec "$@" {redirection}', "sh", *COMMAND)


def run(
    *arguments: str,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    command: click.Command = code_context,
) -> Result:
    """Call `code-context`, or another command, with `arguments` in `cwd`; a variable that is "" in `env` is unset."""
    out, err = io.BytesIO(), io.BytesIO()
    stdout, stderr = (OutputStream(io.TextIOWrapper(each, "utf-8")) for each in (out, err))
    streams = Streams(io.TextIOWrapper(io.BytesIO(stdin)), stdout, stderr)
    code = run_command(command, arguments, streams, environment(env), os.fspath(cwd))
    for stream in (streams.stdout, streams.stderr):
        stream.flush()
    return Result(code, _decode(out.getvalue()), _decode(err.getvalue()))


def run_process(
    *arguments: str,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    stdin: bytes | None = None,
    program: Sequence[str] = COMMAND,
) -> Result:
    """Start `code-context` with `arguments` in `cwd`; a variable that is "" in `env` is unset."""
    done = subprocess.run(
        [*program, *arguments],
        cwd=cwd,
        input=stdin or b"",
        capture_output=True,
        check=False,
        env=environment(env),
        timeout=_HANGS_AFTER,
    )
    return Result(done.returncode, _decode(done.stdout), _decode(done.stderr))


def python(code: str) -> tuple[str, ...]:
    """Return the program that runs `code` and then the command, in one process."""
    return (sys.executable, "-c", f"{code}\nfrom loopflow.cli.code_context import main\nmain()")


def _decode(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
