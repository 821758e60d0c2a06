"""The start of a change: the commit, or in a merge the commits, that the tree in question is compared with.

With a revision to compare against it is the merge base with that, so that what others did there in the meantime is
nobody's growth. Without one it is HEAD for the work tree and the index, and the first parent for a commit. While a
merge is being made, each of its parents is a start: what a parent already holds, the merge does not add.

The start of a push is what its commits have in common with what the remote has: the branch as it is there, or all
branches for a new one. What it got from the branch of the config's `against`, or from the remote's main branch, is
nobody's growth here either.
"""

import os
import re
from contextlib import suppress
from typing import NamedTuple

from loopflow.analysis.names import escape_name
from loopflow.errors import GitError
from loopflow.io.git.fetching import how_to_fetch
from loopflow.io.git.repository import Git
from loopflow.model import Push, Repository, Revision, Source

_ID = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?")


class Start(NamedTuple):
    """`name` is what a user calls it; `commits` are ids of commits, or that of the empty tree before the first one."""

    name: str
    commits: tuple[str, ...]


def find_start(git: Git, repository: Repository, source: Source, against: str | None = None) -> Start:
    """Return where the change began that made the tree in `source`.

    Raises GitError where `against` or a merge base is not there.
    """
    if isinstance(source, Revision):
        tip = git.resolve(repository, source.revision)
        if against is None:
            return Start(f"{source.revision}^", (git.first_parent(repository, tip),))
        return Start(against, (_merge_base(git, repository, tip, against),))
    head = git.find_commit(repository, "HEAD")
    tips = [head or git.empty_tree(repository), *_merged(repository)]
    if against is None:
        return Start("HEAD", tuple(tips))
    if head is None:
        _resolve(git, repository, against)
        return Start(against, tuple(tips))
    return Start(against, tuple(dict.fromkeys(_merge_base(git, repository, tip, against) for tip in tips)))


def find_push_start(
    git: Git, repository: Repository, revision: Revision, push: Push, against: str | None = None
) -> Start:
    """Return where the commits of a push begin; `against` is the config's.

    To a remote of which nothing is known, it is what `find_start` finds. Raises GitError where `since` is not there.
    """
    tip = git.resolve(repository, revision.revision)
    since = _resolve(git, repository, push.since, push.remote) if push.since else None
    main = against or f"refs/remotes/{push.remote}/HEAD"
    other = git.find_commit(repository, main)
    known = [since] if since else git.remote_tips(repository, push.remote or "")
    starts = git.merge_bases(repository, tip, [*known, other] if other else known)
    if starts:
        starts.sort(key=lambda commit: commit != since)  # first what the branch was, if that is still a part of it
        return Start(push.since if push.since and starts[0] == since else starts[0], tuple(starts))
    if push.since:
        raise _no_ancestor(git, repository, tip, push.since)
    if other is None and main.removeprefix("refs/remotes/").startswith(f"{push.remote}/"):
        against = None  # the remote has nothing yet, so there is nothing to fetch either
    return find_start(git, repository, revision, against)


def _merged(repository: Repository) -> list[str]:
    """Return the commits that a merge in progress brings in (gitrevisions(7), MERGE_HEAD)."""
    with suppress(OSError), open(os.path.join(repository.git_dir, "MERGE_HEAD"), "rb") as file:
        return [line.decode("ascii") for line in file.read().split() if _ID.fullmatch(line)]
    return []


def _resolve(git: Git, repository: Repository, against: str, remote: str | None = None) -> str:
    if not against:
        raise GitError("there is no revision without a name to compare with", "name one, such as origin/main")
    found = git.find_commit(repository, against)
    if found is None:
        what = f"there is no {escape_name(against)} in {escape_name(repository.root)} to compare with"
        raise GitError(what, how_to_fetch(git, repository, against, remote))
    return found


def _merge_base(git: Git, repository: Repository, tip: str, against: str) -> str:
    other = _resolve(git, repository, against)
    base = git.merge_base(repository, tip, other)
    if base is None:
        raise _no_ancestor(git, repository, tip, against)
    return base


def _no_ancestor(git: Git, repository: Repository, tip: str, against: str) -> GitError:
    what = f"{escape_name(against)} and {tip[:12]} have no common ancestor in {escape_name(repository.root)}"
    if git.is_shallow(repository):
        return GitError(f"{what}, which is a shallow clone", "fetch more of it: git fetch --unshallow")
    return GitError(what, "compare with a branch that shares its history")
