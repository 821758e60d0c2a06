"""Concurrent counts become one pass: what misses the memory joins the batch that runs next. Nobody waits on a timer."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Generic, TypeVar

MOST_TEXTS = 256
MOST_CHARACTERS = 8_000_000
_ALONE_CHARACTERS = 200_000
"""A text so large has a pass of its own: small ones shall not wait for it."""

KeyT = TypeVar("KeyT", bound=Hashable)
ResultT = TypeVar("ResultT")


class Job(Generic[KeyT, ResultT]):
    """A text that somebody waits for. Whoever asks for the same meanwhile waits for the same job."""

    __slots__ = ("future", "key", "size", "text", "waiters")

    def __init__(self, key: KeyT, text: str, size: int) -> None:
        self.key = key
        self.text = text
        self.size = size
        self.waiters = 0
        self.future: asyncio.Future[ResultT] = asyncio.get_running_loop().create_future()


class Batches(Generic[KeyT, ResultT]):
    """Runs `work` on what waits, at most `parallel` batches at a time. `work` settles the future of each job."""

    def __init__(self, work: Callable[[Sequence[Job[KeyT, ResultT]]], Awaitable[None]], parallel: int) -> None:
        self._work = work
        self._parallel = parallel
        self._waiting: deque[Job[KeyT, ResultT]] = deque()
        self._jobs: dict[KeyT, Job[KeyT, ResultT]] = {}
        self._running: set[asyncio.Task[None]] = set()
        self.sizes: Callable[[int], None] = lambda _: None

    @property
    def is_idle(self) -> bool:
        """Whether nobody waits."""
        return not self._jobs

    async def get(self, key: KeyT, text: str) -> ResultT:
        """Return the result for `text`, which has the key `key`. Raises what `work` sets."""
        job = self._jobs.get(key)
        if job is None:
            job = self._jobs[key] = Job(key, text, len(text))
            self._waiting.append(job)
            if len(self._running) < self._parallel:
                task = asyncio.create_task(self._drain())
                self._running.add(task)
                task.add_done_callback(self._running.discard)
        job.waiters += 1
        try:
            return await asyncio.shield(job.future)
        finally:
            job.waiters -= 1
            if not job.waiters and not job.future.done():  # the last one has gone: what has not begun need not be done
                job.future.cancel()
                if self._jobs.get(key) is job:
                    del self._jobs[key]

    async def _drain(self) -> None:
        while batch := self._take():
            self.sizes(len(batch))
            try:
                await self._work(batch)
            except Exception as error:  # noqa: BLE001  whoever waits for it meets it
                for job in batch:
                    if not job.future.done():
                        job.future.set_exception(error)
                        job.future.exception()  # where all have gone, nobody would look at it
            finally:
                for job in batch:
                    if self._jobs.get(job.key) is job:
                        del self._jobs[job.key]

    def _take(self) -> list[Job[KeyT, ResultT]]:
        batch: list[Job[KeyT, ResultT]] = []
        size = 0
        while self._waiting and len(batch) < MOST_TEXTS:
            job = self._waiting[0]
            if batch and (job.size > _ALONE_CHARACTERS or size + job.size > MOST_CHARACTERS):
                break
            self._waiting.popleft()
            if job.future.cancelled():
                continue
            batch.append(job)
            size += job.size
            if size > _ALONE_CHARACTERS:
                break
        return batch
