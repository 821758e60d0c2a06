"""What each event says: its attributes, and which of them are texts. No other text leaves: it could be of a talk."""

from collections.abc import Mapping
from math import isfinite
from re import compile as compile_pattern
from typing import Final

from loopflow.analysis.names import escape_name
from loopflow.chat.events import Attribute, Event

COMMON: Final = frozenset({"gen_ai.provider.name", "gen_ai.request.model", "session"})
"""Texts that each event has: names that the caller chose."""
KINDS: Final[Mapping[str, frozenset[str]]] = {
    "capacity_warning": frozenset({"limit_type", "used", "limit", "pct"}),
    "rate_limit": frozenset({"consecutive_429s", "cooldown_s", "retry_after"}),
    "failover": frozenset({"from_model", "to_model", "reason"}),
    "workload_routing": frozenset({"workload", "task", "expected_model", "model", "ok"}),
    "compaction": frozenset(
        {
            *("strategy", "tokens_before", "tokens_after", "messages_before", "messages_after", "fits"),
            *("tokens_after_first_change", "summary", "ms"),
        }
    ),
    "max_tokens": frozenset({"task", "cap", "raised_to", "model"}),
}
"""The attributes of each event, besides those that all have."""
LEVELS: Final = ("debug", "info", "warn", "error")
_MODELS: Final = frozenset({"from_model", "to_model", "expected_model", "model"})
_WORDS: Final = frozenset({"limit_type", "retry_after", "reason", "workload", "task", "strategy", "summary"})
_NAME: Final = compile_pattern(r"[a-z][a-z0-9_.]{0,63}")
_WORD: Final = compile_pattern(r"[\w.:-]{1,64}")
_LONGEST: Final = 200
_MOST: Final = 2**63
OTHER: Final = "(other)"
"""Stands for a text that is no single word where one should be."""


def clean(event: Event) -> Event | None:
    """Return an event as it may leave: numbers, flags and known names; None for what has no name of an event."""
    if not _NAME.fullmatch(event.name):
        return None
    attributes = {name: _clean(name, value) for name, value in event.attributes.items() if _WORD.fullmatch(name)}
    level = event.level if event.level in LEVELS else "info"
    return Event(event.name, level, {name: value for name, value in attributes.items() if value is not None})


def _clean(name: str, value: Attribute) -> Attribute:
    if isinstance(value, str):
        if name in _WORDS:
            return str(value) if _WORD.fullmatch(value) else OTHER
        return escape_name(value)[:_LONGEST] if name in COMMON or name in _MODELS else None
    if isinstance(value, float):
        return float(value) if isfinite(value) else None
    if isinstance(value, bool) or not isinstance(value, int):
        return value if isinstance(value, bool) else None
    return int(value) if abs(value) < _MOST else None
