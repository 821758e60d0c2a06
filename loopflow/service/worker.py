"""`BackgroundProcessor`: workers that take tasks from the queue, count, and say how it went."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from loopflow.service.background import PIECE_CHARACTERS, count_large, count_many
from loopflow.service.counting import TokenCountingService
from loopflow.service.errors import ServiceError, StoreUnavailable
from loopflow.service.events import Event, Events
from loopflow.service.model import Priority, TaskStatus
from loopflow.service.store import SqlStore
from loopflow.service.tasks import LEASE_SECONDS, Task, TaskQueue

IDLE_SECONDS: Final = 1.0
_DAY: Final = 86_400.0
_PROGRESS_SECONDS: Final = 0.5
_FINISH_ATTEMPTS: Final = 3
_LOG: Final = logging.getLogger("loopflow.service.worker")

Work = Callable[[Task], Awaitable[Mapping[str, Any]]]
"""Does a task of some kind, and returns its result. Raises ServiceError."""


class _LostError(Exception):
    """The task is not ours any more: it was cancelled, or our lease ended."""


class BackgroundProcessor:
    """Works on tasks until it is stopped; at most all workers but one on those of the priority LOW."""

    def __init__(  # noqa: PLR0913  what it ties together
        self,
        store: SqlStore,
        queue: TaskQueue,
        counting: TokenCountingService,
        *,
        events: Events,
        kinds: Mapping[str, Work],
        workers: int = 5,
    ) -> None:
        self._store = store
        self._queue = queue
        self._counting = counting
        self._events = events
        self._kinds = kinds
        self._workers = workers
        self._claiming = asyncio.Lock()
        self._wake = asyncio.Event()
        self._running: list[asyncio.Task[None]] = []
        self._owned: dict[str, dict[str, Task]] = {}
        self._low = 0
        self.on_end: Callable[[Task, TaskStatus], None] = lambda _task, _status: None

    async def start(self) -> None:
        """Begin. Where no other process can be there, what was running is given back."""
        if self._store.database.is_sqlite:
            with suppress(StoreUnavailable):
                await self._store.on_tasks(self._queue.recover)
        loops = [self._work() for _ in range(self._workers)]
        self._running = [asyncio.create_task(loop) for loop in (*loops, self._renew(), self._prune())]

    async def stop(self) -> None:
        """Stop after the piece that each worker is at, and give back what is not done."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        left = [task for tasks in self._owned.values() for task in tasks.values()]
        if left:
            with suppress(StoreUnavailable):
                await self._store.on_tasks(self._queue.release, left)
        self._owned.clear()

    def wake(self) -> None:
        """Say that there is something to do."""
        self._wake.set()

    async def _work(self) -> None:
        while True:
            try:
                tasks = await self._claim()
            except StoreUnavailable:
                await asyncio.sleep(IDLE_SECONDS)
                continue
            except Exception:  # noqa: BLE001  a worker that ends helps nobody
                _LOG.exception("claiming tasks failed")
                await asyncio.sleep(IDLE_SECONDS)
                continue
            if not tasks:
                await self._rest()
                continue
            try:
                await self._do(tasks)
            except Exception:  # noqa: BLE001  as above
                _LOG.exception("a batch of tasks failed")
            finally:
                self._low -= tasks[0].priority is Priority.LOW

    async def _claim(self) -> list[Task]:
        async with self._claiming:
            allows_low = self._low < max(1, self._workers - 1)
            tasks = await self._store.on_tasks(lambda: self._queue.claim(low=allows_low))
            if tasks:
                self._owned[tasks[0].owner] = {task.id: task for task in tasks}
                self._low += tasks[0].priority is Priority.LOW
            return tasks

    async def _rest(self) -> None:
        self._wake.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(IDLE_SECONDS):
                await self._wake.wait()

    async def _do(self, tasks: Sequence[Task]) -> None:
        owner = tasks[0].owner
        for task in tasks:
            self._say(task, TaskStatus.RUNNING)
        try:
            if tasks[0].kind == "text":
                await self._count(tasks)
            else:
                for task in tasks:
                    await self._one(task, self._kinds[task.kind])
        except asyncio.CancelledError:
            raise  # at a stop: what is owned is given back
        except BaseException:
            self._owned.pop(owner, None)
            raise
        self._owned.pop(owner, None)

    async def _count(self, tasks: Sequence[Task]) -> None:
        small = [task for task in tasks if len(task.payload["text"]) <= PIECE_CHARACTERS]
        if small:
            try:
                counted = await count_many(self._counting, [task.payload["text"] for task in small], small[0].encoding)
            except Exception:  # noqa: BLE001  one of them may be to blame, and not the others
                _LOG.exception("a batch failed: its tasks are tried one by one")
                for task in small:
                    await self._one(task, self._count_one)
            else:
                await self._finish([(task, each) for task, each in zip(small, counted, strict=True)])
        for task in tasks:
            if len(task.payload["text"]) > PIECE_CHARACTERS:
                await self._one(task, self._count_one)

    async def _count_one(self, task: Task) -> Mapping[str, Any]:
        told = time.monotonic()
        saying: set[asyncio.Task[None]] = set()
        is_lost = False

        async def say(percent: int) -> None:
            nonlocal is_lost
            with suppress(StoreUnavailable):
                is_lost = not await self._store.on_tasks(self._queue.progress, task, percent)
            self._say(task, TaskStatus.RUNNING, percent)

        def progress(percent: int) -> None:
            nonlocal told
            if is_lost:
                raise _LostError
            if time.monotonic() - told > _PROGRESS_SECONDS and not saying:
                told = time.monotonic()
                saying.add(told_task := asyncio.create_task(say(percent)))
                told_task.add_done_callback(saying.discard)

        return {"tokens": await count_large(self._counting, task.payload["text"], task.encoding, progress)}

    async def _one(self, task: Task, work: Work) -> None:
        try:
            result: Mapping[str, Any] | ServiceError = await work(task)
        except _LostError:
            self._forget(task)
            return
        except ServiceError as error:
            result = error
        except Exception:  # noqa: BLE001  a bug ends a task, and no worker
            _LOG.exception("the task %s failed", task.id)
            result = ServiceError("this is a bug: the log says where", "report it")
        await self._finish([(task, result)])

    async def _finish(self, results: Sequence[tuple[Task, Mapping[str, Any] | int | ServiceError]]) -> None:
        done = [(task, _as_result(result)) for task, result in results if not isinstance(result, ServiceError)]
        for task in await self._tell(self._queue.finish, done) if done else ():
            self._end(task, TaskStatus.COMPLETED)
        for task, result in results:
            if isinstance(result, ServiceError) and await self._tell(self._queue.fail, task, result):
                again = result.retryable and task.attempts < task.max_attempts
                self._end(task, TaskStatus.PENDING if again else TaskStatus.FAILED)
        for task, _ in results:
            self._forget(task)

    async def _tell(self, function: Callable[..., Any], *arguments: Any) -> Any:  # noqa: ANN401
        """Tell the database how it went, some times. If it does not listen, the lease ends and it is done again."""
        for attempt in range(_FINISH_ATTEMPTS):
            try:
                return await self._store.on_tasks(function, *arguments)
            except StoreUnavailable:
                if attempt + 1 < _FINISH_ATTEMPTS:
                    await asyncio.sleep(IDLE_SECONDS)
        return ()

    def _end(self, task: Task, status: TaskStatus) -> None:
        self._say(task, status, 100 if status is TaskStatus.COMPLETED else 0)
        self.on_end(task, status)

    def _say(self, task: Task, status: TaskStatus, progress: int = 0) -> None:
        data = {"task_id": task.id, "status": status.value, "progress": progress}
        self._events.publish(Event("task", task.id, data))

    def _forget(self, task: Task) -> None:
        self._owned.get(task.owner, {}).pop(task.id, None)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(LEASE_SECONDS / 3)
            owners = [owner for owner, tasks in self._owned.items() if tasks]
            if owners:
                with suppress(StoreUnavailable):
                    await self._store.on_tasks(self._queue.renew, owners)

    async def _prune(self) -> None:
        while True:
            try:
                await self._store.on_tasks(self._queue.prune)
                await self._store.write(self._store.database.prune)
            except StoreUnavailable:
                pass
            except Exception:  # noqa: BLE001  tomorrow is another day
                _LOG.exception("forgetting what is old failed")
            await asyncio.sleep(_DAY)


def _as_result(result: Mapping[str, Any] | int) -> Mapping[str, Any]:
    return {"tokens": result} if isinstance(result, int) else result
