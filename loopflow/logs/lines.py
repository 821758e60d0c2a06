"""Lines on their way: their texts, what is known of each, and where each came from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from loopflow.logs.keys import Trait
from loopflow.logs.model import LogLine

EVERY: Final = 8_192
"""After so many lines of all files what is held is looked at, however they are read."""


def split_windows(done: int, count: int) -> Iterator[tuple[int, int]]:
    """Yield from and to which of `count` lines there is nothing to be looked at; `done` were there before them."""
    begin = 0
    while begin < count:
        end = min(count, begin + EVERY - (done + begin) % EVERY)
        yield begin, end
        begin = end


class Place(NamedTuple):
    """Where a line came from: its number in the raw file, from 1, and its bytes."""

    number: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Origin:
    """Where lines came from: each from a line of a chunk, the first of which has the number `first`.

    Line 0 of the chunk begins at byte `starts[base]`, the next one at `starts[base + 1]`.
    """

    first: int
    places: Sequence[int]
    starts: Sequence[int]
    base: int

    def numbers(self) -> Sequence[int]:
        """Return the number of each line."""
        places = self.places
        if isinstance(places, range):
            return range(places.start + self.first, places.stop + self.first)
        return [place + self.first for place in places]

    def number(self, at: int) -> int:
        """Return the number of one line."""
        return self.first + self.places[at]

    def place(self, at: int) -> Place:
        """Return where one line came from."""
        line = self.places[at]
        return Place(self.first + line, self.starts[self.base + line], self.starts[self.base + line + 1])

    def cut(self, begin: int, end: int) -> "Origin":
        """Return that of some of the lines."""
        return Origin(self.first, self.places[begin:end], self.starts, self.base)

    def pick(self, chosen: Sequence[int]) -> "Origin":
        """Return that of the lines at some places."""
        return Origin(self.first, [self.places[at] for at in chosen], self.starts, self.base)


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of one stream, with what is known of each. With `keeps_stamps` they are shown behind their stamps."""

    texts: Sequence[bytes]
    traits: Sequence[Trait]
    origin: Origin
    stamps: Sequence[str] | None = None
    keeps_stamps: bool = False

    def stamp(self, at: int) -> str:
        """Return the stamp of a line, "" if it has none."""
        return self.stamps[at] if self.stamps is not None else ""

    def shown(self, at: int) -> bytes:
        """Return a line as it is printed."""
        stamp = self.stamp(at) if self.keeps_stamps else ""
        return stamp.encode() + b" " + self.texts[at] if stamp else self.texts[at]

    def tell(self, at: int) -> LogLine:
        """Return a line as it is told."""
        text = self.shown(at) if self.keeps_stamps else self.texts[at]
        return LogLine(self.origin.number(at), text.decode("utf-8", "replace"), self.traits[at].weight)
