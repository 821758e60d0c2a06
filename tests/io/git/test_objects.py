"""What becomes of objects that are damaged, and of names that could mean something else."""

import os
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from loopflow.errors import GitError
from loopflow.io.git.objects import Objects, read_entries
from loopflow.io.git.repository import Git
from loopflow.model import Repository, Surroundings
from tests.support.builder import Repo


@pytest.fixture
def project(repo: Repo) -> Repo:
    """Return a repository with files at two levels, none of them packed."""
    repo.track({"loopflow.toml": "# " + "x" * 400_000, "sub/c.toml": "a = 1\n"}).commit()
    return repo


def opened(repo: Repo) -> tuple[Git, Repository, str]:
    git = Git()
    repository = git.find_repository(os.path.realpath(repo.root))
    assert repository
    return git, repository, repo.git("rev-parse", "HEAD").decode().strip()


def object_file(repo: Repo, name: str) -> Path:
    found = repo.git("rev-parse", name).decode().strip()
    path = repo.root / ".git" / "objects" / found[:2] / found[2:]
    path.chmod(0o644)
    return path


def test_a_blob_that_is_cut_short_is_an_error(project: Repo) -> None:
    """What git could read of a damaged blob is not taken for all of it, and the next question is answered right."""
    path = object_file(project, "HEAD:loopflow.toml")
    whole = zlib.decompress(path.read_bytes())
    path.write_bytes(zlib.compress(whole[:200_000]))
    git, repository, commit = opened(project)
    with pytest.raises(GitError):
        git.read_file(repository, commit, "loopflow.toml")
    assert git.find_commit(repository, "HEAD") == commit


@pytest.mark.parametrize(("tree", "path"), [("HEAD^{tree}", "loopflow.toml"), ("HEAD:sub", "sub/c.toml")])
def test_a_tree_that_is_missing_is_an_error(project: Repo, tree: str, path: str) -> None:
    """A file of which the directory cannot be read is not a file that is not there."""
    object_file(project, tree).unlink()
    git, repository, commit = opened(project)
    with pytest.raises(GitError):
        git.read_file(repository, commit, path)


@pytest.mark.parametrize("path", ["./loopflow.toml", "sub/../loopflow.toml", "sub//c.toml", "/loopflow.toml", "sub/"])
def test_a_path_that_no_tree_holds_is_no_file(project: Repo, path: str) -> None:
    """A path is what the tree has, and never relative to where git stands."""
    git, repository, commit = opened(project)
    assert git.read_file(repository, commit, path) is None


def test_a_malformed_tree_is_an_error() -> None:
    """A tree without the end of a name is told, not a bug."""
    with pytest.raises(GitError, match="malformed"):
        list(read_entries(b"100644 no end", 20))


@pytest.fixture
def silent() -> Iterator[Objects]:
    """Return objects of a git that ends at once."""
    command = ["sh", "-c", "exit 0"]
    objects = Objects(
        Repository("/r", "/r/.git", "/r/.git/index"),
        lambda: subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE),
        lambda: "run git fsck",
    )
    yield objects
    objects.close()


def test_a_git_that_says_nothing_is_an_error(silent: Objects) -> None:
    """A git that ends before it answers has not said that there is no such object."""
    with pytest.raises(GitError):
        silent.find("HEAD^{commit}")
    with pytest.raises(GitError):
        silent.read("blob", "0" * 40)


def test_a_name_that_is_no_text_does_not_wait(project: Repo) -> None:
    """A name that cannot be sent is an error, not an endless wait for an answer."""
    git, repository, commit = opened(project)
    with pytest.raises(UnicodeEncodeError):
        git.read_file(repository, commit, "\ud800/a")


def test_a_directory_that_is_gone_is_named(project: Repo, tmp_path: Path) -> None:
    """Where git cannot be started in the directory, that is said, and not that there is no git."""
    gone = str(tmp_path / "gone")
    git = Git(Surroundings(os.environ, gone, str(project.root)))
    with pytest.raises(GitError, match="git cannot be started in"):
        git.find_repository(os.path.realpath(project.root))
