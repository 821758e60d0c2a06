"""The tables, the same in SQLite and in PostgreSQL. Times are seconds since 1970, by the database's clock."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Double,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.sql.expression import FunctionElement

SCHEMA = 1
"""Of the tables. A change to them needs a new number, and a way from the old one."""

_Number = BigInteger().with_variant(Integer, "sqlite")
"""SQLite counts up by itself only what is called INTEGER."""


class now(FunctionElement[float]):  # noqa: N801  it stands in statements as a function does
    """The moment, to a fraction of a second, and not that at which the transaction began."""

    type = Double()
    inherit_cache = True


@compiles(now, "sqlite")
def _now_in_sqlite(*_: Any, **__: Any) -> str:  # noqa: ANN401
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(now, "postgresql")
def _now_in_postgresql(*_: Any, **__: Any) -> str:  # noqa: ANN401
    return "extract(epoch from clock_timestamp())::double precision"


class Base(DeclarativeBase):
    """All tables."""


class Meta(Base):
    """Which schema the tables have."""

    __tablename__ = "meta"

    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[int]


class TokenCount(Base):
    """What a text costs in an encoding. The text itself is nowhere, only its digest."""

    __tablename__ = "token_counts"
    __table_args__ = (
        UniqueConstraint("content_hash", "encoding_id"),
        Index("token_counts_by_content", "content_hash"),
    )

    id: Mapped[int] = mapped_column(_Number, primary_key=True)
    content_hash: Mapped[str] = mapped_column(String(64))
    encoding: Mapped[str] = mapped_column(String(32))
    encoding_id: Mapped[str] = mapped_column(String(16))
    token_count: Mapped[int] = mapped_column(BigInteger)
    bytes: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[float] = mapped_column(Double, default=now())
    updated_at: Mapped[float] = mapped_column(Double, default=now())
    """When it was last of use, to a week."""


class File(Base):
    """What a file was when its state was this."""

    __tablename__ = "files"
    __table_args__ = (UniqueConstraint("root", "name"),)

    id: Mapped[int] = mapped_column(_Number, primary_key=True)
    root: Mapped[bytes] = mapped_column(LargeBinary)
    name: Mapped[bytes] = mapped_column(LargeBinary)
    size: Mapped[int] = mapped_column(BigInteger)
    mtime_ns: Mapped[int] = mapped_column(BigInteger)
    ctime_ns: Mapped[int] = mapped_column(BigInteger)
    inode: Mapped[int] = mapped_column(BigInteger)
    content_hash: Mapped[str] = mapped_column(String(64))
    bytes: Mapped[int] = mapped_column(BigInteger)
    lossy: Mapped[bool] = mapped_column(Boolean)
    updated_at: Mapped[float] = mapped_column(Double, default=now(), onupdate=now())


class Response(Base):
    """What was fetched last. `name` is the address without what may be secret."""

    __tablename__ = "api_responses"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    content_hash: Mapped[str] = mapped_column(String(64))
    bytes: Mapped[int] = mapped_column(BigInteger)
    lossy: Mapped[bool] = mapped_column(Boolean)
    etag: Mapped[str] = mapped_column(Text)
    last_modified: Mapped[str] = mapped_column(Text)
    fetched_at: Mapped[float] = mapped_column(Double)
    expires_at: Mapped[float] = mapped_column(Double)


class Variable(Base):
    """The digest of the value that a variable had last."""

    __tablename__ = "variables"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    value_hash: Mapped[str] = mapped_column(String(64))
    changed_at: Mapped[float] = mapped_column(Double, default=now(), onupdate=now())


class TaskRow(Base):
    """Something to be done, or done."""

    __tablename__ = "tasks"
    __table_args__ = (
        Index("tasks_in_order", "status", "priority", "seq"),
        Index("tasks_when_due", "status", "run_at"),
    )

    seq: Mapped[int] = mapped_column(_Number, primary_key=True)
    id: Mapped[str] = mapped_column(String(26), unique=True)
    kind: Mapped[str] = mapped_column(String(16))
    priority: Mapped[int] = mapped_column(SmallInteger)
    status: Mapped[str] = mapped_column(String(16), default="pending")
    encoding: Mapped[str] = mapped_column(String(32))
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    max_attempts: Mapped[int] = mapped_column(SmallInteger, default=3)
    crashes: Mapped[int] = mapped_column(SmallInteger, default=0)
    """Attempts by itself that ended without a word."""
    alone: Mapped[bool] = mapped_column(Boolean, default=False)
    """Whether it is claimed by itself, since an attempt with others ended without a word."""
    run_at: Mapped[float] = mapped_column(Double, default=now())
    lease_owner: Mapped[str | None] = mapped_column(String(32))
    lease_until: Mapped[float | None] = mapped_column(Double)
    payload: Mapped[bytes | None] = mapped_column(LargeBinary)
    size: Mapped[int] = mapped_column(BigInteger)
    result: Mapped[str | None] = mapped_column(Text)
    error: Mapped[str | None] = mapped_column(Text)
    progress: Mapped[int] = mapped_column(SmallInteger, default=0)
    created_at: Mapped[float] = mapped_column(Double, default=now())
    started_at: Mapped[float | None] = mapped_column(Double)
    finished_at: Mapped[float | None] = mapped_column(Double)
