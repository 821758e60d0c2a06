"""Digests kept in a directory: their names, which of them stay, and that nothing else is ever removed."""

import fcntl
import gzip
import io
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.errors import LoopflowError, UsageError
from loopflow.logs.model import Digest
from loopflow.logs.rotating import LOCK, OutputDirectory, Rotation, name_run, open_output, rotate
from loopflow.logs.sizes import parse_size
from loopflow.logs.splitting import split_text
from tests.support.reducing import reduce_text
from tests.support.run import environment
from tests.support.unprivileged import open_directory, ordinary_user

NOW = datetime(2025, 3, 1, 23, 59, 59, tzinfo=UTC)
STAMP = "20250301235959"
NOISE = "".join(f"step {number} of the build is done\n" for number in range(300))
CUT = reduce_text(f"{NOISE}ValueError: one\n{NOISE}KeyError: two\n{NOISE}", 1_200).digest
SMALL = reduce_text(f"{NOISE}ValueError: one\n{NOISE}", 200).digest
WHOLE = reduce_text("one\n[two\n", 200).digest
ORIGINAL = b"as it was\n"
ROOT = Path(__file__).parents[2]


def keep(directory: Path, digest: Digest = CUT, now: datetime = NOW, **given: int) -> None:
    """Keep a run there: the `newest` 10, in texts of at most `size` bytes, with an original if there is to be one."""
    packed: list[BinaryIO] = [io.BytesIO(gzip.compress(ORIGINAL))] if given.get("original") else []
    with open_output(str(directory), str(directory.parent)) as opened:
        rotate(Rotation(opened, given.get("size", 5_000_000), given.get("newest", 10)), digest, packed, now)


def names(directory: Path) -> list[str]:
    return sorted(set(os.listdir(directory)) - {LOCK})


def stamps(directory: Path) -> list[str]:
    return sorted({name.split(".")[2] for name in names(directory)})


def minutes(number: int) -> datetime:
    return NOW + timedelta(minutes=number)


def test_a_run_has_a_digest_a_document_and_the_original(tmp_path: Path) -> None:
    """Named by the log and the time; the original as it was read, and for nobody else."""
    keep(tmp_path / "out", original=1)
    stem = f"build.log.{STAMP}"
    assert names(tmp_path / "out") == [f"{stem}.digest.txt", f"{stem}.json", f"{stem}.log.gz"]
    assert (tmp_path / "out" / f"{stem}.digest.txt").read_text("utf-8") == CUT.text
    assert json.loads((tmp_path / "out" / f"{stem}.json").read_text("utf-8"))["text"] == CUT.text
    packed = tmp_path / "out" / f"{stem}.log.gz"
    assert gzip.decompress(packed.read_bytes()) == ORIGINAL
    assert packed.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("digest", [CUT, SMALL, WHOLE], ids=["cut", "small", "whole"])
def test_the_newest_runs_stay(digest: Digest, tmp_path: Path) -> None:
    """By the time in their names, in all their files; digests of every kind are known again."""
    for number in range(5):
        keep(tmp_path, digest, minutes(number), newest=3, size=1_000, original=1)
    assert stamps(tmp_path) == [f"{minutes(number):%Y%m%d%H%M%S}" for number in (2, 3, 4)]
    assert len([name for name in names(tmp_path) if name.endswith(".gz")]) == 3


def test_what_a_kill_left_behind_goes_with_the_next_run(tmp_path: Path) -> None:
    """A run has names of its own, so nobody would write these again; one that is being written stays."""
    left = tmp_path / ".build.log.20240101000000.digest.txt.abcd_123.loopflow-tmp"
    other = tmp_path / ".notes.txt.abcd_123.loopflow-tmp"
    written = tmp_path / ".build.log.20240101000001.json.abcd_123.loopflow-tmp"
    for path in (left, other, written):
        path.write_text("half")
    with written.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        keep(tmp_path)
    assert not left.exists()
    assert other.exists()
    assert written.exists()


