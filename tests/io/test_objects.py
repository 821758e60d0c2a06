"""One git answers for all objects of a repository, whatever is asked in between."""

import os
from collections.abc import Callable

import pytest

from loopflow.io.git import Git
from loopflow.model import Repository
from tests.support.builder import Repo

FILES = {f"file{at:03}.txt": f"text {at}\n" * at for at in range(300)}


@pytest.fixture
def many(repo: Repo) -> tuple[Git, Repository, str]:
    """Return a git, a repository of more blobs than a pipe holds questions for, and its commit."""
    commit = repo.track(FILES).commit()
    git = Git()
    found = git.find_repository(os.path.realpath(repo.root))
    assert found
    return git, found, commit


def test_a_question_while_blobs_are_streamed(many: tuple[Git, Repository, str]) -> None:
    """A question about something else, amid blobs and amid one of them, is answered, and the blobs go on."""
    git, repository, commit = many
    texts = {}
    for blob in git.read_blobs(repository, git.list_tracked(repository)):
        first = blob.read(3)
        assert git.find_commit(repository, "HEAD") == commit
        assert git.read_file(repository, commit, "file001.txt") == b"text 1\n"
        texts[blob.ref.path] = (first + blob.read(100_000)).decode()
    assert texts == FILES


@pytest.mark.parametrize("number", [0, 1, 50, 250])
def test_a_question_after_blobs_were_left(many: tuple[Git, Repository, str], number: int) -> None:
    """Where blobs are left unread, what is asked next gets its own answer."""
    git, repository, commit = many
    blobs = git.read_blobs(repository, git.list_tracked(repository))
    for _ in range(number):
        next(blobs)
    left = next(blobs)
    left.read(1)
    del blobs
    assert git.find_commit(repository, "HEAD") == commit
    assert git.read_file(repository, commit, "file002.txt") == b"text 2\ntext 2\n"


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_files_of_a_commit(make_repo: Callable[..., Repo], object_format: str) -> None:
    """A regular file is read whatever its name; a directory, a link, a submodule and what is not there are none."""
    repo = make_repo("made", f"--object-format={object_format}")
    texts = {
        "a.txt": "a",
        "deep/er/b.txt": "b",
        "line\nbreak": "c",
        "deep/line\nbreak": "d",
        " b ": "e",
        "caf\xe9": "f",
    }
    repo.track({**texts, "-x": "g", "a:b": "h", "*": "i"})
    repo.link("link", "a.txt")
    repo.track()
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * (40 if object_format == 'sha1' else 64)},module")
    commit = repo.commit()
    git = Git()
    repository = git.find_repository(os.path.realpath(repo.root))
    assert repository
    for path, text in texts.items():
        assert git.read_file(repository, commit, path) == text.encode(), path
    for path in ("deep", "deep/er", "link", "module", "none", "none/none", "a.txt/x", "no\nne"):
        assert git.read_file(repository, commit, path) is None, path


def test_a_link_with_a_line_break_in_its_name_is_no_file(repo: Repo) -> None:
    """Nor is a link read as a file where its name takes the long way."""
    repo.link("li\nnk", "a.txt")
    commit = repo.track().commit()
    git = Git()
    repository = git.find_repository(os.path.realpath(repo.root))
    assert repository
    assert git.read_file(repository, commit, "li\nnk") is None
