"""benchmarks/replay.py: a history is judged again, and what differs from the second telling is not passed over."""

import os
import sys
from pathlib import Path

import pytest

from tests.support.branches import branch, lines, merge
from tests.support.builder import Repo
from tests.support.plumbing import git_at
from tests.support.run import Result, run_process

PROGRAM = (sys.executable, os.fspath(Path(__file__).parents[1] / "benchmarks" / "replay.py"))


def replay(clone: Path, **variables: str) -> Result:
    return run_process(os.fspath(clone), cwd=clone.parent, env=variables, program=PROGRAM)


@pytest.fixture
def history(repo: Repo) -> Repo:
    """Return a repository with five commits, of which two are merges, and something was written in one of these."""
    repo.track({"a.py": lines("a", 9)}).commit()
    branch(repo, "two", "main", {"two.py": lines("two", 3)})
    branch(repo, "main", "main", {"one.py": lines("one", 3)})
    for own in (0, 3):
        merge(repo, "two")
        repo.track({"own.py": lines("own", own)}).commit(f"merged {own}")
        branch(repo, "two", "two", {"more.py": lines("more", own)})
        repo.git("checkout", "--quiet", "main")
    return repo


@pytest.mark.parametrize("is_bare", [False, True])
def test_what_is_the_same(history: Repo, tmp_path: Path, *, is_bare: bool) -> None:
    """It says of how many commits of each kind, bare or not, and changes nothing in the repository."""
    clone = history.root
    if is_bare:
        clone = tmp_path / "bare.git"
        git_at(tmp_path, "clone", "--quiet", "--bare", str(history.root), str(clone))
    before = sorted(clone.rglob("*"))
    done = replay(clone)
    assert done.code == 0, done.out + done.err
    rows = [line.strip("| ").split(" | ") for line in done.out.splitlines()[2:]]
    assert rows == [["merge", "2", "2", "0", "1"], ["branch", "2", "2", "0", "1"], ["commit", "4", "4", "0", "3"]]
    assert sorted(clone.rglob("*")) == before


def test_what_differs(history: Repo) -> None:
    """Here because one side counts with another encoding, by which this text is longer."""
    history.track({"text.md": "日本語のテキスト\n"}).commit()
    done = replay(history.root, LOOPFLOW_ENCODING="cl100k_base")
    differing = [line for line in done.out.splitlines() if "judged" in line and "told" in line]
    assert (done.code, bool(differing)) == (1, True)


def test_a_history_that_is_not_whole(history: Repo, tmp_path: Path) -> None:
    """It is refused: nothing could be told of it."""
    clone = tmp_path / "shallow"
    git_at(tmp_path, "clone", "--quiet", "--depth=1", f"file://{history.root}", str(clone))
    done = replay(clone)
    assert (done.code, done.out) == (2, "")
    assert "not whole" in done.err