def test_only_what_is_ours_is_removed(tmp_path: Path) -> None:
    """A name alone makes no file ours: it begins as ours do; and one that does under another name is none of ours."""
    keep(tmp_path, now=minutes(-9))
    (tmp_path / f"build.log.{minutes(-9):%Y%m%d%H%M%S}.digest.txt").rename(tmp_path / "precious.txt")
    (tmp_path / f"build.log.{minutes(-9):%Y%m%d%H%M%S}.json").rename(tmp_path / "build.log.20250230000000.json")
    others = {
        "x.20200101000000.digest.txt": b"a letter\n",
        "x.20200101000000.json": b"{}",
        "y.20200101000000.log.gz": gzip.compress(b"x"),
        "x.20200101000000.digest.txt.bak": CUT.text.encode(),
        "x.2020.digest.txt": CUT.text.encode(),
        ".x.20200101000000.digest.txt": CUT.text.encode(),
    }
    for name, data in others.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "z.20200101000000.digest.txt").mkdir()
    os.mkfifo(tmp_path / "p.20200101000000.digest.txt")
    before = set(names(tmp_path))
    keep(tmp_path, newest=1)
    assert before <= set(names(tmp_path))


def test_the_target_of_a_link_is_no_old_run(tmp_path: Path) -> None:
    """A link that is called as a run of ours stays, and so does what it leads to."""
    target = tmp_path / "target"
    target.write_text(CUT.text, "utf-8")
    out = tmp_path / "out"
    out.mkdir()
    (out / "x.20200101000000.digest.txt").symlink_to(target)
    (out / "x.20200101000000.json").symlink_to(tmp_path / "nowhere")
    keep(out, newest=1)
    assert target.read_text("utf-8") == CUT.text
    assert (out / "x.20200101000000.digest.txt").is_symlink()
    assert not (tmp_path / "nowhere").exists()


def test_a_second_run_of_the_same_second_has_a_suffix(tmp_path: Path) -> None:
    """Also where what has the name is a link, which is not written through."""
    (tmp_path / f"build.log.{STAMP}-2.json").symlink_to(tmp_path / "nowhere")
    keep(tmp_path)
    keep(tmp_path)
    found = {name for name in names(tmp_path) if name.endswith(".txt")}
    assert found == {f"build.log.{STAMP}.digest.txt", f"build.log.{STAMP}-3.digest.txt"}
    assert not (tmp_path / "nowhere").exists()


def test_a_clock_that_goes_back_removes_no_run_that_was_just_made(tmp_path: Path) -> None:
    """The own run stays, and beside it the newest."""
    for number in (5, 6, 7):
        keep(tmp_path, now=minutes(number), newest=3)
    keep(tmp_path, now=minutes(-60), newest=3)
    assert stamps(tmp_path) == [f"{minutes(number):%Y%m%d%H%M%S}" for number in (-60, 6, 7)]


def test_a_digest_that_is_too_long_is_split_after_an_item(tmp_path: Path) -> None:
    """The parts are within the size, but for a first line that says which they are; together they are the digest."""
    keep(tmp_path, size=1_000)
    parts = [name for name in names(tmp_path) if name.endswith(".txt")]
    assert len(parts) > 2
    texts = [
        (tmp_path / f"build.log.{STAMP}.digest.{number}.txt").read_text("utf-8") for number in range(1, len(parts) + 1)
    ]
    bodies = [texts[0]]
    for number, text in enumerate(texts[1:], 2):
        first, _, rest = text.partition("\n")
        assert first == f"[part {number} of {len(parts)} of build.log.{STAMP}]"
        bodies.append(rest)
    assert "".join(bodies) == CUT.text
    assert all(len(body.encode()) <= 1_000 for body in bodies)


def test_a_log_that_is_kept_whole_begins_with_what_is_said_of_it(tmp_path: Path) -> None:
    """By that line it is known as ours when it is old."""
    keep(tmp_path, WHOLE)
    assert (tmp_path / f"build.log.{STAMP}.digest.txt").read_text("utf-8") == f"{WHOLE.head}\none\n[two\n"


ITEMS = st.lists(st.sampled_from(["[head]\n", "a line\n", "x" * 50 + "\n", "\n", "é\n"])).map("".join)


