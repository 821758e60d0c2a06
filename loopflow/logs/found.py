"""A block on its way: lines that belong to one failure. Most blocks repeat others, and are never looked at closer."""

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Final, NamedTuple

from loopflow.logs.keys import CRITICAL_WEIGHT, HIGH_WEIGHT, MEDIUM_WEIGHT, OWN_WEIGHT
from loopflow.logs.lines import Lines, Place
from loopflow.logs.model import Block, LogLine, Priority, Span
from loopflow.logs.recognisers.rows import Recogniser
from loopflow.logs.rules import GENERIC, Rules

_KEPT_AT_END: Final = 60
"""How many of the last lines of a block are kept where it has more than its recogniser allows."""

_MOST_LIGHT: Final = 24
_MOST_LIGHT_IF_WEAK: Final = 8
"""A block that no recogniser knows ends after so many lines that say nothing, at the latest."""

_KIND: Final = re.compile(
    r"(?<![\w.])((?:[A-Za-z_$][\w$]*(?:\.|::|\\))*[A-Z]\w*(?:Error|Exception|Failure|Fault|Panic|Exit|Interrupt|Warning|Timeout))\b"
    r"|\b(?:error|warning)\s?\[?([A-Z]{1,8}\d{2,6})\b|\b((?:TS|CS|E|C|MSB|NU|FS|BC|SC|RS|DL|AD)\d{3,5})(?=:|\])"
)
_MAY_BE_KIND: Final = re.compile(
    r"[A-Z](?:\d\d|(?:(?<=E)(?:rror|xception|xit)|(?<=F)(?:ailure|ault)|(?<=P)anic|(?<=I)nterrupt"
    r"|(?<=W)arning|(?<=T)imeout)\b)"
)
"""What every kind has: looked for first, since most lines name none."""

MOST_TOLD: Final = 40
"""So many different lines of weight say what a failure is."""

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


