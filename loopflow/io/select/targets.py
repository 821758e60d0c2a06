"""The PATHS of a request, each with the repository or plain directory it lies in.

A link that a repository tracks is part of that repository's content, which is not trusted: it is never followed, not
even when a path is named through it. Nor is a link that stands where the repository tracks a directory or a file. All
other links on the way to a path are the user's own and are followed.
"""

import os
from collections.abc import Iterable
from typing import NamedTuple

from loopflow.analysis.names import escape_name
from loopflow.errors import MissingPathError, UsageError, describe_os_error
from loopflow.io.git.discovery import find_git_directory
from loopflow.io.git.repository import Git
from loopflow.model import Repository

_MOST_LINKS = 40  # as for Linux


class Wanted(NamedTuple):
    """One path of the request, relative to its tree; "" is the whole tree."""

    argument: str
    path: str
    is_file: bool


class Tree(NamedTuple):
    """A repository or a plain directory (absolute, without links) and what is wanted of it."""

    root: str
    repository: Repository | None
    wanted: tuple[Wanted, ...]


def find_trees(git: Git, paths: Iterable[str], here: str) -> list[Tree]:
    """Group `paths` (relative to `here`, one or a comma-separated list in each) by the tree on disk they lie in.

    Raises UsageError for a path that does not exist or cannot be read.
    """
    wanted: dict[str, list[Wanted]] = {}
    repositories: dict[str, Repository | None] = {}
    for argument in _split(paths, here):
        resolved = _resolve(git, argument, here)
        is_file = os.path.islink(resolved) or not os.path.isdir(resolved)
        directory = os.path.dirname(resolved) if is_file else resolved
        repository = git.find_bare_repository(directory) or git.find_repository(directory)
        if repository and repository.bare:
            what = f"{escape_name(repository.root)} is a bare repository, which has no work tree"
            raise UsageError(what, "name a revision with --rev")
        if repository is None and (found := find_git_directory(directory)):
            raise UsageError(f"{escape_name(found)} is a git directory, which holds no source", "name a work tree")
        if not (repository or is_file or os.access(directory, os.R_OK | os.X_OK)):
            raise UsageError(f"this directory cannot be read: {escape_name(argument)}", "check its permissions")
        root = repository.root if repository else directory
        repositories[root] = repository
        wanted.setdefault(root, []).append(Wanted(argument, _relative(resolved, root), is_file))
    return [Tree(root, repositories[root], tuple(of_root)) for root, of_root in wanted.items()]


def find_tree_in_git(git: Git, paths: Iterable[str], here: str) -> Tree:
    """Return the one repository that all `paths` lie in. They need not exist on disk.

    Raises UsageError where there is none, or more than one.
    """
    arguments = _split(paths, here)
    trees = [_find_in_git(git, argument, here, is_named=bool(paths)) for argument in arguments]
    roots = sorted({tree.root for tree in trees})
    if len(roots) > 1:
        named = " and ".join(map(escape_name, roots))
        raise UsageError(f"these paths lie in more than one repository: {named}", "read one of them at a time")
    return trees[0]._replace(wanted=tuple(want for tree in trees for want in tree.wanted))


def _find_in_git(git: Git, argument: str, here: str, *, is_named: bool) -> Tree:
    if not argument:
        raise UsageError("an empty path names nothing", "leave it out, or write . for the current directory")
    path = os.path.join(here, argument)
    repository = git.find_bare_repository(os.path.realpath(path)) if is_named else None
    if repository:
        return Tree(repository.root, repository, (Wanted(argument, "", is_file=False),))
    repository = git.named_repository
    if repository and repository.bare:  # there is no directory to be in: paths are those of the commit
        return Tree(repository.root, repository, (Wanted(argument, _relative(path, here), is_file=False),))
    path = _follow(git, path, on_disk=False)
    directory = path
    while not os.path.isdir(directory) or os.path.realpath(directory) != directory:
        directory = os.path.dirname(directory)
    repository = git.find_repository(directory)
    if repository is None and not is_named and git.find_bare_repository(directory):
        what = f"{escape_name(directory)} is a bare repository, which is read only when it is named"
        raise UsageError(what, "name it: --rev REV .")
    if repository is None:
        raise UsageError(
            f"{escape_name(argument)} is not in a git repository", "only files of one can be read like this"
        )
    return Tree(repository.root, repository, (Wanted(argument, _relative(path, repository.root), is_file=False),))


