"""Opening files below a directory without following a link anywhere on the way.

A tracked path can be replaced by a symbolic link, a pipe or a device, and so can any directory above it. Each component
is therefore opened relative to the handle of the one before, with O_NOFOLLOW, and only a regular file is read
(openat(2), and CWE-59 for what goes wrong otherwise). Where the platform has no directory handles, every component is
looked at before the file is opened, which leaves a moment for a race.
"""

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from operator import attrgetter
from types import TracebackType
from typing import Self

from loopflow.analysis.names import path_bytes
from loopflow.errors import describe_os_error
from loopflow.model import SUBMODULE_MODE, FileRef, Reason, Skipped, Stamp, make_stamps

HAS_HANDLES = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")

# O_NONBLOCK: opening a pipe must not wait for a writer. O_NOCTTY: a terminal must not become ours.
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
# O_PATH: a directory that may be entered need not be readable.
_DIRECTORY = getattr(os, "O_PATH", os.O_RDONLY) | getattr(os, "O_DIRECTORY", 0)

_MOST_KEPT_OPEN = 16
"""How many directories stay open for the next path. A path can have more than a process may have handles."""

_INODE_BITS = 2**63 - 1  # of the 64 or 128 that some file systems use: what SQLite can hold

_STATE = attrgetter("st_size", "st_mtime_ns", "st_ctime_ns", "st_ino")

_LINK_ABOVE = "a directory above it is a symbolic link"

_REASONS = {
    errno.ENOENT: Reason.MISSING,
    errno.ENOTDIR: Reason.MISSING,
    errno.ENAMETOOLONG: Reason.MISSING,
    errno.ELOOP: Reason.SYMLINK,
    errno.EMLINK: Reason.SYMLINK,  # what FreeBSD says for a link that O_NOFOLLOW meets
    errno.ENXIO: Reason.SPECIAL,  # a socket
    errno.ENODEV: Reason.SPECIAL,
    errno.EISDIR: Reason.SPECIAL,
}


class NotOpened(Exception):  # noqa: N818  it carries data for a `Skipped`, not an error
    """A path is no regular file that can be read."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail

    def skip(self, ref: FileRef) -> Skipped:
        """Return what becomes of a candidate. A submodule is a directory that may well be missing."""
        if ref.mode == SUBMODULE_MODE and self.reason is not Reason.SYMLINK:
            return Skipped(ref.path, Reason.SUBMODULE)
        return Skipped(ref.path, self.reason, self.detail)


class Opener:
    """Opens regular files below `root` (absolute), keeping the last path's directories open for the next one."""

    def __init__(self, root: str, *, handles: bool = HAS_HANDLES) -> None:
        self._root = os.fsencode(root)
        self._handles = handles
        self._names: list[bytes] = []
        self._open: list[int] = []
        self._far: int | None = None
        self._entered: tuple[bytes, int] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._leave()
        self._close_below(0)

    def open(self, path: str) -> tuple[int, os.stat_result]:
        """Open the file at `path` (POSIX, relative to the root) and return its handle and status.

        Raises NotOpened with the reason.
        """
        directory, _, name = path_bytes(path).rpartition(b"/")
        try:
            if self._handles:
                handle = os.open(name, _READ | _NO_FOLLOW, dir_fd=self._enter(directory))
            else:
                handle = self._open_checked(directory, name)
        except OSError as error:
            raise _not_opened(error) from error
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            os.close(handle)
            raise NotOpened(Reason.SPECIAL, _kind(status.st_mode))
        return handle, status

    def stamps(self, directory: str, names: Sequence[str]) -> Sequence[Stamp | NotOpened]:
        """Return the state of each of the files in `directory` without opening it, or why it is no regular file."""
        below = path_bytes(directory)
        if not self._handles:
            return [self._stamp_checked(below, path_bytes(name)) for name in names]
        try:
            at = self._enter(below)
        except OSError as error:
            return [_not_opened(error)] * len(names)
        except NotOpened as why:
            return [why] * len(names)
        return _stamps(path_bytes("\0".join(names)).split(b"\0"), at)

    @contextmanager
    def scan(self, directory: str) -> Iterator[Iterator["os.DirEntry[str]"]]:
        """Give the entries of `directory`, in no order. Raises NotOpened and OSError."""
        below = path_bytes(directory)
        if not self._handles:
            with os.scandir(os.fsdecode(self._check_directory(below))) as entries:
                yield entries
            return
        # What was entered may be a handle that cannot be read from.
        handle = os.open(".", os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | _NO_FOLLOW, dir_fd=self._enter(below))
        try:
            with os.scandir(handle) as entries:
                yield entries
        finally:
            os.close(handle)

    def _check_directory(self, directory: bytes) -> bytes:
        at = self._check_parents(directory, b"")
        return at.rstrip(b"/") or at

    def _stamp_checked(self, directory: bytes, name: bytes) -> Stamp | NotOpened:
        try:
            return _stamp(self._check_parents(directory, name))
        except NotOpened as why:
            return why

    def _enter(self, directory: bytes) -> int:
        """Return a handle of `directory`, reusing what is open already."""
        if self._entered is None or self._entered[0] != directory:
            self._leave()
            names = directory.split(b"/") if directory else []
            handle = self._enter_near(names[:_MOST_KEPT_OPEN])
            if len(names) > _MOST_KEPT_OPEN:
                handle = self._far = _enter_far(handle, names[_MOST_KEPT_OPEN:])
            self._entered = directory, handle
        return self._entered[1]

    def _leave(self) -> None:
        self._entered = None
        if self._far is not None:
            os.close(self._far)
            self._far = None

    def _enter_near(self, names: list[bytes]) -> int:
        if not self._open:
            self._open.append(os.open(self._root, _DIRECTORY))
        shared = 0
        while shared < min(len(names), len(self._names)) and names[shared] == self._names[shared]:
            shared += 1
        self._close_below(shared + 1)
        for name in names[shared:]:
            self._open.append(_enter_one(self._open[-1], name))
            self._names.append(name)
        return self._open[-1]

    def _close_below(self, depth: int) -> None:
        """Close all handles but the first `depth`; the first one is the root's."""
        while len(self._open) > depth:
            os.close(self._open.pop())
        del self._names[max(depth - 1, 0) :]

    def _open_checked(self, directory: bytes, name: bytes) -> int:
        at = self._check_parents(directory, name)
        _require_regular(os.lstat(at).st_mode)
        return os.open(at, _READ | _NO_FOLLOW)

    def _check_parents(self, directory: bytes, name: bytes) -> bytes:
        at = self._root
        for parent in directory.split(b"/") if directory else []:
            at = os.path.join(at, parent)
            if os.path.islink(at):
                raise NotOpened(Reason.SYMLINK, _LINK_ABOVE)
        return os.path.join(at, name)


