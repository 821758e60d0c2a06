"""What the ledger holds and says: entries, sums of them, budgets and how they are kept. All numbers are tokens."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import IntEnum, StrEnum
from fractions import Fraction
from math import ceil
from typing import Any, Final, NamedTuple

from loopflow.analysis.names import escape_name
from loopflow.errors import UsageError
from loopflow.model import MOST_TOKENS

EVERY = "*"
"""Stands for every component, or every environment."""
STANDARD: Final = "default"
"""The component and the environment of what names none."""
MOST: Final = 10**12
"""Tokens of one entry: sums of millions of them stay within what databases add up."""
LONGEST: Final = 200
"""Characters of a name."""
FIRST_DAY: Final = datetime(2012, 1, 1, tzinfo=UTC)
"""Nothing can be entered before: a clock that says so was never set."""
HUNDREDTHS: Final = 10_000
"""What a share is kept in: hundredths of a percent."""
AHEAD: Final = timedelta(days=1)
"""How far ahead of our clock an entry may be: clocks differ, and one that jumped is not to fill next year's budgets."""


class PeriodKind(StrEnum):
    """How long a budget lasts."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    TOTAL = "total"


class Level(IntEnum):
    """How full a budget is."""

    OK = 0
    WARNING = 1
    CRITICAL = 2

    @property
    def word(self) -> str:
        """What it is called."""
        return self.name.lower()


class Entry(NamedTuple):
    """One use: when (UTC), of what, and how many tokens. `exact` is False where the numbers are estimates.

    Of entries with the same `key` only the first one counts.
    """

    at: datetime
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_saved: int = 0
    component: str = STANDARD
    environment: str = STANDARD
    source: str = ""
    model: str = ""
    encoding: str = ""
    exact: bool = True
    key: str | None = None


NUMBERS: Final = ("tokens_in", "tokens_out", "tokens_saved")
NAMES: Final = ("component", "environment", "source", "model", "encoding")
_TYPES: Final[dict[str, tuple[Any, str]]] = {
    "at": (datetime, "a moment"),
    **dict.fromkeys(NUMBERS, (int, "a whole number")),
    "exact": (bool, "true or false"),
}
GROUPS: Final = ("component", "environment", "model", "source")
"""What reports can be made by, beside periods."""


def check_entry(entry: Entry, now: datetime) -> Entry:
    """Return the entry as it is. Raises UsageError for what no ledger can hold: what is wrong, and how it would do."""
    _require_types(entry)
    for name in NUMBERS:
        if not 0 <= getattr(entry, name) <= MOST:
            raise UsageError(f"{name} is a whole number from 0 to {MOST:,}", "correct the number")
    for name in NAMES:
        require_name(getattr(entry, name), name, may_be_empty=name not in {"component", "environment"})
    if entry.key is not None:
        require_name(entry.key, "key")
    if EVERY in {entry.component, entry.environment}:
        raise UsageError(f"{EVERY} stands for every component and environment", "give it a name of its own")
    if entry.at.tzinfo is None:
        raise UsageError("the moment of an entry has no time zone", "write for example datetime.now(UTC)")
    if not FIRST_DAY <= entry.at <= now + AHEAD:
        what = f"{entry.at:%Y-%m-%d %H:%M} UTC is before {FIRST_DAY:%Y} or more than a day ahead"
        raise UsageError(what, "check the clock that it comes from")
    return entry


def _require_types(entry: Entry) -> None:
    """Raise UsageError where a value is of another type: SQLite would keep half a token."""
    for name, (wanted, what) in _TYPES.items():
        value = getattr(entry, name)
        if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
            raise UsageError(f"{name} is {what}", "write for example tokens_in=1200")


def require_name(name: object, what: str, *, may_be_empty: bool = False) -> str:
    """Return `name`. Raises UsageError for one that is empty, too long, or no text that a database takes."""
    if not isinstance(name, str):
        raise UsageError(f"{what} is a text", "write for example api")
    is_text = "\0" not in name and not any("\ud800" <= char <= "\udfff" for char in name)
    if not is_text or len(name) > LONGEST or not (name.strip() or may_be_empty):
        shown = f"'{escape_name(name[:30])}{'...' if len(name) > LONGEST else ''}'"
        raise UsageError(f"{what}: {shown} is no name", f"write 1 to {LONGEST} characters of text")
    return name


class Totals(NamedTuple):
    """Sums of entries."""

    tokens_in: int = 0
    tokens_out: int = 0
    tokens_saved: int = 0
    entries: int = 0

    @property
    def used(self) -> int:
        """What a budget is about: tokens in and out."""
        return self.tokens_in + self.tokens_out

    def plus(self, other: "Totals") -> "Totals":
        """Return the sums of both."""
        return Totals(*(one + two for one, two in zip(self, other, strict=True)))


class Sums(NamedTuple):
    """Sums of entries that are exact, and of those that are estimates: these two are never added up."""

    exact: Totals = Totals()
    estimated: Totals = Totals()

    def plus(self, other: "Sums") -> "Sums":
        """Return the sums of both."""
        return Sums(self.exact.plus(other.exact), self.estimated.plus(other.estimated))


class Period(NamedTuple):
    """From `start` (UTC) to before `end`, None where there is no end."""

    kind: PeriodKind
    start: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Budget:
    """How many tokens may be used in each period. From the shares `warning` and `critical` of them on, it is said.

    `timezone` decides when its periods begin: it belongs to the budget, so that all who use it mean the same day.
    `place` is where it is written, "" for the ledger.
    """

    name: str
    tokens: int
    period: PeriodKind = PeriodKind.DAY
    component: str = EVERY
    environment: str = EVERY
    warning: Fraction = Fraction(80, 100)
    critical: Fraction = Fraction(95, 100)
    timezone: str = "UTC"
    place: str = ""

    def amount(self, level: Level) -> int:
        """Return the tokens from which this level holds."""
        share = self.critical if level is Level.CRITICAL else self.warning
        return max(1, ceil(self.tokens * share))


def require_thresholds(warning: Fraction, critical: Fraction, where: str) -> None:
    """Raise UsageError where a warning would come too late."""
    if warning >= critical:
        what = f"{where}: a warning at {float(warning * 100):g} % would not come before critical at"
        raise UsageError(f"{what} {float(critical * 100):g} %", "lower the first, or raise the second")


def check_budget(budget: Budget) -> Budget:
    """Return a budget as it is kept: with shares in hundredths of a percent. Raises UsageError for what is none."""
    require_name(budget.name, "name")
    require_name(budget.component, "component")
    require_name(budget.environment, "environment")
    if type(budget.tokens) is not int or not 0 < budget.tokens <= MOST_TOKENS:
        raise UsageError(f"{budget.name!a}: a budget is 1 to {MOST_TOKENS:,} tokens", "write for example 2_000_000")
    warning, critical = (Fraction(int(share * HUNDREDTHS), HUNDREDTHS) for share in (budget.warning, budget.critical))
    if not 0 < warning <= 1 or not 0 < critical <= 1:
        raise UsageError(f"{budget.name!a}: thresholds are percent, from 0.01 to 100", "write for example 80")
    require_thresholds(warning, critical, ascii(budget.name))
    return replace(budget, warning=warning, critical=critical)


class Use(NamedTuple):
    """A budget in a period: what was used of it, and the level of that.

    Estimates are held to the budget by themselves; the level is the worse of both.
    """

    budget: Budget
    period: Period
    sums: Sums
    level: Level
