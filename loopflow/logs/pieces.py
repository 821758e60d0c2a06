"""A log counted in pieces: as small as they can be, while their counts add up to that of the whole.

A piece begins where a line begins with something that is neither white space nor a slash, and at the beginning of all
(see tokens/safe_cuts.py). So most pieces are a line, and the others a line with what is indented below it.
"""

from typing import NamedTuple

from loopflow.errors import LoopflowError, UncountableError
from loopflow.logs.counting import LONGEST_STRETCH
from loopflow.tokens.protocol import TokenCounter
from loopflow.tokens.safe_cuts import cut_all, last_cut


class Piece(NamedTuple):
    """How many lines a piece has, and how many tokens."""

    lines: int
    tokens: int


class PieceCounter:
    """Takes the text of logs in order, one after the other. `lines` are those of all that was taken."""

    def __init__(self, counter: TokenCounter) -> None:
        self._counter = counter
        self._held: list[str] = []
        self._held_size = 0
        self._held_lines = 0
        self.lines = 0

    def add(self, data: bytes) -> list[Piece]:
        """Take whole lines, the last of which may lack its end; return the pieces that are over.

        Raises LoopflowError where they cannot be counted.
        """
        text = data.decode("utf-8", "replace")
        before = self._held[-1][-1:] if self._held else ""
        texts = cut_all(text)
        if last_cut(before, text[:1]) == 0:
            texts.insert(0, "")
        lines = [each.count("\n") for each in texts]
        lines[-1] += not text.endswith("\n")
        self.lines += sum(lines)
        done: list[Piece] = []
        if len(texts) > 1:
            ends = [self._held_lines + lines[0], *lines[1:-1]]
            counts = self._count(["".join([*self._held, texts[0]]), *texts[1:-1]])
            done = [Piece(*each) for each in zip(ends, counts, strict=True) if each[0]]
            self._held, self._held_size, self._held_lines = [], 0, 0
        self._hold(texts[-1], lines[-1])
        return done

    def finish(self) -> list[Piece]:
        """Return the last piece, if there is one."""
        text, lines = "".join(self._held), self._held_lines
        self._held, self._held_lines = [], 0
        return [Piece(lines, self._count([text])[0])] if lines else []

    def _hold(self, text: str, lines: int) -> None:
        self._held.append(text)
        self._held_size += len(text)
        self._held_lines += lines
        if self._held_size > LONGEST_STRETCH:
            raise _uncountable()

    def _count(self, texts: list[str]) -> list[int]:
        try:
            return self._counter.count(texts)
        except UncountableError as error:
            raise _uncountable() from error


def _uncountable() -> LoopflowError:
    return LoopflowError("the log has a line that is too long to be counted exactly", "reduce it without --profile")