def _stamps(names: Sequence[bytes], at: int) -> Sequence[Stamp | NotOpened]:
    """Return the state of each file in the directory `at`; together, where all of them are ordinary ones."""
    with suppress(OSError):
        found = [os.stat(name, dir_fd=at, follow_symlinks=False) for name in names]
        are_regular = all(map(stat.S_ISREG, {status.st_mode for status in found}))
        if are_regular and max(status.st_ino for status in found) <= _INODE_BITS:
            return make_stamps(map(_STATE, found))
    return [_stamp(name, at) for name in names]


def _stamp(path: bytes, at: int | None = None) -> Stamp | NotOpened:
    try:
        status = os.stat(path, dir_fd=at, follow_symlinks=False)
    except OSError as error:
        return _not_opened(error)
    if stat.S_IFMT(status.st_mode) != stat.S_IFREG:
        return _irregular(status.st_mode)
    return Stamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino & _INODE_BITS)


def _require_regular(mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise _irregular(mode)


def _irregular(mode: int) -> NotOpened:
    return NotOpened(Reason.SYMLINK) if stat.S_ISLNK(mode) else NotOpened(Reason.SPECIAL, _kind(mode))


def _enter_one(at: int, name: bytes) -> int:
    try:
        return os.open(name, _DIRECTORY | _NO_FOLLOW, dir_fd=at)
    except NotADirectoryError:
        # Linux says ENOTDIR for a link too when it is asked for a directory.
        if stat.S_ISLNK(os.lstat(name, dir_fd=at).st_mode):
            raise NotOpened(Reason.SYMLINK, _LINK_ABOVE) from None
        raise


def _enter_far(at: int, names: list[bytes]) -> int:
    """Return a handle of the directory at `names` below the handle `at`, with one handle open at a time."""
    at = os.dup(at)
    for name in names:
        try:
            inner = _enter_one(at, name)
        finally:
            os.close(at)
        at = inner
    return at


def _not_opened(error: OSError) -> NotOpened:
    reason = _REASONS.get(error.errno or 0, Reason.UNREADABLE)
    return NotOpened(reason, describe_os_error(error) if reason is Reason.UNREADABLE else "")


def _kind(mode: int) -> str:
    kinds = {stat.S_IFDIR: "directory", stat.S_IFIFO: "pipe", stat.S_IFSOCK: "socket"}
    return kinds.get(stat.S_IFMT(mode), "device")
