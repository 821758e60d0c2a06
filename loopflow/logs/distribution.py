"""Where the tokens of logs are: by what their lines belong to, and by tenth."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from loopflow.logs.model import Priority, Source

MOST_TEMPLATES: Final = 20_000
MOST_COMPONENTS: Final = 200
OTHER_COMPONENTS: Final = "(other components)"
TENTHS: Final = 10
_MOST_BINS: Final = 4_096


class Label(NamedTuple):
    """What a line belongs to.

    `component` is "" where none is known, `recogniser` where the line is part of no failure. `template` is the line
    without what varies, None for all that came after there were as many templates as are held.
    """

    priority: Priority
    component: str
    recogniser: str
    template: str | None


class Share(NamedTuple):
    """What belongs to a label, or to any sum of them. `first` is the first line of it, in the order of all logs."""

    label: Label
    tokens: int
    lines: int
    first: int


class Sum(NamedTuple):
    """What several shares have together."""

    name: str
    tokens: int
    lines: int


class Part(NamedTuple):
    """Lines `first` to `last` of all, their tokens, and those by priority, verbose first."""

    first: int
    last: int
    tokens: int
    by_priority: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Distribution:
    """The result. Tokens of `shares` add up to `tokens`, which is the count of the logs as one text; so do lines."""

    sources: tuple[Source, ...]
    encoding: str
    tokens: int
    lines: int
    shares: tuple[Share, ...]
    """The largest first."""
    tenths: tuple[Part, ...]

    @property
    def complete(self) -> bool:
        """Whether all logs were read to the length that they had when they were opened."""
        return all(source.complete for source in self.sources)

    def sum_by(self, name: Callable[[Label], str]) -> list[Sum]:
        """Return what everything with the same name has, the largest first."""
        sums: dict[str, Sum] = {}
        for share in self.shares:
            named = name(share.label)
            found = sums.get(named, Sum(named, 0, 0))
            sums[named] = Sum(named, found.tokens + share.tokens, found.lines + share.lines)
        return sorted(sums.values(), key=lambda each: (-each.tokens, each.name))


@dataclass(slots=True)
class Sums:
    """Adds up pieces by label and by place. All of it is bounded, and what a template has is exact."""

    lines: int = 0
    tokens: int = 0
    _shares: dict[Label, list[int]] = field(default_factory=dict)
    _components: set[str] = field(default_factory=set)
    _templates: int = 0
    _width: int = 1
    _bins: list[list[int]] = field(default_factory=list)

    def add(self, label: Label, lines: int, tokens: int) -> None:
        """Add the piece that comes next."""
        share = self._shares.get(label) or self._find(label)
        share[0] += tokens
        share[1] += lines
        self._bin(self.lines)[label.priority] += tokens
        self.lines += lines
        self.tokens += tokens

    def shares(self) -> tuple[Share, ...]:
        """Return what each label has, the largest first."""
        shares = [Share(label, *sums) for label, sums in self._shares.items()]
        return tuple(sorted(shares, key=lambda share: (-share.tokens, share.first)))

    def tenths(self) -> tuple[Part, ...]:
        """Return the tenths of all lines, nearly: exact for the lines that each says it has."""
        parts, first = [], 0
        if self.lines:
            self._bin(self.lines - 1)  # of a piece with many lines the last ones have no bin yet
        for place in range(1, TENTHS + 1):
            end = len(self._bins) if place == TENTHS else round(self.lines * place / TENTHS / self._width)
            if bins := self._bins[first:end]:
                sums = tuple(sum(column) for column in zip(*bins, strict=True))
                last = min(end * self._width, self.lines)
                parts.append(Part(first * self._width + 1, last, sum(sums), sums))
                first = end
        return tuple(parts)

    def _find(self, label: Label) -> list[int]:
        if label.component not in self._components:
            if len(self._components) < MOST_COMPONENTS:
                self._components.add(label.component)
            else:
                label = label._replace(component=OTHER_COMPONENTS)
        if label not in self._shares and self._templates >= MOST_TEMPLATES:
            label = label._replace(template=None)
        if label not in self._shares:
            self._templates += label.template is not None
            self._shares[label] = [0, 0, self.lines + 1]
        return self._shares[label]

    def _bin(self, line: int) -> list[int]:
        """Return the sums for the place of a line, the first being 0."""
        while line // self._width >= _MOST_BINS:
            self._bins = [_add(self._bins[at : at + 2]) for at in range(0, len(self._bins), 2)]
            self._width *= 2
        while len(self._bins) <= line // self._width:
            self._bins.append([0] * len(Priority))
        return self._bins[line // self._width]


def _add(bins: Sequence[Sequence[int]]) -> list[int]:
    return [sum(column) for column in zip(*bins, strict=True)]
