"""The command `loopflow usage`: tokens accounted for, budgets by period, alerts."""

from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from typing import Any

import click

from loopflow.cli.help import DeclaredGroup, PathName
from loopflow.console.command import Action, Answered, answering

PERIODS = ("hour", "day", "week", "month", "total")
BY = ("component", "environment", "model", "source", "hour", "day", "week", "month")
FORMS = ("text", "json", "csv", "markdown", "html")
_MOST_SECONDS = 86_400
_Decorated = Callable[..., Any]
_Decorator = Callable[[_Decorated], _Decorated]


def _describe_usage(context: click.Context) -> str:
    return f"{context.get_help()}\n"


_help = click.option("-h", "--help", help="Show this message and exit.", **answering(_describe_usage))
_database = click.option(
    "--database", metavar="FILE|URL", help="The ledger: a file, or postgresql://...  [default: your own]"
)
_config = click.option("--config", type=PathName(), metavar="FILE", help="Instead of the config of the repository.")
_quiet = click.option("-q", "--quiet", is_flag=True, help="No remarks.")
_color = click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)
_output = click.option("-o", "--output", type=PathName(), metavar="FILE", help="To a file that appears whole.")
_timezone = click.option("--timezone", metavar="NAME", help="Of the calendar, such as Europe/Berlin.  [default: UTC]")
_at = click.option("--at", metavar="TIME", help="The moment that it is about, in ISO 8601.  [default: now]")
_warning = click.option("--warning-threshold", metavar="P", help="From this percentage on it warns.  [default: 80]")
_critical = click.option("--critical-threshold", metavar="P", help="From here on it is critical.  [default: 95]")
_smtp = click.option("--smtp", metavar="URL", help="The mail server: smtp://user@host:587, smtps://host.")
_email = click.option("--alert-email", multiple=True, metavar="ADDRESS", help="Tell this address too; repeatable.")
_webhook = click.option("--alert-webhook", multiple=True, metavar="URL", help="Post to this address too; repeatable.")


def _format(*forms: str) -> _Decorator:
    return click.option("--format", type=click.Choice(forms), default=forms[0], help=f"Form.  [default: {forms[0]}]")


def _entry_options(function: _Decorated) -> _Decorated:
    return _decorate(function, _ENTRY)


def _ledger_options(*more: _Decorator) -> _Decorator:
    """Return what declares the options of every command that opens a ledger, and some more."""
    return lambda function: _decorate(function, (_database, _config, *more, _quiet, _help))


def _decorate(function: _Decorated, options: Sequence[_Decorator]) -> _Decorated:
    for option in reversed(options):
        function = option(function)
    return function


_ENTRY = (
    click.option("--component", metavar="NAME", help="What used them.  [default: default]"),
    click.option("--environment", metavar="NAME", help="Where, such as ci.  [default: default]"),
    click.option("--model", metavar="NAME", help="Which model they went to."),
    click.option("--source", metavar="NAME", help="What says so.  [default: cli]"),
)


def _call(module: str, name: str, given: dict[str, Any], console: Any, here: str) -> Any:  # noqa: ANN401
    return getattr(import_module(f"loopflow.cli.{module}"), name)(given, console, here)


def _action(context: click.Context, name: str, given: dict[str, Any], module: str = "usage_actions") -> Action:
    """Return what is done later: --help imports none of it."""
    return Action(context.command_path, partial(_call, module, name, given))


@click.group("usage", cls=DeclaredGroup, add_help_option=False, invoke_without_command=True)
@_help
@click.pass_context
def usage(context: click.Context) -> None:
    """Account for tokens: a ledger, budgets by hour, day, week or month, and alerts that arrive once.

    The ledger is a file of yours, or PostgreSQL where a team shares it: --database, LOOPFLOW_USAGE_DATABASE.
    """
    if context.invoked_subcommand is None:
        raise Answered(_describe_usage(context))


@usage.command("add", add_help_option=False)
@click.option("--tokens-in", metavar="N", help="Tokens that a model read.")
@click.option("--tokens-out", metavar="N", help="Tokens that it wrote.")
@click.option("--tokens-saved", metavar="N", help="Tokens that were not sent at all; no budget counts them.")
@_entry_options
@click.option("--estimated", is_flag=True, help="The numbers are estimates: they are kept apart.")
@click.option("--key", metavar="NAME", help="Enter what has this key once, however often it comes.")
@click.option("--at", metavar="TIME", help="When, in ISO 8601.  [default: now]")
@_ledger_options()
@click.pass_context
def _add(context: click.Context, /, **given: Any) -> Action:  # noqa: ANN401  click's values
    """Enter tokens that were used, and tell the alerts that are due."""
    return _action(context, "add", given)


@usage.command("import", add_help_option=False)
@click.argument("file", default="-", type=PathName())
@_entry_options
@_timezone
@_ledger_options()
@click.pass_context
def _import(context: click.Context, /, **given: Any) -> Action:  # noqa: ANN401  click's values
    """Enter lines of JSON, such as {"tokens_in": 1200, "component": "api", "key": "17"}; none if one is wrong.

    FILE is a file, or - for standard input. The options say what a line does not say.
    """
    return _action(context, "import_lines", given)


