"""The bytes of a log once more, after it was read: ranges of a file, of what is packed in one, or of an archive.

A range is of the bytes that lines were made of: of a packed file, those that come out. Nothing larger than a piece is
held, but for what stands around a range.
"""

import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple, Self

from loopflow.logs.reading import tell_utf16
from loopflow.logs.unpacking import BROKEN, unpack

if TYPE_CHECKING:
    from _hashlib import HASH
    from types import TracebackType

PIECE_BYTES: Final = 262_144
UNREADABLE: Final = (*BROKEN, OSError)
"""What reading raises where a file is gone, damaged, or not to be opened."""

_HEAD_BYTES: Final = 1_024
_FIRST_LOOK: Final = 65_536
_MOST_AROUND: Final = 8_388_608
"""Bytes that may be printed around a range on either side. Lines are seldom that long."""

_LINE_ENDS: Final = {"utf-8": b"\n", "utf-16-le": b"\n\0", "utf-16-be": b"\0\n"}


class Range(NamedTuple):
    """Bytes from `start` to `end`, exclusive."""

    start: int
    end: int


class Around(NamedTuple):
    """Whole lines beside a range: their bytes, and how many they are."""

    data: bytes
    lines: int


@dataclass(frozen=True, slots=True)
class Opened:
    """A file as it was when it was opened to be read: what would differ, had it changed since."""

    path: str
    size: int
    mtime_ns: int

    @classmethod
    def of(cls, path: str, handle: int) -> Self:
        """Return what the system says of the open file `handle`, which lies at `path`."""
        status = os.fstat(handle)
        return cls(path, status.st_size, status.st_mtime_ns)


class Original:
    """A log that is read again. It is quickest where ranges are asked for in their order."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._stream = file
        self._position = 0
        self._begin_again()
        self._encoding = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: "type[BaseException] | None", error: BaseException | None, at: "TracebackType | None"
    ) -> None:
        self._file.close()

    @property
    def handle(self) -> int:
        """The descriptor of the file."""
        return self._file.fileno()

    @property
    def encoding(self) -> str:
        """The encoding of the text: "utf-8", or what a mark or NULs at its beginning say, as when it was read."""
        if not self._encoding:
            self._encoding = tell_utf16(b"".join(self.read(Range(0, _HEAD_BYTES))))[0] or "utf-8"
        return self._encoding

    def read(self, asked: Range) -> Iterator[bytes]:
        """Yield what is there of a range, in pieces. Raises one of UNREADABLE."""
        if self._stream is self._file:
            self._file.seek(asked.start)
            self._position = asked.start
        elif asked.start < self._position:
            self._begin_again()
        while self._position < asked.end:
            is_wanted = self._position >= asked.start
            most = (asked.end if is_wanted else asked.start) - self._position
            data = self._stream.read(min(most, PIECE_BYTES))
            if not data:
                return
            self._position += len(data)
            if is_wanted:
                yield data

    def count_lines(self, end: int) -> int:
        """Return how many lines end before the byte `end`."""
        pieces = self.read(Range(0, end))
        if self.encoding == "utf-8":
            return sum(piece.count(b"\n") for piece in pieces)
        return sum(len(self._line_ends(piece)) for piece in _even(pieces))

    def before(self, start: int, lines: int) -> Around:
        """Return up to so many whole lines that end where `start` is."""
        most = _FIRST_LOOK
        while lines and start:
            begin = max(0, start - most)
            data = b"".join(self.read(Range(begin, start)))
            starts = [place for place in self._line_ends(data) if place < len(data)]
            if not begin:
                starts.insert(0, 0)
            if len(starts) >= lines or not begin or most >= _MOST_AROUND:
                chosen = starts[-lines:]
                return Around(data[chosen[0] :] if chosen else b"", len(chosen))
            most *= 2
        return Around(b"", 0)

    def after(self, end: int, lines: int) -> Around:
        """Return up to so many whole lines that begin where `end` is."""
        most = _FIRST_LOOK
        while lines:
            data = b"".join(self.read(Range(end, end + most)))
            ends = self._line_ends(data)
            if len(data) < most and (not ends or ends[-1] < len(data)) and data:
                ends.append(len(data))  # the last line of all has no end of its own
            if len(ends) >= lines or len(data) < most or most >= _MOST_AROUND:
                chosen = ends[:lines]
                return Around(data[: chosen[-1]] if chosen else b"", len(chosen))
            most *= 2
        return Around(b"", 0)

    def is_line_end(self, data: bytes) -> bool:
        """Whether text that ends with `data` ends a line."""
        return data.endswith(_LINE_ENDS[self.encoding])

    def _line_ends(self, data: bytes) -> list[int]:
        """Return the places after each line end in `data`, which begins where a character does."""
        end = _LINE_ENDS[self.encoding]
        return [found.end() for found in re.finditer(end, data) if not found.end() % len(end)]

    def _begin_again(self) -> None:
        self._file.seek(0)
        self._stream = unpack(self._file)
        self._position = 0


def open_original(path: str) -> Original:
    """Open the regular file at `path`. Raises one of UNREADABLE; it never waits, as opening a pipe would."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    file = open(handle, "rb")  # noqa: SIM115  the original closes it
    try:
        _require_regular(handle)
        return Original(file)
    except BaseException:
        file.close()
        raise


def _require_regular(handle: int) -> None:
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        raise OSError("it is no regular file")


def hash_ranges(original: Original, ranges: Iterable[Range]) -> dict[Range, bytes]:
    """Return the SHA-256 of ranges, none of them empty, in one pass. One that is not there to its end is left out."""
    found: dict[Range, bytes] = {}
    for group in _group(sorted(set(ranges))):
        found |= _hash_group(original, group)
    return found


def _group(ranges: Iterable[Range]) -> Iterator[list[Range]]:
    """Yield those together that overlap, directly or by others."""
    group: list[Range] = []
    end = 0
    for each in ranges:
        if group and each.start >= end:
            yield group
            group = []
        end = max(end, each.end) if group else each.end
        group.append(each)
    if group:
        yield group


def _hash_group(original: Original, group: Sequence[Range]) -> dict[Range, bytes]:
    found: dict[Range, bytes] = {}
    begun: dict[Range, HASH] = {}
    at, following = group[0].start, 0
    for piece in original.read(Range(at, max(each.end for each in group))):
        view, end = memoryview(piece), at + len(piece)
        while following < len(group) and group[following].start < end:
            begun[group[following]] = sha256()
            following += 1
        for each, made in begun.items():
            made.update(view[max(each.start - at, 0) : each.end - at])
        found |= {each: made.digest() for each, made in begun.items() if each.end <= end}
        begun = {each: made for each, made in begun.items() if each.end > end}
        at = end
    return found


def _even(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes in pieces of whole UTF-16 units."""
    left = b""
    for piece in pieces:
        data = left + piece
        cut = len(data) & ~1
        left = data[cut:]
        yield data[:cut]
