"""How much work a run does, in things that can be counted: files opened, texts counted, git processes started."""

import os
import re
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from loopflow.config.resolve import CONFIG_FILES
from loopflow.io.cache.database import SqliteCache
from loopflow.io.count.counting import Engine, count
from loopflow.io.file import select
from loopflow.io.git.objects import Blob
from loopflow.io.git.repository import Git
from loopflow.model import CountRequest, FileRef, Index, Repository, SelectRequest, Source, Worktree
from loopflow.model.progress import NoProgress
from loopflow.render.context import RawLayout
from loopflow.render.formats import FORMATS, WITH_ORIGIN
from loopflow.tokens.choice import create_counter
from loopflow.usecases.pipeline import Output, profile, write_context
from tests.support.builder import Repo
from tests.support.environment import isolate
from tests.support.run import COMMAND, Result, environment, python, run, run_process
from tests.support.work import OPTIONS, SOURCES, GitLog, Tally, Way, note_openings, profile_json

SETTLING_SECONDS = 2.1  # what the cache waits for before it trusts a file's times, and a little more

TEXTS: dict[str, str | bytes] = {
    **{f"module{number:02}/tracked{number:02}.py": f"x = {number}\n" * (number + 1) for number in range(30)},
    "twice/one.md": "the same words\n",
    "twice/two.md": "the same words\n",
    "empty.txt": "",
    "latin.txt": b"caf\xe9\n",
    "dos.bat": "echo one\r\necho two\r\n",
    ".gitattributes": "*.bat text eol=crlf\n",
}
DIFFERENT = len(set(TEXTS.values()))
BINARIES: dict[str, str | bytes] = {"a.png": b"\x89PNG\0", "large.bin": b"\0" * 200_000}


class Settled:
    """Repositories whose files are old enough for the cache to trust their times."""

    def __init__(self, directory: Path) -> None:
        self.mixed = _mixed(directory / "mixed")
        self.changing = _mixed(directory / "changing")
        self.textless = Repo(directory / "textless").track({**BINARIES, "gone.py": "x\n", "dir/file.py": "y\n"})
        self.textless.link("link", "a.png")
        (self.textless.root / "gone.py").unlink()
        self.textless.link("gone.py", "a.png")
        (self.textless.root / "dir").rename(directory / "elsewhere")
        self.textless.link("dir", str(directory / "elsewhere"))
        self.twin = directory / "twin"
        self.mixed.git("worktree", "add", "--quiet", "--detach", str(self.twin))


def _mixed(root: Path) -> Repo:
    repo = Repo(root).track({**TEXTS, **BINARIES})
    repo.link("link.py", "empty.txt")
    repo.track().commit()
    return repo


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settled]:
    """Return the repositories, all made before the one time this module waits."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        isolate(monkeypatch, tmp_path_factory.mktemp("home"))
        made = Settled(tmp_path_factory.mktemp("settled"))
        time.sleep(SETTLING_SECONDS)
        yield made


@pytest.fixture
def cache_file(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "counts.sqlite3"


def texts_counted(root: Path, source: Source, cache_file: Path, jobs: int = 2) -> list[str]:
    """Run once with a fresh counter and return what it was given."""
    counter = Tally()
    cache = SqliteCache(str(cache_file), counter.id, time.time_ns(), complain)
    profile_json(root, source, Way(cache, jobs=jobs), counter)
    return counter.texts


def complain(remark: str) -> None:
    raise AssertionError(remark)


def test_a_second_run_opens_no_file(settled: Settled, cache_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first run opens every file once; the second knows them all, text or binary, by their states."""
    opened = note_openings(monkeypatch)
    assert len(texts_counted(settled.mixed.root, Worktree(), cache_file)) == DIFFERENT
    assert Counter(opened) == Counter([*TEXTS, *BINARIES])
    opened.clear()
    assert texts_counted(settled.mixed.root, Worktree(), cache_file) == []
    assert opened == []


