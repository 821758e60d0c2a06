"""The types that flow through loopflow: select -> read -> count -> profile -> compare -> judge -> render.

Frozen dataclasses without behaviour beyond derived properties; named tuples where a run makes one for each of many
thousand files, because they take a third of the time to make. Tokens and bytes are whole numbers everywhere; shares
are derived from them where they are shown. Paths are POSIX, relative to `Selection.root`, and bytes-safe: bytes that
are not UTF-8 are carried as lone surrogates (`surrogateescape`, PEP 383).
"""

from loopflow.model.budget import (
    Allowance,
    Held,
    Item,
    Judgement,
    Level,
    Place,
    Rule,
    Scope,
    Status,
    Verdict,
)
from loopflow.model.growth import (
    Before,
    Delta,
    Diff,
    Kind,
)
from loopflow.model.profile import (
    MOST_TOKENS,
    DirectoryStats,
    Document,
    FileTokens,
    Profile,
    Total,
    TypeStats,
    make_file_tokens,
    percent,
)
from loopflow.model.report import (
    Cut,
    CutReason,
    Plan,
    Report,
)
from loopflow.model.request import (
    BASELINE_FILE,
    CompareRequest,
    ConfigRequest,
    CountRequest,
    Criteria,
    FitRequest,
    Push,
    SelectRequest,
)
from loopflow.model.selection import (
    NOT_CHECKED_OUT,
    SUBMODULE_MODE,
    SYMLINK_MODE,
    Candidates,
    Extent,
    FileRef,
    Reason,
    Selection,
    Skipped,
    Stamp,
    is_regular,
    make_refs,
    make_stamps,
)
from loopflow.model.source import Index, ObjectFormat, Repository, Revision, Source, Worktree
from loopflow.model.surroundings import Surroundings

__all__ = [
    "BASELINE_FILE",
    "MOST_TOKENS",
    "NOT_CHECKED_OUT",
    "SUBMODULE_MODE",
    "SYMLINK_MODE",
    "Allowance",
    "Before",
    "Candidates",
    "CompareRequest",
    "ConfigRequest",
    "CountRequest",
    "Criteria",
    "Cut",
    "CutReason",
    "Delta",
    "Diff",
    "DirectoryStats",
    "Document",
    "Extent",
    "FileRef",
    "FileTokens",
    "FitRequest",
    "Held",
    "Index",
    "Item",
    "Judgement",
    "Kind",
    "Level",
    "ObjectFormat",
    "Place",
    "Plan",
    "Profile",
    "Push",
    "Reason",
    "Report",
    "Repository",
    "Revision",
    "Rule",
    "Scope",
    "SelectRequest",
    "Selection",
    "Skipped",
    "Source",
    "Stamp",
    "Status",
    "Surroundings",
    "Total",
    "TypeStats",
    "Verdict",
    "Worktree",
    "is_regular",
    "make_file_tokens",
    "make_refs",
    "make_stamps",
    "percent",
]
