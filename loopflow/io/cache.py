"""What is known from earlier runs, in SQLite: the only module that knows its schema.

Two tables. `content` holds what a blob id counts as, for one encoding, rule of decoding and engine: it serves the work
tree, the index and revisions alike. `stat` holds, for the files of one work tree, which content a state of a file had,
so that an unchanged file need not be opened. A state is only written down when its times lie more than two seconds
before the run began: a file system's clock is coarse, and a later change must be able to show (git calls such entries
racy).

The cache never changes an answer and never fails a run. Each row carries a checksum, and one that does not match is not
there. A database that is missing, damaged, locked, read-only, full or from a newer version is done without, with a
remark for whoever wants to know.
"""

import os
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from threading import Lock
from typing import Any, Protocol, TypeVar

from loopflow.analysis.names import path_bytes
from loopflow.model import Stamp

_T = TypeVar("_T")

SCHEMA = 1
SETTLED_NS = 2_000_000_000
KEPT_DAYS = 60
_REFRESHED_DAYS = 7
_WAIT_SECONDS = 1.0
_AT_ONCE = 500
_SCAN_FROM = 4  # reading all rows is faster than looking up more than a quarter of them
LOSSY, BINARY = 1, 2
_OLDEST_NS = -(2**63)  # of what SQLite can hold: the year 1677
_DAY_NS = 86_400_000_000_000

_TABLES = """
CREATE TABLE IF NOT EXISTS content (
    counter INTEGER NOT NULL,  -- digest of the encoding's id and the engine's
    blob BLOB NOT NULL,        -- git blob id
    tokens INTEGER NOT NULL,
    size INTEGER NOT NULL,     -- bytes
    flags INTEGER NOT NULL,    -- 1: lossy, 2: binary
    day INTEGER NOT NULL,      -- when it was last of use, in days since 1970
    checksum INTEGER NOT NULL, -- CRC-32 of the columns up to flags
    PRIMARY KEY (counter, blob)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS stat (
    tree INTEGER NOT NULL,     -- digest of the absolute path that paths are relative to
    path BLOB NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    ctime_ns INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    blob BLOB NOT NULL,        -- git blob id of the content; empty for a binary file, which is not hashed
    day INTEGER NOT NULL,
    checksum INTEGER NOT NULL, -- CRC-32 of the columns up to blob
    PRIMARY KEY (tree, path)
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Content:
    """What one content counts as. A binary one has no tokens."""

    tokens: int
    size: int
    lossy: bool = False
    binary: bool = False


class Cache(Protocol):
    """What is known of contents by blob id, and of a work tree's files by path."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known, so that an encoding will surely have to be loaded."""
        ...

    def contents(self, blobs: Iterable[str]) -> dict[str, Content]:
        """Return what is known of these blob ids."""
        ...

    def states(self, root: str) -> dict[str, tuple[Stamp, str]]:
        """Return the known files below `root` (absolute): state, and blob id, or "" for a binary file."""
        ...

    def save(self, contents: Mapping[str, Content], root: str, states: Mapping[str, tuple[Stamp, str]]) -> None:
        """Keep what was found, for the next run."""
        ...


class NoCache:
    """Knows nothing and keeps nothing."""

    is_empty = True

    def contents(self, blobs: Iterable[str]) -> dict[str, Content]:  # noqa: ARG002
        """Return nothing."""
        return {}

    def states(self, root: str) -> dict[str, tuple[Stamp, str]]:  # noqa: ARG002
        """Return nothing."""
        return {}

    def save(self, contents: Mapping[str, Content], root: str, states: Mapping[str, tuple[Stamp, str]]) -> None:
        """Keep nothing."""


