"""Health by the events that were recorded: each rule is well in one run, and broken once in another.

Runs are recorded in SQLite, and once more in PostgreSQL among the slow kinds. What Logfire gets is the same text but
for its beginning.
"""

import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from loopflow.chat.health import DIALECTS, RULES, check_health, read_rule, sentence, write_query
from loopflow.errors import UsageError
from loopflow.usage.database import Database
from loopflow.usage.events import Event, EventStore
from tests.usage.conftest import address, postgres  # noqa: F401  fixtures

NOW = datetime(2026, 3, 11, 10, 0, tzinfo=UTC)
SINCE = NOW - timedelta(hours=24)
MODEL = "gen_ai.request.model"


def at(minutes: float, message: str, of: str = "glm-4.7", /, **attributes: str | float | None) -> Event:
    """Return an event so many minutes after the beginning of the day that is judged."""
    level = "warn" if message in {"capacity_warning", "rate_limit", "failover"} else "info"
    return Event(SINCE + timedelta(minutes=minutes), message, level, {MODEL: of, **attributes})


def warned(minutes: float, model: str = "glm-4.7") -> Event:
    return at(minutes, "capacity_warning", model, limit_type="minute", used=85, limit=100, pct=85.0)


def refused(minutes: float, number: int = 1, model: str = "glm-4.7") -> Event:
    return at(minutes, "rate_limit", model, consecutive_429s=number, cooldown_s=60, retry_after=None)


def routed(minutes: float, workload: str, model: str, expected: str | None) -> Event:
    given = {"workload": workload, "task": "REVIEW", "model": model, "expected_model": expected}
    return at(minutes, "workload_routing", model, **given)


def failed_over(minutes: float, model: str = "glm-4.7") -> Event:
    return at(minutes, "failover", model, from_model=model, to_model="other", reason="cooldown")


WELL = {
    "a day": [
        routed(0, "CODING", "glm-4.7", "glm-4.7"),
        routed(1, "PLANNING", "other", "glm-4.7"),
        routed(2, "CODING", "other", None),
        warned(60),
        *(refused(70 + number, number) for number in range(1, 6)),
        refused(119.9),
        warned(300),
        warned(304),
        warned(309),
        failed_over(310),
    ],
    "three in ten minutes and a second": [warned(0), warned(5), warned(10.02)],
    "three of two models": [warned(0), warned(1, "other"), warned(2)],
    "another model after a failover": [failed_over(8), routed(9, "CODING", "other", "glm-4.7")],
    "a failover between them": [warned(0), warned(1), failed_over(1.5), warned(2)],
    "a warning in the hour before the time that is asked about": [warned(-50), refused(5)],
    "what broke a rule before": [refused(-5, 9), routed(-5, "CODING", "other", "glm-4.7"), at(5, "compaction")],
    "of a newer version": [at(0, "compaction", news="1"), at(1, "capacity_warning_v2"), refused(-1)],
}


@pytest.fixture
def store(address: str) -> EventStore:  # noqa: F811  a fixture
    return EventStore(Database(address))


def judge(store: EventStore, run: list[Event]) -> dict[str, list[tuple[object, ...]]]:
    """Return the rows of the rules that a run breaks."""
    store.record_all(run)
    found = check_health(store, SINCE, store._database.dialect)  # noqa: SLF001  as it is
    assert found.is_recorded
    assert [each.rule for each in found.findings] == list(RULES)
    broken = {each.rule: list(each.rows) for each in found.findings if not each.is_well}
    assert found.is_well == (not broken)
    return broken


@pytest.mark.parametrize("name", WELL)
def test_a_run_in_which_limits_are_kept_is_well(name: str, store: EventStore) -> None:
    """Also at the edges of each rule."""
    assert judge(store, WELL[name]) == {}


BROKEN = {
    "routing": [routed(9, "CODING", "other", "glm-4.7"), routed(12, "CODING", "other", "glm-4.7")],
    "warning": [refused(200.5)],
    "failover": [warned(400), warned(402), warned(410)],
    "in_a_row": [warned(500), refused(501, 6)],
}


@pytest.mark.parametrize("rule", BROKEN)
@pytest.mark.parametrize("with_well", [False, True])
def test_a_rule_that_is_broken_once_is_the_one_that_is_found(rule: str, *, with_well: bool, store: EventStore) -> None:
    """And no other; alone, and in the middle of a day that is well."""
    broken = judge(store, [*(WELL["a day"] if with_well else []), *BROKEN[rule]])
    assert list(broken) == [rule]
    [row] = broken[rule]
    assert (
        row[:2]
        == {
            "routing": ("other", "glm-4.7"),
            "warning": ("glm-4.7", 1),
            "failover": ("glm-4.7", 1),
            "in_a_row": ("glm-4.7", 6),
        }[rule]
    )


