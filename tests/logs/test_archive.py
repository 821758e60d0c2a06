"""Originals that are kept: all bytes or none, few enough, and nothing else is ever removed."""

import gzip
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from loopflow.logs import records
from loopflow.logs.archive import FOLDER, ArchiveWriter, archive_path, read_range, remove_archives
from loopflow.logs.records import Kept
from loopflow.logs.store import Store, open_store
from tests.support.digests import NOW, archived, digest_of, failure_of, remember_pipe, source_of, span_of

LOG = b"".join(b"line %d\n" % number for number in range(1, 101))
FIRST = "ERR-7K3QF2A9QX"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Return a store that is not there yet."""
    return open_store(str(tmp_path / "data"))


def names(store: Store) -> list[str]:
    """Return what lies in the folder of archives."""
    return sorted(os.listdir(Path(store.directory, FOLDER)))


def test_an_archive_holds_all_bytes_in_pieces_of_any_size(tmp_path: Path) -> None:
    """What is written comes back, whatever the pieces were: of no bytes, of one, of many more than wait at once."""
    chance = random.Random(3)  # noqa: S311
    pieces = [chance.randbytes(size) for size in (0, 1, 3_000_000, 70_000, 2_097_153, 5)]
    with ArchiveWriter(str(tmp_path)) as archive:
        for piece in pieces:
            archive.write(piece)
        assert archive.finish()
        path = Path(archive.path)
        assert gzip.decompress(path.read_bytes()) == b"".join(pieces)
        assert archive.packed == path.stat().st_size
        assert path.stat().st_mode & 0o777 == 0o600
        whole = b"".join(pieces)
        for start, end in [(0, 0), (0, 1), (2_999_999, 3_100_000), (len(whole) - 1, len(whole) + 9)]:
            assert b"".join(read_range(archive.path, start, end)) == whole[start:end]
    assert os.listdir(tmp_path / FOLDER) == []


def test_the_bytes_are_those_that_lines_were_made_of(tmp_path: Path) -> None:
    """A log that is itself packed data is not unpacked twice."""
    data = gzip.compress(LOG)
    with archived(tmp_path, data) as archive:
        archive.finish()
        assert b"".join(read_range(archive.path, 0, len(data))) == data


def test_what_is_not_kept_is_gone(tmp_path: Path) -> None:
    """An archive whose run is not remembered leaves nothing, whether it was finished or not."""
    for finishes in (True, False):
        archive = archived(tmp_path, LOG)
        if finishes:
            archive.finish()
        archive.discard()
        assert os.listdir(tmp_path / FOLDER) == []


def test_an_archive_that_grows_too_large_is_given_up(tmp_path: Path) -> None:
    """Whoever reads goes on, and learns why there is none."""
    with ArchiveWriter(str(tmp_path), 100_000) as archive:
        for _ in range(40):
            archive.write(os.urandom(50_000))
        assert not archive.finish()
        assert archive.failure == "it takes more than 100,000 bytes"
        assert os.listdir(tmp_path / FOLDER) == []


LIMITED = """
import os, resource, sys
from loopflow.logs.archive import ArchiveWriter
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
with ArchiveWriter(sys.argv[1]) as archive:
    for _ in range(40):
        archive.write(os.urandom(50_000))
    print(archive.finish(), archive.failure, os.listdir(sys.argv[1] + "/logs"))
"""


def test_a_disk_that_takes_no_more_is_no_error(tmp_path: Path) -> None:
    """Whoever reads the log goes on and waits for nobody, and learns why there is no archive."""
    command = [sys.executable, "-c", LIMITED, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "False file too large []\n"


def test_a_folder_that_is_a_link_is_not_used(tmp_path: Path) -> None:
    """Else files would be removed where it leads. The run is remembered without its original."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    other = elsewhere / "run-1-0-0123456789abcdef.gz"
    other.write_text("not ours")
    store = open_store(str(tmp_path / "data"))
    os.makedirs(store.directory)
    Path(store.directory, FOLDER).symlink_to(elsewhere)
    run = remember_pipe(store, LOG, {FIRST: [(1, 1)]})
    found = store.find(FIRST, run)
    assert found
    assert (found.places[0].archive, found.places[0].sha256) == ("", None)
    assert os.listdir(elsewhere) == [other.name]


def test_the_newest_runs_are_kept(store: Store) -> None:
    """Of more than fifty runs with an original, the oldest lose theirs, and are still known."""
    for _ in range(53):
        remember_pipe(store, LOG, {FIRST: [(1, 1)]})
    assert sorted(int(name.split("-")[1]) for name in names(store)) == list(range(4, 54))
    found = [store.find(FIRST, run) for run in (3, 4)]
    assert [bool(each and each.places[0].archive) for each in found] == [False, True]


def test_no_more_is_kept_than_there_is_room_for(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is over it in sum goes, the oldest first; the newest stays."""
    data = random.Random(1).randbytes(30_000)  # noqa: S311  packs to no less
    monkeypatch.setattr(records, "MOST_BYTES", 100_000)
    for _ in range(5):
        remember_pipe(store, data, {})
    assert sorted(int(name.split("-")[1]) for name in names(store)) == [3, 4, 5]


def test_only_our_own_files_are_removed(store: Store, tmp_path: Path) -> None:
    """What a kill left behind goes; names of others, links and directories stay, and what a link leads to."""
    precious = tmp_path / "precious"
    precious.write_text("precious")
    folder = Path(store.directory, FOLDER)
    folder.mkdir(parents=True)
    left = ["run-9-0-0123456789abcdef.gz", ".log-0123456789abcdef.unfinished"]
    others = ["run-9.gz", "notes.txt", ".log-1.unfinished", "run-9-0-0123456789abcdef.gz.bak"]
    for name in (*left, *others):
        (folder / name).write_text("x")
    (folder / "run-8-0-0123456789abcdef.gz").symlink_to(precious)
    (folder / ".log-1123456789abcdef.unfinished").symlink_to(precious)
    (folder / "run-7-0-0123456789abcdef.gz").mkdir()
    run = remember_pipe(store, LOG, {FIRST: [(1, 1)]})
    ours = [name for name in names(store) if name.startswith(f"run-{run}-")]
    links = ["run-8-0-0123456789abcdef.gz", ".log-1123456789abcdef.unfinished", "run-7-0-0123456789abcdef.gz"]
    assert names(store) == sorted([*others, *links, *ours])
    assert precious.read_text() == "precious"


def test_an_archive_that_is_being_written_is_left_alone(store: Store) -> None:
    """Another run, which begins and ends meanwhile, does not take it for one left behind."""
    with archived(Path(store.directory), LOG) as archive:
        remember_pipe(store, LOG, {FIRST: [(1, 1)]})
        assert archive.finish()
        digest = digest_of([source_of(LOG)], [failure_of(FIRST, [span_of(LOG, (2, 2))])])
        assert store.remember(digest, "p", NOW, [Kept(None, archive)]) == 2
    assert len(names(store)) == 2


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "", "run-1-0-0123456789abcdef.gz/..", "x.gz"])
def test_a_name_of_another_kind_leads_nowhere(name: str, tmp_path: Path) -> None:
    """Whatever stands in a store that somebody else wrote, no file but an archive is read or removed."""
    assert archive_path(str(tmp_path), name) == ""
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "x.gz").touch()
    remove_archives(str(tmp_path), [name])
    assert (tmp_path / FOLDER / "x.gz").exists()
