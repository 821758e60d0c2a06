"""What there was before: the files of another commit, counted once more by git's plumbing and tiktoken alone."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from time import sleep
from typing import NamedTuple

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from loopflow.config.resolve import CONFIG_FILES
from loopflow.errors import UsageError
from loopflow.io.cache.database import NoCache
from loopflow.io.cache.page_format import NO_STAMP, Content
from loopflow.io.count.counting import Engine, count
from loopflow.io.count.lookup import CacheUpdate
from loopflow.io.count.start_counts import Moment, count_before
from loopflow.io.file import choose, coverage, list_all
from loopflow.io.git.repository import Git
from loopflow.model import (
    Before,
    CompareRequest,
    CountRequest,
    Criteria,
    FileRef,
    FileTokens,
    Revision,
    Selection,
    SelectRequest,
)
from loopflow.model.progress import NoProgress
from loopflow.tokens.choice import create_counter
from loopflow.usecases.pipeline import build_profile, profile
from loopflow.usecases.pipeline import compare as compare_with
from tests.support.builder import Repo
from tests.support.caches import OLD, ROOT, Opened
from tests.support.charts import words
from tests.support.environment import isolate
from tests.support.examples import some
from tests.support.histories import Step, beginning, histories, play
from tests.support.oracle import count_text
from tests.support.plumbing import list_tree, texts_of_tree
from tests.support.random_repos import Tree, built, trees
from tests.support.run import run
from tests.support.work import OPTIONS, SOURCES, GitLog, Tally, note_openings

few = some(10)

# What is covered, and the same said again. In the work tree these files are not what they are in git.
Covered = tuple[Criteria, Callable[[str], bool]]
COVERED: list[Covered] = [
    (Criteria(SelectRequest()), lambda _: True),
    (Criteria(SelectRequest(extensions=("txt", ".PY"))), lambda path: path.endswith((".txt", ".py"))),
    (
        Criteria(SelectRequest(exclude=("dir/sub/", "*.md"))),
        lambda path: not path.startswith("dir/sub/") and ".md" not in path,
    ),
    (Criteria(SelectRequest(), include=("dir/", "/a.*")), lambda path: path.startswith(("dir/", "a."))),
    (Criteria(SelectRequest(paths=("dir",))), lambda path: path.startswith("dir/")),
    (Criteria(SelectRequest(paths=("a.txt", "b.md"))), lambda path: path in {"a.txt", "b.md"}),
]
CONVERTED = (".crlf", ".rot")
FILTERED = ".rot"
NOTHING = FileTokens("", "", -1, 0, "")


class Compared(NamedTuple):
    """The files there are, and what there was."""

    now: Mapping[str, FileTokens]
    before: Before


def compare(root: Path, criteria: Criteria, commit: str) -> Compared:
    """Profile what `criteria` let through, and count what that was at a commit."""
    git = Git()
    listed = list_all(criteria.request, git, os.path.realpath(root))
    selection = choose(listed, criteria)
    engine = Engine(git, create_counter(), NoCache(), NoProgress(), 2)
    with closing(count(selection.to_count, engine)) as counts:
        found = build_profile(selection, engine.counter, counts)
    before = count_before(selection, found, coverage(listed, criteria), engine, Moment("then", commit))
    return Compared({file.path: file for file in found.files}, before)


def tokens_at(root: Path, commit: str) -> dict[str, int]:
    """Return what each text of a commit costs."""
    texts, _ = texts_of_tree(root, commit)
    return {path: count_text(text, "o200k_base") for path, text in texts.items()}


def check_moves(root: Path, compared: Compared, commit: str) -> None:
    """Hold that what moved is gone where it was, new where it is, and the same there."""
    listed, (now, before) = list_tree(root, commit), compared
    assert len(set(before.moves.values())) == len(before.moves)
    for new, old in before.moves.items():
        assert old in before.files
        assert old not in now
        assert new not in before.files
        assert before.files[old].tokens == now[new].tokens
        assert listed[old][1] == now[new].digest or new.endswith(CONVERTED)


class History(NamedTuple):
    """Steps that are committed, one list after the other, steps that are pending, and which two commits to take."""

    past: list[list[Step]]
    pending: list[Step]
    now: int
    then: int


KINDS = st.sampled_from(sorted(SOURCES))
HISTORIES = st.builds(
    History, st.lists(histories(), min_size=1, max_size=3), histories(), st.integers(0, 5), st.integers(0, 5)
)


@few
@given(HISTORIES, st.sampled_from(COVERED), KINDS)
def test_what_was_there_is_what_the_commit_holds(history: History, covered: Covered, kind: str) -> None:
    """After any history, for any two moments of it, the files of the one are those of its tree that are asked for.

    A file that a checkout converts may count as it is on disk, where git does not call it modified.
    """
    with beginning() as repo:
        for steps in history.past:
            for step in steps:
                play(repo, step)
            repo.git("add", "--all")
            repo.commit()
        for step in history.pending:
            play(repo, step)
        commits = repo.git("rev-list", "--all").decode().split()
        now, then = commits[history.now % len(commits)], commits[history.then % len(commits)]
        source = Revision(now) if kind == "revision" else SOURCES[kind]
        criteria, covers = covered
        try:
            compared = compare(repo.root, criteria._replace(request=replace(criteria.request, source=source)), then)
        except UsageError:  # what was asked for is not there
            reject()
        files = {path: file.tokens for path, file in compared.before.files.items()}
        held = {path: tokens for path, tokens in tokens_at(repo.root, then).items() if covers(path)}
        assert files.keys() == held.keys()
        for path, tokens in files.items():
            is_on_disk = tokens == compared.now.get(path, NOTHING).tokens or path in compared.before.moves.values()
            if kind == "worktree" and path.endswith(FILTERED):  # compared as git stores it: tests/cli/test_converted.py
                continue
            assert tokens == held[path] or (kind == "worktree" and path.endswith(CONVERTED) and is_on_disk)
        check_moves(repo.root, compared, then)


@few
@given(trees(), trees(), KINDS)
def test_what_was_there_whatever_it_is(now: Tree, then: Tree, kind: str) -> None:
    """Two trees that share nothing but names: links, submodules, binary files, and names that nobody would choose."""
    with built(then) as past, built(now) as repo:
        commit = past.commit()
        repo.commit()
        repo.git("fetch", "--quiet", "--no-recurse-submodules", str(past.root), "main")
        compared = compare(repo.root, Criteria(SelectRequest(source=SOURCES[kind])), commit)
        assert {path: file.tokens for path, file in compared.before.files.items()} == tokens_at(past.root, commit)
        check_moves(past.root, compared, commit)


def test_in_the_middle_of_a_merge(repo: Repo) -> None:
    """With conflicts, each parent holds what it held: a file in conflict, one deleted on a side, one that is new."""
    repo.track({name: words(10, name[0]) for name in ("a.py", "b.py", "c.py")}).commit()
    repo.git("checkout", "--quiet", "-b", "side")
    repo.git("rm", "--quiet", "b.py")
    repo.track({"a.py": words(20, "s"), "side.py": words(5, "n")}).commit()
    repo.git("checkout", "--quiet", "main")
    repo.track({"a.py": words(30, "m"), "b.py": words(40, "m")}).commit()
    with pytest.raises(AssertionError, match="failed"):
        repo.git("merge", "--quiet", "side")
    for revision in ("HEAD", "MERGE_HEAD"):
        commit = repo.git("rev-parse", revision).decode().strip()
        before = compare(repo.root, Criteria(SelectRequest()), commit).before
        assert {path: file.tokens for path, file in before.files.items()} == tokens_at(repo.root, commit)


@pytest.mark.parametrize("kind", ["worktree", "index"])
def test_a_file_and_a_link_with_the_same_blob(repo: Repo, kind: str) -> None:
    """What a link points to is stored like a text, and is none: only a mode that stays that of a file is no change."""
    repo.track({"a.py": "b.py", "b.py": words(10), "run.py": words(20, "r")})
    repo.link("link", "b.py")
    commit = repo.track().commit()
    for path in ("a.py", "link"):
        (repo.root / path).unlink()
    repo.link("a.py", "b.py")
    repo.write("link", "b.py")
    (repo.root / "run.py").chmod(0o755)
    repo.git("add", "--all")
    now, before = compare(repo.root, Criteria(SelectRequest(source=SOURCES[kind])), commit)
    assert (set(now), set(before.files)) == ({"b.py", "link", "run.py"}, {"a.py", "b.py", "run.py"})
    assert before.moves == {"link": "a.py"}


# How much work it is.

SETTLING_SECONDS = 2.1  # what the cache waits for before it trusts a file's times, and a little more
AGAINST = CompareRequest(against="HEAD~1")


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repo]:
    """Return a repository of two commits; the second edits, adds, removes and moves files beside many that stay."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        isolate(monkeypatch, tmp_path_factory.mktemp("home"))
        repo = Repo(tmp_path_factory.mktemp("settled") / "repo")
        repo.track({f"dir{at % 3}/file{at}.py": f"x = {at}\n" for at in range(30)})
        repo.track({"dir0/gone.py": "gone\n", "dir1/old.py": "moved\n", "dir2/edited.py": "before\n"}).commit()
        repo.git("rm", "--quiet", "dir0/gone.py")
        repo.git("mv", "dir1/old.py", "dir0/new.py")
        repo.track({"dir2/edited.py": "after it\n", "dir2/added.py": "added\n"}).commit()
        sleep(SETTLING_SECONDS)
        yield repo