class About(NamedTuple):
    """The headline of a block and its first lines, the place of the headline in all lines, and what recognised it."""

    texts: Sequence[str]
    headline: int
    recogniser: str


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
    gap: int = 0
    heaviest: int = 0
    heavy: int = 0
    """How many lines followed that weigh as much."""
    plain: int = 0
    """How many of its last lines may belong to it or not."""
    light: int = 0
    """How many of its last lines weigh less than what it is about."""
    is_over: bool = False
    """Whether the line came with which it ends."""
    _headline: int = -1
    _made: Block | None = None

    @property
    def size(self) -> int:
        """How many lines it has, those that are not kept too."""
        return len(self.parts) + len(self.later) + self.cut

    def add(self, part: Part) -> None:
        """Take one more line."""
        lines, at = part
        weight = lines.traits[at].weight
        self.heaviest = max(self.heaviest, weight)
        self.light = 0 if weight >= self.least else self.light + 1
        if len(self.parts) < self.rules.row.most:
            self.parts.append(part)
            return
        self.cut += len(self.later) == _KEPT_AT_END
        self.later.append(part)

    def add_light(self, lines: Lines, begin: int, end: int) -> None:
        """Take lines that weigh nothing, of which it has room for all."""
        self.light += end - begin
        self.parts.extend(map(Part, repeat(lines), range(begin, end)))

    @property
    def room(self) -> int:
        """How many more lines it keeps until it holds the last ones only."""
        return self.rules.row.most - len(self.parts)

    @property
    def least(self) -> int:
        """What a line must weigh to be of the kind of its others."""
        return HIGH_WEIGHT if self.heaviest >= HIGH_WEIGHT else MEDIUM_WEIGHT

    @property
    def most_light(self) -> int:
        """How many lines that say nothing may stand at the end."""
        return _MOST_LIGHT if self.heaviest >= CRITICAL_WEIGHT else _MOST_LIGHT_IF_WEAK

    def lend(self, rules: Rules) -> list[Part]:
        """Give up the last lines, if it is not sure of them and they belong before what begins by `rules`."""
        is_weak = self.rules.row is GENERIC and self.heaviest < CRITICAL_WEIGHT and rules.back is not None
        unsure = len(self.parts) + len(self.later) if is_weak else self.plain
        last = [*self.parts, *self.later][-unsure:] if unsure else []
        lent = choose_before(rules, last)
        for _ in lent:
            (self.later or self.parts).pop()
        self.heaviest = max((part.weight for part in [*self.parts, *self.later]), default=0)
        return lent

    def close(self) -> bool:
        """Take no more lines; return whether there is anything to tell."""
        self.gap = len(self.parts)
        self.parts += self.later
        self.later.clear()
        while self.parts and not self.parts[-1].text.strip():
            self.parts.pop()
        return self.heaviest > 0 and (self.rules.row.at_most > Priority.VERBOSE or self.heaviest >= OWN_WEIGHT)

    @property
    def span(self) -> Span:
        """Where it is."""
        first, last = self.parts[0].place, self.parts[-1].place
        return Span(self.file, first.number, last.number, first.start, last.end)

    @property
    def priority(self) -> Priority:
        """How much it matters."""
        return _judge(max(lines.traits[at].weight for lines, at in (*self.parts, *self.later)), self.rules.row)

    @property
    def headline(self) -> int:
        """Which of its lines says why, once it is whole."""
        if self._headline < 0:
            self._headline = _find_headline(self.parts, self.rules)
        return self._headline

    def fingerprint(self) -> tuple[int | bytes, ...]:
        """Return what two blocks have in common that differ in digits only, or in lines that weigh nothing."""
        headline = self.headline
        told = {
            lines.texts[at]: None
            for place, (lines, at) in enumerate(self.parts)
            if lines.traits[at].weight >= MEDIUM_WEIGHT or place == headline
        }
        return self.rules.number, *dict.fromkeys(map(_without_digits, list(told)[:MOST_TOLD]))

    def about(self, most: int) -> About:
        """Return what says where it happened, of the first so many lines."""
        told = [self.parts[self.headline], *self.parts[:most]]
        texts = [lines.shown(at).decode("utf-8", "replace") for lines, at in told]
        return About(texts, self.headline, self.rules.row.name)

    def make(self) -> Block:
        """Return it as it is told. It takes no more lines then."""
        if self._made is None:
            self._made = self._make()
        return self._made

    def _make(self) -> Block:
        lines = tuple(lines.tell(at) for lines, at in self.parts)
        headline = self.headline
        return Block(
            self.span,
            lines,
            headline,
            self.rules.row.name,
            self.priority,
            _find_kind(lines, headline),
            self.step,
            self.component,
            self.stamp,
            self.cut,
            self.gap,
        )


def choose_before(rules: Rules, parts: Sequence[Part]) -> list[Part]:
    """Return which of the lines before the first belong to a block."""
    back, first = rules.back, len(parts)
    least = max(first - rules.row.before, 0)
    while first > least and (back is None or back.match(parts[first - 1].text)):
        first -= 1
    while first < len(parts) and not parts[first].text.strip():
        first += 1
    return list(parts[first:])


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
    weights = [lines.traits[at].weight for lines, at in parts]
    return weights.index(max(weights))


def _find_kind(lines: Sequence[LogLine], headline: int) -> str:
    text = lines[headline].text
    found = _KIND.search(text) if _MAY_BE_KIND.search(text) else None
    if found is None:
        return ""
    return found[1] or found[2] or found[3]


def _judge(weight: int, row: Recogniser) -> Priority:
    if weight >= OWN_WEIGHT:
        return Priority.CRITICAL
    if weight >= CRITICAL_WEIGHT:
        found = Priority.CRITICAL
    elif weight >= HIGH_WEIGHT:
        found = Priority.HIGH
    else:
        found = Priority.MEDIUM if weight >= MEDIUM_WEIGHT else Priority.LOW
    return min(found, row.at_most)
