"""The command `loopflow memory`: what failed in earlier runs, asked and kept in order."""

from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from typing import Any

import click

from loopflow.cli.help import DeclaredGroup, PathName
from loopflow.console.command import Action, Answered, answering


def _describe_usage(context: click.Context) -> str:
    return f"{context.get_help()}\n"


_help = click.option("-h", "--help", help="Show this message and exit.", **answering(_describe_usage))
_words = click.argument("words", nargs=-1)
_fit = click.option("--fit", metavar="N", help="At most N tokens, exactly.  [default: 2,000]")
_encoding = click.option("--encoding", metavar="NAME", help="o200k_base, the default, or cl100k_base.")
_format = click.option("--format", type=click.Choice(["text", "json"]), default="text", help="Form.  [default: text]")
_output = click.option("-o", "--output", type=PathName(), metavar="FILE", help="To a file that appears whole.")
_PLACE = (
    click.option("--command", metavar="COMMAND", help="What starts the server.  [default: LOOPFLOW_MEMORY_COMMAND]"),
    click.option("--url", metavar="URL", help="Instead: where a server is asked.  [default: LOOPFLOW_MEMORY_URL]"),
    click.option("--file", type=PathName(), metavar="FILE", help="The server's file.  [default: your own]"),
    click.option("--timeout", metavar="TIME", help="How long a step of the server may take.  [default: 10s]"),
    click.option("--config", type=PathName(), metavar="FILE", help="Instead of the config of the repository."),
    click.option("-q", "--quiet", is_flag=True, help="No remarks."),
    _help,
)


_Decorated = Callable[..., Any]


def _place(function: _Decorated) -> _Decorated:
    """Declare what every command takes."""
    return _decorate(function, _PLACE)


def _answer(function: _Decorated) -> _Decorated:
    """Declare what every command takes that prints what is remembered."""
    return _decorate(function, (_fit, _format, _encoding, _output, *_PLACE))


def _decorate(function: _Decorated, options: Sequence[Callable[[_Decorated], _Decorated]]) -> _Decorated:
    for option in reversed(options):
        function = option(function)
    return function


def _call(name: str, given: dict[str, Any], console: Any, here: str) -> Any:  # noqa: ANN401
    return getattr(import_module("loopflow.cli.memory_actions"), name)(given, console, here)


def _action(context: click.Context, name: str, given: dict[str, Any]) -> Action:
    """Return what is done later: --help imports none of it."""
    return Action(context.command_path, partial(_call, name, given))


@click.group("memory", cls=DeclaredGroup, add_help_option=False, invoke_without_command=True)
@_help
@click.pass_context
def memory(context: click.Context) -> None:
    """Ask what failed in earlier runs: in a memory server that speaks MCP, or in files where there is none.

    `loopflow logs FILE --store-memory` fills it. What starts the server is named by LOOPFLOW_MEMORY_COMMAND, such as
    "npx -y @modelcontextprotocol/server-memory", by --command, or by [memory] of a config that is named; one that is
    asked over HTTP in the same ways by a url.
    """
    if context.invoked_subcommand is None:
        raise Answered(_describe_usage(context))


@memory.command("query", add_help_option=False)
@_words
@click.option("--trace", is_flag=True, help="With the lines of each failure, from the log or its copy; redacted.")
@_answer
@click.pass_context
def _query(context: click.Context, /, **given: Any) -> Action:  # noqa: ANN401  click's values
    """Print what has all of the WORDS: failures, runs, and notes of others; the newest first."""
    return _action(context, "query", given)


@memory.command("analyze", add_help_option=False)
@_words
@_answer
@click.pass_context
def _analyze(context: click.Context, /, **given: Any) -> Action:  # noqa: ANN401  click's values
    """Print what changed between runs of a log: what is new, gone, back, or comes and goes; of failures with WORDS."""
    return _action(context, "analyze", given)


@memory.command("show", add_help_option=False)
@click.argument("name")
@_answer
@click.pass_context
def _show(context: click.Context, /, **given: Any) -> Action:  # noqa: ANN401  click's values
    """Print all that is known of NAME: a run, or a kind of error such as AssertionError."""
    return _action(context, "show", given)


@memory.command("status", add_help_option=False)
@_format
@_place
@click.pass_context
def _status(context: click.Context, /, **given: Any) -> Action:  # noqa: ANN401  click's values
    """Print whether the server answers, where its file is, and what waits for it; exit 2 if it does not answer."""
    return _action(context, "status", given)


@memory.command("reconnect", add_help_option=False)
@_place
@click.pass_context
def _reconnect(context: click.Context, /, **given: Any) -> Action:  # noqa: ANN401  click's values
    """Hand over to the server what was kept in files while there was none; exit 2 if something still waits."""
    return _action(context, "reconnect", given)


@memory.command("forget", add_help_option=False)
@click.option("--before", required=True, metavar="DATE", help="Runs before this day, and what failed last then.")
@_place
@click.pass_context
def _forget(context: click.Context, /, **given: Any) -> Action:  # noqa: ANN401  click's values
    """Forget old runs, and failures that none since had."""
    return _action(context, "forget", given)


@memory.command("export", add_help_option=False)
@_output
@_place
@click.pass_context
def _export(context: click.Context, /, **given: Any) -> Action:  # noqa: ANN401  click's values
    """Print all of it, as lines of JSON that `import` and the server read."""
    return _action(context, "export", given)


@memory.command("import", add_help_option=False)
@click.argument("source", metavar="FILE", type=PathName())
@_place
@click.pass_context
def _import(context: click.Context, /, **given: Any) -> Action:  # noqa: ANN401  click's values
    """Add what is in FILE, or - for standard input: lines of a server's file, or one document with entities."""
    return _action(context, "bring_in", given)


@memory.command("repair", add_help_option=False)
@_place
@click.pass_context
def _repair(context: click.Context, /, **given: Any) -> Action:  # noqa: ANN401  click's values
    """Make the server's file readable again: glued lines are taken apart, others moved to FILE.rejected."""
    return _action(context, "repair", given)