class SqliteCache:
    """A cache in the file at `path`, for one way of counting. `now_ns` is when the run began, in ns since 1970."""

    def __init__(self, path: str, counter: str, now_ns: int, remark: Callable[[str], object]) -> None:
        self._path = path
        self._counter = _digest(counter.encode())
        self._now_ns = now_ns
        self._day = now_ns // _DAY_NS
        self._remark = remark
        self._lock = Lock()
        self._used_contents: list[bytes] = []
        self._used_tree: int | None = None
        self._connection: sqlite3.Connection | None = None
        self._connection = self._attempt(self._open)

    def __del__(self) -> None:  # when the last thread that may still save is done with it
        self._close()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known for this counter, and no file's state either: it may be that of a binary one."""
        query = "SELECT 1 FROM content WHERE counter = ? UNION ALL SELECT 1 FROM stat LIMIT 1"
        return not self._attempt(lambda: self._query(query, (self._counter,)))

    def contents(self, blobs: Iterable[str]) -> dict[str, Content]:
        """Return what is known of these blob ids."""
        return self._attempt(lambda: self._contents({bytes.fromhex(blob) for blob in blobs})) or {}

    def states(self, root: str) -> dict[str, tuple[Stamp, str]]:
        """Return the known files below `root`."""
        return self._attempt(lambda: self._states(_digest(path_bytes(root)))) or {}

    def _contents(self, wanted: set[bytes]) -> dict[str, Content]:
        found: dict[str, Content] = {}
        for blob, tokens, size, flags, day, checksum in self._rows(wanted):
            if blob in wanted and checksum == _content_checksum(self._counter, blob, tokens, size, flags):
                found[blob.hex()] = Content(tokens, size, bool(flags & LOSSY), bool(flags & BINARY))
                if day < self._day - _REFRESHED_DAYS:
                    self._used_contents.append(blob)
        return found

    def _states(self, tree: int) -> dict[str, tuple[Stamp, str]]:
        found: dict[str, tuple[Stamp, str]] = {}
        query = "SELECT path, size, mtime_ns, ctime_ns, inode, blob, day, checksum FROM stat WHERE tree = ?"
        for path, size, mtime, ctime, inode, blob, day, checksum in self._query(query, (tree,)):
            if checksum == _state_checksum(path, size, mtime, ctime, inode, blob):
                found[path.decode("utf-8", "surrogateescape")] = Stamp(size, mtime, ctime, inode), blob.hex()
                if day < self._day - _REFRESHED_DAYS:
                    self._used_tree = tree
        return found

    def save(self, contents: Mapping[str, Content], root: str, states: Mapping[str, tuple[Stamp, str]]) -> None:
        """Keep what was found, note what was of use, and forget what was not for a long time."""
        if contents or states or self._used_contents or self._used_tree is not None:
            self._attempt(lambda: self._save(contents, root, states))

    def _save(self, contents: Mapping[str, Content], root: str, states: Mapping[str, tuple[Stamp, str]]) -> None:
        if self._connection is None:
            raise _GoneError
        tree = _digest(path_bytes(root))
        settled = self._now_ns - SETTLED_NS
        with self._lock, self._connection as database:
            database.execute("BEGIN IMMEDIATE")
            database.executemany(
                "INSERT OR REPLACE INTO content VALUES (?, ?, ?, ?, ?, ?, ?)",
                (self._content_row(bytes.fromhex(blob), contents[blob]) for blob in sorted(contents)),
            )
            database.executemany(
                "INSERT OR REPLACE INTO stat VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    (tree, *_state_row(path, stamp, blob, self._day))
                    for path, (stamp, blob) in states.items()
                    if _OLDEST_NS < stamp.mtime_ns < settled and stamp.ctime_ns < settled
                ),
            )
            database.executemany(
                "UPDATE content SET day = ? WHERE counter = ? AND blob = ?",
                ((self._day, self._counter, blob) for blob in self._used_contents),
            )
            if self._used_tree is not None:
                database.execute("UPDATE stat SET day = ? WHERE tree = ?", (self._day, self._used_tree))
            for table in ("content", "stat"):
                database.execute(f"DELETE FROM {table} WHERE day < ?", (self._day - KEPT_DAYS,))  # noqa: S608

    def _content_row(self, blob: bytes, content: Content) -> tuple[Any, ...]:
        flags = content.lossy * LOSSY + content.binary * BINARY
        checksum = _content_checksum(self._counter, blob, content.tokens, content.size, flags)
        return self._counter, blob, content.tokens, content.size, flags, self._day, checksum

    def _rows(self, wanted: set[bytes]) -> Iterator[tuple[Any, ...]]:
        query = "SELECT blob, tokens, size, flags, day, checksum FROM content WHERE counter = ?"
        [(known,)] = self._query("SELECT count(*) FROM content WHERE counter = ?", (self._counter,))
        if len(wanted) * _SCAN_FROM > known:
            yield from self._query(query, (self._counter,))
            return
        ids = iter(sorted(wanted))
        while some := tuple(islice(ids, _AT_ONCE)):
            yield from self._query(f"{query} AND blob IN ({','.join('?' * len(some))})", (self._counter, *some))

    def _query(self, query: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        if self._connection is None:
            raise _GoneError
        with self._lock, closing(self._connection.execute(query, values)) as cursor:
            return cursor.fetchall()

    def _open(self) -> sqlite3.Connection:
        os.makedirs(os.path.dirname(self._path), exist_ok=True)
        connection = sqlite3.connect(self._path, timeout=_WAIT_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            [(version,)] = connection.execute("PRAGMA user_version").fetchall()
            _require_known(version)
            # What a crash of the whole machine could leave behind shows in the checksums.
            connection.execute("PRAGMA synchronous = OFF")
            if version < SCHEMA:
                connection.executescript(f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version = {SCHEMA}; COMMIT;")
        except BaseException:
            connection.close()
            raise
        return connection

    def _attempt(self, action: Callable[[], _T]) -> _T | None:
        """Do `action`; whatever goes wrong in a damaged or unreachable database ends the use of it."""
        try:
            return action()
        except _GoneError:
            return None
        except (sqlite3.Error, OSError, ValueError, TypeError, AttributeError, OverflowError) as error:
            self._remark(f"doing without the cache {self._path}: {error}")
            self._close()
            if _shows_damage(error):  # the next run begins a new one
                with suppress(OSError):
                    os.unlink(self._path)
            return None

    def _close(self) -> None:
        with self._lock:  # another thread may be in the middle of a query
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.close()


def _require_known(version: int) -> None:
    if version > SCHEMA:
        raise OSError(f"it is from a newer version, with schema {version}")


def _shows_damage(error: Exception) -> bool:
    """Whether `error` is of a kind that will come again: no database, a malformed one, other tables, other types."""
    if isinstance(error, sqlite3.Error) and (code := getattr(error, "sqlite_errorcode", None)) is not None:
        return code & 0xFF in {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
    return not isinstance(error, OSError | AttributeError | sqlite3.ProgrammingError)


class _GoneError(Exception):
    """The database was given up."""


def _content_checksum(counter: int, blob: bytes, tokens: int, size: int, flags: int) -> int:
    return zlib.crc32(b"%d %b %d %d %d" % (counter, blob, tokens, size, flags))


def _state_row(path: str, stamp: Stamp, blob: str, day: int) -> tuple[Any, ...]:
    columns = (path_bytes(path), stamp.size, stamp.mtime_ns, stamp.ctime_ns, stamp.inode, bytes.fromhex(blob))
    return *columns, day, _state_checksum(*columns)


def _state_checksum(path: bytes, size: int, mtime_ns: int, ctime_ns: int, inode: int, blob: bytes) -> int:  # noqa: PLR0913, PLR0917
    return zlib.crc32(b"%b %d %d %d %d %b" % (path, size, mtime_ns, ctime_ns, inode, blob))


def _digest(name: bytes) -> int:
    """Return a number that stands for `name`, in the range of an SQLite integer."""
    return int.from_bytes(sha256(name).digest()[:8], "big", signed=True)
