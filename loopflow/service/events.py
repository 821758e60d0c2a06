"""What happens, for whoever listens: changes of tasks and of variables in this process."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple

_MOST_WAITING: Final = 200


class Event(NamedTuple):
    """Something that happened. `about` is the task or the variable."""

    kind: str
    about: str
    data: Mapping[str, Any]


class Events:
    """Hands each event to all who listen. Who does not keep up misses the oldest."""

    def __init__(self) -> None:
        self._listening: set[asyncio.Queue[Event | None]] = set()
        self.is_closed = False

    @property
    def listening(self) -> int:
        """How many listen."""
        return len(self._listening)

    def publish(self, event: Event) -> None:
        """Hand it to all."""
        for queue in self._listening:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(event)

    @asynccontextmanager
    async def listen(self) -> AsyncIterator["asyncio.Queue[Event | None]"]:
        """Return a queue of what happens from now on; None is its end."""
        queue: asyncio.Queue[Event | None] = asyncio.Queue(_MOST_WAITING)
        self._listening.add(queue)
        if self.is_closed:
            queue.put_nowait(None)
        try:
            yield queue
        finally:
            self._listening.discard(queue)

    def close(self) -> None:
        """End all streams."""
        self.is_closed = True
        for queue in self._listening:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(None)
