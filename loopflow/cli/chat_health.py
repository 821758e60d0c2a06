"""The command `loopflow chat health`: whether limits were kept well, by the events that were recorded."""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

import click

from loopflow.chat.health import DIALECTS, RULES
from loopflow.cli.help import PathName, SectionedCommand
from loopflow.console.command import Action, answering

SECTIONS: Mapping[str, str] = MappingProxyType(
    {"since": "What to read", "check": "How to judge", "rule": "How to print", "config": "Other"}
)
EXAMPLES = """\
  loopflow chat health --since 7d --check
  loopflow chat health --sql failover --for logfire   to ask the same of Logfire
"""


def _describe_usage(context: click.Context) -> str:
    return f"{context.get_help()}\n"


@click.command("health", cls=SectionedCommand, add_help_option=False, sections=SECTIONS, examples=EXAMPLES)
@click.option("--since", default="24h", show_default=True, metavar="TIME", help="How far back, such as 30m or 7d.")
@click.option("--database", metavar="FILE|URL", help="The ledger: a file, or postgresql://...  [default: your own]")
@click.option("--check", is_flag=True, help="Exit 1 if a rule is broken, 2 if nothing was recorded.")
@click.option("--sql", "rule", type=click.Choice(RULES), help="Print a rule's query, and run nothing.")
@click.option("--for", "dialect", type=click.Choice(DIALECTS), help="Of --sql.  [default: as the ledger is]")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="Form.  [default: text]")
@click.option("--config", type=PathName(), metavar="FILE", help="Instead of the config of the repository.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)
@click.option("-q", "--quiet", is_flag=True, help="No remarks.")
@click.option("-h", "--help", help="Show this message and exit.", **answering(_describe_usage))
@click.pass_context
def health(context: click.Context, /, **given: Any) -> Action:  # noqa: ANN401  click's values
    """Say whether limits were kept well, by recorded events.

    That is whether warnings came before refusals, and whether what was to follow them did.
    It asks the events that wrappers and prepare recorded in the ledger; they are kept for 30 days. Each rule is a query
    of its own, with a sentence of what is well. No events at all are nothing recorded, which is not well.
    """
    return Action(context.command_path, partial(_call, given))


def _call(given: dict[str, Any], console: Any, here: str) -> Any:  # noqa: ANN401
    from loopflow.cli import chat_health_actions  # noqa: PLC0415  --help needs none of it

    return chat_health_actions.run(given, console, here)
