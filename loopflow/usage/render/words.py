"""How uses, periods and sums are spoken of."""

from datetime import datetime
from typing import Final

from loopflow.analysis.names import escape_name
from loopflow.charts.numbers import format_percent, plural
from loopflow.usage.model import EVERY, Budget, Period, PeriodKind, Totals, Use
from loopflow.usage.periods import find_zone
from loopflow.usage.reporting import Report, name_start

NOW: Final = {
    PeriodKind.HOUR: "this hour",
    PeriodKind.DAY: "today",
    PeriodKind.WEEK: "this week",
    PeriodKind.MONTH: "this month",
    PeriodKind.TOTAL: "in all",
}
_THEN: Final = {PeriodKind.HOUR: "in the hour", PeriodKind.DAY: "on", PeriodKind.WEEK: "in the week from"}


def name_period(period: Period, timezone: str, now: datetime) -> str:
    """Return when a period is: in a word where it is now, else by the day on which it begins."""
    if period.end is None or period.start <= now < period.end:
        return NOW[period.kind]
    return f"{_THEN.get(period.kind, 'in')} {name_start(period, find_zone(timezone))}"


def describe_use(use: Use, now: datetime) -> str:
    """Return how a budget is kept, up to its level: exact numbers, and estimates beside them."""
    return f"{escape_name(use.budget.name)}: {describe_numbers(use, now)}"


def describe_numbers(use: Use, now: datetime) -> str:
    """Return the same without the budget's name."""
    budget, exact, estimated = use.budget, use.sums.exact.used, use.sums.estimated.used
    when = name_period(use.period, budget.timezone, now)
    said = f"{exact:,} of {budget.tokens:,} {when} ({percent(exact, budget.tokens)})"
    if estimated:
        said += f", and about {estimated:,} estimated ({percent(estimated, budget.tokens)})"
    return said + describe_scope(use.budget)


def describe_scope(budget: Budget) -> str:
    """Return what a budget is of, where that is not everything, to stand at the end."""
    wanted = [("component", budget.component), ("environment", budget.environment)]
    named = [f"{what} {escape_name(name)}" for what, name in wanted if name != EVERY]
    return f", of {' and '.join(named)}" if named else ""


def percent(part: int, whole: int) -> str:
    """Return a share as it stands in a sentence."""
    return f"{format_percent(part, whole)} %"


def describe_totals(totals: Totals) -> str:
    """Return sums: what is used, in how many entries, and what of it came in and went out."""
    said = f"{plural(totals.used, 'token')} in {name_entries(totals.entries)}"
    parts = f"{totals.tokens_in:,} in, {totals.tokens_out:,} out"
    return f"{said}: {parts}, {totals.tokens_saved:,} saved" if totals.tokens_saved else f"{said}: {parts}"


def list_totals(totals: Totals) -> list[str]:
    """Return sums in parts that can stand on lines of their own."""
    parts = [plural(totals.used, "token"), name_entries(totals.entries)]
    return [*parts, f"{totals.tokens_saved:,} saved"] if totals.tokens_saved else parts


def name_entries(number: int) -> str:
    """Return how many entries there are."""
    return f"{number:,} {'entry' if number == 1 else 'entries'}"


def title_report(report: Report, now: datetime) -> str:
    """Return what a report is of."""
    when = name_period(report.period, report.timezone, now)
    since = f", from {name_start(report.period, report.zone)} ({report.timezone})" if report.period.end else ""
    of = f", environment {escape_name(report.environment)}" if report.environment != EVERY else ""
    return f"Token usage {when}{since}{of}"
