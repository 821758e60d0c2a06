"""References to files: which may be read, and how one is opened, without a link anywhere on the way.

Nothing here waits for anybody: pipes, devices and sockets are refused, as `io.read.opening` does it.
"""

import hashlib
import os
import time
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, Self

from loopflow.analysis.names import escape_name, path_bytes
from loopflow.errors import LoopflowError, TooLargeError, describe_os_error
from loopflow.io.git.discovery import nearest_git_entry
from loopflow.io.read.document import LARGE_BYTES, is_binary
from loopflow.io.read.opening import NotOpened, Opener
from loopflow.model import Reason, Stamp
from loopflow.service.errors import (
    BinaryReference,
    ChangedReference,
    ForbiddenReference,
    MissingReference,
    ReferenceTooLarge,
    ReferenceTrouble,
)
from loopflow.service.places import FileRules, Place, forbidden
from loopflow.service.streams import Streamed, count_stream
from loopflow.tokens.protocol import TokenCounter

MOST_FILES: Final = 10_000
"""Files of one directory."""

_SKIPPED_IN_DIRECTORIES = (BinaryReference, ForbiddenReference, MissingReference)
_READ_BEYOND: Final = 4_096
"""Bytes asked for beyond what a file is said to have."""
_SETTLED_NS: Final = 2_000_000_000
"""How old a file's times must be for its state to tell of its content: a later change has to show."""


class Small(NamedTuple):
    """A file that was read whole."""

    text: str
    bytes: int
    lossy: bool
    stamp: Stamp | None


class Large(NamedTuple):
    """A file that was counted while it was read. `tokens` is by encoding; without it only the digest was wanted."""

    tokens: Mapping[str, int]
    streamed: Streamed
    digest: str
    stamp: Stamp | None


def stamp_all(places: Sequence[Place]) -> list[Stamp | ReferenceTrouble | None]:
    """Return the state of each file without opening it; None for a directory, or why it may not be read."""
    states: list[Stamp | ReferenceTrouble | None] = []
    for place in places:
        directory, _, name = place.path.rpartition("/")
        if not name:
            states.append(None)
            continue
        with Opener(place.root) as opener:
            [state] = opener.stamps(directory, [name])
        if isinstance(state, NotOpened) and state.detail == "directory" and place.lines is None:
            states.append(None)
        else:
            states.append(_explain(state, place) if isinstance(state, NotOpened) else state)
    return states


def list_directory(place: Place, rules: FileRules) -> list[Place]:
    """Return the files of a directory: what `code-context` selects there, less what is denied. Raises ReferenceTrouble.

    Only names are taken from git: each file is opened from the root, as any other.
    """
    from loopflow.io.file import select  # noqa: PLC0415  few name a directory
    from loopflow.io.git.repository import Git  # noqa: PLC0415
    from loopflow.model import SelectRequest, Surroundings  # noqa: PLC0415

    directory = os.path.join(place.root, place.path)
    if nearest_git_entry(directory) is None:
        raise forbidden(place.path or ".")
    environ = {k: v for k, v in (rules.environ or {}).items() if not k.startswith("GIT_")}
    surroundings = Surroundings(environ, directory, directory)
    try:
        selection = select(SelectRequest(), Git(surroundings), directory)
    except LoopflowError as error:
        raise ReferenceTrouble(f"{escape_name(place.path or '.')}: {error.message}", error.hint) from error
    found = []
    for ref in selection.candidates:
        path = os.path.relpath(os.path.join(selection.root, ref.path), place.root)
        if not path.startswith("../") and _is_within(path, place.path) and not rules.denies(path):
            found.append(Place(place.root, path))
    if len(found) > MOST_FILES:
        what = f"{escape_name(place.path or '.')} has more than {MOST_FILES:,} files"
        raise ReferenceTooLarge(what, "name a directory below it")
    return found


def _is_within(path: str, directory: str) -> bool:
    return not directory or path.startswith(f"{directory}/")


def is_skipped_in_directory(trouble: ReferenceTrouble) -> bool:
    """Whether a file of a directory is left out for this, as `code-context` leaves it out."""
    return isinstance(trouble, _SKIPPED_IN_DIRECTORIES)


