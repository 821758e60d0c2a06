"""What the service is made of, put together once: counting, references, tasks, events."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from loopflow.service.api import ApiHandler
from loopflow.service.auth import Access
from loopflow.service.counting import TokenCountingService
from loopflow.service.errors import StoreUnavailable
from loopflow.service.events import Event, Events
from loopflow.service.handlers import FileHandler, VariableHandler
from loopflow.service.keeping import Removal
from loopflow.service.metrics import Metrics
from loopflow.service.model import Kind, TaskStatus
from loopflow.service.parsing import parse_reference
from loopflow.service.places import FileRules
from loopflow.service.references import Asked, Handler, ReferenceHandlers
from loopflow.service.replies import tell_references, tell_task
from loopflow.service.settings import MODELS, Model, ServiceSettings
from loopflow.service.splitting import Split, split
from loopflow.service.store import SqlStore
from loopflow.service.tasks import Task, TaskQueue
from loopflow.service.variables import Variables
from loopflow.service.worker import BackgroundProcessor
from loopflow.tokens.with_tiktoken import Tiktoken

_LOOK_SECONDS: Final = 1.0
_PING_SECONDS: Final = 15.0
_ENDED: Final = frozenset({TaskStatus.COMPLETED, TaskStatus.FAILED, TaskStatus.CANCELLED})


class Services:
    """All of it."""

    def __init__(  # noqa: PLR0913  what was made beforehand
        self,
        settings: ServiceSettings,
        access: Access,
        *,
        counting: TokenCountingService,
        store: SqlStore,
        api: ApiHandler,
        rules: FileRules,
    ) -> None:
        self.settings = settings
        self.access = access
        self.counting = counting
        self.store = store
        self.api = api
        self.metrics = Metrics()
        self.events = Events()
        self.variables = Variables(settings.variables)
        self.variable_handler = VariableHandler(counting, self.variables)
        self.files = FileHandler(counting, rules)
        handlers: dict[Kind, Handler] = {"file": self.files, "var": self.variable_handler, "api": api}
        self.references = ReferenceHandlers(counting, handlers)
        self.queue = TaskQueue(store.database, settings.bounds.queue)
        self.worker = BackgroundProcessor(
            store, self.queue, counting, events=self.events, kinds={"references": self._count_references},
            workers=settings.workers,
        )  # fmt: skip
        self.worker.on_end = self._note_end
        named = {each.name for each in settings.models}
        self.models: tuple[Model, ...] = (*(each for each in MODELS if each.name not in named), *settings.models)
        self.is_stopping = False
        self.in_flight: Callable[[], int] = lambda: 0
        self._splitters: dict[str, Tiktoken] = {}
        counting.on_batch = self.metrics.note_batch
        counting.on_tokens = self.metrics.note_tokens

    async def put_variable(self, name: str, value: str, encoding: str) -> tuple[int, int | None, bool]:
        """Set a variable, and tell of it if it changed."""
        found = await self.variable_handler.put(name, value, encoding)
        tokens, _, changed = found
        if changed:
            self.events.publish(Event("variable", name, {"name": name, "tokens": tokens}))
        return found

    async def invalidate(self, removal: Removal) -> int:
        """Forget counts, or what APIs answered."""
        forgotten = self.api.forget(removal.pattern) if removal.pattern is not None or removal.everything else 0
        return max(forgotten, await self.counting.invalidate(removal))

    def encoding(self, encoding: str | None) -> str:
        """Return an encoding that there is, the configured one for None. Raises UnknownEncoding."""
        return self.counting.encoding if encoding is None else self.counting.require(encoding)

    def encodings(self, encodings: Sequence[str] | None) -> tuple[str, ...]:
        """Return each encoding once, the configured one for none. Raises UnknownEncoding."""
        return tuple(dict.fromkeys(map(self.encoding, encodings or (None,))))

    def split(self, text: str, start: int, end: int | None, encoding: str) -> Split:
        """Return some tokens of a text; the vocabulary of the reference is loaded once. It blocks."""
        reference = self._splitters.setdefault(encoding, Tiktoken(encoding))
        return split(text, start, end, self.counting.counter(encoding), reference)

    async def tell_events(self) -> AsyncIterator[tuple[str, Any] | None]:
        """Yield what happens in this process, None where nothing does."""
        async with self.events.listen() as queue:
            yield None
            while True:
                try:
                    async with asyncio.timeout(_PING_SECONDS):
                        event = await queue.get()
                except TimeoutError:
                    yield None
                    continue
                if event is None:
                    return
                yield event.kind, event.data

    async def tell_task_until_it_ends(self, id_: str) -> AsyncIterator[tuple[str, Any] | None]:
        """Yield a task as it is now and whenever it changes; another process may be at it, so it is looked up."""
        told: Mapping[str, Any] | None = None
        quiet = 0.0
        async with self.events.listen() as queue:
            while not self.events.is_closed:
                try:
                    task: Task = await self.store.on_tasks(self.queue.get, id_)
                except StoreUnavailable:
                    task_told = told
                else:
                    task_told = msgspec.to_builtins(tell_task(task))
                    if task_told != told:
                        told, quiet = task_told, 0.0
                        yield "task", told
                    if task.status in _ENDED:
                        return
                if not await self._wait_for(queue, id_):
                    quiet += _LOOK_SECONDS
                if quiet >= _PING_SECONDS:
                    quiet = 0.0
                    yield None

    async def _wait_for(self, queue: "asyncio.Queue[Event | None]", id_: str) -> bool:
        """Wait until something happens to a task here, at most a second; return whether it did."""
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                while (event := await queue.get()) is not None and event.about != id_:
                    pass
        except TimeoutError:
            return False
        return True

    async def _count_references(self, task: Task) -> Mapping[str, Any]:
        references = [parse_reference(text) for text in task.payload["references"]]
        parts = await self.references.resolve(references, Asked((task.encoding,)))
        told: Mapping[str, Any] = msgspec.to_builtins(tell_references(parts, (task.encoding,)))
        return told

    def _note_end(self, task: Task, status: TaskStatus) -> None:
        self.metrics.note_task(time.time() - task.created_at, again=status is TaskStatus.PENDING)
