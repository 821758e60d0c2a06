"""Where the ledger is, and the one way to it: SQLite in the user's data directory, another file, or PostgreSQL.

Whatever is wrong with it (locked, full, not to be written, damaged, from a newer version, not a ledger at all) is a
`LedgerError` of one line. Who reads makes nothing: where there is no file yet, there is an empty ledger.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import quote
from weakref import finalize

from sqlalchemy import Connection, Engine, create_engine, event, func, select, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from loopflow.analysis.names import escape_name, path_bytes
from loopflow.errors import LedgerError, UsageError, describe_os_error
from loopflow.usage.schema import SCHEMA, TABLES, version

FILE: Final = "usage.sqlite3"
_SECONDS: Final = 10
"""How long to wait for others who write, and for a server to answer."""
_LOCK: Final = 0x6C6F6F70
"""Of PostgreSQL's advisory locks the one that whoever makes our tables holds."""
_SPACE: Final = "loopflow_usage"
"""The schema of PostgreSQL that our tables are in: a team's database may have an `events` of its own."""

_ON_SERVER: Final = f"SELECT tablename FROM pg_tables WHERE schemaname = '{_SPACE}'"  # noqa: S608  our own name
_IN_FILE: Final = "SELECT name FROM sqlite_master WHERE type = 'table'"


class Database:
    """A ledger's database. Nothing is opened or made before it is needed."""

    def __init__(self, address: str) -> None:
        """Take an address: the path of a file, or a URL of SQLite or PostgreSQL. Raises UsageError."""
        self._url = _read_url(address)
        self.shown = escape_name(self._url.render_as_string(hide_password=True) if self._url else address)
        self._path = address if self._url is None else ""
        self._made: dict[str, Engine] = {}
        self._known = False

    @property
    def dialect(self) -> str:
        """Which kind of database it is."""
        return "postgresql" if self._url else "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Connection | None]:
        """Give a connection that cannot write; None where there is no ledger yet. Raises LedgerError."""
        with self._guarded():
            if self._url is None and not os.path.lexists(self._path):
                yield None
                return
            with self._engine("read").connect() as connection:
                yield connection if self._version(connection) else None

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection in a transaction that is committed at the end; what lacks is made. Raises LedgerError."""
        with self._guarded():
            if self._url is None and not self._known:
                self._make_file()
            with self._engine("write").begin() as connection:
                if not self._known:
                    self._prepare(connection)
                yield connection
            self._known = True

    def _prepare(self, connection: Connection) -> None:
        if self._version(connection) == SCHEMA:
            return
        if self._url:
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            if self._version(connection) == SCHEMA:
                return
            connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {_SPACE}"))
        TABLES.create_all(connection, checkfirst=False)
        connection.execute(version.insert().values(number=SCHEMA))

    def _version(self, connection: Connection) -> int:
        """Return which schema is there, 0 for none. Raises LedgerError for a newer one, and for what is no ledger."""
        found = set(connection.exec_driver_sql(_ON_SERVER if self._url else _IN_FILE).scalars())
        if not found:
            return 0
        number = connection.execute(select(func.max(version.c.number))).scalar() if "version" in found else None
        if number is None:
            raise LedgerError(f"{self.shown} is a database of something else", "name another one with --database")
        if number > SCHEMA:
            what = f"{self.shown} is from a newer version, with schema {number}"
            raise LedgerError(what, "update loopflow, or name another one with --database")
        return int(number)

    def _make_file(self) -> None:
        if directory := os.path.dirname(self._path):
            os.makedirs(directory, mode=0o700, exist_ok=True)
        self._require_file()
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))

    def _require_file(self) -> None:
        """Raise LedgerError for what SQLite would say nothing useful of."""
        if os.path.lexists(self._path) and not os.path.isfile(self._path):
            raise LedgerError(f"{self.shown} is no file", "name another one with --database")

    def _engine(self, use: str) -> Engine:
        if use not in self._made:
            self._made[use] = engine = self._make_server_engine(use) if self._url else self._make_file_engine(use)
            finalize(self, engine.dispose)  # a server is told when nobody needs the connection any more
        return self._made[use]

    def _make_file_engine(self, use: str) -> Engine:
        self._require_file()
        connect = self._connect_to_read if use == "read" else self._connect_to_write
        engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
        begin = "BEGIN" if use == "read" else "BEGIN IMMEDIATE"  # else two that read first could never both write

        @event.listens_for(engine, "begin")
        def begin_transaction(connection: Connection) -> None:
            connection.exec_driver_sql(begin)

        return engine

    def _connect_to_write(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, timeout=_SECONDS, isolation_level=None)
        try:
            [mode] = database.execute("PRAGMA journal_mode").fetchone()
            if mode != "wal":  # who reads need not wait for who writes
                database.execute("PRAGMA journal_mode = WAL").fetchone()
            database.execute("PRAGMA synchronous = NORMAL")
        except BaseException:
            database.close()
            raise
        return database

    def _connect_to_read(self) -> sqlite3.Connection:
        """Open it without writing; where its directory cannot be written, without what others write meanwhile."""
        address = f"file:{quote(path_bytes(self._path))}?mode=ro"
        database = sqlite3.connect(address, uri=True, timeout=_SECONDS, isolation_level=None)
        try:
            database.execute("SELECT 1 FROM sqlite_master").fetchone()
        except sqlite3.OperationalError as error:
            database.close()
            codes = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}
            if error.sqlite_errorcode & 0xFF not in codes or os.path.exists(f"{self._path}-wal"):
                raise
            database = sqlite3.connect(f"{address}&immutable=1", uri=True, isolation_level=None)
        except BaseException:
            database.close()
            raise
        database.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)  # a query that attached a file would make it
        return database

    def _make_server_engine(self, use: str) -> Engine:
        options = f"-c search_path={_SPACE} -c lock_timeout={_SECONDS}s"
        options += " -c default_transaction_read_only=on" if use == "read" else ""
        given: dict[str, Any] = {"connect_timeout": _SECONDS, "options": options}
        if use == "read":
            given["prepare_threshold"] = 0  # what is prepared is one statement: none can follow that ends the reading
        try:
            return create_engine(self._url or "", connect_args=given, pool_size=1, pool_pre_ping=True)
        except ImportError as error:
            hint = "pip install 'loopflow-code-context[usage,postgres]'"
            raise UsageError("PostgreSQL needs more than what is installed", hint) from error

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        hint = "wait for who holds it, see to its disk and its rights, or name another one with --database"
        try:
            yield
        except OSError as error:
            raise LedgerError(f"{self.shown} cannot be used: {describe_os_error(error)}", hint) from error
        except DBAPIError as error:
            raise LedgerError(f"{self.shown} cannot be used: {first_line(error.orig)}", hint) from error
        except (SQLAlchemyError, sqlite3.Error, ValueError) as error:
            raise LedgerError(f"{self.shown} cannot be used: {first_line(error)}", hint) from error


def first_line(error: object) -> str:
    """Return what a database says of an error, on one short line."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return escape_name(lines[0][:200])


def _read_url(address: str) -> URL | None:
    """Return the URL of a server; None for a file. Raises UsageError."""
    if "://" not in address:
        return None
    hint = "write a path, or postgresql://user@host/name"
    try:
        url = make_url(address)
    except (ArgumentError, ValueError) as error:
        raise UsageError("the database is named by a URL that cannot be read", hint) from error
    if url.get_backend_name() != "postgresql":
        raise UsageError(f"there is no ledger in {escape_name(url.drivername)}", hint)
    return url.set(drivername="postgresql+psycopg")
