"""What paths do that are about tasks, and the stream of what happens."""

import json
from collections.abc import AsyncIterator
from typing import Any, Final

from starlette.responses import Response, StreamingResponse

from loopflow.service import wire
from loopflow.service.counting_routes import parse_all
from loopflow.service.errors import BadRequest, NoSuchThing, Overloaded
from loopflow.service.exchange import Exchange, Reply, read_query
from loopflow.service.model import Priority, TaskStatus
from loopflow.service.replies import tell_task
from loopflow.service.services import Services
from loopflow.service.tasks import NewTask

MOST_STREAMS: Final = 64


class TaskRoutes:
    """Tasks and events."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def put_task(self, exchange: Exchange) -> Reply:
        """Add a task; it is in the database when this is answered."""
        asked = exchange.decode(wire.TaskRequest)
        payload: dict[str, Any]
        if asked.kind == "text":
            if asked.text is None or asked.references is not None:
                raise BadRequest("a task of the kind text has a text, and no references", "send {kind, text}")
            payload = {"text": asked.text}
        else:
            if asked.references is None or asked.text is not None:
                raise BadRequest("a task of the kind references has references, and no text", "send {kind, references}")
            parse_all(asked.references)
            payload = {"references": asked.references}
        new = NewTask(asked.kind, payload, self._services.encoding(asked.encoding), Priority[asked.priority.upper()])
        task = await self._services.store.on_tasks(self._services.queue.put, new)
        self._services.worker.wake()
        where = ((b"location", f"/v1/tasks/{task.id}".encode()),)
        return Reply(wire.TaskAccepted(task.id, task.status.value), 202, where)

    async def list_tasks(self, exchange: Exchange) -> Reply:
        """List tasks."""
        given = read_query(exchange, ("status", "limit", "after"))
        status = given.get("status")
        if status is not None and status not in set(TaskStatus):
            raise BadRequest("status is none that there is", f"it is one of {', '.join(TaskStatus)}")
        limit = given.get("limit", "50")
        if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:9]) <= 500):  # noqa: PLR2004  as it is documented
            raise BadRequest("limit is a number from 1 to 500", "leave it out for 50")
        queue, store = self._services.queue, self._services.store
        wanted = TaskStatus(status) if status else None
        tasks = await store.on_tasks(queue.list, wanted, int(limit), given.get("after", ""))
        figures: dict[str, dict[str, int]] = {each.value: {} for each in TaskStatus}
        for (state, priority), number in (await store.on_tasks(queue.figures)).items():
            figures[state.value][priority.name.lower()] = number
        return Reply(wire.TasksReply([tell_task(task) for task in tasks], figures))

    async def get_task(self, exchange: Exchange) -> Reply:
        """Show a task."""
        task = await self._services.store.on_tasks(self._services.queue.get, _name_of_task(exchange.parameters["id"]))
        return Reply(tell_task(task))

    async def cancel_task(self, exchange: Exchange) -> Reply:
        """Cancel a task."""
        task = await self._services.store.on_tasks(
            self._services.queue.cancel, _name_of_task(exchange.parameters["id"])
        )
        return Reply(tell_task(task))

    async def events(self, exchange: Exchange) -> Reply | Response:
        """Listen to what happens; with `task`, to that task until it ends."""
        id_ = read_query(exchange, ("task",)).get("task")
        if self._services.events.listening >= MOST_STREAMS:
            raise Overloaded(f"{MOST_STREAMS} listen already", "ask for the task itself")
        if id_ is not None:
            await self._services.store.on_tasks(self._services.queue.get, _name_of_task(id_))
        stream = self._services.tell_task_until_it_ends(id_) if id_ else self._services.tell_events()
        return StreamingResponse(_as_stream(stream), media_type="text/event-stream")


def _name_of_task(name: str) -> str:
    if not (name.isascii() and name.isalnum()):
        raise NoSuchThing("there is no such task", "those that ended are forgotten after some days")
    return name


async def _as_stream(events: AsyncIterator[tuple[str, Any] | None]) -> AsyncIterator[bytes]:
    """Yield server-sent events; for None, what keeps a connection open."""
    number = 0
    async for event in events:
        if event is None:
            yield b": ping\n\n"
            continue
        number += 1
        kind, data = event
        yield f"id: {number}\nevent: {kind}\ndata: {json.dumps(data)}\n\n".encode()
