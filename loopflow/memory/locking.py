"""One process of ours at a time: the server reads its file, changes it and writes it back, and asks for no lock."""

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from loopflow.analysis.names import escape_name
from loopflow.errors import describe_os_error
from loopflow.memory.model import MemoryFileError

SUFFIX: Final = ".loopflow-lock"
_PAUSE: Final = 0.02
_TAKEN: Final = (errno.EAGAIN, errno.EACCES)


@contextmanager
def locked(path: str, seconds: float) -> Iterator[None]:
    """Hold the lock beside the file at `path`. It goes with the process that holds it, however that ends.

    Raises MemoryFileError where another holds it for so long, or where there can be none.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        handle = os.open(f"{path}{SUFFIX}", flags, 0o600)
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