@usage.command("check", add_help_option=False)
@click.option("--check", is_flag=True, help="Exit 1 if a budget is critical.")
@_at
@_format("text", "json")
@_ledger_options(_color)
@click.pass_context
def _check(context: click.Context, /, **given: Any) -> Action:  # noqa: ANN401  click's values
    """Print how much of each budget is used, and whether that is too much."""
    return _action(context, "check", given)


@usage.command("report", add_help_option=False)
@click.option("--period", type=click.Choice(PERIODS), default="day", show_default=True, help="Of how long.")
@click.option(
    "--by", multiple=True, type=click.Choice(BY), help="What it tells apart; repeatable.  [default: component]"
)
@click.option("--environment", default="*", metavar="NAME", help="Of this one alone.")
@_timezone
@_at
@_format(*FORMS)
@_output
@_ledger_options(_color)
@click.pass_context
def _report(context: click.Context, /, **given: Any) -> Action:  # noqa: ANN401  click's values
    """Print what was used in a period, by component, environment, model and source, or over time."""
    return _action(context, "report", given)


@usage.group("budget", cls=DeclaredGroup, add_help_option=False, invoke_without_command=True)
@_help
@click.pass_context
def budget(context: click.Context) -> None:
    """Set, list and remove budgets of the ledger. Those of the config file hold beside them."""
    if context.invoked_subcommand is None:
        raise Answered(_describe_usage(context))


@budget.command("set", add_help_option=False)
@click.argument("name")
@click.argument("tokens", metavar="N")
@click.option("--period", type=click.Choice(PERIODS), default="day", show_default=True, help="For how long.")
@click.option("--component", default="*", metavar="NAME", help="Of this one alone.")
@click.option("--environment", default="*", metavar="NAME", help="Of this one alone.")
@click.option("--warning", "warning_threshold", metavar="P", help="From this percentage on it warns.  [default: 80]")
@click.option("--critical", "critical_threshold", metavar="P", help="From here on it is critical.  [default: 95]")
@_timezone
@_ledger_options()
@click.pass_context
def _set(context: click.Context, /, **given: Any) -> Action:  # noqa: ANN401  click's values
    """Set the budget NAME to N tokens for each period; it replaces one of this name."""
    return _action(context, "set_budget", given, "usage_budgets")


@budget.command("list", add_help_option=False)
@_format("text", "json")
@_ledger_options(_color)
@click.pass_context
def _list(context: click.Context, /, **given: Any) -> Action:  # noqa: ANN401  click's values
    """List all budgets that hold, with where each is set and what is used of it."""
    return _action(context, "list_budgets", given, "usage_budgets")


@budget.command("remove", add_help_option=False)
@click.argument("name")
@_ledger_options()
@click.pass_context
def _remove(context: click.Context, /, **given: Any) -> Action:  # noqa: ANN401  click's values
    """Remove the budget NAME from the ledger."""
    return _action(context, "remove_budget", given, "usage_budgets")


@usage.command("monitor", add_help_option=False)
@_email
@_webhook
@_smtp
@_warning
@_critical
@click.option(
    "--interval", type=click.IntRange(1, _MOST_SECONDS), default=30, show_default=True, help="Seconds between looks."
)
@click.option("--once", is_flag=True, help="Look once, and end.")
@_ledger_options(_color)
@click.pass_context
def _monitor(context: click.Context, /, **given: Any) -> Action:  # noqa: ANN401  click's values
    """Show budgets as they fill, and tell the alerts that are due, until Ctrl-C."""
    return _action(context, "monitor", given, "usage_monitor")


@usage.command("alerts", add_help_option=False)
@click.argument("what", type=click.Choice(["list", "test"]), default="list")
@_email
@_webhook
@_smtp
@_format("text", "json")
@_ledger_options()
@click.pass_context
def _alerts(context: click.Context, /, **given: Any) -> Action:  # noqa: ANN401  click's values
    """List what was told to whom, and what did not arrive; or send a test to each."""
    return _action(context, "alerts", given, "usage_alerts")


@usage.command("calibrate", add_help_option=False)
@click.argument("pairs", required=False, type=PathName())
@click.option("--model", metavar="NAME", help="The model that the numbers are of.")
@click.option("--encoding", metavar="NAME", help="What to count by.  [default: that of the config]")
@_format("text", "json")
@_ledger_options()
@click.pass_context
def _calibrate(context: click.Context, /, **given: Any) -> Action:  # noqa: ANN401  click's values
    """Compare counts with what a provider reported: a range that is shown beside counts, and changes none.

    PAIRS are lines of JSON, 20 or more: {"text": "...", "tokens": 17}. Without any, what is known is listed.
    """
    return _action(context, "calibrate", given, "usage_calibrate")


@usage.command("events", add_help_option=False)
@click.option("--since", metavar="TIME", help="How far back, such as 30m or 7d.  [default: 24h]")
@click.option("--message", default="", metavar="NAME", help="Of this kind alone.")
@click.option("--sql", metavar="QUERY", help="Ask this of the table `events` instead. It can only read.")
@_format("text", "json", "csv")
@_ledger_options()
@click.pass_context
def _events(context: click.Context, /, **given: Any) -> Action:  # noqa: ANN401  click's values
    """List events that were kept beside the ledger: what happened when, with its numbers."""
    return _action(context, "events", given, "usage_events")
