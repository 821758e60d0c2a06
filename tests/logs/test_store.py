"""What failed in earlier runs: kept whole or not at all, by several at once, and never at the cost of an answer."""

import os
import random
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from loopflow.logs.archive import MOST_RUNS
from loopflow.logs.records import SCHEMA, Kept
from loopflow.logs.store import FILE, Store, StoreError, open_store
from tests.support.digests import (
    NOW,
    archived,
    digest_of,
    failure_of,
    opened,
    remember_file,
    remember_pipe,
    source_of,
    span_of,
)
from tests.support.run import environment
from tests.support.unprivileged import open_directory, ordinary_user

LOG = b"".join(b"line %d\n" % number for number in range(1, 101))
FIRST, SECOND = "ERR-7K3QF2A9QX", "ERR-9Q0TT4M000"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Return a log of a hundred lines."""
    path = tmp_path / "app.log"
    path.write_bytes(LOG)
    return path


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Return a store that is not there yet."""
    return open_store(str(tmp_path / "data"))


def test_a_failure_is_found_in_the_run_that_had_it(store: Store, log: Path) -> None:
    """What is remembered comes back: when, how often, where, and what the bytes there were."""
    run = remember_file(store, log, {FIRST: [(3, 4), (10, 12)], SECOND: [(50, 50)]}, headline="3 left, 5 asked")
    found = store.find(FIRST, run)
    assert found
    assert (found.ref, found.run, found.at, found.headline, found.times) == (FIRST, run, NOW, "3 left, 5 asked", 2)
    assert [(each.first, each.last, LOG[slice(*each.range)]) for each in found.places] == [
        (3, 4, b"line 3\nline 4\n"),
        (10, 12, b"line 10\nline 11\nline 12\n"),
    ]
    assert {each.opened for each in found.places} == {opened(log)}
    assert store.find(SECOND, run + 1) is None


def test_references_are_found_by_their_beginning(store: Store, log: Path) -> None:
    """A part of a reference is enough, of whatever project."""
    remember_file(store, log, {FIRST: [(1, 1)], SECOND: [(2, 2)]})
    assert store.refs("ERR-", 9) == [FIRST, SECOND]
    assert store.refs("ERR-7K", 9) == [FIRST]
    assert store.refs("ERR-", 1) == [FIRST]
    assert store.refs("ERR-8", 9) == []


def test_known_since_is_the_day_of_the_first_run_of_the_project(store: Store) -> None:
    """Neither a later run nor another project's changes since when a failure is known."""
    digest = digest_of([source_of(LOG)], [failure_of(FIRST, [span_of(LOG, (1, 1))])])
    assert store.known_since("/project", [FIRST]) == {}
    for project, days in [("/other", -9), ("/project", 0), ("/project", 5)]:
        store.remember(digest, project, NOW + timedelta(days=days), [Kept(None, None)])
    assert store.known_since("/project", [SECOND, FIRST]) == {FIRST: date(2025, 3, 1)}
    assert store.known_since("/nowhere", [FIRST]) == {}


def test_many_references_are_asked_for_at_once(store: Store) -> None:
    """More of them than SQLite takes in a question."""
    refs = [f"ERR-{number:010}" for number in range(40_000)]
    failures = [failure_of(ref, [span_of(LOG, (1, 2))]) for ref in refs[::2]]
    store.remember(digest_of([source_of(LOG)], failures), "p", NOW, [Kept(None, None)])
    assert set(store.known_since("p", refs)) == set(refs[::2])


def test_counts_add_up_over_runs(store: Store) -> None:
    """An error's count is that of all runs, a failure's that of its run."""
    runs = []
    for count in (3, 4):
        failure = failure_of(FIRST, [span_of(LOG, (1, 1))], count=count)
        runs.append(store.remember(digest_of([source_of(LOG)], [failure]), "p", NOW, [Kept(None, None)]))
    with closing(sqlite3.connect(Path(store.directory, FILE))) as database:
        assert database.execute("SELECT first_run, last_run, count FROM errors").fetchall() == [(1, 2, 7)]
    found = store.find(FIRST, runs[-1])
    assert found
    assert (found.times, found.earlier) == (4, (1,))


