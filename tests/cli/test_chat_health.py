"""The command `loopflow chat health`: what it says, and how it ends."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from loopflow.chat.health import RULES
from loopflow.cli.chat import chat
from loopflow.usage.database import Database
from loopflow.usage.events import Event, EventStore
from tests.chat.test_health import BROKEN, SINCE, WELL
from tests.support.run import Result, run
from tests.support.schema import complaints


def call(here: Path, *arguments: str) -> Result:
    return run("health", *arguments, cwd=here, env={"LOOPFLOW_DATA_DIR": str(here)}, command=chat)


def record(here: Path, events: list[Event]) -> None:
    """Keep events of a day that began 23 hours ago."""
    shift = datetime.now(UTC) - timedelta(hours=23) - SINCE
    moved = [each._replace(start_timestamp=each.start_timestamp + shift) for each in events]
    EventStore(Database(str(here / "usage.sqlite3"))).record_all(moved)


def test_a_day_that_is_well(tmp_path: Path) -> None:
    """A line for each rule, with its sentence; nothing to remark."""
    record(tmp_path, WELL["a day"])
    result = call(tmp_path, "--check")
    assert (result.code, result.err) == (0, "")
    assert [line for line in result.out.splitlines() if not line.startswith(" ")] == [
        "well    routing: 3 events",
        "well    warning: 6 events",
        "well    failover: 4 events",
        "well    in_a_row: 6 events",
    ]
    document = call(tmp_path, "--format", "json").json
    assert complaints(document, "chat-health") == []
    assert document["state"] == "well"


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_that_is_broken_is_said_and_ends_with_1_if_asked(rule: str, tmp_path: Path) -> None:
    """With the model that broke it."""
    record(tmp_path, BROKEN[rule])
    assert call(tmp_path).code == 0
    result = call(tmp_path, "--check")
    assert result.code == 1
    assert f"BROKEN  {rule}: " in result.out
    assert result.out.count("BROKEN") == 1
    document = call(tmp_path, "--format", "json").json
    assert complaints(document, "chat-health") == []
    assert [each["rule"] for each in document["rules"] if each["broken"]] == [rule]


def test_nothing_recorded_is_not_well(tmp_path: Path) -> None:
    """Neither without a ledger, which is not made, nor for a time without events."""
    for arguments, code in (([], 0), (["--check"], 2), (["--check", "--format", "json"], 2)):
        result = call(tmp_path, *arguments)
        assert result.code == code
        assert "nothing recorded" in result.err
    assert list(tmp_path.iterdir()) == []
    record(tmp_path, WELL["a day"])
    assert call(tmp_path, "--since", "1h", "--check").code == 2


def test_events_of_another_kind_are_said(tmp_path: Path) -> None:
    """They may be of a newer version."""
    record(tmp_path, [*WELL["a day"], WELL["of a newer version"][1]])
    result = call(tmp_path, "--check")
    assert result.code == 0
    assert "no rule knows events called capacity_warning_v2" in result.err


def test_a_ledger_of_a_newer_version_is_not_judged(tmp_path: Path) -> None:
    """Its events may mean something else."""
    record(tmp_path, WELL["a day"])
    with closing(sqlite3.connect(tmp_path / "usage.sqlite3")) as ledger, ledger:
        ledger.execute("UPDATE version SET number = 1000")
    result = call(tmp_path, "--check")
    assert (result.code, result.out) == (2, "")
    assert "is from a newer version" in result.err


def test_a_query_is_printed_and_nothing_is_asked(tmp_path: Path) -> None:
    """For the kind of database that is named, else that of the ledger."""
    assert "julianday" in call(tmp_path, "--sql", "failover").out
    assert "FROM records" in call(tmp_path, "--sql", "failover", "--for", "logfire").out
    assert "interval '3600 seconds'" in call(tmp_path, "--sql", "routing", "--for", "postgresql", "--since", "1h").out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--sql", "everything"], "everything"),
        (["--since", "soon"], "--since: 'soon' is no length of time"),
        (["--since", "period"], "--since"),
        (["--for", "logfire"], "--for says how to print a query"),
        (["--database", "mysql://x/y"], "no ledger in mysql"),
        (["FILE"], "unexpected extra argument"),
    ],
)
def test_what_cannot_run_is_one_line_and_exit_2(arguments: list[str], message: str, tmp_path: Path) -> None:
    """What, where, what to do."""
    result = call(tmp_path, *arguments)
    assert (result.code, result.out) == (2, "")
    assert message in result.err
    assert result.err.count("\n") == 1
