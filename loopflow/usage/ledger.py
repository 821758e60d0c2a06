"""The ledger: entries go in once each, sums come out, and budgets are kept beside them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, delete, func, select

from loopflow.usage.database import Database
from loopflow.usage.model import EVERY, GROUPS, HUNDREDTHS, Budget, Entry, Period, PeriodKind, Sums, Totals
from loopflow.usage.periods import EPOCH
from loopflow.usage.schema import SLOT, budgets, entries, sums

_BATCH: Final = 5_000
"""Entries that are written in one transaction: others who write wait no longer than that takes."""
_DIMENSIONS: Final = ("component", "environment", "source", "model", "exact")
_ADDED: Final = ("tokens_in", "tokens_out", "tokens_saved", "entries")
Range = tuple[datetime, datetime | None]


class Added(NamedTuple):
    """How many entries were new, and how many were there already, by their keys."""

    new: int = 0
    known: int = 0


class Ledger:
    """A ledger in a database. Everything raises LedgerError where the database cannot be used."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def add(self, given: Iterable[Entry]) -> Added:
        """Add entries that were checked. One whose key is there already changes nothing.

        They are written in batches: where that fails, those before stay, and with keys all can be added once more.
        """
        new = known = 0
        for batch in _batches(given):
            with self.database.writing() as connection:
                written = _write(connection, batch)
            new += written
            known += len(batch) - written
        return Added(new, known)

    def sum(self, period: Period, component: str = EVERY, environment: str = EVERY) -> Sums:
        """Return the sums of a period."""
        with self.database.reading() as connection:
            return sum_period(connection, period, component, environment) if connection else Sums()

    def group(self, ranges: Iterable[Range], by: Sequence[str], environment: str) -> list["Group"]:
        """Return the sums of each range of time for all that `by` tells apart."""
        with self.database.reading() as connection:
            if connection is None:
                return []
            return [group for each in ranges for group in _group(connection, each, by, environment)]

    def extent(self, within: Range) -> Range | None:
        """Return from when to when there are entries within a range, in whole quarters; None where there are none."""
        with self.database.reading() as connection:
            if connection is None:
                return None
            found = connection.execute(_within(select(func.min(sums.c.slot), func.max(sums.c.slot)), *within)).one()
        if found[0] is None:
            return None
        first, last = (datetime.fromtimestamp(int(slot), UTC) for slot in found)
        return first, last + timedelta(seconds=SLOT)

    def budgets(self) -> list[Budget]:
        """Return the budgets that are set here, by name."""
        with self.database.reading() as connection:
            if connection is None:
                return []
            return [_budget(row._mapping) for row in connection.execute(select(budgets).order_by(budgets.c.name))]  # noqa: SLF001  its public name

    def set_budget(self, budget: Budget) -> None:
        """Set a budget; it replaces one of its name."""
        values = {
            "name": budget.name,
            "tokens": budget.tokens,
            "period": budget.period.value,
            "component": budget.component,
            "environment": budget.environment,
            "warning": int(budget.warning * HUNDREDTHS),
            "critical": int(budget.critical * HUNDREDTHS),
            "timezone": budget.timezone,
        }
        with self.database.writing() as connection:
            connection.execute(
                insert_into(connection, budgets)
                .values(values)
                .on_conflict_do_update(index_elements=["name"], set_=values)
            )

    def remove_budget(self, name: str) -> bool:
        """Remove a budget; whether there was one."""
        with self.database.writing() as connection:
            return connection.execute(delete(budgets).where(budgets.c.name == name)).rowcount > 0


class Group(NamedTuple):
    """Sums of a range of time for one value of each thing asked for."""

    start: datetime
    values: tuple[str, ...]
    exact: bool
    totals: Totals


def insert_into(connection: Connection, table: Any) -> Any:  # noqa: ANN401  two types that have no name in common
    """Return an INSERT that can say what happens with rows that are there: each database has its own."""
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415  it takes as long as all the rest of a look

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite  # noqa: PLC0415

    return sqlite.insert(table)


