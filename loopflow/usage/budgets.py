"""Which budgets hold, how much of each is used, and whether that is too much.

The core's arithmetic judges: what fails is the sum from which a budget is critical, and it warns before.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Final

from loopflow.analysis.budget import Case, judge
from loopflow.model import Rule, Status
from loopflow.usage.ledger import Ledger, sum_period
from loopflow.usage.model import Budget, Level, Sums, Use
from loopflow.usage.periods import find_period, find_zone

_LEVELS: Final = {Status.OK: Level.OK, Status.WARN: Level.WARNING, Status.FAIL: Level.CRITICAL}


@dataclass(frozen=True, slots=True)
class _Used:
    """What the arithmetic takes: one thing that costs tokens."""

    name: str
    tokens: int
    group: str = ""


def find_budgets(ledger: Ledger, configured: Iterable[Budget]) -> list[Budget]:
    """Return all that hold, by name: one of the config goes before one of the same name in the ledger."""
    found = {budget.name: budget for budget in ledger.budgets()}
    found.update({budget.name: budget for budget in configured})
    return [found[name] for name in sorted(found)]


def with_thresholds(budget: Budget, warning: Fraction | None, critical: Fraction | None) -> Budget:
    """Return a budget with other thresholds, where some are given."""
    return replace(budget, warning=warning or budget.warning, critical=critical or budget.critical)


def find_uses(ledger: Ledger, budgets: Sequence[Budget], at: datetime) -> list[Use]:
    """Return how each budget is kept in the period that a moment is in. Raises LedgerError."""
    periods = [find_period(each.period, at, find_zone(each.timezone, each.name)) for each in budgets]
    if not budgets:
        return []
    with ledger.database.reading() as connection:
        found = [
            sum_period(connection, period, budget.component, budget.environment) if connection else Sums()
            for budget, period in zip(budgets, periods, strict=True)
        ]
    return [
        Use(budget, period, sums, find_level(budget, sums))
        for budget, period, sums in zip(budgets, periods, found, strict=True)
    ]


def find_level(budget: Budget, sums: Sums) -> Level:
    """Return the level of exact numbers, or that of estimates if it is worse."""
    return max(_judge(budget, sums.exact.used), _judge(budget, sums.estimated.used))


def _judge(budget: Budget, used: int) -> Level:
    """Return the level of one sum. It is judged twice as large, by twice what is critical and one less.

    For the core a limit is what may be reached, and here the amount of a level is where it begins.
    """
    limit = 2 * budget.amount(Level.CRITICAL) - 1
    rule = Rule(budget.name, total=limit, warn=Fraction(2 * budget.amount(Level.WARNING), limit))
    [verdict] = judge([rule], Case([_Used(budget.component, 2 * used)]), lambda _: lambda _name, _group: True).verdicts
    return _LEVELS[verdict.status]
