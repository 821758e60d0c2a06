"""Events beside the ledger: what happened when, with numbers and names as attributes; kept for 30 days, read by SQL.

The columns are those of OpenTelemetry's and Logfire's records, so that one query can be asked of all three:

    SELECT attributes->>'model', count(*) FROM events WHERE message = 'rate_limit' GROUP BY 1
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Any, Final, NamedTuple

from sqlalchemy import bindparam, delete, select, text
from sqlalchemy.exc import SQLAlchemyError

from loopflow.errors import UsageError
from loopflow.usage.database import Database, first_line
from loopflow.usage.model import FIRST_DAY, require_name
from loopflow.usage.schema import Moment, events

KEPT: Final = timedelta(days=30)
LEVELS: Final = ("debug", "info", "warn", "error")
Attribute = str | int | float | bool | None


class Event(NamedTuple):
    """Something that happened."""

    start_timestamp: datetime
    message: str
    level: str
    attributes: Mapping[str, Attribute]


class Rows(NamedTuple):
    """What a query answers."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


class EventStore:
    """The events of a ledger's database. Everything raises LedgerError where it cannot be used."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(
        self,
        message: str,
        level: str = "info",
        attributes: Mapping[str, Attribute] | None = None,
        at: datetime | None = None,
    ) -> None:
        """Keep an event, of now or of `at` (with its zone). Raises UsageError for what is none."""
        self.record_all([Event(at or datetime.now(UTC), message, level, attributes or {})])

    def record_all(self, given: Sequence[Event]) -> None:
        """Keep events, and forget those that are 30 days older than the newest of these."""
        rows = [_check(each)._asdict() for each in given]
        if not rows:
            return
        newest = max(each.start_timestamp for each in given)
        with self._database.writing() as connection:
            connection.execute(events.insert(), rows)
            connection.execute(delete(events).where(events.c.start_timestamp < newest - KEPT))

    def find(self, since: datetime, message: str = "", most: int = 1_000) -> list[Event]:
        """Return the newest events from a moment on, the newest first."""
        names = [events.c[name] for name in Event._fields]
        query = select(*names).where(events.c.start_timestamp >= since)
        query = query.where(events.c.message == message) if message else query
        newest = query.order_by(events.c.start_timestamp.desc(), events.c.id.desc()).limit(most)
        with self._database.reading() as connection:
            return [Event(*row) for row in connection.execute(newest)] if connection else []

    def query(self, sql: str, values: Mapping[str, Any] | None = None) -> Rows:
        """Return what a query of SQL answers; it can only read. `:name` stands for the value of that name.

        A moment among the values is written as the database has it. Where there is no ledger, there are no rows.
        """
        statement = text(sql)
        moments = [name for name, value in (values or {}).items() if isinstance(value, datetime)]
        statement = (
            statement.bindparams(*(bindparam(name, type_=Moment()) for name in moments)) if moments else statement
        )
        with self._database.reading() as connection:
            if connection is None:
                return Rows((), [])
            try:
                found = connection.execute(statement, dict(values or {}))
                if found.returns_rows:
                    return Rows(tuple(found.keys()), [tuple(row) for row in found])
            except (SQLAlchemyError, ValueError) as error:  # also for half of a character in it
                why = first_line(getattr(error, "orig", None) or error)
                raise UsageError(f"the query fails: {why}", "correct it; it can only read") from error
        raise UsageError("the query answers nothing", "begin it with SELECT")


def _check(event: Event) -> Event:
    """Return an event as it is stored. Raises UsageError for what is none."""
    require_name(event.message, "message")
    if event.level not in LEVELS:
        raise UsageError(f"there is no level {event.level!a}", f"it is one of {', '.join(LEVELS)}")
    if event.start_timestamp.tzinfo is None:
        raise UsageError("the moment of an event has no time zone", "write for example datetime.now(UTC)")
    if event.start_timestamp < FIRST_DAY:
        raise UsageError(f"an event is of before {FIRST_DAY:%Y}", "check the clock that it comes from")
    for name, value in event.attributes.items():
        require_name(name, "the name of an attribute")
        if not _is_attribute(value):
            raise UsageError(f"the attribute {name!a} is no text, number or flag", "give one of these, or None")
        if isinstance(value, str) and value:
            require_name(value, f"attribute {name!a}", may_be_empty=True)
    return event._replace(attributes=dict(event.attributes))


def _is_attribute(value: object) -> bool:
    """Whether every database can hold it: JSON has no number that is not finite."""
    return isfinite(value) if isinstance(value, float) else isinstance(value, Attribute)
