"""What is known of the files in one directory, as one piece of bytes: the cache keeps a page for each.

A run over many thousand files reads pages several times faster than a row for each file. A page is the number of files,
their numbers in columns, then their names, blob ids and facts, separated by NUL, which none of them contains.
"""

import struct
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

from loopflow.analysis.names import path_bytes
from loopflow.model import Stamp

_NUMBER = struct.Struct("<I")
_STAMP = struct.Struct("<qqqq")
_COUNTS = "<{0}Q{0}Q{0}B"
LOSSY, BINARY = 1, 2

NO_STAMP = Stamp(-1, 0, 0, 0)
"""The state of a file that was not looked at on disk, or whose state could change without showing. None equals it."""


class Content(NamedTuple):
    """What one content counts as; `size` is in bytes. A binary one has no tokens."""

    tokens: int
    size: int
    lossy: bool = False
    binary: bool = False
    facts: str = ""

    @property
    def numbers(self) -> "Numbers":
        """All of it as plain numbers."""
        return self.tokens, self.size, self.lossy * LOSSY + self.binary * BINARY

    @classmethod
    def of(cls, numbers: "Numbers", facts: str) -> "Content":
        """Return the content that has these numbers."""
        tokens, size, flags = numbers
        return cls(tokens, size, bool(flags & LOSSY), bool(flags & BINARY), facts)


Numbers: TypeAlias = tuple[int, int, int]
"""A content as plain numbers: tokens, size in bytes, flags."""


class Entry(NamedTuple):
    """What is known of one file: a state it had on disk, what its content counted as then, and the blob id of that.

    A binary file on disk is not hashed: its id is "".
    """

    stamp: tuple[int, ...]
    numbers: Numbers
    blob: str
    facts: str = ""


class Page(NamedTuple):
    """What is known of the files in a directory, in columns, in the order of their names' bytes."""

    names: Sequence[str] = ()
    stamps: Sequence[tuple[int, ...]] = ()
    tokens: Sequence[int] = ()
    sizes: Sequence[int] = ()
    flags: Sequence[int] = ()
    blobs: Sequence[str] = ()
    facts: Sequence[str] = ()

    def entries(self) -> dict[str, Entry]:
        """Return the files by name."""
        numbers = zip(self.tokens, self.sizes, self.flags, strict=True)
        return dict(zip(self.names, map(Entry, self.stamps, numbers, self.blobs, self.facts), strict=True))


def pack(entries: Mapping[str, Entry]) -> bytes:
    """Return the page of a directory as bytes; `entries` are by name."""
    names = sorted(entries, key=path_bytes)
    found = [entries[name] for name in names]
    tokens, sizes, flags = zip(*(entry.numbers for entry in found), strict=True) if found else ((), (), ())
    return b"".join(
        (
            _NUMBER.pack(len(names)),
            *(_STAMP.pack(*entry.stamp) for entry in found),
            struct.pack(_COUNTS.format(len(names)), *tokens, *sizes, *flags),
            path_bytes("\0".join((*names, *(entry.blob for entry in found), *(entry.facts for entry in found)))),
        )
    )


def unpack(packed: bytes, *, with_stamps: bool = True) -> Page:
    """Return the page that was packed; an empty one if nothing was. Without stamps, each of them is `NO_STAMP`."""
    number = _NUMBER.unpack_from(packed)[0] if packed else 0
    if not number:
        return Page()
    stamps_end = _NUMBER.size + number * _STAMP.size
    stamps: list[tuple[int, ...]] = [NO_STAMP] * number
    if with_stamps:
        stamps = list(_STAMP.iter_unpack(memoryview(packed)[_NUMBER.size : stamps_end]))
    form = _COUNTS.format(number)
    counts = struct.unpack_from(form, packed, stamps_end)
    texts = str(packed[stamps_end + struct.calcsize(form) :], "utf-8", "surrogateescape").split("\0")
    return Page(
        texts[:number],
        stamps,
        counts[:number],
        counts[number : 2 * number],
        counts[2 * number :],
        texts[number : 2 * number],
        texts[2 * number :],
    )
