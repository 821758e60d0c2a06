"""Events: kept for 30 days, found by time and name, and by SQL that can only read."""

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from loopflow.errors import UsageError
from loopflow.usage.database import Database
from loopflow.usage.events import Attribute, Event, EventStore, Rows
from loopflow.usage.ledger import Ledger
from loopflow.usage.model import Entry
from tests.usage.test_ledger import ALL, NOW

ENDING = "SET TRANSACTION READ WRITE; DELETE FROM events; COMMIT; SELECT 1"


@pytest.fixture
def store(ledger: Ledger) -> EventStore:
    return EventStore(ledger.database)


def test_an_event_is_kept_as_it_was(store: EventStore) -> None:
    attributes: dict[str, Attribute] = {"model": "a'b\n<c>", "used": 3, "pct": 0.5, "ok": True, "summary": None}
    store.record("capacity_warning", "warn", attributes, NOW)
    assert store.find(NOW) == [Event(NOW, "capacity_warning", "warn", attributes)]


def test_they_are_found_by_time_and_name(store: EventStore) -> None:
    """The newest first."""
    store.record_all([Event(NOW + timedelta(minutes=number), "ab"[number % 2], "info", {}) for number in range(5)])
    assert [each.start_timestamp.minute for each in store.find(NOW + timedelta(minutes=1))] == [4, 3, 2, 1]
    assert [each.start_timestamp.minute for each in store.find(NOW, "a", 2)] == [4, 2]


def test_what_is_older_than_thirty_days_is_forgotten(store: EventStore) -> None:
    """When something is recorded, by the time of that: nobody's clock is asked."""
    store.record("old", at=NOW)
    store.record("kept", at=NOW + timedelta(days=30))
    assert [each.message for each in store.find(NOW)] == ["kept", "old"]
    store.record("new", at=NOW + timedelta(days=30, seconds=1))
    assert [each.message for each in store.find(NOW)] == ["new", "kept"]


def test_one_query_is_understood_by_every_database(store: EventStore) -> None:
    """Attributes by `->>`, counts by `filter`, moments as values."""
    store.record("rate_limit", "warn", {"model": "m", "n": 1}, NOW)
    store.record("rate_limit", "warn", {"model": "m", "n": 2}, NOW + timedelta(hours=2))
    store.record("failover", "warn", {"model": "n"}, NOW)
    sql = """
        SELECT attributes->>'model' AS model, count(*) FILTER (WHERE message = :message) AS times
        FROM events WHERE start_timestamp < :until GROUP BY 1 ORDER BY 1
    """
    found = store.query(sql, {"message": "rate_limit", "until": NOW + timedelta(hours=1)})
    assert found == Rows(("model", "times"), [("m", 1), ("n", 0)])


@pytest.mark.parametrize("sql", ["DELETE FROM events", "DROP TABLE entries", "UPDATE budgets SET tokens = 1", ENDING])
def test_a_query_can_only_read(sql: str, store: EventStore, ledger: Ledger) -> None:
    ledger.add([Entry(NOW, 7)])
    store.record("x", at=NOW)
    with pytest.raises(UsageError):
        store.query(sql)
    assert len(store.find(NOW)) == 1
    assert ledger.sum(ALL).exact.used == 7


@pytest.mark.parametrize("sql", ["ATTACH '{}' AS x", "VACUUM INTO '{}'", "SELECT writefile('{}', 'x')"])
def test_a_query_makes_no_file(sql: str, store: EventStore, tmp_path: Path) -> None:
    store.record("x", at=NOW)
    with pytest.raises(UsageError):
        store.query(sql.format(tmp_path / "made"))
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    "sql", ["", "SELECT x", "SELECT * FROM nothing", "SELECT :x", "\0", "SELECT 1; SELECT 2", "--"]
)
def test_what_is_no_query_is_an_error_of_one_line(sql: str, store: EventStore) -> None:
    store.record("x", at=NOW)
    with pytest.raises(UsageError) as error:
        store.query(sql)
    assert error.value.message.isprintable()


def test_where_nothing_is_recorded_nothing_is_found(store: EventStore, address: str) -> None:
    """And nothing is made."""
    assert (store.find(NOW), store.query("SELECT 1")) == ([], Rows((), []))
    with Database(address).reading() as connection:
        assert connection is None


@pytest.mark.parametrize(
    ("message", "level", "attributes"),
    [
        ("", "info", {}),
        ("x", "fatal", {}),
        ("x", "info", {"text": ["a"]}),
        ("x", "info", {"text": "a" * 201}),
        ("x", "info", {"text": "\0"}),
        ("x", "info", {"n": math.nan}),
        ("x", "info", {"n": math.inf}),
        (5, "info", {}),
        ("x", "info", {5: "a"}),
        ("x", "info", {"\udcff": "a"}),
        ("x", "info", {"": "a"}),
    ],
)
def test_what_is_no_event_is_refused(message: str, level: str, attributes: dict[str, Any], store: EventStore) -> None:
    """A text above all: events hold numbers and names."""
    with pytest.raises(UsageError):
        store.record(message, level, attributes, NOW)


def test_a_moment_has_a_zone(store: EventStore) -> None:
    with pytest.raises(UsageError, match="no time zone"):
        store.record("x", at=datetime(2026, 3, 11))  # noqa: DTZ001  which is the point
    with pytest.raises(UsageError, match="before 2012"):
        store.record("x", at=datetime(1, 1, 1, tzinfo=UTC))
    store.record("x", at=datetime(2026, 3, 11, tzinfo=UTC))
