"""`loopflow usage budget`: sets, lists and removes budgets of the ledger."""

from fractions import Fraction
from typing import Any

from loopflow.analysis.names import escape_name
from loopflow.cli.usage_actions import NO_BUDGET, open_usage
from loopflow.config.values import read_percent_option, read_size_option
from loopflow.console.console import Console
from loopflow.errors import ExitCode, UsageError
from loopflow.usage.model import Budget, PeriodKind, check_budget, require_name
from loopflow.usage.periods import find_zone


def set_budget(given: dict[str, Any], console: Console, here: str) -> ExitCode:
    """Set a budget of the ledger."""
    usage, settings = open_usage(given, console, here)
    standard = Budget("", 1)
    budget = Budget(
        given["name"],
        read_size_option(given["tokens"], "N"),
        PeriodKind(given["period"]),
        given["component"],
        given["environment"],
        read_percent(given["warning_threshold"], "--warning") or standard.warning,
        read_percent(given["critical_threshold"], "--critical") or standard.critical,
        given["timezone"] or settings.timezone,
    )
    find_zone(budget.timezone)
    usage.ledger.set_budget(check_budget(budget))
    if any(budget.name == each.name for each in usage.configured):
        console.warn(f"the config has a budget {escape_name(budget.name)} too, and that one holds")
    return ExitCode.OK


def list_budgets(given: dict[str, Any], console: Console, here: str) -> ExitCode:
    """List the budgets that hold."""
    usage, _ = open_usage(given, console, here)
    now = usage.clock()
    uses = usage.uses(now)
    if given["format"] == "json":
        from loopflow.usage.render.json import render_uses  # noqa: PLC0415

        console.write(render_uses(uses, now))
        return ExitCode.OK
    from loopflow.usage.render.text import render_budgets  # noqa: PLC0415

    for line in render_budgets(uses, console.terminal(given["color"])):
        console.write_chart(f"{line}\n")
    if not uses:
        console.note(NO_BUDGET)
    return ExitCode.OK


def remove_budget(given: dict[str, Any], console: Console, here: str) -> ExitCode:
    """Remove a budget from the ledger."""
    usage, _ = open_usage(given, console, here)
    name = require_name(given["name"], "name")
    if not (usage.ledger.budgets() and usage.ledger.remove_budget(name)):
        place = next((each.place for each in usage.configured if each.name == name), "")
        hint = f"it is set in {place}" if place else "loopflow usage budget list names those that there are"
        raise UsageError(f"the ledger has no budget {escape_name(name)}", hint)
    return ExitCode.OK


def read_percent(value: str | None, option: str) -> Fraction | None:
    """Return a threshold, None where none is given. Raises UsageError."""
    return read_percent_option(value, option) if value is not None else None
