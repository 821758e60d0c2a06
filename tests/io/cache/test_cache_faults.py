"""What can happen to a cache: other files, damage, locks, rights, kills. Nothing raises, no wrong row comes back."""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopflow.io.cache.database import SCHEMA
from loopflow.io.cache.page_format import Content
from tests.support.caches import NOW_NS, ROOT, Opened, fill, is_whole, some_contents, some_states, use
from tests.support.unprivileged import open_directory, ordinary_user


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "made" / "when" / "needed" / "counts.sqlite3"


@pytest.mark.parametrize(
    "content",
    [b"no database", b"no database" * 1000, b"\0" * 8192, b"SQLite format 3\0", b"SQLite format 3\0" + b"\xff" * 9000],
    ids=["a word", "text", "zeros", "magic", "magic and noise"],
)
def test_what_is_no_database_is_replaced(file: Path, content: bytes) -> None:
    """A file that is something else is remarked on and done without, and the run after that has a new cache."""
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    assert use(file).remarks
    use(file)
    assert is_whole(file)


def test_an_empty_file_is_a_new_cache(file: Path) -> None:
    """An empty file is what SQLite itself begins with."""
    file.parent.mkdir(parents=True)
    file.touch()
    assert not use(file).remarks
    assert is_whole(file)


@pytest.mark.parametrize("share", [0.01, 0.3, 0.5, 0.9, 0.999])
def test_a_file_cut_short_is_replaced(file: Path, share: float) -> None:
    """Whatever a crash or a full disk cut off, what is left is not believed, and soon replaced."""
    fill(file)
    os.truncate(file, int(file.stat().st_size * share))
    use(file)
    use(file)
    assert is_whole(file)


@pytest.mark.parametrize(
    "change",
    [
        "DROP TABLE content",
        "DROP TABLE page",
        "ALTER TABLE content RENAME COLUMN flags TO flogs",
        "ALTER TABLE page DROP COLUMN entries",
        "DROP TABLE content; CREATE TABLE content (a, b, c)",
        "DROP TABLE page; CREATE VIEW page AS SELECT * FROM content",
        "PRAGMA user_version = 0; DROP TABLE page; CREATE TABLE page (a)",
        "UPDATE page SET directory = CAST(directory AS TEXT)",
        (
            "CREATE TABLE loose AS SELECT * FROM content; DROP TABLE content; ALTER TABLE loose RENAME TO content;"
            "UPDATE content SET flags = NULL"
        ),
    ],
)
def test_other_tables_are_replaced(file: Path, change: str) -> None:
    """A database with other tables, other columns or other types is done without, and does not stay in the way."""
    fill(file)
    with closing(sqlite3.connect(file)) as database:
        database.executescript(change)
    assert use(file).remarks
    use(file)
    assert is_whole(file)


def test_a_changed_row_is_not_there(file: Path) -> None:
    """A row of which any column changed is not returned, as its checksum is no longer right; the others are."""
    fill(file)
    changes = {
        "content": ["tokens = tokens + 1", "size = size + 1", "flags = flags + 1", "blob = x'ff'", "checksum = 1"],
        "page": ["entries = x'00'", "day = day, entries = x''", "directory = x'ff'", "tree = 7", "checksum = 1"],
    }
    with closing(sqlite3.connect(file)) as database:
        for table, keys in (("content", "blob"), ("page", "directory")):
            rows = database.execute(f"SELECT {keys} FROM {table}").fetchall()  # noqa: S608
            for change, (key,) in zip(changes[table], rows[1:], strict=False):
                database.execute(f"UPDATE {table} SET {change} WHERE {keys} = ?", (key,))  # noqa: S608
        database.commit()
    opened = Opened(file)
    assert len(opened.cache.contents(some_contents(300))) == 300 - len(changes["content"])
    assert len(opened.cache.pages(ROOT)) == 7 - len(changes["page"])
    assert not use(file).remarks


