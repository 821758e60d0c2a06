"""Profiles that a user writes: how a budget is spent, and which lines matter. They are in the config, or in files."""

import os
from dataclasses import dataclass
from typing import Final

from loopflow.config.toml import Table
from loopflow.logs.documents import check_schema, read_document
from loopflow.logs.model import OwnPattern
from loopflow.logs.profiles import ALIASES, PROFILES
from loopflow.logs.reading_values import read_choice, read_drop, read_name, read_own_patterns, read_share

SHARES: Final = ("error_retention", "stack_trace_detail", "test_result_detail", "summary_size", "end_share")
_KEYS: Final = ("schema", "name", "base", *SHARES, "patterns", "drop")


@dataclass(frozen=True, slots=True)
class CustomProfile:
    """What is otherwise than in the profile `base`: "" for the one that a log looks like."""

    name: str
    base: str = ""
    shares: tuple[tuple[str, float], ...] = ()
    patterns: tuple[OwnPattern, ...] = ()
    drop: tuple[str, ...] = ()


def load_profile(path: str, here: str) -> CustomProfile:
    """Return the profile in the file at `path`, relative to `here`. Raises ConfigError, UsageError."""
    return read_profile(read_document(os.path.join(here, path), path))


def read_profile(table: Table) -> CustomProfile:
    """Return the profile that a table describes. Raises ConfigError."""
    check_schema(table)
    table.require_known(_KEYS)
    values = table.values
    if "name" not in values:
        raise table.error("", "the profile has no name", 'write name = "..."')
    name = read_name(table, "name")
    if name in PROFILES or name in ALIASES:
        raise table.error("name", f"there is a profile {name} already", "take another name")
    return CustomProfile(
        name,
        read_choice(table, "base", tuple(PROFILES)) if "base" in values else "",
        tuple((key, read_share(table, key)) for key in SHARES if key in values),
        read_own_patterns(table),
        read_drop(table) if "drop" in values else (),
    )
