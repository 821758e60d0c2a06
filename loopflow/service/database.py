"""The database, by its URL: engines, creation, and the statements about counts and references. All of it blocks."""

import os
from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import Engine, create_engine, delete, event, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, NoSuchModuleError
from sqlalchemy.pool import ConnectionPoolEntry

from loopflow.analysis.names import escape_name
from loopflow.errors import LoopflowError, UsageError
from loopflow.model import Stamp
from loopflow.service.keeping import CountRow, FileRow, Removal, ResponseRow, Rows, VariableRow
from loopflow.service.tables import SCHEMA, Base, File, Meta, Response, TokenCount, Variable, now

CONNECT_SECONDS: Final = 2
_BUSY_SECONDS: Final = 5
_WEEK: Final = 7 * 86_400
_UNUSED: Final = 60 * 86_400
_AT_ONCE: Final = 5_000
_NETWORK_MS: Final = 5_000


def read_database_url(text: str) -> URL:
    """Return the address of a database. Raises UsageError."""
    try:
        url = make_url(text)
        dialect = url.get_dialect().name
    except (ArgumentError, NoSuchModuleError) as error:
        raise _no_database() from error
    if dialect not in {"sqlite", "postgresql"} or (dialect == "postgresql" and url.get_driver_name() != "psycopg"):
        raise _no_database()
    if dialect == "sqlite" and (url.database or "").startswith("file:"):
        raise _no_database()
    if dialect == "sqlite" and url.database in {None, "", ":memory:"}:
        raise UsageError("a database in memory is lost at once", "name a file: sqlite:////path/to/file")
    return url


def _no_database() -> UsageError:
    return UsageError(
        "that is no database that can be used", "write sqlite:////path/to/file, or postgresql+psycopg://user@host/name"
    )


