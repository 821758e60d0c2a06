"""How much is taken on at once: refusing costs less than answering."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

from loopflow.service.errors import Overloaded
from loopflow.service.settings import Bounds

LARGE: Final = 1 << 20
"""Bytes of a body that is read, decoded and worked on with at most one other at a time."""


class Admission:
    """Places for requests that are worked on, and for some that wait; and how many bytes of bodies are in flight."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._places = asyncio.Semaphore(bounds.at_work)
        self._large = asyncio.Semaphore(2)
        self.bytes = 0
        self.inside = 0

    @contextmanager
    def reserve(self, size: int) -> Iterator["Reservation"]:
        """Count a body in, before it is read. Raises Overloaded."""
        reservation = Reservation(self)
        try:
            reservation.grow(size)
            yield reservation
        finally:
            self.bytes -= reservation.size

    def take(self, size: int) -> None:
        """Count bytes in. Raises Overloaded."""
        if self.bytes + size > self._bounds.in_flight:
            raise overloaded()
        self.bytes += size

    @asynccontextmanager
    async def enter(self, size: int) -> AsyncIterator[None]:
        """Wait for a place. Raises Overloaded where too many wait."""
        if self.inside >= self._bounds.at_work + self._bounds.waiting:
            raise overloaded()
        self.inside += 1
        try:
            async with self._places:
                if size <= LARGE:
                    yield
                else:
                    async with self._large:
                        yield
        finally:
            self.inside -= 1


class Reservation:
    """The bytes of one body."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self.size = 0

    def grow(self, size: int) -> None:
        """Count in that it has at least `size` bytes. Raises Overloaded."""
        if size > self.size:
            self._admission.take(size - self.size)
            self.size = size


def overloaded() -> Overloaded:
    """Return what to say to whom there is no place for."""
    return Overloaded("there is too much to do", "try again in a second")
