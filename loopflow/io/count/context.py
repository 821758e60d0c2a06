"""Texts with a layout around them, written as they are read, in order."""

from collections.abc import Callable
from typing import Protocol

from loopflow.model import FileRef
from loopflow.tokens.protocol import TokenCounter

WRAPPERS_AT_ONCE = 4096


class Layout(Protocol):
    """What is written around the files of a context."""

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


class ContextWriter:
    """Writes texts with a layout around them, and keeps what it wrote of that to be counted."""

    def __init__(self, counter: TokenCounter, layout: Layout, write: Callable[[str], object]) -> None:
        self._counter = counter
        self._layout = layout
        self._write = write
        self._wrappers: list[str] = []
        self._wrapper_tokens = 0
        self._number = 0
        self._text_end = ""

    def open(self) -> None:
        """Write what comes before the first file."""
        self._wrap(self._layout.opening())

    def begin(self, ref: FileRef) -> None:
        """Write what comes before the text of `ref`."""
        self._number += 1
        self._text_end = ""
        self._wrap(self._layout.before(ref.path, self._number))

    def write(self, text: str) -> None:
        """Write a piece of a file's text."""
        self._write(text)
        self._text_end = text[-1:] or self._text_end

    def end(self) -> None:
        """Write what comes after a file's text."""
        self._wrap(self._layout.after(self._text_end))

    def close(self) -> None:
        """Write what comes after the last file."""
        self._wrap(self._layout.closing())

    def count_wrappers(self) -> int:
        """Return the tokens of everything written so far that is no file's text."""
        self._wrapper_tokens += sum(self._counter.count(self._wrappers))
        self._wrappers.clear()
        return self._wrapper_tokens

    def _wrap(self, text: str) -> None:
        self._write(text)
        self._wrappers.append(text)
        if len(self._wrappers) >= WRAPPERS_AT_ONCE:
            self.count_wrappers()
