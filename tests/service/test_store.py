"""What the database keeps, in SQLite and PostgreSQL, and what happens while it does not answer."""

import asyncio
import os
import sqlite3
import stat
import threading
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import OperationalError

from loopflow.errors import UsageError
from loopflow.model import Stamp
from loopflow.service.counting import TokenCountingService
from loopflow.service.database import Database, SchemaError, read_database_url, show_database
from loopflow.service.errors import StoreUnavailable
from loopflow.service.keeping import CountRow, FileRow, Removal, ResponseRow, VariableRow
from loopflow.service.model import CacheLevel
from loopflow.service.store import SqlStore
from loopflow.tokens import count

DIGEST = "ab" * 32


def row(digest: str = DIGEST, tokens: int = 1, encoding: str = "o200k_base", id_: str = "1" * 16) -> CountRow:
    """Return a count."""
    return CountRow(digest, encoding, id_, tokens, 4)


def response(key: str = "k", name: str = "https://x/", tokens: int = 1) -> ResponseRow:
    """Return what was fetched."""
    return ResponseRow(
        key * 64, name, DIGEST, tokens, lossy=False, etag='"e"', last_modified="", fetched_at=1.5, expires_at=2
    )


def test_counts_are_found_by_digest_and_encoding(database: Database) -> None:
    """The first that is written stays."""
    database.write([row(tokens=7), row("cd" * 32)], ())
    database.write([row(tokens=8)], ())
    found, stale = database.find_counts([DIGEST, "ef" * 32], ["1" * 16, "2" * 16])
    assert (found, stale) == ({(DIGEST, "1" * 16): 7}, [])
    assert database.count_rows() == 2


def test_rows_of_all_kinds_come_back(database: Database) -> None:
    """Names that are no text included; the newest is what holds."""
    name = os.fsdecode(b"a\xff b")
    files = [FileRow("/r", name, Stamp(size, 2**62, -1, 2**63 - 1), DIGEST, 3, lossy=True) for size in (1, 2)]
    variables = [VariableRow("v\u00e9]", each * 64) for each in "12"]
    for number in range(2):
        database.write([files[number], response(tokens=number), variables[number]], ())
    assert database.find_files("/r", [name, "other"]) == {name: files[1]}
    assert database.find_files("/other", [name]) == {}
    assert database.find_response("k" * 64) == response(tokens=1)
    assert database.find_variable("v\u00e9]") == variables[1]
    assert (database.find_response("x"), database.find_variable("x")) == (None, None)


@pytest.mark.parametrize(
    ("removal", "left"),
    [
        (Removal(digest=DIGEST), 2),
        (Removal(encoding="cl100k_base"), 3),
        (Removal(digest=DIGEST, encoding="cl100k_base"), 3),
        (Removal(everything=True), 0),
        (Removal(pattern="https://x/*"), 4),
    ],
)
def test_what_is_removed(database: Database, removal: Removal, left: int) -> None:
    """By text, by encoding, by both, everything; by the addresses of answers."""
    rows = [row(), row("cd" * 32), row("ef" * 32), row(encoding="cl100k_base", id_="2" * 16)]
    answers = [response(str(n), f"https://x/{n}_") for n in range(3)]
    database.write([*rows, *answers, response("9", "https://y/")], ())
    assert database.remove(removal) > 0
    assert database.count_rows() == left
    if removal.pattern:
        assert database.find_response("1" * 64) is None
        assert database.find_response("9" * 64) is not None


def test_what_is_of_no_use_is_forgotten(database: Database) -> None:
    """After 60 days; a lookup notes that it is of use, at most once a week."""
    database.write([row(), row("cd" * 32)], ())
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE token_counts SET updated_at = updated_at - 59 * 86400"))
    _, stale = database.find_counts([DIGEST], ["1" * 16])
    assert stale == [(DIGEST, "1" * 16)]
    database.write([], stale)
    assert database.find_counts([DIGEST], ["1" * 16])[1] == []
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE token_counts SET updated_at = updated_at - 2 * 86400"))
    assert (database.prune(), database.count_rows()) == (1, 1)


def test_a_newer_schema_is_refused(database: Database) -> None:
    """Nothing of it is touched."""
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE meta SET value = 2"))
    with pytest.raises(SchemaError):
        database.create()
    with pytest.raises(SchemaError):
        asyncio.run(SqlStore(database).open())


def test_a_second_process_answers_from_the_database(database: Database) -> None:
    """What was counted before a stop is known after it: in both encodings, and what was not, is not."""

    async def once() -> list[CacheLevel]:
        store = SqlStore(database)
        await store.open()
        service = TokenCountingService(store)
        counts = [await service.count("restart", encoding) for encoding in ("cl100k_base", "o200k_base")]
        assert [each.tokens for each in counts] == [count("restart", each.encoding) for each in counts]
        counts.append(await service.count("restart"))
        await store.close()
        service.close()
        return [each.level for each in counts]

    assert asyncio.run(once()) == ["computed", "computed", "memory"]
    assert asyncio.run(once()) == ["database", "database", "memory"]


