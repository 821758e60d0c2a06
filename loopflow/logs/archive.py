"""Originals that are kept: what came through a pipe, from a command, or from a file whose user asked for it.

An archive holds the bytes that lines were made of, packed with gzip. It is written while the log is read, on a thread
of its own, under a name that says that it is not finished; when its run is remembered it is renamed, and never changes
again. Whoever writes one holds a lock on it, so that one without a lock was left behind by a kill.
"""

import fcntl
import os
import re
import secrets
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import Queue
from threading import Thread
from typing import TYPE_CHECKING, BinaryIO, Final, Self

from loopflow.errors import describe_os_error
from loopflow.logs.originals import Original, Range

if TYPE_CHECKING:
    from types import TracebackType

FOLDER: Final = "logs"
MOST_RUNS: Final = 50
MOST_BYTES: Final = 1_000_000_000
"""Of all archives together, packed."""

_UNFINISHED: Final = re.compile(r"\.log-[0-9a-f]{16}\.unfinished")
_FINISHED: Final = re.compile(r"run-[0-9]{1,18}-[0-9]{1,9}-[0-9a-f]{16}\.gz")
_WAITING_PIECES: Final = 8
_PIECE_BYTES: Final = 1_048_576
_LEVEL: Final = 1
_GZIP: Final = 31
_ATTEMPTS: Final = 100


class ArchiveWriter:
    """Takes the bytes of a log as they are read, and never fails: `failure` says why there is no archive, if so.

    It belongs to the data directory `directory`. After `finish` it can be read; `commit` makes it that of a run, and
    whoever does not come to that calls `discard`, or uses it as a context.
    """

    def __init__(self, directory: str, most: int = MOST_BYTES) -> None:
        self.failure = ""
        self.packed = 0
        self.path = ""
        self._most = most
        self._folder = os.path.join(directory, FOLDER)
        self._file: BinaryIO | None = None
        self._pieces: Queue[bytes | memoryview | None] = Queue(_WAITING_PIECES)
        self._thread: Thread | None = None
        try:
            self._open()
        except OSError as error:
            self._give_up(describe_os_error(error))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: "type[BaseException] | None", error: BaseException | None, at: "TracebackType | None"
    ) -> None:
        self.discard()

    def write(self, data: bytes) -> None:
        """Take more of the log. It waits where the disk is slower than whoever reads."""
        if self._thread is None or self.failure:
            return
        if len(data) <= _PIECE_BYTES:
            self._pieces.put(data)
            return
        view = memoryview(data)
        for start in range(0, len(data), _PIECE_BYTES):
            self._pieces.put(view[start : start + _PIECE_BYTES])

    def finish(self) -> bool:
        """Write what is left; return whether there is an archive, to be read at `path`."""
        if self._thread is not None:
            self._pieces.put(None)
            self._thread.join()
            self._thread = None
        return not self.failure

    def commit(self, run: int, file: int) -> str:
        """Make it the archive of the `file`-th log of `run`; return its name. Raises OSError. It must be finished."""
        name = f"run-{run}-{file}-{secrets.token_hex(8)}.gz"
        place = os.path.join(self._folder, name)
        os.rename(self.path, place)
        self.path = place
        return name

    def keep(self) -> None:
        """Leave it where it is: its run is remembered."""
        self._close()
        self.path = ""

    def discard(self) -> None:
        """Forget it, unless it is kept."""
        self.finish()
        self._remove()

    def _open(self) -> None:
        os.makedirs(self._folder, mode=0o700, exist_ok=True)
        with _folder_handle(self._folder) as folder:
            _sweep(folder)
        self._file, self.path = _open_unfinished(self._folder)
        self._thread = Thread(target=self._pack, args=(self._file,), daemon=True)
        self._thread.start()

    def _pack(self, file: BinaryIO) -> None:
        """Write pieces until there are no more. After a failure they are taken all the same: somebody waits to put."""
        packer = zlib.compressobj(_LEVEL, wbits=_GZIP)
        while (piece := self._pieces.get()) is not None:
            if not self.failure:
                with self._failing():
                    file.write(packer.compress(piece))
                    self._require_room(file.tell())
        if not self.failure:
            with self._failing():
                file.write(packer.flush())
                file.flush()
                os.fsync(file.fileno())
                self.packed = file.tell()
                self._require_room(self.packed)

    @contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except (OSError, MemoryError) as error:
            self._give_up(describe_os_error(error) if isinstance(error, OSError) else "there is not enough memory")

    def _require_room(self, packed: int) -> None:
        if packed > self._most:
            raise OSError(f"it takes more than {self._most:,} bytes")

    def _give_up(self, why: str) -> None:
        self.failure = why
        self._remove()

    def _remove(self) -> None:
        self._close()
        if self.path:
            with suppress(OSError):
                os.unlink(self.path)
            self.path = ""

    def _close(self) -> None:
        if self._file is not None:
            with suppress(OSError):  # what is left in the buffer may not fit on the disk either
                self._file.close()


