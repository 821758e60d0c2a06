"""The failures that were found, each once, within a fixed number of bytes.

What is evicted is decided after every 8,192th line from what was counted up to it, so it depends on the log alone. A
critical failure never goes: when there is no room for its lines, its headline, reference, count and places stay.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from hashlib import blake2b
from typing import Final

from loopflow.logs.cutting import cut_text
from loopflow.logs.model import Block, Failure, Priority, Span
from loopflow.logs.signatures import make_cause, make_ref, make_signature, weighted_lines

EVERY: Final = 8_192
"""After so many lines what is held is looked at."""

POOL_BYTES: Final = 8_388_608
SMALL_POOL_BYTES: Final = 2_097_152
MOST_KINDS: Final = 20_000
"""Of critical and high failures that are held; further ones are counted."""

_SHARES: Final = {Priority.CRITICAL: 0.5, Priority.HIGH: 0.3, Priority.MEDIUM: 0.15, Priority.LOW: 0.05}
_FIRST, _LAST = 3, 2
_MOST_PLACES: Final = 40
_MOST_COUNTED: Final = 200_000
_LONGEST_PLACE: Final = 80
_LONGEST_LOOK: Final = 400
"""Characters of a line in which a place is sought."""

_LONGEST_KEY: Final = 80
_LINE_COST: Final = 120
"""Bytes that a line takes beside its text, about."""

_PLACE: Final = re.compile(
    r"(?<![\w@.+/\\-])(?:[\w@.+-]*[/\\])*[\w@.+-]+\.[A-Za-z]{1,5}(?::|\()\d+"
    r"|(?<![\w./\\-])[\w./\\-]+::[\w.:\[\]-]+|File \"[^\"]+\", line \d+"
)


class Entry:
    """A failure that was seen `count` times."""

    __slots__ = ("block", "cause", "cost", "count", "first", "last", "masked", "places", "signature")

    def __init__(self, signature: bytes, block: Block, masked: tuple[str, ...]) -> None:
        self.signature = signature
        self.cause = make_cause(block)
        self.block = block
        self.masked = masked
        self.count = 1
        self.first = [block.span]
        self.last: list[Span] = []
        self.places: list[tuple[int, str]] = []
        self.cost = sum(len(line.text) + _LINE_COST for line in block.lines)

    def add(self, block: Block) -> None:
        """Count one more."""
        self.count += 1
        spans = sorted([*self.first, *self.last, block.span], key=lambda span: (span.file, span.first))
        self.first, self.last = spans[:_FIRST], spans[_FIRST:][-_LAST:]
        if spans[0] is block.span:
            block, self.block = self.block, block
        if len(self.places) < _MOST_PLACES and (place := find_place(block)) and place != find_place(self.block):
            self.places.append((block.span.first, place))

    def slim(self) -> None:
        """Keep the headline alone."""
        line = self.block.lines[self.block.headline]
        self.block = replace(self.block, lines=(line,), headline=0, cut=self.block.cut + len(self.block.lines) - 1)
        self.cost = len(line.text) + _LINE_COST

    def failure(self) -> Failure:
        """Return it as it is told."""
        places = tuple(f"L{line} {place}" for line, place in sorted(set(self.places)))
        return Failure(make_ref(self.signature), self.cause, self.block, self.count, (*self.first, *self.last), places)


class Pool:
    """Takes blocks and keeps what they tell. `missed` counts failures, by priority, that there was no room for."""

    def __init__(self, room: int = POOL_BYTES) -> None:
        self._room = room
        self._entries: dict[bytes, Entry] = {}
        self._recent: dict[tuple[str, ...], tuple[bytes, tuple[str, ...]]] = {}
        self._counts: Counter[str] = Counter()
        self.missed: Counter[Priority] = Counter()
        self.lines = 0

    def add(self, block: Block) -> None:
        """Take a block."""
        said = (
            block.recogniser,
            block.kind,
            *(line.text for line in block.lines if line.weight),
            block.lines[block.headline].text,
        )
        if (known := self._recent.get(said)) is None:
            lines = weighted_lines(block)
            known = self._recent[said] = make_signature(block, lines), tuple(map(_as_key, lines))
        signature, masked = known
        if len(self._counts) < _MOST_COUNTED:
            self._counts.update(masked)
        else:
            self._counts.update(line for line in masked if line in self._counts)
        entry = self._entries.get(signature)
        if entry is not None:
            entry.add(block)
        else:
            self._entries[signature] = Entry(signature, block, masked)

    def prune(self) -> None:
        """Make room. It is called after every 8,192th line."""
        self._recent.clear()
        for priority, share in _SHARES.items():
            entries = [entry for entry in self._entries.values() if entry.block.priority is priority]
            room = int(self._room * share)
            if sum(entry.cost for entry in entries) > room:
                self._evict(sorted(entries, key=self._worth), room, priority)

    def rarity(self, entry: Entry) -> float:
        """Return how seldom the lines of a failure are, 0 to 1: the mean of 1 / (1 + n)."""
        counts = [1 / (1 + self._counts.get(line, 0)) for line in entry.masked]
        return sum(counts) / len(counts) if counts else 0

    def score(self, entry: Entry, lines: int) -> float:
        """Return how much a failure of a log of so many lines is worth."""
        weight = max(line.weight for line in entry.block.lines)
        return weight * (0.4 + self.rarity(entry)) + 25 * entry.block.span.first / max(lines, 1)

    def entries(self) -> Iterator[Entry]:
        """Yield what is held, in the order of the log."""
        yield from sorted(
            self._entries.values(), key=lambda entry: (entry.block.span.file, entry.block.span.first, entry.signature)
        )

    def _worth(self, entry: Entry) -> tuple[float, int, bytes]:
        return self.rarity(entry), entry.block.span.first, entry.signature

    def _evict(self, entries: list[Entry], room: int, priority: Priority) -> None:
        """Let go of the lower half, and of more until the rest takes half of its room."""
        held = sum(entry.cost for entry in entries)
        for entry in entries:
            if held <= room // 2:
                break
            held -= entry.cost
            if priority < Priority.HIGH:
                self._drop(entry)
            else:
                entry.slim()
                held += entry.cost
        kinds = [entry for entry in entries if entry.signature in self._entries]
        for entry in kinds[: max(len(kinds) - MOST_KINDS, 0)]:
            self._drop(entry)

    def _drop(self, entry: Entry) -> None:
        self.missed[entry.block.priority] += 1
        del self._entries[entry.signature]


def _as_key(line: str) -> str:
    """Return what stands for a masked line where it is counted: of a long one its digest."""
    return (
        line
        if len(line) <= _LONGEST_KEY
        else blake2b(line.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    )


def find_place(block: Block) -> str:
    """Return the place or the name of a test that a block is about, "" if it names none."""
    for line in (block.lines[block.headline], *block.lines):
        if found := _PLACE.search(line.text, 0, _LONGEST_LOOK):
            return found[0]
    return cut_text(block.lines[0].text.strip(" _=-●"), _LONGEST_PLACE)
