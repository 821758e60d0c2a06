"""Counts the input while it is read, on a thread or in a process, in pieces whose counts add up."""

from collections.abc import Callable
from contextlib import suppress
from queue import Queue
from threading import Thread
from typing import TYPE_CHECKING, Final

from loopflow.errors import LoopflowError, UncountableError
from loopflow.logs.model import LogRequest
from loopflow.tokens.choice import ENGINES, create_counter
from loopflow.tokens.protocol import TokenCounter
from loopflow.tokens.safe_cuts import last_cut

if TYPE_CHECKING:
    from loopflow.logs.other_process import OtherProcess

_MOST_UNREAD: Final = 16_777_216
"""Bytes that are held for another process, at most."""
_MOST_WAITING: Final = 2
"""Chunks: more of them only take memory, since whoever reads is the slower one."""
FIRST_PIECE: Final = 1_048_576
"""Characters that are counted at first: fewer would be counted by an engine that starts fast and counts slowly."""
LONGEST_STRETCH: Final = 67_108_864
"""Characters without a place to cut that are held before giving up."""


def choose_engine(request: LogRequest) -> str | None:
    """Return what shall count where nobody says: in little memory the table alone, which is slow and loads nothing."""
    return "table" if request.is_small else None


class InputCounter:
    """Takes the text of a log in order. `finish` returns its tokens, None where it cannot be counted exactly."""

    def __init__(self, counter: TokenCounter, first: int = FIRST_PIECE) -> None:
        self._counter = counter
        self._least = first
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
        cut = last_cut(before, text) if self._held_size >= self._least else None
        if cut is not None:
            self._held[-1] = text[:cut]
            self._count(["".join(self._held)])
            self._held, self._held_size = [text[cut:]], len(text) - cut
            self._least = 1  # the fast engine is there, and less is held
        elif self._held_size > LONGEST_STRETCH:
            raise UncountableError("a line is too long to be counted")

    def _count(self, texts: list[str]) -> None:
        self._total += sum(self._counter.count(texts))


class CounterBeside:
    """Does what `InputCounter` does in another process: there a vocabulary that loads holds nobody up.

    Where no process comes up it is done here. Raises LoopflowError if it is ended from outside later. It is started at
    once, or when `least` bytes came: with fewer all is counted here, at the end.
    """

    def __init__(self, counter: TokenCounter, least: int = 0) -> None:
        self._counter = counter
        self._here: InputCounter | None = None
        self._process: OtherProcess | None = None
        self._held: list[bytes] = []
        self._missing = least
        """How many bytes have to come until it is started."""
        self._is_started = False
        if not least:
            self._start()

    def add(self, data: bytes) -> None:
        """Take more of a log: whole lines."""
        self._held.append(data)
        self._missing -= len(data)
        if self._missing <= 0:
            self._start()
            self._hand_on()

    def _start(self) -> None:
        if self._is_started:
            return
        self._is_started = True
        from loopflow.logs.other_process import OtherProcess  # noqa: PLC0415  few logs need it

        with suppress(LoopflowError):
            engine = self._counter.engine if self._counter.engine in ENGINES else None
            self._process = OtherProcess(__name__, (self._counter.encoding, engine))

    def _hand_on(self) -> None:
        """Let go of what is held."""
        process = self._find_process()
        for data in self._held:
            if process is not None:
                process.send(data, _MOST_UNREAD)
            else:
                self._count_here().add(data)
        self._held.clear()

    def finish(self) -> int | None:
        """Return how many tokens there are, None where they cannot be counted exactly. Raises what counting raised."""
        try:
            self._hand_on()
            process = self._find_process()
            if process is None:
                return self._count_here().finish()
            process.send(None)
            total: tuple[int | None] = process.receive()
            return total[0]
        finally:
            if self._process is not None:
                self._process.close()

    def _find_process(self) -> "OtherProcess | None":
        """Return the process, None where none came up. It is waited for before the first text."""
        if self._process is not None:
            try:
                self._process.wait()
            except LoopflowError:
                self._process.close()
                self._process = None
        return self._process

    def _count_here(self) -> InputCounter:
        self._here = self._here or InputCounter(self._counter)
        return self._here


def serve(given: int, back: int) -> None:
    """Count what comes through the pipe `given`, an encoding and then text, until it is closed."""
    from loopflow.logs.other_process import serve_messages  # noqa: PLC0415  few logs need it

    serve_messages(given, back, _begin)


def _begin(task: tuple[str, str | None]) -> Callable[[bytes | None], object]:
    """Return what counts text, and at the end, which is None, returns the total."""
    counter = InputCounter(create_counter(*task))

    def take(data: bytes | None) -> tuple[int | None] | None:
        if data is None:
            return (counter.finish(),)
        counter.add(data)
        return None

    return take
