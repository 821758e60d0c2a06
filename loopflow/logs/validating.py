"""Whether a config says what it can: every key by itself, and all of them together."""

import os
from collections.abc import Iterator
from dataclasses import replace

from loopflow.config.resolve import Config
from loopflow.config.toml import Table
from loopflow.errors import ConfigError, LoopflowError
from loopflow.logs.checks.working import find_obstacle
from loopflow.logs.settings import LogSettings, read_settings


def find_problems(config: Config, root: str) -> Iterator[LoopflowError]:
    """Yield what is wrong with the tables that are for logs, each naming its file and its key."""
    table = config.sections.get("logs")
    if table is None:
        return
    problems = list(_find_wrong_keys(table))
    yield from problems
    if problems:
        return
    try:
        settings = read_settings(table)
    except ConfigError as error:
        yield error
        return
    yield from _find_clashes(table, settings)
    if settings.output_dir is not None:
        why = find_obstacle(os.path.join(root, settings.output_dir), root)
        if why is not None:
            yield table.error("output_dir", f"no digest can be kept there: {why}", "name another directory")


def _find_wrong_keys(table: Table) -> Iterator[ConfigError]:
    """Yield what is wrong with each key, as if it stood alone."""
    for key, value in table.values.items():
        try:
            read_settings(replace(table, values={key: value}))
        except ConfigError as error:
            yield error


def _find_clashes(table: Table, settings: LogSettings) -> Iterator[ConfigError]:
    if settings.buffer >= settings.fit:
        what = f"it leaves nothing of fit = {settings.fit:,}"
        yield table.error("buffer", what, "write a smaller one")
