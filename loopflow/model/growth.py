"""What changed between two moments."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, NamedTuple

from loopflow.model.profile import FileTokens, Total


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


class Change(StrEnum):
    """What is taken for one change; it says what its start is."""

    COMMIT = "commit"
    SQUASH = "squash"
    MERGE = "merge"
    BRANCH = "branch"
    RANGE = "range"
    PUSH = "push"


class Start(NamedTuple):
    """Where a change began: `name` is what a user calls it, `commits` are the ids of all that it came from.

    Before the first commit, that is the empty tree. `branch` is what the change left there, where that is known: what
    the commits are the merge bases with.
    """

    name: str
    commits: tuple[str, ...]
    change: Change = Change.COMMIT
    branch: str | None = None


@dataclass(frozen=True, slots=True)
class Before:
    """What a moment in the past held: `files` by path, and where content that has moved since was then.

    `name` is what a user calls it: a revision, or the baseline's file. `commit` is the id of a revision. `differing`
    are the paths at which something else may be now; at all others is what was there then. None: at any path. `branch`
    is the name of what the change left there, where the moment is a merge base.
    """

    kind: Literal["baseline", "revision"]
    name: str
    files: Mapping[str, FileTokens]
    moves: Mapping[str, str] = field(default_factory=dict)
    commit: str | None = None
    differing: frozenset[str] | None = None
    branch: str | None = None

    @property
    def items(self) -> Mapping[str, FileTokens]:
        """The files, as what a budget is about."""
        return self.files


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