def test_names_of_any_bytes_are_kept(store: Store, tmp_path: Path) -> None:
    """A path that is no UTF-8, and a headline with what no encoding has, come back or are replaced; nothing fails."""
    path = tmp_path / os.fsdecode(b"caf\xe9.log")
    path.write_bytes(LOG)
    project = os.fsdecode(b"/pro\xff")
    failure = failure_of(FIRST, [span_of(LOG, (1, 1))], headline="lone \udc80 \0")
    kept = [Kept(opened(path), None)]
    run = store.remember(digest_of([source_of(LOG, path)], [failure]), project, NOW, kept)
    found = store.find(FIRST, run)
    assert found
    assert (found.headline, found.places[0].path, found.places[0].name) == ("lone ? \0", str(path), path.name)
    assert store.known_since(project, [FIRST])


def test_only_the_user_can_read_it(store: Store, log: Path) -> None:
    """Paths and headlines are nobody else's business, whatever the mask says."""
    mask = os.umask(0)
    try:
        remember_file(store, log, {FIRST: [(1, 1)]})
        remember_pipe(store, LOG, {FIRST: [(1, 1)]})
        with closing(sqlite3.connect(Path(store.directory, FILE))) as database:
            database.execute("BEGIN IMMEDIATE")
            modes = {stat.S_IMODE(each.stat().st_mode) for each in Path(store.directory).rglob("*") if each.is_file()}
    finally:
        os.umask(mask)
    assert modes == {0o600}
    assert {stat.S_IMODE(Path(store.directory, each).stat().st_mode) for each in ("", "logs")} == {0o700}


def test_a_file_that_changed_while_it_was_read_is_not_remembered(store: Store, log: Path) -> None:
    """Its lines could not be traced. It says so, and leaves nothing."""
    state = opened(log)
    log.write_bytes(LOG + b"more\n")
    digest = digest_of([source_of(LOG, log)], [failure_of(FIRST, [span_of(LOG, (1, 1))])])
    with pytest.raises(StoreError, match=r"^it changed while it was read$"):
        store.remember(digest, "p", NOW, [Kept(state, None)])
    assert store.refs("ERR-", 1) == []


def test_a_file_that_changed_is_remembered_by_its_archive(store: Store, log: Path) -> None:
    """Where the original is kept, it is known what was read."""
    state = opened(log)
    archive = archived(Path(store.directory), LOG)
    log.write_bytes(b"else\n")
    digest = digest_of([source_of(LOG, log)], [failure_of(FIRST, [span_of(LOG, (5, 6))])])
    run = store.remember(digest, "p", NOW, [Kept(state, archive)])
    found = store.find(FIRST, run)
    assert found
    assert found.places[0].archive
    assert found.places[0].sha256


# --- Stores that cannot be used ---


def _lock(path: Path) -> object:
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("BEGIN EXCLUSIVE")
    return database


def _damage(path: Path) -> None:
    path.write_bytes(b"no database\n" * 1000)


def _damage_within(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)


def _renew(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"PRAGMA user_version = {SCHEMA + 1}")


