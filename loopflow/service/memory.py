"""What was counted lately, in the memory of the process. The least recently used goes first."""

from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

Key: TypeAlias = tuple[bytes, str]
"""Digest of a text, and the id of an encoding."""

ENTRIES = 20_000
_BYTES_AN_ENTRY = 300
"""Measured: key, digest, number and links."""


class MemoryFigures(NamedTuple):
    """What is kept, and how many had to go."""

    entries: int
    bytes: int
    evictions: int


class MemoryCache:
    """At most so many counts, which is also a bound on bytes: no entry holds any text."""

    def __init__(self, entries: int = ENTRIES) -> None:
        self._most = entries
        self._kept: OrderedDict[Key, int] = OrderedDict()
        self._evictions = 0

    def get(self, key: Key) -> int | None:
        """Return a count, and note that it is of use."""
        tokens = self._kept.get(key)
        if tokens is not None:
            self._kept.move_to_end(key)
        return tokens

    def put(self, key: Key, tokens: int) -> None:
        """Keep a count."""
        self._kept[key] = tokens
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
            self._evictions += 1

    def remove(self, matches: Callable[[Key], bool]) -> int:
        """Forget what matches, and return how many that were."""
        gone = [key for key in self._kept if matches(key)]
        for key in gone:
            del self._kept[key]
        return len(gone)

    def figures(self) -> MemoryFigures:
        """Return what is kept."""
        return MemoryFigures(len(self._kept), len(self._kept) * _BYTES_AN_ENTRY, self._evictions)
