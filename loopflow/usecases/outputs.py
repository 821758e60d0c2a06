"""What a run writes must be possible to write, and must not be what it reads."""

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import TypeAlias

from loopflow.analysis.names import escape_name
from loopflow.errors import UsageError, describe_os_error
from loopflow.io.writing import cannot_write

NamedInput: TypeAlias = tuple[str, str]
"""The absolute path of a file that is read by its name, and what it is."""

_Identity: TypeAlias = tuple[int, int]


def keep_inputs(
    outputs: Iterable[str], here: str, root: str, selected: Iterable[str], named: Iterable[NamedInput]
) -> None:
    """Raise UsageError where one of `outputs` is a file that the run reads, whatever name it has on disk.

    `outputs` are relative to `here`, `selected` to `root`. What is read from the index or a commit counts as well: on
    disk, it is the user's work. Raises LoopflowError for an output that has no place.
    """
    written: dict[_Identity, str] = {}
    for path in outputs:
        place = os.path.join(here, path)
        _require_place(path, place)
        written |= dict.fromkeys(_identities(place), path)
    if not written:  # mostly none of them is there yet
        return
    for path, what in named:
        _compare(_identities(path), written, what)
    for path in selected:  # which are not followed where they are links: what those lead to is not read
        _compare(_identities(os.path.join(root, path), follows=False), written, "one of the files that are read")


def _require_place(path: str, place: str) -> None:
    try:
        os.stat(os.path.join(os.path.dirname(place), ""))  # with its slash, a file is none
        with suppress(FileNotFoundError):
            if stat.S_ISDIR(os.stat(place).st_mode):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    except OSError as error:
        raise cannot_write(path, describe_os_error(error)) from error


def _compare(found: Iterable[_Identity], written: dict[_Identity, str], what: str) -> None:
    for identity in found:
        if identity in written:
            said = f"{escape_name(written[identity])} is {what}, and is not written to"
            raise UsageError(said, "write to another file, or leave this one out with --exclude")


def _identities(path: str, *, follows: bool = True) -> Iterator[_Identity]:
    """Yield what tells on disk that another name means the same: of the file, and of the link that leads to it.

    A pipe and a device have no content to lose.
    """
    for look in (os.lstat, os.stat) if follows else (os.lstat,):
        with suppress(OSError, ValueError):
            status = look(path)
            if stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode):
                yield status.st_dev, status.st_ino
