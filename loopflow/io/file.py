"""select() and read(): the one algorithm that turns a request into files, and files into text.

Printing and profiling get the same candidates through the same reader, and neither filters further. What a candidate
turns out to be is only known when it is opened: `read` returns a `Document`, or a `Skipped` that says why not.
"""

import os
from collections.abc import Container, Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from loopflow.analysis.names import escape_name, path_bytes
from loopflow.analysis.patterns import compile_patterns
from loopflow.errors import GitError, UsageError
from loopflow.io.document import BINARY_HEAD, LARGE_BYTES, LargeText, is_binary, make_document
from loopflow.io.git import Git
from loopflow.io.opening import NotOpened, Opener
from loopflow.io.targets import Tree, Wanted, common_root, find_tree_in_git, find_trees
from loopflow.io.walk import NestedRepository, walk
from loopflow.model import (
    BASELINE_FILE,
    SUBMODULE_MODE,
    SYMLINK_MODE,
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

_README_SUFFIXES = frozenset({"", ".adoc", ".markdown", ".md", ".org", ".rst", ".txt"})


class _Listed(NamedTuple):
    """A listed file: `name` is its path below its own tree, which patterns see; `item.path` is the one printed."""

    name: str
    item: FileRef | Skipped
    changed: bool = True


def select(request: SelectRequest, git: Git, here: str) -> Selection:
    """Return the files that `request` selects, seen from the directory `here` (absolute).

    Raises UsageError for a path that does not exist, a bad pattern, and paths or filters that match nothing listed;
    GitError where a repository cannot be used.
    """
    admits = _Filter(request)
    trees = _find_trees(git, request, here)
    root = common_root(trees)
    listed: list[_Listed] = []
    kept: dict[str, _Listed] = {}
    unmatched: list[Wanted] = []
    is_empty = True
    for tree in trees:
        listing = list(_list(git, tree, root, request))
        wanted, missed = _want(tree, root, listing)
        kept |= {entry.item.path: entry for entry in wanted if admits(entry)}
        listed += listing
        unmatched += missed
        is_empty = is_empty and not (listing or wanted)
    _require_in_tree(request.source, unmatched)
    if request.narrows and not (is_empty or kept):
        raise _nothing_selected(request)
    kept = {path: entry for path, entry in kept.items() if entry.changed}
    readmes = _readmes_above(kept, listed, admits) if request.readmes else {}
    order = sorted((path for path in kept if path not in readmes), key=path_bytes)  # mostly sorted already
    items = (*readmes.values(), *(_classify(kept[path]) for path in order))
    formats = {tree.repository.object_format for tree in trees if tree.repository}
    return Selection(
        root=root,
        request=request,
        candidates=tuple(item for item in items if isinstance(item, FileRef)),
        skipped=tuple(item for item in items if isinstance(item, Skipped)),
        unmatched=tuple(want.argument for want in unmatched),
        object_format=formats.pop() if len(formats) == 1 else "sha1",
        repository=trees[0].repository if len(trees) == 1 else None,
    )


def read(opener: Opener, ref: FileRef, object_format: ObjectFormat = "sha1") -> Document | LargeText | Skipped:
    """Read a candidate from disk, once. A `LargeText` is read, and then closed, as its pieces are taken."""
    try:
        handle, status = opener.open(ref.path)
    except NotOpened as why:
        return Skipped(ref.path, why.reason, why.detail)
    file = os.fdopen(handle, "rb", buffering=0)
    try:
        # A few bytes tell that a picture need not be read; a small one is not worth the second call.
        head = file.read(BINARY_HEAD) if status.st_size > 16 * BINARY_HEAD else b""
        if not is_binary(head) and status.st_size > LARGE_BYTES:
            return LargeText(ref, status.st_size, head, file, object_format)
        with file:
            rest = None if is_binary(head) else file.readall()
        if rest is None and not is_binary(head):  # some files in /proc: they have no content at the moment
            return Skipped(ref.path, Reason.SPECIAL, "it has nothing to read")
        data = head + (rest or b"")
    except OSError as error:
        file.close()
        return Skipped(ref.path, Reason.UNREADABLE, (error.strerror or "").lower())
    return make_document(ref, data, object_format)


class _Filter:
    """Extensions, include and exclude of a request; all of them have to let a file through."""

    def __init__(self, request: SelectRequest) -> None:
        self._suffixes = tuple("." + extension.lower().lstrip(".") for extension in request.extensions)
        self._include = compile_patterns(request.include, "--include") if request.include else None
        self._exclude = compile_patterns(request.exclude, "--exclude") if request.exclude else None

    def __call__(self, entry: _Listed) -> bool:
        if self.excludes(entry):
            return False
        if isinstance(entry.item, Skipped):
            return True  # an unreadable directory: whether what is in it would be asked for is not known
        if self._suffixes and not entry.name.lower().endswith(self._suffixes):
            return False
        return self._include is None or self._include.match(_pattern_path(entry))

    def excludes(self, entry: _Listed) -> bool:
        """Whether an --exclude matches, which nothing overrides."""
        return self._exclude is not None and self._exclude.match(_pattern_path(entry))


def _pattern_path(entry: _Listed) -> str:
    is_directory = isinstance(entry.item, Skipped) or entry.item.mode == SUBMODULE_MODE
    return entry.name + "/" if is_directory else entry.name


def _find_trees(git: Git, request: SelectRequest, here: str) -> list[Tree]:
    if isinstance(request.source, Worktree):
        trees = find_trees(git, request.paths, here)
        outside = [want.argument for tree in trees if not tree.repository for want in tree.wanted]
        if request.changed and outside:
            what = f"{escape_name(outside[0])} is not in a git repository: nothing tells what has changed there"
            raise UsageError(what, "leave out --changed")
        return trees
    if request.untracked:
        raise UsageError("untracked files are in no index and in no commit", "leave out -u")
    tree = find_tree_in_git(git, request.paths, here)
    if isinstance(request.source, Index) and tree.repository and tree.repository.bare:
        what = f"{escape_name(tree.root)} is a bare repository: no commit is made there"
        raise UsageError(what, "read one with --rev")
    return [tree]


def _list(git: Git, tree: Tree, root: str, request: SelectRequest) -> Iterator[_Listed]:
    """List a tree's files; `root` is the directory that printed paths are relative to."""
    prefix = _prefix(tree.root, root)
    if tree.repository:
        yield from _list_repository(git, tree.repository, prefix, request)
    elif not all(wanted.is_file for wanted in tree.wanted):
        for item in walk(tree.root):
            path = prefix + item.path
            if isinstance(item, NestedRepository):
                yield from _list_nested(git, os.path.join(tree.root, item.path), path, request)
            else:
                yield _Listed(path, _at(item, path))


def _list_repository(git: Git, repository: Repository, prefix: str, request: SelectRequest) -> Iterator[_Listed]:
    changed = git.changed_paths(repository, request.source) if request.changed else None
    for ref in _list_source(git, repository, request.source):
        item = _at(ref, prefix + ref.path) if prefix else ref
        yield _Listed(ref.path, item, changed is None or ref.path in changed)
    if request.untracked:
        for found in git.list_untracked(repository):
            if isinstance(found, Skipped):
                yield _Listed(found.path, _at(found, prefix + found.path))
                continue
            # A nested repository ends in a slash; git will not look into it either, and neither do we.
            name = found.rstrip("/")
            yield _Listed(name, FileRef(prefix + name, SUBMODULE_MODE if name != found else 0))


def _list_source(git: Git, repository: Repository, source: Source) -> Iterator[FileRef]:
    if isinstance(source, Worktree):
        return git.list_tracked(repository)
    if isinstance(source, Index):
        return git.list_index(repository)
    return git.list_commit(repository, git.resolve(repository, source.revision))


def _list_nested(git: Git, directory: str, path: str, request: SelectRequest) -> list[_Listed]:
    """List a repository that a walk met at `path`. One that git refuses leaves a gap, and the walk goes on."""
    try:
        repository = git.find_repository(directory)
        return list(_list_repository(git, repository, path + "/", request)) if repository else []
    except GitError as error:
        return [_Listed(path, Skipped(path, Reason.UNREADABLE, error.message))]


def _at(item: FileRef | Skipped, path: str) -> FileRef | Skipped:
    return item._replace(path=path) if isinstance(item, FileRef) else replace(item, path=path)


def _prefix(tree_root: str, root: str) -> str:
    relative = os.path.relpath(tree_root, root).replace(os.sep, "/")
    return "" if relative == "." else relative + "/"


def _want(tree: Tree, root: str, listing: Iterable[_Listed]) -> tuple[list[_Listed], list[Wanted]]:
    """Return what is listed at or below the wanted paths, and the wanted paths that nothing is listed for.

    A file that was named is wanted whether it is tracked or not.
    """
    prefix = _prefix(tree.root, root)
    wanted = {prefix + want.path if want.path else prefix.rstrip("/"): want for want in tree.wanted}
    if set(wanted) == {""}:
        found = list(listing)
        return found, [] if found else [tree.wanted[0]]
    found = []
    matched: set[str] = set()
    for entry in listing:
        at = _at_or_above(entry.item.path, wanted)
        if at is not None:
            found.append(entry)
            matched.add(at)
    matched |= {above for path in matched for above in _upwards(path) if above in wanted}
    missed = {path: want for path, want in wanted.items() if path not in matched}
    found += [
        _Listed(want.path if tree.repository else path, FileRef(path)) for path, want in missed.items() if want.is_file
    ]
    return found, [want for want in missed.values() if not want.is_file]


def _at_or_above(path: str, wanted: Container[str]) -> str | None:
    """Return which of `wanted` is `path` or a directory above it."""
    return next((at for at in _upwards(path) if at in wanted), None)


def _upwards(path: str) -> Iterator[str]:
    yield path
    while path:
        path = path.rpartition("/")[0]
        yield path


def _readmes_above(kept: Iterable[str], listed: Iterable[_Listed], admits: _Filter) -> dict[str, FileRef | Skipped]:
    """Return the READMEs in the directories of what is kept and above them, the outermost first."""
    directories = {""}
    for path in kept:
        parent = path.rpartition("/")[0]
        while parent not in directories:
            directories.add(parent)
            parent = parent.rpartition("/")[0]
    readmes = [
        _classify(entry)
        for entry in listed
        if entry.item.path.rpartition("/")[0] in directories and _is_readme(entry.name) and not admits.excludes(entry)
    ]
    readmes.sort(key=lambda item: (item.path.count("/"), path_bytes(item.path)))
    return {item.path: item for item in readmes}


def _is_readme(path: str) -> bool:
    stem, suffix = os.path.splitext(path.rpartition("/")[2].lower())
    return stem == "readme" and suffix in _README_SUFFIXES


def _classify(entry: _Listed) -> FileRef | Skipped:
    """Skip what need not be opened to know that it does not count."""
    name, item, _ = entry
    if isinstance(item, Skipped):
        return item
    if item.mode == SYMLINK_MODE:
        return Skipped(item.path, Reason.SYMLINK)
    if item.mode == SUBMODULE_MODE:
        return Skipped(item.path, Reason.SUBMODULE)
    return Skipped(item.path, Reason.BASELINE) if name == BASELINE_FILE else item


def _require_in_tree(source: Source, unmatched: Iterable[Wanted]) -> None:
    """Raise UsageError for a path that the index or the commit does not hold; a directory on disk may be empty."""
    missing = [escape_name(want.argument) for want in unmatched if want.path]
    if missing and not isinstance(source, Worktree):
        where = "the index" if isinstance(source, Index) else escape_name(source.revision)
        raise UsageError(
            f"not in {where}: {', '.join(missing)}", "check the path; git ls-files and git ls-tree list them"
        )


def _nothing_selected(request: SelectRequest) -> UsageError:
    filters = [
        *(escape_name(path) for path in request.paths),
        *(f"--extension {escape_name(extension)}" for extension in request.extensions),
        *(f"--include {escape_name(pattern)}" for pattern in request.include),
        *(f"--exclude {escape_name(pattern)}" for pattern in request.exclude),
    ]
    lists_tracked_only = isinstance(request.source, Worktree) and not request.untracked
    hint = "only tracked files are listed unless -u is given" if lists_tracked_only else "check the paths and filters"
    return UsageError(f"nothing is left to select: {' '.join(filters)}", hint)
