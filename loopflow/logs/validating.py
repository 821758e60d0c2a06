"""Whether a config says what it can: every key by itself, and all of them together; and what was saved beside it."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from loopflow.config.resolve import Config
from loopflow.config.sections import READERS, read_section
from loopflow.config.toml import Table
from loopflow.errors import ConfigError, LoopflowError, UsageError
from loopflow.logs.checks.working import find_obstacle
from loopflow.logs.components import check_budgets
from loopflow.logs.configs import DIRECTORY, list_configs
from loopflow.logs.patterns import has_literal, shown_pattern
from loopflow.logs.presets import combine
from loopflow.logs.settings import LogSettings, make_request, read_settings, read_values

_JOINED: Final = ("memory", "usage")
"""Commands of the family that logs are joined to."""
_BESIDE: Final[Mapping[str, str]] = {"profile": "custom_profile"}
"""A key, and another that says what it may be."""


def find_problems(config: Config, root: str) -> Iterator[LoopflowError]:
    """Yield what is wrong with the tables that are for logs, and with what is saved, each naming its file and its key.

    Raises LoopflowError where what is saved cannot be listed.
    """
    table = config.sections.get("logs")
    if table is not None:
        yield from _find_in_table(table, root)
    yield from _find_beside(config)
    for saved in list_configs(root):
        where = f"{DIRECTORY}/{saved.name}"
        if saved.problem:
            yield ConfigError(saved.problem, "correct it there, or remove the file")
        else:
            for key, what, hint in find_clashes(LogSettings(**combine([saved.values]))):
                yield ConfigError(f"{where}: {key}: {what}", hint)


def find_slow_patterns(settings: LogSettings) -> list[str]:
    """Return the patterns that are tried on every line, since there is no plain text in them."""
    request = make_request(settings)
    patterns = (*(each.match for each in request.patterns), *request.drop)
    return [shown_pattern(pattern) for pattern in patterns if not has_literal(pattern)]


def find_clashes(settings: LogSettings) -> Iterator[tuple[str, str, str]]:
    """Yield what of the settings does not go together: the key, what is wrong with it, and what to do."""
    if settings.buffer >= settings.fit:
        yield "buffer", f"it leaves nothing of fit = {settings.fit:,}", "write a smaller one"
        return
    try:
        check_budgets(settings.components, settings.fit - settings.buffer)
    except UsageError as error:
        yield "components", error.message, "lower them, or raise fit"


def _find_beside(config: Config) -> Iterator[LoopflowError]:
    """Yield what is wrong with tables that are read beside that of logs: the first of each."""
    for name in _JOINED:
        if name in config.sections and name in READERS:
            try:
                read_section(config.sections, name)
            except LoopflowError as error:
                yield error


def _find_in_table(table: Table, root: str) -> Iterator[ConfigError]:
    problems = list(_find_wrong_keys(table))
    yield from problems
    if problems:
        return
    settings = read_settings(table)
    for key, what, hint in find_clashes(settings):
        yield table.error(key if key in table.values else "", what, hint)
    if settings.output_dir is not None:
        why = find_obstacle(os.path.join(root, settings.output_dir), root)
        if why is not None:
            yield table.error("output_dir", f"no digest can be kept there: {why}", "name another directory")


def _find_wrong_keys(table: Table) -> Iterator[ConfigError]:
    """Yield what is wrong with each key, as if it stood alone; no problem twice."""
    seen = set()
    for key, value in table.values.items():
        values: dict[str, Any] = {key: value}
        if (other := _BESIDE.get(key)) in table.values:
            values[other] = table.values[other]
        try:
            read_values(replace(table, values=values))
        except ConfigError as error:
            if error.message not in seen:
                seen.add(error.message)
                yield error
