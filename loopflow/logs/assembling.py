"""From weighed lines to blocks: what belongs to a failure is put together. Nothing else remembers lines between chunks.

A line that weighs something, or that begins what a recogniser knows, opens a block; the recogniser says which lines go
on it and where it ends. Where several write at once, each stream has an assembler of its own.
"""

import re
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from loopflow.logs.keys import CRITICAL_WEIGHT, HIGH_WEIGHT, MEDIUM_WEIGHT, Trait
from loopflow.logs.model import Block, LogLine, Priority, Span
from loopflow.logs.recognisers.generic import BEFORE, FRAME, MOST, PLAIN
from loopflow.logs.recognisers.rows import Recogniser

GENERIC: Final = Recogniser("generic", rb"", "", 0, goes_on=FRAME, plain=PLAIN, before=BEFORE, most=MOST)

_KEPT_AT_END: Final = 60
"""How many of the last lines of a block are kept where it has more than its recogniser allows."""

_KIND: Final = re.compile(
    r"(?<![\w.])((?:[A-Za-z_$][\w$]*(?:\.|::|\\))*[A-Z]\w*(?:Error|Exception|Failure|Fault|Panic|Exit|Interrupt|Warning|Timeout))\b"
    r"|\b(?:error|warning)\s?\[?([A-Z]{1,8}\d{2,6})\b|\b((?:TS|CS|E|C|MSB|NU|FS|BC|SC|RS|DL|AD)\d{3,5})(?=:|\])"
)


class Place(NamedTuple):
    """Where a line came from."""

    number: int
    start: int
    end: int


class Lines(NamedTuple):
    """Lines of one stream, with what is known of each. `place` returns where the line of a number in here came from.

    With `keeps_stamps` lines are shown behind their stamps.
    """

    texts: Sequence[bytes]
    traits: Sequence[Trait]
    place: Callable[[int], Place]
    stamp: Callable[[int], str]
    keeps_stamps: bool = False

    def shown(self, at: int) -> bytes:
        """Return a line as it is printed."""
        stamp = self.stamp(at) if self.keeps_stamps else ""
        return stamp.encode() + b" " + self.texts[at] if stamp else self.texts[at]


@dataclass(frozen=True, slots=True)
class Rules:
    """The compiled patterns of a recogniser."""

    row: Recogniser
    number: int
    goes_on: re.Pattern[bytes]
    ends: re.Pattern[bytes] | None
    last: re.Pattern[bytes] | None
    chain: re.Pattern[bytes] | None
    headline: re.Pattern[bytes] | None


def compile_rules(recognisers: Sequence[Recogniser]) -> list[Rules]:
    """Return the rules of each recogniser, and at the end those of the generic one."""
    return [
        Rules(
            row,
            number,
            re.compile(row.goes_on),
            re.compile(row.ends) if row.ends else None,
            re.compile(row.last) if row.last else None,
            re.compile(row.chain) if row.chain else None,
            re.compile(row.headline) if row.headline else None,
        )
        for number, row in enumerate([*recognisers, GENERIC])
    ]


class _Part(NamedTuple):
    text: bytes
    weight: int
    place: Place


@dataclass(slots=True)
class _Open:
    """A block that may go on."""

    rules: Rules
    stamp: str
    step: str
    component: str
    parts: list[_Part] = field(default_factory=list)
    later: deque[_Part] = field(default_factory=lambda: deque(maxlen=_KEPT_AT_END))
    cut: int = 0
    plain: int = 0
    is_over: bool = False
    """Whether the line came with which it ends."""

    def add(self, part: _Part) -> None:
        if len(self.parts) < self.rules.row.most:
            self.parts.append(part)
            return
        self.cut += len(self.later) == _KEPT_AT_END
        self.later.append(part)