def common_root(trees: list[Tree]) -> str:
    """Return the directory that all printed paths are relative to: the one tree's root, or the deepest common one."""
    return os.path.commonpath([tree.root for tree in trees])


def _split(paths: Iterable[str], here: str) -> list[str]:
    found: list[str] = []
    for argument in paths:
        is_list = "," in argument and not os.path.lexists(os.path.join(here, argument))
        parts = [part for part in argument.split(",") if part] if is_list else []
        found += parts or [argument]
    return found or ["."]


def _resolve(git: Git, argument: str, here: str) -> str:
    """Return the absolute path without links; the last component stays a link where it must not be followed."""
    if not argument:
        raise UsageError("an empty path names nothing", "leave it out, or write . for the current directory")
    path = os.path.join(here, argument)
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError) as error:
        near = _find_near(path)
        if near and not os.path.isabs(argument):
            near = os.path.relpath(near, here)
        hint = f"did you mean {escape_name(near)}?" if near else "paths are relative to the current directory"
        raise MissingPathError(f"no such file or directory: {escape_name(argument)}", hint, argument) from error
    except OSError as error:
        why = describe_os_error(error)
        raise UsageError(f"this path cannot be used: {escape_name(argument)}: {why}", "check the path") from error
    return _follow(git, path)


def _find_near(path: str) -> str | None:
    """Return the path that is most like one that is not there: of what lies beside the part that is missing first."""
    parent, name = os.path.split(path.rstrip(os.sep))
    while not os.path.isdir(parent):
        parent, name = os.path.split(parent)
    try:
        from difflib import get_close_matches  # noqa: PLC0415

        found = get_close_matches(name, os.listdir(parent), 1)
    except OSError:
        return None
    return os.path.join(parent, found[0]) if found else None


def _follow(git: Git, path: str, *, on_disk: bool = True) -> str:
    """Resolve a path, but stop at a link that is tracked, and at a last one that leads to no directory.

    What follows a tracked link is kept unless the path is looked for `on_disk`: index or commit will not hold it.
    """
    drive, rest = os.path.splitdrive(path)
    at, waiting = drive + os.sep, _parts(rest)
    followed = 0
    while waiting:
        part = waiting.pop()
        if part == "..":
            at = os.path.dirname(at)
            continue
        link = os.path.join(at, part)
        if not os.path.islink(link):
            at = link
        elif _is_tracked(git, at, link):
            if on_disk:
                return link
            at = link
        elif not (waiting or os.path.isdir(link)):
            return link
        elif followed == _MOST_LINKS:
            what = f"this path cannot be used: {escape_name(path)}: too many levels of symbolic links"
            raise UsageError(what, "check the path")
        else:
            followed += 1
            drive, rest = os.path.splitdrive(os.path.join(at, _read_link(link)))
            at, waiting = drive + os.sep, waiting + _parts(rest)
    return at


def _read_link(link: str) -> str:
    try:
        return os.readlink(link)
    except OSError as error:
        raise UsageError(f"{escape_name(link)} changes while it is looked at", "run it again") from error


def _parts(path: str) -> list[str]:
    """Return the components of `path`, the last one first."""
    return [part for part in reversed(path.split(os.sep)) if part not in {"", "."}]


def _is_tracked(git: Git, directory: str, link: str) -> bool:
    """Whether a repository holds the link, or held a directory where the link now is."""
    repository = git.find_repository(directory)
    return repository is not None and git.tracks(repository, _relative(link, repository.root))


def _relative(path: str, root: str) -> str:
    relative = os.path.relpath(path, root)
    return "" if relative == "." else relative.replace(os.sep, "/")
