"""What a terminal shows: how wide text is, what colours add, and a real pseudo-terminal to run the command in."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.run import COMMAND, Result, environment

ANSI = re.compile("\x1b\\[[0-9;]*m")
_ROWS = 40


def columns(text: str) -> int:
    """Return how many columns `text` takes (UAX #11), without asking the library that loopflow asks."""
    marks = sum(unicodedata.category(char) == "Mn" for char in text)
    return len(text) - marks + sum(unicodedata.east_asian_width(char) in {"W", "F"} for char in text)


def can_act(text: str) -> bool:
    """Whether anything in `text` is no plain character: a control, a format character, a separator, a raw byte."""
    return any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for char in text)


def run_in_terminal(*arguments: str, cwd: Path, width: int = 80, env: Mapping[str, str] | None = None) -> Result:
    """Run `code-context` with a terminal of `width` columns for its stdout; line ends are as it printed them."""
    ours, theirs = _open_terminal(width)
    with _start(arguments, cwd, env, stdout=theirs, stderr=subprocess.PIPE) as process:
        os.close(theirs)
        shown = _read_all(ours)
        _, complaint = process.communicate()
    return Result(process.returncode, shown, complaint.decode())


def run_beside_terminal(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> Result:
    """Run `code-context` with a terminal for its stderr; what goes to stdout must fit into a pipe."""
    ours, theirs = _open_terminal(80)
    with _start(arguments, cwd, env, stdout=subprocess.PIPE, stderr=theirs) as process:
        os.close(theirs)
        complaint = _read_all(ours)
        shown, _ = process.communicate()
    return Result(process.returncode, shown.decode(), complaint)


def _open_terminal(width: int) -> tuple[int, int]:
    """Return the handles of a new pseudo-terminal: the one to look at, and the one to give away."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, width, 0, 0))
    return ours, theirs


def _start(
    arguments: Sequence[str], cwd: Path, env: Mapping[str, str] | None, *, stdout: int, stderr: int
) -> subprocess.Popen[bytes]:
    changed = environment({"TERM": "xterm-256color", **(env or {})})
    return subprocess.Popen(
        [*COMMAND, *arguments], cwd=cwd, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, env=changed
    )


def _read_all(handle: int) -> str:
    """Return what is printed until the last one who could print is gone."""
    pieces = []
    with os.fdopen(handle, "rb", buffering=0) as terminal:
        while True:
            try:
                piece = terminal.read(65536)
            except OSError:  # EIO
                break
            if not piece:
                break
            pieces.append(piece)
    return b"".join(pieces).decode().replace("\r\n", "\n")