class Database:
    """A database that is reached when it is first asked; it may be gone by then, or come back."""

    def __init__(self, url: URL) -> None:
        self.url = url
        self.is_sqlite = url.get_dialect().name == "sqlite"
        self.engine = self._make("BEGIN", "NORMAL")
        self.tasks = self._make("BEGIN IMMEDIATE", "FULL")
        """For tasks: what was promised is on disk."""

    @property
    def path(self) -> str | None:
        """The file of SQLite, unless its address is a URI."""
        name = self.url.database or ""
        return name if self.is_sqlite and not name.startswith("file:") else None

    def create(self) -> None:
        """Create what is not there. Raises SQLAlchemyError, and SchemaError for a newer one."""
        if self.path is not None:
            os.makedirs(os.path.dirname(os.path.abspath(self.path)), mode=0o700, exist_ok=True)
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        try:
            Base.metadata.create_all(self.engine)
        except IntegrityError:  # another process creates them at the same moment
            Base.metadata.create_all(self.engine)
        with self.engine.begin() as connection:
            connection.execute(self._insert(Meta).values(key="schema", value=SCHEMA).on_conflict_do_nothing())
            found = connection.execute(select(Meta.value).where(Meta.key == "schema")).scalar_one()
        if found > SCHEMA:
            raise SchemaError(found)

    def ping(self) -> None:
        """Ask for nothing. Raises SQLAlchemyError."""
        with self.engine.connect() as connection:
            connection.execute(select(1))

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()
        self.tasks.dispose()

    def find_counts(
        self, digests: Collection[str], ids: Collection[str]
    ) -> tuple[dict[tuple[str, str], int], list[tuple[str, str]]]:
        """Return tokens by digest and encoding's id, and those that were not of use for a week."""
        found: dict[tuple[str, str], int] = {}
        stale = []
        wanted = list(digests)
        statement = select(
            TokenCount.content_hash,
            TokenCount.encoding_id,
            TokenCount.token_count,
            TokenCount.updated_at < now() - _WEEK,
        )
        with self.engine.connect() as connection:
            for start in range(0, len(wanted), _AT_ONCE):
                part = TokenCount.content_hash.in_(wanted[start : start + _AT_ONCE])
                for digest, id_, tokens, is_stale in connection.execute(
                    statement.where(part, TokenCount.encoding_id.in_(ids))
                ):
                    found[digest, id_] = tokens
                    if is_stale:
                        stale.append((digest, id_))
        return found, stale

    def find_files(self, root: str, names: Collection[str]) -> dict[str, FileRow]:
        """Return what is known of files."""
        found = {}
        wanted = [os.fsencode(name) for name in names]
        with self.engine.connect() as connection:
            for start in range(0, len(wanted), _AT_ONCE):
                part = File.name.in_(wanted[start : start + _AT_ONCE])
                for row in connection.execute(select(File.__table__).where(File.root == os.fsencode(root), part)):
                    name = os.fsdecode(row.name)
                    stamp = Stamp(row.size, row.mtime_ns, row.ctime_ns, row.inode)
                    found[name] = FileRow(root, name, stamp, row.content_hash, row.bytes, row.lossy)
        return found

    def find_response(self, key: str) -> ResponseRow | None:
        """Return what was fetched last."""
        with self.engine.connect() as connection:
            row = connection.execute(select(Response.__table__).where(Response.key == key)).one_or_none()
        return None if row is None else ResponseRow(*row)

    def find_variable(self, name: str) -> VariableRow | None:
        """Return the last digest of a variable."""
        with self.engine.connect() as connection:
            digest = connection.execute(select(Variable.value_hash).where(Variable.name == name)).scalar_one_or_none()
        return None if digest is None else VariableRow(name, digest)

    def write(self, rows: Rows, used: Collection[tuple[str, str]]) -> None:
        """Write rows, in an order that is always the same: two writers do not wait for each other in a circle."""
        counts = sorted(
            (row for row in rows if isinstance(row, CountRow)), key=lambda row: (row.digest, row.encoding_id)
        )
        files = sorted((row for row in rows if isinstance(row, FileRow)), key=lambda row: (row.root, row.name))
        responses = sorted(row for row in rows if isinstance(row, ResponseRow))
        variables = sorted(row for row in rows if isinstance(row, VariableRow))
        with self.engine.begin() as connection:
            if counts:
                connection.execute(self._insert(TokenCount).on_conflict_do_nothing(), list(map(_count, counts)))
            for table, key, values in (
                (File, ("root", "name"), list(map(_file, files))),
                (Response, ("key",), list(map(_response, responses))),
                (Variable, ("name",), [{"name": row.name, "value_hash": row.digest} for row in variables]),
            ):
                if values:
                    statement = self._insert(table)
                    changed = {name: statement.excluded[name] for name in values[0] if name not in key}
                    connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=changed), values)
            for digest, id_ in sorted(used):
                is_it = (TokenCount.content_hash == digest) & (TokenCount.encoding_id == id_)
                connection.execute(update(TokenCount).where(is_it).values(updated_at=now()))

    def remove(self, removal: Removal) -> int:
        """Forget, and return how many rows that were."""
        with self.engine.begin() as connection:
            if removal.pattern is not None:
                like = _as_like(removal.pattern)
                return connection.execute(delete(Response).where(Response.name.like(like, escape="\\"))).rowcount
            statement = delete(TokenCount)
            if removal.digest is not None:
                statement = statement.where(TokenCount.content_hash == removal.digest)
            if removal.encoding is not None:
                statement = statement.where(TokenCount.encoding == removal.encoding)
            removed = connection.execute(statement).rowcount
            if removal.everything:
                removed += sum(connection.execute(delete(table)).rowcount for table in (File, Response, Variable))
            return removed

    def prune(self) -> int:
        """Forget what was of no use for 60 days, and return how many rows that were."""
        with self.engine.begin() as connection:
            return sum(
                connection.execute(delete(table).where(when < now() - _UNUSED)).rowcount
                for table, when in (
                    (TokenCount, TokenCount.updated_at), (File, File.updated_at), (Response, Response.fetched_at),
                )
            )  # fmt: skip

    def count_rows(self) -> int:
        """Return how many counts there are."""
        with self.engine.connect() as connection:
            return connection.execute(select(func.count()).select_from(TokenCount)).scalar_one()

    def _insert(self, table: type[Base]) -> Any:  # noqa: ANN401  two types with the same methods
        return (sqlite if self.is_sqlite else postgresql).insert(table)

    def _make(self, begin: str, synchronous: str) -> Engine:
        if not self.is_sqlite:
            return create_engine(
                self.url,
                pool_size=5,
                max_overflow=0,
                pool_timeout=CONNECT_SECONDS,
                pool_pre_ping=True,
                connect_args={"connect_timeout": CONNECT_SECONDS, "tcp_user_timeout": _NETWORK_MS},
            )
        engine = create_engine(self.url, pool_size=5, pool_timeout=CONNECT_SECONDS)

        def connected(connection: Any, _: ConnectionPoolEntry) -> None:  # noqa: ANN401
            connection.isolation_level = None  # transactions begin where the statement below says so
            cursor = connection.cursor()
            cursor.execute(f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000}")
            cursor.execute("PRAGMA journal_mode = WAL")
            cursor.execute(f"PRAGMA synchronous = {synchronous}")
            cursor.close()

        event.listen(engine, "connect", connected)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
        return engine


class SchemaError(LoopflowError):
    """A newer version has made the tables."""

    def __init__(self, found: int) -> None:
        what = f"the database has schema {found}, and this version knows {SCHEMA}"
        super().__init__(what, "install a newer version, or name another database")


def _count(row: CountRow) -> Mapping[str, Any]:
    return {
        "content_hash": row.digest, "encoding": row.encoding, "encoding_id": row.encoding_id,
        "token_count": row.tokens, "bytes": row.bytes,
    }  # fmt: skip


def _file(row: FileRow) -> Mapping[str, Any]:
    return {
        "root": os.fsencode(row.root), "name": os.fsencode(row.name), "size": row.stamp.size,
        "mtime_ns": row.stamp.mtime_ns, "ctime_ns": row.stamp.ctime_ns, "inode": row.stamp.inode,
        "content_hash": row.digest, "bytes": row.bytes, "lossy": row.lossy,
    }  # fmt: skip


def _response(row: ResponseRow) -> Mapping[str, Any]:
    return {
        "key": row.key, "name": row.name, "content_hash": row.digest, "bytes": row.bytes, "lossy": row.lossy,
        "etag": row.etag, "last_modified": row.last_modified, "fetched_at": row.fetched_at,
        "expires_at": row.expires_at,
    }  # fmt: skip


def _as_like(pattern: str) -> str:
    return pattern.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_").replace("*", "%")


def show_database(url: URL) -> str:
    """Return the address of a database without its password."""
    return escape_name(url.render_as_string(hide_password=True))
