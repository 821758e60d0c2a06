"""What one thread writes and another reads, as a stream of bytes of bounded size."""

from queue import Full, Queue
from typing import Final

_MOST_WAITING: Final = 16
_LOOK_AGAIN: Final = 0.1


class Piped:
    """A pipe within the process."""

    def __init__(self) -> None:
        self._pieces: Queue[bytes] = Queue(_MOST_WAITING)
        self._is_over = False
        self._is_abandoned = False

    def write(self, data: bytes) -> None:
        """Hand over bytes, and wait while too many are on the way. When nobody reads any more, they are lost."""
        while not self._is_abandoned:
            try:
                self._pieces.put(data, timeout=_LOOK_AGAIN)
            except Full:
                continue
            return

    def finish(self) -> None:
        """Say that all was written."""
        self.write(b"")

    def abandon(self) -> None:
        """Say that nobody reads any more."""
        self._is_abandoned = True

    def close(self) -> None:
        """There is nothing to give back."""

    def read(self, size: int = -1, /) -> bytes:  # noqa: ARG002  what was written at once fits
        """Return what comes next; nothing at the end."""
        if self._is_over:
            return b""
        data = self._pieces.get()
        self._is_over = not data
        return data
