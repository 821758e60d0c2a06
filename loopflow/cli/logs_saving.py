"""What `loopflow logs` saves of its options: all of them under a name, or patterns in the config."""

from dataclasses import replace

from loopflow.cli.logs_settings import Asked, savable_directory
from loopflow.console.console import Console
from loopflow.errors import UsageError
from loopflow.logs.configs import save_config
from loopflow.usecases.find_config import find_root


def saves(asked: Asked) -> bool:
    """Whether something is to be saved: then a run needs no log."""
    return bool(asked.given["save"]) or asked.given["save_config"] is not None


def save(asked: Asked, console: Console, here: str) -> None:
    """Save what is asked for. Raises LoopflowError where it is impossible."""
    given = asked.given
    if given["save"]:
        if not asked.patterns and not given["drop"]:
            raise UsageError("--save writes patterns to the config, and none is given", "add --add-priority-pattern P")
        from loopflow.logs.saving_patterns import save_patterns  # noqa: PLC0415

        file = given["config"] or asked.config.file
        base = here if given["config"] else (find_root(here) or here)
        console.note(f"patterns are in {save_patterns(file, base, asked.patterns, given['drop'])}")
    if given["save_config"] is not None:
        directory = savable_directory(given["output_dir"], asked.root, here) or asked.settings.output_dir
        settings = replace(asked.settings, output_dir=directory)
        console.note(f"saved as {save_config(given['save_config'], settings, asked.root)}")
