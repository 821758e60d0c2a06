"""The types that flow through loopflow: select -> read -> count -> profile -> render.

Frozen dataclasses without behaviour beyond derived properties; named tuples where a run makes one for each of many
thousand files, because they take a third of the time to make. Tokens and bytes are whole numbers everywhere; shares
are derived from them where they are shown. Paths are POSIX, relative to `Selection.root`, and bytes-safe: bytes that
are not UTF-8 are carried as lone surrogates (`surrogateescape`, PEP 383).
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, NamedTuple, TypeAlias

ObjectFormat = Literal["sha1", "sha256"]

BASELINE_FILE = ".loopflow-baseline.json"

SYMLINK_MODE = 0o120000
SUBMODULE_MODE = 0o160000


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


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was listed and is not counted, with the reason."""

    path: str
    reason: Reason
    detail: str = ""


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


@dataclass(frozen=True, slots=True)
class Document:
    """A text file that was read. `size` is in bytes; `digest` is the git blob id of those bytes.

    `lossy`: bytes that are not UTF-8 became U+FFFD.
    """

    ref: FileRef
    text: str
    size: int
    digest: str
    lossy: bool = False


class FileTokens(NamedTuple):
    """What one file costs."""

    path: str
    type: str
    tokens: int
    bytes: int
    digest: str
    lossy: bool = False


def percent(part: int, whole: int) -> float:
    """`part` as a share of `whole`, 0 to 100; a share of nothing is 0."""
    return 100.0 * part / whole if whole else 0.0


@dataclass(frozen=True, slots=True)
class Total:
    """Everything that was counted."""

    tokens: int
    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class DirectoryStats:
    """One node of the hierarchy. Numbers include all subdirectories but for `own_*`: the files directly in it.

    `path` is "." for the root, which is its own parent.
    """

    path: str
    tokens: int
    files: int
    bytes: int
    own_tokens: int
    own_files: int
    parent_tokens: int
    total_tokens: int

    @property
    def percent_of_parent(self) -> float:
        """Share of the parent directory's tokens, 0 to 100."""
        return 100.0 if self.path == "." else percent(self.tokens, self.parent_tokens)

    @property
    def percent_of_total(self) -> float:
        """Share of all tokens, 0 to 100."""
        return 100.0 if self.path == "." else percent(self.tokens, self.total_tokens)


@dataclass(frozen=True, slots=True)
class TypeStats:
    """All files of one type."""

    type: str
    tokens: int
    files: int
    bytes: int
    total_tokens: int

    @property
    def percent_of_total(self) -> float:
        """Share of all tokens, 0 to 100."""
        return percent(self.tokens, self.total_tokens)


@dataclass(frozen=True, slots=True)
class Profile:
    """What a selection costs.

    `directories` come depth-first, siblings in the order of their bytes, the root first; `types` largest first; `files`
    and `skipped` in the order of their paths' bytes. `encoding` is the plain name, such as "o200k_base".
    """

    encoding: str
    source: Source
    files: tuple[FileTokens, ...]
    directories: tuple[DirectoryStats, ...]
    types: tuple[TypeStats, ...]
    total: Total
    skipped: tuple[Skipped, ...] = ()

    @property
    def gaps(self) -> tuple[Skipped, ...]:
        """The files that should have been counted and were not."""
        return tuple(skip for skip in self.skipped if skip.reason.leaves_a_gap)

    @property
    def complete(self) -> bool:
        """Whether everything that should be counted was."""
        return not self.gaps


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a renderer needs, as data. `unmatched` are paths of the request below which nothing is listed."""

    profile: Profile
    unmatched: tuple[str, ...] = ()
