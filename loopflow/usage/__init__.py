"""Tokens that were used, accounted for: a ledger, budgets by period, alerts that arrive once, and events beside it.

>>> from loopflow.usage import track_api_call, set_budget_threshold
>>> set_budget_threshold("daily", 2_000_000, period="day")  # doctest: +SKIP
>>> track_api_call("search", 1_200, 300, model="gpt-5", key="request-17")  # doctest: +SKIP
True

These four functions use the ledger that the command `loopflow usage` uses; `open_usage` gives one of your own.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from loopflow.usage.api import (
        Usage,
        get_budget_thresholds,
        get_usage_report,
        open_usage,
        set_budget_threshold,
        track_api_call,
    )
    from loopflow.usage.events import EventStore

__all__ = [
    "EventStore",
    "Usage",
    "get_budget_thresholds",
    "get_usage_report",
    "open_usage",
    "set_budget_threshold",
    "track_api_call",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401  what is exported has several types
    # Imported when it is asked for: the settings of this wing are read without its database.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("loopflow.usage.events" if name == "EventStore" else "loopflow.usage.api"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
