"""`loopflow logs configs`: presets, and the configurations that are saved."""

from functools import partial

import click

from loopflow.console.command import Action, answering
from loopflow.console.console import Console
from loopflow.errors import ExitCode


def _describe_usage(context: click.Context) -> str:
    return f"{context.get_help()}\n"


@click.command("configs", add_help_option=False)
@click.option("-h", "--help", help="Show this message and exit.", **answering(_describe_usage))
@click.pass_context
def configs(context: click.Context) -> Action:
    """List the presets, and the configurations that --save-config saved, each with what it changes.

    Those are .loopflow/logs/NAME.toml at the root of the repository, or below the directory where there is none. One
    that cannot be used is listed with the reason.
    """
    return Action(context.command_path, partial(_run))


def _run(console: Console, here: str) -> ExitCode:
    from loopflow.logs.configs import describe_values, list_configs  # noqa: PLC0415  --help needs none of it
    from loopflow.logs.presets import PRESETS  # noqa: PLC0415
    from loopflow.usecases.find_config import find_root  # noqa: PLC0415

    saved = list(list_configs(find_root(here) or here))
    width = max(len(name) for name in (*PRESETS, *(each.name for each in saved)))
    for preset in PRESETS.values():
        console.write_chart(f"{preset.name:{width}}  preset  {preset.about}\n")
    for each in saved:
        told = f"cannot be used: {each.problem}" if each.problem else describe_values(each.values)
        console.write_chart(f"{each.name:{width}}  saved   {told}\n")
    return ExitCode.OK
