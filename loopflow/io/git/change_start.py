"""The start of a change: the commits that it came from, whose content is nobody's growth.

One commit, as a rule: HEAD for the work tree and the index, the parent of a commit, or the merge base with a revision
to compare against. A merge came from all of its parents, and where histories crossed there are several merge bases.
While a merge is being made, what it merges is in MERGE_HEAD, or, before git writes that, in the environment of a hook.

The start of a push is what its commits have in common with what the remote is known to have. To the branch that others
start from (the config's `against`, or the remote's default branch) all that lands there counts, so it is that branch.
Of a branch that is rewritten, what it held before is nobody's growth either.
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

_WAY = re.compile(r"[~^:]|@\{")  # gitrevisions(7)
_ID = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?")


class Start(NamedTuple):
    """`name` is what a user calls it; `commits` are ids of commits, or that of the empty tree before the first one.

    `branch` is what the change left there, where that is known: what the commits are the merge bases with.
    """

    name: str
    commits: tuple[str, ...]
    branch: str | None = None


def find_start(git: Git, repository: Repository, source: Source, against: str | None = None) -> Start:
    """Return where the change began that made the tree in `source`.

    Raises GitError where `against` or a merge base is not there.
    """
    if isinstance(source, Revision):
        tip = git.resolve(repository, source.revision)
        if against is None:
            return Start(f"{source.revision}^", git.parents_here(repository, tip))
        return _left(against, _merge_bases(git, repository, against, [tip]), tip)
    head = git.find_commit(repository, "HEAD")
    merged = _merged(git, repository)
    if against is None:
        return Start("HEAD", (head, *merged) if head else (git.empty_tree(repository),))
    if head is None:
        _resolve(git, repository, against)
        return Start(against, (git.empty_tree(repository),))
    return _left(against, _merge_bases(git, repository, against, [head, *merged]), head)


def find_range_start(git: Git, repository: Repository, revision: Revision, since: str) -> Start:
    """Return where a range of commits begins that ends in `revision`: its merge bases with `since`, or that itself.

    Raises GitError where one of them is not there.
    """
    tip = git.resolve(repository, revision.revision)
    other = _resolve(git, repository, since)
    return Start(since, tuple(git.merge_bases(repository, tip, [other])) or (other,))


def find_push_start(
    git: Git, repository: Repository, revision: Revision, push: Push, against: str | None = None
) -> Start:
    """Return where the commits of a push begin; `against` is the config's.

    To a remote of which nothing is known, it is what `find_start` finds. Raises GitError where a merge base is missing.
    """
    tip = git.resolve(repository, revision.revision)
    since = git.find_commit(repository, push.since) if push.since else None
    main = against or git.default_branch(repository, push.remote or "")
    target = git.find_commit(repository, main) if main else None
    is_target = since is not None and (since == target or _is_branch(git, repository, push, main or ""))
    known = [] if is_target else [*git.remote_tips(repository, push.remote or ""), *([target] if target else [])]
    bases = git.merge_bases(repository, tip, list(dict.fromkeys([*([since] if since else []), *known])))
    if since and since not in bases:
        if not bases and git.is_shallow(repository):
            raise _no_ancestor(git, repository, tip, push.since or "")
        bases = [since, *bases] if not _is_ancestor(git, repository, since, bases) else bases
    if bases:
        bases.sort(key=lambda commit: commit != since)  # first what the branch was, if that is still a part of it
        if push.since and bases[0] == since:
            return Start(push.since, tuple(bases))
        left = main if bases[0] == target or known == [target] else None  # else it may have left any branch there
        return Start(bases[0], tuple(bases), left)
    if target is None and against and against.removeprefix("refs/remotes/").startswith(f"{push.remote}/"):
        against = None  # the remote has nothing yet, so there is nothing to fetch either
    return find_start(git, repository, revision, against)


def _left(against: str, bases: tuple[str, ...], tip: str) -> Start:
    """Return where a change left `against`, if that is a name of its own and not a way from one, such as "HEAD~2"."""
    is_way = _WAY.search(against) is not None
    return Start(against, bases, None if is_way or tip in bases else against)  # what has no commit yet left nothing


def _is_branch(git: Git, repository: Repository, push: Push, name: str) -> bool:
    """Whether the branch that is pushed to is the one that `name` is of, as far as the remote's branches are known."""
    if push.branch is None:
        return False
    pushed = f"refs/remotes/{push.remote}/{push.branch.removeprefix('refs/heads/')}"
    return pushed == git.full_name(repository, name)


def _is_ancestor(git: Git, repository: Repository, commit: str, others: list[str]) -> bool:
    return bool(others) and git.merge_bases(repository, commit, others) == [commit]


def _merged(git: Git, repository: Repository) -> list[str]:
    """Return the commits that a merge in progress brings in (gitrevisions(7), MERGE_HEAD).

    The hook pre-merge-commit runs before git writes them down; there, they are in the names of variables.
    """
    with suppress(OSError), open(os.path.join(repository.git_dir, "MERGE_HEAD"), "rb") as file:
        return [line.decode("ascii") for line in file.read().split() if _ID.fullmatch(line)]
    names = [name.removeprefix("GITHEAD_") for name in git.surroundings.environ if name.startswith("GITHEAD_")]
    ids = [name for name in names if _ID.fullmatch(name.encode("utf-8", "surrogateescape"))]
    return [each for each in ids if git.find_commit(repository, each)]


def _resolve(git: Git, repository: Repository, against: str, remote: str | None = None) -> str:
    if not against:
        raise GitError("there is no revision without a name to compare with", "name one, such as origin/main")
    found = git.find_commit(repository, against)
    if found is None:
        what = f"there is no {escape_name(against)} in {escape_name(repository.root)} to compare with"
        raise GitError(what, how_to_fetch(git, repository, against, remote))
    return found


def _merge_bases(git: Git, repository: Repository, against: str, tips: list[str]) -> tuple[str, ...]:
    bases = git.merge_bases(repository, _resolve(git, repository, against), tips)
    if not bases:
        raise _no_ancestor(git, repository, tips[0], against)
    return tuple(bases)


def _no_ancestor(git: Git, repository: Repository, tip: str, against: str) -> GitError:
    what = f"{escape_name(against)} and {tip[:12]} have no common ancestor in {escape_name(repository.root)}"
    if git.is_shallow(repository):
        return GitError(f"{what}, which is a shallow clone", "fetch more of it: git fetch --unshallow")
    return GitError(what, "compare with a branch that shares its history")
