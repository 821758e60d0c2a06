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
from loopflow.logs.lines import Lines, Place
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


MOST_TOLD: Final = 40
"""So many different lines of weight say what a failure is."""
_LONGEST: Final = 4
"""A block has so many times the lines that are kept of it at most: what never ends must not swallow a log."""

_ZEROS: Final = bytes.maketrans(b"123456789", b"000000000")


class Part(NamedTuple):
    """A line of a block: the one at `at` of some lines. Most blocks repeat others, and are never looked at closer."""

    lines: Lines
    at: int

    @property
    def text(self) -> bytes:
        """The line, without what it is shown behind."""
        return self.lines.texts[self.at]

    @property
    def weight(self) -> int:
        """How much it looks like the reason of a failure."""
        return self.lines.traits[self.at].weight

    @property
    def place(self) -> Place:
        """Where it came from."""
        return self.lines.origin.place(self.at)


@dataclass(slots=True)
class Found:
    """A block that may go on. When it is whole it is handed on, and becomes a `Block` if it is new."""

    rules: Rules
    file: int
    stamp: str
    step: str
    component: str
    parts: list[Part] = field(default_factory=list)
    later: deque[Part] = field(default_factory=lambda: deque(maxlen=_KEPT_AT_END))
    cut: int = 0
    plain: int = 0
    is_over: bool = False
    """Whether the line came with which it ends."""

    @property
    def size(self) -> int:
        """How many lines it has, those that are not kept too."""
        return len(self.parts) + len(self.later) + self.cut

    def add(self, part: Part) -> None:
        """Take one more line."""
        if len(self.parts) < self.rules.row.most:
            self.parts.append(part)
            return
        self.cut += len(self.later) == _KEPT_AT_END
        self.later.append(part)

    def close(self) -> bool:
        """Take no more lines; return whether there are any but blank ones."""
        self.parts += self.later
        self.later.clear()
        while self.parts and not self.parts[-1].text.strip():
            self.parts.pop()
        return bool(self.parts)

    @property
    def span(self) -> Span:
        """Where it is."""
        first, last = self.parts[0].place, self.parts[-1].place
        return Span(self.file, first.number, last.number, first.start, last.end)

    def fingerprint(self) -> tuple[int | bytes, ...]:
        """Return what two blocks have in common that differ in digits only, or in lines that weigh nothing."""
        headline = _find_headline(self.parts, self.rules)
        told = {part.text: None for at, part in enumerate(self.parts) if at == headline or part.weight >= MEDIUM_WEIGHT}
        return self.rules.number, *dict.fromkeys(map(_without_digits, list(told)[:MOST_TOLD]))

    def make(self) -> Block:
        """Return it as it is told."""
        lines = tuple(
            LogLine(part.place.number, part.lines.shown(part.at).decode("utf-8", "replace"), part.weight)
            for part in self.parts
        )
        headline = _find_headline(self.parts, self.rules)
        weight = max(part.weight for part in self.parts)
        return Block(
            self.span,
            lines,
            headline,
            self.rules.row.name,
            _judge(weight, self.rules.row),
            _find_kind(lines, headline),
            self.step,
            self.component,
            self.stamp,
            self.cut,
        )


class Assembler:
    """Puts the lines of one stream together. What is whole is handed to `take_block`."""

    def __init__(self, rules: Sequence[Rules], take_block: Callable[[Found], None], file: int = 0) -> None:
        self._rules = rules
        self._take_block = take_block
        self._file = file
        self._open: Found | None = None
        self._before: deque[Part] = deque(maxlen=BEFORE)
        self.step = ""
        self.component = ""

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
            self._before.extend(Part(lines, each) for each in range(max(free, count - BEFORE), count))

    def finish(self) -> None:
        """Close what is open."""
        if self._open is not None:
            self._close(self._open)

    def _begin(self, lines: Lines, at: int, free: int) -> None:
        trait = lines.traits[at]
        rules = self._rules[trait.recogniser]  # -1 is the generic one, which is the last
        block = Found(rules, self._file, lines.stamp(at), self.step, self.component)
        wanted = rules.row.before
        if wanted:
            near = [Part(lines, each) for each in range(max(free, at - wanted), at)]
            far = [] if len(near) >= wanted or free else list(self._before)[len(near) - wanted :]
            before = [*far, *near]
            while before and not before[0].text.strip():
                before.pop(0)
            block.parts += before
        self._before.clear()
        block.add(Part(lines, at))
        self._open = block

    def _extend(self, block: Found, lines: Lines, at: int) -> int:
        """Add the lines from `at` on that belong to the block; return the place of the first that does not."""
        texts, traits = lines.texts, lines.traits
        for place in range(at, len(texts)):
            if not _belongs(block, texts[place], traits[place]):
                self._close(block)
                return place
            block.add(Part(lines, place))
        return len(texts)

    def _close(self, block: Found) -> None:
        self._open = None
        if block.close():
            self._take_block(block)


def _belongs(block: Found, text: bytes, trait: Trait) -> bool:
    """Whether a line goes on a block."""
    rules = block.rules
    if block.size >= _LONGEST * rules.row.most:
        return False
    if rules.ends is not None:
        return not rules.ends.match(text)
    if trait.recogniser >= 0 and not (trait.recogniser == rules.number and rules.goes_on.match(text)):
        return False
    return _is_chained(block, text) if block.is_over else _goes_on(block, text, trait)


def _is_chained(block: Found, text: bytes) -> bool:
    """Whether a line that comes after the last one of a block begins it again, or is blank."""
    chain = block.rules.chain
    if chain is not None and chain.match(text):
        block.is_over = False
        return True
    return not text.strip()


def _goes_on(block: Found, text: bytes, trait: Trait) -> bool:
    rules = block.rules
    if rules.last is not None and rules.last.match(text):
        block.is_over = True
        return True
    if rules.goes_on.match(text) or (rules.row is GENERIC and trait.weight >= MEDIUM_WEIGHT):
        block.plain = 0
        return True
    block.plain += 1
    return block.plain <= rules.row.plain


def _without_digits(text: bytes) -> bytes:
    """Return a line with each number as 0."""
    text = text.translate(_ZEROS)
    while b"00" in text:
        text = text.replace(b"00", b"0")
    return text


def _find_headline(parts: Sequence[Part], rules: Rules) -> int:
    if rules.headline is not None:
        for at, part in enumerate(parts):
            if rules.headline.match(part.text):
                return at
    weights = [part.weight for part in parts]
    return weights.index(max(weights))


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
