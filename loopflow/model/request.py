"""What is asked for, in a type for each step: select, configure, count, compare, fit."""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple, TypeAlias

from loopflow.model.progress import NoProgress, Progress
from loopflow.model.source import Index, Revision, Source, Worktree

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
    names: tuple[str, ...] = ()
    """Paths beside `paths` that are each one name, whatever commas are in it."""
    outputs: tuple[str, ...] = ()
    """Files that the run writes: none of those that it reads may be one of them."""
    names_origin: bool = False
    """Whether the report says which repository and commit it is about, and of which day: git is asked for them."""

    def __post_init__(self) -> None:
        """Raise TypeError for one text where several are wanted: its letters would be taken for them."""
        for name in ("paths", "extensions", "include", "exclude", "names", "outputs"):
            object.__setattr__(self, name, _as_texts(self, name))
        if type(self.source) not in {Worktree, Index, Revision}:
            what = f"SelectRequest: source is a {type(self.source).__name__}"
            raise TypeError(f"{what}, and not one of Worktree(), Index() and Revision('HEAD')")

    @property
    def narrows(self) -> bool:
        """Whether a path or a filter asks for less than everything there is."""
        return bool(self.paths or self.names or self.extensions or self.include or self.exclude)


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

    `cache_file` is where counts are kept, relative to the root of the run, None for nowhere. `progress` is told how far
    the run is, and `remark` what only the curious want to know.
    """

    engine: str | None = None
    jobs: int | None = None
    cache_file: str | os.PathLike[str] | None = None
    progress: Progress = field(default_factory=NoProgress)
    remark: Callable[[str], object] = lambda _: None

    def __post_init__(self) -> None:
        """Raise ValueError for a number of threads that is none."""
        if self.jobs is not None and self.jobs < 1:
            raise ValueError(f"CountRequest: jobs is {self.jobs}; write 1 or more, or None for one a processor")


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
    sends. `against_name` is what to call `against` where that is the id of a commit.
    """

    baseline: bool = False
    against: str | None = None
    file: str | None = None
    push: Push | None = None
    since: str | None = None
    """Where a range of commits begins that the revision ends."""
    against_name: str | None = None
    brief: bool = False
    """Whether verdicts are all that is wanted: what could be left out is not looked for."""


@dataclass(frozen=True, slots=True)
class FitRequest:
    """How many tokens a window has, what share of it to keep back, patterns of what must stay, and whose window it is.

    `model` is a name of the table of windows, or "" where nobody named one: it is shown, and decides nothing.
    """

    window: int
    reserve: Fraction = Fraction(1, 4)
    keep: tuple[str, ...] = ()
    model: str = ""

    def __post_init__(self) -> None:
        """Raise TypeError for one pattern where several are wanted."""
        object.__setattr__(self, "keep", _as_texts(self, "keep"))


class Extras(NamedTuple):
    """What a context has beside its files: numbers before their lines, their tree before them, the change after them.

    `diff` is the change of the selected files since the start that `changed` of a request compares with.
    """

    line_numbers: bool = False
    tree: bool = False
    diff: bool = False


Asked: TypeAlias = SelectRequest | str | os.PathLike[str] | Iterable[str | os.PathLike[str]] | None
"""What files are asked for: a request, or only its paths, one or several; None for everything there is."""


def as_request(asked: Asked) -> SelectRequest:
    """Return the request for what is asked for."""
    if isinstance(asked, SelectRequest):
        return asked
    if asked is None:
        return SelectRequest()
    paths = [asked] if isinstance(asked, str | os.PathLike) else asked
    return SelectRequest(paths=tuple([os.fspath(path) for path in paths]))


def _as_texts(request: object, name: str) -> tuple[str, ...]:
    """Return the texts in a field of a request. Paths may be what os.fspath takes."""
    value = getattr(request, name)
    where = f"{type(request).__name__}: {name}"
    if isinstance(value, str | os.PathLike):
        raise TypeError(f"{where} is a tuple of texts, and this is one text; write {name}=({os.fspath(value)!r},)")
    if not isinstance(value, Iterable) or isinstance(value, bytes):
        raise TypeError(f"{where} is a tuple of texts, and this is {value!r}")
    texts = tuple([os.fspath(each) if isinstance(each, os.PathLike) else each for each in value])
    odd = next((each for each in texts if not isinstance(each, str)), None)
    if odd is not None:
        raise TypeError(f"{where} is a tuple of texts, and {odd!r} is none")
    return texts
