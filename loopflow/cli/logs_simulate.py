"""`loopflow logs simulate`: which settings keep every failure in the fewest tokens."""

import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import click

from loopflow.cli.help import PathName
from loopflow.console.command import Action, answering
from loopflow.console.console import Console
from loopflow.errors import ExitCode, LoopflowError, UsageError

if TYPE_CHECKING:
    from loopflow.logs.examples import Example
    from loopflow.logs.simulating import Trial

_EXAMPLE_BYTES: Final = 60_000
_MOST_BYTES: Final = 32_000_000
_USUAL_FIT: Final = 2_000
"""Tokens of a digest of an example, where nothing else is asked for: with more, none would lack anything."""
_SHOWN: Final = 10


def _describe_usage(context: click.Context) -> str:
    return f"{context.get_help()}\n"


@click.command("simulate", add_help_option=False)
@click.argument("file", required=False, type=PathName())
@click.option(
    "--target-tokens", "--fit", "--token-budget", "fit", metavar="N",
    help="Tokens of a digest.  [default: fit of [logs] for FILE, else 2,000]",
)  # fmt: skip
@click.option("--save", metavar="NAME", help="Save the best settings, for --load-config, if they keep every failure.")
@click.option("--encoding", metavar="NAME", help="o200k_base, the default, or cl100k_base.")
@click.option("--config", type=PathName(), metavar="FILE", help="Instead of the config of the repository.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="Form.  [default: text]")
@click.option("-v", "--verbose", is_flag=True, help="Show all that was tried, not only the best ten.")
@click.option("-h", "--help", help="Show this message and exit.", **answering(_describe_usage))
@click.pass_context
def simulate(context: click.Context, /, **given: Any) -> Action:  # noqa: ANN401  click's values
    """Try settings on a log, and show which keep every failure in the fewest tokens.

    Without FILE, logs of five kinds are made, with failures that are known. Of a FILE those are looked for that are
    critical or high. Nothing is remembered.
    """
    return Action(context.command_path, partial(_run, given))


def _run(given: Mapping[str, Any], console: Console, here: str) -> ExitCode:
    from loopflow.config.sections import read_section  # noqa: PLC0415  --help needs none of it
    from loopflow.config.values import read_size_option  # noqa: PLC0415
    from loopflow.console.directories import cache_directory  # noqa: PLC0415
    from loopflow.logs.configs import require_name  # noqa: PLC0415
    from loopflow.logs.settings import DEFAULT_FIT  # noqa: PLC0415
    from loopflow.logs.simulating import list_variants, rank, simulate  # noqa: PLC0415
    from loopflow.model import ConfigRequest  # noqa: PLC0415
    from loopflow.tokens import create_counter  # noqa: PLC0415
    from loopflow.usecases.find_config import find_config_here  # noqa: PLC0415

    if not here:
        raise UsageError("the current directory does not exist any more", "change to another one")
    if given["save"] is not None:
        require_name(given["save"])  # before all the work
    file = given["config"] or console.environ.get("LOOPFLOW_CONFIG") or None
    config = find_config_here(here, ConfigRequest({"encoding": given["encoding"]}, console.environ, file))
    values: dict[str, Any] = read_section(config.sections, "logs", {"logs": "loopflow.logs.settings:read_values"})
    usual = values.get("fit", DEFAULT_FIT) if given["file"] is not None else _USUAL_FIT
    fit = read_size_option(given["fit"], "--target-tokens") if given["fit"] is not None else usual
    engine = console.environ.get("LOOPFLOW_ENGINE") or None
    counter = create_counter(config.encoding, engine, cache_directory(console.environ, here))
    variants = list_variants({**values, "fit": fit})
    trials = rank(list(simulate(_find_examples(given["file"], console, here), variants, counter)))
    console.write_chart(_draw_json(trials) if given["form"] == "json" else _draw(trials, fit, all_=given["verbose"]))
    return ExitCode.OK if given["save"] is None else _save(given["save"], trials[0], console, here)


def _save(name: str, best: "Trial", console: Console, here: str) -> ExitCode:
    """Save the settings that were best, if they keep every failure."""
    from loopflow.logs.configs import save_config  # noqa: PLC0415
    from loopflow.usecases.find_config import find_root  # noqa: PLC0415

    if not best.keeps_all:
        console.warn("nothing is saved, since no settings keep every failure; raise --target-tokens")
        return ExitCode.OVER_BUDGET
    console.note(f"saved as {save_config(name, best.variant.settings, find_root(here) or here)}")
    return ExitCode.OK


def _find_examples(file: str | None, console: Console, here: str) -> "list[Example]":
    from loopflow.analysis.names import escape_name  # noqa: PLC0415
    from loopflow.errors import describe_os_error  # noqa: PLC0415
    from loopflow.logs.examples import KINDS, Example, make_example  # noqa: PLC0415
    from loopflow.logs.unpacking import BROKEN, broken, open_log, open_stream  # noqa: PLC0415

    if file is None:
        return [make_example(kind, _EXAMPLE_BYTES) for kind in KINDS]
    shown = escape_name(file) or "''"
    with ExitStack() as stack:
        if file == "-":
            stream = open_stream(console.read_input("a log"), shown)
        else:
            stream, opened = open_log(os.path.join(here, file), shown)
            stack.enter_context(opened)
        try:
            data = stream.read(_MOST_BYTES + 1)
        except BROKEN as error:
            raise broken(shown) from error
        except OSError as error:
            raise UsageError(f"{shown} cannot be read: {describe_os_error(error)}", "check the path") from error
    if len(data) > (most := _MOST_BYTES):
        what = f"{shown} has more than {most:,} bytes, and it would be read many times"
        raise LoopflowError(what, "take a part of it, such as head -c 30M gives")
    return [Example(os.path.basename(file), data, ())]


def _draw(trials: "Sequence[Trial]", fit: int, *, all_: bool) -> str:
    shown = trials if all_ else trials[:_SHOWN]
    width = max(len(trial.variant.name) for trial in shown)
    before = trials[0].before
    lines = [f"{'settings':{width}}  {'failures':>9}  {'tokens':>9}  {'less':>6}  {'seconds':>7}"]
    for trial in shown:
        less = f"{100 - 100 * trial.tokens / before:.1f} %" if before else ""
        kept = f"{trial.kept} of {trial.failures}"
        lines.append(f"{trial.variant.name:{width}}  {kept:>9}  {trial.tokens:>9,}  {less:>6}  {trial.seconds:>7.2f}")
    best = trials[0]
    if not best.failures:
        lines.append(f"nothing failed; {best.variant.name} has the fewest tokens, {best.tokens:,} of {before:,}")
    elif best.keeps_all:
        lines.append(f"best: {best.variant.name}: every failure, {best.tokens:,} of {before:,} tokens")
    else:
        lines.append(f"nothing keeps every failure in {fit:,} tokens; {best.variant.name} keeps most")
    return "".join(f"{line}\n" for line in lines)


def _draw_json(trials: "Sequence[Trial]") -> str:
    import json  # noqa: PLC0415

    rows = [
        {
            "name": trial.variant.name,
            "kept": trial.kept,
            "failures": trial.failures,
            "tokens": trial.tokens,
            "before": trial.before,
            "seconds": round(trial.seconds, 3),
        }
        for trial in trials
    ]
    return json.dumps({"schema": 1, "trials": rows}, indent=1) + "\n"