def read_range(path: str, start: int, end: int) -> Iterator[bytes]:
    """Yield bytes `start` to `end` (exclusive) of what an archive holds. Raises one of `originals.UNREADABLE`."""
    with open_archive(path) as original:
        yield from original.read(Range(start, end))


def open_archive(path: str) -> Original:
    """Open an archive; never through a link. Raises one of `originals.UNREADABLE`."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    file = open(handle, "rb")  # noqa: SIM115  the original closes it
    try:
        return Original(file)
    except BaseException:
        file.close()
        raise


def archive_path(directory: str, name: str) -> str:
    """Return where the archive of such a name lies in a data directory; "" if it is none of ours."""
    return os.path.join(directory, FOLDER, name) if _FINISHED.fullmatch(name) else ""


def finished_archives(directory: str) -> list[str]:
    """Return the names of all archives there are, whether a run knows them or not; none where they cannot be listed."""
    try:
        with _folder_handle(os.path.join(directory, FOLDER)) as folder, os.scandir(folder) as entries:
            return [
                each.name for each in entries if _FINISHED.fullmatch(each.name) and each.is_file(follow_symlinks=False)
            ]
    except OSError:
        return []


def remove_archives(directory: str, names: list[str]) -> None:
    """Remove archives by their names, whatever is left of them; nothing else, and nothing through a link."""
    with suppress(OSError), _folder_handle(os.path.join(directory, FOLDER)) as folder:
        for name in filter(_FINISHED.fullmatch, names):
            with suppress(OSError):
                if stat.S_ISREG(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
                    os.unlink(name, dir_fd=folder)


@contextmanager
def _folder_handle(path: str) -> Iterator[int]:
    """Open the folder of archives; one that is a link would make us remove files elsewhere. Raises OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield handle
    finally:
        os.close(handle)


def _open_unfinished(folder: str) -> tuple[BinaryIO, str]:
    """Make a file that no other run takes for one left behind; return it and its path. Raises OSError."""
    for _ in range(_ATTEMPTS):
        path = os.path.join(folder, f".log-{secrets.token_hex(8)}.unfinished")
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with suppress(OSError):  # where there are no locks, nobody can take it for one left behind
            fcntl.flock(handle, fcntl.LOCK_EX)
        if os.path.exists(path):  # else another run took it, before it was locked
            return open(handle, "wb"), path
        os.close(handle)
    raise OSError("others keep removing it")


def _sweep(folder: int) -> None:
    """Remove unfinished archives that nobody is writing."""
    with os.scandir(folder) as entries:
        names = [each.name for each in entries if _UNFINISHED.fullmatch(each.name)]
    for name in names:
        with suppress(OSError):  # one that vanished, that is a link, or that is locked
            handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.unlink(name, dir_fd=folder)
            finally:
                os.close(handle)
