"""What a run reads from and writes to: the three streams, and a clipboard.

A run knows the streams that it is given and nothing of the process. What touches the process's own descriptors
(abandoning a broken pipe, asking a terminal how wide it is) is done by the streams that `main` makes.
"""

import io
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol, TextIO

from loopflow.errors import LoopflowError


class OutputStream:
    """A stream of text that is written as bytes."""

    def __init__(self, text: TextIO) -> None:
        self.text = text

    @property
    def encoding(self) -> str:
        """The name of the encoding that text has there."""
        return self.text.encoding or "utf-8"

    @property
    def handles(self) -> Sequence[int]:
        """The descriptors behind it, if it has any."""
        return ()

    def write(self, data: bytes) -> None:
        """Write bytes. Raises OSError."""
        self.text.buffer.write(data)

    def flush(self) -> None:
        """Hand what was written to whoever reads it. Raises OSError."""
        self.text.flush()

    def is_terminal(self) -> bool:
        """Whether a person looks at it."""
        return self.text.isatty()

    def size(self) -> os.terminal_size | None:
        """Return how many columns and lines the terminal has, None if that is not known."""
        return None

    def abandon(self) -> None:
        """Let nothing more reach it."""
        self.text = io.TextIOWrapper(io.BytesIO(), self.encoding)


class ProcessStream(OutputStream):
    """A stream of the process itself."""

    @property
    def handles(self) -> Sequence[int]:
        """The descriptor behind it."""
        return (self.text.fileno(),)

    def size(self) -> os.terminal_size | None:
        """Return what the terminal says of itself."""
        try:
            return os.get_terminal_size(self.text.fileno())
        except OSError:
            return None

    def abandon(self) -> None:
        """Send what is left in the buffer nowhere: the interpreter ends with 120 when it cannot write it."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.text.fileno())


class Clipboard(Protocol):
    """Takes a text for other programs."""

    def copy(self, text: str) -> None:
        """Take `text`. Raises LoopflowError where there is no clipboard, or it does not take it."""
        ...


class NoClipboard:
    """Where there is none."""

    def copy(self, text: str) -> None:  # noqa: ARG002
        """Raise LoopflowError."""
        raise _no_clipboard()


class SystemClipboard:
    """The clipboard of the desktop that the process belongs to."""

    def copy(self, text: str) -> None:
        """Take `text`; see `Clipboard.copy`."""
        import pyperclip  # noqa: PLC0415

        try:
            with _withheld([1, 2]):
                pyperclip.copy(text)
                is_lost = bool(text) and not pyperclip.paste()  # pyperclip does not look at how its program ends
        except pyperclip.PyperclipException as error:
            raise _no_clipboard() from error
        if is_lost:
            raise LoopflowError("the clipboard did not take it", "check DISPLAY, or leave out --copy and use a pipe")


def _no_clipboard() -> LoopflowError:
    hint = "install xclip, xsel or wl-clipboard, or leave out --copy and use a pipe"
    return LoopflowError("there is no clipboard to copy to", hint)


@dataclass(frozen=True, slots=True)
class Streams:
    """What a run reads from and writes to."""

    stdin: TextIO
    stdout: OutputStream
    stderr: OutputStream
    clipboard: Clipboard = field(default_factory=NoClipboard)


def process_streams() -> Streams:
    """Return the process's own streams. One that it was started without is opened.

    Writing to that stdout fails, as it should, since what was asked for gets lost; what goes to stderr vanishes.
    """
    stdin = sys.stdin or open(os.devnull, encoding="utf-8")  # noqa: SIM115
    stdout = sys.stdout or open(os.open(os.devnull, os.O_RDONLY), "w", encoding="utf-8")  # noqa: SIM115
    stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    return Streams(stdin, ProcessStream(stdout), ProcessStream(stderr), SystemClipboard())


@contextmanager
def _withheld(handles: Sequence[int]) -> Iterator[None]:
    """Keep descriptors from the programs that are started meanwhile.

    One that goes on running, as xclip does, would make whoever reads them wait for it.
    """
    kept = [os.dup(handle) for handle in handles]
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        for handle in handles:
            os.dup2(nowhere, handle)
        yield
    finally:
        for handle, copy in zip(handles, kept, strict=True):
            os.dup2(copy, handle)
        for handle in (*kept, nowhere):
            os.close(handle)
