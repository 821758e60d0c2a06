"""The tables `[chat]` and `[chat.limits.MODEL]` of the config file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final

from loopflow.chat.compacting import compile_pin
from loopflow.chat.limit_settings import read_all_limits, read_number, read_routes, read_rules
from loopflow.chat.limits import BUILT_IN, Limits
from loopflow.chat.providers import NAMED
from loopflow.chat.routing import NO_ROUTES, Routes
from loopflow.chat.strategies import STRATEGIES
from loopflow.chat.tasks import Rule
from loopflow.chat.tool_settings import read_keep, read_tools
from loopflow.chat.tools import OwnRule
from loopflow.config.toml import Table
from loopflow.config.values import read_names, read_size, read_text
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
    "routes",
    "tasks",
    "sinks",
)
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
    routes: Routes = NO_ROUTES
    rules: tuple[Rule, ...] = ()
    """What else says what is asked for."""
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
        keep_steps=read_number(table, "keep_steps", 2),
        budget=read_size(table, "budget") if "budget" in values else None,
        summarise_with=read_text(table, "summarise_with") if "summarise_with" in values else None,
        limits={**BUILT_IN, **read_all_limits(table)},
        tools=read_tools(table),
        keep=read_keep(table),
        routes=read_routes(table),
        rules=read_rules(table),
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


def _read_choice(table: Table, key: str, choices: tuple[str, ...]) -> str:
    value = read_text(table, key)
    if value not in choices:
        raise table.error(key, f"it is one of {', '.join(choices)}", f'write for example {key} = "{choices[0]}"')
    return value
