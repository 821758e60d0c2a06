"""A log that fits is printed as it is, cleaned: it is held as long as it may."""

from collections.abc import Iterator, Sequence
from typing import Final

from loopflow.analysis.redact import Redactor
from loopflow.errors import UncountableError
from loopflow.logs.cleaning import clean
from loopflow.tokens.protocol import TokenCounter
from loopflow.tokens.safe_cuts import last_cut

MOST_BYTES: Final = 67_108_864
_LEAST_HELD: Final = 1_000
"""Tokens that are held even where fewer fit, so that it can be said how many a small log has."""
_LOOK: Final = 32_768
"""Characters that are counted at once: a long log is seen not to fit after a few of these."""


class Whole:
    """Holds the text of a log while its tokens are at most `fit`; `tokens` are those of it, 0 where it is not held."""

    def __init__(self, counter: TokenCounter, fit: int, *, redact: bool = True, drops: bool = False) -> None:
        self.tokens = 0
        self._counter = counter
        self._fit = max(fit, _LEAST_HELD)
        self._redacts = redact
        self._pieces: list[str] | None = []
        self._raw: list[bytes] | None = None if drops else []  # in there are the lines that were dropped, too
        self._size = self._raw_size = 0
        self._counted = 0
        self._open: list[str] = []
        self._ends_line = True

    def add_raw(self, data: bytes) -> None:
        """Take the bytes that the next text is made of. They may be many more than it has: then they are not held."""
        begins_file = not self._ends_line
        self._ends_line = data.endswith(b"\n")
        if self._raw is None:
            return
        self._raw_size += len(data)
        self._raw += [b"\n", data] if begins_file else [data]
        if self._raw_size > MOST_BYTES:
            self._raw = None

    def add(self, text: bytes) -> None:
        """Take more of the text: whole lines."""
        if self._pieces is None:
            return
        self._size += len(text)
        if self._size > MOST_BYTES:
            self._let_go()
            return
        shown = text.decode("utf-8", "replace")
        self._pieces.append(shown)
        for at in range(0, len(shown), _LOOK):
            self._look_at(shown[at : at + _LOOK])

    def _look_at(self, shown: str) -> None:
        """Count a little more of the text, and let go of all if that is enough to see that it does not fit."""
        if self._pieces is None:
            return
        cut = last_cut(self._open[-1][-1:] if self._open else "", shown)
        if cut is None:
            self._open.append(shown)
            return
        self._count("".join([*self._open, shown[:cut]]))
        self._open = [shown[cut:]]
        if self._counted > self._fit:
            self._let_go()

    def finish(self, most: int) -> tuple[str, int] | None:
        """Return the text and its tokens, None where they are more than `most`."""
        for text in self._texts():
            try:
                [tokens] = self._counter.count([text])
            except UncountableError:
                return None
            self.tokens = min(tokens, self.tokens or tokens)
            if tokens <= most:
                return text, tokens
        return None

    def _texts(self) -> Iterator[str]:
        """Yield the text, and then a shorter form of it. Where the log ends without a line end, both do."""
        if self._pieces is None:
            return
        text = "".join(self._pieces)
        yield text if self._ends_line else text.removesuffix("\n")
        if self._raw is not None:
            yield self._cleaned_shorter(b"".join(self._raw))

    def _cleaned_shorter(self, raw: bytes) -> str:
        """Return the text with marks in the place of names: those can be longer than what they stand for."""
        text = clean(raw, brief=True)
        return (Redactor(short=True).redact(text) if self._redacts else text).decode("utf-8", "replace")

    def _count(self, text: str) -> None:
        try:
            self._counted += sum(self._counter.count([text]))
        except UncountableError:
            self._let_go()

    def _let_go(self) -> None:
        self._pieces, self._raw, self._open = None, None, []


def count_all(counter: TokenCounter, texts: Sequence[str]) -> list[int]:
    """Return the tokens of each text; of one that no engine can count, as many as it has bytes: it will not fit."""
    try:
        return counter.count(texts)
    except UncountableError:
        return [_count_or_bound(counter, text) for text in texts]


def _count_or_bound(counter: TokenCounter, text: str) -> int:
    try:
        return counter.count([text])[0]
    except UncountableError:
        return len(text.encode())
