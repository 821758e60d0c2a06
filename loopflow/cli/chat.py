"""The command `loopflow chat`: what fills a conversation with a model, and a history brought under a number."""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

import click

from loopflow.cli.help import PathName
from loopflow.cli.words import WordedCommand
from loopflow.console.command import Action, answering

SECTIONS: Mapping[str, str] = MappingProxyType(
    {
        "last": "What to read",
        "profile": "How to count",
        "budget": "How to judge",
        "fit": "How to make it fit",
        "form": "How to print",
        "config": "Other",
    }
)

EXAMPLES = """\
  loopflow chat --last --profile            what fills the newest session of this directory
  loopflow chat talk.json --budget 15k --check
  loopflow chat talk.json --fit 15k -o less.json
"""

WORDS: Mapping[str, str] = MappingProxyType(
    {
        "usage": "loopflow.cli.chat_usage:usage",
        "health": "loopflow.cli.chat_health:health",
        "narrow": "loopflow.cli.chat_narrow:narrow",
    }
)
"""What the first word may name instead of a file, each "module:command"."""

FORMS = ("text", "json", "csv", "markdown", "html")
WAYS = ("turn", "role", "tool", "kind")
FORMATS = ("chat", "responses", "anthropic", "pydantic-ai", "claude-code", "codex", "finetuning")


def _describe_usage(context: click.Context) -> str:
    return f"{context.get_help()}\n"


@click.command("chat", cls=WordedCommand, words=WORDS, add_help_option=False, sections=SECTIONS, examples=EXAMPLES)
@click.argument("file", required=False, type=PathName())
@click.option("--last", is_flag=True, help="The newest session of Claude Code or Codex of this directory.")
@click.option("--input-format", type=click.Choice(FORMATS), help="Of FILE.  [default: as it looks]")
@click.option("--profile", is_flag=True, help="What fills it, in tokens: done where nothing else is asked for.")
@click.option("--by", "way", type=click.Choice(WAYS), default="turn", show_default=True, help="How to arrange it.")
@click.option("--top", type=click.IntRange(0), metavar="N", help="Rows of the chart by tool.  [default: 10]")
@click.option("--model", metavar="NAME", help="As which one to count.  [default: the one that it names]")
@click.option("--window", metavar="N", help="Tokens that the model takes: of which share it is.  [default: config]")
@click.option("--encoding", metavar="NAME", help="o200k_base or cl100k_base.  [default: the model's]")
@click.option("--budget", metavar="N", help="How many tokens of text --check allows.")
@click.option("--check", is_flag=True, help="Exit 1 over the budget, or if its provider would refuse it.")
@click.option(
    "--provider",
    type=click.Choice(["openai", "responses", "anthropic", "pydantic-ai", "strict"]),
    help="Whose rules hold.  [default: those of the format]",
)
@click.option("--fit", metavar="N", help="Write it with at most N tokens of text, as the format that it came in.")
@click.option(
    "--strategy", type=click.Choice(["auto", "window", "prune", "summary"]), help="How.  [default: auto, all of them]"
)
@click.option("--max-exchanges", type=click.IntRange(1), metavar="N", help="That window keeps.  [default: 4]")
@click.option("--keep-steps", type=click.IntRange(1), metavar="N", help="Last steps that stay.  [default: 2]")
@click.option("--pin", multiple=True, metavar="REGEX", help="Messages that stay; repeatable.")
@click.option("--summarise-with", metavar="COMMAND", help="Makes a summary of what goes: it reads and prints text.")
@click.option("--dry-run", is_flag=True, help="Report only.")
@click.option("--format", "form", type=click.Choice(FORMS), default="text", help="Form.  [default: text]")
@click.option("--report", multiple=True, metavar="FORM:FILE", help="Write the report to a file too; repeatable.")
@click.option("-o", "--output", type=PathName(), metavar="FILE", help="To a file that appears whole.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)
@click.option("-q", "--quiet", is_flag=True, help="No remarks.")
@click.option("-v", "--verbose", is_flag=True, help="Say more of what was done, and fold nothing.")
@click.option("--config", type=PathName(), metavar="FILE", help="Instead of the config of the repository.")
@click.option("-h", "--help", help="Show this message and exit.", **answering(_describe_usage))
@click.pass_context
def chat(context: click.Context, /, **given: Any) -> Action:  # noqa: ANN401  click's values
    """Say what fills a conversation with a model, and bring it under a number of tokens without breaking it.

    FILE is a list of messages or a request (Chat Completions, Responses, Anthropic, pydantic-ai), a session of Claude
    Code or Codex, or lines for fine-tuning; - is standard input. Texts are counted exactly; everything else is called
    an estimate, and stands apart. What is written is what came in, but for what had to go: it is valid for its
    provider, and the report says what became of each message.
    """
    return Action(context.command_path, partial(_call, given))


def _call(given: dict[str, Any], console: Any, here: str) -> Any:  # noqa: ANN401
    from loopflow.cli import chat_actions  # noqa: PLC0415  --help needs none of it

    return chat_actions.run(given, console, here)
