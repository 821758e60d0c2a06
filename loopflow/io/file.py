"""select() and read(): the one algorithm that turns a request into files, and files into text.

Printing and profiling get the same candidates through the same reader, and neither filters further. What a candidate
turns out to be is only known when it is opened: `read` returns a `Document`, or a `Skipped` that says why not.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from loopflow.analysis.names import escape_name, path_bytes, sort_by_path
from loopflow.errors import MissingPathError, UsageError, describe_os_error
from loopflow.io.git.repository import Git
from loopflow.io.read.document import BINARY_HEAD, LARGE_BYTES, LargeText, is_binary, make_document
from loopflow.io.read.opening import NotOpened, Opener
from loopflow.io.select.filters import Filter
from loopflow.io.select.listing import Listing, list_tree, upwards, want
from loopflow.io.select.targets import (
    Tree,
    Wanted,
    common_root,
    find_tree_in_git,
    find_trees,
    show_argument,
    split_paths,
)
from loopflow.model import (
    SUBMODULE_MODE,
    SYMLINK_MODE,
    Criteria,
    Document,
    FileRef,
    Index,
    ObjectFormat,
    Reason,
    Repository,
    Selection,
    SelectRequest,
    Skipped,
    Source,
    Worktree,
)

_NO_FILES = {SYMLINK_MODE: Reason.SYMLINK, SUBMODULE_MODE: Reason.SUBMODULE}
_EXAMPLES = 3
_READ_BEYOND = 4_096  # bytes that are asked for beyond what a file is said to have: some say 0
_README_SUFFIXES = frozenset({"", ".adoc", ".markdown", ".md", ".org", ".rst", ".txt"})


@dataclass(frozen=True, slots=True)
class Listed:
    """What the trees of a request list, before any filter: all of it, and what lies at or below the wanted paths.

    `root` is the directory that all paths are relative to; nothing is listed for `unmatched`.
    """

    request: SelectRequest
    root: str
    trees: tuple[Tree, ...]
    everything: tuple[Listing, ...]
    wanted: tuple[Listing, ...]
    unmatched: tuple[Wanted, ...]

    @property
    def repository(self) -> Repository | None:
        """The repository that all of it comes from, if it is one."""
        return self.trees[0].repository if len(self.trees) == 1 else None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to select from."""
        return not any(listing.items for listing in (*self.everything, *self.wanted))


def select(request: SelectRequest, git: Git, here: str) -> Selection:
    """Return the files that `request` selects, seen from the directory `here` (absolute).

    Raises UsageError for a path that does not exist, a bad pattern, and paths or filters that match nothing listed;
    GitError where a repository cannot be used.
    """
    return choose(list_all(request, git, here), Criteria(request))


def list_all(request: SelectRequest, git: Git, here: str, *, compact: bool = False) -> Listed:
    """List what `request` has to select from, `compact` for whoever needs few of the records: see `FileTable`.

    Raises UsageError and GitError as `select` does.
    """
    trees = _find_trees(git, request, here)
    root = common_root(trees)
    everything: list[Listing] = []
    wanted: list[Listing] = []
    unmatched: list[Wanted] = []
    for tree in trees:
        prefix = _prefix(tree.root, root)
        listings = list_tree(git, tree, prefix, request, compact=compact)
        found, missed = want(tree, prefix, listings)
        everything += listings
        wanted += found
        unmatched += missed
    _require_in_tree(request.source, unmatched)
    return Listed(request, root, tuple(trees), tuple(everything), tuple(wanted), tuple(unmatched))


