"""loopflow: what a codebase costs in tokens, and the codebase itself as context for a language model.

Four functions, each from a request to data. The command `code-context` runs them; so may you:

>>> from loopflow import Index, SelectRequest, check, profile
>>> profile(SelectRequest(extensions=("py",))).profile.total
Total(tokens=19, files=2, bytes=62)
>>> [verdict.status.value for verdict in check(SelectRequest(source=Index())).judgement.verdicts]
['ok', 'fail']

- `select`: which files a request names, unread.
- `profile`: what they cost, by file, directory and type, and what could be left out.
- `compare`: the same, with what changed since a revision or a stored baseline.
- `check`: the same, judged by the budgets of the config file.

Tokens are those of the encoding that the config names, `o200k_base` without one; sizes are in bytes. Where there is no
answer they raise `LoopflowError`, with a `message` and a `hint`. Paths are relative to the root of the repository.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from loopflow.errors import LoopflowError
    from loopflow.model import (
        CompareRequest,
        ConfigRequest,
        CountRequest,
        Cut,
        Delta,
        Diff,
        DirectoryStats,
        FileRef,
        FileTokens,
        FitRequest,
        Index,
        Judgement,
        Plan,
        Profile,
        Report,
        Revision,
        Rule,
        Selection,
        SelectRequest,
        Skipped,
        Total,
        TypeStats,
        Verdict,
        Worktree,
    )
    from loopflow.usecases.pipeline import check, compare, profile, select

__all__ = [
    "CompareRequest",
    "ConfigRequest",
    "CountRequest",
    "Cut",
    "Delta",
    "Diff",
    "DirectoryStats",
    "FileRef",
    "FileTokens",
    "FitRequest",
    "Index",
    "Judgement",
    "LoopflowError",
    "Plan",
    "Profile",
    "Report",
    "Revision",
    "Rule",
    "SelectRequest",
    "Selection",
    "Skipped",
    "Total",
    "TypeStats",
    "Verdict",
    "Worktree",
    "check",
    "compare",
    "profile",
    "select",
]

_HOMES = {
    "LoopflowError": "loopflow.errors",
    **dict.fromkeys(("check", "compare", "profile", "select"), "loopflow.usecases.pipeline"),
}


def __getattr__(name: str) -> Any:  # noqa: ANN401  what is exported has many types, and checkers see the imports above
    # Imported when it is asked for: `code-context --help` passes through here, and needs none of it.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, "loopflow.model")), name)
