"""What is stored, and what is read of it: a run leaves what was there or what is new, whole, and believes nothing else.

what goes wrong                                      what happens
---------------------------------------------------  ------------------------------------------------------------------
a kill in the middle of saving, a full disk          the old baseline or the new one, whole; the next save cleans up
fifty that save and check at once                    each succeeds, and the file is whole
a run that is filtered, incomplete or fails          saves no baseline
a cache that is damaged, unreadable, newer           the output is that of --no-cache, byte for byte
a baseline that is no baseline                       an error with file, line and way out
a config that is none                                an error with file and key
patterns made to take long                           they do not
Ctrl-C                                               130 without a word, nothing half-written
"""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from loopflow.io.baseline import Baseline, dump
from loopflow.io.cache.database import SCHEMA
from loopflow.model import BASELINE_FILE
from loopflow.tokens.encodings import encoding_id
from tests.support.builder import Repo
from tests.support.run import COMMAND, Result, environment, python, run, run_process

SAVE = ("--profile", "--save-baseline")
FILES = {"a.py": "x = 1\n", "docs/b.md": "two words\n", "src/c.py": "y = 2\n"}


@pytest.fixture(scope="module", autouse=True)
def counts(isolated_session: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:  # noqa: ARG001
    """Keep the counts of all tests in one place: most of them count the same texts."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("LOOPFLOW_CACHE_DIR", str(tmp_path_factory.mktemp("counts")))
        yield


@pytest.fixture
def project(repo: Repo) -> Repo:
    """Return a repository with a saved baseline and a change since."""
    repo.track(FILES).commit()
    assert run(*SAVE, cwd=repo.root).code == 0
    repo.track({"new.py": "added = True\n"})
    return repo


def stored(repo: Repo) -> bytes:
    return (repo.root / BASELINE_FILE).read_bytes()


# --- Saving ---

# Dies at the n-th of the calls that write, once before it and once after it.
KILLED = """
import os, signal, tempfile
calls = 0
def deadly(real):
    def call(*arguments, **options):
        global calls
        calls += 1
        if calls == {at}:
            os.kill(os.getpid(), signal.SIGKILL)
        result = real(*arguments, **options)
        calls += 1
        if calls == {at}:
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    return call
for module, name in ((tempfile, "mkstemp"), (os, "fchmod"), (os, "fsync"), (os, "replace")):
    setattr(module, name, deadly(getattr(module, name)))
"""
POINTS = 10


@pytest.mark.crash
def test_a_kill_while_saving_leaves_old_or_new(project: Repo) -> None:
    """Killed before or after any step of writing, a save leaves the old baseline or the new one, whole."""
    old = stored(project)
    assert run(*SAVE, cwd=project.root).code == 0
    new = stored(project)
    left = []
    for at in range(1, POINTS + 1):
        (project.root / BASELINE_FILE).write_bytes(old)
        killed = run_process(*SAVE, cwd=project.root, program=python(KILLED.format(at=at)))
        assert killed.code == -signal.SIGKILL, at
        left.append(stored(project))
    assert left == [old] * 7 + [new] * 3
    assert run(*SAVE, cwd=project.root).code == 0
    assert sorted(os.listdir(project.root)) == sorted([".git", BASELINE_FILE, "a.py", "docs", "new.py", "src"])


@contextmanager
def small_disk(directory: Path, size: str) -> Iterator[Path]:
    """Give a directory on a disk of its own."""
    directory.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(directory)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be made here")
    try:
        yield directory
    finally:
        subprocess.run(["umount", str(directory)], check=True)


def test_a_full_disk_keeps_the_old_baseline(project: Repo, tmp_path: Path) -> None:
    """Without room for the new baseline the old one stays, and the error names the file; nor is the cache missed."""
    with small_disk(tmp_path / "disk", "32k") as disk:
        (disk / "stored.json").write_bytes(stored(project))
        (disk / "filler").write_bytes(b"x" * 24_000)
        project.track({f"{number:04}-{'x' * 100}.py": "x = 1\n" for number in range(60)})
        for cache in (tmp_path / "cache", disk / "cache"):
            options = ("--baseline-file", str(disk / "stored.json"))
            refused = run(*SAVE, *options, cwd=project.root, env={"LOOPFLOW_CACHE_DIR": str(cache)})
            message = f"code-context: error: {disk}/stored.json cannot be written: no space left on device; "
            assert (refused.code, refused.out, refused.err[: len(message)]) == (2, "", message)
            assert (disk / "stored.json").read_bytes() == stored(project)
        assert sorted(os.listdir(disk)) in (["cache", "filler", "stored.json"], ["filler", "stored.json"])


# Fifty processes that wait for the same moment, and then run the command; all of Python is loaded once, before.
CROWD = """
import os, sys
import loopflow.cli.actions, loopflow.cli.requests
from loopflow.cli.code_context import main
ready, start = os.pipe()
children = []
for number in range(int(sys.argv[1])):
    child = os.fork()
    if not child:
        os.close(start)
        os.read(ready, 1)
        handle = os.open(f"{sys.argv[2]}/{number}", os.O_WRONLY | os.O_CREAT)
        os.dup2(handle, 1), os.dup2(handle, 2)
        sys.argv = ["code-context", "--profile", *(["--save-baseline"] if number % 2 else ["--baseline", "--check"])]
        try:
            main()
        except SystemExit as end:
            sys.stdout.flush()
            os._exit(end.code or 0)
    children.append(child)
os.close(ready), os.close(start)
print(*(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children))
"""
TOGETHER = 50


@pytest.mark.long
def test_fifty_save_and_check_at_once(project: Repo, tmp_path: Path) -> None:
    """Half of them save while the others compare and judge: each succeeds, and one whole baseline is left."""
    said = tmp_path / "said"
    said.mkdir()
    command = [sys.executable, "-c", CROWD, str(TOGETHER), str(said)]
    done = subprocess.run(command, cwd=project.root, env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0"] * TOGETHER, [path.read_text() for path in said.iterdir()]
    assert json.loads(stored(project))["files"].keys() == {*FILES, "new.py", ""}
    assert sorted(os.listdir(project.root)) == sorted([".git", BASELINE_FILE, "a.py", "docs", "new.py", "src"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        *(
            pytest.param(options, "--save-baseline is about the whole configured selection", id=" ".join(options))
            for options in [("src",), ("-e", "py"), ("--include=src/",), ("--exclude=docs/",), ("-u",), ("--changed",)]
        ),
        pytest.param(("--check",), "--save-baseline beside --check would judge by what it writes", id="--check"),
        pytest.param(("--baseline",), "--baseline compares with the baseline, --save-baseline", id="--baseline"),
        pytest.param(("--rev", "nowhere"), "no such revision in", id="a run that fails"),
        pytest.param(("--no-such-option",), "No such option", id="a run that does not begin"),
    ],
)
def test_what_is_not_the_whole_is_not_saved(project: Repo, options: Sequence[str], message: str) -> None:
    """A baseline of a part would make the rest look new: the old file stays, to the byte."""
    before = stored(project)
    refused = run(*SAVE, *options, cwd=project.root)
    assert (refused.code, refused.out) == (2, "")
    assert message in refused.err
    assert stored(project) == before


def test_an_incomplete_run_is_not_saved(project: Repo, unprivileged: tuple[str, ...]) -> None:
    """What could not be read would look removed: the old file stays."""
    before = stored(project)
    (project.root / "src/c.py").chmod(0)
    refused = run_process(*SAVE, cwd=project.root, program=unprivileged)
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith("code-context: error: --save-baseline needs every count, and src/c.py (permission d")
    assert stored(project) == before


# --- The cache ---


def cut_short(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def spoil(file: Path) -> None:
    data = file.read_bytes()
    file.write_bytes(data[:4096] + os.urandom(len(data) - 4096))


def close_file(file: Path) -> None:
    file.chmod(0)


def close_directory(file: Path) -> None:
    file.chmod(0o444)
    file.parent.chmod(0o555)


def make_newer(file: Path) -> None:
    with closing(sqlite3.connect(file)) as database:
        database.executescript(f"ALTER TABLE page RENAME TO of_tomorrow; PRAGMA user_version = {SCHEMA + 1}")


def replace_by_directory(file: Path) -> None:
    file.unlink()
    file.mkdir()


@dataclass(frozen=True, slots=True)
class Cached:
    """A repository, a cache that knows all of it, and what a run prints that uses none."""

    root: Path
    directory: Path
    expected: Result


ARGUMENTS = ("--profile", "--staged", "--baseline", "--format", "json")


@pytest.fixture(scope="module")
def cached(isolated_session: None, tmp_path_factory: pytest.TempPathFactory) -> Cached:  # noqa: ARG001
    directory = tmp_path_factory.mktemp("cached")
    repo = Repo(directory / "repo").track(FILES)
    repo.commit()
    env = {"LOOPFLOW_CACHE_DIR": str(directory / "cache")}
    assert run(*SAVE, "--no-cache", cwd=repo.root, env=env).code == 0
    repo.track({"new.py": "added = True\n"})
    expected = run(*ARGUMENTS, "--no-cache", cwd=repo.root, env=env)
    assert (expected.code, expected.err, (directory / "cache").exists()) == (0, "", False)
    assert run(*ARGUMENTS, cwd=repo.root, env=env) == expected
    return Cached(repo.root, directory / "cache", expected)


@pytest.mark.parametrize(
    "damage",
    [cut_short, spoil, close_file, close_directory, make_newer, replace_by_directory],
)
def test_a_cache_that_is_no_good_changes_nothing(
    cached: Cached, tmp_path: Path, unprivileged: tuple[str, ...], damage: Callable[[Path], None]
) -> None:
    """Whatever became of the cache, a run prints what it prints without one, to the byte, and so does the next."""
    shutil.copytree(cached.directory, tmp_path / "cache")
    file = tmp_path / "cache/counts.sqlite3"
    damage(file)
    newer = file.read_bytes() if damage is make_newer else None
    env = {"LOOPFLOW_CACHE_DIR": str(tmp_path / "cache")}
    results = [run_process(*ARGUMENTS, cwd=cached.root, env=env, program=unprivileged) for _ in range(2)]
    assert results == [cached.expected] * 2
    if newer:
        assert file.read_bytes() == newer, "a newer version still needs it"


# --- The baseline ---

GOOD = dump(Baseline(encoding_id("o200k_base"), {"a.py": 5, "docs/b.md": 4, "src/c.py": 5}))
LINES = GOOD.splitlines()
CONFLICT = ["<<<<<<< HEAD", '"b":', "5,", "=======", '"d":', "6,", ">>>>>>> other"]

BASELINES = {
    "no JSON": ("no baseline", 1, "it is not JSON"),
    "half a line": (GOOD[: GOOD.index("docs/b") + 3], 7, "it is not JSON"),
    "a merge conflict": ("\n".join([*LINES[:6], *CONFLICT, *LINES[6:]]), 7, "it holds a merge conflict"),
    "no schema": (GOOD.replace('"schema": 1', '"schema": "one"'), 2, "it does not say that it is a baseline"),
    "a newer schema": (GOOD.replace('"schema": 1', '"schema": 2'), 2, "it has schema 2, and this version knows 1"),
    "another encoding": (GOOD.replace("o200k_base", "cl100k_base"), 3, "it was counted with cl100k_base"),
    "a negative number": (GOOD.replace("4,", "-4,"), 7, "the count of docs/b.md is no number of tokens"),
    "a huge number": (GOOD.replace("4,", f"{'4' * 5000},"), None, "it is not a baseline"),
    "a path twice": (GOOD.replace("docs/b.md", "a.py"), 7, "it names a.py twice"),
    "a thousand levels": (GOOD.replace("4,", f"{'[' * 1000}{']' * 1000},"), None, ""),
    "a hundred thousand levels": ("[" * 100_000, None, "it is not a baseline"),
}


@pytest.mark.parametrize(("text", "line", "said"), BASELINES.values(), ids=BASELINES)
def test_a_bad_baseline_is_refused(project: Repo, text: str, line: int | None, said: str) -> None:
    """Whatever is wrong with it, the error says where and what to do, and nothing is compared or judged."""
    (project.root / BASELINE_FILE).write_text(text)
    refused = run("--profile", "--baseline", "--check", cwd=project.root)
    assert (refused.code, refused.out, refused.err.count("\n")) == (2, "", 1)
    where = f"{BASELINE_FILE}:{line}" if line else BASELINE_FILE
    assert refused.err.startswith(f"code-context: error: the baseline {where}")
    assert said in refused.err
    assert "; " in refused.err
    assert ("--save-baseline" in refused.err) or ("upgrade" in refused.err) or ("--encoding cl100k" in refused.err)


def test_saving_again_is_the_way_out(project: Repo) -> None:
    """A save looks at no old baseline, so that it can replace what is none."""
    (project.root / BASELINE_FILE).write_text("\n".join(CONFLICT))
    assert run(*SAVE, cwd=project.root).code == 0
    assert run("--profile", "--baseline", "--check", cwd=project.root).code == 0


# --- The config ---

MEGABYTE = 1_000_000

MANY_RULES = "".join(
    f"[[rule]]\nname = 'rule {number}'\npaths = ['a/']\ntotal = 1\n" for number in range(MEGABYTE // 50)
)
CONFIGS = {
    "an unknown key": ("exclud = []", "loopflow.toml:1: exclud: "),
    "a wrong type": ('exclude = "vendor/"', "loopflow.toml:1: exclude: "),
    "a bad size": ('\n[budget]\ntotal = "12x"', "loopflow.toml:3: budget.total: "),
    "a bad pattern": ('exclude = ["a["]', "loopflow.toml:1: exclude: 'a[' is not a pattern"),
    "a list in a list in a list": (f"exclude = {'[' * MEGABYTE}", "loopflow.toml is not TOML"),
    "a table in a table": (f"[{'a.' * 500}a]", "loopflow.toml:1: a: "),
    "a key of very many parts": (
        f"{'a.' * (MEGABYTE // 2)}a = 1",
        "loopflow.toml:1: this line has more than a thousand d",
    ),
    "one bad rule of many": (f"{MANY_RULES}growth = -1", f"loopflow.toml:{4 * MEGABYTE // 50 + 1}: rule.growth: "),
}


@pytest.mark.parametrize(("text", "said"), CONFIGS.values(), ids=CONFIGS)
def test_a_bad_config_is_refused(repo: Repo, text: str, said: str) -> None:
    """Whatever is wrong with it, the error names file and key."""
    repo.track({**FILES, "loopflow.toml": text})
    refused = run("--profile", "--staged", "--check", cwd=repo.root)
    assert (refused.code, refused.out, refused.err.count("\n")) == (2, "", 1)
    assert refused.err.startswith(f"code-context: error: {said}")


def test_patterns_cannot_take_long(repo: Repo) -> None:
    """Patterns with many stars, on names made for them, end: elsewhere each star more takes twice as long."""
    deep = "/".join("ab" * 40)
    patterns = ["a/**/b/**/" * 20 + "c", "**/" * 40 + "x", "*a" * 60 + "x", "[ab]*" * 60 + "x"]
    repo.track({"loopflow.toml": f"exclude = {json.dumps(patterns)}\n"})
    for name in (deep, "a" * 200, "ab" * 100):
        repo.add_index_entry(f"{name}/y", b"text")
    found = run("--profile", "--staged", "--check", "--format", "json", cwd=repo.root)
    assert (found.code, found.json["total"]["files"]) == (0, 4)


# --- Interrupts ---


@pytest.mark.long
@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="threads are seen in /proc only")
@pytest.mark.parametrize("arguments", [("--profile",), SAVE, ("--profile", "--check")], ids=" ".join)
def test_an_interrupt_while_counting(repo: Repo, tmp_path: Path, arguments: Sequence[str]) -> None:
    """Ctrl-C while threads count ends with 130 and without a word: no chart, no traceback, nothing half-written."""
    text = "".join(f"value_{number} = {number * number}\n" for number in range(20_000))
    repo.track({f"file{number}.py": f"# {number}\n{text}" for number in range(30)})
    before = sorted(os.listdir(repo.root))
    variables = {"LOOPFLOW_ENGINE": "tiktoken", "LOOPFLOW_CACHE_DIR": str(tmp_path / "cache")}
    with subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=repo.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(variables),
    ) as process:
        while len(os.listdir(f"/proc/{process.pid}/task")) == 1:
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        shown, complaint = process.communicate()
    assert Result(process.returncode, shown.decode(), complaint.decode()) == Result(130, "", "")
    assert sorted(os.listdir(repo.root)) == before