def choose(listed: Listed, criteria: Criteria, *, may_be_empty: bool = False) -> Selection:
    """Return what `criteria` let through. Raises UsageError as `select` does, unless it may be empty."""
    request, filters = criteria.request, Filter(criteria)
    kept = [filters.apply(listing) for listing in listed.wanted]
    if request.narrows and not (may_be_empty or listed.is_empty) and not any(listing.items for listing in kept):
        raise _nothing_selected(request)
    items = [item for listing in kept for item in _classify(_only_changed(listing), criteria)]
    if len(kept) > 1:  # a path can be listed twice: by its repository, and by the directory around that
        items = list({item.path: item for item in items}.values())
    readmes = _readmes_above(items, listed.everything, filters, criteria) if request.readmes else {}
    order = [*readmes.values(), *sort_by_path([item for item in items if item.path not in readmes])]
    formats = {tree.repository.object_format for tree in listed.trees if tree.repository}
    return Selection(
        root=listed.root,
        request=request,
        candidates=tuple([item for item in order if isinstance(item, FileRef)]),
        skipped=tuple([item for item in order if isinstance(item, Skipped)]),
        unmatched=tuple(want.argument for want in listed.unmatched),
        object_format=formats.pop() if len(formats) == 1 else "sha1",
        repository=listed.repository,
    )


def coverage(listed: Listed, criteria: Criteria) -> Callable[[str], bool]:
    """Return what tells whether a path of the one tree would be selected if a file were there."""
    filters = Filter(criteria)
    at = {want.path for want in listed.trees[0].wanted}
    changed = next((listing.changed for listing in listed.everything if listing.changed is not None), None)

    def covers(path: str) -> bool:
        return (
            path != criteria.baseline
            and ("" in at or any(above in at for above in upwards(path)))
            and (changed is None or path in changed)
            and filters.admits(path)
        )

    return covers


def read(opener: Opener, ref: FileRef, object_format: ObjectFormat = "sha1") -> Document | LargeText | Skipped:
    """Read a candidate from disk, once. A `LargeText` is read, and then closed, as its pieces are taken."""
    try:
        handle, status = opener.open(ref.path)
    except NotOpened as why:
        return why.skip(ref)
    try:
        # A few bytes tell that a picture need not be read; a small one is not worth the second call.
        head = os.read(handle, BINARY_HEAD) if status.st_size > 16 * BINARY_HEAD else b""
        is_large = not is_binary(head) and status.st_size > LARGE_BYTES
        data = head if is_binary(head) or is_large else _read_rest(handle, head, status.st_size)
    except OSError as error:
        os.close(handle)
        if isinstance(error, BlockingIOError):  # some files in /proc: they have no content at the moment
            return Skipped(ref.path, Reason.SPECIAL, "it has nothing to read")
        return Skipped(ref.path, Reason.UNREADABLE, describe_os_error(error))
    if is_large:
        return LargeText(ref, status.st_size, data, os.fdopen(handle, "rb", buffering=0), object_format)
    os.close(handle)
    return make_document(ref, data, object_format)


def _read_rest(handle: int, data: bytes, size: int) -> bytes:
    """Return `data` and what follows it in a file of some `size`; it may be longer or shorter by now."""
    pieces, left = [data], size - len(data)
    while piece := os.read(handle, max(left, 0) + _READ_BEYOND):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def _only_changed(listing: Listing) -> Listing:
    changed = listing.changed
    return listing if changed is None else listing.filter(lambda item: listing.name(item) in changed)


def _find_trees(git: Git, request: SelectRequest, here: str) -> list[Tree]:
    if request.untracked and not isinstance(request.source, Worktree):
        raise UsageError("untracked files are in no index and in no commit", "leave out -u")
    on_disk = isinstance(request.source, Worktree)
    arguments = split_paths(request.paths, request.names, here)
    is_named = bool(request.paths or request.names)
    trees = find_trees(git, arguments, here) if on_disk else [find_tree_in_git(git, arguments, here, is_named=is_named)]
    outside = [want.argument for tree in trees if not tree.repository for want in tree.wanted]
    if request.changed and outside:
        what = f"{escape_name(outside[0])} is not in a git repository: nothing tells what has changed there"
        raise UsageError(what, "leave out --changed")
    repository = trees[0].repository
    if isinstance(request.source, Index) and repository and repository.bare:
        what = f"{escape_name(repository.root)} is a bare repository: no commit is made there"
        raise UsageError(what, "read one with --rev")
    if request.whole:
        return [tree._replace(wanted=(Wanted(".", "", is_file=False),)) for tree in trees]
    return trees


