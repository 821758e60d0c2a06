"""The PATHS of a request, each with the repository or plain directory it lies in.

A link that a repository tracks is part of that repository's content, which is not trusted: it is never followed, not
even when a path is named through it. Nor is a link that stands where the repository tracks a directory or a file. All
other links on the way to a path are the user's own and are followed.
"""

import os
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from loopflow.analysis.names import escape_name
from loopflow.errors import MissingPathError, UsageError, describe_os_error
from loopflow.io.git.discovery import find_git_directory
from loopflow.io.git.repository import Git
from loopflow.model import Repository

_MOST_LINKS = 40  # as for Linux
_LONGEST = 16_384  # characters: no system opens what is named with more
_SHOWN = 1_000
"""How many characters are shown of a path that is none."""


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


def find_trees(git: Git, arguments: Sequence[str], here: str) -> list[Tree]:
    """Group `arguments` (paths relative to `here`) by the tree on disk they lie in.

    Raises UsageError for a path that does not exist or cannot be read.
    """
    wanted: dict[str, list[Wanted]] = {}
    repositories: dict[str, Repository | None] = {}
    places = _Places(git)
    for number, argument in enumerate(arguments):
        path = _locate(argument, here)
        try:
            os.lstat(path)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise _not_there(argument, arguments[number + 1 :], here) from error
        except OSError as error:
            why = describe_os_error(error)
            raise UsageError(f"this path cannot be used: {show_argument(argument)}: {why}", "check the path") from error
        resolved = places.follow(path)
        is_file = os.path.islink(resolved) or not os.path.isdir(resolved)
        directory = os.path.dirname(resolved) if is_file else resolved
        repository = places.find_repository(directory)
        if not (repository or is_file or os.access(directory, os.R_OK | os.X_OK)):
            raise UsageError(f"this directory cannot be read: {escape_name(argument)}", "check its permissions")
        root = repository.root if repository else directory
        repositories[root] = repository
        wanted.setdefault(root, []).append(Wanted(argument, _relative(resolved, root), is_file))
    return [Tree(root, repositories[root], tuple(of_root)) for root, of_root in wanted.items()]


def find_tree_in_git(git: Git, arguments: Sequence[str], here: str, *, is_named: bool) -> Tree:
    """Return the one repository that all `arguments` lie in; `is_named` unless they are the current directory.

    They need not exist on disk. Raises UsageError where there is no such repository, or more than one.
    """
    places = _Places(git, on_disk=False)
    trees = [_find_in_git(git, places, argument, here, is_named=is_named) for argument in arguments]
    roots = sorted({tree.root for tree in trees})
    if len(roots) > 1:
        named = " and ".join(map(escape_name, roots))
        raise UsageError(f"these paths lie in more than one repository: {named}", "read one of them at a time")
    return trees[0]._replace(wanted=tuple([want for tree in trees for want in tree.wanted]))


def _find_in_git(git: Git, places: "_Places", argument: str, here: str, *, is_named: bool) -> Tree:
    path = _locate(argument, here)
    repository = git.find_bare_repository(os.path.realpath(path)) if is_named and os.path.isdir(path) else None
    if repository:
        return Tree(repository.root, repository, (Wanted(argument, "", is_file=False),))
    repository = git.named_repository
    if repository and repository.bare:  # there is no directory to be in: paths are those of the commit
        return Tree(repository.root, repository, (Wanted(argument, _relative(path, here), is_file=False),))
    path = places.follow(path)
    directory = places.find_directory(path)
    repository = places.find_around(directory)
    if repository is None and not is_named and git.find_bare_repository(directory):
        what = f"{escape_name(directory)} is a bare repository, which is read only when it is named"
        raise UsageError(what, "name it: --rev REV .")
    if repository is None:
        raise UsageError(
            f"{show_argument(argument)} is not in a git repository", "only files of one can be read like this"
        )
    return Tree(repository.root, repository, (Wanted(argument, _relative(path, repository.root), is_file=False),))


def common_root(trees: list[Tree]) -> str:
    """Return the directory that all printed paths are relative to: the one tree's root, or the deepest common one."""
    return os.path.commonpath([tree.root for tree in trees])


def split_paths(paths: Iterable[str], names: Iterable[str], here: str) -> list[str]:
    """Return what `paths` name, one or a comma-separated list in each, and `names`; the current directory for none."""
    found: list[str] = []
    for argument in paths:
        is_list = "," in argument and not os.path.lexists(os.path.join(here, argument))
        parts = [part for part in argument.split(",") if part] if is_list else []
        found += parts or [argument]
    return [*found, *names] or ["."]


def _locate(argument: str, here: str) -> str:
    if not argument:
        raise UsageError("an empty path names nothing", "leave it out, or write . for the current directory")
    if len(argument) > _LONGEST:
        raise UsageError(f"this path cannot be used: {show_argument(argument)}: it is too long", "check the path")
    return os.path.join(here, argument)


