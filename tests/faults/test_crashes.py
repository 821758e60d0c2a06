"""Kills and full disks while something is written: the old file or the new one, whole; the next run is right.

The command writes a baseline, a report and the cache. It is killed at each system call that writes, one after the
other, and at moments by chance; and it is given a disk that is too small, by every few bytes. What is left is read, and
then the next run has to give the right answer and to leave nothing else behind.

`LOOPFLOW_KILLS=500 pytest -s tests/faults/test_crashes.py` kills that often by chance, and at every system call where
otherwise one of a few has to do; it prints how often.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from loopflow.io.cache.page_format import Content
from loopflow.io.writing import write_atomically
from loopflow.model import BASELINE_FILE
from tests.support.builder import Repo
from tests.support.caches import NOW_NS, Opened
from tests.support.run import COMMAND, environment, run

pytestmark = pytest.mark.crash

KILLS = int(os.environ.get("LOOPFLOW_KILLS") or 0)
BY_CHANCE = KILLS or 2
EVERY = 1 if KILLS else 6
"""Where there are many system calls, a kill comes at one of so many."""

WRITES = "write,pwrite64,writev,rename,renameat,renameat2,fsync,fdatasync,ftruncate,unlink,unlinkat,fchmod,flock,mkdir"
QUIET = {"PYTHONDONTWRITEBYTECODE": "1"}
REPORT = "report.json"
OLD, NEW = "old\n" * 20_000, "newer\n" * 20_000
ROWS = 300


def trace(at: int, calls: str, command: Sequence[str]) -> list[str]:
    """Return the command that runs `command` and kills it at the `at`-th of the system calls."""
    return ["strace", "-f", "-qq", "-o", os.devnull, "-e", f"inject={calls}:signal=SIGKILL:when={at}", *command]


@pytest.fixture(scope="module")
def strace() -> None:
    """Skip where processes cannot be traced."""
    if not shutil.which("strace") or subprocess.run(trace(1, "flock", ["true"]), check=False).returncode:
        pytest.skip("there is no strace that may trace here")


def kill_everywhere(command: Sequence[str], begin_again: Callable[[], object], every: int = 1) -> Iterator[str]:
    """Kill the command at its first write, then at its second, and so on; yield each time, and say at which.

    Before each time, and at the end, everything is as it was at first.
    """
    for call, times in count_calls(command).items():
        for at in range(1, times + 1, every):
            begin_again()
            traced = trace(at, call, command)
            done = subprocess.run(traced, env=environment(QUIET), capture_output=True, check=False)
            assert done.returncode in {-signal.SIGKILL, 128 + signal.SIGKILL}, (call, at, done)
            yield f"{call} {at}"
    begin_again()


def count_calls(command: Sequence[str]) -> Counter[str]:
    """Run the command, and return how often it makes each of the system calls that write."""
    with tempfile.NamedTemporaryFile("r") as log:
        traced = ["strace", "-f", "-qq", "-o", log.name, "-e", f"trace={WRITES}", *command]
        subprocess.run(traced, env=environment(QUIET), capture_output=True, check=True)
        return Counter(line.split()[1].partition("(")[0] for line in log if "(" in line)


# --- One file, one cache: a kill at each system call ---

SAVE_FILE = (
    "import sys; from loopflow.io.writing import write_atomically; write_atomically(sys.argv[1], 'newer\\n' * 20_000)"
)
SAVE_CACHE = f"""
import sys
from loopflow.io.cache.database import SqliteCache
from loopflow.io.cache.page_format import Content
cache = SqliteCache(sys.argv[1], "counter", {NOW_NS}, sys.exit)
cache.save({{f"{{row:040x}}": Content(2, row) for row in range({ROWS})}}, "/", {{"d": b"new page"}})
"""


@pytest.mark.usefixtures("strace")
def test_a_file_survives_a_kill_at_each_system_call(tmp_path: Path) -> None:
    """A baseline or a report is the old one or the new one, whole, and the next save leaves nothing beside it."""
    file = tmp_path / "file"
    file.write_text(OLD)
    seen = []

    def begin_again() -> None:
        write_atomically(str(file), OLD)
        assert os.listdir(tmp_path) == ["file"]

    for _ in kill_everywhere([sys.executable, "-c", SAVE_FILE, str(file)], begin_again):
        seen.append(file.read_text())
        assert seen[-1] in {OLD, NEW}
    assert (len(seen) >= 5, set(seen)) == (True, {OLD, NEW})
    print(f"a file: {len(seen)} kills")  # noqa: T201


@pytest.mark.usefixtures("strace")
@pytest.mark.parametrize("existed", [True, False], ids=["an old one", "none before"])
def test_a_cache_survives_a_kill_at_each_system_call(tmp_path: Path, *, existed: bool) -> None:
    """A cache holds what was saved before or what is new, all of it, without a remark, and can be saved to again."""
    ids = [f"{row:040x}" for row in range(ROWS)]
    file = tmp_path / "cache" / "counts.sqlite3"
    old = {blob: Content(1, row) for row, blob in enumerate(ids)} if existed else {}
    new = {blob: Content(2, row) for row, blob in enumerate(ids)}
    kills = 0

    def begin_again() -> None:
        shutil.rmtree(file.parent, ignore_errors=True)
        if existed:
            opened = Opened(file, "counter")
            opened.cache.save(old, "/", {"d": b"old page"})

    begin_again()
    for where in kill_everywhere([sys.executable, "-c", SAVE_CACHE, str(file)], begin_again, EVERY):
        kills += 1
        opened = Opened(file, "counter")
        found, page = opened.cache.contents(ids), opened.cache.pages("/")
        assert (found, page) in [(old, {"d": b"old page"} if existed else {}), (new, {"d": b"new page"})], where
        opened.cache.save(new, "/", {})
        assert opened.cache.contents(ids) == new
        assert not opened.remarks
        del opened
        assert os.listdir(file.parent) == ["counts.sqlite3"]
    assert kills >= 5
    print(f"a cache: {kills} kills")  # noqa: T201


# --- The command ---


@dataclass(frozen=True)
class Project:
    """A repository whose one file has one of two contents, and what the command writes for each of them."""

    repo: Repo
    cache: Path
    commands: tuple[Sequence[str], ...]
    results: tuple[tuple[bytes, bytes], ...]

    def put(self, version: int) -> None:
        """Give the file one of its contents."""
        self.repo.write("a.py", version_of(version))

    @property
    def env(self) -> dict[str, str]:
        """What the command is run with."""
        return {**QUIET, "LOOPFLOW_CACHE_DIR": str(self.cache)}

    def stored(self) -> tuple[bytes, bytes]:
        """Return the baseline and the report as they are."""
        return (self.repo.root / BASELINE_FILE).read_bytes(), (self.repo.root / REPORT).read_bytes()

    def require_whole(self, before: int, after: int) -> tuple[bool, bool]:
        """Raise AssertionError unless each file is that of one version; return which ones are new."""
        found = self.stored()
        for one, old, new in zip(found, self.results[before], self.results[after], strict=True):
            assert one in {old, new}
        return found[0] == self.results[after][0], found[1] == self.results[after][1]

    def require_right_next_time(self, version: int) -> None:
        """Raise AssertionError unless the next run gives what there is, and leaves nothing behind."""
        for command in self.commands:
            result = run(*command, cwd=self.repo.root, env=self.env)
            assert (result.code, "cache" in result.err) == (0, False), result
        assert self.stored() == self.results[version]
        assert sorted(os.listdir(self.repo.root)) == sorted([".git", BASELINE_FILE, "a.py", REPORT])
        assert os.listdir(self.cache) == ["counts.sqlite3"]


def version_of(number: int) -> str:
    return "value = 1\n" * (7 + 3 * number)


@pytest.fixture
def project(repo: Repo, tmp_path: Path) -> Project:
    """Return a project in its first version, with everything saved."""
    repo.track({"a.py": version_of(0)}).commit()
    commands = (("--profile", "--save-baseline"), ("--profile", "-q", "--report", f"json:{REPORT}"))
    results = []
    for number in (1, 0):
        repo.write("a.py", version_of(number))
        for command in commands:
            assert run(*command, cwd=repo.root, env={**QUIET, "LOOPFLOW_CACHE_DIR": str(tmp_path / "first")}).code == 0
        results.append(((repo.root / BASELINE_FILE).read_bytes(), (repo.root / REPORT).read_bytes()))
    made = Project(repo, tmp_path / "cache", commands, (results[1], results[0]))
    made.require_right_next_time(0)
    return made


def test_the_command_survives_kills_by_chance(project: Project) -> None:
    """Killed at any moment, it leaves a baseline, a report and a cache with which the next run is right."""
    chance = random.Random(7)  # noqa: S311
    seconds = 0.6
    killed = 0
    for number in range(BY_CHANCE):
        before, after = number % 2, (number + 1) % 2
        project.put(after)
        if chance.random() < 0.5:
            shutil.rmtree(project.cache)  # every other run begins a new cache
        for command in project.commands:
            killed += kill_after(chance.random() * seconds, command, project)
        project.require_whole(before, after)
        project.require_right_next_time(after)
    assert killed
    print(f"the command: {killed} kills by chance")  # noqa: T201


def kill_after(seconds: float, command: Sequence[str], project: Project) -> bool:
    """Start the command, kill it after as many seconds, and return whether it was still running."""
    with subprocess.Popen(
        [*COMMAND, *command], cwd=project.repo.root, env=environment(project.env), stdout=subprocess.PIPE
    ) as process:
        try:
            process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.returncode == -signal.SIGKILL


@pytest.mark.usefixtures("strace")
def test_the_command_survives_a_kill_at_a_system_call(project: Project) -> None:
    """The same where it is killed at one system call after the other, in whatever process or thread that is."""
    kills = 0
    version = 0
    for at in range(1, 200) if KILLS else (1, 9):
        before, version = version, 1 - version
        project.put(version)
        shutil.rmtree(project.cache)
        codes = [kill_at(at, WRITES, command, project) for command in project.commands]
        project.require_whole(before, version)
        project.require_right_next_time(version)
        kills += sum(code != 0 for code in codes)
        if not any(codes):
            break
    assert kills >= 2
    print(f"the command: {kills} kills at system calls")  # noqa: T201


def kill_at(at: int, calls: str, command: Sequence[str], project: Project) -> int:
    """Run the command, kill it at the `at`-th of such calls, and return how it ended."""
    traced = trace(at, calls, [*COMMAND, *command])
    env = environment(project.env)
    return subprocess.run(traced, cwd=project.repo.root, env=env, capture_output=True, check=False).returncode


# --- A disk that is full ---

# On a disk of its own that only this process sees: with less and less room, save a file and a cache, and look at both.
FULL = """
import os, sys
from loopflow.errors import LoopflowError
from loopflow.io.cache.database import SqliteCache
from loopflow.io.cache.page_format import Content
from loopflow.io.writing import write_atomically
disk, now_ns = sys.argv[1], int(sys.argv[2])
old, new = "old\\n" * 2_000, "newer\\n" * 6_000
rows = {f"{row:040x}": Content(1, row) for row in range(100)}
more = {f"{row:040x}": Content(2, row) for row in range(100, 900)}
refused = lost = done = 0
path, cached = f"{disk}/file", f"{disk}/cache/counts.sqlite3"
for room in range(0, 160_000, 4096):
    for name in os.listdir(disk):
        os.system(f"rm -rf {disk}/{name}")
    write_atomically(path, old)
    SqliteCache(cached, "counter", now_ns, sys.exit).save(rows, "/", {})
    free = os.statvfs(disk).f_bavail * 4096
    with open(f"{disk}/filler", "wb") as filler:
        filler.write(bytes(max(0, free - room)))
    try:
        write_atomically(path, new)
    except LoopflowError as error:
        assert "no space left on device" in error.message, error.message
        assert open(path).read() == old
        refused += 1
    else:
        assert open(path).read() == new
    assert sorted(os.listdir(disk)) == ["cache", "file", "filler"]
    remarks = []
    SqliteCache(cached, "counter", now_ns, remarks.append).save(more, "/", {})
    lost += bool(remarks)
    os.unlink(f"{disk}/filler")
    again = SqliteCache(cached, "counter", now_ns, sys.exit)
    found = again.contents([*rows, *more])
    assert found in (rows, rows | more), len(found)
    again.save(more, "/", {})
    assert again.contents([*rows, *more]) == rows | more
    done += 1
print(done, refused, lost)
"""


def test_a_disk_that_fills_up_at_any_point(tmp_path: Path) -> None:
    """However little room there is, the old file and the old cache stay whole, and saving works once there is room."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = f'mount -t tmpfs -o size=400k tmpfs "{disk}" || exit 77; exec "$@"'
    command = ["unshare", "-m", "sh", "-c", mounted, "sh", sys.executable, "-c", FULL, str(disk), str(NOW_NS)]
    if not shutil.which("unshare"):
        pytest.skip("no disk can be made here")
    done = subprocess.run(command, env=environment(QUIET), capture_output=True, check=False)
    if done.returncode in {1, 77} and b"Traceback" not in done.stderr:
        pytest.skip("no disk can be made here")
    assert done.returncode == 0, done.stderr.decode()
    tried, refused, lost = map(int, done.stdout.split())
    assert tried == 40
    assert 2 <= refused < tried
    assert 2 <= lost < tried
