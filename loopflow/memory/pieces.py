"""Pieces of a stream put together to lines. An answer can be a line of many megabytes: no byte is looked at twice."""

from collections.abc import Iterator


class Lines:
    """Takes pieces, and gives the lines that are whole."""

    def __init__(self) -> None:
        self._held: list[bytes] = []

    def add(self, piece: bytes) -> Iterator[bytes]:
        """Yield the lines that end in a piece, without their ends."""
        first, *others = piece.split(b"\n")
        self._held.append(first)
        for other in others:
            yield b"".join(self._held)
            self._held = [other]
