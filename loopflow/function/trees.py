"""The tree that functions are read from: a work tree, an index or a revision, as the core lists it.

Files are read when something asks for them. What cannot be read or parsed is remembered with its reason, and nothing
else is different for it.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, TypeAlias

from loopflow.analysis.names import escape_name
from loopflow.function.facts.model import Facts
from loopflow.function.facts.read import MOST_BYTES, UnparsedError, decode, read_facts, split_lines
from loopflow.function.facts.store import FactStore, NoStore
from loopflow.function.resolve.declared import SETTINGS
from loopflow.io.file import Listed, list_all
from loopflow.io.git.repository import Git
from loopflow.io.read.document import blob_id
from loopflow.io.read.opening import NotOpened, Opener
from loopflow.io.surroundings import Root, read_surroundings
from loopflow.model import (
    SUBMODULE_MODE,
    SYMLINK_MODE,
    FileRef,
    ObjectFormat,
    Reason,
    SelectRequest,
    Skipped,
    Source,
    Worktree,
    is_regular,
)

SUFFIXES: Final = (".py", ".pyi")
_NO_FILES: Final = {SYMLINK_MODE: "a symbolic link", SUBMODULE_MODE: "a submodule"}
_SPECIAL: Final = frozenset({"pipe", "socket", "device"})
_FEW: Final = 8
"""Blobs that are read one by one; from then on all that may be asked for are read at once."""
_MARK_OF_ENVIRONMENT: Final = "pyvenv.cfg"


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that could not be used, with the reason."""

    path: str
    reason: str
    detail: str = ""

    @property
    def message(self) -> str:
        """What is to be said of it, on one line."""
        why = self.detail or self.reason.replace("_", " ")
        return f"{escape_name(self.path)} is left out: {escape_name(why)}"


class Sources(Protocol):
    """Files of Python's that can be resolved in."""

    files: dict[str, FileRef]
    others: set[str]

    def text(self, path: str) -> str:
        """Return the source at `path`. Raises UnparsedError for what cannot be read."""
        ...

    def lines(self, path: str) -> list[str]:
        """Return the lines of the source at `path`, with their ends."""
        ...

    def facts(self, path: str) -> Facts | None:
        """Return the facts of a file, None where it cannot be read or parsed."""
        ...


