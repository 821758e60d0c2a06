"""What failed in earlier runs, kept in SQLite.

A run is remembered in one transaction, or not at all. Whatever is wrong with the database (locked, damaged, full, from
a newer version, not to be written) is a `StoreError` that says why, and never more than that. It holds what cannot be
made again: a damaged one is left as it is.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import date, datetime
from typing import Final
from urllib.parse import quote

from loopflow.analysis.names import escape_name, path_bytes
from loopflow.errors import describe_os_error
from loopflow.logs.archive import finished_archives, remove_archives
from loopflow.logs.hashing import hash_source
from loopflow.logs.model import Digest
from loopflow.logs.originals import Range
from loopflow.logs.records import (
    SCHEMA,
    TABLES,
    Found,
    Kept,
    NewRun,
    count_runs,
    failures_of,
    find_failure,
    find_refs,
    find_runs,
    find_since,
    forget_archives,
    insert_run,
    range_of,
)

FILE: Final = "logs.sqlite3"
_WAIT_SECONDS: Final = 2.0


class StoreError(Exception):
    """The store cannot be used. Its text says why, and stands after "not remembered: "."""


class Store:
    """The store in a data directory. Nothing is opened or made before it is needed."""

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self._path = os.path.join(directory, FILE)

    def known_since(self, project: str, refs: Iterable[str]) -> Mapping[str, date]:
        """Return the day (UTC) of the first run in which the project had each of these, if it had it.

        Raises StoreError.
        """
        with self._reading() as database:
            return find_since(database, project, refs) if database else {}

    def refs(self, prefix: str, most: int) -> list[str]:
        """Return the references that begin so, of any project, but no more than `most`. Raises StoreError."""
        with self._reading() as database:
            return find_refs(database, prefix, most) if database else []

    def runs(self, ref: str, most: int) -> list[int]:
        """Return the newest runs that had a failure, the newest first, but no more than `most`. Raises StoreError."""
        with self._reading() as database:
            return find_runs(database, ref, most) if database else []

    def find(self, ref: str, run: int) -> Found | None:
        """Return what is known of a failure in a run, None where it was not in it. Raises StoreError."""
        with self._reading() as database:
            return find_failure(database, ref, run) if database else None

    def remember(self, digest: Digest, project: str, now: datetime, kept: Sequence[Kept]) -> int:
        """Keep a run of `project` and return its number; `kept` says of each source where its original is.

        Archives that are not finished are finished. Raises StoreError, and then nothing is kept, archives neither.
        """
        archives = [each.archive for each in kept if each.archive]
        try:
            with self._guarded():
                hashes = _hash(digest, kept)
                with closing(self._open()) as database:
                    run, gone = _write(database, self.directory, NewRun(digest, project, now, kept, hashes))
                for archive in archives:
                    archive.keep()
        finally:
            for archive in archives:
                archive.discard()
        remove_archives(self.directory, gone)
        return run

    def check(self) -> int:
        """Return how many runs are remembered, once it is certain that another one could be. Raises StoreError."""
        with self._guarded(), closing(self._open()) as database:
            database.execute("BEGIN IMMEDIATE")
            try:
                return count_runs(database)
            finally:
                database.execute("ROLLBACK")

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        with self._guarded():
            if not os.path.lexists(self._path):
                yield None
                return
            with closing(self._connect_to_read()) as database:
                yield database if _version(database) else None

    def _connect_to_read(self) -> sqlite3.Connection:
        """Open it without writing; where its directory cannot be written, without what others write meanwhile."""
        self._require_file()
        address = f"file:{quote(path_bytes(self._path))}?mode=ro"
        database = _connect(address, uri=True)
        try:
            _version(database)
        except BaseException as error:
            database.close()
            if not _needs_writing(error) or os.path.exists(f"{self._path}-wal"):
                raise
            database = _connect(f"{address}&immutable=1", uri=True)
        return database

    def _open(self) -> sqlite3.Connection:
        os.makedirs(self.directory, mode=0o700, exist_ok=True)
        self._require_file()
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        database = _connect(self._path)
        try:
            if _version(database) < SCHEMA:
                database.executescript(f"BEGIN IMMEDIATE; {TABLES} PRAGMA user_version = {SCHEMA}; COMMIT;")
            _read_beside_writers(database)
        except BaseException:
            database.close()
            raise
        return database

    def _require_file(self) -> None:
        """Raise StoreError for what SQLite would say nothing useful of, or would make a file out of."""
        if os.path.isdir(self._path):
            raise StoreError(f"{escape_name(self._path)} is a directory")
        if os.path.islink(self._path) and not os.path.exists(self._path):
            raise StoreError(f"{escape_name(self._path)} is a link that leads nowhere")

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreError(f"{escape_name(self._path)}: {describe_os_error(error)}") from error
        except (sqlite3.Error, ValueError, TypeError, OverflowError) as error:
            raise StoreError(f"{escape_name(self._path)}: {escape_name(str(error))}") from error


def open_store(directory: str) -> Store:
    """Return the store in the data directory `directory`."""
    return Store(directory)


def _hash(digest: Digest, kept: Sequence[Kept]) -> list[Mapping[Range, bytes]]:
    """Return the hashes of all that failed, by source. Raises StoreError where a file changed meanwhile."""
    ranges: list[list[Range]] = [[] for _ in digest.sources]
    for failure in failures_of(digest):
        for span in failure.spans:
            ranges[span.file].append(range_of(span))
    hashes = []
    for wanted, (opened, archive) in zip(ranges, kept, strict=True):
        path = archive.path if archive and archive.finish() else ""
        found = hash_source(opened, path, wanted)
        if found is None:
            raise StoreError("it changed while it was read")
        hashes.append(found)
    return hashes


def _write(database: sqlite3.Connection, directory: str, new: NewRun) -> tuple[int, list[str]]:
    """Write a run in one transaction; return its number, and the names of archives that are of no use any more.

    Archives get their names within it: no other run can be between that and its end meanwhile, so that an archive that
    no row names was left behind by a kill.
    """
    database.execute("BEGIN IMMEDIATE")
    try:
        run = insert_run(database, new)
        known = forget_archives(database)
        gone = [name for name in finished_archives(directory) if name not in known]
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise
    return run, gone


def _connect(address: str, *, uri: bool = False) -> sqlite3.Connection:
    return sqlite3.connect(address, timeout=_WAIT_SECONDS, isolation_level=None, uri=uri)


def _read_beside_writers(database: sqlite3.Connection) -> None:
    """Let nobody who reads wait for us. Where others have it open in the old way, or it cannot be, they wait."""
    [(mode,)] = database.execute("PRAGMA journal_mode").fetchall()
    if mode != "wal":
        with suppress(sqlite3.OperationalError):
            database.execute("PRAGMA journal_mode = WAL").fetchall()
    database.execute("PRAGMA synchronous = NORMAL")


def _needs_writing(error: BaseException) -> bool:
    """Whether a database could not be read because nothing can be written beside it."""
    codes = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}
    return isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode & 0xFF in codes


def _version(database: sqlite3.Connection) -> int:
    """Return which schema it has, 0 for none. Raises StoreError for a newer one."""
    [(version,)] = database.execute("PRAGMA user_version").fetchall()
    if version > SCHEMA:
        raise StoreError(f"what is stored is from a newer version, with schema {version}")
    return int(version)
