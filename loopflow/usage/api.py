"""The ledger for programs: four functions that use the ledger of the command, and one that opens another."""

import os
from collections.abc import Callable, Mapping
from datetime import datetime

from loopflow.config.values import read_percent_option
from loopflow.errors import UsageError
from loopflow.usage.model import EVERY, STANDARD, Budget, Entry, PeriodKind, Totals, Use, check_budget, require_name
from loopflow.usage.opening import Usage, open_place, read_clock
from loopflow.usage.periods import find_period, find_zone
from loopflow.usage.place import Place, read_usage_settings

__all__ = [
    "Usage",
    "get_budget_thresholds",
    "get_usage_report",
    "open_usage",
    "set_budget_threshold",
    "track_api_call",
]


def open_usage(
    database: str | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    config: str | None = None,
    clock: Callable[[], datetime] = read_clock,
) -> Usage:
    """Return the ledger that the command would use here, or another one: the path of a file, or postgresql://...

    The config of the repository around the current directory, or the file `config`, adds budgets and says where alerts
    go. Raises UsageError, ConfigError.
    """
    place = Place(os.environ if environ is None else environ, os.getcwd(), config, database)
    return open_place(place, read_usage_settings(place), clock)


def track_api_call(  # noqa: PLR0913  what a call is
    component: str,
    tokens_in: int,
    tokens_out: int = 0,
    *,
    tokens_saved: int = 0,
    environment: str = STANDARD,
    model: str = "",
    source: str = "api",
    exact: bool = True,
    key: str | None = None,
    at: datetime | None = None,
    usage: Usage | None = None,
) -> bool:
    """Enter a call, and tell alerts that are due; whether it was new: of calls with one `key` the first counts.

    Set `exact` to False for numbers that are estimates. Raises UsageError for what is no entry, LedgerError where the
    ledger cannot be used. An alert that does not arrive raises nothing; the next call tries again.
    """
    usage = usage or open_usage()
    entry = Entry(
        at=at or usage.clock(),
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        tokens_saved=tokens_saved,
        component=component,
        environment=environment,
        source=source,
        model=model,
        exact=exact,
        key=key,
    )
    return usage.add([entry]).new > 0


def set_budget_threshold(  # noqa: PLR0913  what a budget is
    name: str,
    tokens: int,
    *,
    period: str = "day",
    component: str = EVERY,
    environment: str = EVERY,
    warning: float = 80,
    critical: float = 95,
    timezone: str = "UTC",
    usage: Usage | None = None,
) -> None:
    """Set a budget of so many tokens for each period; `warning` and `critical` are percent of it. Raises UsageError."""
    if period not in list(PeriodKind):
        raise UsageError(f"there is no period {period!a}", f"it is one of {', '.join(PeriodKind)}")
    find_zone(require_name(timezone, "timezone"), "timezone")
    shares = read_percent_option(str(warning), "warning"), read_percent_option(str(critical), "critical")
    budget = Budget(name, tokens, PeriodKind(period), component, environment, *shares, timezone)
    (usage or open_usage()).ledger.set_budget(check_budget(budget))


def get_budget_thresholds(usage: Usage | None = None) -> list[Use]:
    """Return each budget that holds, with what is used of it in the current period, and the level of that."""
    return (usage or open_usage()).uses()


def get_usage_report(
    period: str = "day", environment: str = EVERY, *, timezone: str = "UTC", usage: Usage | None = None
) -> dict[str, dict[str, Totals]]:
    """Return what was used in the current period by component, exact numbers and estimates apart.

    A component has the keys "exact" and "estimated", each with tokens in, out and saved, and how many entries. Raises
    UsageError.
    """
    from loopflow.usage.reporting import make_report  # noqa: PLC0415  entering needs none of it

    if period not in list(PeriodKind):
        raise UsageError(f"there is no period {period!a}", f"it is one of {', '.join(PeriodKind)}")
    usage = usage or open_usage()
    found = find_period(PeriodKind(period), usage.clock(), find_zone(require_name(timezone, "timezone")))
    wanted = require_name(environment, "environment")
    report = make_report(usage.ledger, found, timezone, ["component"], environment=wanted)
    return {line.values[0]: line.sums._asdict() for line in report.lines()}