class SourceTree:
    """The Python files of a tree, with their facts."""

    def __init__(self, git: Git, listed: Listed, store: FactStore | None = None) -> None:
        self._git = git
        self._listed = listed
        self._store = store or NoStore()
        self._repository = listed.repository
        self._opener = Opener(listed.root)
        self._texts: dict[str, str] = {}
        self._facts: dict[str, Facts | None] = {}
        self._blobs: dict[str, bytes] = {}
        self._asked = 0
        self.unread: dict[str, Unread] = {}
        self.parsed = 0
        """How many files were parsed."""
        items = [item for listing in (*listed.everything, *listed.wanted) for item in listing.items]
        self._environments = _environments(items)
        self.files: dict[str, FileRef] = {
            item.path: item
            for item in items
            if isinstance(item, FileRef) and item.path.endswith(SUFFIXES) and self._is_own(item)
        }
        self.others = {item.path for item in items if isinstance(item, FileRef)} - self.files.keys()

    @property
    def git(self) -> Git:
        """What answers questions about the repository."""
        return self._git

    @property
    def root(self) -> str:
        """The directory that paths are relative to."""
        return self._listed.root

    @property
    def source(self) -> Source:
        """What kind of tree it is."""
        return self._listed.request.source

    @property
    def store(self) -> FactStore:
        """Where facts are kept."""
        return self._store

    @property
    def listed(self) -> Listed:
        """What the tree lists, of all kinds."""
        return self._listed

    def has(self, path: str) -> bool:
        """Whether there is a file of Python's; on disk, one that is named may be there and not be listed."""
        if path in self.files:
            return True
        if not isinstance(self.source, Worktree) or not path.endswith(SUFFIXES):
            return False
        try:
            handle, _ = self._opener.open(path)
        except NotOpened:
            return False
        os.close(handle)
        self.files[path] = FileRef(path)
        return True

    def not_a_file(self, path: str) -> str:
        """Return what is at `path` where it is no regular file, such as "a symbolic link"; "" for all else."""
        items = (listing.find(path) for listing in self._listed.everything if path in self.others)
        mode = next((item.mode for item in items if isinstance(item, FileRef)), 0)
        if mode in _NO_FILES:
            return _NO_FILES[mode]
        if not isinstance(self.source, Worktree):
            return ""
        try:
            handle, _ = self._opener.open(path)
        except NotOpened as why:
            if why.reason is Reason.SYMLINK and not why.detail:
                return _NO_FILES[SYMLINK_MODE]
            return f"a {why.detail}" if why.detail in _SPECIAL else ""
        os.close(handle)
        return ""

    def text(self, path: str) -> str:
        """Return the source at `path`. Raises UnparsedError for what cannot be read."""
        if path not in self._texts:
            self._texts[path] = decode(self._read(path))
        return self._texts[path]

    def lines(self, path: str) -> list[str]:
        """Return the lines of the source at `path`, with their ends."""
        return split_lines(self.text(path))

    def facts(self, path: str) -> Facts | None:
        """Return the facts of a file, None where it cannot be read or parsed: `unread` says why."""
        if path not in self._facts:
            try:
                self._facts[path] = self._find_facts(path)
            except UnparsedError as error:
                self.unread[path] = Unread(path, error.reason, error.detail)
                self._facts[path] = None
        return self._facts[path]

    def settings(self) -> dict[str, str]:
        """Return the texts of files of settings that may say where imports begin, by path, where they can be read."""
        items = (item for listing in self._listed.everything for item in listing.items)
        refs = [item for item in items if isinstance(item, FileRef) and _is_settings(item) and self._is_own(item)]
        if not isinstance(self.source, Worktree) and self._repository:
            read = dict(self._git.read_small(self._repository, refs, MOST_BYTES))
        else:
            read = dict(self._read_all(ref.path for ref in refs))
        return {path: data.decode("utf-8", "replace") for path, data in read.items()}

    def _read_all(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        for path in paths:
            with suppress(UnparsedError):
                yield path, self._read_disk(path)

    def save(self) -> None:
        """Keep the facts that were found."""
        self._store.save()

    def _find_facts(self, path: str) -> Facts:
        blob = self.files[path].blob if not isinstance(self.source, Worktree) else None
        data = b""
        if blob is None:
            data = self._read(path)
            blob = blob_id(data, self._format)
        known = self._store.find(blob)
        if known is not None:
            return known
        self._texts[path] = decode(data or self._read(path))
        self.parsed += 1
        facts = read_facts(self._texts[path])
        self._store.add(blob, facts)
        return facts

    @property
    def _format(self) -> ObjectFormat:
        return self._repository.object_format if self._repository else "sha1"

    def _is_own(self, ref: FileRef) -> bool:
        if ref.mode and not is_regular(ref.mode):
            return False
        return not ("site-packages/" in ref.path or any(ref.path.startswith(each) for each in self._environments))

    def _read(self, path: str) -> bytes:
        ref = self.files[path]
        if isinstance(self.source, Worktree):
            return self._read_disk(path)
        data = self._read_same(ref) or self._blobs.get(ref.blob or "")
        return self._read_blob(ref) if data is None else data

    def _read_disk(self, path: str) -> bytes:
        try:
            handle, status = self._opener.open(path)
        except NotOpened as why:
            raise UnparsedError(str(why.reason), why.detail or f"it is {why.reason.words}") from why
        with os.fdopen(handle, "rb") as file:
            if status.st_size > MOST_BYTES:
                raise UnparsedError("too_large", f"it has {status.st_size:,} bytes, more than {MOST_BYTES:,}")
            try:
                return file.read()
            except OSError as error:
                raise UnparsedError(str(Reason.UNREADABLE), str(error)) from error

    def _read_same(self, ref: FileRef) -> bytes | None:
        """Return the content of a blob from disk, where the file is the same: its id proves it."""
        if not self._repository or self._repository.bare:
            return None
        try:
            data = self._read_disk(ref.path)
        except UnparsedError:
            return None
        return data if blob_id(data, self._format) == ref.blob else None

    def _read_blob(self, ref: FileRef) -> bytes:
        if not (self._repository and ref.blob):
            raise UnparsedError(str(Reason.MISSING), "it is not in the tree")
        self._asked += 1
        if self._asked == _FEW:
            wanted = [each for each in self.files.values() if each.blob and each.path not in self._texts]
            paths = {each.path: each.blob for each in wanted}
            for path, data in self._git.read_small(self._repository, wanted, MOST_BYTES):
                self._blobs[paths[path] or ""] = data
        if ref.blob not in self._blobs:
            self._blobs[ref.blob] = self._git.read_blob(self._repository, ref.blob)
        return self._blobs[ref.blob]


Tree: TypeAlias = SourceTree | Path
"""A tree, or the directory of a work tree."""


def open_tree(tree: Tree) -> SourceTree:
    """Return the tree; for a directory, that of its files on disk. Raises LoopflowError where it cannot be listed."""
    if isinstance(tree, SourceTree):
        return tree
    return list_tree(SelectRequest(), os.fspath(tree))


def list_tree(request: SelectRequest, root: Root = None, store: FactStore | None = None) -> SourceTree:
    """Return the tree that a request is about, whole. Raises LoopflowError where it cannot be listed."""
    surroundings = read_surroundings(root)
    git = Git(surroundings)
    return SourceTree(git, list_all(request, git, surroundings.root), store)


def _is_settings(ref: FileRef) -> bool:
    """Whether it is a file of settings that may say where imports begin."""
    return ref.path.rpartition("/")[2] in SETTINGS


def _environments(items: list[FileRef | Skipped]) -> tuple[str, ...]:
    """Return the directories, with a slash, that are environments of Python's: they are other people's code."""
    marks: Iterator[str] = (item.path for item in items if item.path.endswith(_MARK_OF_ENVIRONMENT))
    return tuple(path[: -len(_MARK_OF_ENVIRONMENT)] for path in marks if "/" in path)
