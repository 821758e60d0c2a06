"""The command `loopflow chat narrow`: what a tool says, narrowed before a model reads it, be it as a hook."""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

import click

from loopflow.cli.help import PathName, SectionedCommand
from loopflow.console.command import Action, answering

SECTIONS: Mapping[str, str] = MappingProxyType(
    {"tool": "What it is", "limit": "How much of it", "hook": "As a hook", "output": "Other"}
)
EXAMPLES = """\
  pytest 2>&1 | loopflow chat narrow --tool shell --limit 2k
  loopflow chat narrow out.txt --tool Grep         as the output of that tool
  loopflow chat narrow --hook claude-code          in the agent's settings, below PostToolUse
"""
_HOOK = "--hook"


class _NarrowCommand(SectionedCommand):
    """A command that breaks no agent: as a hook it ends with 0 even where its options are wrong."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,  # noqa: ANN401  click's own
    ) -> click.Context:
        given = list(args)
        try:
            return super().make_context(info_name, args, parent, **extra)
        except click.UsageError as error:
            if not any(each == _HOOK or each.startswith(f"{_HOOK}=") for each in given):
                raise
            context = self.context_class(self, info_name=info_name, parent=parent)
            context.params = {"wrong": error.format_message().replace("\n", " ").rstrip(".")}
            return context

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401
        """Do what the arguments say; of wrong ones to a hook, say what is wrong, and nothing else."""
        if "wrong" not in ctx.params:
            return super().invoke(ctx)
        return Action(ctx.command_path, partial(_say_wrong, ctx.params["wrong"]))


def _describe_usage(context: click.Context) -> str:
    return f"{context.get_help()}\n"


@click.command("narrow", cls=_NarrowCommand, add_help_option=False, sections=SECTIONS, examples=EXAMPLES)
@click.argument("file", required=False, type=PathName())
@click.option("--tool", metavar="NAME", help="Whose output it is: each has its limit and its way.  [default: shell]")
@click.option("--exit-code", type=int, metavar="N", help="How it ended; other than 0 is a failure.")
@click.option("--failed", is_flag=True, help="It failed.")
@click.option("--command", metavar="TEXT", help="What a shell ran: grep, ls and cat are narrowed as tools that do so.")
@click.option("--limit", metavar="N", help="At most N tokens.  [default: the tool's]")
@click.option(
    "--mode",
    type=click.Choice(["error-only", "heads-tails", "smart-summary"]),
    help="What to keep.  [default: as it suits the output]",
)
@click.option(
    "--keep/--no-keep", default=None, help="Keep all of it in a file for a week, and name that.  [default: keep]"
)
@click.option(
    "--hook", type=click.Choice(["claude-code"]), help="Read the event of a hook, answer as that agent wants."
)
@click.option("-o", "--output", type=PathName(), metavar="FILE", help="To a file that appears whole.")
@click.option("--encoding", metavar="NAME", help="o200k_base, the default, or cl100k_base.")
@click.option("-q", "--quiet", is_flag=True, help="No remarks.")
@click.option("--config", type=PathName(), metavar="FILE", help="Instead of the config of the repository.")
@click.option("-h", "--help", help="Show this message and exit.", **answering(_describe_usage))
@click.pass_context
def narrow(context: click.Context, /, **given: Any) -> Action:  # noqa: ANN401  click's values
    """Narrow what a tool said, before a model reads it.

    FILE, or standard input, comes out as it is if it has few enough tokens, else reduced to what failed, to its
    beginning, or to both ends, as its tool and its content want it; JSON stays JSON, and a diff loses whole hunks.
    Secrets are hidden. All of it is kept in a file that the output names.
    """
    return Action(context.command_path, partial(_call, given))


def _call(given: dict[str, Any], console: Any, here: str) -> Any:  # noqa: ANN401
    from loopflow.cli import narrow_actions  # noqa: PLC0415  --help needs none of it

    return narrow_actions.run_hook(given, console, here) if given["hook"] else narrow_actions.run(given, console, here)


def _say_wrong(what: str, console: Any, _here: str) -> int:  # noqa: ANN401
    console.fail(what, "the output of the tool stays as it is")
    return 0
