"""Messages between two processes, through two pipes: neither ever waits for the other to read what it has to say.

A process that writes more than a pipe holds stands still until somebody reads; where both write, both stand still. So
ours writes what goes, keeps the rest, and takes what comes meanwhile. The other side does one thing after the other.
"""

import fcntl
import os
import select
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

_HEAD: Final = 8
"""Bytes before each message: how many it has."""
_PIPE_BYTES: Final = 1_048_576
"""What a pipe is asked to hold, so that a few chunks of a log lie ready. Linux does so; others hold what they do."""
_READ: Final = 1_048_576


class Channel:
    """Our side. Closes both ends with `close`."""

    def __init__(self, out: int, back: int) -> None:
        for end in (out, back):
            os.set_blocking(end, False)
            with suppress(AttributeError, OSError):
                fcntl.fcntl(end, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self._out = out
        self._back = back
        self._unsent: deque[memoryview] = deque()
        self._came = bytearray()

    def send(self, message: bytes, most: int) -> None:
        """Send a message: what goes now, and later what is more, but at most so many bytes.

        Raises EOFError where it waits for a side that is gone.
        """
        self._unsent += [memoryview(len(message).to_bytes(_HEAD, "big")), memoryview(message)]
        self._write()
        while sum(map(len, self._unsent)) > most:
            self._wait()

    def receive(self) -> bytes:
        """Wait for the next message. Raises EOFError if the other side is gone."""
        while (size := self._size()) is None:
            self._wait()
        message = bytes(memoryview(self._came)[_HEAD:size])
        del self._came[:size]
        return message

    def close(self) -> None:
        """Let go of both pipes."""
        os.close(self._out)
        os.close(self._back)

    def _size(self) -> int | None:
        """Return how many bytes the next message has with its head, None if they are not all there."""
        size = _HEAD + int.from_bytes(self._came[:_HEAD], "big")
        return size if _HEAD <= len(self._came) >= size else None

    def _wait(self) -> None:
        """Wait until there is something to read, or room for what is to be written, and do it."""
        waiting = select.poll()
        waiting.register(self._back, select.POLLIN)
        if self._unsent:
            waiting.register(self._out, select.POLLOUT)
        for end, _ in waiting.poll():
            if end == self._out:
                self._write()
            elif data := os.read(self._back, _READ):
                self._came += data
            else:
                raise EOFError

    def _write(self) -> None:
        with suppress(BlockingIOError, BrokenPipeError):  # who is gone is missed when an answer is awaited
            while self._unsent:
                written = os.write(self._out, self._unsent[0])
                rest = self._unsent.popleft()[written:]
                if rest:
                    self._unsent.appendleft(rest)


def messages(end: int) -> Iterator[bytes]:
    """Yield what comes through a pipe, on the other side, until it is closed."""
    with open(end, "rb") as pipe:
        while len(head := pipe.read(_HEAD)) == _HEAD:
            yield pipe.read(int.from_bytes(head, "big"))


def answer(end: int, message: bytes) -> None:
    """Send a message, on the other side. Waits until it is written."""
    rest = memoryview(len(message).to_bytes(_HEAD, "big") + message)
    while rest:
        rest = rest[os.write(end, rest) :]
