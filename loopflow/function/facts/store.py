"""Facts kept by blob id in SQLite, beside the core's cache and under its rules: a cache never changes an answer.

Whatever is wrong with the database ends the use of it, and nothing else. It holds what can be made again.
"""

import json
import os
import sqlite3
import sys
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Protocol

from loopflow.function.facts.model import VERSION, Facts, revive

FILE: Final = "functions.sqlite3"
KEPT_DAYS: Final = 30
_DAY: Final = 86_400
_WAIT_SECONDS: Final = 2.0
_SCHEMA: Final = 1
_TABLE: Final = """
CREATE TABLE facts (blob TEXT NOT NULL, maker TEXT NOT NULL, day INTEGER NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (blob, maker)) WITHOUT ROWID
"""


class FactStore(Protocol):
    """Where facts are kept."""

    def find(self, blob: str) -> Facts | None:
        """Return the facts of a blob, None where they are not known."""
        ...

    def add(self, blob: str, facts: Facts) -> None:
        """Keep the facts of a blob, at the latest when the store is saved."""
        ...

    def save(self) -> None:
        """Write what was added."""
        ...


class NoStore:
    """Keeps nothing."""

    def find(self, blob: str) -> Facts | None:  # noqa: ARG002  as a store is called
        """Know nothing."""
        return None

    def add(self, blob: str, facts: Facts) -> None:
        """Keep nothing."""

    def save(self) -> None:
        """Write nothing."""


class SqliteStore:
    """A store in the file `FILE` of a directory; `remark` is told why it is not used, if it is not."""

    def __init__(self, directory: str, remark: Callable[[str], object] = lambda _: None) -> None:
        self._path = os.path.join(directory, FILE)
        self._maker = f"{VERSION}:{sys.version_info.major}.{sys.version_info.minor}"
        self._remark = remark
        self._new: dict[str, bytes] = {}
        self._day = int(time.time()) // _DAY
        self._database: sqlite3.Connection | None = None
        self._is_given_up = False

    def find(self, blob: str) -> Facts | None:
        """Return the facts of a blob, None where they are not known."""
        found = self._attempt(lambda database: self._find(database, blob))
        return found if isinstance(found, Facts) else None

    def add(self, blob: str, facts: Facts) -> None:
        """Keep the facts of a blob when the store is saved."""
        if not self._is_given_up:
            text = json.dumps(facts, separators=(",", ":"), ensure_ascii=True)
            self._new[blob] = zlib.compress(text.encode("ascii"), 1)

    def save(self) -> None:
        """Write what was added, and forget what was added long ago: it is made again where it is still used."""
        if self._new:
            self._attempt(self._save)
            self._new = {}
        self.close()

    def close(self) -> None:
        """Give back the file."""
        database, self._database = self._database, None
        if database is not None:
            database.close()

    def _find(self, database: sqlite3.Connection, blob: str) -> Facts | None:
        query = "SELECT data FROM facts WHERE blob = ? AND maker = ?"
        row = database.execute(query, (blob, self._maker)).fetchone()
        return revive(json.loads(zlib.decompress(row[0]))) if row else None

    def _save(self, database: sqlite3.Connection) -> None:
        with database:
            database.execute("BEGIN IMMEDIATE")
            rows = [(blob, self._maker, self._day, data) for blob, data in sorted(self._new.items())]
            database.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?, ?, ?)", rows)
            database.execute("DELETE FROM facts WHERE day < ?", (self._day - KEPT_DAYS,))

    def _open(self) -> sqlite3.Connection:
        os.makedirs(os.path.dirname(self._path), exist_ok=True)
        database = sqlite3.connect(self._path, timeout=_WAIT_SECONDS, isolation_level=None)
        [(version,)] = database.execute("PRAGMA user_version").fetchall()
        if version > _SCHEMA:
            database.close()
            raise OSError(f"it is from a newer version, with schema {version}")
        database.execute("PRAGMA synchronous = OFF")  # what a crash could leave behind does not decompress
        if version < _SCHEMA:
            database.executescript(f"BEGIN IMMEDIATE; {_TABLE}; PRAGMA user_version = {_SCHEMA}; COMMIT;")
        return database

    def _attempt(self, action: Callable[[sqlite3.Connection], Any]) -> Any:  # noqa: ANN401  whatever the action returns
        if self._is_given_up:
            return None
        try:
            if self._database is None:
                self._database = self._open()
            return action(self._database)
        except (sqlite3.Error, OSError, ValueError, TypeError, IndexError, AttributeError, zlib.error) as error:
            self._remark(f"doing without the facts in {self._path}: {error}")
            self._is_given_up = True
            self.close()
            if isinstance(error, sqlite3.DatabaseError | zlib.error | ValueError) and not _is_busy(error):
                with suppress(OSError):
                    os.unlink(self._path)
            return None


def _is_busy(error: Exception) -> bool:
    return isinstance(error, sqlite3.OperationalError)