def test_many_writers_at_once(database: Database) -> None:
    """Each writes the same rows in an order of its own: nobody waits in a circle, and each is there once."""

    async def write() -> None:
        stores = [SqlStore(database) for _ in range(4)]
        for number, store in enumerate(stores):
            for digest in range(300):
                store.keep(row(f"{(digest * (2 * number + 1)) % 300:064}"))
        await asyncio.gather(*(store.flush() for store in stores))
        assert [store.pending for store in stores] == [0] * 4

    asyncio.run(write())
    assert database.count_rows() == 300


def test_locked_database_p99(tmp_path: Path) -> None:
    """While somebody holds the database, counts go on, and are written once it is free again."""
    database = Database(read_database_url(f"sqlite:///{tmp_path}/s"))

    async def count_while_locked() -> None:
        store = SqlStore(database, alone=0.05)
        await store.open()
        service = TokenCountingService(store)
        other = sqlite3.connect(tmp_path / "s", isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        counts = [await service.count(f"text {number}") for number in range(20)]
        assert [each.tokens for each in counts] == [count(f"text {n}", "cl100k_base") for n in range(20)]
        assert {each.level for each in counts} == {CacheLevel.COMPUTED}
        other.execute("COMMIT")
        other.close()
        await store.flush()
        await store.close()

    asyncio.run(count_while_locked())
    assert database.count_rows() == 20


@pytest.mark.parametrize("harm", ["gone", "read-only", "damaged", "a directory"])
def test_a_database_that_cannot_be_used_changes_no_count(tmp_path: Path, harm: str) -> None:
    """Counts are the same; it is said to be down."""
    path = tmp_path / "d/s"
    database = Database(read_database_url(f"sqlite:///{path}"))

    async def use() -> None:
        store = SqlStore(database, alone=60)
        await store.open()
        if harm != "read-only":
            assert store.state == "down"
        service = TokenCountingService(store)
        assert [(await service.count("hello", "o200k_base")).tokens for _ in range(2)] == [1, 1]
        for _ in range(4):
            await store.flush()
        assert store.state == "down"
        with pytest.raises(StoreUnavailable):
            await store.remove(Removal(everything=True))
        await store.close()

    if harm == "gone":
        (tmp_path / "d").write_text("a file in its way")
    elif harm == "a directory":
        path.mkdir(parents=True)
    elif harm == "damaged":
        path.parent.mkdir()
        path.write_bytes(b"no database" * 1000)
    else:
        database.create()
        database.close()
        database = Database(make_url(f"sqlite:///file:{path}?mode=ro&uri=true"))
    asyncio.run(use())


def test_it_comes_back(tmp_path: Path) -> None:
    """Once it can be created, it is, and used without anybody's doing."""
    (tmp_path / "d").write_text("a file in its way")
    database = Database(read_database_url(f"sqlite:///{tmp_path}/d/s"))

    async def use() -> None:
        store = SqlStore(database, alone=0.02)
        await store.open()
        store.keep(row())
        assert store.state == "down"
        (tmp_path / "d").unlink()
        async with asyncio.timeout(60):
            while store.state == "down":  # noqa: ASYNC110  nothing says when
                await asyncio.sleep(0.01)
        await store.flush()
        await store.close()

    asyncio.run(use())
    assert database.count_rows() == 1


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    """Whoever has it can test guesses at short texts."""
    database = Database(read_database_url(f"sqlite:///{tmp_path}/new/s"))
    database.create()
    for path in ("new/s", "new/s-wal"):
        assert stat.S_IMODE((tmp_path / path).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    database.close()


@pytest.mark.parametrize(
    "url", ["", "x", "mysql://x/y", "sqlite://", "sqlite:///:memory:", "sqlite:///file:x?uri=true", "oracle://"]
)
def test_what_is_no_database(url: str) -> None:
    """It is said at the start, in a line."""
    with pytest.raises(UsageError):
        read_database_url(url)


def test_a_password_is_not_shown() -> None:
    """The address of a database may hold one."""
    assert "geheim" not in show_database(read_database_url("postgresql+psycopg://u:geheim@h/n"))


@pytest.mark.parametrize("how", ["refuses", "hangs"])
def test_after_three_failures_it_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """It is not asked again until it answers in the background; counts are the same all the while."""
    database = Database(read_database_url(f"sqlite:///{tmp_path}/s"))
    monkeypatch.setattr("loopflow.service.store.LOOKUP_SECONDS", 0.05)
    asked: list[int] = []
    free = threading.Event()

    def fail(*_: object) -> None:
        asked.append(1)
        if how == "hangs":
            free.wait(30)
        raise OperationalError("SELECT", None, Exception("gone"))

    async def use() -> None:
        store = SqlStore(database, alone=0.3)
        await store.open()
        service = TokenCountingService(store)
        with monkeypatch.context() as patch:
            patch.setattr(database, "find_counts", fail)
            counts = [(await service.count(f"text {number}")).tokens for number in range(6)]
            assert counts == [count(f"text {number}", "cl100k_base") for number in range(6)]
            assert store.state == "down"
            assert len(asked) <= 3
            free.set()
        async with asyncio.timeout(60):
            while store.state == "down":  # noqa: ASYNC110  nothing says when
                await asyncio.sleep(0.02)
        service.memory.remove(lambda _: True)
        await store.flush()
        assert (await service.count("text 1")).level == "database"
        await store.close()

    asyncio.run(use())
