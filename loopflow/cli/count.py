"""The command `loopflow count`: what a text costs, in a pipe."""

from functools import partial
from typing import Any

import click

from loopflow.cli.help import PathName, SectionedCommand
from loopflow.console.command import Action, answering

SECTIONS = {
    "text": "What to count",
    "budget": "How to judge and cut",
    "ids": "How to print",
}

EXAMPLES = """\
  git diff | loopflow count                          of a pipe: one number
  loopflow count a.md b.md                           a line each, and the total
  loopflow count prompt.md --resolve                 with what its @[file:...] hold
  loopflow count prompt.md --budget 8k --check       exit 1 above 8,000
  loopflow count big.md --fit 4k > cut.md            the beginning, in 4,000 tokens
"""


def _describe_usage(context: click.Context) -> str:
    return f"{context.get_help()}\n"


@click.command("count", cls=SectionedCommand, add_help_option=False, sections=SECTIONS, examples=EXAMPLES)
@click.argument("paths", nargs=-1, type=PathName())
@click.option("--text", multiple=True, metavar="TEXT", help="Count this text; repeatable.")
@click.option("--resolve", is_flag=True, help="Count what @[file:PATH], @[api:NAME] and @[var:NAME] in it hold, too.")
@click.option("--var", multiple=True, metavar="NAME=VALUE", help="What a variable holds; repeatable.")
@click.option(
    "--root", multiple=True, type=PathName(), metavar="DIR", help="Files of references lie there.  [default: .]"
)
@click.option("--encoding", metavar="NAME", help="o200k_base, the default, or cl100k_base.")
@click.option("--config", type=PathName(), metavar="FILE", help="Instead of the config of the repository.")
@click.option("--budget", metavar="N", help="How many tokens --check allows.")
@click.option("--check", is_flag=True, help="Exit 1 over the budget, or where --fit cut something.")
@click.option("--fit", metavar="N", help="Print the text instead, from its beginning, at most N tokens of it.")
@click.option("--ids", is_flag=True, help="Print the ids of the tokens instead.")
@click.option("--format", type=click.Choice(["text", "json"]), default="text", help="Form.  [default: text]")
@click.option("-q", "--quiet", is_flag=True, help="No remarks.")
@click.option("-h", "--help", help="Show this message and exit.", **answering(_describe_usage))
@click.pass_context
def count(context: click.Context, /, **given: Any) -> Action:  # noqa: ANN401  click's values
    """Count the tokens of PATHS, exactly: files, - or nothing for standard input, and references such as @[file:a.py].

    Of one input, the number alone is printed. A PATH is read though it is untracked; what directories hold is for
    `loopflow code --profile`.
    """
    return Action(context.command_path, partial(_call, given))


def _call(given: dict[str, Any], console: Any, here: str) -> Any:  # noqa: ANN401
    from loopflow.cli.count_actions import run  # noqa: PLC0415  --help needs none of it

    return run(given, console, here)
