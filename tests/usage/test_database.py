"""What can be wrong with a ledger: each is one line, and nothing is changed or made where it should not be."""

import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

import loopflow.usage.database as module
from loopflow.errors import LedgerError, LoopflowError, UsageError
from loopflow.usage.database import Database
from loopflow.usage.ledger import Ledger
from loopflow.usage.model import Entry
from tests.conftest import WITHOUT_PRIVILEGES
from tests.usage.test_ledger import ALL, NOW

ENTRY = Entry(NOW, 7)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the file of a ledger with one entry."""
    path = tmp_path / "ledger.sqlite3"
    Ledger(Database(str(path))).add([ENTRY])
    return path


def failure(path: Path | str) -> str:
    """Return what is said where neither adding nor, for most, reading works."""
    with pytest.raises(LedgerError) as error:
        Ledger(Database(str(path))).add([ENTRY])
    assert error.value.message.isprintable()
    assert error.value.hint
    return error.value.message


def test_a_file_is_of_its_owner_alone(path: Path) -> None:
    """So is the directory, where it is made."""
    assert path.stat().st_mode & 0o777 == 0o600
    deep = path.parent / "new" / "usage.sqlite3"
    Ledger(Database(str(deep))).add([ENTRY])
    assert deep.parent.stat().st_mode & 0o777 == 0o700


def test_a_ledger_that_is_locked_is_waited_for_and_then_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who reads need not wait."""
    monkeypatch.setattr(module, "_SECONDS", 0.1)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert failure(path) == f"{path} cannot be used: database is locked"
        assert Ledger(Database(str(path))).sum(ALL).exact.used == 7
    assert Ledger(Database(str(path))).add([ENTRY]).new == 1


def test_a_newer_ledger_is_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("UPDATE version SET number = 2")
    assert failure(path) == f"{path} is from a newer version, with schema 2"
    with pytest.raises(LedgerError, match="is from a newer version"):
        Ledger(Database(str(path))).sum(ALL)


def test_a_database_of_something_else_is_left_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other", isolation_level=None)) as other:
        other.execute("CREATE TABLE events (x)")
    assert failure(tmp_path / "other") == f"{tmp_path / 'other'} is a database of something else"


@pytest.mark.parametrize("content", [b"no database at all, but text" * 40, bytes(range(256)) * 20])
def test_what_is_no_database_is_left_as_it_is(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(content)
    assert failure(tmp_path / "x") == f"{tmp_path / 'x'} cannot be used: file is not a database"
    assert (tmp_path / "x").read_bytes() == content


def test_a_ledger_that_was_cut_short_is_named(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5_000])
    for left in path.parent.glob("*-wal"):
        left.unlink()
    assert failure(path).startswith(f"{path} cannot be used: ")


def test_a_directory_or_a_lost_link_is_no_ledger(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in (tmp_path, tmp_path / "link"):
        assert failure(name) == f"{name} is no file"
    assert not (tmp_path / "nowhere").exists()


def test_a_file_in_the_way_of_the_directory(path: Path) -> None:
    assert failure(path / "usage.sqlite3").startswith(f"{path / 'usage.sqlite3'} cannot be used: ")


READER = """
import sys
from loopflow.errors import LedgerError
from loopflow.usage.database import Database
from loopflow.usage.ledger import Ledger
from tests.usage.test_ledger import ALL, NOW
from loopflow.usage.model import Entry
ledger = Ledger(Database(sys.argv[1]))
print(ledger.sum(ALL).exact.used)
try:
    ledger.add([Entry(NOW, 1)])
except LedgerError as error:
    print(error.message)
"""


@pytest.mark.parametrize("mode", [0o444, 0o644])
def test_a_ledger_that_cannot_be_written_can_be_read(mode: int, path: Path) -> None:
    """The file, or the directory around it."""
    import sys  # noqa: PLC0415

    path.chmod(mode)
    path.parent.chmod(0o555)
    try:
        command = [*WITHOUT_PRIVILEGES, sys.executable, "-c", READER, str(path)]
        done = subprocess.run(
            command, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": "."}
        )
    finally:
        path.parent.chmod(0o755)
    used, said = done.stdout.splitlines()
    assert used == "7"
    assert said.startswith(f"{path} cannot be used: ")


def test_a_full_disk_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written before stays, nothing by halves: as SQLite says it of a file that may not grow."""
    plain = Database._connect_to_write  # noqa: SLF001

    def connect(self: Database) -> sqlite3.Connection:
        database = plain(self)
        [pages] = database.execute("PRAGMA page_count").fetchone()
        database.execute(f"PRAGMA max_page_count = {pages}")
        return database

    monkeypatch.setattr(Database, "_connect_to_write", connect)
    many = [Entry(NOW, 1, component=f"component {number}" * 9) for number in range(2_000)]
    with pytest.raises(LedgerError, match=r"cannot be used: database or disk is full$"):
        Ledger(Database(str(path))).add(many)
    monkeypatch.undo()
    assert Ledger(Database(str(path))).sum(ALL).exact.used == 7


@pytest.mark.parametrize("url", ["mysql://host/name", "://", "http://x", "postgresql+asyncpg://[::1", "sqlite:///x"])
def test_what_names_no_ledger_is_said(url: str) -> None:
    with pytest.raises(UsageError):
        Database(url)


def test_a_server_that_is_not_there_is_named_without_its_password() -> None:
    with pytest.raises(LoopflowError) as error:
        Ledger(Database("postgresql://me:hunter2@127.0.0.1:1/name")).sum(ALL)
    assert "hunter2" not in error.value.message + error.value.hint
    assert error.value.message.startswith("postgresql+psycopg://me:***@127.0.0.1:1/name cannot be used: ")


def _delete(database: Database) -> None:
    with database.reading() as connection:
        assert connection is not None
        connection.exec_driver_sql("DELETE FROM entries")


def test_who_reads_cannot_write(address: str, ledger: Ledger) -> None:
    """Not by SQL either."""
    ledger.add([ENTRY])
    database = Database(address)
    with pytest.raises(LedgerError, match=r"read-?only"):
        _delete(database)
    assert ledger.sum(ALL).exact.used == 7
