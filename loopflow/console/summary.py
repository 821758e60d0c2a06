"""The summary of a step in a job of GitHub: Markdown in a file that the runner names, shown beside the job."""

import errno
from collections.abc import Callable
from typing import Final

from loopflow.console.console import Console
from loopflow.errors import LoopflowError, describe_os_error
from loopflow.io.writing import append_to

_SUMMARY: Final = "GITHUB_STEP_SUMMARY"
_MOST: Final = 1_048_576
"""Bytes of the summary of a step: GitHub shows nothing of a longer one."""


def append_summary(console: Console, draw: Callable[[int], str]) -> None:
    """Append what `draw` returns for so many bytes, if this is a job of GitHub; where that is impossible it is said."""
    path = console.environ.get(_SUMMARY)
    if not path:
        return

    def make(size: int) -> bytes:
        room = _MOST - size - 1  # it begins a line
        if room <= 0:
            raise OSError(errno.EFBIG, "it is full")
        data = draw(room).encode("utf-8", "replace")
        if len(data) > room:
            raise OSError(errno.EFBIG, f"it has room for {room:,} bytes of {len(data):,}")
        return b"\n" * bool(size) + data

    try:
        append_to(path, make)
    except OSError as error:
        console.warn(f"{_SUMMARY} is not written: {describe_os_error(error)}")
    except LoopflowError as error:
        console.warn(f"{_SUMMARY} is not written: {error.message}")
