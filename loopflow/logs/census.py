"""Which kinds of lines there are, and how often: what a log says beside its failures."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from loopflow.logs.assembling import Lines

MOST_KINDS: Final = 100_000
_MOST_EXAMPLES: Final = 50_000
_LONGEST_EXAMPLE: Final = 400
"""Bytes."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of line: how often it came, where first and last, and its first line."""

    count: int
    first: int
    last: int
    example: bytes


class Census:
    """Counts lines by their keys. What is rare is forgotten when there are too many kinds, after every 8,192th line."""

    def __init__(self) -> None:
        self._counts: Counter[bytes] = Counter()
        self._last: dict[bytes, int] = {}
        self._examples: dict[bytes, tuple[int, bytes]] = {}

    def add(self, keys: Sequence[bytes], lines: Lines) -> None:
        """Count lines; `keys` are theirs, of which the beginning tells."""
        if max(map(len, keys)) > _LONGEST_EXAMPLE:
            keys = [key[:_LONGEST_EXAMPLE] for key in keys]
        places = dict(zip(keys, range(len(keys)), strict=True))
        self._counts.update(keys)
        for key, at in places.items():
            self._last[key] = lines.place(at).number
        new = places.keys() - self._examples.keys()
        if new and len(self._examples) < _MOST_EXAMPLES:
            for at, key in enumerate(keys):
                if key in new:
                    new.discard(key)
                    self._examples[key] = lines.place(at).number, lines.texts[at][:_LONGEST_EXAMPLE]

    def prune(self) -> None:
        """Make room."""
        if len(self._counts) <= MOST_KINDS:
            return
        least = 1
        while len(self._counts) > MOST_KINDS // 2:
            self._counts = Counter({key: count for key, count in self._counts.items() if count > least})
            least *= 2
        self._last = {key: self._last[key] for key in self._counts}
        self._examples = {key: told for key, told in self._examples.items() if key in self._counts}

    def most_frequent(self, most: int) -> list[Kind]:
        """Return the most frequent kinds that an example is known of, in the order of the log."""
        found = []
        for key, count in self._counts.most_common(most):
            if key.strip() and (told := self._examples.get(key)):
                found.append(Kind(count, told[0], self._last[key], told[1]))
        return sorted(found, key=lambda kind: kind.first)