def _prefix(tree_root: str, root: str) -> str:
    relative = os.path.relpath(tree_root, root).replace(os.sep, "/")
    return "" if relative == "." else relative + "/"


def _readmes_above(
    kept: Iterable[FileRef | Skipped], listed: Iterable[Listing], filters: Filter, criteria: Criteria
) -> dict[str, FileRef | Skipped]:
    """Return the READMEs in the directories of what is kept and above them, the outermost first."""
    directories: set[str] = set()
    for item in kept:
        parent = item.path.rpartition("/")[0]
        while parent not in directories:
            directories.add(parent)
            parent = parent.rpartition("/")[0]

    def is_above(item: FileRef | Skipped) -> bool:
        return item.path.rpartition("/")[0] in directories

    readmes = [
        item
        for listing in listed
        for item in _classify(listing.filter(is_above), criteria)
        if _is_readme(item.path) and not filters.excludes(listing.name(item), item)
    ]
    readmes.sort(key=lambda item: (item.path.count("/"), path_bytes(item.path)))
    return {item.path: item for item in readmes}


def _is_readme(path: str) -> bool:
    stem, suffix = os.path.splitext(path.rpartition("/")[2].lower())
    return stem == "readme" and suffix in _README_SUFFIXES


def _classify(listing: Listing, criteria: Criteria) -> list[FileRef | Skipped]:
    """Skip what need not be looked at to know that it does not count.

    On disk, a file may stand where the index has a link or a submodule: there, that is for the reader to tell.
    """
    baseline = listing.prefix + criteria.baseline
    no_files = () if isinstance(criteria.request.source, Worktree) else _NO_FILES
    return [
        item if isinstance(item, Skipped) or (item.mode not in no_files and item.path != baseline) else _skip(item)
        for item in listing.items
    ]


def _skip(ref: FileRef) -> Skipped:
    return Skipped(ref.path, _NO_FILES.get(ref.mode, Reason.BASELINE))


def _require_in_tree(source: Source, unmatched: Iterable[Wanted]) -> None:
    """Raise UsageError for a path that the index or the commit does not hold; a directory on disk may be empty."""
    missing = [want.argument for want in unmatched if want.path]
    if missing and not isinstance(source, Worktree):
        where = "the index" if isinstance(source, Index) else escape_name(source.revision)
        named, more = ", ".join(map(show_argument, missing[:_EXAMPLES])), _count_more(missing)
        what = f"not in {where}: {named}{more}"
        raise MissingPathError(what, "check the path; git ls-files and git ls-tree list them", missing[0])


def _count_more(names: Sequence[str]) -> str:
    return f" and {len(names) - _EXAMPLES:,} more" if len(names) > _EXAMPLES else ""


def _nothing_selected(request: SelectRequest) -> UsageError:
    filters = [
        *(escape_name(path) for path in request.paths),
        *map(show_argument, request.names[:_EXAMPLES]),
        *([_count_more(request.names).strip()] if len(request.names) > _EXAMPLES else []),
        *(f"--extension {escape_name(extension)}" for extension in request.extensions),
        *(f"--include {escape_name(pattern)}" for pattern in request.include),
        *(f"--exclude {escape_name(pattern)}" for pattern in request.exclude),
    ]
    lists_tracked_only = isinstance(request.source, Worktree) and not request.untracked
    hint = "only tracked files are listed unless -u is given" if lists_tracked_only else "check the paths and filters"
    return UsageError(f"nothing is left to select: {' '.join(filters)}", hint)
