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

from loopflow.analysis.names import escape_name
from loopflow.errors import GitError
from loopflow.io.git.fetching import how_to_fetch
from loopflow.io.git.merge_state import find_merged
from loopflow.io.git.repository import Git
from loopflow.io.git.shallow import shallow_commits
from loopflow.model import Change, Push, Repository, Revision, Source, Start

_WAY = re.compile(r"[~^:]|@\{")  # gitrevisions(7)


def find_start(git: Git, repository: Repository, source: Source, against: str | None = None) -> Start:
    """Return where the change began that made the tree in `source`.

    Raises GitError where `against` or a merge base is not there.
    """
    if isinstance(source, Revision):
        tip = git.resolve(repository, source.revision)
        if against is None:
            return _start_at_parents(source.revision, git.parents_here(repository, tip))
        return _left(against, _merge_bases(git, repository, against, [tip]), tip)
    head = git.find_commit(repository, "HEAD")
    merged = find_merged(git, repository)
    if against is None:
        return _start_at_head(repository, head or git.empty_tree(repository), merged if head else [])
    if head is None:
        _resolve(git, repository, against)
        return Start(against, (git.empty_tree(repository),))
    return _left(against, _merge_bases(git, repository, against, [head, *merged]), head)


def _start_at_parents(revision: str, parents: tuple[str, ...]) -> Start:
    """Return the start of a commit; of a merge, git calls it by one name (gitrevisions(7), "<rev>^@")."""
    if len(parents) > 1:
        return Start(f"{revision}^@", parents, Change.MERGE)
    return Start(f"{revision}^", parents)


def _start_at_head(repository: Repository, head: str, merged: list[str]) -> Start:
    if merged:
        return Start("HEAD and MERGE_HEAD", (head, *merged), Change.MERGE)
    is_squash = os.path.isfile(os.path.join(repository.git_dir, "SQUASH_MSG"))
    return Start("HEAD", (head,), Change.SQUASH if is_squash else Change.COMMIT)


def find_range_start(git: Git, repository: Repository, revision: Revision, since: str) -> Start:
    """Return where a range of commits begins that ends in `revision`: its merge bases with `since`, or that itself.

    Raises GitError where one of them is not there, or a shallow clone does not tell.
    """
    tip = git.resolve(repository, revision.revision)
    other = _resolve(git, repository, since)
    bases = git.merge_bases(repository, tip, [other])
    if bases:
        return Start(since, tuple(bases), Change.RANGE)
    if git.is_shallow(repository):
        raise _no_ancestor(git, repository, tip, since)
    return Start(since, (other,))


def find_push_start(
    git: Git, repository: Repository, revision: Revision, push: Push, against: str | None = None
) -> Start:
    """Return where the commits of a push begin; `against` is the config's.

    Where nothing is told, it is to the remote that `git push` would take. To a remote of which nothing is known, it is
    what `find_start` finds. Raises GitError where a merge base is missing.
    """
    if push.remote is None and push.since is None:
        push = push._replace(remote=git.push_remote(repository))
    tip = git.resolve(repository, revision.revision)
    since = git.find_commit(repository, push.since) if push.since else None
    main = against or git.default_branch(repository, push.remote or "")
    target = git.find_commit(repository, main) if main else None
    is_target = since is not None and (since == target or _is_branch(git, repository, push, main or ""))
    known = [] if is_target else [*git.remote_tips(repository, push.remote or ""), *([target] if target else [])]
    held = list(dict.fromkeys([*([since] if since else []), *known]))
    bases = git.merge_bases(repository, tip, held)
    if held and not bases and git.is_shallow(repository):
        raise _no_ancestor(git, repository, tip, push.since if push.since and since else main or push.remote or "")
    if since and since not in bases:
        bases = [since, *bases] if not _is_ancestor(git, repository, since, bases) else bases
    if bases:
        bases.sort(key=lambda commit: commit != since)  # first what the branch was, if that is still a part of it
        if push.since and bases[0] == since:
            return Start(push.since, tuple(bases), Change.PUSH)
        left = main if bases[0] == target or known == [target] else None  # else it may have left any branch there
        return Start(bases[0], tuple(bases), Change.PUSH, left)
    if target is None and against and against.removeprefix("refs/remotes/").startswith(f"{push.remote}/"):
        against = None  # the remote has nothing yet, so there is nothing to fetch either
    return find_start(git, repository, revision, against)


def require_ancestors(git: Git, repository: Repository, tips: tuple[str, ...]) -> None:
    """Raise GitError where a shallow clone may lack what the tips have in common: git would merge them as strangers."""
    if not shallow_commits(repository):
        return
    for place, tip in enumerate(tips[1:], 1):
        if not git.merge_bases(repository, tip, tips[:place]):
            raise _no_ancestor(git, repository, tip, tips[0][:12])


def _left(against: str, bases: tuple[str, ...], tip: str) -> Start:
    """Return where a change left `against`, if that is a name of its own and not a way from one, such as "HEAD~2"."""
    is_way = _WAY.search(against) is not None
    branch = None if is_way or tip in bases else against  # what has no commit yet left nothing
    return Start(against, bases, Change.BRANCH, branch)


def _is_branch(git: Git, repository: Repository, push: Push, name: str) -> bool:
    """Whether the branch that is pushed to is the one that `name` is of, as far as the remote's branches are known."""
    if push.branch is None:
        return False
    pushed = f"refs/remotes/{push.remote}/{push.branch.removeprefix('refs/heads/')}"
    return pushed == git.full_name(repository, name)


def _is_ancestor(git: Git, repository: Repository, commit: str, others: list[str]) -> bool:
    return bool(others) and git.merge_bases(repository, commit, others) == [commit]


def _resolve(git: Git, repository: Repository, against: str, remote: str | None = None) -> str:
    if not against:
        raise GitError("there is no revision without a name to compare with", "name one, such as origin/main")
    found = git.find_commit(repository, against)
    if found is None and (kind := git.kind_of(repository, against)):
        what = f"{escape_name(against)} is a {kind} in {escape_name(repository.root)}, and no commit to compare with"
        raise GitError(what, "name a commit, or a branch or tag of one")
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