def traced_openings(root: Path, cache_file: Path) -> set[str]:
    """Return the names of the tracked files that the command, or git, opens to read, as the system sees it."""
    log = cache_file.parent / "trace"
    subprocess.run(
        ["strace", "-f", "-qq", "-e", "trace=open,openat,openat2", "-o", str(log), *COMMAND, "--profile"],
        cwd=root,
        env=environment({"LOOPFLOW_CACHE_DIR": str(cache_file.parent)}),
        capture_output=True,
        check=True,
    )
    names = {os.path.basename(path) for path in [*TEXTS, *BINARIES]}
    opened = re.findall(r'"([^"]+)", (?!\S*O_PATH)', log.read_text("utf-8", "replace"))
    return {os.path.basename(path) for path in opened} & names


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
def test_the_system_sees_no_file_opened_again(settled: Settled, cache_file: Path) -> None:
    """Seen by the system, a second run of the command opens none of the files that the first one opened."""
    cache_file.parent.mkdir()
    if subprocess.run(["strace", "-qq", "true"], capture_output=True, check=False).returncode:
        pytest.skip("strace may not trace here")
    assert "tracked07.py" in traced_openings(settled.mixed.root, cache_file)
    # What attributes say is asked in each run.
    assert traced_openings(settled.mixed.root, cache_file) <= {".gitattributes"}


@pytest.fixture
def tallies(monkeypatch: pytest.MonkeyPatch) -> list[Tally]:
    """Return a list of the counters that the use cases create from now on."""
    created: list[Tally] = []

    def create_tally(encoding: str, engine: str | None, table_directory: str | None) -> Tally:
        created.append(Tally(create_counter(encoding, engine, table_directory)))
        return created[-1]

    monkeypatch.setattr("loopflow.usecases.run.create_counter", create_tally)
    return created


