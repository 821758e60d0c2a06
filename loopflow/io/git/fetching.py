"""What to run where something is not in a repository and may be in another: hints that work when they are followed.

`git fetch REMOTE BRANCH` is none: where the remote's refspec does not cover the branch, as in a clone of a single one,
it sets FETCH_HEAD and nothing else (git-fetch(1)). Nor does a plain fetch bring what a partial clone filters out.
"""

import re
from collections.abc import Sequence
from shlex import quote
from typing import Protocol

from loopflow.analysis.names import escape_name
from loopflow.io.git.shallow import shallow_commits
from loopflow.model import Repository

_FROM_THERE = re.compile(r"[~^]|@\{")  # gitrevisions(7): what follows is a way from the commit that is named before it
_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_SHORT_ID = re.compile(r"[0-9a-f]{4,63}")
_NO_NAME = re.compile(r"[\x00-\x20\x7f:?*\[\\]|\.\.|^-|^$")  # of what git-check-ref-format(1) rules out, what is likely


class KnowsPromisor(Protocol):
    """What is asked of git where an object is missing."""

    def promisor(self, repository: Repository) -> str | None:
        """Return the remote that has what a partial clone lacks, None for another repository."""
        ...


class Asked(Protocol):
    """What is asked of git where a name is unknown."""

    def find_commit(self, repository: Repository, revision: str) -> str | None:
        """Return the id of the commit that `revision` names, None if there is none."""
        ...

    def remotes(self, repository: Repository) -> Sequence[str]:
        """Return the names of the remotes."""
        ...


def how_to_fetch(git: Asked, repository: Repository, revision: str, remote: str | None = None) -> str:
    """Return what to do where `revision` names no commit; `remote` is the one that should have it, if that is known."""
    name = _FROM_THERE.split(revision, maxsplit=1)[0]
    is_ended = bool(shallow_commits(repository))
    is_behind = name != revision and git.find_commit(repository, name or "HEAD") is not None
    if is_ended and (is_behind or (_SHORT_ID.fullmatch(name) and not _ID.fullmatch(name))):
        return "check the name; this is a shallow clone, and more of it comes with: git fetch --unshallow"
    remotes = git.remotes(repository)
    if is_behind or not remotes or _NO_NAME.search(name):
        return "check the name; git log, git branch --all and git tag show what there is"
    return _how_to_fetch_name(git, repository, name, remotes, remote if remote in remotes else None)


def _how_to_fetch_name(
    git: Asked, repository: Repository, name: str, remotes: Sequence[str], remote: str | None
) -> str:
    """Return how to fetch what `name` would name."""
    chosen = remote or ("origin" if "origin" in remotes else remotes[0])
    short = name.removeprefix("refs/remotes/")
    of = max((each for each in remotes if short.startswith(f"{each}/")), key=len, default=None)
    if of and short == f"{of}/HEAD":
        return f"set it: git remote set-head {_word(of)} --auto"
    if of:
        branch = short.removeprefix(f"{of}/")
        return f"fetch it: git fetch {_word(of)} {_word(f'+refs/heads/{branch}:refs/remotes/{short}')}"
    if _ID.fullmatch(name):
        return f"fetch it: git fetch {_word(chosen)} {name}"
    if name.startswith("refs/"):
        return f"fetch it: git fetch {_word(chosen)} {_word(f'{name}:{name}')}"
    if git.find_commit(repository, f"refs/remotes/{chosen}/{name}"):
        return f"write {escape_name(f'{chosen}/{name}')}, which is there"
    branch, tag = _word(f"{name}:{name}"), _word(name)
    how = f"fetch the branch: git fetch {_word(chosen)} {branch}, or the tag: git fetch {_word(chosen)} tag {tag}"
    return how if "/" not in name else f"there is no remote {escape_name(name.partition('/')[0])}; {how}"


def how_to_get_objects(git: KnowsPromisor, repository: Repository) -> str:
    """Return what to do where an object that should be there is not."""
    remote = git.promisor(repository)
    if remote is None:
        return "run git fsck there to see whether it is whole"
    return f"in a partial clone, fetch it first: git fetch --refetch --no-filter {_word(remote)}; else run git fsck"


def _word(text: str) -> str:
    return quote(escape_name(text))
