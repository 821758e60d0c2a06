"""The types that flow through loopflow: select -> read -> count -> profile -> render.

Frozen dataclasses without behaviour beyond derived properties; named tuples where a run makes one for each of many
thousand files, because they take a third of the time to make. Tokens and bytes are whole numbers everywhere; shares
are derived from them where they are shown. Paths are POSIX, relative to `Selection.root`, and bytes-safe: bytes that
are not UTF-8 are carried as lone surrogates (`surrogateescape`, PEP 383).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
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
    """What one file costs. `facts` is what its content says about itself (see analysis/facts.py)."""

    path: str
    type: str
    tokens: int
    bytes: int
    digest: str
    lossy: bool = False
    facts: str = ""


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


class Kind(StrEnum):
    """What became of something between two moments."""

    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    GROWN = "grown"
    SHRUNK = "shrunk"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Delta:
    """Tokens of one file, directory or type before and after; None where it was not there.

    `came_from` is where content that moved unchanged was before; `files` is how many files moved with a directory.
    """

    path: str
    before: int | None
    after: int | None
    kind: Kind
    came_from: str | None = None
    files: int = 1

    @property
    def change(self) -> int:
        """Tokens after minus tokens before."""
        return (self.after or 0) - (self.before or 0)


@dataclass(frozen=True, slots=True)
class Before:
    """What a moment in the past held: `files` by path, and where content that has moved since was then.

    `name` is what a user calls it: a revision, or the baseline's file. `commit` is the id of a revision.
    """

    kind: Literal["baseline", "revision"]
    name: str
    files: Mapping[str, FileTokens]
    moves: Mapping[str, str] = field(default_factory=dict)
    commit: str | None = None


@dataclass(frozen=True, slots=True)
class Diff:
    """A profile compared with `before`.

    `files` are those that differ, in the order of their paths' bytes; `directories` and `types` are all there are or
    were, directories depth-first. `largest` holds the changes by size, with a moved directory as one.
    """

    before: Before
    total: Total
    files: tuple[Delta, ...]
    directories: tuple[Delta, ...]
    types: tuple[Delta, ...]
    largest: tuple[Delta, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is written: a file, and a line in it if that is known."""

    file: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much something may grow in one change: `tokens`, or a `share` of what there was."""

    tokens: int | None = None
    share: Fraction | None = None

    def limit(self, before: int) -> int | None:
        """Return the tokens that may be added to `before`; None for a share of nothing, which says nothing."""
        if self.share is None:
            return self.tokens
        return int(before * self.share) if before else None


class Level(StrEnum):
    """What a rule does that is not kept."""

    FAIL = "fail"
    WARN = "warn"


class Scope(StrEnum):
    """What of its files a rule limits."""

    TOTAL = "total"
    FILE = "file"
    GROWTH = "growth"


@dataclass(frozen=True, slots=True)
class Rule:
    """A budget for the files that match `paths` (gitignore syntax) and have one of `types`; for all without either.

    Limits are in tokens. From the share `warn` of a limit on, it warns. `places` say where each limit is written.
    """

    name: str
    paths: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    total: int | None = None
    file: int | None = None
    growth: Allowance | None = None
    warn: Fraction = Fraction(9, 10)
    level: Level = Level.FAIL
    places: Mapping[str, Place] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """Whether it is about the whole selection."""
        return not (self.paths or self.types)


class Status(StrEnum):
    """How a rule is kept."""

    OK = "ok"
    WARN = "warn"
    INHERITED = "inherited"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one limit of a rule; all numbers are tokens.

    For the scope "total", `value` is what the files cost; for "file", the largest of them; for "growth", what was added
    and `base_value` is what there was. `limit` is None where there is nothing to judge by, and `note` says why.
    `over` are the files over a file limit, `causes` the largest changes within the rule, `sources` the directories they
    lie in. `is_over` holds for `level = "warn"` as well.
    """

    rule: Rule
    scope: Scope
    limit: int | None
    warn: int
    value: int
    base_value: int
    status: Status
    is_over: bool = False
    note: str = ""
    owner: str | None = None
    over: tuple[FileTokens, ...] = ()
    causes: tuple[Delta, ...] = ()
    sources: tuple[Delta, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """All verdicts, how many files are over and under the file limits, and what this change did to the rules.

    `start` is what the start of the change is called, None where there is none.
    """

    verdicts: tuple[Verdict, ...] = ()
    files_over: int = 0
    files_under: int = 0
    remarks: tuple[str, ...] = ()
    start: str | None = None

    @property
    def failed(self) -> tuple[Verdict, ...]:
        """The verdicts that stop a change."""
        return tuple(verdict for verdict in self.verdicts if verdict.status is Status.FAIL)


class CutReason(StrEnum):
    """Why something could be left out."""

    LOCK = "lock file"
    MINIFIED = "minified or bundled"
    GENERATED = "generated"
    VENDORED = "vendored"
    DOCUMENTATION = "documentation"
    EXPORT_IGNORE = "export-ignore"
    SNAPSHOT = "snapshot"
    DATA = "embedded data"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class Cut:
    """A candidate for leaving out: a file, or a directory in which every file has the same reason.

    `at` is its path, that of a directory with a slash at its end; `paths` are the files, `tokens` what they cost.
    """

    reason: CutReason
    evidence: str
    paths: tuple[str, ...]
    tokens: int
    at: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What to leave out so that the rest fits `window` tokens, of which `reserve` are kept back.

    `exclude` are patterns in gitignore syntax, `tokens_left` is what they leave, `already` are those of the config.
    """

    window: int
    reserve: int
    exclude: tuple[str, ...]
    tokens_left: int
    fits: bool
    already: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a renderer needs, as data. `unmatched` are paths of the request below which nothing is listed.

    `diff` is None where nothing was compared, `judgement` where nothing was judged, `plan` where no window was named.
    `saved` is the file that a baseline was saved to.
    """

    profile: Profile
    unmatched: tuple[str, ...] = ()
    diff: Diff | None = None
    judgement: Judgement | None = None
    cuts: tuple[Cut, ...] = ()
    plan: Plan | None = None
    saved: str | None = None
