"""What there is to select from: all files that a repository or a plain directory lists, before any filter.

A listing belongs to one repository, or to one plain directory without the repositories below it. Patterns see names
relative to it; paths are relative to the root that everything printed is relative to.
"""

import os
from collections.abc import Callable, Container, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from loopflow.errors import GitError
from loopflow.io.git.change_start import find_start
from loopflow.io.git.file_lists import Files
from loopflow.io.git.repository import Git
from loopflow.io.select.targets import Tree, Wanted
from loopflow.model import SUBMODULE_MODE, FileRef, Index, Reason, Repository, SelectRequest, Skipped, Source, Worktree

if TYPE_CHECKING:
    from loopflow.model.file_table import FileTable


class Listing(NamedTuple):
    """Listed files. Their names are what follows `prefix` in their paths. `changed` holds names, None means all."""

    prefix: str
    items: "list[FileRef | Skipped] | FileTable"
    changed: Container[str] | None = None

    def filter(self, admits: Callable[[FileRef | Skipped], bool]) -> "Listing":
        """Return the listing with what `admits` lets through."""
        return self._replace(items=[item for item in self.items if admits(item)])

    def find(self, path: str) -> FileRef | Skipped | None:
        """Return what is listed at `path`, if anything is."""
        if isinstance(self.items, list):
            return next((item for item in self.items if item.path == path), None)
        return self.items.find(path)

    def name(self, item: FileRef | Skipped) -> str:
        """Return the path of an item below its own repository or directory."""
        return item.path[len(self.prefix) :]


def list_tree(git: Git, tree: Tree, prefix: str, request: SelectRequest, *, compact: bool = False) -> list[Listing]:
    """List a tree whose paths begin with `prefix`, `compact` if what is listed may come as a `FileTable`.

    Raises GitError where a repository cannot be used.
    """
    if tree.repository:
        return _list_repository(git, tree.repository, prefix, request, compact=compact)
    if all(wanted.is_file for wanted in tree.wanted):
        return []
    from loopflow.io.select.walk import NestedRepository, walk  # noqa: PLC0415  a hook looks at a repository

    items: list[FileRef | Skipped] = []
    listings = [Listing("", items)]
    for item in walk(tree.root):
        path = prefix + item.path
        if isinstance(item, NestedRepository):
            try:
                repository = git.find_repository(os.path.join(tree.root, item.path))
                listings += _list_repository(git, repository, path + "/", request) if repository else []
            except GitError as error:  # one that git refuses leaves a gap, and the walk goes on
                items.append(Skipped(path, Reason.UNREADABLE, error.message))
        else:
            items.append(_at(item, path))
    return listings


def want(tree: Tree, prefix: str, listings: list[Listing]) -> tuple[list[Listing], list[Wanted]]:
    """Return what is listed at or below the wanted paths, and the wanted paths that nothing is listed for.

    A file that was named is wanted whether it is tracked or not.
    """
    wanted = {prefix + want.path if want.path else prefix.rstrip("/"): want for want in tree.wanted}
    if set(wanted) == {""}:
        return listings, [] if any(listing.items for listing in listings) else [tree.wanted[0]]
    matched: set[str] = set()

    def is_wanted(item: FileRef | Skipped) -> bool:
        at = next((at for at in upwards(item.path) if at in wanted), None)
        if at is not None:
            matched.add(at)
        return at is not None

    found = [listing.filter(is_wanted) for listing in listings]
    matched |= {above for path in matched for above in upwards(path) if above in wanted}
    missed = {path: want for path, want in wanted.items() if path not in matched}
    named: list[FileRef | Skipped] = [FileRef(path) for path, want in missed.items() if want.is_file]
    found.append(Listing(prefix if tree.repository else "", named))
    return found, [want for want in missed.values() if not want.is_file]


def _list_repository(
    git: Git, repository: Repository, prefix: str, request: SelectRequest, *, compact: bool = False
) -> list[Listing]:
    changed = _changed(git, repository, request) if request.changed else None
    listed = _list_source(git, repository, request.source, compact=compact)
    items = _below(prefix, listed) if prefix or isinstance(listed, list) else listed
    listings = [Listing(prefix, items, changed)]
    if request.untracked:  # git does not know them yet: all of them have changed
        listings.append(Listing(prefix, _below(prefix, map(_read_untracked, git.list_untracked(repository)))))
    return listings


def _changed(git: Git, repository: Repository, request: SelectRequest) -> frozenset[str]:
    start = find_start(git, repository, request.source, request.against)
    return frozenset(difference.path for difference in git.differences(repository, request.source, start.commits[0]))


def _below(prefix: str, items: Iterable[FileRef | Skipped]) -> list[FileRef | Skipped]:
    return [_at(item, prefix + item.path) for item in items] if prefix else list(items)


def _list_source(git: Git, repository: Repository, source: Source, *, compact: bool) -> Files:
    if isinstance(source, Worktree):
        return git.list_tracked(repository, compact=compact)
    if isinstance(source, Index):
        return git.list_index(repository, compact=compact)
    return git.list_commit(repository, git.resolve(repository, source.revision), compact=compact)


def _read_untracked(found: str | Skipped) -> FileRef | Skipped:
    if isinstance(found, Skipped):
        return found
    # A nested repository ends in a slash; git will not look into it either, and neither do we.
    name = found.rstrip("/")
    return FileRef(name, SUBMODULE_MODE if name != found else 0)


def _at(item: FileRef | Skipped, path: str) -> FileRef | Skipped:
    return item._replace(path=path) if isinstance(item, FileRef) else replace(item, path=path)


def upwards(path: str) -> Iterable[str]:
    """Yield `path`, the directories above it, and "" for the root."""
    yield path
    while path:
        path = path.rpartition("/")[0]
        yield path
