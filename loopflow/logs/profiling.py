"""Counts logs instead of reducing them: each piece is told by the most important of its lines.

What a line belongs to is known when the block is closed that it may be in, so lines are held until then. What was not
closed after 100,000 lines is told as it stands there.
"""

import re
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from sys import intern
from typing import Final, NamedTuple

from loopflow.logs.assembling import Assembler
from loopflow.logs.distribution import Distribution, Label, Sums
from loopflow.logs.found import Found
from loopflow.logs.gathering import Input, gather
from loopflow.logs.keys import DIGITS, FEW_KEYS
from loopflow.logs.lines import Lines
from loopflow.logs.model import LogRequest, Priority
from loopflow.logs.pieces import Piece, PieceCounter
from loopflow.logs.rules import Rules
from loopflow.logs.signatures import mask
from loopflow.tokens.protocol import TokenCounter

MOST_HELD: Final = 100_000
"""Lines."""
LONGEST_TEMPLATE: Final = 200
"""Characters."""

_NUMBER: Final = re.compile(r"\d+(?:[.,:]\d+)*")
_WILD: Final = re.compile(r"<\*>(?:[ ,]*<\*>)+")
_NOTHING: Final = Label(Priority.VERBOSE, "", "", "")


def profile_logs(inputs: Sequence[Input], request: LogRequest, counter: TokenCounter) -> Distribution:
    """Return where the tokens of logs are. Raises LoopflowError where one cannot be read on, or not be counted."""
    profiler = Profiler(counter)
    read = gather(inputs, replace(request, fit=0, drop=()), counter, profiler)
    sums = profiler.sums
    return Distribution(read.sources, counter.encoding, sums.tokens, sums.lines, sums.shares(), sums.tenths())


class Profiler:
    """Follows a reading: joins what pieces cost with what their lines belong to."""

    def __init__(self, counter: TokenCounter) -> None:
        self.sums = Sums()
        self._counter = PieceCounter(counter)
        self._pieces: deque[Piece] = deque()
        self._told = _Told()
        self._labels = Labels(self._tell)

    def add(self, data: bytes) -> None:
        """Take more of a log."""
        self._pieces.extend(self._counter.add(data))
        self._take_whole()

    def assemble(self, rules: Sequence[Rules], take_block: Callable[[Found], None], file: int) -> Assembler:
        """Return what puts the lines of a stream together, and is followed."""
        return self._labels.follow(rules, take_block, file)

    def settle(self, *, is_mark: bool) -> None:
        """Tell what is certain of the lines that were taken."""
        self._labels.settle(is_mark=is_mark)

    def end_file(self) -> None:
        """Tell all of a file."""
        self._labels.end_file(self._counter.lines)

    def finish(self) -> int:
        """Return the tokens of all."""
        self._pieces.extend(self._counter.finish())
        self._take_whole()
        return self.sums.tokens

    def _tell(self, label: Label, weight: int, lines: int) -> None:
        """Take what the next lines belong to. They were counted, or are part of the piece that is not over."""
        while lines:
            room = self._pieces[0].lines - self._told.lines if self._pieces else lines
            part = min(lines, room)
            self._told.add(label, weight, part)
            lines -= part
            self._take_whole()

    def _take_whole(self) -> None:
        """Add up the next piece if all of its lines are told."""
        if self._pieces and self._told.lines == self._pieces[0].lines:
            piece = self._pieces.popleft()
            self.sums.add(self._told.label, piece.lines, piece.tokens)
            self._told = _Told()


@dataclass(slots=True)
class _Told:
    """How many lines of a piece are told, and the label of the most important: of the heaviest, the first of them."""

    label: Label = _NOTHING
    weight: int = 0
    lines: int = 0

    def add(self, label: Label, weight: int, lines: int) -> None:
        if not self.lines or (label.priority, weight) > (self.label.priority, self.weight):
            self.label, self.weight = label, weight
        self.lines += lines


