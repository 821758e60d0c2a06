"""The command `loopflow agents`: what coding agents load, held to budgets; `show` and `tools` belong to it."""

from collections.abc import Mapping
from functools import partial
from importlib import import_module
from types import MappingProxyType
from typing import Any

import click

from loopflow.cli.help import PathName, SectionedCommand
from loopflow.console.command import Action, answering

FORMS = ("text", "json", "markdown", "csv", "html", "github", "gitlab", "badge")
SECTIONS: Mapping[str, str] = MappingProxyType(
    {"agent": "What to look at", "staged": "What to read", "check": "How to judge", "format": "How to print"}
)
EXAMPLES = """\
  loopflow agents                                 what each agent loads, by directory
  loopflow agents packages/core --agent codex     of one of them, in one directory
  loopflow agents --staged --check                hold it to the rules in loopflow.toml
  loopflow agents show packages/core --agent codex    the text itself, cut where the agent cuts
  loopflow agents tools mcp/github.tools.json     what recorded tools cost
"""
SHOW_EXAMPLES = """\
  loopflow agents show . --agent codex
  loopflow agents show packages/core --agent claude --rev main
"""
TOOLS_EXAMPLES = """\
  loopflow agents tools mcp/*.tools.json
  loopflow agents tools --record mcp/own.tools.json -- python -m own_server
  loopflow agents tools --verify mcp/own.tools.json -- python -m own_server
"""
SUBCOMMANDS: Mapping[str, str] = MappingProxyType(
    {"show": "loopflow.cli.agents:show", "tools": "loopflow.cli.agents:tools"}
)
_SURVEY = "\0survey"
"""No word that anybody types."""