def test_a_newer_version_is_left_alone(file: Path) -> None:
    """A database of a newer version is not read, not written and not removed."""
    fill(file)
    with closing(sqlite3.connect(file)) as database:
        database.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    before = file.read_bytes()
    assert "newer version" in use(file).remarks[0]
    assert file.read_bytes() == before


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.sampled_from(["bytes", "stretch", "pages", "everything"]))
def test_noise_is_never_believed(full: bytes, seed: int, kind: str) -> None:
    """Whatever is overwritten with noise, no wrong row comes back and nothing is raised, nor in the runs after it."""
    chance = random.Random(seed)  # noqa: S311
    data = bytearray(full)
    match kind:
        case "bytes":
            for _ in range(chance.choice([1, 3, 50])):
                data[chance.randrange(len(data))] = chance.randrange(256)
        case "stretch":
            begin = chance.randrange(len(data))
            end = min(len(data), begin + chance.choice([16, 5000]))
            data[begin:end] = chance.randbytes(end - begin)
        case "pages":
            page = chance.randrange(len(data) // 4096) * 4096
            data[page : page + 12] = chance.randbytes(12)
        case _:
            data[:] = chance.randbytes(len(data))
    with TemporaryDirectory() as directory:
        file = Path(directory) / "cache"
        file.write_bytes(data)
        for _ in range(3):
            use(file)


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return the bytes of a cache in good order."""
    file = tmp_path_factory.mktemp("full") / "cache"
    fill(file)
    return file.read_bytes()


def test_a_directory_in_its_place(file: Path) -> None:
    """A directory where the file should be is remarked on and left there."""
    file.mkdir(parents=True)
    assert use(file).remarks
    assert file.is_dir()


def test_a_file_where_its_directory_should_be(file: Path) -> None:
    """A file where its directory should be is remarked on and left there."""
    file.parent.parent.mkdir(parents=True)
    file.parent.write_text("mine")
    assert use(file).remarks
    assert file.parent.read_text() == "mine"


@contextmanager
def out_of_bounds(mode: int) -> Iterator[Path]:
    """Give a full cache in a directory with the permissions `mode`, to somebody whom they hold for."""
    with open_directory() as directory:
        held = directory / "cache"
        fill(held / "counts.sqlite3")
        (held / "counts.sqlite3").chmod(0o444)
        held.chmod(mode)
        try:
            with ordinary_user():
                yield held
        finally:
            held.chmod(0o755)


def test_a_directory_that_cannot_be_entered() -> None:
    """A cache out of reach is remarked on and done without."""
    with out_of_bounds(0o000) as directory:
        assert use(directory / "counts.sqlite3").remarks


def test_a_directory_that_cannot_be_written() -> None:
    """Where no file can be made, there is no cache, and a remark."""
    with out_of_bounds(0o555) as directory:
        assert use(directory / "new.sqlite3").remarks
        assert use(directory / "new" / "new.sqlite3").remarks


def test_a_file_that_cannot_be_written() -> None:
    """A cache that can only be read is read; that nothing can be added is remarked on, and it stays."""
    with out_of_bounds(0o555) as directory:
        opened = Opened(directory / "counts.sqlite3")
        assert opened.knows(some_contents(300), some_states(300))
        opened.save(some_contents(1, first=900))
        assert "readonly" in opened.remarks[0]
        assert Opened(directory / "counts.sqlite3").knows(some_contents(300), some_states(300))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loopflow.io.cache.database._WAIT_SECONDS", 0.05)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("lock", ["IMMEDIATE", "EXCLUSIVE"])
def test_a_locked_database_is_not_waited_for(file: Path, lock: str) -> None:
    """While somebody else holds the database, a run reads it if it may, does without it if not, and breaks nothing."""
    fill(file)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute(f"BEGIN {lock}")
        opened = use(file)
        assert "locked" in opened.remarks[0]
        other.execute("ROLLBACK")
    assert is_whole(file)


def test_threads_share_one_cache(file: Path) -> None:
    """Threads that read and write through the same object all find what they wrote."""
    opened = Opened(file)

    def work(number: int) -> None:
        mine = some_contents(50, first=100 * number)
        for blob, content in mine.items():
            opened.cache.save({blob: content}, ROOT, {})
            opened.cache.contents(mine)

    threads = [Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert opened.knows(
        {blob: content for number in range(4) for blob, content in some_contents(50, 100 * number).items()}
    )


def test_threads_give_up_together(file: Path) -> None:
    """When the database turns out to be damaged, every thread does without it and none of them fails."""
    fill(file)
    opened = Opened(file)
    data = bytearray(file.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    file.write_bytes(data)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(50):
                assert opened.cache.contents(some_contents(300)) == {}
                opened.cache.save(some_contents(3), ROOT, {})
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    threads = [Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert opened.remarks


WRITER = """
import sys, time
from loopflow.io.cache.database import SqliteCache
from loopflow.io.cache.page_format import Content
file, number, now_ns = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
remarks = []
cache = SqliteCache(file, "counter", now_ns, remarks.append)
sys.stdin.read()
for step in range(5):
    rows = {f"{number * 1000 + step * 100 + row:040x}": Content(number, step) for row in range(100)}
    cache.save(rows, "/", {})
print(len(cache.contents(rows)), *remarks)
"""


def start_writer(file: Path, number: int) -> "subprocess.Popen[bytes]":
    """Start a process that opens the cache, waits for the end of its input, and writes to it."""
    command = [sys.executable, "-c", WRITER, str(file), str(number), str(NOW_NS)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def test_many_processes_write_at_once(file: Path) -> None:
    """Twenty processes that write at the same time leave a readable database, with all of what none of them gave up."""
    writers = [start_writer(file, number) for number in range(20)]
    answers = [writer.communicate()[0].decode() for writer in writers]
    assert [writer.returncode for writer in writers] == [0] * 20
    opened = Opened(file, counter="counter")
    for number, answer in enumerate(answers):
        rows = {
            f"{number * 1000 + step * 100 + row:040x}": Content(number, step) for step in range(5) for row in range(100)
        }
        found = opened.cache.contents(rows)
        assert found.items() <= rows.items()
        assert len(found) == len(rows) or "locked" in answer
    assert not opened.remarks
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


KILLED = """
import sys
from loopflow.io.cache.database import Content, SqliteCache
file, now_ns = sys.argv[1], int(sys.argv[2])
cache = SqliteCache(file, "counter", now_ns, lambda remark: sys.exit(remark))
print("ready", flush=True)
for generation in range(1, 10_000):
    cache.save({f"{row:040x}": Content(generation, row) for row in range(20_000)}, "/", {})
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no such signal here")
@pytest.mark.parametrize("moment", [0.05, 0.11, 0.17, 0.23, 0.31])
def test_a_kill_leaves_old_or_new(file: Path, moment: float) -> None:
    """A process that is killed while it saves leaves what was there before, whole, or what is new, whole."""
    Opened(file, counter="counter").save({f"{row:040x}": Content(0, row) for row in range(20_000)})
    with subprocess.Popen([sys.executable, "-c", KILLED, str(file), str(NOW_NS)], stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        time.sleep(moment)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    opened = Opened(file, counter="counter")
    found = opened.cache.contents(f"{row:040x}" for row in range(20_000))
    assert len(found) == 20_000
    assert len({content.tokens for content in found.values()}) == 1
    assert not opened.remarks
    opened.save(some_contents(1, first=30_000))
    assert opened.cache.contents(some_contents(1, first=30_000))


def test_a_cache_copied_without_its_journal_is_no_danger(file: Path) -> None:
    """A journal that is left from another database is not played back into this one."""
    fill(file)
    shutil.copy(file, file.with_name("other"))
    file.with_name(file.name + "-journal").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + b"\x01" * 4000)
    use(file)
    use(file)
    assert is_whole(file)
