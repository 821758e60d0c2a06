"""The queue: what is to be done in the background, claimed by whoever is free and given back if nothing is heard of it.

Order is by priority, then by age. A claim is a lease with an owner of its own; whoever lost it changes nothing any
more. What is said here blocks, and is run on a thread of the database.
"""

import json
import os
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, and_, case, delete, func, insert, select, update

from loopflow.service.database import Database
from loopflow.service.errors import NoSuchThing, QueueFull, ServiceError, TooLate
from loopflow.service.model import Priority, TaskStatus
from loopflow.service.tables import TaskRow, now

if TYPE_CHECKING:
    from sqlalchemy import Row

LEASE_SECONDS: Final = 15.0
MOST_CLAIMED: Final = 50
MOST_CLAIMED_BYTES: Final = 8_000_000
MOST_CRASHES: Final = 3
_KEPT_DONE: Final = 86_400
_KEPT_FAILED: Final = 7 * 86_400
_ALONE_KINDS: Final = frozenset({"references"})
_DIGITS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ENDED: Final = (TaskStatus.COMPLETED, TaskStatus.FAILED, TaskStatus.CANCELLED)


@dataclass(frozen=True, slots=True)
class NewTask:
    """What is to be done."""

    kind: str
    payload: Mapping[str, Any]
    encoding: str
    priority: Priority = Priority.MEDIUM


@dataclass(frozen=True, slots=True)
class Task:
    """A task as it is now."""

    id: str
    kind: str
    priority: Priority
    status: TaskStatus
    encoding: str
    attempts: int
    max_attempts: int
    progress: int
    run_at: float
    created_at: float
    started_at: float | None
    finished_at: float | None
    result: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)
    owner: str = ""


def new_id() -> str:
    """Return a ULID: a name that sorts by the time it was made."""
    number = int(time.time() * 1000) << 80 | int.from_bytes(os.urandom(10))
    return "".join(_DIGITS[number >> shift & 31] for shift in range(125, -1, -5))


