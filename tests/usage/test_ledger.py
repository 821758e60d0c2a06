"""The ledger: each entry once, sums that are those of its entries, over any number of writers."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from loopflow.errors import UsageError
from loopflow.usage.budgets import find_budgets, find_level, find_uses
from loopflow.usage.database import Database
from loopflow.usage.ledger import Added, Ledger
from loopflow.usage.model import Budget, Entry, Level, Period, PeriodKind, Sums, Totals, check_entry
from loopflow.usage.periods import find_period
from loopflow.usage.reporting import make_report
from loopflow.usage.schema import entries, sums

NOW = datetime(2026, 3, 11, 10, 0, tzinfo=UTC)
ALL = find_period(PeriodKind.TOTAL, NOW, UTC)
DAY = find_period(PeriodKind.DAY, NOW, UTC)

names = st.sampled_from(["api", "web", "a\nb", "<b>", "'; DROP TABLE entries; --", "été"])
made = st.builds(
    Entry,
    at=st.integers(-3_000, 3_000).map(lambda minutes: NOW + timedelta(minutes=minutes)),
    tokens_in=st.integers(0, 10**12),
    tokens_out=st.integers(0, 1_000),
    tokens_saved=st.integers(0, 1_000),
    component=names,
    environment=st.sampled_from(["ci", "dev"]),
    model=st.sampled_from(["", "m"]),
    exact=st.booleans(),
    key=st.none() | st.sampled_from(["k1", "k2", "k3"]),
)


@settings(max_examples=25)
@given(batches=st.lists(st.lists(made, max_size=6), max_size=4))
def test_sums_are_those_of_the_entries(batches: list[list[Entry]], tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever comes in, in whatever order and with whatever keys: the first of a key counts, and nothing else."""
    ledger = Ledger(Database(str(tmp_path_factory.mktemp("ledger") / "usage.sqlite3")))
    known: dict[str, Entry] = {}
    counted: list[Entry] = []
    for batch in batches:
        before = len(counted)
        for entry in batch:
            if entry.key is None or entry.key not in known:
                counted.append(entry)
                known[entry.key or ""] = entry
        assert ledger.add(batch) == Added(len(counted) - before, len(batch) - (len(counted) - before))
    wanted = Sums()
    for entry in counted:
        one = Totals(entry.tokens_in, entry.tokens_out, entry.tokens_saved, 1)
        wanted = wanted.plus(Sums(one) if entry.exact else Sums(estimated=one))
    assert ledger.sum(ALL) == wanted
    of_api = [entry for entry in counted if entry.component == "api" and entry.environment == "ci" and entry.exact]
    assert ledger.sum(ALL, "api", "ci").exact.used == sum(entry.tokens_in + entry.tokens_out for entry in of_api)


def test_a_repeated_key_is_one_entry(ledger: Ledger) -> None:
    """Within one call and in another one, with other numbers too."""
    assert ledger.add([Entry(NOW, 1, key="k"), Entry(NOW, 2, key="k"), Entry(NOW, 4)]) == Added(2, 1)
    assert ledger.add([Entry(NOW, 8, key="k")]) == Added(0, 1)
    assert ledger.sum(ALL).exact == Totals(tokens_in=5, entries=2)


def test_a_period_has_what_is_in_it(ledger: Ledger) -> None:
    """From its first moment to before that of the next one."""
    step = timedelta(microseconds=1)
    assert DAY.end is not None
    ledger.add([Entry(DAY.start - step, 1), Entry(DAY.start, 2), Entry(DAY.end - step, 4), Entry(DAY.end, 8)])
    assert ledger.sum(DAY).exact.used == 6
    assert ledger.sum(Period(PeriodKind.DAY, DAY.end, None)).exact.used == 8


def test_an_entry_is_kept_as_it_was(ledger: Ledger) -> None:
    """Its moment in UTC, its names as they are."""
    at = datetime.fromisoformat("2026-03-11T10:00:00.123456+05:45")
    ledger.add([Entry(at, 1, 2, 3, "a\nb", "<b>", "s", "m", "o200k_base", exact=False, key="k")])
    with ledger.database.reading() as connection:
        assert connection is not None
        [row] = connection.execute(select(entries))
    assert tuple(row)[1:] == (at, "a\nb", "<b>", "s", "m", "o200k_base", 1, 2, 3, False, "k")


def test_who_only_reads_makes_nothing(address: str, ledger: Ledger) -> None:
    """An empty ledger says nothing, and stays what it is."""
    assert (ledger.sum(ALL), ledger.budgets(), ledger.group([(NOW, None)], [], "*")) == (Sums(), [], [])
    with Database(address).reading() as connection:
        assert connection is None


def test_a_budget_is_kept_and_replaced(ledger: Ledger) -> None:
    """By its name; what the config says goes before."""
    first = Budget(
        "daily", 10**15, PeriodKind.WEEK, "api", "ci", Fraction(1, 4), Fraction(9999, 10000), "Asia/Kathmandu"
    )
    ledger.set_budget(Budget("other", 5))
    ledger.set_budget(Budget("daily", 5))
    ledger.set_budget(first)
    assert ledger.budgets() == [first, Budget("other", 5)]
    configured = Budget("other", 7, place="loopflow.toml:3")
    assert find_budgets(ledger, [configured]) == [first, configured]
    assert ledger.remove_budget("daily")
    assert not ledger.remove_budget("daily")


@pytest.mark.parametrize(
    ("used", "estimated", "level"),
    [
        (0, 0, "ok"),
        (799, 0, "ok"),
        (800, 0, "warning"),
        (949, 0, "warning"),
        (950, 0, "critical"),
        (5_000, 0, "critical"),
        (0, 800, "warning"),
        (799, 799, "ok"),
        (0, 950, "critical"),
        (800, 950, "critical"),
    ],
)
def test_a_level_holds_from_its_share_on(used: int, estimated: int, level: str) -> None:
    """Estimates are held to it by themselves: the worse of both counts, and they are never added up."""
    assert find_level(Budget("b", 1_000), Sums(Totals(used), Totals(estimated))).word == level