class AgentsGroup(click.Group):
    """Surveys, unless its first word is the name of a subcommand. A directory of such a name is ./NAME."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments."""
        first = args[0] if args else ""
        return super().parse_args(ctx, args if first in SUBCOMMANDS else [_SURVEY, *args])

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  as click calls it
        """Return the names of the subcommands."""
        return list(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a subcommand."""
        if cmd_name == _SURVEY:
            return super().get_command(ctx, cmd_name)
        place = SUBCOMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, attribute = place.partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command


class _Unnamed(click.Context):
    """Of the command that is meant where no subcommand is named."""

    @property
    def command_path(self) -> str:
        """What the user called."""
        return self.parent.command_path if self.parent else ""


class _Survey(SectionedCommand):
    context_class = _Unnamed


def _describe_usage(context: click.Context) -> str:
    return f"{context.get_help()}\n"


def _call(name: str, given: dict[str, Any], console: Any, here: str) -> Any:  # noqa: ANN401
    module = "agents_tools" if name == "tools" else "agents_actions"
    return getattr(import_module(f"loopflow.cli.{module}"), name)(given, console, here)


def _make_action(name: str) -> Any:  # noqa: ANN401  what click decorates
    def act(context: click.Context, /, **given: Any) -> Action:  # noqa: ANN401  click's values
        return Action(context.command_path, partial(_call, name, given))

    return act


_HELP = click.option("-h", "--help", help="Show this message and exit.", **answering(_describe_usage))
_AGENT = click.option("--agent", "agent", multiple=True, metavar="NAME", help="An agent, such as claude; repeatable.")
_SOURCES = (
    click.option("--staged", is_flag=True, help="What is staged, instead of the files on disk."),
    click.option("--rev", metavar="REV", help="A commit."),
)
_COMMON = (
    click.option("--encoding", metavar="NAME", help="o200k_base, the default, or cl100k_base."),
    click.option("--no-cache", is_flag=True, help="Keep nothing, and use nothing that was kept."),
    click.option("--config", type=PathName(), metavar="FILE", help="Instead of the config of the tree."),
    click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True),
    click.option("-q", "--quiet", is_flag=True, help="With --check: only what fails."),
    click.option("-v", "--verbose", is_flag=True, help="All rows, and what is only alike."),
)


def _decorate(function: Any, *options: Any) -> Any:  # noqa: ANN401  click's
    for option in reversed(options):
        function = option(function)
    return function


def _build() -> click.Command:
    action = _make_action("survey")
    action.__doc__ = """Count what coding agents load of a repository before the first word, by agent and directory.

    Instructions, rules, skills and recorded tools are found by each agent's own rules, and so is what it leaves out.
    DIRS are directories to look at, all without any. `show` prints the text itself, `tools` counts recorded tools.
    """
    command = click.command(_SURVEY, cls=_Survey, add_help_option=False, sections=SECTIONS, examples=EXAMPLES)
    return command(
        _decorate(
            click.pass_context(action),
            click.argument("dirs", nargs=-1, type=PathName()),
            _AGENT,
            click.option("--all", "all_agents", is_flag=True, help="Every agent that is known."),
            click.option("--sections", is_flag=True, help="DIRS are Markdown files: their sections, by tokens."),
            click.option("--explain", metavar="NAME", help="What is known of an agent, and where it was read."),
            click.option("--init", is_flag=True, help="Add rules to loopflow.toml that hold what there is."),
            *_SOURCES,
            click.option("-u", "--untracked", is_flag=True, help="Files on disk that git does not track too."),
            click.option("--local", is_flag=True, help="CLAUDE.local.md and AGENTS.override.md too, even if ignored."),
            click.option("--check", is_flag=True, help="Exit 1 where a rule is not kept."),
            click.option("--against", metavar="REV", help="Compare with where the change left REV."),
            click.option("--budget", metavar="N", help="Limit for the start of every place, instead of the rules."),
            click.option("--window", metavar="N", help="Size of the context window.  [default: 200k]"),
            click.option("--format", type=click.Choice(FORMS), default="text", help="Form.  [default: text]"),
            click.option("--report", multiple=True, metavar="FORM:FILE", help="Write this form to a file too."),
            click.option("-o", "--output", type=PathName(), metavar="FILE", help="To a file that appears whole."),
            click.option("--top", type=click.IntRange(0), metavar="N", help="Rows below the root.  [default: 20]"),
            *_COMMON,
            _HELP,
        )
    )


def _build_show() -> click.Command:
    action = _make_action("show")
    action.__doc__ = """Print what an agent loads where it is started in DIR, in order, cut where it cuts."""
    command = click.command("show", cls=SectionedCommand, add_help_option=False, sections={}, examples=SHOW_EXAMPLES)
    return command(
        _decorate(
            click.pass_context(action),
            click.argument("directory", default=".", type=PathName()),
            _AGENT,
            *_SOURCES,
            click.option("--local", is_flag=True, help="What is only local too."),
            click.option("-o", "--output", type=PathName(), metavar="FILE", help="To a file that appears whole."),
            *_COMMON[:3],
            _HELP,
        )
    )


def _build_tools() -> click.Command:
    action = _make_action("tools")
    action.__doc__ = """Count recorded lists of tools, FILES or those that the config names, as a model gets them.

    --record runs a server, because you typed it, and writes what it lists; --verify compares, and writes nothing.
    """
    command = click.command("tools", cls=SectionedCommand, add_help_option=False, sections={}, examples=TOOLS_EXAMPLES)
    return command(
        _decorate(
            click.pass_context(action),
            click.argument("files", nargs=-1, type=PathName(), metavar="[FILES]... [-- COMMAND...]"),
            click.option("--record", type=PathName(), metavar="FILE", help="Ask a server, and write its tools there."),
            click.option("--verify", type=PathName(), metavar="FILE", help="Exit 1 if a server lists something else."),
            click.option("--url", metavar="URL", help="Ask the server at this address, instead of a command."),
            click.option("--env", multiple=True, metavar="NAME", help="A variable that the server gets; repeatable."),
            click.option(
                "--timeout", type=click.FloatRange(1, 600), default=30, metavar="S", help="Seconds.  [default: 30]"
            ),
            click.option("--format", type=click.Choice(FORMS), default="text", help="Form.  [default: text]"),
            click.option("-o", "--output", type=PathName(), metavar="FILE", help="To a file that appears whole."),
            click.option("--top", type=click.IntRange(0), metavar="N", help="Rows.  [default: 20]"),
            *_COMMON,
            _HELP,
        )
    )


show = _build_show()
tools = _build_tools()

agents = AgentsGroup("agents", add_help_option=False)
agents.add_command(_build())
