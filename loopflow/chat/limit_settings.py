"""The tables `[chat.limits.MODEL]`, `[chat.routes]` and `[chat.tasks]` of the config file."""

import re
from collections.abc import Mapping
from typing import Final

from loopflow.chat.limits import BUILT_IN, Limits
from loopflow.chat.routing import WORKLOADS, Routes
from loopflow.chat.tasks import TASKS, CapRules, Rule
from loopflow.config.toml import Table
from loopflow.config.values import read_encoding, read_names, read_share, read_size, read_text
from loopflow.errors import UsageError

_SHARES: Final = ("compact_at", "block_at", "headroom", "warn_at")
_SIZES: Final = (
    "input",
    "target",
    "default_output",
    "max_output",
    "per_day",
    "per_minute",
    "requests_per_minute",
)
_LIMITS: Final = (*_SHARES, *_SIZES, "max_exchanges", "encoding", "output", "reasoning", "cap_rules")
_ROUTES: Final = ("simple_model", "simple_tokens", "switch", "failover", *dict.fromkeys(WORKLOADS.values()))
_CAP_RULES: Final[tuple[CapRules, ...]] = ("highest", "table")
_MOST: Final = 1_000
_LONGEST_PATTERN: Final = 500


def read_all_limits(chat: Table) -> dict[str, Limits]:
    """Return the limits of models that the table `[chat]` has, by name or pattern. Raises ConfigError."""
    limits = chat.table("limits")
    found = {}
    for model in limits.values if limits else ():
        inside = limits.table(model) if limits else None
        if inside is not None:
            found[model] = _read_limits(model, inside)
    return found


def _read_limits(model: str, table: Table) -> Limits:
    table.require_known(_LIMITS)
    values = table.values
    standard = BUILT_IN.get(model, Limits(model))
    if "input" not in values and model not in BUILT_IN:
        raise table.error("", "it has no input", 'write for example input = "200k"')
    changed: dict[str, object] = {key: read_size(table, key) for key in _SIZES if key in values}
    changed |= {key: float(read_share(table, key)) for key in _SHARES if key in values}
    if "max_exchanges" in values:
        changed["max_exchanges"] = read_number(table, "max_exchanges", standard.max_exchanges)
    if "encoding" in values:
        changed["encoding"] = read_encoding(table, "encoding")
    if "reasoning" in values:
        changed["reasoning"] = _read_flag(table, "reasoning")
    if "cap_rules" in values:
        changed["cap_rules"] = _read_cap_rules(table)
    if "output" in values:
        changed["output"] = {**standard.output, **_read_output(table)}
    try:
        return standard._replace(**changed).checked()  # type: ignore[arg-type]  # each was read as its field is
    except UsageError as error:
        raise table.error("", error.message, error.hint) from error


def _read_output(table: Table) -> dict[str, int]:
    inside = table.table("output")
    if inside is None:
        return {}
    inside.require_known(TASKS)
    return {task: read_size(inside, task) for task in inside.values}


def _read_cap_rules(table: Table) -> CapRules:
    found = next((each for each in _CAP_RULES if each == table.values["cap_rules"]), None)
    if found is None:
        raise table.error("cap_rules", 'it is "highest" or "table"', 'write for example cap_rules = "highest"')
    return found


def _read_flag(table: Table, key: str) -> bool:
    value = table.values[key]
    if not isinstance(value, bool):
        raise table.error(key, "it is true or false", f"write for example {key} = true")
    return value


def read_routes(chat: Table) -> Routes:
    """Return which model is for what, as the table `[chat]` says. Raises ConfigError."""
    table = chat.table("routes")
    if table is None:
        return Routes()
    table.require_known(_ROUTES)
    values = table.values
    named = {workload: read_text(table, workload) for workload in WORKLOADS.values() if workload in values}
    routes = Routes(
        named,
        read_text(table, "simple_model") if "simple_model" in values else "",
        read_size(table, "simple_tokens") if "simple_tokens" in values else 0,
        _read_flag(table, "switch") if "switch" in values else False,
        _read_failover(table),
    )
    if routes.switch and not (routes.simple_model and routes.simple_tokens):
        what = "there is no simple_model with simple_tokens to switch to"
        raise table.error("switch", what, 'write simple_model = "NAME" and simple_tokens = "8k"')
    return routes


def _read_failover(table: Table) -> Mapping[str, str]:
    inside = table.table("failover")
    return {model: read_text(inside, model) for model in inside.values} if inside else {}


def read_rules(chat: Table) -> tuple[Rule, ...]:
    """Return the patterns that say what is asked for, as the table `[chat.tasks]` has them. Raises ConfigError."""
    table = chat.table("tasks")
    if table is None:
        return ()
    table.require_known(TASKS)
    rules: list[Rule] = []
    for task in TASKS:
        for pattern in read_names(table, task) if task in table.values else ():
            try:
                if len(pattern) > _LONGEST_PATTERN:
                    raise table.error(task, "a pattern is too long", f"write at most {_LONGEST_PATTERN} characters")
                rules.append(Rule(task, pattern, re.compile(pattern, re.IGNORECASE)))
            except (re.error, OverflowError, RecursionError) as error:
                what = f"{pattern!r} is no regular expression: {error}"
                raise table.error(task, what, "correct it") from error
    return tuple(rules)


def read_number(table: Table, key: str, standard: int) -> int:
    """Return a whole number above 0."""
    value = table.values.get(key, standard)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= _MOST:
        raise table.error(key, f"it is a whole number from 1 to {_MOST:,}", f"write for example {key} = 4")
    return value
