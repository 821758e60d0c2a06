"""Events of limits on their way to sinks, never at the cost of a conversation.

Each sink has a thread and a queue of its own. Who emits only puts an event into queues: a sink that hangs keeps nobody
waiting, one that refuses raises in its own thread, and what no longer fits into its queue is counted and gone. When a
process ends, it waits a second at most for what is left.
"""

import atexit
import logging
import os
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import Context, copy_context
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Final, NamedTuple

from loopflow.chat.event_kinds import clean
from loopflow.chat.events import Event

SCOPE: Final = "loopflow.chat"
_MOST_WAITING: Final = 1_000
_BATCH: Final = 100
_LAST_SECONDS: Final = 1.0


class Record(NamedTuple):
    """An event, when it was, and in which context: a trace goes on in the thread that sends it."""

    event: Event
    at: datetime
    context: Context


Sink = Callable[[Sequence[Record]], None]
"""What takes events away. It may take its time, and raise."""


class Telemetry:
    """An `Emit`: hands events to sinks, and neither waits nor raises."""

    def __init__(self, *sinks: Sink) -> None:
        """Take the sinks. Nothing is started before the first event."""
        self._lines = [_Line(sink) for sink in sinks]
        atexit.register(self.flush, _LAST_SECONDS)

    def __call__(self, event: Event) -> None:
        """Hand an event to every sink."""
        try:
            cleaned, at = clean(event), datetime.now(UTC)
            if cleaned is not None:
                for line in self._lines:
                    line.put(Record(cleaned, at, copy_context()))
        except Exception:  # noqa: BLE001  a conversation goes on without its events
            _say("an event could not be handed on")

    def flush(self, seconds: float = _LAST_SECONDS) -> bool:
        """Wait for what is waiting, so long at most; return whether all of it was sent or refused."""
        until = monotonic() + seconds
        marks = [line.mark() for line in self._lines]
        return all(mark.wait(max(0.0, until - monotonic())) for mark in marks)

    def close(self) -> None:
        """Send what is waiting, as far as a second allows, and end the threads."""
        self.flush()
        atexit.unregister(self.flush)
        for line in self._lines:
            line.stop()

    @property
    def lost(self) -> int:
        """How many events did not arrive at a sink: refused, or more than its queue holds."""
        return sum(line.lost for line in self._lines)


class _Line:
    """A sink with its queue and its thread."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.lost = 0
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._waiting: SimpleQueue[Record | threading.Event | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_said = False

    def put(self, record: Record) -> None:
        """Put a record into the queue, if it has room."""
        if self._process != os.getpid():  # a fork has no threads, and a lock that nobody opens
            self._begin()
        if self._waiting.qsize() >= _MOST_WAITING:
            self.lost += 1
            return
        self._waiting.put(record)
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    thread = threading.Thread(target=self._run, name=SCOPE, daemon=True)
                    thread.start()
                    self._thread = thread

    def mark(self) -> threading.Event:
        """Return what is set once all that is waiting now was taken away."""
        mark = threading.Event()
        if self._thread is None or self._process != os.getpid():
            mark.set()
        else:
            self._waiting.put(mark)
        return mark

    def stop(self) -> None:
        """Let the thread end after what is waiting."""
        self._waiting.put(None)
        self._thread = None

    def _run(self) -> None:
        waiting = self._waiting
        while True:
            taken = _take(waiting)
            records = [each for each in taken if isinstance(each, Record)]
            if records:
                self._send(records)
            for each in taken:
                if isinstance(each, threading.Event):
                    each.set()
            if None in taken:
                return

    def _send(self, records: Sequence[Record]) -> None:
        try:
            self._sink(records)
        except BaseException as error:  # noqa: BLE001  whatever an exporter raises: its thread goes on
            self.lost += len(records)
            if not self._is_said:
                self._is_said = True
                _say(f"events are not taken: {type(error).__name__}")


def _take(waiting: "SimpleQueue[Record | threading.Event | None]") -> list[Record | threading.Event | None]:
    """Return what is waiting, one at least, up to what ends a batch."""
    taken = [waiting.get()]
    while len(taken) < _BATCH and isinstance(taken[-1], Record):
        try:
            taken.append(waiting.get_nowait())
        except Empty:
            break
    return taken


def _say(text: str) -> None:
    with suppress(Exception):  # a handler of the program's log may raise
        logging.getLogger(SCOPE).warning("loopflow: %s; conversations go on without", text)
