"""The table `[logs]` of the config file."""

from dataclasses import dataclass
from typing import Final

from loopflow.config.toml import Table
from loopflow.config.values import read_path, read_size, read_text
from loopflow.logs.sizes import read_bytes

DEFAULT_FIT: Final = 76_659
"""Tokens."""

_KEYS: Final = (
    *("fit", "buffer", "budget", "chunk_size", "timestamps", "repeated", "workers", "redact", "archive"),
    *("output_dir", "max_log_size", "max_logs"),
)
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
    timestamps: str = "first"
    repeated: str = "full"
    workers: int = 1
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
    """Return what the table says. Raises ConfigError."""
    table.require_known(_KEYS)
    standard = LogSettings()
    return LogSettings(
        fit=_read_fit(table) if "fit" in table.values else standard.fit,
        buffer=_read_number(table, "buffer", 0, 1 << 40),
        budget=read_size(table, "budget") if "budget" in table.values else None,
        chunk_size=_read_number(table, "chunk_size", 0, _MOST_LINES),
        timestamps=_read_choice(table, "timestamps", ("first", "drop", "keep")),
        repeated=_read_choice(table, "repeated", ("full", "short")),
        workers=_read_number(table, "workers", 1, _MOST_WORKERS),
        redact=_read_flag(table, "redact"),
        archive=_read_flag(table, "archive"),
        output_dir=read_path(table, "output_dir") if "output_dir" in table.values else None,
        max_log_size=read_bytes(table, "max_log_size") if "max_log_size" in table.values else standard.max_log_size,
        max_logs=_read_number(table, "max_logs", 1, MOST_LOGS) if "max_logs" in table.values else standard.max_logs,
    )


def _read_fit(table: Table) -> int:
    fit = read_size(table, "fit")
    if not fit:
        raise table.error("fit", "nothing can be said in 0 tokens", 'write for example fit = "6k"')
    return fit


def _read_number(table: Table, key: str, least: int, most: int) -> int:
    value = table.values.get(key, least)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise table.error(
            key, f"it is a whole number from {least} to {most:,}", f"write for example {key} = {max(least, 4)}"
        )
    return value


def _read_choice(table: Table, key: str, choices: tuple[str, ...]) -> str:
    if key not in table.values:
        return choices[0]
    value = read_text(table, key)
    if value not in choices:
        raise table.error(key, f"it is one of {', '.join(choices)}", f'write for example {key} = "{choices[0]}"')
    return value


def _read_flag(table: Table, key: str) -> bool:
    value = table.values.get(key, True)
    if not isinstance(value, bool):
        raise table.error(key, "it is true or false", f"write {key} = true")
    return value