@pytest.mark.parametrize("tokens", range(1, 12))
def test_levels_of_small_budgets(tokens: int) -> None:
    """The same rule in whole numbers, for every use: what is at least the share of a level is at it."""
    budget = Budget("b", tokens)
    for used in range(2 * tokens + 1):
        wanted = Level.CRITICAL if used >= Fraction(95, 100) * tokens else Level.OK
        if wanted is Level.OK and used >= Fraction(80, 100) * tokens:
            wanted = Level.WARNING
        assert find_level(budget, Sums(Totals(used))) is wanted


def test_a_budget_is_of_its_component_environment_and_period(ledger: Ledger) -> None:
    ledger.add([Entry(NOW, 1, component="api"), Entry(NOW, 2, component="api", environment="ci"), Entry(NOW, 4)])
    ledger.add([Entry(NOW - timedelta(days=1), 8)])
    budgets = [
        Budget("a", 100),
        Budget("b", 100, component="api"),
        Budget("c", 100, environment="ci"),
        Budget("d", 100, PeriodKind.WEEK),
        Budget("e", 100, PeriodKind.HOUR),
    ]
    assert [use.sums.exact.used for use in find_uses(ledger, budgets, NOW)] == [7, 3, 2, 15, 7]


def test_a_report_adds_up_by_what_is_asked_for(ledger: Ledger) -> None:
    """Its lines are the largest first, over time in order; estimates stand apart."""
    ledger.add([Entry(NOW, 5, 1, component="api", model="m"), Entry(NOW, 2, component="web", model="n", exact=False)])
    ledger.add([Entry(NOW - timedelta(days=1), 9, component="web", model="m")])
    week = find_period(PeriodKind.WEEK, NOW, UTC)
    report = make_report(ledger, week, "UTC", ["component"])
    assert [(*line.values, *line.sums.exact[:2], line.sums.estimated.used) for line in report.lines()] == [
        ("web", 9, 0, 2),
        ("api", 5, 1, 0),
    ]
    by_day = make_report(ledger, week, "UTC", ["day", "model"])
    assert [line.values for line in by_day.lines()] == [("2026-03-10", "m"), ("2026-03-11", "m"), ("2026-03-11", "n")]
    in_kiritimati = make_report(ledger, week, "Pacific/Kiritimati", ["day"])
    assert [line.values for line in in_kiritimati.lines()] == [("2026-03-11",), ("2026-03-12",)]
    assert make_report(ledger, week, "UTC", ["model"], environment="ci").groups == ()
    assert report.total == Sums(Totals(14, 1, 0, 2), Totals(2, 0, 0, 1))


@pytest.mark.parametrize(
    "entry",
    [
        Entry(NOW, -1),
        Entry(NOW, 10**12 + 1),
        Entry(NOW, 1, component=""),
        Entry(NOW, 1, component="*"),
        Entry(NOW, 1, component="x" * 201),
        Entry(NOW, 1, model="a\0b"),
        Entry(NOW, 1.5),  # type: ignore[arg-type]
        Entry(NOW, tokens_out=True),
        Entry(NOW, "1"),  # type: ignore[arg-type]
        Entry(NOW, 1, component=None),  # type: ignore[arg-type]
        Entry(NOW, 1, key=17),  # type: ignore[arg-type]
        Entry(NOW, 1, exact=1),  # type: ignore[arg-type]
        Entry("2026-03-01", 1),  # type: ignore[arg-type]
        Entry(NOW, 1, source="\udcff"),
        Entry(NOW, 1, key=""),
        Entry(datetime(2011, 12, 31, tzinfo=UTC), 1),
        Entry(datetime(1970, 1, 1, tzinfo=UTC), 1),
        Entry(NOW + timedelta(days=1, seconds=1), 1),
        Entry(NOW.replace(tzinfo=None), 1),
    ],
)
def test_what_no_ledger_can_hold_is_refused(entry: Entry) -> None:
    """Among it what clocks say that were never set, or that jumped."""
    with pytest.raises(UsageError):
        check_entry(entry, NOW)


WRITER = """
import sys
from datetime import UTC, datetime, timedelta
from loopflow.usage.database import Database
from loopflow.usage.ledger import Ledger
from loopflow.usage.model import Entry
ledger, which = Ledger(Database(sys.argv[1])), int(sys.argv[2])
start = datetime(2026, 3, 11, 10, 0, tzinfo=UTC)
sys.stdin.readline()
for number in range(25):
    order = sorted(range(4), reverse=which % 2 == 0)
    ledger.add([Entry(start + timedelta(hours=at), 1, key=f"{number}-{at}") for at in order])
    ledger.add([Entry(start + timedelta(hours=at), 1, component=f"c{at}") for at in order])
"""


@pytest.mark.server
def test_four_writers_at_once(address: str, ledger: Ledger) -> None:
    """Entries of their own all count, those with the same keys once, and nobody waits for another for ever."""
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, address, str(which)], stdin=subprocess.PIPE)
        for which in range(4)
    ]
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write(b"go\n")
        writer.stdin.flush()
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0, 0, 0]
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.close()
    assert ledger.sum(ALL).exact == Totals(tokens_in=500, entries=500)
    assert ledger.sum(ALL, "default").exact.used == 100
    with ledger.database.reading() as connection:
        assert connection is not None
        assert connection.execute(select(func.count()).select_from(entries)).scalar() == 500
        assert connection.execute(select(func.sum(sums.c.entries))).scalar() == 500
