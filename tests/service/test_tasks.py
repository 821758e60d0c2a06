"""The queue, in SQLite and PostgreSQL: order, leases, what is tried again, and what fails by itself."""

import pytest
from sqlalchemy import text

from loopflow.service.database import Database
from loopflow.service.errors import NoSuchThing, QueueFull, StoreUnavailable, TooLate, UncountableText
from loopflow.service.model import Priority, TaskStatus
from loopflow.service.tasks import MOST_CLAIMED, NewTask, Task, TaskQueue, new_id

HIGH, MEDIUM, LOW = Priority


@pytest.fixture
def queue(database: Database) -> TaskQueue:
    """Return an empty queue."""
    return TaskQueue(database, most=1_000)


def put(
    queue: TaskQueue, what: str = "x", priority: Priority = MEDIUM, kind: str = "text", encoding: str = "o200k_base"
) -> str:
    """Add a task and return its name."""
    return queue.put(NewTask(kind, {"text": what}, encoding, priority)).id


def let_pass(database: Database, column: str, seconds: float) -> None:
    """Let what is to come in so many seconds be due."""
    with database.engine.begin() as connection:
        connection.execute(text(f"UPDATE tasks SET {column} = {column} - {seconds}"))  # noqa: S608


def texts(tasks: list[Task]) -> list[str]:
    """Return what tasks are about."""
    return [task.payload["text"] for task in tasks]


def test_claim_order_both_databases(queue: TaskQueue) -> None:
    """By priority, then by age; a claim has one priority, kind and encoding."""
    for number, priority in enumerate([LOW, MEDIUM, HIGH, LOW, HIGH, MEDIUM]):
        put(queue, str(number), priority)
    put(queue, "6", HIGH, encoding="cl100k_base")
    put(queue, "7", HIGH)
    assert [texts(queue.claim()) for _ in range(5)] == [["2", "4", "7"], ["6"], ["1", "5"], ["0", "3"], []]


def test_a_claim_is_bounded(queue: TaskQueue) -> None:
    """By number and by bytes; the first is taken always."""
    for number in range(MOST_CLAIMED + 5):
        put(queue, str(number))
    assert len(queue.claim()) == MOST_CLAIMED
    assert len(queue.claim()) == 5
    for size in (9_000_000, 5_000_000, 2_000_000, 2_000_000):
        put(queue, "x" * size)
    assert [len(queue.claim()) for _ in range(4)] == [1, 2, 1, 0]


def test_references_are_claimed_one_by_one(queue: TaskQueue) -> None:
    """Each may take long."""
    for kind in ("references", "references", "text"):
        put(queue, kind=kind)
    assert [len(queue.claim()) for _ in range(3)] == [1, 1, 1]


def test_low_may_be_left(queue: TaskQueue) -> None:
    """By whoever should stay free for what is more urgent."""
    put(queue, priority=LOW)
    assert queue.claim(low=False) == []
    assert len(queue.claim()) == 1


def test_what_is_done_has_a_result_and_no_text(queue: TaskQueue, database: Database) -> None:
    """The payload is erased when a task ends."""
    id_ = put(queue, "secret")
    [task] = queue.claim()
    assert (queue.get(id_).status, queue.get(id_).attempts) == (TaskStatus.RUNNING, 1)
    assert queue.finish([(task, {"tokens": 3})]) == [task]
    done = queue.get(id_)
    assert (done.status, done.result, done.progress) == (TaskStatus.COMPLETED, {"tokens": 3}, 100)
    assert done.created_at <= (done.started_at or 0) <= (done.finished_at or 0)
    with database.engine.connect() as connection:
        assert connection.execute(text("SELECT payload FROM tasks")).scalar_one() is None


def test_backoff(queue: TaskQueue, database: Database) -> None:
    """1 s, then 2 s, then failed; meanwhile others are done."""
    id_ = put(queue)
    for attempt, wait in ((1, 1), (2, 2)):
        [task] = queue.claim()
        assert queue.fail(task, StoreUnavailable("down"))
        waiting = queue.get(id_)
        assert (waiting.status, waiting.attempts, waiting.error) == (
            TaskStatus.PENDING, attempt, {"code": "store_unavailable", "detail": "down", "hint": ""},
        )  # fmt: skip
        put(queue, "other")
        assert texts(queue.claim()) == ["other"]
        let_pass(database, "run_at", wait - 0.5)
        assert queue.claim() == []
        let_pass(database, "run_at", 0.6)
    [task] = queue.claim()
    assert queue.fail(task, StoreUnavailable("down"))
    assert (queue.get(id_).status, queue.get(id_).attempts) == (TaskStatus.FAILED, 3)