def _make_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _link_to_nowhere(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


def _replace_tables(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.executescript("DROP TABLE errors; CREATE TABLE errors (x)")


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "locked": (_lock, "database is locked"),
    "damaged": (_damage, "file is not a database"),
    "damaged within": (_damage_within, "malformed"),
    "newer": (_renew, "is from a newer version, with schema 2"),
    "a directory": (_make_directory, "is a directory"),
    "a link to nowhere": (_link_to_nowhere, "is a link that leads nowhere"),
    "other tables": (_replace_tables, "errors"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_store_that_cannot_be_used_says_why(kind: str, store: Store, log: Path) -> None:
    """It is one kind of error, on one line, and the store is left as it is; no archive stays behind."""
    remember_file(store, log, {FIRST: [(1, 1)]})
    path = Path(store.directory, FILE)
    breaking, why = BROKEN[kind]
    held = breaking(path)
    before = path.read_bytes() if path.is_file() else b""
    with pytest.raises(StoreError, match=why) as raised:
        remember_pipe(store, LOG, {FIRST: [(1, 1)]})
    assert "\n" not in str(raised.value)
    assert os.listdir(Path(store.directory, "logs")) == []
    assert (path.read_bytes() if path.is_file() else b"") == before
    assert not path.with_name("nowhere").exists()
    if isinstance(held, sqlite3.Connection):
        held.close()


def test_a_directory_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    """A file in its place, for example."""
    (tmp_path / "data").write_text("a file")
    store = open_store(str(tmp_path / "data"))
    assert archived(tmp_path / "data", LOG).failure
    with pytest.raises(StoreError, match=r"exists|directory"):
        remember_pipe(store, LOG, {FIRST: [(1, 1)]})
    assert store.refs("ERR-", 1) == []


def test_a_store_that_can_only_be_read_is_read() -> None:
    """Nothing is remembered there, but what is known can be traced."""
    with open_directory() as root:
        log, store = root / "app.log", open_store(str(root / "data"))
        log.write_bytes(LOG)
        remember_file(store, log, {FIRST: [(1, 1)]})
        for path, mode in [(Path(store.directory, FILE), 0o444), (Path(store.directory), 0o555), (log, 0o444)]:
            path.chmod(mode)
        with ordinary_user():
            with pytest.raises(StoreError, match=r"permission denied|readonly"):
                remember_file(store, log, {FIRST: [(1, 1)]})
            assert store.refs("ERR-", 9) == [FIRST]
            assert store.known_since("/project", [FIRST])
        Path(store.directory).chmod(0o755)


def test_a_store_that_is_not_there_knows_nothing_and_is_not_made(store: Store) -> None:
    """To ask leaves no trace."""
    assert (store.known_since("p", [FIRST]), store.refs("ERR-", 1), store.find(FIRST, 1)) == ({}, [], None)
    assert not os.path.exists(store.directory)


def test_a_store_that_is_still_empty_knows_nothing(store: Store, log: Path) -> None:
    """As a kill at the very beginning leaves it."""
    os.makedirs(store.directory)
    Path(store.directory, FILE).touch()
    assert (store.known_since("p", [FIRST]), store.refs("ERR-", 1)) == ({}, [])
    assert remember_file(store, log, {FIRST: [(1, 1)]}) == 1


# --- Several at once, kills, and full disks ---

REMEMBER = """
import sys
from dataclasses import replace
from pathlib import Path
from loopflow.logs.store import open_store
from tests.support.digests import remember_pipe
store = open_store(sys.argv[1])
data = Path(sys.argv[2]).read_bytes()
refs = {f"ERR-{number:010}": [(number % 90 + 1, number % 90 + 3)] for number in range(int(sys.argv[3]))}
for _ in range(int(sys.argv[4])):
    remember_pipe(store, data, refs)
"""


def _start(store: Store, log: Path, refs: int, times: int) -> "subprocess.Popen[bytes]":
    program = [sys.executable, "-c", REMEMBER, store.directory, str(log), str(refs), str(times)]
    root = Path(__file__).parents[2]
    return subprocess.Popen(program, cwd=root, env=environment(), stderr=subprocess.PIPE)


def require_whole(store: Store, refs: int) -> int:
    """Raise AssertionError unless every run that is there has all that belongs to it; return how many there are."""
    path = Path(store.directory, FILE)
    if not path.exists():
        return 0
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        if not database.execute("PRAGMA user_version").fetchone()[0]:
            return 0
        runs = [run for (run,) in database.execute("SELECT id FROM runs")]
        for table in ("failures", "occurrences"):
            rows = database.execute(f"SELECT run, count(*) FROM {table} GROUP BY run")  # noqa: S608
            assert dict(rows) == dict.fromkeys(runs, refs)
        counts = {count for (count,) in database.execute("SELECT count FROM errors")}
        assert counts == ({len(runs)} if runs else set())
        names = {name for (name,) in database.execute("SELECT name FROM archives")}
        assert len(names) == min(len(runs), MOST_RUNS)
        there = {each.name for each in Path(store.directory, "logs").iterdir() if each.name.startswith("run-")}
        assert names <= there
    return len(runs)


def test_two_processes_at_once_are_both_remembered(store: Store, log: Path) -> None:
    """They begin with no store at all; both are kept, each run by itself, and the counts are right."""
    processes = [_start(store, log, 200, 4) for _ in range(3)]
    for process in processes:
        _, complaint = process.communicate(timeout=100)
        assert process.returncode == 0, complaint
    assert require_whole(store, 200) == 12


@pytest.mark.crash
def test_a_kill_at_any_moment_leaves_it_whole(store: Store, log: Path) -> None:
    """A run is there with all that belongs to it, or not at all; the next one clears away what was left behind."""
    chance = random.Random(5)  # noqa: S311
    killed = 0
    for number in range(int(os.environ.get("LOOPFLOW_KILLS") or 0) or 12):
        if number % 4 == 0:
            shutil.rmtree(store.directory, ignore_errors=True)
        with _start(store, log, 300, 50) as process:
            try:
                process.wait(0.15 + chance.random() * 0.6)
            except subprocess.TimeoutExpired:
                process.kill()
        killed += process.returncode == -signal.SIGKILL
        before = require_whole(store, 300)
        remember_pipe(store, LOG, {f"ERR-{ref:010}": [(ref % 90 + 1, ref % 90 + 3)] for ref in range(300)})
        assert require_whole(store, 300) == before + 1
        with closing(sqlite3.connect(Path(store.directory, FILE))) as database:
            known = {name for (name,) in database.execute("SELECT name FROM archives")}
        assert set(os.listdir(Path(store.directory, "logs"))) == known
    assert killed


FULL = """
import os, sys
from pathlib import Path
from loopflow.logs.store import StoreError, open_store
from tests.support.digests import remember_pipe
disk = sys.argv[1]
store = open_store(f"{disk}/data")
data = b"".join(b"line %d\\n" % number for number in range(1, 101))
refs = {f"ERR-{number:010}": [(number % 90 + 1, number % 90 + 3)] for number in range(400)}
remember_pipe(store, data, {"ERR-0000000000": [(1, 1)]})
refused = 0
for room in range(0, 400_000, 16384):
    free = os.statvfs(disk).f_bavail * 4096
    Path(disk, "filler").write_bytes(bytes(max(0, free - room)))
    try:
        remember_pipe(store, data, refs)
    except StoreError as error:
        assert "full" in str(error) or "space" in str(error) or "i/o" in str(error).lower(), error
        refused += 1
    os.unlink(f"{disk}/filler")
    assert "ERR-0000000000" in store.refs("ERR-", 9)
assert remember_pipe(store, data, refs)
print(refused)
"""


@pytest.mark.crash
def test_a_full_disk_is_an_error_that_says_so(tmp_path: Path) -> None:
    """However little room there is, what was remembered stays, and there is one kind of error."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = f'mount -t tmpfs -o size=8m tmpfs "{disk}" || exit 77; exec "$@"'
    command = ["unshare", "-m", "sh", "-c", mounted, "sh", sys.executable, "-c", FULL, str(disk)]
    if not shutil.which("unshare"):
        pytest.skip("no disk can be made here")
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, env=environment(), capture_output=True, check=False)
    if done.returncode in {1, 77} and b"Traceback" not in done.stderr:
        pytest.skip("no disk can be made here")
    assert done.returncode == 0, done.stderr.decode()
    assert 2 <= int(done.stdout) < 25


def test_several_files_keep_their_places_apart(store: Store, tmp_path: Path) -> None:
    """A failure that is in two files of a run is known by the file of each place."""
    paths = [tmp_path / "one.log", tmp_path / "two.log"]
    texts = [LOG, LOG.replace(b"line", b"other line")]
    for path, text in zip(paths, texts, strict=True):
        path.write_bytes(text)
    spans = [span_of(text, (7, 7), file) for file, text in enumerate(texts)]
    digest = digest_of([source_of(*each) for each in zip(texts, paths, strict=True)], [failure_of(FIRST, spans)])
    digest = replace(digest, tokens_before=None)
    run = store.remember(digest, "p", NOW, [Kept(opened(path), None) for path in paths])
    found = store.find(FIRST, run)
    assert found
    assert [each.name for each in found.places] == ["one.log", "two.log"]
