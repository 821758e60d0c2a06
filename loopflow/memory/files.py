"""Files and directories of a memory: regular ones, readable by their owner alone."""

import os
import stat

from loopflow.analysis.names import escape_name
from loopflow.errors import describe_os_error
from loopflow.memory.model import MemoryFileError


def make_directory(path: str) -> None:
    """Make a directory of a memory. Raises MemoryFileError."""
    try:
        os.makedirs(path, mode=0o700, exist_ok=True)
    except OSError as error:
        what = f"{escape_name(path)} cannot be made: {describe_os_error(error)}"
        raise MemoryFileError(what, "check where it is, and the disk") from error


def require_regular(path: str) -> bool:
    """Return whether there is a file. Raises MemoryFileError for a link and for what is no file."""
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return False
    except OSError as error:
        raise MemoryFileError(f"{escape_name(path)} cannot be used: {describe_os_error(error)}", "check it") from error
    if stat.S_ISLNK(mode):
        what = f"{escape_name(path)} is a link, which the server would replace"
        raise MemoryFileError(what, "name the file that it leads to")
    if not stat.S_ISREG(mode):
        raise MemoryFileError(f"{escape_name(path)} is no file", "name a file, or remove it")
    return True


def read_file(path: str) -> bytes:
    """Return what is in a file; nothing where there is none. Raises MemoryFileError."""
    try:
        if not require_regular(path):
            return b""
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        what = f"{escape_name(path)} cannot be read: {describe_os_error(error)}"
        raise MemoryFileError(what, "check the file and its directory") from error
