"""The tables of the store, and what is written to them and asked of them: the only module that knows their schema.

`runs` has a row for each log, or set of logs, that was reduced; `sources` has its files. `errors` holds what failed, by
project (the root of a repository, or the name of a log) and reference, over all runs; `failures` how often in each run,
and `occurrences` where: ranges of lines, their bytes, and the SHA-256 of these. `archives` names the kept originals.

Paths and names are stored as the bytes that they are.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any, Final, NamedTuple

from loopflow.analysis.names import path_bytes
from loopflow.logs.archive import MOST_BYTES, MOST_RUNS, ArchiveWriter
from loopflow.logs.model import Digest, Failure, Priority, Source, Span
from loopflow.logs.originals import Opened, Range
from loopflow.logs.signatures import hide

SCHEMA: Final = 1
_AT_ONCE: Final = 500
_LONGEST_HEADLINE: Final = 300

TABLES: Final = """
CREATE TABLE IF NOT EXISTS runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,        -- seconds since 1970
    project BLOB NOT NULL,
    log_type TEXT NOT NULL,
    preset TEXT NOT NULL,
    encoding TEXT NOT NULL,
    tokens_before INTEGER,      -- NULL: not counted
    tokens_after INTEGER NOT NULL,
    fit INTEGER NOT NULL,
    failed INTEGER NOT NULL     -- how many critical failures it had
);
CREATE TABLE IF NOT EXISTS sources (
    run INTEGER NOT NULL,
    file INTEGER NOT NULL,      -- which of the run's files, from 0
    name BLOB NOT NULL,
    path BLOB NOT NULL,         -- empty: what came through a pipe
    sha256 TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    lines INTEGER NOT NULL,
    size INTEGER,               -- as the file was when it was opened; NULL: a pipe
    mtime_ns INTEGER,
    PRIMARY KEY (run, file)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS errors (
    project BLOB NOT NULL,
    ref TEXT NOT NULL,
    kind TEXT NOT NULL,
    headline TEXT NOT NULL,
    recogniser TEXT NOT NULL,
    priority INTEGER NOT NULL,
    first_run INTEGER NOT NULL,
    last_run INTEGER NOT NULL,
    count INTEGER NOT NULL,     -- over all runs
    PRIMARY KEY (project, ref)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS failures (
    ref TEXT NOT NULL,
    run INTEGER NOT NULL,
    count INTEGER NOT NULL,     -- in this run
    PRIMARY KEY (ref, run)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS occurrences (
    run INTEGER NOT NULL,
    ref TEXT NOT NULL,
    file INTEGER NOT NULL,
    first_line INTEGER NOT NULL,
    last_line INTEGER NOT NULL,
    first_byte INTEGER NOT NULL,
    last_byte INTEGER NOT NULL, -- the one after the last
    sha256 BLOB,                -- of these bytes; NULL: no original was kept
    PRIMARY KEY (run, ref, file, first_line, last_line)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS archives (
    run INTEGER NOT NULL,
    file INTEGER NOT NULL,
    name TEXT NOT NULL,         -- in the folder of archives
    packed INTEGER NOT NULL,    -- bytes
    PRIMARY KEY (run, file)
) WITHOUT ROWID;
"""


class Kept(NamedTuple):
    """Where the original of a source is: the file as it was opened, an archive, both, or (None, None) neither."""

    opened: Opened | None
    archive: ArchiveWriter | None


class Place(NamedTuple):
    """Where a failure stood in a run; `archive` is a name, or "", `sha256` None where no original was kept."""

    name: str
    path: str
    opened: Opened | None
    first: int
    last: int
    range: Range
    sha256: bytes | None
    archive: str


class Found(NamedTuple):
    """A failure in a run. `earlier` are the runs that had it too, the newest first: a few of them."""

    ref: str
    run: int
    at: datetime
    headline: str
    times: int
    places: tuple[Place, ...]
    earlier: tuple[int, ...]


class NewRun(NamedTuple):
    """A run that is to be remembered; `hashes` are by source."""

    digest: Digest
    project: str
    now: datetime
    kept: Sequence[Kept]
    hashes: Sequence[Mapping[Range, bytes]]


def insert_run(database: sqlite3.Connection, new: NewRun) -> int:
    """Insert all of a run, and give its archives their names; return its number. Raises OSError."""
    run = _insert_run(database, new)
    for file, each in enumerate(zip(new.digest.sources, new.kept, strict=True)):
        _insert_source(database, (run, file), *each)
    _insert_failures(database, run, new)
    return run


def forget_archives(database: sqlite3.Connection) -> set[str]:
    """Forget the archives of all but the newest runs, as many as there is room for; return the names of the others."""
    query = "SELECT run, sum(packed) FROM archives GROUP BY run ORDER BY run DESC"
    room = MOST_BYTES
    for place, (run, packed) in enumerate(database.execute(query).fetchall()):
        room -= packed
        if place >= MOST_RUNS or room < 0:
            database.execute("DELETE FROM archives WHERE run <= ?", (run,))
            break
    return {name for (name,) in database.execute("SELECT name FROM archives")}


def find_since(database: sqlite3.Connection, project: str, refs: Iterable[str]) -> dict[str, date]:
    """Return the day (UTC) of the first run in which a project had each of these, if it had it."""
    found: dict[str, date] = {}
    wanted = iter(refs)
    while some := tuple(islice(wanted, _AT_ONCE)):
        query = "SELECT ref, at FROM errors JOIN runs ON id = first_run WHERE errors.project = ? AND ref IN"
        query = f"{query} ({','.join('?' * len(some))})"
        rows = database.execute(query, (path_bytes(project), *some))
        found |= {ref: _moment(at).date() for ref, at in rows}
    return found


def find_refs(database: sqlite3.Connection, prefix: str, most: int) -> list[str]:
    """Return the references that begin so, but no more than `most`."""
    query = "SELECT DISTINCT ref FROM failures WHERE ref >= ? AND ref < ? ORDER BY ref LIMIT ?"
    return [ref for (ref,) in database.execute(query, (prefix, f"{prefix}~", most))]


def count_runs(database: sqlite3.Connection) -> int:
    """Return how many runs there are."""
    [(many,)] = database.execute("SELECT count(*) FROM runs").fetchall()
    return int(many)


def find_runs(database: sqlite3.Connection, ref: str, most: int) -> list[int]:
    """Return the newest runs that had a failure, the newest first, but no more than `most`."""
    query = "SELECT run FROM failures WHERE ref = ? ORDER BY run DESC LIMIT ?"
    return [run for (run,) in database.execute(query, (ref, most))]


def _insert_run(database: sqlite3.Connection, new: NewRun) -> int:
    digest = new.digest
    failed = sum(each.block.priority is Priority.CRITICAL for each in failures_of(digest))
    row = (
        int(new.now.timestamp()),
        path_bytes(new.project),
        *map(_text, (digest.log_type, digest.preset, digest.encoding)),
        digest.tokens_before,
        digest.tokens_after,
        digest.fit,
        failed,
    )
    cursor = database.execute("INSERT INTO runs VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    assert cursor.lastrowid is not None  # noqa: S101  a row was inserted
    return cursor.lastrowid


def _insert_source(database: sqlite3.Connection, key: tuple[int, int], source: Source, kept: Kept) -> None:
    opened, archive = kept
    state = (opened.size, opened.mtime_ns) if opened else (None, None)
    names = path_bytes(source.name), path_bytes(source.path)
    row = (*key, *names, source.sha256, source.bytes, source.lines, *state)
    database.execute("INSERT INTO sources VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    if archive and not archive.failure:
        name = archive.commit(*key)
        database.execute("INSERT INTO archives VALUES (?, ?, ?, ?)", (*key, name, archive.packed))


def _insert_failures(database: sqlite3.Connection, run: int, new: NewRun) -> None:
    project = path_bytes(new.project)
    failures = failures_of(new.digest)
    database.executemany(
        "INSERT INTO errors VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET kind = excluded.kind,"
        " headline = excluded.headline, recogniser = excluded.recogniser, priority = excluded.priority,"
        " last_run = excluded.last_run, count = count + excluded.count",
        ((project, each.ref, *_words(each), int(each.block.priority), run, run, each.count) for each in failures),
    )
    database.executemany(
        "INSERT INTO failures VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count",
        ((each.ref, run, each.count) for each in failures),
    )
    database.executemany(
        "INSERT OR IGNORE INTO occurrences VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                run,
                each.ref,
                span.file,
                span.first,
                span.last,
                *range_of(span),
                new.hashes[span.file].get(range_of(span)),
            )
            for each in failures
            for span in each.spans
        ),
    )


def find_failure(database: sqlite3.Connection, ref: str, run: int) -> Found | None:
    """Return what is known of a failure in a run, None where it was not in it."""
    query = (
        "SELECT failures.count, at, headline FROM failures JOIN runs ON id = run"
        " JOIN errors ON errors.project = runs.project AND errors.ref = failures.ref"
        " WHERE failures.ref = ? AND run = ?"
    )
    row = database.execute(query, (ref, run)).fetchone()
    if row is None:
        return None
    count, at, headline = row
    query = (
        "SELECT sources.name, path, size, mtime_ns, first_line, last_line, first_byte, last_byte, occurrences.sha256,"
        " archives.name FROM occurrences JOIN sources USING (run, file) LEFT JOIN archives USING (run, file)"
        " WHERE run = ? AND ref = ? ORDER BY file, first_line, last_line"
    )
    places = tuple(_place(*each) for each in database.execute(query, (run, ref)))
    query = "SELECT run FROM failures WHERE ref = ? AND run < ? ORDER BY run DESC LIMIT 3"
    earlier = tuple(each for (each,) in database.execute(query, (ref, run)))
    return Found(ref, run, _moment(at), headline, count, places, earlier)


def _place(name: bytes, path: bytes, size: int | None, mtime_ns: int | None, *where: Any) -> Place:  # noqa: ANN401
    first, last, start, end, sha256, archive = where
    where_it_lay = _path(path)
    opened = Opened(where_it_lay, size, mtime_ns) if size is not None and mtime_ns is not None else None
    return Place(_path(name), where_it_lay, opened, first, last, Range(start, end), sha256, archive or "")


def failures_of(digest: Digest) -> list[Failure]:
    """Return all that failed, whatever became of it in the digest."""
    return [outcome.failure for outcome in digest.outcomes]


def range_of(span: Span) -> Range:
    """Return the bytes of lines. The first line begins with the file, whatever mark stands there."""
    return Range(0 if span.first == 1 else span.start, span.end)


def _words(failure: Failure) -> tuple[str, str, str]:
    """Return the kind, the headline and the recogniser. Whatever was printed, no secret is stored."""
    block = failure.block
    headline = hide(block.lines[block.headline].text) if block.lines else ""
    return _text(hide(block.kind)), _text(headline[:_LONGEST_HEADLINE]), _text(block.recogniser)


def _text(text: str) -> str:
    """Return text that SQLite can hold."""
    return text.encode("utf-8", "replace").decode()


def _path(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _moment(at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC)
