"""The tables of the ledger, the same in SQLite and PostgreSQL. Whatever changes here needs a new number.

`entries` is what was used, one row each. `sums` is what a million of them come to: a row for each quarter of an hour
and what reports tell apart, written in the transaction that writes entries, so that the two never disagree. Time zones
differ from UTC by whole quarters, at least since the first day of a ledger, so that every period is made of whole rows.
"""

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator

SCHEMA: Final = 1
SLOT: Final = 900
"""Seconds that a row of `sums` is about."""


class Moment(TypeDecorator[datetime]):
    """A moment: with its zone in PostgreSQL, in SQLite as text in UTC such as 2026-03-01 10:00:00.000000."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return what is stored."""
        if value is None or dialect.name != "sqlite":
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ANN401, ARG002  as SQLAlchemy calls it
        """Return what was stored."""
        if not isinstance(value, datetime):
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


_number = Integer().with_variant(BigInteger(), "postgresql")  # only as INTEGER is a key of SQLite counted up by itself
_tables = MetaData()

version = Table("version", _tables, Column("number", Integer, nullable=False))

entries = Table(
    "entries",
    _tables,
    Column("id", _number, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("component", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("encoding", Text, nullable=False),
    Column("tokens_in", BigInteger, nullable=False),
    Column("tokens_out", BigInteger, nullable=False),
    Column("tokens_saved", BigInteger, nullable=False),
    Column("exact", Boolean, nullable=False),
    Column("key", Text, unique=True),
)

sums = Table(
    "sums",
    _tables,
    Column("slot", BigInteger, nullable=False),  # when it begins, in seconds since 1970
    Column("component", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("exact", Boolean, nullable=False),
    Column("tokens_in", BigInteger, nullable=False),
    Column("tokens_out", BigInteger, nullable=False),
    Column("tokens_saved", BigInteger, nullable=False),
    Column("entries", BigInteger, nullable=False),
    PrimaryKeyConstraint("slot", "component", "environment", "source", "model", "exact"),
    sqlite_with_rowid=False,
)

budgets = Table(
    "budgets",
    _tables,
    Column("name", Text, primary_key=True),
    Column("tokens", BigInteger, nullable=False),
    Column("period", Text, nullable=False),
    Column("component", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("warning", Integer, nullable=False),  # hundredths of a percent
    Column("critical", Integer, nullable=False),
    Column("timezone", Text, nullable=False),
)

alerts = Table(
    "alerts",
    _tables,
    Column("id", _number, primary_key=True),
    Column("budget", Text, nullable=False),
    Column("period_start", Moment, nullable=False),
    Column("level", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("number", Integer, nullable=False),  # how often it was told, from 1
    Column("state", Text, nullable=False),  # claimed, sent, failed
    Column("at", Moment, nullable=False),  # since when it is so
    Column("attempts", Integer, nullable=False),
    Column("error", Text, nullable=False),
    UniqueConstraint("budget", "period_start", "level", "channel", "number"),
)

calibrations = Table(
    "calibrations",
    _tables,
    Column("model", Text, nullable=False),
    Column("encoding", Text, nullable=False),
    Column("pairs", Integer, nullable=False),
    Column("low", BigInteger, nullable=False),  # millionths
    Column("median", BigInteger, nullable=False),
    Column("high", BigInteger, nullable=False),
    PrimaryKeyConstraint("model", "encoding"),
)

events = Table(
    "events",
    _tables,
    Column("id", _number, primary_key=True),
    Column("start_timestamp", Moment, nullable=False),
    Column("message", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("attributes", JSON, nullable=False),
    Index("events_by_time", "start_timestamp"),
)

TABLES: Final = _tables
