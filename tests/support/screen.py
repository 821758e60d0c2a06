"""What a terminal shows: how wide text is, what colours add, and a real pseudo-terminal to run the command in."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import unicodedata
from collections.abc import Mapping
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
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, width, 0, 0))
    with subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=cwd,
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.PIPE,
        env=environment({"TERM": "xterm-256color", **(env or {})}),
    ) as process:
        os.close(theirs)
        shown = _read_all(ours)
        _, complaint = process.communicate()
    return Result(process.returncode, shown.decode().replace("\r\n", "\n"), complaint.decode())


def _read_all(handle: int) -> bytes:
    pieces = []
    with os.fdopen(handle, "rb", buffering=0) as terminal:
        while True:
            try:
                piece = terminal.read(65536)
            except OSError:  # EIO: the last one to write is gone
                break
            if not piece:
                break
            pieces.append(piece)
    return b"".join(pieces)
