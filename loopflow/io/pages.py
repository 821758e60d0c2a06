"""What is known of the files in one directory, as one piece of bytes: the cache keeps a page for each.

A run over many thousand files reads pages several times faster than a row for each file. A page is the number of files,
their numbers in columns, then their names and blob ids, separated by NUL, which neither contains.
"""

import struct
from collections.abc import Mapping
from itertools import starmap
from typing import NamedTuple, TypeAlias

from loopflow.analysis.names import path_bytes
from loopflow.model import Stamp

_NUMBER = struct.Struct("<I")
_STAMP = struct.Struct("<qqqq")
_COUNTS = struct.Struct("<QQB")
LOSSY, BINARY = 1, 2

NO_STAMP = Stamp(-1, 0, 0, 0)
"""The state of a file that was not looked at on disk, or whose state could change without showing. None equals it."""


class Content(NamedTuple):
    """What one content counts as; `size` is in bytes. A binary one has no tokens."""

    tokens: int
    size: int
    lossy: bool = False
    binary: bool = False

    @property
    def numbers(self) -> "Numbers":
        """All of it as plain numbers."""
        return self.tokens, self.size, self.lossy * LOSSY + self.binary * BINARY

    @classmethod
    def of(cls, numbers: "Numbers") -> "Content":
        """Return the content that has these numbers."""
        tokens, size, flags = numbers
        return cls(tokens, size, bool(flags & LOSSY), bool(flags & BINARY))


Numbers: TypeAlias = tuple[int, int, int]
"""A content as plain numbers: tokens, size in bytes, flags."""

Entry: TypeAlias = tuple[tuple[int, int, int, int], Numbers, str]
"""What is known of one file: a `Stamp` it had, what its content counted as then, and the blob id of that.

A binary file on disk is not hashed: its id is "". Plain tuples, because a run takes thousands of them from a page.
"""


def pack(entries: Mapping[str, Entry]) -> bytes:
    """Return the page of a directory; `entries` are by name."""
    names = sorted(entries)
    stamps, counts, blobs = zip(*map(entries.__getitem__, names), strict=True) if names else ((), (), ())
    return b"".join(
        (
            _NUMBER.pack(len(names)),
            *starmap(_STAMP.pack, stamps),
            *starmap(_COUNTS.pack, counts),
            path_bytes("\0".join((*names, *blobs))),
        )
    )


def unpack(page: bytes) -> dict[str, Entry]:
    """Return the entries of a page by name; no page at all has none."""
    if not page:
        return {}
    body = memoryview(page)
    (number,) = _NUMBER.unpack_from(body)
    counts_at = _NUMBER.size + number * _STAMP.size
    names_at = counts_at + number * _COUNTS.size
    stamps = _STAMP.iter_unpack(body[_NUMBER.size : counts_at])
    counts = _COUNTS.iter_unpack(body[counts_at:names_at])
    texts = str(body[names_at:], "utf-8", "surrogateescape").split("\0")
    return dict(zip(texts[:number], zip(stamps, counts, texts[number:], strict=True), strict=True)) if number else {}
