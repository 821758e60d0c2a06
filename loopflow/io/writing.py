"""Files that are written whole or not at all; and new ones, for which nothing is replaced.

The text of the first kind goes to a temporary file beside the target, is synced to disk and renamed. A reader sees the
old file or the new one. What a kill leaves behind is removed by the next save: the temporary file is locked while it is
written, so that one without a lock belongs to nobody.
"""

import os
import stat
import sys
import tempfile
from collections.abc import Iterable
from contextlib import suppress

from loopflow.analysis.names import escape_name
from loopflow.errors import LoopflowError, describe_os_error

if sys.platform != "win32":  # there, a temporary file that is left behind stays
    import fcntl

_SUFFIX = ".loopflow-tmp"
_ATTEMPTS = 100


def write_atomically(path: str, text: str, directory: str = "", printed: Iterable[int] = ()) -> None:
    """Put `text` into the file at `path`, relative to `directory`.

    A symbolic link stays, and its target is replaced. What is no regular file, such as a pipe, is written to directly,
    and so is what the handles `printed` print to, such as /dev/stdout. Raises LoopflowError where it is impossible, and
    leaves the file as it was.
    """
    data = text.encode("utf-8", "surrogateescape")
    place = os.path.join(directory, path)
    try:
        direct = _find_direct(place, printed)
        if direct is not None:
            with open(direct, "wb") as file:
                file.write(data)
            return
        for _ in range(_ATTEMPTS):
            if _replace(os.path.realpath(place), data):
                return
    except OSError as error:
        raise _cannot_write(path, describe_os_error(error)) from error
    raise LoopflowError(f"{escape_name(path)} cannot be written: others keep writing it", "try again")


def write_new(path: str, text: str) -> None:
    """Put `text` into a new file. Raises FileExistsError where there is one, LoopflowError where it is impossible.

    It is written in place, so a kill can leave a part of it: only what is short may be written so.
    """
    try:
        file = open(path, "xb")  # noqa: SIM115  what was not opened here must not be removed below
    except FileExistsError:
        raise
    except OSError as error:
        raise _cannot_write(path, describe_os_error(error)) from error
    try:
        with file:
            file.write(text.encode("utf-8", "surrogateescape"))
    except OSError as error:
        with suppress(OSError):  # a part of it would be taken for all of it
            os.unlink(path)
        raise _cannot_write(path, describe_os_error(error)) from error


def _cannot_write(path: str, why: str) -> LoopflowError:
    return LoopflowError(f"{escape_name(path)} cannot be written: {why}", "check the directory and the disk")


def _find_direct(path: str, printed: Iterable[int]) -> str | int | None:
    """Return what to open where nothing is to be replaced: the path, or a handle of what is printed to."""
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None
    for handle in printed:
        with suppress(OSError):  # one that is closed
            if os.path.samestat(status, os.fstat(handle)):
                return os.dup(handle)
    return None if stat.S_ISREG(status.st_mode) else path


def _replace(target: str, data: bytes) -> bool:
    """Write a temporary file and rename it; return whether it was still there to be renamed."""
    directory, name = os.path.split(target)
    _sweep(directory, name)
    handle, temporary = tempfile.mkstemp(_SUFFIX, f".{name}.", directory)
    try:
        with open(handle, "wb") as file:
            if sys.platform != "win32":
                with suppress(OSError):  # where there are no locks, nobody can take it for one left behind
                    fcntl.flock(file, fcntl.LOCK_EX)
            file.write(data)
            file.flush()
            os.fchmod(handle, _mode(target))
            os.fsync(handle)
            try:
                os.replace(temporary, target)
            except FileNotFoundError:  # another writer took it for one left behind, before it was locked
                return False
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    _sync_directory(directory)
    return True


def _mode(target: str) -> int:
    """Return the permissions the file has, or those a new one gets."""
    with suppress(FileNotFoundError):
        return stat.S_IMODE(os.stat(target).st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _sweep(directory: str, name: str) -> None:
    """Remove temporary files of `name` that nobody is writing."""
    if sys.platform == "win32":
        return
    for entry in os.scandir(directory or "."):
        is_temporary = entry.name.startswith(f".{name}.") and entry.name.endswith(_SUFFIX)
        if is_temporary and entry.is_file(follow_symlinks=False):
            with suppress(OSError), open(entry.path, "rb") as file:  # one that vanished, or that is locked
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.unlink(entry.path)


def _sync_directory(directory: str) -> None:
    """Make the new name last through a power cut, where the system can."""
    with suppress(OSError):
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
