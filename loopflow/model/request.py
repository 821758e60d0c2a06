"""What is asked for, in a type for each step: select, configure, count, compare, fit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from loopflow.model.progress import NoProgress, Progress
from loopflow.model.source import Source, Worktree

BASELINE_FILE = ".loopflow-baseline.json"


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

    @property
    def narrows(self) -> bool:
        """Whether a path or a filter asks for less than everything there is."""
        return bool(self.paths or self.extensions or self.include or self.exclude)


class Criteria(NamedTuple):
    """What decides whether a listed file is selected: a request, and what the config file says beside it.

    Patterns are in gitignore syntax. `baseline` is where a stored baseline is, relative to its repository's root: that
    file is never selected.
    """

    request: SelectRequest
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    baseline: str = BASELINE_FILE


@dataclass(frozen=True, slots=True)
class ConfigRequest:
    """Where to find what holds: `given` are options, `file` is read instead of the tree's own config file."""

    given: Mapping[str, str | None] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    file: str | None = None


@dataclass(frozen=True, slots=True)
class CountRequest:
    """How to count: the engine (None for what is fastest for the amount), the number of threads.

    `cache_file` is where counts are kept, None for nowhere. `progress` is told how far the run is, and `remark` what
    only the curious want to know.
    """

    engine: str | None = None
    jobs: int | None = None
    cache_file: str | None = None
    progress: Progress = field(default_factory=NoProgress)
    remark: Callable[[str], object] = lambda _: None


class Push(NamedTuple):
    """What is known of a push: `since` is what the remote's branch holds, None for a new one; `remote` is its name.

    `branch` is the full name of the branch there, such as "refs/heads/main", if that is known.
    """

    since: str | None = None
    remote: str | None = None
    branch: str | None = None


@dataclass(frozen=True, slots=True)
class CompareRequest:
    """What to compare a profile with: the stored baseline, else where the change left `against`, else its start.

    `against` is a revision; without it the config's is judged against, or HEAD, or the first parent of a revision.
    `file` is a baseline's path, instead of the configured one. With `push`, the change is what a push of the revision
    sends.
    """

    baseline: bool = False
    against: str | None = None
    file: str | None = None
    push: Push | None = None
    since: str | None = None
    """Where a range of commits begins that the revision ends."""
    brief: bool = False
    """Whether verdicts are all that is wanted: what could be left out is not looked for."""


@dataclass(frozen=True, slots=True)
class FitRequest:
    """How many tokens a window has, what share of it to keep back, and patterns of what must stay."""

    window: int
    reserve: Fraction = Fraction(1, 4)
    keep: tuple[str, ...] = ()
