"""A log that is a file, opened: what to read of it, and what it takes to find its lines again."""

import os
import stat
from contextlib import ExitStack
from typing import Final

from loopflow.analysis.names import escape_name
from loopflow.logs.archive import ArchiveWriter
from loopflow.logs.gathering import Input
from loopflow.logs.originals import Opened
from loopflow.logs.records import Kept
from loopflow.logs.unpacking import open_log

_UNNAMED: Final = "''"


def open_file(path: str, name: str, stack: ExitStack, archive: ArchiveWriter | None = None) -> tuple[Input, Kept]:
    """Open the log at `path`, which the user calls `name`, until `stack` ends; `archive` is given what is read.

    Raises LoopflowError where it cannot be read.
    """
    shown = escape_name(name) or _UNNAMED
    stream, file = open_log(path, shown)
    stack.callback(file.close)
    opened = Opened.of(os.path.abspath(path), file.fileno())
    is_plain = stream is file and stat.S_ISREG(os.fstat(file.fileno()).st_mode)
    most = (opened.size or -1) if is_plain else -1  # the files of /proc say that they are empty
    return Input(shown, opened.path, stream, most, archive.write if archive else None), Kept(opened, archive)
