"""The tables `[chat]` and `[chat.limits.MODEL]` of the config file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final

from loopflow.chat.compacting import compile_pin
from loopflow.chat.limits import BUILT_IN, Limits
from loopflow.chat.providers import NAMED
from loopflow.chat.strategies import STRATEGIES
from loopflow.chat.tool_settings import read_keep, read_tools
from loopflow.chat.tools import OwnRule
from loopflow.config.toml import Table
from loopflow.config.values import read_encoding, read_names, read_share, read_size, read_text
from loopflow.errors import UsageError

_KEYS: Final = (
    "model",
    "provider",
    "strategy",
    "pin",
    "keep_steps",
    "budget",
    "summarise_with",
    "limits",
    "tools",
    "keep",
    "sinks",
)
_LIMITS: Final = ("input", "compact_at", "block_at", "target", "headroom", "max_exchanges", "encoding")
_MOST_STEPS: Final = 1_000
SINKS: Final = ("otel", "logfire")


@dataclass(frozen=True, slots=True)
class ChatSettings:
    """What holds for `loopflow chat` where the command line says nothing else."""

    model: str = ""
    provider: str | None = None
    strategy: str = "auto"
    pin: tuple[str, ...] = ()
    keep_steps: int = 2
    budget: int | None = None
    summarise_with: str | None = None
    """A command: it counts only from a file that the user named."""
    limits: Mapping[str, Limits] = field(default_factory=lambda: dict(BUILT_IN))
    tools: Mapping[str, OwnRule] = field(default_factory=dict)
    """How the output of tools is narrowed, by name or pattern."""
    keep: bool = True
    """Whether whole outputs are kept."""
    sinks: tuple[str, ...] | None = None
    """Where events go beside the ledger; None where nobody says."""

    def limits_of(self, model: str) -> Limits | None:
        """Return the limits of a model: of its name, else of the first pattern that it matches."""
        if model in self.limits:
            return self.limits[model]
        return next((each for name, each in self.limits.items() if fnmatchcase(model, name)), None)


def read_settings(table: Table) -> ChatSettings:
    """Return what the table says. Raises ConfigError."""
    table.require_known(_KEYS)
    values = table.values
    return ChatSettings(
        model=read_text(table, "model") if "model" in values else "",
        provider=_read_choice(table, "provider", NAMED) if "provider" in values else None,
        strategy=_read_choice(table, "strategy", tuple(STRATEGIES)) if "strategy" in values else "auto",
        pin=_read_pins(table) if "pin" in values else (),
        keep_steps=_read_number(table, "keep_steps", 2),
        budget=read_size(table, "budget") if "budget" in values else None,
        summarise_with=read_text(table, "summarise_with") if "summarise_with" in values else None,
        limits={**BUILT_IN, **_read_all_limits(table)},
        tools=read_tools(table),
        keep=read_keep(table),
        sinks=_read_sinks(table) if "sinks" in values else None,
    )


def _read_pins(table: Table) -> tuple[str, ...]:
    pins = read_names(table, "pin")
    for pin in pins:
        try:
            compile_pin(pin)
        except UsageError as error:
            raise table.error("pin", error.message, error.hint) from error
    return pins


def _read_sinks(table: Table) -> tuple[str, ...]:
    sinks = tuple(dict.fromkeys(read_names(table, "sinks")))
    if not set(sinks) <= set(SINKS):
        raise table.error("sinks", f"each is one of {', '.join(SINKS)}", 'write for example sinks = ["otel"]')
    return sinks


def _read_all_limits(table: Table) -> dict[str, Limits]:
    limits = table.table("limits")
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
    limits = standard._replace(
        input=read_size(table, "input") if "input" in values else standard.input,
        target=read_size(table, "target") if "target" in values else standard.target,
        compact_at=float(read_share(table, "compact_at")) if "compact_at" in values else standard.compact_at,
        block_at=float(read_share(table, "block_at")) if "block_at" in values else standard.block_at,
        headroom=float(read_share(table, "headroom")) if "headroom" in values else standard.headroom,
        max_exchanges=_read_number(table, "max_exchanges", standard.max_exchanges),
        encoding=read_encoding(table, "encoding") if "encoding" in values else "",
    )
    try:
        return limits.checked()
    except UsageError as error:
        raise table.error("", error.message, error.hint) from error


def _read_choice(table: Table, key: str, choices: tuple[str, ...]) -> str:
    value = read_text(table, key)
    if value not in choices:
        raise table.error(key, f"it is one of {', '.join(choices)}", f'write for example {key} = "{choices[0]}"')
    return value


def _read_number(table: Table, key: str, standard: int) -> int:
    value = table.values.get(key, standard)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= _MOST_STEPS:
        raise table.error(key, f"it is a whole number from 1 to {_MOST_STEPS:,}", f"write for example {key} = 4")
    return value
