"""Other names of what `loopflow logs` does: subcommands that are given as flags."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import click

from loopflow.analysis.names import escape_name
from loopflow.errors import UsageError

ACTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "--token-distribution": "distribution",
        "--diagnostic-report": "diagnose",
        "--validate-config": "validate-config",
        "--benchmark-simulation": "simulate",
        "--validate-ci": "validate-ci",
    }
)
"""The subcommand that each flag runs, with what stands beside it."""

_LOG_FILE: Final = "--log-file"


def translate(args: list[str], find: Callable[[str], click.Command]) -> list[str] | None:
    """Return the arguments with the subcommand that a flag among them means; None if there is no such flag.

    `find` returns a subcommand. Raises UsageError for two such flags, and for one beside a log that it does not read.
    """
    words = args[: args.index("--")] if "--" in args else args
    flags = [word for word in words if word in ACTIONS]
    if not flags:
        return None
    if len(flags) > 1:
        raise UsageError(f"{flags[0]} and {flags[1]} are two things to do", "give one of them")
    [flag] = flags
    rest = [*args]
    rest.remove(flag)
    if (log := _find_log(find(ACTIONS[flag]), rest)) is not None:
        raise UsageError(f"{flag} reads no log, and {escape_name(log)} is one", "leave one of them out")
    return [ACTIONS[flag], *rest]


def _find_log(command: click.Command, rest: list[str]) -> str | None:
    """Return the log that is named beside a command which takes none, if one is."""
    declared = {name for parameter in command.params for name in (parameter.name or "", *parameter.opts)}
    for place, word in enumerate(rest):
        name, _, value = word.partition("=")
        if name == _LOG_FILE and _LOG_FILE not in declared:
            return value or next(iter(rest[place + 1 :]), name)
    if any(isinstance(parameter, click.Argument) for parameter in command.params):
        return None
    try:
        _, others, _ = command.make_parser(click.Context(command)).parse_args([*rest])
    except click.UsageError:  # the command says so itself
        return None
    return next(iter(others), None)
