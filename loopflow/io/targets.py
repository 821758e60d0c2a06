"""The PATHS of a request, each with the repository or plain directory it lies in.

A link that a repository tracks is part of that repository's content, which is not trusted: it is never followed, not
even when a path is named through it. All other links on the way to a path are the user's own and are followed.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass

from loopflow.analysis.names import escape_name
from loopflow.errors import UsageError
from loopflow.io.git import Git
from loopflow.model import SYMLINK_MODE, Repository


@dataclass(frozen=True, slots=True)
class Wanted:
    """One path of the request, relative to its tree; "" is the whole tree."""

    argument: str
    path: str
    is_file: bool


@dataclass(frozen=True, slots=True)
class Tree:
    """A repository or a plain directory (absolute, without links) and what is wanted of it."""

    root: str
    repository: Repository | None
    wanted: tuple[Wanted, ...]


def find_trees(git: Git, paths: Iterable[str], here: str) -> list[Tree]:
    """Group `paths` (relative to `here`, one or a comma-separated list in each) by the tree they lie in.

    Raises UsageError for a path that does not exist or cannot be read.
    """
    trees: dict[str, Tree] = {}
    for argument in _split(paths, here):
        resolved = _resolve(git, argument, here)
        is_file = os.path.islink(resolved) or not os.path.isdir(resolved)
        directory = os.path.dirname(resolved) if is_file else resolved
        repository = git.find_repository(directory)
        if not (repository or is_file or os.access(directory, os.R_OK | os.X_OK)):
            raise UsageError(f"this directory cannot be read: {escape_name(argument)}", "check its permissions")
        root = repository.root if repository else directory
        wanted = Wanted(argument, _relative(resolved, root), is_file)
        known = trees.get(root, Tree(root, repository, ()))
        trees[root] = Tree(root, repository, (*known.wanted, wanted))
    return list(trees.values())


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
        hint = "paths are relative to the current directory"
        raise UsageError(f"no such file or directory: {escape_name(argument)}", hint) from error
    except OSError as error:
        why = (error.strerror or "").lower()
        raise UsageError(f"this path cannot be used: {escape_name(argument)}: {why}", "check the path") from error
    return _follow(git, path)


def _follow(git: Git, path: str) -> str:
    """Resolve an existing path, but stop at a link that is tracked, and at a last one that leads to no directory."""
    drive, rest = os.path.splitdrive(path)
    at, waiting = drive + os.sep, _parts(rest)
    while waiting:
        part = waiting.pop()
        if part == "..":
            at = os.path.dirname(at)
            continue
        link = os.path.join(at, part)
        if not os.path.islink(link):
            at = link
        elif _is_tracked_link(git, at, link) or not (waiting or os.path.isdir(link)):
            return link
        else:
            drive, rest = os.path.splitdrive(os.path.join(at, os.readlink(link)))
            at, waiting = drive + os.sep, waiting + _parts(rest)
    return at


def _parts(path: str) -> list[str]:
    """Return the components of `path`, the last one first."""
    return [part for part in reversed(path.split(os.sep)) if part not in {"", "."}]


def _is_tracked_link(git: Git, directory: str, link: str) -> bool:
    repository = git.find_repository(directory)
    if not repository:
        return False
    name = _relative(link, repository.root)
    return any(ref.path == name and ref.mode == SYMLINK_MODE for ref in git.list_tracked(repository))


def _relative(path: str, root: str) -> str:
    relative = os.path.relpath(path, root)
    return "" if relative == "." else relative.replace(os.sep, "/")
