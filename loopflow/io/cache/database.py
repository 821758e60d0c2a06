"""What is known from earlier runs, in SQLite: the only module that knows its schema.

Two tables. `content` holds what a blob id counts as, for one encoding, rule of decoding and set of rules: it serves the
work tree, the index and revisions alike, whichever engine counted. What only one engine counts so is kept apart, under
an id of its own, and stands in no page. `page` holds, for each directory of a tree, what a run knew of its files: their
state on disk, so that an unchanged file need not be opened, their blob ids, and what those count as, so that ids need
not be looked up one by one. A state is only written down when its times lie more than two seconds before the run began:
a file system's clock is coarse, and a later change must be able to show (git calls such entries racy).

The cache never changes an answer and never fails a run. Each row carries a checksum, and one that does not match is not
there. A database that is missing, damaged, locked, read-only, full or from a newer version is done without, with a
remark for whoever wants to know.
"""

import os
import sqlite3
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from hashlib import sha256
from itertools import islice
from threading import Lock
from typing import Any, Protocol, TypeVar

from loopflow.analysis.names import path_bytes
from loopflow.io.cache.page_format import NO_STAMP, Content, Numbers
from loopflow.model import Stamp

_T = TypeVar("_T")

SCHEMA = 2
SETTLED_NS = 2_000_000_000
KEPT_DAYS = 60
_REFRESHED_DAYS = 7
_WAIT_SECONDS = 1.0
_AT_ONCE = 500
_SCAN_FROM = 4  # reading all rows is faster than looking up more than a quarter of them
_OLDEST_NS = -(2**63)  # of what SQLite can hold: the year 1677
_DAY_NS = 86_400_000_000_000

_TABLES = """
CREATE TABLE IF NOT EXISTS content (
    counter INTEGER NOT NULL,  -- digest of what counts depend on
    blob BLOB NOT NULL,        -- git blob id
    tokens INTEGER NOT NULL,
    size INTEGER NOT NULL,     -- bytes
    flags INTEGER NOT NULL,    -- 1: lossy, 2: binary
    facts TEXT NOT NULL,       -- what the content says about itself
    day INTEGER NOT NULL,      -- when it was last of use, in days since 1970
    checksum INTEGER NOT NULL, -- CRC-32 of the columns up to facts
    PRIMARY KEY (counter, blob)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS page (
    tree INTEGER NOT NULL,     -- digest of the absolute path that paths are relative to, and of the counter
    directory BLOB NOT NULL,
    day INTEGER NOT NULL,
    entries BLOB NOT NULL,     -- see pages.py
    checksum INTEGER NOT NULL, -- CRC-32 of tree, directory and entries
    PRIMARY KEY (tree, directory)
);
DROP TABLE IF EXISTS stat;
"""


class Cache(Protocol):
    """What is known of contents by blob id, and of a tree's files by directory."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known, so that an encoding will surely have to be loaded."""
        ...

    def contents(self, blobs: Iterable[str], apart: str = "") -> dict[str, Content]:
        """Return what is known of these blob ids; with `apart`, what the engine of that name alone counts them as."""
        ...

    def pages(self, root: str, directories: Collection[str] | None = None) -> dict[str, bytes]:
        """Return the pages of the tree at `root` (absolute) by directory, "" for the root; all, or at least those."""
        ...

    def settled(self, stamp: Stamp) -> Stamp:
        """Return `stamp`, or none where a later change of the file could leave it as it is."""
        ...

    def save(self, contents: Mapping[str, Content], root: str, pages: Mapping[str, bytes], apart: str = "") -> None:
        """Keep what was found, for the next run; `pages` take the place of those there are.

        With `apart`, the contents are what the engine of that name alone counts them as.
        """
        ...


class NoCache:
    """Knows nothing and keeps nothing."""

    is_empty = True

    def contents(self, blobs: Iterable[str], apart: str = "") -> dict[str, Content]:  # noqa: ARG002
        """Return nothing."""
        return {}

    def pages(self, root: str, directories: Collection[str] | None = None) -> dict[str, bytes]:  # noqa: ARG002
        """Return nothing."""
        return {}

    def settled(self, stamp: Stamp) -> Stamp:
        """Return `stamp`: nothing will rely on it."""
        return stamp

    def save(self, contents: Mapping[str, Content], root: str, pages: Mapping[str, bytes], apart: str = "") -> None:
        """Keep nothing."""


