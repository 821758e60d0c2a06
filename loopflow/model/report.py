"""What could be left out, and everything that a renderer needs."""

from dataclasses import dataclass
from enum import StrEnum

from loopflow.model.budget import Judgement
from loopflow.model.growth import Diff
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

    `idle` are patterns that match nothing: of the request, of the config, and of its rules where something was judged.
    `diff` is None where nothing was compared, `judgement` where nothing was judged, `plan` where no window was named.
    """

    profile: Profile
    unmatched: tuple[str, ...] = ()
    diff: Diff | None = None
    judgement: Judgement | None = None
    cuts: tuple[Cut, ...] = ()
    plan: Plan | None = None
    idle: tuple[Idle, ...] = ()
