"""Alerts: which is due, told by one of all who look, again after a while, and recorded where it does not arrive."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Barrier, get_ident

import pytest

import loopflow.usage.alerts as module
from loopflow.usage.alerts import ABANDONED, CLAIMED, FAILED, SENT, Told, Turn, find_turn, read_alerts
from loopflow.usage.channels import Alert, ChannelError
from loopflow.usage.database import Database
from loopflow.usage.ledger import Ledger
from loopflow.usage.model import Budget, Entry, Level
from loopflow.usage.opening import Usage
from tests.support.postgres import make_database
from tests.usage.conftest import Clock

NOW = datetime(2026, 3, 11, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
OpenLedger = Callable[..., Usage]


@dataclass
class Recorder:
    """A channel that keeps what it is told, unless it `fails`."""

    name: str = "recorder"
    fails: bool = False
    told: list[Alert] = field(default_factory=list)
    asked: int = 0

    def send(self, alert: Alert) -> None:
        self.asked += 1
        if self.fails:
            raise ChannelError("nobody answers")
        self.told.append(alert)

    @property
    def levels(self) -> list[str]:
        return [alert.level.word for alert in self.told]


def row(level: str, state: str, minutes_ago: float, number: int = 1, attempts: int = 1) -> Told:
    return Told("b", NOW, level, "c", number, state, NOW - timedelta(minutes=minutes_ago), attempts, "")


@pytest.mark.parametrize(
    ("rows", "level", "cooldown", "turn"),
    [
        ([], Level.WARNING, HOUR, 1),
        ([], Level.CRITICAL, None, 1),
        ([row("warning", SENT, 59)], Level.WARNING, HOUR, None),
        ([row("warning", SENT, 60)], Level.WARNING, HOUR, 2),
        ([row("warning", SENT, 999)], Level.WARNING, None, None),
        ([row("warning", SENT, 1)], Level.CRITICAL, HOUR, 1),
        ([row("critical", SENT, 999)], Level.WARNING, HOUR, None),
        ([row("critical", FAILED, 999)], Level.WARNING, HOUR, 1),
        ([row("critical", SENT, 120), row("critical", SENT, 59, 2)], Level.CRITICAL, HOUR, None),
        ([row("critical", SENT, 120), row("critical", SENT, 60, 2)], Level.CRITICAL, HOUR, 3),
        # What failed is tried again at once, and then after pauses that grow up to an hour.
        ([row("warning", FAILED, 0)], Level.WARNING, HOUR, 1),
        ([row("warning", FAILED, 0.9, attempts=2)], Level.WARNING, HOUR, None),
        ([row("warning", FAILED, 1, attempts=2)], Level.WARNING, HOUR, 1),
        ([row("warning", FAILED, 1.9, attempts=3)], Level.WARNING, HOUR, None),
        ([row("warning", FAILED, 60, attempts=10**6)], Level.WARNING, None, 1),
        # What another took and did not record is its own for a while.
        ([row("warning", CLAIMED, 4.9)], Level.WARNING, HOUR, None),
        ([row("warning", CLAIMED, 5)], Level.WARNING, HOUR, 1),
        # A clock that was ahead when it was told, by a little and by much.
        ([row("warning", SENT, -30)], Level.WARNING, HOUR, None),
        ([row("warning", SENT, -60 * 24 * 365)], Level.WARNING, HOUR, 2),
    ],
)
def test_what_is_due(rows: list[Told], level: Level, cooldown: timedelta | None, turn: int | None) -> None:
    found = find_turn(rows, level, NOW, cooldown)
    assert (found and found.number) == turn
    if found and found.row:
        assert found == Turn(found.row.number, found.row)
        assert found.row.state != SENT


def test_each_level_is_told_once(open_ledger: OpenLedger, clock: Clock) -> None:
    """Warning, then critical, then neither within the hour; after it critical alone; and anew in the next period."""
    channel = Recorder()
    usage = open_ledger(configured=[Budget("daily", 1_000)], channels=[channel])
    for _ in range(20):
        usage.add([Entry(clock(), 50)])
    assert channel.levels == ["warning", "critical"]
    assert [alert.used for alert in channel.told] == [800, 950]
    clock.advance(minutes=59)
    usage.add([Entry(clock(), 50)])
    assert len(channel.told) == 2
    clock.advance(minutes=1)
    usage.add([Entry(clock(), 50)])
    assert channel.levels == ["warning", "critical", "critical"]
    clock.advance(days=1)
    usage.add([Entry(clock(), 800)])
    assert channel.levels[3:] == ["warning"]
    assert len({alert.id for alert in channel.told}) == 4


def test_a_jump_over_the_warning_is_critical_alone(open_ledger: OpenLedger, clock: Clock) -> None:
    channel = Recorder()
    open_ledger(configured=[Budget("daily", 1_000)], channels=[channel]).add([Entry(clock(), 2_000)])
    assert channel.levels == ["critical"]


def test_an_entry_of_another_day_alerts_nobody_today(open_ledger: OpenLedger, clock: Clock) -> None:
    """Alerts are about now: what comes in late is in its own period."""
    channel = Recorder()
    usage = open_ledger(configured=[Budget("daily", 1_000)], channels=[channel])
    usage.add([Entry(clock() - timedelta(days=1), 2_000)])
    assert channel.told == []


def test_a_channel_that_fails_is_recorded_and_tried_again(open_ledger: OpenLedger, clock: Clock) -> None:
    """It fails nothing, and not every entry waits for it; the other channel is told once."""
    broken, good = Recorder("broken", fails=True), Recorder("good")
    usage = open_ledger(configured=[Budget("daily", 1_000)], channels=[broken, good])
    for _ in range(9):
        usage.add([Entry(clock(), 200)])
    assert broken.asked == 3  # for the warning, and for critical twice
    assert good.levels == ["warning", "critical"]
    failed = [told for told in read_alerts(usage.ledger.database, 9) if told.state == FAILED]
    assert {(told.channel, told.error) for told in failed} == {("broken", "nobody answers")}
    broken.fails = False
    clock.advance(minutes=2)
    usage.add([Entry(clock(), 1)])
    assert broken.levels == ["critical"]
    assert good.levels == ["warning", "critical"]


def test_who_was_killed_between_is_followed_by_another(open_ledger: OpenLedger, clock: Clock) -> None:
    """The row that it took is taken over, with the same id, when it cannot be telling any more."""

    @dataclass
    class Killed(Recorder):
        def send(self, alert: Alert) -> None:
            super().send(alert)
            raise KeyboardInterrupt

    killed, budgets = Killed(), [Budget("daily", 1_000)]
    with pytest.raises(KeyboardInterrupt):
        open_ledger(configured=budgets, channels=[killed]).add([Entry(clock(), 900)])
    other = Recorder()
    usage = open_ledger(configured=budgets, channels=[other])
    usage.add([Entry(clock(), 1)])
    assert other.told == []
    clock.now += ABANDONED
    usage.add([Entry(clock(), 1)])
    assert [alert.id for alert in other.told] == [alert.id for alert in killed.told]
    usage.add([Entry(clock(), 1)])
    assert len(other.told) == 1


def test_a_cooldown_of_the_period_is_told_once(open_ledger: OpenLedger, clock: Clock) -> None:
    channel = Recorder()
    usage = open_ledger(configured=[Budget("daily", 1_000)], channels=[channel], cooldown=None)
    for _ in range(12):
        usage.add([Entry(clock(), 500)])
        clock.advance(hours=1)
    assert channel.levels == ["critical"]


def test_an_alert_says_no_more_than_numbers_and_names(open_ledger: OpenLedger, clock: Clock) -> None:
    """And a name stays on its line."""
    channel = Recorder()
    budget = Budget("a\nBcc: x@example.com", 1_000, component="<b>")
    open_ledger(configured=[budget], channels=[channel]).add([Entry(clock(), 900, component="<b>")])
    [alert] = channel.told
    assert alert.headline == "warning: a\\nBcc: x@example.com is at 90.0 % of its token budget"
    assert "\nBcc" not in alert.text
    assert alert.as_json().startswith(b'{"schema": 1, "budget": "a\\nBcc: x@example.com", "period": "day", ')


@pytest.mark.server
@pytest.mark.parametrize("failed_before", [False, True])
def test_two_who_saw_the_same_are_told_apart(
    failed_before: bool,  # noqa: FBT001  a parameter
    postgres: str,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Both looked before either wrote: the row decides, be it new or one to take over."""
    address = make_database(postgres, f"race{failed_before}".lower())
    budget, channel = Budget("daily", 1_000), Recorder(fails=failed_before)
    Usage(Ledger(Database(address)), [budget], [channel], clock=clock).add([Entry(clock(), 900)])
    if not failed_before:
        clock.advance(hours=1)
    channel.fails, channel.told = False, []
    both = Barrier(2, timeout=20)
    looked: dict[int, int] = {}

    def look(*arguments: object) -> object:
        """Look as ever; within a transaction, wait for the other to have looked too."""
        found = find_turn(*arguments)  # type: ignore[arg-type]
        looked[get_ident()] = looked.get(get_ident(), 0) + 1
        if looked[get_ident()] == 2:
            both.wait()
        return found

    monkeypatch.setattr(module, "find_turn", look)

    def evaluate() -> None:
        usage = Usage(Ledger(Database(address)), [budget], [channel], clock=clock)
        usage.alert(usage.uses())

    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(evaluate), threads.submit(evaluate)]:
            done.result()
    assert len(channel.told) == 1