class Reading:
    """One file, open. It is closed by whoever opened it."""

    def __init__(self, place: Place, rules: FileRules) -> None:
        """Open it. Raises ReferenceTrouble."""
        self.place = place
        with Opener(place.root) as opener:
            try:
                self._handle, status = opener.open(place.path)
            except NotOpened as why:
                raise _explain(why, place) from None
        self._before = _stamp(status)
        self._began = time.time_ns()
        self.size = status.st_size
        if self.size > rules.most and place.lines is None:
            self.close()
            raise _too_large(place, rules.most)
        self._most = rules.most

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the handle back."""
        os.close(self._handle)

    @property
    def is_large(self) -> bool:
        """Whether it is counted while it is read."""
        return self.size > LARGE_BYTES and self.place.lines is None

    def read(self) -> Small:
        """Return all of it, or the lines that are meant. Raises ReferenceTrouble."""
        data = self._read_lines(self.place.lines) if self.place.lines else self._read_all()
        stamp = self._settle()
        self._refuse_binary(data)
        try:
            return Small(data.decode(), len(data), lossy=False, stamp=stamp)
        except UnicodeDecodeError:
            return Small(data.decode("utf-8", "replace"), len(data), lossy=True, stamp=stamp)

    def stream(self, counters: Sequence[TokenCounter]) -> Large:
        """Read to the end, hash, and count with each of `counters`. Raises ReferenceTrouble, UncountableError."""
        tokens = {counter.encoding: 0 for counter in counters}
        digest = hashlib.sha256()
        is_first = True

        def read(size: int) -> bytes:
            nonlocal is_first
            data = self._read(size)
            if is_first:
                self._refuse_binary(data)
                is_first = False
            return data

        def count(text: str) -> int:
            for counter in counters:
                tokens[counter.encoding] += counter.count([text])[0]
            return 0

        try:
            streamed = count_stream(read, count, digest, self._most)
        except TooLargeError as error:
            raise ReferenceTooLarge(f"{_show(self.place)}: {error}", "name a smaller one") from error
        return Large(tokens, streamed, digest.hexdigest(), self._settle())

    def _read_all(self) -> bytes:
        pieces, left = [], LARGE_BYTES
        while left >= 0 and (data := self._read(min(self.size + _READ_BEYOND, left + 1))):
            pieces.append(data)
            left -= len(data)
        if left < 0:
            raise _changed(self.place)
        return b"".join(pieces)

    def _read_lines(self, lines: tuple[int, int]) -> bytes:
        first, last = lines
        found: list[bytes] = []
        number, size, kept, tail = 1, 0, 0, b""
        while number <= last and (data := self._read(LARGE_BYTES >> 5)):
            size += len(data)
            if size == len(data):
                self._refuse_binary(data)
            pieces = (tail + data).split(b"\n") if first <= number else data.split(b"\n")
            tail = b""
            for piece in pieces[:-1]:
                if first <= number <= last:
                    found.append(piece + b"\n")
                    kept += len(piece) + 1
                number += 1
            if first <= number <= last:
                tail = pieces[-1]
            if kept + len(tail) > LARGE_BYTES or size > self._most:
                raise _too_large(self.place, LARGE_BYTES)
        if first > number or (first == number and not tail and not found):
            raise MissingReference(f"{_show(self.place)} has no line {first:,}", "name lines that it has")
        return b"".join([*found, tail] if number <= last else found)

    def _read(self, size: int) -> bytes:
        try:
            return os.read(self._handle, size)
        except OSError as error:
            raise ForbiddenReference(f"{_show(self.place)} cannot be read: {describe_os_error(error)}") from error

    def _refuse_binary(self, data: bytes) -> None:
        if is_binary(data):
            raise BinaryReference(f"{_show(self.place)} is no text", "name a text file")

    def _settle(self) -> Stamp | None:
        """Return its state, None if that does not tell of its content yet. Raises ChangedReference."""
        after = _stamp(os.fstat(self._handle))
        if after != self._before:
            raise _changed(self.place)
        is_settled = self._began - max(after.mtime_ns, after.ctime_ns) > _SETTLED_NS
        return after if is_settled else None


def _stamp(status: os.stat_result) -> Stamp:
    return Stamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino & (2**63 - 1))


def _show(place: Place) -> str:
    return escape_name(place.name)


def _changed(place: Place) -> ChangedReference:
    return ChangedReference(f"{_show(place)} changed while it was read", "try again")


def _too_large(place: Place, most: int) -> ReferenceTooLarge:
    return ReferenceTooLarge(f"{_show(place)} has more than {most:,} bytes", "name a smaller one, or some of its lines")


def _explain(why: NotOpened, place: Place) -> ReferenceTrouble:
    if why.reason is Reason.MISSING:
        return MissingReference(f"there is no file {_show(place)}", "check its path")
    return forbidden(place.name)


def digest_of(text: str) -> str:
    """Return what a text is known by."""
    return hashlib.sha256(text.encode()).hexdigest()


def digest_of_files(digests: Mapping[str, str]) -> str:
    """Return what a directory is known by, from the digest of each path."""
    digest = hashlib.sha256()
    for path in sorted(digests, key=path_bytes):
        digest.update(path_bytes(path) + b"\0" + digests[path].encode() + b"\n")
    return digest.hexdigest()