class SqliteCache:
    """A cache in the file at `path`, for one way of counting. `now_ns` is when the run began, in ns since 1970."""

    def __init__(self, path: str, counter: str, now_ns: int, remark: Callable[[str], object]) -> None:
        self._path = path
        self._name = counter
        self._counter = _digest(counter.encode())
        self._now_ns = now_ns
        self._day = now_ns // _DAY_NS
        self._remark = remark
        self._lock = Lock()
        self._used_contents: list[tuple[int, bytes]] = []
        self._used_tree: int | None = None
        self._known_rows: int | None = None
        self._has_forgotten = False
        self._connection: sqlite3.Connection | None = None
        self._connection = self._attempt(self._open)

    def __del__(self) -> None:  # when the last thread that may still save is done with it
        self._close()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known for this counter, nor of any tree: its files may all be binary ones."""
        query = "SELECT 1 FROM content WHERE counter = ? UNION ALL SELECT 1 FROM page LIMIT 1"
        return not self._attempt(lambda: self._query(query, (self._counter,)))

    def contents(self, blobs: Iterable[str], apart: str = "") -> dict[str, Content]:
        """Return what is known of these blob ids; with `apart`, what the engine of that name alone counts them as."""
        counter = self._counter_of(apart)
        return self._attempt(lambda: self._contents(counter, {bytes.fromhex(blob) for blob in blobs})) or {}

    def pages(self, root: str, directories: Collection[str] | None = None) -> dict[str, bytes]:
        """Return the pages of the tree at `root` by directory: all, or a few where no more are wanted."""
        return self._attempt(lambda: self._pages(self._tree(root), directories)) or {}

    def _counter_of(self, apart: str) -> int:
        return _digest(f"{self._name}:{apart}".encode()) if apart else self._counter

    def _contents(self, counter: int, wanted: set[bytes]) -> dict[str, Content]:
        found: dict[str, Content] = {}
        for blob, tokens, size, flags, facts, day, checksum in self._rows(counter, wanted):
            if blob in wanted and checksum == _checksum(counter, blob, (tokens, size, flags), facts):
                found[blob.hex()] = Content.of((tokens, size, flags), facts)
                if day < self._day - _REFRESHED_DAYS:
                    self._used_contents.append((counter, blob))
        return found

    def _pages(self, tree: int, directories: Collection[str] | None) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        query, values = "SELECT directory, entries, day, checksum FROM page WHERE tree = ?", (tree,)
        if directories is not None and len(directories) <= _AT_ONCE:
            query += f" AND directory IN ({','.join('?' * len(directories))})"
            rows = self._query(query, (*values, *map(path_bytes, directories)))
        else:
            rows = self._query(query, values)
        for directory, entries, day, checksum in rows:
            if checksum == _page_checksum(tree, directory, entries):
                found[directory.decode("utf-8", "surrogateescape")] = entries
                if day < self._day - _REFRESHED_DAYS:
                    self._used_tree = tree
        return found

    def _tree(self, root: str) -> int:
        return _digest(b"%d %b" % (self._counter, path_bytes(root)))

    def settled(self, stamp: Stamp) -> Stamp:
        """Return `stamp`, or none where its times are too close to the beginning of this run, or beyond SQLite."""
        settled = self._now_ns - SETTLED_NS
        return stamp if _OLDEST_NS < stamp.mtime_ns < settled and stamp.ctime_ns < settled else NO_STAMP

    def save(self, contents: Mapping[str, Content], root: str, pages: Mapping[str, bytes], apart: str = "") -> None:
        """Keep what was found, note what was of use, and forget what was not for a long time."""
        if contents or pages or self._used_contents or self._used_tree is not None:
            counter = self._counter_of(apart)
            rows = [self._content_row(counter, bytes.fromhex(blob), contents[blob]) for blob in sorted(contents)]
            self._attempt(lambda: self._save(rows, self._tree(root), pages))

    def _save(self, contents: Sequence[tuple[Any, ...]], tree: int, pages: Mapping[str, bytes]) -> None:
        if self._connection is None:
            raise _GoneError
        with self._lock, self._connection as database:
            database.execute("BEGIN IMMEDIATE")
            database.executemany(
                "INSERT OR REPLACE INTO content VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                contents,
            )
            database.executemany(
                "INSERT OR REPLACE INTO page VALUES (?, ?, ?, ?, ?)",
                (self._page_row(tree, path_bytes(directory), page) for directory, page in pages.items()),
            )
            database.executemany(
                "UPDATE content SET day = ? WHERE counter = ? AND blob = ?",
                ((self._day, *used) for used in self._used_contents),
            )
            if self._used_tree is not None:
                database.execute("UPDATE page SET day = ? WHERE tree = ?", (self._day, self._used_tree))
            for table in () if self._has_forgotten else ("content", "page"):  # it looks at every row
                database.execute(f"DELETE FROM {table} WHERE day < ?", (self._day - KEPT_DAYS,))  # noqa: S608
            self._has_forgotten = True
            self._known_rows = None if self._known_rows is None else self._known_rows + len(contents)

    def _page_row(self, tree: int, directory: bytes, page: bytes) -> tuple[Any, ...]:
        return tree, directory, self._day, page, _page_checksum(tree, directory, page)

    def _content_row(self, counter: int, blob: bytes, content: Content) -> tuple[Any, ...]:
        numbers = content.numbers
        checksum = _checksum(counter, blob, numbers, content.facts)
        return counter, blob, *numbers, content.facts, self._day, checksum

    def _rows(self, counter: int, wanted: set[bytes]) -> Iterator[tuple[Any, ...]]:
        query = "SELECT blob, tokens, size, flags, facts, day, checksum FROM content WHERE counter = ?"
        if self._known_rows is None:  # which looks at every row
            [(self._known_rows,)] = self._query("SELECT count(*) FROM content WHERE counter = ?", (counter,))
        if len(wanted) * _SCAN_FROM > self._known_rows:
            yield from self._query(query, (counter,))
            return
        ids = iter(sorted(wanted))
        while some := tuple(islice(ids, _AT_ONCE)):
            yield from self._query(f"{query} AND blob IN ({','.join('?' * len(some))})", (counter, *some))

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


def _checksum(counter: int, blob: bytes, numbers: Numbers, facts: str) -> int:
    return zlib.crc32(b"%d %b %d %d %d %b" % (counter, blob, *numbers, facts.encode()))


def _page_checksum(tree: int, directory: bytes, page: bytes) -> int:
    return zlib.crc32(page, zlib.crc32(b"%d %b" % (tree, directory)))


def _digest(name: bytes) -> int:
    """Return a number that stands for `name`, in the range of an SQLite integer."""
    return int.from_bytes(sha256(name).digest()[:8], "big", signed=True)