@given(ITEMS, st.sampled_from(["", "[no end", "no end"]), st.integers(1, 120), st.booleans())
def test_parts_are_the_text(items: str, end: str, most: int, is_log: bool) -> None:  # noqa: FBT001  a parameter
    """None is longer than allowed but where a line alone is, and each begins where a line does."""
    text = items + end
    parts = split_text(text, most, is_log=is_log)
    assert "".join(parts) == text
    assert all(len(part.encode()) <= most or part.count("\n", 0, -1) == 0 for part in parts)
    assert all(part.endswith("\n") for part in parts[:-1])


def test_an_item_stays_whole_where_it_fits() -> None:
    """What begins with "[" begins an item."""
    assert split_text("[a]\n1\n[b]\n2\n[c]\n", 12) == ["[a]\n1\n[b]\n2\n", "[c]\n"]
    assert split_text("[a]\n1\n[b]\n2\n3\n", 12) == ["[a]\n1\n", "[b]\n2\n3\n"]


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("5MB", 5_000_000),
        ("500k", 500_000),
        ("500k bytes", 500_000),
        ("1.5 GiB", 1_610_612_736),
        ("2 MiB", 2_097_152),
        ("1_000", 1_000),
        (800_000, 800_000),
        ("800000 bytes", 800_000),
        ("999", None),
        ("0", None),
        ("5 parsecs", None),
        ("5i", None),
        ("-5MB", None),
        ("9999999GB", None),
        ("\u0665MB", None),
        (True, None),
        (1.5, None),
        ("1" * 100, None),
        ("", None),
    ],
)
def test_sizes(text: object, size: int | None) -> None:
    """As people write them; decimal, but with an i."""
    assert parse_size(text) == size


@pytest.mark.parametrize(
    ("path", "name", "safe"),
    [
        ("/var/log/build.log", "build.log", "build.log"),
        ("/x/..", "..", "log"),
        ("/x/-rf", "-rf", "rf"),
        ("/x/a\nb\x1b[31m.log", "?", "a_b_31m.log"),
        ("/x/☃", "☃", "log"),
        ("/x/" + "n" * 300, "?", "n" * 80),
        ("", "standard input", "standard_input"),
        ("", "/usr/bin/pytest -q 'a b'", "pytest"),
        ("", "", "log"),
    ],
)
def test_a_name_is_of_safe_characters(path: str, name: str, safe: str, tmp_path: Path) -> None:
    """Whatever a log is called, its files stay in the directory and can be typed; and they are known again."""
    digest = replace(CUT, sources=(replace(CUT.sources[0], path=path, name=name),))
    assert name_run(digest) == safe
    keep(tmp_path, digest, newest=1)
    keep(tmp_path, digest, minutes(1), newest=1)
    assert names(tmp_path) == [f"{safe}.{minutes(1):%Y%m%d%H%M%S}.{kind}" for kind in ("digest.txt", "json")]


