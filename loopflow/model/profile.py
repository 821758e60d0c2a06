"""What was counted: files, and their sums by directory and by type."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from loopflow.model.selection import FileRef, Skipped
from loopflow.model.source import Source

MOST_TOKENS = 10**15
"""What no limit and no count in a file may exceed, so that sums and shares of them stay ordinary numbers."""


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

    @property
    def name(self) -> str:
        """The path, as a budget names it."""
        return self.path

    @property
    def group(self) -> str:
        """The type, as a budget groups it."""
        return self.type


def make_file_tokens(*columns: Iterable[object]) -> list[FileTokens]:
    """Return a `FileTokens` for each row of `columns`, as `make_refs` does; one column at least has an end."""
    return list(map(partial(tuple.__new__, FileTokens), zip(*columns, strict=False)))


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
