"""Files that are written whole or not at all; and new ones, for which nothing is replaced.

The content of the first kind goes to a temporary file beside the target, is synced to disk and renamed. A reader sees
the old file or the new one. What a kill leaves behind is removed by the next save: the temporary file is locked while
it is written, so that one without a lock belongs to nobody.
"""

import errno
import os
import stat
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from types import TracebackType
from typing import BinaryIO, Self

from loopflow.analysis.names import escape_name
from loopflow.errors import LoopflowError, describe_os_error

if sys.platform != "win32":  # there, a temporary file that is left behind stays
    import fcntl

_SUFFIX = ".loopflow-tmp"
_ATTEMPTS = 100


def write_atomically(path: str, text: str, directory: str = "", printed: Iterable[int] = ()) -> None:
    """Put `text` into the file at `path`, as an `AtomicFile` does. Raises LoopflowError where it is impossible."""
    write_all_atomically({path: text}, directory, printed)


def write_all_atomically(texts: Mapping[str, str], directory: str = "", printed: Iterable[int] = ()) -> None:
    """Put each text into the file at its path, as `write_atomically` does; where one cannot be written, into none.

    No file is replaced before all texts were taken.
    """
    with ExitStack() as failing:
        taken = []
        for path, text in texts.items():
            with _explaining(path):
                file = AtomicFile(path, directory, printed)
                failing.callback(file.discard)
                file.write(text.encode("utf-8", "surrogateescape"))
                file.flush()
            taken.append((path, file))
        for path, file in taken:
            with _explaining(path):
                file.commit()
        failing.pop_all()


@contextmanager
def _explaining(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise cannot_write(path, describe_os_error(error)) from error


class AtomicFile:
    """Takes bytes for the file at `path`, relative to `directory`; when all are there, the file is replaced.

    A symbolic link stays, and its target is replaced. What is no regular file, such as a pipe, is written to directly,
    and so is what the handles `printed` print to, such as /dev/stdout. Raises OSError where it is impossible,
    LoopflowError where others keep writing it, and leaves the file as it was. A new file has the permissions `mode`,
    those that are usual if there are none.
    """

    def __init__(self, path: str, directory: str = "", printed: Iterable[int] = (), mode: int | None = None) -> None:
        place = os.path.join(directory, path)
        direct = _find_direct(place, printed)
        self._target = os.path.realpath(place)
        self._temporary = ""
        self._new_mode = mode
        if direct is not None:
            self._file: BinaryIO = open(direct, "wb")  # noqa: SIM115  closed by `commit` or `discard`
        else:
            self._file, self._temporary = _open_temporary(self._target, path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            self.commit()
        else:
            self.discard()

    def write(self, data: bytes) -> None:
        """Take more of the content."""
        self._file.write(data)

    def flush(self) -> None:
        """Hand what was taken to the system, so that what fails fails before anything is replaced."""
        self._file.flush()

    def commit(self) -> None:
        """Put what was taken in the place of the file."""
        try:
            if not self._temporary:
                self._file.close()
                return
            with self._file as file:
                file.flush()
                os.fchmod(file.fileno(), _mode(self._target, self._new_mode))
                os.fsync(file.fileno())
                os.replace(self._temporary, self._target)
        except BaseException:
            self.discard()
            raise
        _sync_directory(os.path.dirname(self._target))

    def discard(self) -> None:
        """Forget what was taken. What was written to directly has it."""
        with suppress(OSError):  # what is left in the buffer may not fit on the disk either
            self._file.close()
        if self._temporary:
            with suppress(OSError):
                os.unlink(self._temporary)


def write_new(path: str, text: str) -> None:
    """Put `text` into a new file. Raises FileExistsError where there is one, LoopflowError where it is impossible.

    It is written in place, so a kill can leave a part of it: only what is short may be written so.
    """
    try:
        file = open(path, "xb")  # noqa: SIM115  what was not opened here must not be removed below
    except FileExistsError:
        raise
    except OSError as error:
        raise cannot_write(path, describe_os_error(error)) from error
    try:
        with file:
            file.write(text.encode("utf-8", "surrogateescape"))
    except OSError as error:
        with suppress(OSError):  # a part of it would be taken for all of it
            os.unlink(path)
        raise cannot_write(path, describe_os_error(error)) from error


def append_to(path: str, make: Callable[[int], bytes]) -> None:
    """Append to the regular file at `path` what `make` returns for its size; all of it or nothing.

    It is made if it is not there, and nothing is followed: a link, a pipe or a device is an error. Raises OSError.
    """
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    with open(os.open(path, flags, 0o666), "ab", buffering=0) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is no regular file")
        data = memoryview(make(status.st_size))
        try:
            while data:
                data = data[file.write(data) :]
        except OSError:
            with suppress(OSError):  # a part of it would be taken for all of it
                file.truncate(status.st_size)
            raise


def cannot_write(path: str, why: str) -> LoopflowError:
    """Return what to raise when the file at `path` cannot be written."""
    return LoopflowError(f"{escape_name(path)} cannot be written: {why}", "check the directory and the disk")


def _find_direct(path: str, printed: Iterable[int]) -> str | int | None:
    """Return what to open where nothing is to be replaced: the path, or a handle of what is printed to."""
    try:
        status = os.stat(path)
    except FileNotFoundError:
        if path.endswith(os.sep):
            raise
        return None
    for handle in printed:
        with suppress(OSError):  # one that is closed
            if os.path.samestat(status, os.fstat(handle)):
                return os.dup(handle)
    return None if stat.S_ISREG(status.st_mode) else path


def _open_temporary(target: str, path: str) -> tuple[BinaryIO, str]:
    """Make a temporary file beside `target`, which no other takes for one left behind; return it and its path."""
    directory, name = os.path.split(target)
    _sweep(directory, name)
    for _ in range(_ATTEMPTS):
        handle, temporary = tempfile.mkstemp(_SUFFIX, f".{name}.", directory)
        file = open(handle, "wb")  # noqa: SIM115  it goes to whoever asked for it
        try:
            _lock(file)
            if os.path.exists(temporary):  # else another writer took it, before it was locked
                return file, temporary
        except BaseException:
            file.close()
            with suppress(OSError):
                os.unlink(temporary)
            raise
        file.close()
    raise LoopflowError(f"{escape_name(path)} cannot be written: others keep writing it", "try again")


def _lock(file: BinaryIO) -> None:
    if sys.platform != "win32":
        with suppress(OSError):  # where there are no locks, nobody can take it for one left behind
            fcntl.flock(file, fcntl.LOCK_EX)


def _mode(target: str, new: int | None) -> int:
    """Return the permissions the file has, or those a new one gets."""
    with suppress(FileNotFoundError):
        return stat.S_IMODE(os.stat(target).st_mode)
    if new is not None:
        return new
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _sweep(directory: str, name: str) -> None:
    """Remove temporary files of `name` that nobody is writing."""
    sweep_left_behind(directory, name.__eq__)


def sweep_left_behind(directory: str, is_meant: Callable[[str], bool]) -> None:
    """Remove temporary files that nobody is writing, of those files whose names are meant."""
    if sys.platform == "win32":
        return
    for entry in os.scandir(directory or "."):
        if not (entry.name.startswith(".") and entry.name.endswith(_SUFFIX)):
            continue
        name = entry.name[1 : -len(_SUFFIX)].rpartition(".")[0]  # behind it is what makes it the only one
        if is_meant(name) and entry.is_file(follow_symlinks=False):
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