class TaskQueue:
    """The tasks in a database."""

    def __init__(self, database: Database, most: int = 10_000, lease: float = LEASE_SECONDS) -> None:
        self._database = database
        self._most = most
        self._lease = lease

    def put(self, task: NewTask) -> Task:
        """Add a task, which is on disk when this returns. Raises QueueFull."""
        payload = json.dumps(task.payload, ensure_ascii=False).encode()
        id_ = new_id()
        values = {
            "id": id_, "kind": task.kind, "priority": int(task.priority), "encoding": task.encoding,
            "payload": payload, "size": len(payload),
        }  # fmt: skip
        with self._database.tasks.begin() as connection:
            waiting = select(func.count()).select_from(TaskRow).where(TaskRow.status == TaskStatus.PENDING)
            if connection.execute(waiting).scalar_one() >= self._most:
                raise QueueFull(f"{self._most:,} tasks wait already", "try again later")
            connection.execute(insert(TaskRow).values(**values))
            return _task(self._row(connection, id_))

    def claim(self, limit: int = MOST_CLAIMED, *, low: bool = True) -> list[Task]:
        """Take the next tasks that are due: of one priority, kind and encoding, those of the first. None for LOW.

        What an attempt with others did not survive is taken by itself.
        """
        with self._database.tasks.begin() as connection:
            self._give_back(connection, TaskRow.lease_until < now())
            chosen = self._choose(connection, limit, low=low)
            if not chosen:
                return []
            owner = secrets.token_hex(16)
            mine = (
                update(TaskRow)
                .where(TaskRow.seq.in_(chosen))
                .values(
                    status=TaskStatus.RUNNING,
                    lease_owner=owner,
                    lease_until=now() + self._lease,
                    attempts=TaskRow.attempts + 1,
                    started_at=func.coalesce(TaskRow.started_at, now()),
                )
            )
            connection.execute(mine)
            rows = connection.execute(select(TaskRow.__table__).where(TaskRow.lease_owner == owner)).all()
        return [_task(row, owner) for row in sorted(rows, key=lambda row: (row.priority, row.seq))]

    def renew(self, owners: Sequence[str]) -> None:
        """Let leases begin anew."""
        with self._database.tasks.begin() as connection:
            is_mine = TaskRow.lease_owner.in_(sorted(owners)) & (TaskRow.status == TaskStatus.RUNNING)
            connection.execute(update(TaskRow).where(is_mine).values(lease_until=now() + self._lease))

    def progress(self, task: Task, percent: int) -> bool:
        """Note how much is done; return whether the task is still ours: it may have been cancelled."""
        with self._database.tasks.begin() as connection:
            return self._change(connection, task, progress=percent)

    def finish(self, results: Sequence[tuple[Task, Mapping[str, Any]]]) -> list[Task]:
        """Complete tasks, and return those that were still ours."""
        with self._database.tasks.begin() as connection:
            return [
                task
                for task, result in results
                if self._end(connection, task, TaskStatus.COMPLETED, result=json.dumps(result), progress=100)
            ]

    def fail(self, task: Task, error: ServiceError) -> bool:
        """Let a task be tried again later where that may help, else fail it; return whether it was still ours."""
        said = json.dumps({"code": error.code, "detail": error.message, "hint": error.hint})
        with self._database.tasks.begin() as connection:
            if error.retryable and task.attempts < task.max_attempts:
                later = now() + 2.0 ** (task.attempts - 1)
                return self._change(
                    connection, task, status=TaskStatus.PENDING, error=said, run_at=later, lease_owner=None,
                    lease_until=None, alone=False, progress=0,
                )  # fmt: skip
            return self._end(connection, task, TaskStatus.FAILED, error=said)

    def release(self, tasks: Sequence[Task]) -> None:
        """Give tasks back that were not begun, or not ended, at the stop of a process: the attempt does not count."""
        with self._database.tasks.begin() as connection:
            for task in tasks:
                self._change(
                    connection, task, status=TaskStatus.PENDING, attempts=TaskRow.attempts - 1, lease_owner=None,
                    lease_until=None,
                )  # fmt: skip

    def recover(self) -> int:
        """Give back whatever runs, for a process that knows that no other one is there; return how many that were."""
        with self._database.tasks.begin() as connection:
            return self._give_back(connection, TaskRow.lease_owner.is_not(None))

    def cancel(self, id_: str) -> Task:
        """Cancel a task. Raises NoSuchThing, TooLate."""
        with self._database.tasks.begin() as connection:
            task = _task(self._row(connection, id_))
            values = {"status": TaskStatus.CANCELLED, "finished_at": now(), "payload": None, "lease_owner": None}
            is_open = (TaskRow.id == id_) & TaskRow.status.not_in(_ENDED)
            if not connection.execute(update(TaskRow).where(is_open).values(**values)).rowcount:
                raise TooLate(f"the task has {task.status} already", "nothing is to be done")
            return _task(self._row(connection, id_))

    def get(self, id_: str) -> Task:
        """Return a task. Raises NoSuchThing."""
        with self._database.tasks.connect() as connection:
            return _task(self._row(connection, id_))

    def list(self, status: TaskStatus | None = None, limit: int = 50, after: str = "") -> Sequence[Task]:
        """Return tasks, the newest first; those older than the one called `after`."""
        statement = select(TaskRow.__table__).order_by(TaskRow.seq.desc()).limit(limit)
        if status is not None:
            statement = statement.where(TaskRow.status == status)
        with self._database.tasks.connect() as connection:
            if after:
                statement = statement.where(TaskRow.seq < self._row(connection, after).seq)
            return [_task(row) for row in connection.execute(statement)]

    def figures(self) -> dict[tuple[TaskStatus, Priority], int]:
        """Return how many tasks there are, by status and priority."""
        statement = select(TaskRow.status, TaskRow.priority, func.count()).group_by(TaskRow.status, TaskRow.priority)
        with self._database.tasks.connect() as connection:
            return {
                (TaskStatus(status), Priority(priority)): number
                for status, priority, number in connection.execute(statement)
            }

    def prune(self) -> int:
        """Forget what ended a day ago, and what failed a week ago; return how many that were."""
        old = case((TaskRow.status == TaskStatus.FAILED, _KEPT_FAILED), else_=_KEPT_DONE)
        with self._database.tasks.begin() as connection:
            gone = TaskRow.status.in_(_ENDED) & (TaskRow.finished_at < now() - old)
            return connection.execute(delete(TaskRow).where(gone)).rowcount

    def _choose(self, connection: Connection, limit: int, *, low: bool) -> Sequence[int]:
        """Return the tasks that are to be claimed, by number. They are locked where others could claim at once."""
        is_due = and_(TaskRow.status == TaskStatus.PENDING, TaskRow.run_at <= now())
        if not low:
            is_due = and_(is_due, TaskRow.priority < Priority.LOW)
        order = (TaskRow.priority, TaskRow.seq)
        first = connection.execute(
            select(TaskRow.seq, TaskRow.priority, TaskRow.kind, TaskRow.encoding, TaskRow.alone)
            .where(is_due).order_by(*order).limit(1).with_for_update(skip_locked=True)
        ).first()  # fmt: skip
        if first is None:
            return []
        if first.alone or first.kind in _ALONE_KINDS:
            return [first.seq]
        alike = and_(
            is_due, TaskRow.priority == first.priority, TaskRow.kind == first.kind, TaskRow.encoding == first.encoding,
            TaskRow.alone.is_(False),
        )  # fmt: skip
        rows = connection.execute(
            select(TaskRow.seq, TaskRow.size)
            .where(alike)
            .order_by(*order)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        chosen: list[int] = []
        size = 0
        for row in rows:
            size += row.size
            if chosen and size > MOST_CLAIMED_BYTES:
                break
            chosen.append(row.seq)
        return chosen

    def _give_back(self, connection: Connection, which: Any) -> int:  # noqa: ANN401  a condition
        """Let tasks be tried again whose attempt ended without a word; one that did so by itself three times fails."""
        is_lost = and_(TaskRow.status == TaskStatus.RUNNING, which)
        free = {"lease_owner": None, "lease_until": None}
        crashed = json.dumps({"code": "crashed", "detail": "each attempt ended its process", "hint": "leave it out"})
        is_poison = and_(is_lost, TaskRow.alone, TaskRow.crashes + 1 >= MOST_CRASHES)
        failed = connection.execute(
            update(TaskRow).where(is_poison).values(
                status=TaskStatus.FAILED, error=crashed, finished_at=now(), payload=None, crashes=MOST_CRASHES, **free
            )
        ).rowcount  # fmt: skip
        by_itself = case((TaskRow.alone, 1), else_=0)
        wait = case((TaskRow.alone, 1.0), else_=0.0)
        given = connection.execute(
            update(TaskRow).where(is_lost).values(
                status=TaskStatus.PENDING, crashes=TaskRow.crashes + by_itself, alone=True,
                attempts=TaskRow.attempts - 1, run_at=now() + wait, **free,
            )
        ).rowcount  # fmt: skip
        return failed + given

    def _end(self, connection: Connection, task: Task, status: TaskStatus, **values: Any) -> bool:  # noqa: ANN401
        """End a task. What it was about is erased: it may hold a text."""
        return self._change(
            connection,
            task,
            status=status,
            finished_at=now(),
            payload=None,
            lease_owner=None,
            lease_until=None,
            **values,
        )

    def _change(self, connection: Connection, task: Task, **values: Any) -> bool:  # noqa: ANN401
        is_mine = (TaskRow.id == task.id) & (TaskRow.lease_owner == task.owner) & (TaskRow.status == TaskStatus.RUNNING)
        return bool(connection.execute(update(TaskRow).where(is_mine).values(**values)).rowcount)

    def _row(self, connection: Connection, id_: str) -> "Row[Any]":
        row = connection.execute(select(TaskRow.__table__).where(TaskRow.id == id_)).one_or_none()
        if row is None:
            raise NoSuchThing("there is no such task", "those that ended are forgotten after some days")
        return row


def _task(row: "Row[Any]", owner: str = "") -> Task:
    return Task(
        row.id, row.kind, Priority(row.priority), TaskStatus(row.status), row.encoding, row.attempts, row.max_attempts,
        row.progress, row.run_at, row.created_at, row.started_at, row.finished_at,
        json.loads(row.result) if row.result else None, json.loads(row.error) if row.error else None,
        json.loads(row.payload) if owner and row.payload else {}, owner,
    )  # fmt: skip
