"""Whether files keep a token budget: each of them the whole of it, and their sum a share. Nothing is read here.

It is two limits of one rule, and the core's arithmetic judges them: a sum that is exactly the share keeps it.
"""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import ceil
from typing import Final

from loopflow.analysis.budget import Case, judge
from loopflow.errors import UsageError
from loopflow.model import Judgement, Profile, Rule, Scope, Verdict

NAME: Final = "token-validation"
"""Of the rule, and of the hook that runs it."""


class Outcome(StrEnum):
    """How a validation ends."""

    PASSED = "pass"
    FAILED = "fail"
    INCOMPLETE = "incomplete"


class Level(StrEnum):
    """How full the budget is."""

    OK = "ok"
    WARNING = "warning"
    CRITICAL = "critical"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """A budget in tokens, and shares of it: that the sum may fill, and from which it is a warning, and critical."""

    budget: int
    fail: Fraction = Fraction(90, 100)
    warning: Fraction = Fraction(80, 100)
    critical: Fraction = Fraction(95, 100)

    def __post_init__(self) -> None:
        """Raise UsageError where a warning would come too late."""
        if self.warning >= self.critical:
            what = f"--warning-threshold {float(self.warning * 100):g} is not below --critical-threshold"
            raise UsageError(f"{what} {float(self.critical * 100):g}", "lower the first, or raise the second")

    @property
    def most(self) -> int:
        """The most tokens that keep within the share."""
        return int(self.budget * self.fail)


@dataclass(frozen=True, slots=True)
class Validation:
    """What was counted, and what became of it."""

    profile: Profile
    thresholds: Thresholds
    judgement: Judgement

    @property
    def tokens(self) -> int:
        """The sum of all files."""
        return self.profile.total.tokens

    @property
    def outcome(self) -> Outcome:
        """Whether it passes. What fails without a file that could not be counted fails with it, too."""
        if self.judgement.failed:
            return Outcome.FAILED
        return Outcome.PASSED if self.profile.complete else Outcome.INCOMPLETE

    @property
    def level(self) -> Level:
        """How full the budget is with all of them."""
        share = Fraction(self.tokens, self.thresholds.budget)
        if share > 1:
            return Level.OVER
        if share >= self.thresholds.critical:
            return Level.CRITICAL
        return Level.WARNING if share >= self.thresholds.warning else Level.OK

    def needed(self, verdict: Verdict) -> int:
        """Return the least budget with which this limit would be kept."""
        return verdict.value if verdict.scope is Scope.FILE else ceil(verdict.value / self.thresholds.fail)


def validate(profile: Profile, thresholds: Thresholds) -> Validation:
    """Judge what was counted."""
    rule = Rule(NAME, total=thresholds.most, file=thresholds.budget, warn=Fraction(1))
    judgement = judge([rule], Case(profile.files), lambda _rule: lambda _name, _group: True)
    return Validation(profile, thresholds, judgement)
