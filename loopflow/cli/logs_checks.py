"""`loopflow logs diagnose` and `validate-config`: whether it works here, and whether the config says what it can."""

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import click

from loopflow.analysis.names import escape_name
from loopflow.cli.help import PathName
from loopflow.console.command import Action, answering
from loopflow.console.console import DISTRIBUTION, Console
from loopflow.errors import ExitCode, LoopflowError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from loopflow.config.resolve import Config
    from loopflow.logs.checks.model import Case, Finding


def _describe_usage(context: click.Context) -> str:
    return f"{context.get_help()}\n"


_config = click.option("--config", type=PathName(), metavar="FILE", help="Instead of the config of the repository.")
_help = click.option("-h", "--help", help="Show this message and exit.", **answering(_describe_usage))


@click.command("diagnose", add_help_option=False)
@click.option("--check", is_flag=True, help="Exit 1 where something does not work.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="Form.  [default: text]")
@click.option("-o", "--output", type=PathName(), metavar="FILE", help="To a file that appears whole.")
@_config
@_help
@click.pass_context
def diagnose(context: click.Context, /, **given: Any) -> Action:  # noqa: ANN401  click's values
    """Say what holds here and where it comes from, and whether it works: twelve checks, each with what to do.

    What is not configured is no failure. Nothing is changed: what is tried is taken away again.
    """
    return Action(context.command_path, partial(_diagnose, given))


@click.command("validate-config", add_help_option=False)
@click.option("--custom-profile-path", type=PathName(), metavar="FILE", help="A profile of yours too.")
@click.option("--load-config", metavar="NAME", help="A file with settings too, or what is saved as NAME.")
@click.option("-q", "--quiet", is_flag=True, help="Say only what is wrong.")
@_config
@_help
@click.pass_context
def validate_config(context: click.Context, /, **given: Any) -> Action:  # noqa: ANN401  click's values
    """Look whether the config says what it can, every key of it, and whatever is saved in .loopflow/logs.

    What is wrong is said with its file and key, and ends with 2. Patterns that take time are a warning.
    """
    return Action(context.command_path, partial(_validate, given))


def _diagnose(given: Mapping[str, Any], console: Console, here: str) -> ExitCode:
    from loopflow.logs import diagnosing  # noqa: PLC0415  --help needs none of it
    from loopflow.logs.render.diagnosis import render_json, render_text  # noqa: PLC0415

    found = diagnosing.diagnose(_find_case(given["config"], console, _require(here)))
    lines = (f"{line}\n" for line in render_text(found))
    with console.writing_to(given["output"], here):
        console.write_chart(render_json(found) if given["form"] == "json" else "".join(lines))
    return ExitCode.OVER_BUDGET if given["check"] and found.failed else ExitCode.OK


def _validate(given: Mapping[str, Any], console: Console, here: str) -> ExitCode:
    from loopflow.config.sections import read_section  # noqa: PLC0415  --help needs none of it
    from loopflow.logs.validating import find_problems, find_slow_patterns  # noqa: PLC0415
    from loopflow.usecases.find_config import find_root  # noqa: PLC0415

    console.quiet = given["quiet"]
    config = _find_config(given["config"], console, _require(here))
    root = find_root(here) or here
    problems = [*find_problems(config, root), *_find_in_named(given, root, here)]
    for line in config.unknown:
        console.warn(line)
    if not problems:
        for pattern in find_slow_patterns(read_section(config.sections, "logs")):
            console.warn(f"the pattern {pattern} has no plain text in it: it is tried on every line")
    if problems:
        *others, last = problems
        for problem in others:
            console.fail(problem.message, problem.hint)
        raise last
    console.note(f"ok {config.file}" if config.file else "ok: there is no config, so what is usual holds")
    return ExitCode.OK


def _find_in_named(given: Mapping[str, Any], root: str, here: str) -> "Iterator[LoopflowError]":
    """Yield what is wrong with the files that options name."""
    from loopflow.logs.configs import load_config  # noqa: PLC0415
    from loopflow.logs.custom_profiles import load_profile  # noqa: PLC0415
    from loopflow.logs.presets import combine  # noqa: PLC0415
    from loopflow.logs.settings import LogSettings  # noqa: PLC0415
    from loopflow.logs.validating import find_clashes  # noqa: PLC0415

    try:
        if given["custom_profile_path"] is not None:
            load_profile(given["custom_profile_path"], here)
        if (name := given["load_config"]) is not None:
            settings = LogSettings(**combine([load_config(name, root, here)]))
            for key, what, hint in find_clashes(settings):
                yield UsageError(f"--load-config {escape_name(name)}: {key}: {what}", hint)
    except LoopflowError as error:
        yield error


def _require(here: str) -> str:
    if not here:
        raise UsageError("the current directory does not exist any more", "change to another one")
    return here


def _find_config(named: str | None, console: Console, here: str) -> "Config":
    from loopflow.model import ConfigRequest  # noqa: PLC0415
    from loopflow.usecases.find_config import find_config_here  # noqa: PLC0415

    file = named or console.environ.get("LOOPFLOW_CONFIG") or None
    return find_config_here(here, ConfigRequest({}, console.environ, file))


def _find_case(named: str | None, console: Console, here: str) -> "Case":
    from loopflow.config.sections import read_section  # noqa: PLC0415
    from loopflow.console.directories import cache_directory, data_directory  # noqa: PLC0415
    from loopflow.logs.checks.model import Case  # noqa: PLC0415
    from loopflow.logs.settings import LogSettings  # noqa: PLC0415
    from loopflow.usecases.find_config import find_root  # noqa: PLC0415

    config, settings, problem = None, LogSettings(), ""
    try:
        found = _find_config(named, console, here)
        settings, config = read_section(found.sections, "logs"), found
    except LoopflowError as error:
        problem = error.message
    return Case(
        environ=console.environ,
        here=here,
        root=find_root(here) or here,
        data=data_directory(console.environ, here),
        cache=cache_directory(console.environ, here),
        config=config,
        settings=settings,
        read_command=_read_command,
        looks=_list_looks(config, named, console, here),
        problem=problem,
    )


def _list_looks(
    config: "Config | None", named: str | None, console: Console, here: str
) -> "Mapping[str, Callable[[], Finding]]":
    """Return how other commands of the family are asked how they are."""
    from loopflow.logs.checks.model import LEDGER, MEMORY, MONITOR  # noqa: PLC0415
    from loopflow.usecases.find_config import find_root  # noqa: PLC0415

    is_configured = config is not None and "usage" in config.sections
    memory = {MEMORY: partial(_look_at_memory, named, console, here)}
    if find_spec("sqlalchemy") is None and not is_configured:
        return memory  # nobody asks for the other
    file = os.path.join(find_root(here) or here, config.file) if config and config.file else None
    return {
        **memory,
        LEDGER: partial(_look_at_usage, console.environ, file, is_configured=is_configured, is_monitor=False),
        MONITOR: partial(_look_at_usage, console.environ, file, is_configured=is_configured, is_monitor=True),
    }


def _look_at_memory(named: str | None, console: Console, here: str) -> "Finding":
    from loopflow.charts.numbers import plural  # noqa: PLC0415
    from loopflow.logs.checks.model import absent, failed, passed  # noqa: PLC0415
    from loopflow.memory.place import COMMAND, Named, find_place  # noqa: PLC0415
    from loopflow.memory.remembering import Memory  # noqa: PLC0415

    try:
        place = find_place(Named(config=named), console.environ, here)
        if not any(place.peer):
            return absent("failures are not remembered in a memory server", f"set {COMMAND}; see loopflow memory")
        with Memory(place, console.environ) as memory:
            says, waiting = memory.say_who(), len(memory.waiting.runs())
    except LoopflowError as error:
        return failed(error.message, error.hint)
    return passed(f"{says} answers; {plural(waiting, 'run')} waiting")


def _look_at_usage(environ: Mapping[str, str], file: str | None, *, is_configured: bool, is_monitor: bool) -> "Finding":
    from loopflow.charts.numbers import plural  # noqa: PLC0415
    from loopflow.logs.checks.model import absent, failed, passed  # noqa: PLC0415

    try:
        from loopflow.usage import open_usage  # noqa: PLC0415  what it needs may not be installed

        usage = open_usage(environ=environ, config=file)
        uses = usage.uses()
    except ImportError:
        return failed("loopflow usage needs more than what is installed", f"pip install '{DISTRIBUTION}[usage]'")
    except LoopflowError as error:
        return failed(error.message, error.hint)
    if not is_monitor:
        if not is_configured and not uses and usage.ledger.extent((datetime(2012, 1, 1, tzinfo=UTC), None)) is None:
            return absent("the ledger is empty", "loopflow logs --track-usage enters what it prints")
        return passed(f"it can be read, with {plural(len(uses), 'budget')}")
    if not uses:
        return absent("there is no budget to watch", "loopflow usage budget set daily 2M --period day")
    return passed(f"{plural(len(uses), 'budget')}, and {plural(len(usage.channels), 'place')} that alerts go to")


def _read_command(arguments: Sequence[str]) -> Mapping[str, Any]:
    """Return the options of a command line of validate-ci. Raises UsageError."""
    from loopflow.cli.logs_validate_ci import validate_ci  # noqa: PLC0415

    try:
        context = validate_ci.make_context("validate-ci", list(arguments))
    except click.UsageError as error:
        raise UsageError(error.format_message().rstrip("."), "see loopflow logs validate-ci --help") from error
    return context.params
