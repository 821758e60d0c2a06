"""Texts with a layout around them, written as they are read, in order."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from loopflow.analysis.line_numbers import LineNumbers
from loopflow.errors import LoopflowError, UncountableError
from loopflow.model import FileRef
from loopflow.tokens.protocol import TokenCounter
from loopflow.tokens.safe_cuts import last_cut

WRAPPERS_AT_ONCE = 4096
TEXT_AT_ONCE = 2_000_000
"""How many characters are held before they are counted."""


class Layout(Protocol):
    """What is written around the files of a context."""

    def tree(self, paths: Sequence[str]) -> str:
        """Return the tree of the files, which comes before everything else."""
        ...

    def opening(self) -> str:
        """Return what comes before the first file."""
        ...

    def before(self, path: str, number: int) -> str:
        """Return what comes before the text of a file; the first one is number 1."""
        ...

    def after(self, text_end: str) -> str:
        """Return what comes after the text of a file; `text_end` is its last character, "" if it is empty."""
        ...

    def closing(self) -> str:
        """Return what comes after the last file."""
        ...

    def before_diff(self, since: str) -> str:
        """Return what comes before the diff since what `since` names, which comes after everything else."""
        ...

    def after_diff(self) -> str:
        """Return what comes after the diff."""
        ...


class Tally:
    """Adds up the tokens of texts, a few of them in a call. Each counts by itself, a very large one in pieces."""

    def __init__(self, counter: TokenCounter) -> None:
        self._counter = counter
        self._texts: list[str] = []
        self._size = 0
        self._tokens = 0

    def add(self, text: str) -> None:
        """Add a text. Raises LoopflowError where it cannot be counted, as `count` does."""
        for piece in _pieces(text):
            self._texts.append(piece)
            self._size += len(piece)
            if len(self._texts) >= WRAPPERS_AT_ONCE or self._size >= TEXT_AT_ONCE:
                self.count()

    def count(self) -> int:
        """Return the tokens of everything that was added."""
        self._tokens += sum(_count(self._counter, self._texts))
        self._texts.clear()
        self._size = 0
        return self._tokens


def count_each(counter: TokenCounter, texts: Sequence[str]) -> list[int]:
    """Return the tokens of each text, a very large one in pieces. Raises LoopflowError where one cannot be counted."""
    counts = _count(counter, [text if len(text) <= TEXT_AT_ONCE else "" for text in texts])
    for place, text in enumerate(texts):
        if len(text) > TEXT_AT_ONCE:
            counts[place] = sum(_count(counter, [piece])[0] for piece in _pieces(text))
    return counts


def _count(counter: TokenCounter, texts: Sequence[str]) -> list[int]:
    try:
        return counter.count(texts)
    except UncountableError as error:
        what = f"what is written around the files cannot be counted: {error}"
        raise LoopflowError(
            what, "leave out --line-numbers and --diff, or exclude the file that it is about"
        ) from error


def _pieces(text: str) -> Iterator[str]:
    """Yield a text in pieces whose counts add up to that of the whole."""
    start = 0
    while len(text) - start > TEXT_AT_ONCE:
        cut = last_cut("", text[start : start + TEXT_AT_ONCE])
        if not cut:
            break
        yield text[start : start + cut]
        start += cut
    yield text[start:]


class ContextWriter:
    """Writes texts with a layout around them, and keeps what it wrote of that to be counted.

    With `numbered`, the lines of the texts have numbers. What is written of a text is then no longer the text, and is
    counted too.
    """

    def __init__(
        self, counter: TokenCounter, layout: Layout, write: Callable[[str], object], *, numbered: bool = False
    ) -> None:
        self._layout = layout
        self._write = write
        self._wrappers = Tally(counter)
        self._numbered = Tally(counter) if numbered else None
        self._lines = LineNumbers()
        self._number = 0
        self._text_end = ""

    def open(self, tree: Sequence[str] | None = None) -> None:
        """Write what comes before the first file; with a `tree`, that of these paths first."""
        if tree is not None:
            self._wrap(self._layout.tree(tree))
        self._wrap(self._layout.opening())

    def begin(self, ref: FileRef) -> None:
        """Write what comes before the text of `ref`."""
        self._number += 1
        self._text_end = ""
        self._lines = LineNumbers()
        self._wrap(self._layout.before(ref.path, self._number))

    def write(self, text: str) -> None:
        """Write a piece of a file's text."""
        self._text_end = text[-1:] or self._text_end
        if self._numbered:
            text = self._lines.add(text)
            self._numbered.add(text)
        self._write(text)

    def end(self) -> None:
        """Write what comes after a file's text."""
        self._wrap(self._layout.after(self._text_end))

    def close(self) -> None:
        """Write what comes after the last file."""
        self._wrap(self._layout.closing())

    def write_diff(self, since: str, pieces: Iterable[str]) -> None:
        """Write a diff, which comes in pieces of whole lines, after everything else."""
        self._wrap(self._layout.before_diff(since))
        for piece in pieces:
            self._wrap(piece)
        self._wrap(self._layout.after_diff())

    def count_around(self, tokens: int) -> int:
        """Return the tokens of everything written so far beyond those of the files' texts, which have `tokens`."""
        numbers = self._numbered.count() - tokens if self._numbered else 0
        return self._wrappers.count() + numbers

    def _wrap(self, text: str) -> None:
        self._write(text)
        self._wrappers.add(text)


class NumberedCounts:
    """Counts texts as they are with numbers before their lines: takes them as a context does, and writes nothing."""

    def __init__(self, counter: TokenCounter) -> None:
        self._counter = counter
        self._tally = Tally(counter)
        self._lines = LineNumbers()
        self._path = ""
        self.tokens: dict[str, int] = {}

    def begin(self, ref: FileRef) -> None:
        """Take note that the text of `ref` follows."""
        self._path, self._tally, self._lines = ref.path, Tally(self._counter), LineNumbers()

    def write(self, text: str) -> None:
        """Take a piece of the text."""
        self._tally.add(self._lines.add(text))

    def end(self) -> None:
        """Take note that the text is complete."""
        self.tokens[self._path] = self._tally.count()
