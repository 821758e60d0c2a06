"""A log in, a digest of it out: never larger than its budget, with every failure kept and traceable.

From Python:

>>> from loopflow.logs import TokenOptimizer, process_logs
>>> class Arguments:
...     log_file = "build.log"
...     token_budget = 2_000
>>> summary, path = process_logs(Arguments())
>>> TokenOptimizer(max_token_budget=2_000).check_budget(summary.tokens_after)
True

- `process_logs`: a log reduced as the command does it; the digest, and where it is kept.
- `TokenBudgetManager`, and `TokenOptimizer`, which is the same: a budget of tokens that components share.
- `store_in_memory`: what failed remembered across runs. `track_token_usage`: says what of `loopflow.usage` to call.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from loopflow.logs.api import TokenOptimizer, process_logs, store_in_memory, track_token_usage
    from loopflow.logs.budgeting import TokenBudgetManager
    from loopflow.logs.model import Digest

__all__ = [
    "Digest",
    "TokenBudgetManager",
    "TokenOptimizer",
    "process_logs",
    "store_in_memory",
    "track_token_usage",
]

_HOMES = {"Digest": "loopflow.logs.model", "TokenBudgetManager": "loopflow.logs.budgeting"}


def __getattr__(name: str) -> Any:  # noqa: ANN401  what is exported has many types, and checkers see the imports above
    # Imported when it is asked for: every part of the command passes through here.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, "loopflow.logs.api")), name)


def __dir__() -> list[str]:  # which is what help() shows
    return sorted({*globals(), *__all__})
