"""Files and directories of a memory: regular ones, readable by their owner alone; and their locks.

One process of ours at a time: the server reads its file, changes it and writes it back, and asks for no lock.
"""

import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from loopflow.analysis.names import escape_name
from loopflow.errors import describe_os_error
from loopflow.memory.model import MemoryFileError

_SUFFIX: Final = ".loopflow-lock"
_PAUSE: Final = 0.02
_TAKEN: Final = (errno.EAGAIN, errno.EACCES)


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


@contextmanager
def locked(path: str, seconds: float) -> Iterator[None]:
    """Hold the lock beside the file at `path`. It goes with the process that holds it, however that ends.

    Raises MemoryFileError where another holds it for so long, or where there can be none.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        handle = os.open(f"{path}{_SUFFIX}", flags, 0o600)
    except OSError as error:
        what = f"{escape_name(path)} cannot be locked: {describe_os_error(error)}"
        raise MemoryFileError(what, "check its directory") from error
    try:
        _take(handle, path, time.monotonic() + seconds)
        yield
    finally:
        os.close(handle)


def _take(handle: int, path: str, until: float) -> None:
    while True:
        try:
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in _TAKEN:
                what = f"{escape_name(path)} cannot be locked: {describe_os_error(error)}"
                raise MemoryFileError(what, "check its file system") from error
        if time.monotonic() >= until:
            raise MemoryFileError(f"{escape_name(path)} is in use by another process", "try again, or raise --timeout")
        time.sleep(_PAUSE)
