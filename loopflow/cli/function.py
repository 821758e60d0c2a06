"""The command `loopflow function`: what a model must read to work on a function."""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

import click

from loopflow.cli.help import PathName, SectionedCommand
from loopflow.console.command import Action, answering

SECTIONS: Mapping[str, str] = MappingProxyType(
    {
        "changed": "What a change touches",
        "part": "What to print",
        "staged": "What to read",
        "fit": "How to make it fit and judge",
        "format": "How to print",
        "encoding": "How to work",
    }
)

EXAMPLES = """\
  loopflow function src/shop/cart.py:Cart.total           the function, and all it needs
  loopflow function src/shop/cart.py:48 --staged          the function around line 48, as it is staged
  loopflow function src/shop/cart.py:Cart.total --why     each piece, and what brought it
  loopflow function src --list                            a line a function: what each needs
  loopflow function --changed --against origin/main       what this branch adds or changes, as one context
"""

PARTS = ("optimization", "read-writable", "read-only", "testgen", "hashing", "closure")
FORMS = ("text", "markdown", "json", "html", "github")


def _describe_usage(context: click.Context) -> str:
    return f"{context.get_help()}\n"


@click.command("function", cls=SectionedCommand, add_help_option=False, sections=SECTIONS, examples=EXAMPLES)
@click.argument("targets", nargs=-1, type=PathName())
@click.option("--changed", is_flag=True, help="Functions that differ from HEAD; with --rev, from its first parent.")
@click.option("--against", metavar="REV", help="Where the branch left REV, instead, such as origin/main.")
@click.option("--affected", is_flag=True, help="Also who needs what is changed: a list, and code where --fit has room.")
@click.option("--callers", is_flag=True, help="Also who calls these functions: heads and lines.")
@click.option("--known", type=PathName(), metavar="FILE", help="Leave out functions whose hashes FILE holds.")
@click.option("--known-dynamic", is_flag=True, help="Also those in which something dynamic is called.")
@click.option("--save-hashes", type=PathName(), metavar="FILE", help="Add the hashes of what is printed to FILE.")
@click.option(
    "--part",
    type=click.Choice(PARTS),
    default="optimization",
    help="Which context.  [default: optimization: the next two]",
)
@click.option("--depth", type=click.Choice(["1", "2"]), help="1: without helpers of helpers.  [default: 2]")
@click.option(
    "--write", type=PathName(), metavar="DIR", help="With --part closure, write files that run to a new directory."
)
@click.option("--separate", is_flag=True, help="Each function by itself, with what several of them share.")
@click.option(
    "--list", "lists", is_flag=True, help="A line a function instead: what it needs, in tokens; with -v, its hash."
)
@click.option("--why", is_flag=True, help="Each piece instead: what mentions it, where, and how it was found.")
@click.option("--unresolved", is_flag=True, help="References instead that could not be found, and why.")
@click.option("--profile", is_flag=True, help="Charts instead: what contexts cost, by file, function and part.")
@click.option(
    "--environment",
    type=PathName(),
    metavar="DIR",
    help="Where packages are installed, for testgen, or none.  [default: .venv]",
)
@click.option("--staged", is_flag=True, help="Read the index, instead of the files on disk.")
@click.option("--rev", metavar="REV", help="Read this commit, instead of the files on disk.")
@click.option("-u", "--untracked", is_flag=True, help="Read files that git does not track, too.")
@click.option(
    "--fit", metavar="N", help="At most N tokens are printed, or none for no limit.  [default: 16k a function]"
)
@click.option("--budget", metavar="N", help="How many tokens a function may need, for --check.")
@click.option("--check", is_flag=True, help="Exit 1 if a function needs more than the budget.")
@click.option(
    "--format",
    type=click.Choice(FORMS),
    default="text",
    help="Form; github: annotations and a summary.  [default: text]",
)
@click.option("--report", multiple=True, metavar="FORM:FILE", help="Write this form to a file too; repeatable.")
@click.option("-p", "--pbcopy", "--copy", is_flag=True, help="To the clipboard instead of standard output.")
@click.option("-o", "--output", type=PathName(), metavar="FILE", help="To a file that appears whole.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)
@click.option("-q", "--quiet", is_flag=True, help="No remarks.")
@click.option("-v", "--verbose", is_flag=True, help="Say more: every row, files that could not be read.")
@click.option("--encoding", metavar="NAME", help="o200k_base, the default, or cl100k_base.")
@click.option("--no-cache", is_flag=True, help="Parse every file anew, and keep nothing.")
@click.option("--config", type=PathName(), metavar="FILE", help="Instead of the config of the repository.")
@click.option("-h", "--help", help="Show this message and exit.", **answering(_describe_usage))
@click.pass_context
def function(context: click.Context, /, **given: Any) -> Action:  # noqa: ANN401  click's values
    """Print a Python function with its helpers, their helpers, and the types and constants they use.

    TARGETS are PATH:QUALNAME, PATH:LINE, PATH:CLASS (its methods), PATH:<module>, or a file or directory (all functions
    in it); PATH:QUALNAME@LINE is one of several with that name. With --changed, they are those that a change adds,
    changes or moves, here or in the files that are named. Nothing of the repository is run or imported. What
    could not be found is listed by --unresolved, with the reason, and never guessed.
    """
    return Action(context.command_path, partial(_call, given))


def _call(given: dict[str, Any], console: Any, here: str) -> Any:  # noqa: ANN401
    from loopflow.cli import function_actions  # noqa: PLC0415  --help needs none of it

    return function_actions.run(given, console, here)
