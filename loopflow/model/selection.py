"""What is asked for and what is there: requests, repositories, files that were listed."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Literal, NamedTuple, TypeAlias

ObjectFormat = Literal["sha1", "sha256"]

BASELINE_FILE = ".loopflow-baseline.json"

SYMLINK_MODE = 0o120000
SUBMODULE_MODE = 0o160000


def is_regular(mode: int) -> bool:
    """Whether git's mode is that of a file, and not of a link or a submodule."""
    return mode not in {SYMLINK_MODE, SUBMODULE_MODE}


@dataclass(frozen=True, slots=True)
class Worktree:
    """The files as they are on disk."""

    kind: Literal["worktree"] = "worktree"
    revision: None = None


@dataclass(frozen=True, slots=True)
class Index:
    """What `git commit` would record now, whole."""

    kind: Literal["index"] = "index"
    revision: None = None


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit's tree. `revision` is what was asked for, such as "HEAD~2"."""

    revision: str
    kind: Literal["revision"] = "revision"


Source: TypeAlias = Worktree | Index | Revision


@dataclass(frozen=True, slots=True)
class SelectRequest:
    """Which files are asked for. Patterns are in gitignore syntax, relative to the root of the repository."""

    paths: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    source: Source = field(default_factory=Worktree)
    untracked: bool = False
    changed: bool = False
    readmes: bool = False
    whole: bool = False
    """All of the tree that the run was started in, wherever in it that was."""
    against: str | None = None
    """What `changed` compares with; without it HEAD, and for a revision its first parent."""
    config_include: tuple[str, ...] = ()
    config_exclude: tuple[str, ...] = ()
    baseline: str = BASELINE_FILE
    """Where a stored baseline is, relative to its repository's root."""

    @property
    def narrows(self) -> bool:
        """Whether a path or a filter asks for less than everything there is."""
        return bool(self.paths or self.extensions or self.include or self.exclude)


class Reason(StrEnum):
    """Why a listed file was not counted."""

    BINARY = "binary"
    SYMLINK = "symlink"
    SUBMODULE = "submodule"
    MISSING = "missing"
    SPECIAL = "special"
    UNREADABLE = "unreadable"
    TOO_LARGE = "too_large"
    UNCOUNTED = "uncounted"
    BASELINE = "baseline"

    @property
    def leaves_a_gap(self) -> bool:
        """Whether the file should have been counted, so that the run is incomplete."""
        return self in {Reason.UNREADABLE, Reason.TOO_LARGE, Reason.UNCOUNTED}

    @property
    def words(self) -> str:
        """The reason as people read it."""
        return self.value.replace("_", " ")


@dataclass(frozen=True, slots=True)
class Repository:
    """A git repository; all paths absolute. A bare one has no work tree: its root is the git directory."""

    root: str
    git_dir: str
    index_file: str
    object_format: ObjectFormat = "sha1"
    bare: bool = False


class FileRef(NamedTuple):
    """A file that was listed. `mode` is git's (0 where git does not know the file), `blob` the id git lists for it."""

    path: str
    mode: int = 0
    blob: str | None = None


class Stamp(NamedTuple):
    """What the file system says of a file; it changes when the content does. Size in bytes, times in nanoseconds."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


def make_refs(paths: Iterable[str], modes: Iterable[int], blobs: Iterable[str | None]) -> list[FileRef]:
    """Return a `FileRef` for each, in half the time that a call of Python for each takes."""
    return list(map(partial(tuple.__new__, FileRef), zip(paths, modes, blobs, strict=True)))


def make_stamps(states: Iterable[tuple[int, int, int, int]]) -> list[Stamp]:
    """Return a `Stamp` for each, as `make_refs` does."""
    return list(map(partial(tuple.__new__, Stamp), states))


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was listed and is not counted, with the reason."""

    path: str
    reason: Reason
    detail: str = ""

    @property
    def why(self) -> str:
        """What is known of the reason, not escaped."""
        return self.detail or self.reason.words


@dataclass(frozen=True, slots=True)
class Selection:
    """What a request selects.

    `candidates` are what a reader may open, in the order in which they are printed: READMEs that were asked for first,
    then sorted by the bytes of their paths. `skipped` are the files that need no reading to know that they do not
    count. `unmatched` are paths of the request below which nothing is listed. `repository` is the one that all of it
    comes from, if it is one.
    """

    root: str
    request: SelectRequest
    candidates: tuple[FileRef, ...]
    skipped: tuple[Skipped, ...] = ()
    unmatched: tuple[str, ...] = ()
    object_format: ObjectFormat = "sha1"
    repository: Repository | None = None
