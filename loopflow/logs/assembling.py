"""From weighed lines to blocks: what belongs to a failure is put together. Nothing else remembers lines between chunks.

A line that weighs something, or that begins what a recogniser knows, opens a block; the recogniser says which lines go
on it and where it ends. Where several write at once, each stream has an assembler of its own.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from loopflow.logs.found import Found, Part, choose_before
from loopflow.logs.keys import HIGH_WEIGHT, NOTHING, OWN_WEIGHT
from loopflow.logs.lines import Lines
from loopflow.logs.rules import GENERIC, Rules

_LONGEST, _LONGEST_IF_SURE = 4, 25
"""So many times the lines that are kept of a block it may have, the second where each line surely belongs to it: what
never ends must not swallow a log."""
_MOST_HEAVY: Final = 8
"""So many lines of weight one after the other are one failure where nothing is known of them."""


class Assembler:
    """Puts the lines of one stream together. What is whole is handed to `take_block`."""

    def __init__(self, rules: Sequence[Rules], take_block: Callable[[Found], None], file: int = 0) -> None:
        self._rules = rules
        self._take_block = take_block
        self._file = file
        self._open: Found | None = None
        self._wanted = max(each.row.before for each in rules)
        self._before: deque[Part] = deque(maxlen=self._wanted)
        """The last lines that belong to no block, next to each other."""
        self.step = ""
        self.component = ""

    @property
    def held_from(self) -> int | None:
        """The number of the first line that a block may still take, None if no line is held."""
        parts = self._open.parts if self._open is not None else self._before
        return parts[0].place.number if parts else None

    @property
    def open(self) -> Found | None:
        """The block that may go on."""
        return self._open

    def take(self, lines: Lines, hot: Sequence[int]) -> None:
        """Take lines, those of the places `hot` being the ones that weigh something or begin something."""
        at, count, waiting = 0, len(lines.texts), iter(hot)
        nearest = next(waiting, count)
        free = 0
        while at < count:
            while nearest < at:
                nearest = next(waiting, count)
            if self._open is not None:
                at = free = self._extend(self._open, lines, at, nearest)
                continue
            if nearest >= count:
                break
            rules = self._find_rules(lines, nearest)
            if rules is not None:
                self._begin(rules, lines, nearest, free)
            at = nearest + 1
        if self._open is None:
            self._before.extend(Part(lines, each) for each in range(max(free, count - self._wanted), count))

    def choose(self, places: Sequence[int]) -> Sequence[int]:
        """Return the places of the lines that it has to take, of some that all weigh nothing."""
        return places if self._open is not None else places[-self._wanted :]

    def begin_anew(self) -> None:
        """Close what is open: what comes now is far from what came before."""
        self.finish()
        self._before.clear()

    def finish(self) -> None:
        """Close what is open."""
        if self._open is not None:
            self._close(self._open)

    def _find_rules(self, lines: Lines, at: int) -> Rules | None:
        """Return the rules of what a line begins, if it does."""
        trait = lines.traits[at]
        if not trait.weight and trait.recogniser < 0:
            return None
        rules = self._rules[trait.recogniser]  # -1 is the generic one, which is the last
        if rules.confirm is None or rules.confirm.match(lines.texts[at]):
            return rules
        return self._rules[-1] if trait.weight >= OWN_WEIGHT else None

    def _begin(self, rules: Rules, lines: Lines, at: int, free: int) -> None:
        wanted = rules.row.before
        near = [Part(lines, each) for each in range(max(free, at - wanted), at)]
        far = list(self._before) if len(near) == at - free else []
        block = Found(rules, self._file, lines.stamp(at), self.step, self.component)
        for part in choose_before(rules, [*far, *near]):
            block.add(part)
        self._before.clear()
        block.add(Part(lines, at))
        self._open = block

    def _extend(self, block: Found, lines: Lines, at: int, hot: int) -> int:
        """Add lines from `at` on that belong to the block; return the place of the first that was not added.

        Of those until `hot`, that one alone may weigh something.
        """
        if at < hot and block.room > 0 and block.rules.last is block.rules.ends is None:
            end = min(hot, at + block.room)
            place = _find_end(block, lines.texts, at, end)
            block.add_light(lines, at, place)
            if place < end:
                self._close(block)
            return place
        after = min(hot + 1, len(lines.texts))
        for place in range(at, after):
            trait = lines.traits[place]
            new = None if trait is NOTHING else self._find_rules(lines, place)
            if not _belongs(block, lines.texts[place], trait.weight, new):
                if new is not None:
                    self._before.extend(block.lend(new))
                self._close(block)
                return place
            block.add(Part(lines, place))
        return after

    def _close(self, block: Found) -> None:
        self._open = None
        if block.close():
            self._take_block(block)


def _find_end(block: Found, texts: Sequence[bytes], at: int, end: int) -> int:
    """Return the first place from `at` to `end` of a line that does not go on a block, else `end`.

    None of these lines weighs anything, and none can be said to be the last one: `_belongs` comes to the same.
    """
    rules, plain = block.rules, block.plain
    if rules.row is GENERIC:
        end = min(end, at + max(block.most_light - block.light, 0))
    goes_on = rules.goes_on.match
    for place in range(at, end):
        if goes_on(texts[place]):
            plain = 0
        elif plain < rules.row.plain:
            plain += 1
        else:
            end = place
            break
    block.plain = plain
    return end


def _belongs(block: Found, text: bytes, weight: int, new: Rules | None) -> bool:
    """Whether a line, which by itself would begin a block by the rules `new`, goes on a block."""
    rules = block.rules
    if block.size >= (_LONGEST if rules.ends is not None else _LONGEST_IF_SURE) * rules.row.most:
        return False
    if rules.ends is not None:
        return not rules.ends.match(text) and _goes_on(block, text, weight)
    if block.is_over:
        return _is_chained(block, text)
    if new is not None and new.row is not GENERIC and not (new is rules and rules.goes_on.match(text)):
        return False
    return _goes_on(block, text, weight)


def _is_chained(block: Found, text: bytes) -> bool:
    """Whether a line that comes after the last one of a block begins it again, or is blank."""
    chain = block.rules.chain
    if chain is not None and chain.match(text):
        block.is_over = False
        return True
    return not text.strip()


def _goes_on(block: Found, text: bytes, weight: int) -> bool:
    rules = block.rules
    if rules.last is not None and rules.last.match(text):
        block.is_over = True
        return True
    if rules.row is GENERIC:
        if block.heaviest < HIGH_WEIGHT <= weight or block.light >= block.most_light:
            return False
        if weight >= block.least:
            block.heavy += 1
            block.plain = 0
            return block.heavy <= _MOST_HEAVY
    if rules.goes_on.match(text):
        block.plain = 0
        return True
    if block.plain >= rules.row.plain:
        return False
    block.plain += 1
    return True