def test_what_will_not_pass_fails_at_once(queue: TaskQueue) -> None:
    """It would fail again."""
    id_ = put(queue)
    [task] = queue.claim()
    queue.fail(task, UncountableText("no"))
    assert queue.get(id_).status is TaskStatus.FAILED


def test_a_lost_lease_changes_nothing(queue: TaskQueue, database: Database) -> None:
    """Whoever comes back too late drops the result."""
    put(queue)
    [late] = queue.claim()
    let_pass(database, "lease_until", 14)
    assert queue.claim() == []
    queue.renew([late.owner])
    let_pass(database, "lease_until", 14)
    assert queue.claim() == []
    let_pass(database, "lease_until", 2)
    [other] = queue.claim()
    assert other.id == late.id
    assert queue.finish([(late, {"tokens": 1})]) == []
    assert not queue.fail(late, UncountableText("no"))
    assert not queue.progress(late, 50)
    assert queue.progress(other, 50)
    assert queue.finish([(other, {"tokens": 2})]) == [other]


def test_poison_fails_alone(queue: TaskQueue, database: Database) -> None:
    """What ends its process is found by itself: others of its batch are done, and it is tried three times alone."""
    names = [put(queue, str(number)) for number in range(3)]
    assert len(queue.claim()) == 3  # and the process ends
    let_pass(database, "lease_until", 20)
    ends = []
    for _ in range(20):
        let_pass(database, "lease_until", 20)
        let_pass(database, "run_at", 2)
        claimed = queue.claim()
        assert len(claimed) <= 1
        if claimed and claimed[0].id != names[1]:
            queue.finish([(claimed[0], {"tokens": 1})])
        elif claimed:
            ends.append(claimed[0].id)
    assert ends == [names[1]] * 3
    assert [queue.get(name).status.value for name in names] == ["completed", "failed", "completed"]
    assert (queue.get(names[1]).error or {})["code"] == "crashed"


def test_what_is_given_back_at_a_stop_was_no_attempt(queue: TaskQueue) -> None:
    """It is next again, with others."""
    put(queue, "a")
    put(queue, "b")
    queue.release(queue.claim())
    again = queue.claim()
    assert (texts(again), [task.attempts for task in again]) == (["a", "b"], [1, 1])


def test_recovery_at_a_start(queue: TaskQueue) -> None:
    """Where no other process is there, nothing has to wait for the end of a lease."""
    put(queue)
    queue.claim()
    assert queue.recover() == 1
    assert len(queue.claim()) == 1


def test_cancelling(queue: TaskQueue) -> None:
    """What waits or runs can be cancelled, once; what ended cannot."""
    waiting, running = put(queue), put(queue)
    assert queue.cancel(waiting).status is TaskStatus.CANCELLED
    [task] = queue.claim()
    assert queue.cancel(running).status is TaskStatus.CANCELLED
    assert queue.finish([(task, {"tokens": 1})]) == []
    with pytest.raises(TooLate):
        queue.cancel(waiting)
    with pytest.raises(NoSuchThing):
        queue.cancel("nonsense")


def test_a_full_queue(database: Database) -> None:
    """It says so; what runs does not count."""
    queue = TaskQueue(database, most=2)
    put(queue)
    put(queue)
    with pytest.raises(QueueFull):
        put(queue)
    queue.claim()
    put(queue)


def test_listing(queue: TaskQueue) -> None:
    """The newest first, a part at a time, by status; and figures."""
    names = [put(queue, priority=LOW) for _ in range(5)]
    queue.cancel(names[2])
    assert [task.id for task in queue.list()] == names[::-1]
    assert [task.id for task in queue.list(limit=2, after=names[3])] == [names[2], names[1]]
    assert [task.id for task in queue.list(TaskStatus.CANCELLED)] == [names[2]]
    assert queue.figures() == {(TaskStatus.PENDING, LOW): 4, (TaskStatus.CANCELLED, LOW): 1}
    with pytest.raises(NoSuchThing):
        queue.list(after="nonsense")


def test_what_is_old_is_forgotten(queue: TaskQueue, database: Database) -> None:
    """What was done after a day, what failed after a week, what waits never."""
    put(queue, "done")
    put(queue, "failed")
    first, second = queue.claim()
    queue.finish([(first, {"tokens": 1})])
    queue.fail(second, UncountableText("no"))
    put(queue, "waiting")
    assert queue.prune() == 0
    let_pass(database, "finished_at", 86_401)
    assert queue.prune() == 1
    let_pass(database, "finished_at", 6 * 86_400)
    assert (queue.prune(), len(queue.list())) == (1, 1)


def test_names_sort_by_age() -> None:
    """And are of the alphabet of ULIDs."""
    first = new_id()
    assert (len(first), set(first) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")) == (26, True)
    assert first[:8] <= new_id()[:8]
