"""`loopflow usage alerts`: what was told to whom, and a test for each."""

from datetime import UTC
from typing import Any, Final

from loopflow.analysis.names import escape_name
from loopflow.cli.usage_actions import open_usage
from loopflow.console.console import Console
from loopflow.errors import ExitCode, UsageError
from loopflow.usage.alerts import read_alerts
from loopflow.usage.channels import Alert, ChannelError
from loopflow.usage.model import Budget, Level, PeriodKind, Sums, Totals, Use
from loopflow.usage.opening import Usage
from loopflow.usage.periods import find_period

_MOST_ALERTS: Final = 100


def alerts(given: dict[str, Any], console: Console, here: str) -> ExitCode:
    """List what was told, or send a test to each channel."""
    usage, _ = open_usage(given, console, here)
    if given["what"] == "test":
        if given["format"] != "text":
            raise UsageError(
                f"a test of alerts has no form {given['format']}", "leave --format out; the exit code says it"
            )
        return _test_alerts(usage, console)
    rows = read_alerts(usage.ledger.database, _MOST_ALERTS)
    if given["format"] == "json":
        from loopflow.usage.render.json import render_alerts as as_json  # noqa: PLC0415

        console.write(as_json(rows))
        return ExitCode.OK
    from loopflow.usage.render.text import render_alerts  # noqa: PLC0415

    for line in render_alerts(rows):
        console.write_chart(f"{line}\n")
    if not rows:
        console.note("no alert was told yet")
    return ExitCode.OK


def _test_alerts(usage: Usage, console: Console) -> ExitCode:
    if not usage.channels:
        raise UsageError("no alert goes anywhere", "write email or webhook in [usage.alerts], or --alert-email ADDRESS")
    now = usage.clock()
    budget = Budget("test", 100)
    use = Use(budget, find_period(PeriodKind.DAY, now, UTC), Sums(Totals(tokens_in=80)), Level.WARNING)
    code = ExitCode.OK
    for channel in usage.channels:
        try:
            channel.send(Alert(use, use.level, 1, now, is_test=True))
            console.write_chart(f"ok {escape_name(channel.name)}\n")
        except ChannelError as error:
            console.write_chart(f"failed {escape_name(channel.name)}: {error}\n")
            code = ExitCode.OVER_BUDGET
    return code
