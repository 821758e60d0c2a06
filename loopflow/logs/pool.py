"""The failures that were found, each once, within a fixed number of bytes.

What is evicted is decided after every 8,192th line from what was counted up to it, so it depends on the log alone. A
critical failure never goes: when there is no room for its lines, its headline, reference, count and places stay.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from loopflow.logs.found import About, Found
from loopflow.logs.model import Block, Failure, Priority, Span
from loopflow.logs.signatures import has_codes, hide_in_block, make_cause, make_ref, make_signature, weighted_lines

POOL_BYTES: Final = 8_388_608
SMALL_POOL_BYTES: Final = 2_097_152
MOST_KINDS: Final = 20_000
"""Of critical and high failures that are held; further ones are counted."""

_SHARES: Final = {Priority.CRITICAL: 0.5, Priority.HIGH: 0.3, Priority.MEDIUM: 0.15, Priority.LOW: 0.05}
_FIRST, _LAST = 3, 2
_MOST_LOOKED_AT: Final = 16
"""Of one failure: so many times the place of each is told."""
_WITHOUT_HEADING: Final = frozenset({"generic", "level"})
"""What recognises failures whose first line is no name for them."""

_MOST_RECENT: Final = 8_000
_MOST_COUNTED: Final = 200_000
_LINE_COST: Final = 120
"""Bytes that a line takes beside its text, about."""

_PLACE: Final = re.compile(
    r"(?<![\w@.+/\\-])(?:[\w@.+/\\-]+\.[A-Za-z]{1,5}(?::|\()\d+|[\w./\\-]+::[\w.:\[\]-]+)|File \"[^\"]+\", line \d+"
)
_MAY_BE_PLACE: Final = re.compile(r"[.:F](?:(?<=\.)[A-Za-z]{1,5}[:(]\d|(?<=:):|(?<=F)ile \")")
"""What every place has: looked for first, since most lines name none. That it begins with a set makes it fast."""
_LINES_LOOKED_AT: Final = 40
_LONGEST_LOOK: Final = 300


class Entry:
    """A failure that was seen `count` times. `places` are what the first few were about: a place in code, or a test.

    It is None for what the block that is held is about: most failures happen once, and are let go before that is asked.
    """

    __slots__ = (
        "block",
        "cause",
        "cost",
        "count",
        "first",
        "last",
        "masked",
        "places",
        "retried",
        "signature",
    )

    def __init__(self, signature: bytes, block: Block, masked: tuple[str, ...]) -> None:
        self.signature = signature
        self.cause = make_cause(block)
        self.masked = masked
        self.count = 1
        self.first = [block.span]
        self.last: list[Span] = []
        self.places: dict[Span, str | None] = {block.span: None}
        self.retried = 0
        """The line that says that its test passed later, 0 if there is none."""
        self._hold(block)

    @property
    def ref(self) -> str:
        """Its reference."""
        return make_ref(self.signature)

    def add(self, found: Found) -> None:
        """Count one more."""
        self.count += 1
        span, newest = found.span, (self.last or self.first)[-1]
        if span < newest:  # of another stream
            spans = sorted([*self.first, *self.last, span])
            self.first, self.last = spans[:_FIRST], spans[_FIRST:][-_LAST:]
            if spans[0] is span:
                self._replace(found.make())
        elif len(self.first) < _FIRST:
            self.first.append(span)
        else:
            self.last = [*self.last[1 - _LAST :], span]
        # Streams that are interleaved hand theirs on by turns, which differ with the size of a read.
        if len(self.places) < _MOST_LOOKED_AT or span < max(self.places):
            self.places[span] = _find_place(found.about(_LINES_LOOKED_AT))
            if len(self.places) > _MOST_LOOKED_AT:
                del self.places[max(self.places)]

    def slim(self) -> None:
        """Keep the headline alone."""
        line = self.block.lines[self.block.headline]
        cut = self.block.cut + len(self.block.lines) - 1
        self._replace(replace(self.block, lines=(line,), headline=0, cut=cut, gap=1))
        self.masked = tuple(weighted_lines(self.block))
        self._hold(self.block)

    def failure(self) -> Failure:
        """Return it as it is told."""
        places = tuple(f"L{span.first} {place}" for span, place in self.told_places())
        return Failure(
            self.ref,
            self.cause,
            self.block,
            self.count,
            (*self.first, *self.last),
            places,
            self.retried,
        )

    def told_places(self) -> list[tuple[Span, str]]:
        """Return where else it happened, each place once, in the order of the log."""
        others = [(span, place) for span, place in sorted(self.places.items()) if place]
        own = find_place(self.block) if others else ""
        found: dict[str, Span] = {}
        for span, place in others:
            if place != own:
                found.setdefault(place, span)
        return [(span, place) for place, span in found.items()]

    def _replace(self, block: Block) -> None:
        """Hold another block, and what the one before was about."""
        if None in self.places.values():
            about = find_place(self.block)
            self.places = {span: about if place is None else place for span, place in self.places.items()}
        self._hold(block)

    def _hold(self, block: Block) -> None:
        self.block = block
        texts = [*(line.text for line in block.lines), *self.masked]
        self.cost = sum(map(len, texts)) + _LINE_COST * len(texts)


class Pool:
    """Takes blocks and keeps what they tell. `missed` counts failures, by priority, that there was no room for.

    What makes two failures the same holds no secret, also where lines are not `is_redacted`.
    """

    def __init__(self, room: int = POOL_BYTES, *, is_redacted: bool = True) -> None:
        self._room = room
        self._is_redacted = is_redacted
        self._entries: dict[bytes, Entry] = {}
        self._recent: dict[tuple[int | bytes, ...], tuple[bytes, tuple[str, ...]]] = {}
        self._counts: dict[str, int] = {}
        self._costs: Counter[Priority] = Counter()
        """Of what is held of each priority."""
        self.missed: Counter[Priority] = Counter()

    def add(self, found: Found) -> None:
        """Take a block."""
        fingerprint = found.fingerprint()
        known = self._recent.get(fingerprint)
        if known is None:
            known = self._look_at(found, fingerprint)
        signature, masked = known
        self._count(masked)
        if (entry := self._entries.get(signature)) is not None:
            block, cost = entry.block, entry.cost
            entry.add(found)
            if entry.block is not block:
                self._costs[block.priority] -= cost
                self._costs[entry.block.priority] += entry.cost
        else:
            entry = self._entries[signature] = Entry(signature, found.make(), masked)
            self._costs[entry.block.priority] += entry.cost

    def _look_at(self, found: Found, fingerprint: tuple[int | bytes, ...]) -> tuple[bytes, tuple[str, ...]]:
        """Return the signature of a block and its masked lines. Where no digit decides, that holds for all like it."""
        block = found.make() if self._is_redacted else hide_in_block(found.make())
        masked = tuple(weighted_lines(block))
        known = make_signature(block, masked), masked
        if not any(has_codes(line.text) for line in block.lines if line.weight or line is block.lines[block.headline]):
            self._recent[fingerprint] = known
        return known

    def _count(self, masked: tuple[str, ...]) -> None:
        counts = self._counts
        for line in masked:
            if line in counts:
                counts[line] += 1
            elif len(counts) < _MOST_COUNTED:
                counts[line] = 1

    def prune(self) -> None:
        """Make room. It is called after every 8,192th line."""
        if len(self._recent) > _MOST_RECENT:
            self._recent.clear()
        are_many = len(self._entries) > MOST_KINDS
        for priority, share in _SHARES.items():
            room = int(self._room * share)
            if are_many or self._costs[priority] > room:
                self._make_room(priority, room)

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

    def _make_room(self, priority: Priority, room: int) -> None:
        entries = [entry for entry in self._entries.values() if entry.block.priority is priority]
        if priority < Priority.HIGH:
            self._evict(entries, room, self._drop)
            return
        slim = [entry for entry in entries if len(entry.block.lines) == 1]
        long = [entry for entry in entries if len(entry.block.lines) > 1]
        self._evict(long, max(room - sum(entry.cost for entry in slim), room // 4), self._slim)
        self._bound(entries)

    def _worth(self, entry: Entry) -> tuple[float, int, bytes]:
        return self.rarity(entry), entry.block.span.first, entry.signature

    def _evict(self, entries: list[Entry], room: int, let_go: Callable[[Entry], None]) -> None:
        """Let go of the lower half, if all take more than their room, and of more until the rest takes half of it."""
        held = sum(entry.cost for entry in entries)
        if held <= room:
            return
        for entry in sorted(entries, key=self._worth):
            if held <= room // 2:
                break
            held -= entry.cost
            let_go(entry)

    def _bound(self, entries: list[Entry]) -> None:
        if len(entries) > MOST_KINDS:
            for entry in sorted(entries, key=self._worth)[: len(entries) - MOST_KINDS]:
                self._drop(entry)

    def _slim(self, entry: Entry) -> None:
        cost = entry.cost
        entry.slim()
        self._costs[entry.block.priority] += entry.cost - cost

    def _drop(self, entry: Entry) -> None:
        self._costs[entry.block.priority] -= entry.cost
        self.missed[entry.block.priority] += 1
        del self._entries[entry.signature]


def find_place(block: Block) -> str:
    """Return the place in code or the name of the test that a block is about, "" if it names none."""
    lines = (block.lines[block.headline], *block.lines[:_LINES_LOOKED_AT])
    return _find_place(About([line.text for line in lines], block.headline, block.recogniser))


def _find_place(about: About) -> str:
    for line in about.texts:
        text = line[:_LONGEST_LOOK]
        if _MAY_BE_PLACE.search(text) and (found := _PLACE.search(text)):
            return found[0]
    if about.recogniser in _WITHOUT_HEADING or not about.headline:
        return ""
    return about.texts[1].strip(" _=-●")[:80]
