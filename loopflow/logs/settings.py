"""The table `[logs]` of the config file, and the request that settings make."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from loopflow.config.toml import Table
from loopflow.config.values import read_path, read_size
from loopflow.logs.components import read_components
from loopflow.logs.custom_profiles import CustomProfile, read_profile
from loopflow.logs.model import Component, LogRequest, OwnPattern, Priority
from loopflow.logs.presets import BALANCED, PRESETS, combine
from loopflow.logs.profiles import ALIASES, PROFILES
from loopflow.logs.reading_values import (
    PRIORITIES,
    read_choice,
    read_drop,
    read_flag,
    read_name,
    read_number,
    read_own_patterns,
)
from loopflow.logs.sizes import read_bytes

DEFAULT_FIT: Final = 76_659
"""Tokens."""

KEEPS: Final = ("digest", "clean", "fold")
MOST_COMPRESSION: Final = 99
_MOST_LINES: Final = 10_000_000
_MOST_WORKERS: Final = 64
MOST_LOGS: Final = 100_000
"""Runs that can be kept in an output directory."""


@dataclass(frozen=True, slots=True)
class LogSettings:
    """What holds for `loopflow logs` where the command line says nothing else."""

    fit: int = DEFAULT_FIT
    buffer: int = 0
    budget: int | None = None
    """Tokens of a log that `--check` allows."""
    chunk_size: int = 0
    """Lines; 0 for as many as suit the log."""
    preset: str = BALANCED
    profile: str = ""
    """The name of one; "" for the custom one if there is one, else as the log looks."""
    custom_profile: CustomProfile | None = None
    keep: str = "digest"
    priority_filter: str = "verbose"
    min_compression: int = 0
    """Per cent."""
    adaptive: bool = True
    patterns: tuple[OwnPattern, ...] = ()
    drop: tuple[str, ...] = ()
    components: tuple[Component, ...] = ()
    strict_components: bool = False
    timestamps: str = "first"
    repeated: str = "full"
    workers: int = 0
    redact: bool = True
    archive: bool = True
    """Whether originals are kept of what cannot be read again: a pipe, a command's output."""
    output_dir: str | None = None
    """Where digests are kept, below the root of the repository; None for nowhere."""
    max_log_size: int = 5_000_000
    """Bytes of a text there."""
    max_logs: int = 10
    """Runs that are kept there."""


def read_settings(table: Table) -> LogSettings:
    """Return what the table says, and its preset. Raises ConfigError."""
    return LogSettings(**combine([read_values(table)]))


def read_values(table: Table, also: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return what the table says and nothing else; keys that are in `also` are somebody else's. Raises ConfigError."""
    table.require_known((*_READERS, *also))
    values = {key: read(table, key) for key, read in _READERS.items() if key in table.values}
    custom = values.get("custom_profile")
    profile = values.get("profile", "")
    if profile and profile not in PROFILES and (custom is None or custom.name != profile):
        raise table.error("profile", f"there is no profile {profile}", f"known are {', '.join(PROFILES)}")
    return values if custom is None else {"profile": custom.name, **values}


def _read_fit(table: Table, key: str) -> int:
    fit = read_size(table, key)
    if not fit:
        raise table.error(key, "nothing can be said in 0 tokens", 'write for example fit = "6k"')
    return fit


def _read_profile_name(table: Table, key: str) -> str:
    name = read_name(table, key)
    return ALIASES.get(name, name)


def _read_custom(table: Table, key: str) -> CustomProfile:
    found = table.table(key)
    if found is None:
        raise table.error(key, "it is a table", f'write [{key}], and below it name = "..."')
    return read_profile(found)


def _of_number(least: int, most: int) -> Callable[[Table, str], int]:
    return lambda table, key: read_number(table, key, least, most)


def _of_choice(*choices: str) -> Callable[[Table, str], str]:
    return lambda table, key: read_choice(table, key, choices)


_READERS: Final[Mapping[str, Callable[[Table, str], Any]]] = {
    "fit": _read_fit,
    "buffer": _of_number(0, 1 << 40),
    "budget": read_size,
    "chunk_size": _of_number(0, _MOST_LINES),
    "preset": _of_choice(*PRESETS),
    "profile": _read_profile_name,
    "custom_profile": _read_custom,
    "keep": _of_choice(*KEEPS),
    "priority_filter": _of_choice(*PRIORITIES),
    "min_compression": _of_number(0, MOST_COMPRESSION),
    "adaptive": read_flag,
    "patterns": lambda table, _: read_own_patterns(table),
    "drop": lambda table, _: read_drop(table),
    "components": lambda table, _: read_components(table),
    "strict_components": read_flag,
    "timestamps": _of_choice("first", "drop", "keep"),
    "repeated": _of_choice("full", "short"),
    "workers": _of_number(0, _MOST_WORKERS),
    "redact": read_flag,
    "archive": read_flag,
    "output_dir": read_path,
    "max_log_size": read_bytes,
    "max_logs": _of_number(1, MOST_LOGS),
}


def make_request(settings: LogSettings, *, counts_input: bool = True, is_small: bool = False) -> LogRequest:
    """Return what settings ask for."""
    custom, preset = settings.custom_profile, PRESETS[settings.preset]
    if custom is not None and settings.profile not in {"", custom.name}:
        custom = None
    shares = {**dict(preset.shares), **dict(custom.shares if custom else ())}
    return LogRequest(
        fit=settings.fit,
        buffer=settings.buffer,
        log_type=(custom.base or preset.settings.get("profile", "")) if custom else settings.profile,
        lowest=Priority[settings.priority_filter.upper()],
        timestamps=settings.timestamps,
        is_short=settings.repeated == "short",
        redact=settings.redact,
        counts_input=counts_input,
        is_small=is_small,
        chunk_size=settings.chunk_size,
        workers=settings.workers,
        preset=settings.preset,
        profile_name=custom.name if custom else "",
        shares=tuple(shares.items()),
        spending=preset.spending._replace(is_adaptive=settings.adaptive),
        min_compression=settings.min_compression,
        patterns=(*settings.patterns, *(custom.patterns if custom else ())),
        drop=(*settings.drop, *(custom.drop if custom else ())),
        components=settings.components,
        strict_components=settings.strict_components,
    )
