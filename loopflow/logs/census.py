"""Which kinds of lines there are, and how often: what a log says beside its failures."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import compress, filterfalse
from typing import Final

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
    """Counts lines by their keys. What is rare is forgotten when there are too many kinds, after every 8,192th line.

    Of half as many kinds the first line is known.
    """

    def __init__(self, most_kinds: int = MOST_KINDS) -> None:
        self._most_kinds = most_kinds
        self._most_examples = most_kinds // 2
        self._counts: Counter[bytes] = Counter()
        self._last: dict[bytes, int] = {}
        self._examples: dict[bytes, tuple[int, bytes]] = {}

    def add(self, keys: Sequence[bytes], lines: Lines, hot: Sequence[int] = (), file: int = 0) -> None:
        """Count lines of a file but those at `hot`, which failures tell of; `keys` are those of all."""
        first = file << _FILE_BITS
        numbers = lines.origin.numbers()
        if file:
            numbers = [number + first for number in numbers]
        if max(map(len, keys)) > _LONGEST_EXAMPLE:
            keys = [key[:_LONGEST_EXAMPLE] for key in keys]
        is_counted = bytearray(b"\1") * len(keys)
        for at in hot:
            is_counted[at] = 0
        counted = list(compress(keys, is_counted)) if hot else keys
        self._counts.update(counted)
        last = dict(zip(counted, compress(numbers, is_counted), strict=True))
        self._last.update(last)
        examples = self._examples
        if len(examples) < self._most_examples and (new := set(filterfalse(examples.__contains__, last))):
            for at in compress(range(len(keys)), map(new.__contains__, keys)):
                if is_counted[at] and keys[at] not in examples and len(examples) < self._most_examples:
                    examples[keys[at]] = numbers[at], lines.texts[at][:_LONGEST_EXAMPLE]

    def prune(self) -> None:
        """Make room."""
        if len(self._counts) <= self._most_kinds:
            return
        least = 1
        while len(self._counts) > self._most_kinds // 2:
            self._counts = Counter({key: count for key, count in self._counts.items() if count > least})
            least *= 2
        self._last = {key: self._last[key] for key in self._counts}
        self._examples = {key: told for key, told in self._examples.items() if key in self._counts}

    def examples(self) -> Iterator[tuple[tuple[int, int], bytes]]:
        """Yield the first line of each kind that is remembered, and where it is: file and number."""
        for place, example in self._examples.values():
            yield _place(place), example

    def most_frequent(self, most: int) -> list[Kind]:
        """Return the most frequent kinds that an example is known of, in the order of the log."""
        found = []
        for key, count in self._counts.most_common(most):
            if key.strip() and (told := self._examples.get(key)):
                found.append(Kind(count, _place(told[0]), _place(self._last[key]), told[1]))
        return sorted(found, key=lambda kind: kind.first)


def _place(place: int) -> tuple[int, int]:
    return place >> _FILE_BITS, place & (1 << _FILE_BITS) - 1
