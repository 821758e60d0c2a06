"""What a report says of where it comes from: the name of the repository, and a commit's subject and day.

The name is the last part of the address that the repository was cloned from. Nothing else of an address is kept: it may
hold a user, a password or a token.
"""

import os
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple

from loopflow.io.git.repository import Git
from loopflow.model import Repository

_WITH_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*(/[^?#]*)?(?:[?#].*)?", re.DOTALL)
_OTHER_HOST = re.compile(r"[^/:]+:(?!:)(.*)", re.DOTALL)  # git-fetch(1), "GIT URLS": no slash before the first colon
_DATE = re.compile(r"^committer .*> (-?\d{1,15}) [+-]\d{4}$", re.MULTILINE)
_ENCODING = re.compile(r"^encoding (\S+)$", re.MULTILINE)


class Commit(NamedTuple):
    """The first lines of a commit's message as one, and the day it was made, in UTC; None where it has none."""

    subject: str
    date: date | None


def read_commit(git: Git, repository: Repository, commit: str) -> Commit:
    """Return what is said of a commit. Raises GitError if it is not there."""
    head, _, message = git.read_commit(repository, commit).partition(b"\n\n")
    said = head.decode("utf-8", "surrogateescape")
    encoding = _ENCODING.search(said)
    text = _decode(message, encoding[1] if encoding else "utf-8")
    subject = " ".join(text.lstrip("\n").partition("\n\n")[0].split("\n")).strip()
    found = _DATE.search(said)
    return Commit(subject, day_of(int(found[1])) if found else None)


def day_of(seconds: int) -> date | None:
    """Return the day of a moment, in seconds since 1970, in UTC; None for one that is in no calendar."""
    try:
        return datetime.fromtimestamp(seconds, UTC).date()
    except (OverflowError, ValueError, OSError):
        return None


def name_repository(git: Git, repository: Repository) -> str:
    """Return the name by which people know a repository: that of its remote, else that of its directory."""
    named = _name_in_address(_choose(git.remote_addresses(repository)))
    if named:
        return named
    path = repository.root
    return os.path.basename(path).removesuffix(".git") or os.path.basename(os.path.dirname(path)) or path


def _choose(addresses: Sequence[tuple[str, str]]) -> str:
    """Return the address of origin, else the first one."""
    return dict(reversed(addresses)).get("origin") or next((address for _, address in addresses), "")


def _name_in_address(address: str) -> str:
    """Return the last part of the path in an address; nothing where it has none."""
    with_scheme, other_host = _WITH_SCHEME.fullmatch(address), _OTHER_HOST.fullmatch(address)
    path = with_scheme[1] or "" if with_scheme else other_host[1] if other_host else address
    parts = [part for part in path.split("/") if part]
    if parts and parts[-1] == ".git":
        parts.pop()
    name = parts[-1].removesuffix(".git") if parts else ""
    return "" if name in {".", ".."} or "@" in name or "::" in name else name


def _decode(message: bytes, encoding: str) -> str:
    try:
        return message.decode(encoding, "replace")
    except (LookupError, ValueError):  # what is no encoding of ours is read as most are
        return message.decode("utf-8", "replace")