@pytest.mark.parametrize(
    ("rule", "run"),
    [
        ("routing", [failed_over(8), routed(18.1, "CODING", "other", "glm-4.7")]),
        ("routing", [failed_over(8), routed(9, "CODING", "third", "glm-4.7")]),
        ("warning", [warned(0), refused(60.1)]),
        ("warning", [warned(0, "other"), refused(5)]),
        ("warning", [refused(5), warned(6)]),
        ("failover", [warned(0), warned(1), warned(2), failed_over(3, "other")]),
        ("failover", [failed_over(-1), warned(0), warned(1), warned(2)]),
        ("failover", [warned(0), warned(1), warned(2), failed_over(12.1)]),
        ("failover", [warned(-2), warned(-1), warned(1)]),
    ],
)
def test_a_rule_is_broken_just_beyond_its_edge(rule: str, run: list[Event], store: EventStore) -> None:
    """A minute too late, of another model, in the wrong order, or begun before the time that is asked about."""
    assert list(judge(store, run)) == [rule]


def test_no_event_is_nothing_recorded_and_not_well(store: EventStore) -> None:
    """Neither where there is no ledger, nor where all events are of others."""
    for run, unknown in (([], []), ([at(1, "deployed")], ["deployed"])):
        store.record_all(run)
        found = check_health(store, SINCE, store._database.dialect)  # noqa: SLF001  as above
        assert (found.is_recorded, found.is_well, found.unknown) == (False, False, unknown)


def test_events_that_no_rule_can_read_are_an_error_and_not_well(store: EventStore) -> None:
    """PostgreSQL refuses them; SQLite takes what is no number for 0, and a number in a text for that number."""
    store.record_all([warned(0), refused(1, 1), at(2, "rate_limit", consecutive_429s="many")])
    if store._database.dialect == "postgresql":  # noqa: SLF001  as above
        with pytest.raises(UsageError, match="the query fails"):
            check_health(store, SINCE, "postgresql")
    else:
        assert check_health(store, SINCE, "sqlite").is_well


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_says_what_is_well_in_its_first_line(rule: str) -> None:
    """One sentence."""
    assert re.fullmatch(r"[A-Z][^.\n]+\.", sentence(rule))
    assert read_rule(rule).startswith(f"-- {sentence(rule)}\n")


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("rule", RULES)
def test_a_query_that_is_printed_is_the_one_that_is_asked(rule: str, dialect: str) -> None:
    """It ends with the file of the rule, and has no place for a value left."""
    query = write_query(rule, dialect, timedelta(hours=24))
    assert query.endswith(read_rule(rule))
    assert not re.search(r":[a-z]", query)
    assert ("FROM records\n" in query) == (dialect == "logfire")


@pytest.mark.parametrize("rule", RULES)
def test_a_printed_query_finds_the_same_in_the_database_itself(rule: str, store: EventStore) -> None:
    """Asked through `loopflow usage events --sql`; and, of SQLite, by the library that Python brings along."""
    now = datetime.now(UTC)
    run = [
        each._replace(start_timestamp=each.start_timestamp - SINCE + now - timedelta(hours=23)) for each in BROKEN[rule]
    ]
    store.record_all(run)
    database = store._database  # noqa: SLF001  as above
    query = write_query(rule, database.dialect, timedelta(hours=24))
    assert len(store.query(query).rows) == 1
    assert store.query(write_query(rule, database.dialect, timedelta(hours=1))).rows == []
    if database.dialect == "sqlite":
        with closing(sqlite3.connect(database.shown)) as plain:
            assert len(plain.execute(query).fetchall()) == 1


@pytest.mark.parametrize("name", ["'; DROP TABLE events; --", 'a"b', "\\", "%s :name {x}"])
def test_names_in_events_are_values(name: str, store: EventStore) -> None:
    """Whatever a model is called, the rules find it, and the events stay."""
    assert judge(store, [refused(1, 6, name)]) == {
        "warning": [(name, 1, *_any(store, "warning"))],
        "in_a_row": [(name, 6, *_any(store, "in_a_row"))],
    }


def _any(store: EventStore, rule: str) -> tuple[object, ...]:
    """Return the rest of the row that a rule finds."""
    found = check_health(store, SINCE, store._database.dialect)  # noqa: SLF001  as above
    return next(each.rows[0][2:] for each in found.findings if each.rule == rule)
