"""What a report says of where it comes from: names out of addresses, and what commits say of themselves."""

from datetime import date

import pytest

from loopflow.io.git.origin import day_of, name_repository, read_commit
from loopflow.io.git.repository import Git
from loopflow.model import Repository
from tests.support.builder import Repo


def found(repo: Repo) -> tuple[Git, Repository]:
    git = Git()
    repository = git.find_repository(str(repo.root))
    assert repository
    return git, repository


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://example.invalid/owner/thing.git", "thing"),
        ("https://user:secret@example.invalid/owner/thing/", "thing"),
        ("https://example.invalid/owner/thing.git?token=secret#secret", "thing"),
        ("ssh://git@example.invalid:22/owner/thing", "thing"),
        ("git@example.invalid:owner/thing.git", "thing"),
        ("git@example.invalid:thing", "thing"),
        ("/srv/git/thing.git", "thing"),
        ("../thing/.git", "thing"),
        ("file:///srv/thing", "thing"),
        ("https://secret@example.invalid", "repo"),
        ("https://example.invalid/secret@example.invalid", "repo"),
        ("ext::sh -c secret", "repo"),
        ("..", "repo"),
        ("", "repo"),
    ],
)
def test_a_repository_is_called_what_its_remote_calls_it(repo: Repo, address: str, name: str) -> None:
    """The last part of the path, and nothing else of an address; where there is none, it is the directory's name."""
    repo.git("config", "remote.origin.url", address)
    assert name_repository(*found(repo)) == name


def test_origin_goes_before_other_remotes(repo: Repo) -> None:
    """Of several remotes it is origin, else the first; without any, the directory."""
    assert name_repository(*found(repo)) == "repo"
    repo.git("remote", "add", "fork", "https://example.invalid/someone/fork")
    assert name_repository(*found(repo)) == "fork"
    repo.git("remote", "add", "origin", "https://example.invalid/owner/thing")
    assert name_repository(*found(repo)) == "thing"


@pytest.mark.parametrize(
    ("message", "subject"),
    [
        (b"Add it\n\nBecause.\n", "Add it"),
        (b"Add it\nand more\n\nBecause.", "Add it and more"),
        (b"\n\nLate\n", "Late"),
        (b"", ""),
        (b"caf\xe9\n", "caf\ufffd"),
    ],
)
def test_the_subject_of_a_commit(repo: Repo, message: bytes, subject: str) -> None:
    """The first lines of the message as one, as git has it; and the day that it was made."""
    tree = repo.git("write-tree").decode().strip()
    head = f"tree {tree}\nauthor A <a> 1 +0000\ncommitter C <c> 1704067200 -0800\n\n".encode()
    commit = repo.git("hash-object", "-t", "commit", "-w", "--stdin", data=head + message).decode().strip()
    assert read_commit(*found(repo), commit) == (subject, date(2024, 1, 1))


def test_a_message_in_another_encoding(repo: Repo) -> None:
    """What the commit says its message is written in is believed, if it is an encoding."""
    tree = repo.git("write-tree").decode().strip()
    for encoding, subject in (("ISO-8859-1", "caf\xe9"), ("no-such", "caf\ufffd"), ("base64", "caf\ufffd")):
        head = f"tree {tree}\nauthor A <a> 1 +0000\ncommitter C <c> x\nencoding {encoding}\n\n".encode()
        data = head + b"caf\xe9\n"
        commit = repo.git("hash-object", "-t", "commit", "--literally", "-w", "--stdin", data=data).decode().strip()
        assert read_commit(*found(repo), commit) == (subject, None)


def test_a_moment_that_is_in_no_calendar() -> None:
    """A date can be anything in a commit; one that is no day is none."""
    assert [day_of(seconds) for seconds in (0, -1, 10**15)] == [date(1970, 1, 1), date(1969, 12, 31), None]
