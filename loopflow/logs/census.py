"""Which kinds of lines there are, and how often: what a log says beside its failures."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import nlargest
from itertools import compress
from typing import Final

from loopflow.logs.keys import NewKinds
from loopflow.logs.lines import Lines

MOST_KINDS: Final = 100_000
FEW_KINDS: Final = 30_000
MOST_TOLD: Final = 5_000
"""So many of the most frequent kinds become templates: more take seconds, and say nothing that there is room for."""
_LONGEST_EXAMPLE: Final = 400
"""Bytes."""
_FILE_BITS: Final = 48
"""A place is the number of a line, and behind so many bits that of its file: most logs are one file."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of line: how often it came, where first and last (file and number), and its first line."""

    count: int
    first: tuple[int, int]
    last: tuple[int, int]
    example: bytes


class Census:
    """Counts lines by their kinds. What is rare is forgotten when there are too many, after every 8,192th line.

    Of half as many kinds the first line is known. Kinds come by numbers, so that the keys of lines, which are long, are
    looked up once for all that is to be known of them.
    """

    def __init__(self, most_kinds: int = MOST_KINDS) -> None:
        self._most_kinds = most_kinds
        self._keys: list[bytes] = []
        """Of each kind by its number."""
        self._at: list[int] = []
        """The place of each kind, by its number, in what is counted; -1 where it is not."""
        self._counted: dict[bytes, int] = {}
        self._counts: list[int] = []
        self._last: list[int] = []
        self._examples: dict[int, tuple[int, bytes]] = {}

    def learn(self, new: NewKinds) -> None:
        """Take note of the numbers of kinds."""
        if new.begins_anew:
            self._keys, self._at = [], []
        self._keys += [key[:_LONGEST_EXAMPLE] for key in new.keys]
        self._at += [-1] * len(new.keys)

    def add(self, kinds: Sequence[int], lines: Lines, hot: Sequence[int] = (), file: int = 0) -> None:
        """Count lines of a file but those at `hot`, which failures tell of; `kinds` are those of all."""
        first = file << _FILE_BITS
        places = lines.origin.numbers()
        if file:
            places = [place + first for place in places]
        chosen: Sequence[int] = range(len(kinds))
        if hot:
            is_counted = bytearray(b"\1") * len(kinds)
            for at in hot:
                is_counted[at] = 0
            chosen, kinds = list(compress(chosen, is_counted)), list(compress(kinds, is_counted))
            places = list(compress(places, is_counted))
        found = self._find(kinds)
        counts, last = self._counts, self._last
        for at, place in zip(found, places, strict=True):
            counts[at] += 1
            last[at] = place
        if len(self._examples) < self._most_kinds // 2 and (new := set(found).difference(self._examples)):
            firsts = dict(zip(reversed(found), range(len(found) - 1, -1, -1), strict=True))
            for line in sorted(map(firsts.__getitem__, new))[: self._most_kinds // 2 - len(self._examples)]:
                self._examples[found[line]] = places[line], lines.texts[chosen[line]][:_LONGEST_EXAMPLE]

    def _find(self, kinds: Sequence[int]) -> list[int]:
        """Return where each kind is counted; those that are not counted are from now on."""
        found = list(map(self._at.__getitem__, kinds))
        if -1 not in found:
            return found
        for kind in dict.fromkeys(kinds):
            if self._at[kind] < 0:
                self._at[kind] = self._counted.setdefault(self._keys[kind], len(self._counted))
        more = [0] * (len(self._counted) - len(self._counts))
        self._counts += more
        self._last += more
        return list(map(self._at.__getitem__, kinds))

    def prune(self) -> None:
        """Make room."""
        if len(self._counts) <= self._most_kinds:
            return
        least, kept = 1, list(range(len(self._counts)))
        while len(kept) > self._most_kinds // 2:
            kept = [at for at in kept if self._counts[at] > least]
            least *= 2
        moved = [-1] * (len(self._counts) + 1)
        for new, at in enumerate(kept):
            moved[at] = new
        self._at = [moved[at] for at in self._at]  # the last of them is for what was nowhere
        keys = list(self._counted)
        self._counted = {keys[at]: new for new, at in enumerate(kept)}
        self._counts = [self._counts[at] for at in kept]
        self._last = [self._last[at] for at in kept]
        self._examples = {moved[at]: told for at, told in self._examples.items() if moved[at] >= 0}

    def examples(self) -> Iterator[tuple[tuple[int, int], bytes]]:
        """Yield the first line of each kind that is remembered, and where it is: file and number."""
        for place, example in self._examples.values():
            yield _place(place), example

    def most_frequent(self, most: int) -> list[Kind]:
        """Return the most frequent kinds that an example is known of, in the order of the log."""
        keys = list(self._counted)
        frequent = nlargest(most, range(len(keys)), key=self._counts.__getitem__)
        told = [(at, *self._examples[at]) for at in frequent if at in self._examples and keys[at].strip()]
        found = [Kind(self._counts[at], _place(first), _place(self._last[at]), line) for at, first, line in told]
        return sorted(found, key=lambda kind: kind.first)


def _place(place: int) -> tuple[int, int]:
    return place >> _FILE_BITS, place & (1 << _FILE_BITS) - 1