def test_a_directory_that_is_a_link_is_none(tmp_path: Path) -> None:
    """What is behind it is somebody else's."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    with pytest.raises(UsageError, match=r"the output directory link cannot be made: it is a link"):
        open_output("link", str(tmp_path))


@pytest.mark.parametrize("place", ["link", "link/logs"])
def test_the_directory_of_a_config_is_behind_no_link(place: str, tmp_path: Path) -> None:
    """A repository could lead out of itself."""
    (tmp_path / "elsewhere").mkdir()
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to("../elsewhere")
    with pytest.raises(UsageError, match="behind a link"):
        open_output(place, "/", str(root))
    assert os.listdir(tmp_path / "elsewhere") == []


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    """It stays as it is."""
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match="cannot be made: file exists"):
        open_output("file", str(tmp_path))
    with pytest.raises(UsageError, match="cannot be made"):
        open_output("file/below", str(tmp_path))


def test_nothing_is_written_where_another_directory_took_the_place(tmp_path: Path) -> None:
    """The one that was opened is meant."""
    opened = open_output("out", str(tmp_path))
    (tmp_path / "out").rename(tmp_path / "moved")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").symlink_to("elsewhere")
    with opened, pytest.raises(LoopflowError, match="another directory took its place"):
        rotate(Rotation(opened, 5_000_000, 10), CUT, [], NOW)
    assert os.listdir(tmp_path / "elsewhere") == []


@pytest.mark.parametrize("make", [lambda path: path.symlink_to("elsewhere"), os.mkfifo, os.mkdir])
def test_a_lock_that_is_none_is_an_error(make: object, tmp_path: Path) -> None:
    """It is neither followed nor waited for."""
    assert callable(make)
    make(tmp_path / LOCK)
    with pytest.raises(LoopflowError, match="not all of it is kept"):
        keep(tmp_path)
    assert not (tmp_path / "elsewhere").exists()


def test_a_directory_that_is_read_only_is_an_error(tmp_path: Path) -> None:
    """Of one kind, which whoever prints the digest can say."""
    assert tmp_path.exists()
    with open_directory() as root:
        out = root / "out"
        out.mkdir()
        keep(out)
        out.chmod(0o555)
        with ordinary_user(), pytest.raises(LoopflowError, match="not all of it is kept"):
            keep(out, now=minutes(1))
        assert stamps(out) == [STAMP]


FULL = """
import sys
from pathlib import Path
from loopflow.errors import LoopflowError
from tests.logs.test_rotating import keep, minutes, names

disk = Path(sys.argv[1])
keep(disk, newest=3)
with open(disk / "filler", "wb", buffering=0) as filler:
    try:
        while True:
            filler.write(bytes(4096))
    except OSError:
        pass
before = names(disk)
try:
    keep(disk, now=minutes(1), newest=3)
except LoopflowError as error:
    print(error.message)
assert names(disk) == before, names(disk)
(disk / "filler").unlink()
keep(disk, now=minutes(2), newest=3)
assert len(names(disk)) == 4
"""


@pytest.mark.crash
def test_a_full_disk_is_an_error_and_harms_nothing(tmp_path: Path) -> None:
    """What was kept before stays, nothing half is left, and afterwards it goes on."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = f'mount -t tmpfs -o size=400k tmpfs "{disk}" || exit 77; exec "$@"'
    command = ["unshare", "-m", "sh", "-c", mounted, "sh", sys.executable, "-c", FULL, str(disk)]
    if not shutil.which("unshare"):
        pytest.skip("no disk can be made here")
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, check=False)
    if done.returncode in {1, 77} and b"Traceback" not in done.stderr:
        pytest.skip("no disk can be made here")
    assert done.returncode == 0, done.stderr.decode()
    assert b"not all of it is kept in" in done.stdout
    assert b"no space left" in done.stdout


TOGETHER = """
import sys
from pathlib import Path
from tests.logs.test_rotating import keep
for _ in range(5):
    keep(Path(sys.argv[1]), newest=int(sys.argv[2]))
"""


@pytest.mark.parametrize("runs", [100, 3])
def test_processes_at_once_take_nothing_from_each_other(runs: int, tmp_path: Path) -> None:
    """All in the same second: each run has files of its own, and as many stay as are to."""
    command = [sys.executable, "-c", TOGETHER, str(tmp_path), str(runs)]
    started = [subprocess.Popen(command, cwd=ROOT, env=environment(), stderr=subprocess.PIPE) for _ in range(3)]
    for process in started:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said.decode()
    texts = [name for name in names(tmp_path) if name.endswith(".txt")]
    assert len(texts) == min(15, runs)
    assert all((tmp_path / name).read_text("utf-8") == CUT.text for name in texts)
    assert {name.replace(".digest.txt", ".json") for name in texts} | set(texts) == set(names(tmp_path))


def test_a_directory_is_closed(tmp_path: Path) -> None:
    """It is held for a run, and no longer."""
    with OutputDirectory(str(tmp_path / "out"), "out") as opened:
        handle = opened.handle
        os.fstat(handle)
    with pytest.raises(OSError, match="descriptor"):
        os.fstat(handle)