def sum_period(connection: Connection, period: Period, component: str, environment: str) -> Sums:
    """Return the sums of a period."""
    columns = [func.coalesce(func.sum(sums.c[name]), 0) for name in _ADDED]
    query = _within(select(sums.c.exact, *columns), period.start, period.end)
    wanted = [(sums.c.component, component), (sums.c.environment, environment)]
    query = query.where(*(column == name for column, name in wanted if name != EVERY)).group_by(sums.c.exact)
    found = {bool(exact): Totals(*map(int, totals)) for exact, *totals in connection.execute(query)}
    return Sums(found.get(True, Totals()), found.get(False, Totals()))


def _within(query: Select[Any], start: datetime, end: datetime | None) -> Select[Any]:
    query = query.where(sums.c.slot >= _seconds(start))
    return query if end is None else query.where(sums.c.slot < _seconds(end))


def _group(connection: Connection, within: Range, by: Sequence[str], environment: str) -> Iterator[Group]:
    groups: list[ColumnElement[Any]] = [*(sums.c[name] for name in by if name in GROUPS), sums.c.exact]
    query = _within(select(*groups, *(func.sum(sums.c[name]) for name in _ADDED)), *within)
    if environment != EVERY:
        query = query.where(sums.c.environment == environment)
    for row in connection.execute(query.group_by(*groups)):
        *names, exact = row[: len(groups)]
        yield Group(within[0], tuple(names), bool(exact), Totals(*map(int, row[len(groups) :])))


def _batches(given: Iterable[Entry]) -> Iterator[list[Entry]]:
    batch: list[Entry] = []
    for entry in given:
        batch.append(entry)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _write(connection: Connection, batch: Sequence[Entry]) -> int:
    """Write entries and what they add to the sums; return how many were new.

    Rows are written in one order by all who write, so that no two wait for each other.
    """
    plain = [entry for entry in batch if entry.key is None]
    keyed: dict[str, Entry] = {}
    for entry in batch:
        if entry.key is not None:
            keyed.setdefault(entry.key, entry)
    new = [*plain, *_insert_keyed(connection, keyed)]
    if plain:
        connection.execute(entries.insert(), [entry._asdict() for entry in plain])
    rows = [{**dict(zip(("slot", *_DIMENSIONS), key, strict=True)), **each._asdict()} for key, each in _sum_up(new)]
    if rows:
        statement = insert_into(connection, sums)
        grown = {name: sums.c[name] + statement.excluded[name] for name in _ADDED}
        connection.execute(statement.on_conflict_do_update(index_elements=["slot", *_DIMENSIONS], set_=grown), rows)
    return len(new)


def _insert_keyed(connection: Connection, keyed: Mapping[str, Entry]) -> list[Entry]:
    """Insert the entries whose keys are not there yet, and return them."""
    if not keyed:
        return []
    statement = insert_into(connection, entries).on_conflict_do_nothing(index_elements=["key"]).returning(entries.c.key)
    found = connection.execute(statement, [keyed[key]._asdict() for key in sorted(keyed)])
    return [keyed[key] for key in found.scalars()]


def _sum_up(new: Iterable[Entry]) -> list[tuple[tuple[Any, ...], Totals]]:
    totals: dict[tuple[Any, ...], Totals] = {}
    for entry in new:
        slot = _seconds(entry.at) // SLOT * SLOT
        key = (slot, entry.component, entry.environment, entry.source, entry.model, entry.exact)
        one = Totals(entry.tokens_in, entry.tokens_out, entry.tokens_saved, 1)
        totals[key] = totals[key].plus(one) if key in totals else one
    return sorted(totals.items())


def _seconds(at: datetime) -> int:
    return int((at - EPOCH).total_seconds() // 1)


def _budget(row: Any) -> Budget:  # noqa: ANN401  a row
    return Budget(
        name=row["name"],
        tokens=int(row["tokens"]),
        period=PeriodKind(row["period"]),
        component=row["component"],
        environment=row["environment"],
        warning=Fraction(row["warning"], HUNDREDTHS),
        critical=Fraction(row["critical"], HUNDREDTHS),
        timezone=row["timezone"],
    )
