"""What a server said: pieces into lines, how much there was of it, and why there is no talking to it any more."""

from collections.abc import Iterator
from typing import Final

from loopflow.errors import LoopflowError

_TAIL: Final = 2_000
_LINES: Final = 3


class Broken(LoopflowError):  # noqa: N818  it is said in words of its own
    """There is no talking to the server any more. The message is of "it", which is named before."""


class Lines:
    """Takes pieces of a stream, and gives the lines that are whole. Of many megabytes no byte is looked at twice."""

    def __init__(self) -> None:
        self._held: list[bytes] = []

    def add(self, piece: bytes) -> Iterator[bytes]:
        """Yield the lines that end in a piece, without their ends."""
        first, *others = piece.split(b"\n")
        self._held.append(first)
        for other in others:
            yield b"".join(self._held)
            self._held = [other]


class Heard:
    """What was heard of a server: how many bytes since it was asked something, and the last beside its answers."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._size = 0
        self._tail = bytearray()
        self.trouble: Broken | None = None
        """Why its address could not be asked. The SDK goes on without saying so."""

    def begin(self) -> None:
        """Count from here: it is asked something."""
        self._size = 0

    def count(self, size: int) -> None:
        """Raise Broken where it said more than is taken."""
        self._size += size
        if self._size > self.most:
            self.trouble = Broken(f"it said more than {self.most:,} bytes", "ask it for less")
            raise self.trouble

    def add_beside(self, piece: bytes) -> None:
        """Keep the end of what it says on its standard error."""
        self._tail += piece
        del self._tail[:-_TAIL]

    def explain(self, what: str) -> str:
        """Return what went wrong, with the last that the server said."""
        lines = bytes(self._tail).decode("utf-8", "replace").strip().splitlines()[-_LINES:]
        return f"{what}; it said: {' / '.join(lines)}" if lines else what


def unwrap(error: BaseException) -> BaseException:
    """Return what went wrong out of the groups that tasks make of it: what we say ourselves, if there is that."""
    if isinstance(error, BaseExceptionGroup):
        error = error.subgroup(LoopflowError) or error
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
