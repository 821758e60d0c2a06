"""What could be left out, and everything that a renderer needs."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from loopflow.model.budget import Judgement
from loopflow.model.growth import Diff
from loopflow.model.origin import Origin
from loopflow.model.profile import Profile
from loopflow.model.selection import Idle


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
    TRANSLATION = "translation"

    @property
    def is_evidence(self) -> bool:
        """Whether it says that nobody here wrote it, or it is there twice, and not only what it is about."""
        return self not in {CutReason.DOCUMENTATION, CutReason.EXPORT_IGNORE}


@dataclass(frozen=True, slots=True)
class Cut:
    """A candidate for leaving out: a file, a directory in which every file has the same reason, or a family of files.

    `at` is its path, that of a directory with a slash at its end, that of a family with a `*`; `paths` are the files,
    `tokens` what they cost. `lines` are patterns that leave out the family, in each form with what they take back.
    """

    reason: CutReason
    evidence: str
    paths: tuple[str, ...]
    tokens: int
    at: str
    lines: tuple[tuple[str, ...], ...] = ()


class PlanLine(NamedTuple):
    """A pattern in gitignore syntax, the tokens of what it takes out (0 where it takes something back), and why."""

    pattern: str
    tokens: int
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What to leave out so that the rest fits `window` tokens, of which `reserve` are kept back.

    `lines` are what to add to `exclude` of a config file, `tokens_left` is what they leave, `already` are its patterns.
    `model` is whose window it is, "" where none was named.
    """

    window: int
    reserve: int
    lines: tuple[PlanLine, ...]
    tokens_left: int
    fits: bool
    already: tuple[str, ...] = ()
    model: str = ""

    @property
    def exclude(self) -> tuple[str, ...]:
        """The patterns of its lines."""
        return tuple(line.pattern for line in self.lines)


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a renderer needs, as data. `unmatched` are paths of the request below which nothing is listed.

    `idle` are patterns that match nothing: of the request, of the config, and of its rules where something was judged.
    `diff` is None where nothing was compared, `judgement` where nothing was judged, `plan` where no window was named,
    `origin` where nobody asked for it.
    """

    profile: Profile
    unmatched: tuple[str, ...] = ()
    diff: Diff | None = None
    judgement: Judgement | None = None
    cuts: tuple[Cut, ...] = ()
    plan: Plan | None = None
    idle: tuple[Idle, ...] = ()
    origin: Origin | None = None