class Assembler:
    """Puts the lines of one stream together. Every block that is whole is handed to `take_block`."""

    def __init__(self, rules: Sequence[Rules], take_block: Callable[[Block], None], file: int = 0) -> None:
        self._rules = rules
        self._take_block = take_block
        self._file = file
        self._open: _Open | None = None
        self._before: deque[_Part] = deque(maxlen=BEFORE)
        self.step = ""
        self.component = ""

    @property
    def held_from(self) -> int | None:
        """The number of the first line that a block may still take, None if no line is held."""
        parts = self._open.parts if self._open is not None else self._before
        return parts[0].place.number if parts else None

    def peek(self) -> Block | None:
        """Return the block that is open, as it would be if it ended here."""
        return None if self._open is None else _make_block(self._open, self._file)

    def take(self, lines: Lines, hot: Sequence[int]) -> None:
        """Take lines, those of the places `hot` being the ones that weigh something or begin something."""
        at, count, waiting = 0, len(lines.texts), iter(hot)
        nearest = next(waiting, count)
        free = 0
        while at < count:
            if self._open is not None:
                at = free = self._extend(self._open, lines, at)
                continue
            while nearest < at:
                nearest = next(waiting, count)
            if nearest >= count:
                break
            self._begin(lines, nearest, free)
            at = nearest + 1
        if self._open is None:
            self._before.extend(_part(lines, each) for each in range(max(free, count - BEFORE), count))

    def finish(self) -> None:
        """Close what is open."""
        if self._open is not None:
            self._close(self._open)

    def _begin(self, lines: Lines, at: int, free: int) -> None:
        trait = lines.traits[at]
        rules = self._rules[trait.recogniser]  # -1 is the generic one, which is the last
        block = _Open(rules, lines.stamp(at), self.step, self.component)
        wanted = rules.row.before
        if wanted:
            near = [_part(lines, each) for each in range(max(free, at - wanted), at)]
            far = [] if len(near) >= wanted or free else list(self._before)[len(near) - wanted :]
            before = [*far, *near]
            while before and not before[0].text.strip():
                before.pop(0)
            block.parts += before
        self._before.clear()
        block.add(_part(lines, at))
        self._open = block

    def _extend(self, block: _Open, lines: Lines, at: int) -> int:
        """Add the lines from `at` on that belong to the block; return the place of the first that does not."""
        texts, traits = lines.texts, lines.traits
        for place in range(at, len(texts)):
            if not _belongs(block, texts[place], traits[place]):
                self._close(block)
                return place
            block.add(_part(lines, place))
        return len(texts)

    def _close(self, block: _Open) -> None:
        self._open = None
        if (made := _make_block(block, self._file)) is not None:
            self._take_block(made)


def _belongs(block: _Open, text: bytes, trait: Trait) -> bool:
    """Whether a line goes on a block."""
    rules = block.rules
    if rules.ends is not None:
        return not rules.ends.match(text)
    if trait.recogniser >= 0 and not (trait.recogniser == rules.number and rules.goes_on.match(text)):
        return False
    return _is_chained(block, text) if block.is_over else _goes_on(block, text, trait)


def _is_chained(block: _Open, text: bytes) -> bool:
    """Whether a line that comes after the last one of a block begins it again, or is blank."""
    chain = block.rules.chain
    if chain is not None and chain.match(text):
        block.is_over = False
        return True
    return not text.strip()


def _goes_on(block: _Open, text: bytes, trait: Trait) -> bool:
    rules = block.rules
    if rules.last is not None and rules.last.match(text):
        block.is_over = True
        return True
    if rules.goes_on.match(text) or (rules.row is GENERIC and trait.weight >= MEDIUM_WEIGHT):
        block.plain = 0
        return True
    block.plain += 1
    return block.plain <= rules.row.plain


def _part(lines: Lines, at: int) -> _Part:
    return _Part(lines.shown(at), lines.traits[at].weight, lines.place(at))


def _make_block(block: _Open, file: int) -> Block | None:
    parts = [*block.parts, *block.later]
    while parts and not parts[-1].text.strip():
        parts.pop()
    if not parts:
        return None
    lines = tuple(LogLine(part.place.number, part.text.decode("utf-8", "replace"), part.weight) for part in parts)
    headline = _find_headline(parts, block.rules)
    found = _find_kind(lines, headline)
    first, last = parts[0].place, parts[-1].place
    return Block(
        Span(file, first.number, last.number, first.start, last.end),
        lines,
        headline,
        block.rules.row.name,
        _judge(max(part.weight for part in parts), block.rules.row),
        found,
        block.step,
        block.component,
        block.stamp,
        block.cut,
    )


def _find_headline(parts: Sequence[_Part], rules: Rules) -> int:
    if rules.headline is not None:
        for at, part in enumerate(parts):
            if rules.headline.match(part.text):
                return at
    return max(range(len(parts)), key=lambda at: (parts[at].weight, -at))


def _find_kind(lines: Sequence[LogLine], headline: int) -> str:
    found = _KIND.search(lines[headline].text)
    if found is None:
        return ""
    return found[1] or found[2] or found[3]


def _judge(weight: int, row: Recogniser) -> Priority:
    if row.is_high:
        return Priority.HIGH
    if weight >= CRITICAL_WEIGHT:
        return Priority.CRITICAL
    if weight >= HIGH_WEIGHT:
        return Priority.HIGH
    return Priority.MEDIUM if weight >= MEDIUM_WEIGHT else Priority.LOW