class Labels:
    """Says what lines belong to, in their order: `tell` is given a label, a weight, and how many lines have both."""

    def __init__(self, tell: Callable[[Label, int, int], None]) -> None:
        self._tell = tell
        self._templates: dict[bytes, str] = {}
        self._followed: list[_Followed] = []
        self._held: dict[int, _Held] = {}
        self._base = 0
        """Lines of the files before this one. All other numbers are those of this file."""
        self._next = 1
        self._newest = 0
        self._last = _NOTHING

    def follow(self, rules: Sequence[Rules], take_block: Callable[[Found], None], file: int) -> Assembler:
        """Return an assembler whose lines and blocks come here, too."""
        followed = _Followed(rules, take_block, file, self)
        self._followed.append(followed)
        return followed

    def see(self, lines: Lines, stream: "_Followed") -> None:
        """Hold lines. Where several were made of one, the first says what it is."""
        held, component = self._held, stream.component
        for number, text, trait in zip(lines.origin.numbers(), lines.texts, lines.traits, strict=True):
            if number not in held and number >= self._next:
                priority = Priority.LOW if trait.weight else Priority.VERBOSE
                held[number] = _Held(stream, Label(priority, component, "", self._template(text)), trait.weight)
                self._newest = max(self._newest, number)

    def take_block(self, block: Found, stream: "_Followed") -> None:
        """Take note of what lines of a stream belong to: of a block before, if that matters more."""
        first, last = block.parts[0].place.number, (block.later or block.parts)[-1].place.number
        priority, recogniser = block.priority, block.rules.row.name
        for number in range(max(first, self._next), last + 1):
            held = self._held.get(number)
            if held is None or held.stream is not stream:
                continue
            if not held.label.recogniser or priority > held.label.priority:
                told = Label(priority, block.component, recogniser, held.label.template)
                self._held[number] = held._replace(label=told)

    def settle(self, *, is_mark: bool) -> None:
        """Tell the lines that no block can take any more; at a mark, all but the last so many."""
        waiting = [each.held_from for each in self._followed]
        certain = min([self._newest, *(number for number in waiting if number is not None)])
        if is_mark and self._newest - max(certain, self._next) > MOST_HELD:
            for each in self._followed:
                if (block := each.open) is not None:
                    self.take_block(block, each)
            certain = self._newest - MOST_HELD
        self._tell_until(certain)

    def end_file(self, lines: int) -> None:
        """Tell all of a file; `lines` are those of all files until now."""
        self._tell_until(self._newest + 1)
        if (rest := lines - self._base - self._next + 1) > 0:
            self._tell(self._last, 0, rest)
        self._followed.clear()
        self._held.clear()
        self._base, self._next, self._newest, self._last = lines, 1, 0, _NOTHING

    def _tell_until(self, end: int) -> None:
        """Tell the lines before `end`. One that nothing was made of is part of what the next was made of."""
        waiting = 1
        for number in range(self._next, end):
            found = self._held.pop(number, None)
            if found is None:
                waiting += 1
                continue
            self._last = found.label
            self._tell(found.label, found.weight, waiting)
            self._next, waiting = number + 1, 1

    def _template(self, text: bytes) -> str:
        key = text.translate(None, DIGITS)
        found = self._templates.get(key)
        if found is None:
            if len(self._templates) >= FEW_KEYS:
                self._templates.clear()
            found = self._templates[key] = intern(make_template(text.decode("utf-8", "replace")))
        return found


class _Held(NamedTuple):
    """What is known of a line."""

    stream: "_Followed"
    label: Label
    weight: int


class _Followed(Assembler):
    """Puts lines together, and says which, and to what."""

    def __init__(self, rules: Sequence[Rules], take_block: Callable[[Found], None], file: int, labels: Labels) -> None:
        super().__init__(rules, self._take_followed, file)
        self._labels = labels
        self._pass_on = take_block

    def take(self, lines: Lines, hot: Sequence[int]) -> None:
        """Take lines."""
        self._labels.see(lines, self)
        super().take(lines, hot)

    def choose(self, places: Sequence[int]) -> Sequence[int]:
        """Return all: each is told."""
        return places

    def _take_followed(self, block: Found) -> None:
        self._labels.take_block(block, self)
        self._pass_on(block)


def make_template(line: str) -> str:
    """Return a line with what differs from one of its kind to the next as `<*>`, and one blank for any white space.

    It is cut to 200 characters.
    """
    said = " ".join(line[: 4 * LONGEST_TEMPLATE].split())
    return _WILD.sub("<*>", _NUMBER.sub("<*>", mask(said)))[:LONGEST_TEMPLATE].rstrip()
