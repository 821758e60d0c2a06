"""The command `loopflow chat usage`: what a log of requests comes to."""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

import click

from loopflow.cli.help import PathName, SectionedCommand
from loopflow.console.command import Action, answering

SECTIONS: Mapping[str, str] = MappingProxyType(
    {"columns": "What to read", "daily": "How to judge", "form": "How to print", "config": "Other"}
)
EXAMPLES = """\
  loopflow chat usage requests.csv --daily 24M
  loopflow chat usage requests.csv --daily 24M --format html -o usage.html
  loopflow chat usage log.csv --column input="Prompt toks" --column time=When
"""
FORMS = ("text", "json", "csv", "markdown", "html")


def _describe_usage(context: click.Context) -> str:
    return f"{context.get_help()}\n"


@click.command("usage", cls=SectionedCommand, add_help_option=False, sections=SECTIONS, examples=EXAMPLES)
@click.argument("file", type=PathName())
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="WHAT=TITLE",
    help="Which column is time, requests, input, output, total, model, task, session or id; repeatable.",
)
@click.option("--timezone", metavar="NAME", help="Of days, and of times that name none.  [default: UTC]")
@click.option("--daily", metavar="N", help="Tokens that a day allows, such as 24M.  [default: config]")
@click.option("--target", metavar="N", help="Tokens of input that a request should manage with.  [default: 15k]")
@click.option("--format", "form", type=click.Choice(FORMS), default="text", help="Form.  [default: text]")
@click.option("-o", "--output", type=PathName(), metavar="FILE", help="To a file that appears whole.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)
@click.option("-q", "--quiet", is_flag=True, help="No remarks.")
@click.option("-v", "--verbose", is_flag=True, help="All rows.")
@click.option("--config", type=PathName(), metavar="FILE", help="Instead of the config of the repository.")
@click.option("-h", "--help", help="Show this message and exit.", **answering(_describe_usage))
@click.pass_context
def usage(context: click.Context, /, **given: Any) -> Action:  # noqa: ANN401  click's values
    """Say what a log of requests comes to, and what to change.

    That is how near the limit of a day was and when, sessions, tasks, models, and the busiest minutes.

    FILE is a table as providers export it, with a row for each request or for each minute; - is standard input. Columns
    are known by their usual titles. Numbers are those of the log, and each advice shows its arithmetic.
    """
    return Action(context.command_path, partial(_call, given))


def _call(given: dict[str, Any], console: Any, here: str) -> Any:  # noqa: ANN401
    from loopflow.cli import chat_usage_actions  # noqa: PLC0415  --help needs none of it

    return chat_usage_actions.run(given, console, here)
