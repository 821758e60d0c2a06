"""Rules that a team sets, and how they are kept. All limits and values are tokens."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple, Protocol

from loopflow.model.growth import Delta, Start


class Item(Protocol):
    """What a budget is about: something that has a name, belongs to a group, and costs tokens.

    A file is one, by its path and type. Names are told apart; what shares the beginning of a name up to a "/" lies
    together.
    """

    @property
    def name(self) -> str:
        """What it is known by, and is called where it is over a limit."""
        ...

    @property
    def group(self) -> str:
        """What it is one of."""
        ...

    @property
    def tokens(self) -> int:
        """What it costs."""
        ...


class Held(Protocol):
    """What a moment in the past held; see `Before`, which is one for files."""

    @property
    def items(self) -> Mapping[str, Item]:
        """What there was, by name."""
        ...

    @property
    def moves(self) -> Mapping[str, str]:
        """Where what has another name now was then."""
        ...

    @property
    def differing(self) -> frozenset[str] | None:
        """The names at which something else may be now; None: any."""
        ...


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


class AtMerge(NamedTuple):
    """What is known of a verdict where `sides` came together: only what was looked at, so it is asked when it matters.

    `own` is what was written within the rule in the merge itself. `is_joint` holds where each side by itself keeps the
    limit. `fails_against` names the branch from which others start, where this fails against it.
    """

    sides: int
    own: int | None = None
    is_joint: bool = False
    fails_against: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one limit of a rule; all numbers are tokens.

    For the scope "total", `value` is what the files cost; for "file", the largest of them; for "growth", what was added
    and `base_value` is what there was. `limit` is None where there is nothing to judge by, and `note` says why.
    `over` are the files over a file limit, `causes` the largest changes within the rule, `sources` the directories they
    lie in. `is_over` holds for `level = "warn"` as well. `at_merge` is None where no merge is judged, or nobody asked.
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
    over: tuple[Item, ...] = ()
    causes: tuple[Delta, ...] = ()
    sources: tuple[Delta, ...] = ()
    at_merge: AtMerge | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """All verdicts, how many files are over and under the file limits, and what this change did to the rules.

    `start` is where the change began, None where there is no such moment.
    """

    verdicts: tuple[Verdict, ...] = ()
    files_over: int = 0
    files_under: int = 0
    remarks: tuple[str, ...] = ()
    start: Start | None = None

    @property
    def failed(self) -> tuple[Verdict, ...]:
        """The verdicts that stop a change."""
        return tuple(verdict for verdict in self.verdicts if verdict.status is Status.FAIL)