def _not_there(argument: str, others: Iterable[str], here: str) -> MissingPathError:
    """Return what to raise for a path that is not there; of the `others`, how many are not is said."""
    near = _find_near(os.path.join(here, argument))
    if near and not os.path.isabs(argument):
        near = os.path.relpath(near, here)
    hint = f"did you mean {escape_name(near)}?" if near else "paths are relative to the current directory"
    missing = sum(not os.path.lexists(os.path.join(here, other)) for other in others)
    more = f" and {missing:,} more" if missing else ""
    return MissingPathError(f"no such file or directory: {show_argument(argument)}{more}", hint, argument)


def show_argument(argument: str) -> str:
    """Return a path that cannot be used as part of one line: it may be any data, and of any length."""
    return escape_name(argument) if len(argument) <= _SHOWN else f"{escape_name(argument[:_SHOWN])}..."


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


class _Position(NamedTuple):
    """How far a path is resolved: where that is, how many links were followed, and whether it ends there."""

    at: str
    followed: int = 0
    ends: bool = False


class _Places:
    """Resolves paths and finds what they lie in; each directory is looked at once, however many files are in it.

    A path stops at a link that is tracked, and at a last one that leads to no directory. What follows a tracked link is
    kept unless the path is looked for `on_disk`: index or commit will not hold it.
    """

    def __init__(self, git: Git, *, on_disk: bool = True) -> None:
        self._git = git
        self._on_disk = on_disk
        self._parents: dict[str, _Position] = {}
        self._repositories: dict[str, Repository | None] = {}
        self._directories: dict[str, str] = {}

    def follow(self, path: str) -> str:
        """Return the absolute path without links. Raises UsageError where they are too many."""
        parent, name = os.path.split(path)
        if name in {"", ".", ".."}:
            return self._go(_Position(os.sep), _parts(path), path).at
        position = self._parents.get(parent)
        if position is None:
            position = self._parents[parent] = self._go(_Position(os.sep), _parts(parent), path, goes_on=True)
        return position.at if position.ends else self._go(position, [name], path).at

    def find_repository(self, directory: str) -> Repository | None:
        """Return the repository around a directory (absolute, without links), if there is one with a work tree.

        Raises UsageError for a bare one, and within a git directory.
        """
        if directory not in self._repositories:
            self._repositories[directory] = _find_repository(self._git, directory)
        return self._repositories[directory]

    def find_around(self, directory: str) -> Repository | None:
        """Return the repository around a directory, whatever else that is."""
        if directory not in self._repositories:
            self._repositories[directory] = self._git.find_repository(directory)
        return self._repositories[directory]

    def find_directory(self, path: str) -> str:
        """Return the directory on disk, without links, that a path is or would lie in."""
        above: list[str] = []
        directory = path
        while directory not in self._directories:
            if os.path.isdir(directory) and os.path.realpath(directory) == directory:
                self._directories[directory] = directory
                break
            above.append(directory)
            directory = os.path.dirname(directory)
        found = self._directories[directory]
        self._directories |= dict.fromkeys(above[1:], found)  # of the path itself nobody asks again
        return found

    def _go(self, position: _Position, waiting: list[str], path: str, *, goes_on: bool = False) -> _Position:
        """Resolve the parts that are `waiting` of a `path`, the last one first; more follow where it `goes_on`."""
        at, followed, _ = position
        while waiting:
            part = waiting.pop()
            if part == "..":
                at = os.path.dirname(at)
                continue
            link = os.path.join(at, part)
            if not os.path.islink(link):
                at = link
            elif _is_tracked(self._git, at, link):
                if self._on_disk:
                    return _Position(link, followed, ends=True)
                at = link
            elif not (waiting or goes_on or os.path.isdir(link)):
                return _Position(link, followed, ends=True)
            elif followed == _MOST_LINKS:
                what = f"this path cannot be used: {show_argument(path)}: too many levels of symbolic links"
                raise UsageError(what, "check the path")
            else:
                followed += 1
                at, waiting = os.sep, waiting + _parts(os.path.join(at, _read_link(link)))
        return _Position(at, followed)


def _find_repository(git: Git, directory: str) -> Repository | None:
    repository = git.find_bare_repository(directory) or git.find_repository(directory)
    if repository and repository.bare:
        what = f"{escape_name(repository.root)} is a bare repository, which has no work tree"
        raise UsageError(what, "name a revision with --rev")
    if repository is None and (found := find_git_directory(directory)):
        raise UsageError(f"{escape_name(found)} is a git directory, which holds no source", "name a work tree")
    return repository


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
    if path.startswith(root + os.sep) and "/." not in path and "//" not in path:  # mostly, and much cheaper
        return path[len(root) + 1 :].rstrip(os.sep)
    relative = os.path.relpath(path, root)
    return "" if relative == "." else relative.replace(os.sep, "/")
