"""A log that fits is printed as it is, cleaned: it is held as long as it may."""

from collections.abc import Sequence
from typing import Final

from loopflow.analysis.redact import Redactor
from loopflow.errors import UncountableError
from loopflow.logs.cleaning import clean
from loopflow.tokens.protocol import TokenCounter
from loopflow.tokens.safe_cuts import last_cut

MOST_BYTES: Final = 67_108_864


class Whole:
    """Holds the text of a log while its tokens are at most `fit`. `redact` says whether secrets are hidden."""

    def __init__(self, counter: TokenCounter, fit: int, *, redact: bool = True) -> None:
        self._counter = counter
        self._fit = fit
        self._redact = redact
        self._pieces: list[str] | None = []
        self._raw: list[bytes] = []
        self._size = 0
        self._tokens = 0
        self._open = ""

    def add_raw(self, data: bytes) -> None:
        """Take the bytes that the next text is made of."""
        if self._pieces is not None:
            self._raw.append(data)

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
        cut = last_cut(self._open[-1:], shown)
        if cut is None:
            self._open += shown
            return
        self._count(self._open + shown[:cut])
        self._open = shown[cut:]
        if self._tokens > self._fit:
            self._let_go()

    def finish(self, most: int) -> tuple[str, int] | None:
        """Return the text and its tokens, None where they are more than `most`."""
        if self._pieces is None:
            return None
        for text in ("".join(self._pieces), self._cleaned_shorter()):
            try:
                [tokens] = self._counter.count([text])
            except UncountableError:
                return None
            if tokens <= most:
                return text, tokens
        return None

    def _cleaned_shorter(self) -> str:
        """Return the text with marks in the place of names: those can be longer than what they stand for."""
        text = clean(b"".join(self._raw), brief=True)
        return (Redactor(short=True).redact(text) if self._redact else text).decode("utf-8", "replace")

    def _count(self, text: str) -> None:
        try:
            self._tokens += sum(self._counter.count([text]))
        except UncountableError:
            self._let_go()

    def _let_go(self) -> None:
        self._pieces, self._raw, self._open = None, [], ""


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
