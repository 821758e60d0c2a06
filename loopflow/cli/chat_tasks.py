"""The command `loopflow chat tasks`: what is asked for in a conversation, and what the answers really took."""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

import click

from loopflow.cli.help import PathName, SectionedCommand
from loopflow.console.command import Action, answering

SECTIONS: Mapping[str, str] = MappingProxyType(
    {"input_format": "What to read", "explain": "What to say", "config": "Other"}
)
EXAMPLES = """\
  loopflow chat tasks talk.json                     for each task, the cap and what answers took
  loopflow chat tasks session.jsonl --explain       for each message, the rule that decided
"""
FORMATS = ("chat", "responses", "anthropic", "pydantic-ai", "claude-code", "codex", "finetuning")


def _describe_usage(context: click.Context) -> str:
    return f"{context.get_help()}\n"


@click.command("tasks", cls=SectionedCommand, add_help_option=False, sections=SECTIONS, examples=EXAMPLES)
@click.argument("file", type=PathName())
@click.option("--input-format", type=click.Choice(FORMATS), help="Of FILE.  [default: as it looks]")
@click.option("--explain", is_flag=True, help="For each message, the rule that decided, and what the answer took.")
@click.option("--model", metavar="NAME", help="Whose caps hold.  [default: the one that it names]")
@click.option("--encoding", metavar="NAME", help="o200k_base or cl100k_base.  [default: the model's]")
@click.option("-q", "--quiet", is_flag=True, help="No remarks.")
@click.option("--config", type=PathName(), metavar="FILE", help="Instead of the config of the repository.")
@click.option("-h", "--help", help="Show this message and exit.", **answering(_describe_usage))
@click.pass_context
def tasks(context: click.Context, /, **given: Any) -> Action:  # noqa: ANN401  click's values
    """Say what is asked for in a conversation, what an answer to that may have, and what it took.

    A cap holds for one answer: what is shown beside it is the largest answer to a message, with the arguments of its
    calls. The rules are words; `[chat.tasks]` of the config adds others.
    """
    return Action(context.command_path, partial(_call, given))


def _call(given: dict[str, Any], console: Any, here: str) -> Any:  # noqa: ANN401
    from loopflow.cli import tasks_actions  # noqa: PLC0415  --help needs none of it

    return tasks_actions.run(given, console, here)
