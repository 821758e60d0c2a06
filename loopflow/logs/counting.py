"""Counts the input on a thread while it is read, in pieces whose counts add up to that of the whole."""

from queue import Queue
from threading import Thread
from typing import Final

from loopflow.errors import UncountableError
from loopflow.tokens.protocol import TokenCounter
from loopflow.tokens.safe_cuts import last_cut

_MOST_WAITING: Final = 2
"""Chunks: more of them only take memory, since whoever reads is the slower one."""
PIECE: Final = 1_048_576
"""Characters that are counted at once: fewer would each be counted by an engine that starts fast and counts slowly."""
LONGEST_STRETCH: Final = 67_108_864
"""Characters without a place to cut that are held before giving up."""


class InputCounter:
    """Takes the text of a log in order. `finish` returns its tokens, None where it cannot be counted exactly."""

    def __init__(self, counter: TokenCounter, piece: int = PIECE) -> None:
        self._counter = counter
        self._piece = piece
        self._queue: Queue[bytes | None] = Queue(_MOST_WAITING)
        self._total = 0
        self._held: list[str] = []
        self._held_size = 0
        self._failure: BaseException | None = None
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def add(self, data: bytes) -> None:
        """Take more of it: whole lines."""
        self._queue.put(data)

    def finish(self) -> int | None:
        """Return how many tokens it has. Raises what counting raised."""
        self._queue.put(None)
        self._thread.join()
        if isinstance(self._failure, UncountableError):
            return None
        if self._failure is not None:
            raise self._failure
        return self._total

    def _run(self) -> None:
        while (data := self._queue.get()) is not None:
            if self._failure is None:
                try:
                    self._take(data.decode("utf-8", "replace"))
                except BaseException as error:  # noqa: BLE001  whoever waits for the sum meets it
                    self._failure = error
        try:
            if self._failure is None:
                self._count(["".join(self._held)])
        except BaseException as error:  # noqa: BLE001  as above
            self._failure = error

    def _take(self, text: str) -> None:
        before = self._held[-1][-1:] if self._held else ""
        self._held.append(text)
        self._held_size += len(text)
        cut = last_cut(before, text) if self._held_size >= self._piece else None
        if cut is not None:
            self._held[-1] = text[:cut]
            self._count(["".join(self._held)])
            self._held, self._held_size = [text[cut:]], len(text) - cut
        elif self._held_size > LONGEST_STRETCH:
            raise UncountableError("a line is too long to be counted")

    def _count(self, texts: list[str]) -> None:
        self._total += sum(self._counter.count(texts))