@pytest.mark.parametrize("kind", SOURCES)
def test_comparing_a_second_time_reads_nothing(
    settled: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """The first run counts what there is and what there was; the next one opens no file and counts no text."""
    tallies: list[Tally] = []

    def create_tally(encoding: str, engine: str | None, table_directory: str | None) -> Tally:
        tallies.append(Tally(create_counter(encoding, engine, table_directory)))
        return tallies[-1]

    monkeypatch.setattr("loopflow.usecases.run.create_counter", create_tally)
    monkeypatch.chdir(settled.root)
    request, counting = SelectRequest(source=SOURCES[kind]), CountRequest(cache_file=str(tmp_path / "counts.sqlite3"))
    first = compare_with(request, AGAINST, counting)
    assert first.diff
    assert {delta.path for delta in first.diff.files} == {
        "dir0/gone.py",
        "dir0/new.py",
        "dir2/added.py",
        "dir2/edited.py",
    }
    counted = [text for text in tallies[0].texts if text]
    assert len(counted) == len(set(counted)) == 30 + 3 + 2, "what stayed, what is new or moved, what was"
    opened = note_openings(monkeypatch)
    for compares in (True, False, True):
        opened.clear()
        report = compare_with(request, AGAINST, counting) if compares else profile(request, counting)
        assert report == (first if compares else replace(first, diff=None))
        assert set(opened) <= set(CONFIG_FILES), "which are looked for, and are not there"
        assert tallies[-1].calls == 0


@pytest.mark.parametrize(("kind", "number"), [("worktree", 10), ("index", 7), ("revision", 7)])
def test_comparing_a_second_time_starts_few_git_processes(
    settled: Repo, tmp_path: Path, kind: str, number: int
) -> None:
    """Beside what a run needs that compares nothing: the two commits, their merge base, and what differs."""
    git = GitLog(tmp_path / "bin")
    env = {**git.environment, "LOOPFLOW_CACHE_DIR": str(tmp_path / "cache")}
    command = ("--profile", "--against", "HEAD~1", *OPTIONS[kind])
    first = run(*command, cwd=settled.root, env=env)
    assert first.code == 0
    blobs = sum("cat-file --batch" in call for call in git.take())
    assert blobs == (1 if kind == "worktree" else 2), "all blobs of a moment come through one process"
    assert run(*command, cwd=settled.root, env=env) == first
    assert len(git.take()) == number


@pytest.mark.parametrize(
    ("asked", "known"),
    [
        (SelectRequest(), {"dir/a.py"}),
        (SelectRequest(changed=True), {"dir/a.py", "dir/b.md"}),
        (SelectRequest(extensions=("py",)), {"dir/a.py", "dir/b.md"}),
        (SelectRequest(paths=("dir/a.py",)), {"dir/a.py", "dir/b.md"}),
    ],
    ids=["everything", "what differs", "a filter", "a path"],
)
def test_a_run_over_a_part_forgets_nothing(tmp_path: Path, asked: SelectRequest, known: set[str]) -> None:
    """What a run did not look for is not gone: only one over everything forgets the states of files it has not seen."""
    states = {"dir/a.py": (OLD, "a" * 40), "dir/b.md": (OLD, "b" * 40)}
    opened = Opened(tmp_path / "counts.sqlite3").save({}, states)
    update = CacheUpdate(opened.cache, Selection(ROOT, asked, (FileRef("dir/a.py"),)).to_count)
    update.add_file("dir/a.py", OLD, "c" * 40, Content(1, 1))
    update.save()
    assert set(Opened(opened.file).states()) == known


@pytest.mark.parametrize(("asked", "directories"), [(SelectRequest(), {"dir"}), (SelectRequest(changed=True), set())])
def test_what_was_there_is_not_noted_as_what_is_there(
    tmp_path: Path, asked: SelectRequest, directories: set[str]
) -> None:
    """A file that is gone has no place among those of its directory, which would no longer be known as a whole."""
    opened = Opened(tmp_path / "counts.sqlite3")
    update = CacheUpdate(opened.cache, Selection(ROOT, asked, (FileRef("dir/gone.py"),)).to_count)
    update.add_file("dir/gone.py", NO_STAMP, "a" * 40, Content(1, 1))
    update.save()
    assert set(opened.cache.pages(ROOT)) == directories