@pytest.mark.parametrize("source", SOURCES)
def test_a_second_run_loads_no_encoding(
    settled: Settled, cache_file: Path, tallies: list[Tally], monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    """Once everything is known, the counter is not even asked for nothing, which would load its encoding."""
    monkeypatch.chdir(settled.mixed.root)
    request = SelectRequest(source=SOURCES[source])
    reports = [profile(request, CountRequest(cache_file=str(cache_file))) for _ in range(3)]
    assert [tally.calls > 0 for tally in tallies] == [True, False, False]
    assert reports[0] == reports[1] == reports[2]


def test_known_links_and_binaries_load_no_encoding(
    settled: Settled, cache_file: Path, tallies: list[Tally], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tree that is known to hold links and binary files only, below a link too, never needs an encoding."""
    monkeypatch.chdir(settled.textless.root)
    counting = CountRequest(cache_file=str(cache_file))
    first = profile(SelectRequest(), counting)
    assert (first.profile.total.files, len(first.profile.skipped)) == (0, 4)
    assert profile(SelectRequest(), counting) == first
    assert tallies[1].calls == 0


def test_a_second_run_of_the_command_counts_nothing(settled: Settled, tmp_path: Path) -> None:
    """The command as a whole, with its real engine, does not call it a second time."""
    calls = tmp_path / "calls"
    spy = python(
        "import toktok; real = toktok.batch_count\n"
        f"toktok.batch_count = lambda *a, **k: (open({str(calls)!r}, 'a').write('x'), real(*a, **k))[1]"
    )
    env = {"LOOPFLOW_CACHE_DIR": str(tmp_path / "cache"), "LOOPFLOW_ENGINE": "toktok"}
    first = run_process("--profile", cwd=settled.mixed.root, env=env, program=spy)
    assert calls.stat().st_size > 0
    calls.unlink()
    assert run_process("--profile", cwd=settled.mixed.root, env=env, program=spy) == first
    assert not calls.exists()


@pytest.mark.parametrize(("source", "number"), [("worktree", 3), ("index", 3), ("revision", 4)])
def test_a_second_run_starts_few_git_processes(settled: Settled, tmp_path: Path, source: str, number: int) -> None:
    """A warm run asks git for its version, for the repository and for the files, and what a revision's name means."""
    git = GitLog(tmp_path / "bin")
    env = {**git.environment, "LOOPFLOW_CACHE_DIR": str(tmp_path / "cache")}
    first = run("--profile", *OPTIONS[source], cwd=settled.mixed.root, env=env)
    blobs = [call for call in git.take() if "cat-file --batch" in call]
    assert len(blobs) == (source != "worktree"), "all blobs come through one process"
    assert run("--profile", *OPTIONS[source], cwd=settled.mixed.root, env=env) == first
    assert len(git.take()) == number


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", FORMATS)
def test_only_who_says_where_it_comes_from_asks_git(settled: Settled, tmp_path: Path, source: str, name: str) -> None:
    """A heading with repository and commit costs git processes; every other format starts those that the text does."""
    git = GitLog(tmp_path / "bin")
    env = {**git.environment, "LOOPFLOW_CACHE_DIR": str(tmp_path / "cache")}
    numbers = []
    for each in ("text", "text", name):
        git.take()
        run("--profile", *OPTIONS[source], "--format", each, cwd=settled.mixed.root, env=env)
        numbers.append(len(git.take()))
    assert (numbers[2] > numbers[1]) == (name in WITH_ORIGIN)


@pytest.fixture
def changed_by_ten(repo: Repo, tmp_path: Path) -> dict[str, str]:
    """Stage ten changed files in a repository whose counts are known, and return the environment that knows them."""
    attributes = {".gitattributes": "*.bat linguist-generated\n"}
    repo.track({**TEXTS, **attributes, "loopflow.toml": '[budget]\ngrowth = "1k"\n'}).commit()
    env = {"LOOPFLOW_CACHE_DIR": str(tmp_path / "cache")}
    run("--profile", "--staged", cwd=repo.root, env=env)
    repo.track({f"module{number:02}/tracked{number:02}.py": f"changed = {number}\n" for number in range(10)})
    return env


def test_a_hook_reads_ten_blobs(repo: Repo, changed_by_ten: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A hook with ten changed files reads what is new, and nothing of what was there."""
    read: list[str] = []
    real = Git.read_blobs

    def noting(git: Git, repository: Repository, refs: Sequence[FileRef]) -> Iterator[Blob]:
        read.extend(ref.path for ref in refs)
        return real(git, repository, refs)

    monkeypatch.setattr(Git, "read_blobs", noting)
    assert run("--profile", "--staged", "--check", "--quiet", cwd=repo.root, env=changed_by_ten) == Result(0, "", "")
    assert len(read) == 10


def test_a_hook_loads_no_large_engine(repo: Repo, changed_by_ten: dict[str, str]) -> None:
    """A hook with ten changed files imports neither toktok nor tiktoken, nor what plans, pages and contexts need."""
    program = python("import atexit, sys\natexit.register(lambda: print(*sys.modules, file=sys.stderr))")
    options = ("--profile", "--staged", "--check", "--quiet")
    result = run_process(*options, cwd=repo.root, env=changed_by_ten, program=program)
    assert result.code == 0
    loaded = {*result.err.split()}
    assert "loopflow.tokens.with_table" in loaded
    unwanted = {"toktok", "tiktoken", "git", "pathspec", "tempfile", "loopflow.usecases.fit", "loopflow.usecases.init"}
    assert not (unwanted | {"loopflow.analysis.cuts", "loopflow.render.context", "loopflow.io.count.context"}) & loaded


def test_a_hook_starts_five_git_processes(repo: Repo, changed_by_ten: dict[str, str], tmp_path: Path) -> None:
    """With ten changed files, git is started for version, repository, index and change, and once for objects."""
    git = GitLog(tmp_path / "bin")
    env = {**git.environment, **changed_by_ten}
    result = run("--profile", "--staged", "--check", "--quiet", cwd=repo.root, env=env)
    assert result == Result(0, "", "")
    calls = git.take()
    assert len(calls) == 5
    words = [word for call in calls for word in call.split() if word in COMMANDS]
    assert sorted(words) == ["cat-file", "diff-index", "diff-index", "rev-parse", "version"]


@pytest.mark.parametrize("files", [3, 300])
@pytest.mark.parametrize("source", SOURCES)
def test_attributes_cost_three_git_processes(repo: Repo, tmp_path: Path, source: str, files: int) -> None:
    """Where an attribute that matters is named, git takes the lists, and is asked once for all paths; else never."""
    listed = {f"src{number}/.gitattributes": "*.c text\n" for number in range(3)}
    repo.track({f"src{number % 3}/{number}.py": "x\n" for number in range(files)} | listed).commit()
    git = GitLog(tmp_path / "bin")
    env = {**git.environment, "LOOPFLOW_CACHE_DIR": str(tmp_path / "cache")}
    for _ in range(2):
        git.take()
        run("--profile", *OPTIONS[source], cwd=repo.root, env=env)
    without = git.take()
    repo.track({"src1/.gitattributes": "2.py linguist-generated\n"}).commit()
    for _ in range(2):
        git.take()
        run("--profile", *OPTIONS[source], cwd=repo.root, env=env)
    words = [word for call in git.take() for word in call.split()]
    for word in ("hash-object", "update-index", "check-attr"):
        words.remove(word)
    assert sorted(word for word in words if word in COMMANDS) == sorted(
        word for call in without for word in call.split() if word in COMMANDS
    )


COMMANDS = ("version", "rev-parse", "diff-index", "cat-file", "ls-files", "ls-tree", "merge-base", "config")


def test_ten_changed_files_are_ten_files_of_work(
    settled: Settled, cache_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After ten files changed, ten are opened and ten counted, from the work tree or, in its place, from the index."""
    repo = settled.changing
    twin_cache = tmp_path / "twin.sqlite3"
    assert len(texts_counted(repo.root, Worktree(), cache_file)) == DIFFERENT
    shutil.copy(cache_file, twin_cache)
    texts_counted(repo.root, Index(), twin_cache)
    changed = {path: f"changed {path}\n" for path in sorted(TEXTS)[5:15]}
    repo.track(changed)
    opened = note_openings(monkeypatch)
    assert sorted(texts_counted(repo.root, Worktree(), cache_file)) == sorted(changed.values())
    assert sorted(opened) == sorted(changed)
    opened.clear()
    assert sorted(texts_counted(repo.root, Index(), twin_cache)) == sorted(changed.values())
    assert opened == []


@pytest.mark.parametrize("second", SOURCES)
@pytest.mark.parametrize("first", SOURCES)
def test_one_source_makes_the_others_free(settled: Settled, cache_file: Path, first: str, second: str) -> None:
    """What was counted in the work tree, the index or a commit is counted in none of them again."""
    assert len(texts_counted(settled.mixed.root, SOURCES[first], cache_file)) >= DIFFERENT - 1
    counted = texts_counted(settled.mixed.root, SOURCES[second], cache_file)
    converted = {"echo one\r\necho two\r\n", "echo one\necho two\n"}  # CRLF on disk, LF in git: two contents
    assert set(counted) <= (converted if "worktree" in {first, second} and first != second else set())


def test_another_checkout_is_free(settled: Settled, cache_file: Path) -> None:
    """A second work tree of the same commit is read, and nothing in it is counted again."""
    assert len(texts_counted(settled.mixed.root, Worktree(), cache_file)) == DIFFERENT
    assert texts_counted(settled.twin, Worktree(), cache_file) == []


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("source", SOURCES)
def test_the_same_content_at_two_paths_is_counted_once(
    settled: Settled, cache_file: Path, source: str, jobs: int
) -> None:
    """Two files with one content are two files and one text."""
    counted = texts_counted(settled.mixed.root, SOURCES[source], cache_file, jobs)
    assert counted.count("the same words\n") == 1
    assert len(counted) == len(set(counted))


def test_a_run_that_is_given_up_leaves_something(
    settled: Settled, cache_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was counted before a run ended early is known to the next one."""
    monkeypatch.setattr("loopflow.io.count.counting.SAVED_AT_ONCE", 5)
    monkeypatch.setattr("loopflow.io.count.sources.BATCH_FILES", 1)
    counter, git = Tally(), Git()
    cache = SqliteCache(str(cache_file), counter.id, time.time_ns(), complain)
    selection = select(SelectRequest(), git, str(settled.mixed.root))
    results = count(selection.to_count, Engine(git, counter, cache, NoProgress(), jobs=1))
    for _ in zip(range(25), results, strict=False):
        pass
    results.close()
    assert 0 < len(texts_counted(settled.mixed.root, Worktree(), cache_file)) < DIFFERENT - 10


def test_without_a_cache_every_run_counts(
    settled: Settled, tallies: list[Tally], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a cache nothing is known the second time either."""
    monkeypatch.chdir(settled.mixed.root)
    reports = [profile(SelectRequest(), CountRequest()) for _ in range(2)]
    assert reports[0] == reports[1]
    assert [len([text for text in tally.texts if text]) for tally in tallies] == [DIFFERENT - 1] * 2


def test_known_context_is_read_and_not_counted(
    settled: Settled, cache_file: Path, tallies: list[Tally], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Printing known files opens each text once, no known binary, and counts only what is written around them."""
    monkeypatch.chdir(settled.mixed.root)
    counting = CountRequest(cache_file=str(cache_file))
    profile(SelectRequest(), counting)
    opened = note_openings(monkeypatch)
    written: list[str] = []
    summary = write_context(SelectRequest(), counting, Output(RawLayout(), written.append))
    assert Counter(opened) - Counter(CONFIG_FILES) == Counter(TEXTS.keys())
    assert summary.files == len(TEXTS)
    assert sum(map(len, tallies[1].texts)) == summary_wrappers(written)


def summary_wrappers(written: list[str]) -> int:
    """Return how many characters of a context are no file's text."""
    texts = sum(len(text if isinstance(text, str) else text.decode("utf-8", "replace")) for text in TEXTS.values())
    return sum(map(len, written)) - texts
