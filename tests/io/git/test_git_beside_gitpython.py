"""What git is asked here, beside GitPython, which asks and reads in its own way."""

from pathlib import Path

import git
import pytest

from loopflow.io.git.repository import Git
from loopflow.model import Repository
from tests.support.builder import Repo

FILES = {"a.py": "x = 1\n", "docs/guide.md": "# Guide\n", "docs/deep/er/b.txt": "b\n", "empty": ""}


@pytest.fixture
def history(repo: Repo) -> Repo:
    """Return a repository with a merge of two branches."""
    repo.track(FILES).commit("first")
    repo.git("checkout", "-q", "-b", "side")
    repo.track({"side.py": "y = 2\n"}).commit("side")
    repo.git("checkout", "-q", "main")
    repo.track({"main.py": "z = 3\n", "a.py": "x = 2\n"}).commit("main")
    repo.git("merge", "-q", "--no-ff", "--no-edit", "side")
    return repo


def both(root: Path) -> tuple[Git, Repository, git.Repo]:
    ours = Git()
    repository = ours.find_repository(str(root.resolve()))
    assert repository is not None
    return ours, repository, git.Repo(root)


def test_commits_and_their_parents(history: Repo) -> None:
    """HEAD, and the parents of each commit, are those that GitPython reads."""
    ours, repository, theirs = both(history.root)
    with theirs:
        assert ours.find_commit(repository, "HEAD") == theirs.head.commit.hexsha
        for commit in theirs.iter_commits():
            assert ours.parents(repository, commit.hexsha) == [parent.hexsha for parent in commit.parents]


def test_listings_and_contents(history: Repo) -> None:
    """The files of each commit, and what is in them, are those that GitPython reads."""
    ours, repository, theirs = both(history.root)
    with theirs:
        for commit in theirs.iter_commits():
            blobs = {str(item.path): item for item in commit.tree.traverse() if isinstance(item, git.Blob)}
            listed = ours.list_commit(repository, commit.hexsha)
            assert {ref.path: ref.blob for ref in listed} == {path: blob.hexsha for path, blob in blobs.items()}
            for path, blob in blobs.items():
                assert ours.read_file(repository, commit.hexsha, path) == blob.data_stream.read()


def test_what_is_no_file_of_a_commit(history: Repo) -> None:
    """A directory, and a name that is not there, have no content."""
    ours, repository, _ = both(history.root)
    commit = history.git("rev-parse", "HEAD").decode().strip()
    for path in ("docs", "docs/none.md", "a.py/b", "none/at/all"):
        assert ours.read_file(repository, commit, path) is None


def test_the_common_ancestor(history: Repo) -> None:
    """The merge base of two branches is the one that GitPython finds."""
    ours, repository, theirs = both(history.root)
    with theirs:
        one, other = theirs.head.commit.parents
        [base] = theirs.merge_base(one, other)
        assert ours.merge_bases(repository, one.hexsha, [other.hexsha]) == [base.hexsha]
