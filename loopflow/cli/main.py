"""The command `loopflow`: the family, each member imported when it is called."""

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from types import MappingProxyType
from typing import NamedTuple, NoReturn

import click

from loopflow.analysis.names import escape_name
from loopflow.console.command import Answered, answering, run_process
from loopflow.console.console import DISTRIBUTION
from loopflow.errors import UsageError

PROGRAM = "loopflow"


class Member(NamedTuple):
    """A command of the family: where it is ("module:attribute"), what it does, and what it needs beside the core.

    `extra` names what installs what it needs, `needs` the modules that tell whether that is there.
    """

    place: str
    summary: str
    extra: str = ""
    needs: tuple[str, ...] = ()


MEMBERS: Mapping[str, Member] = MappingProxyType(
    {
        "code": Member(
            "loopflow.cli.code_context:code_context",
            "What a codebase costs in tokens, held to budgets; and the codebase itself, as context.",
        ),
        "agents": Member(
            "loopflow.cli.agents:agents",
            "What coding agents load before the first word, held to budgets.",
            extra="agents",
            needs=("yaml", "markdown_it"),
        ),
        "logs": Member(
            "loopflow.cli.logs:logs",
            "A log in a few thousand tokens, with every failure kept and traceable.",
            extra="logs",
            needs=("drain3", "tomlkit"),
        ),
        "chat": Member(
            "loopflow.cli.chat:chat",
            "What fills a conversation with a model, and a history brought under a number without breaking it.",
        ),
        "function": Member(
            "loopflow.cli.function:function",
            "A Python function with all that a model must read to work on it.",
        ),
        "count": Member("loopflow.cli.count:count", "What a text costs, exactly: in a pipe, with what it refers to."),
        "serve": Member(
            "loopflow.cli.serve:serve",
            "Counts over HTTP, kept in memory and in a database.",
            extra="service",
            needs=("uvicorn", "starlette", "msgspec", "sqlalchemy", "httpcore2", "prometheus_client", "tenacity"),
        ),
        "memory": Member(
            "loopflow.cli.memory:memory",
            "Failures remembered across runs, in an MCP memory server or in files.",
            extra="memory",
            needs=("mcp",),
        ),
        "usage": Member(
            "loopflow.cli.usage:usage",
            "Tokens accounted for, held to budgets by period, with alerts that arrive once.",
            extra="usage",
            needs=("sqlalchemy",),
        ),
    }
)


class Family(click.Group):
    """A group whose commands stand in a table, so that its help imports none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  as click calls it
        """Return the names, in the order of the table."""
        return list(MEMBERS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  as click calls it
        """Import a command. Raises UsageError where what it needs is not installed."""
        member = MEMBERS.get(cmd_name)
        if member is None:
            return None
        if any(find_spec(module) is None for module in member.needs):
            what = f"loopflow {cmd_name} needs more than what is installed"
            raise UsageError(what, f"pip install '{DISTRIBUTION}[{member.extra}]'")
        module, _, attribute = member.place.partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is called; of those that are like a wrong word, the nearest is suggested."""
        if args and args[0] not in MEMBERS and not args[0].startswith("-"):
            from difflib import get_close_matches  # noqa: PLC0415

            near = get_close_matches(args[0], MEMBERS, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(MEMBERS)}"
            raise UsageError(f"there is no command {escape_name(args[0])}", hint)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  as click calls it
        """Write a line for each command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, member.summary) for name, member in MEMBERS.items()])


def _describe_version(context: click.Context) -> str:
    from importlib.metadata import version  # noqa: PLC0415

    return f"{context.command_path} {version(DISTRIBUTION)}\n"


def _describe_usage(context: click.Context) -> str:
    return f"{context.get_help()}\n"


@click.group(PROGRAM, cls=Family, add_help_option=False, invoke_without_command=True, no_args_is_help=False)
@click.option("--version", help="Show the version and exit.", **answering(_describe_version))
@click.option("-h", "--help", help="Show this message and exit.", **answering(_describe_usage))
@click.pass_context
def loopflow(context: click.Context) -> None:
    """See what fills a language model's window, exactly and offline, and hold it to a budget."""
    if context.invoked_subcommand is None:
        raise Answered(_describe_usage(context))


def main() -> NoReturn:
    """Run the command as a process."""
    run_process(loopflow)
