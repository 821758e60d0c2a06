"""loopflow: what a codebase costs in tokens, and the codebase itself as context for a language model.

Functions from a request, or only from paths, to data. The command `code-context` runs them; so may you:

>>> from loopflow import Index, SelectRequest, check, context, count, profile
>>> profile("src").profile.total
Total(tokens=19, files=2, bytes=62)
>>> profile(SelectRequest(extensions=("py",), exclude=("lib/",))).profile.total.tokens
8
>>> count("Hello, world!")
4
>>> context("src").count("<document_content>")
2
>>> [verdict.status.value for verdict in check(SelectRequest(source=Index())).judgement.verdicts]
['ok', 'fail']

- `select`: which files a request names, unread.
- `profile`: what they cost, by file, directory and type, and what could be left out.
- `compare`: the same, with what changed since a revision or a stored baseline.
- `check`: the same, judged by the budgets of the config file.
- `context`: the files themselves, as one text for a model.
- `count`: what a text costs.

Tokens are those of the encoding that the config names, `o200k_base` without one; sizes are in bytes. Where there is no
answer they raise `LoopflowError`, with a `message` and a `hint`. Paths are relative to the root of the repository.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from loopflow.api import context
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
        Origin,
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
    from loopflow.tokens import count
    from loopflow.usecases.pipeline import check, compare, profile, select

    __version__: str

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
    "Origin",
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
    "__version__",
    "check",
    "compare",
    "context",
    "count",
    "profile",
    "select",
]

_DISTRIBUTION = "loopflow-code-context"
_HOMES = {
    "LoopflowError": "loopflow.errors",
    "context": "loopflow.api",
    "count": "loopflow.tokens",
    **dict.fromkeys(("check", "compare", "profile", "select"), "loopflow.usecases.pipeline"),
}


def __getattr__(name: str) -> Any:  # noqa: ANN401  what is exported has many types, and checkers see the imports above
    # Imported when it is asked for: `code-context --help` passes through here, and needs none of it.
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415

        return version(_DISTRIBUTION)
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, "loopflow.model")), name)


def __dir__() -> list[str]:  # which is what help() shows
    return sorted({*globals(), *__all__})
