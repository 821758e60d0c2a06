"""What several formats share: the columns of charts, the rows of the chart by type, and orders of lists.

The rows of the chart by directory are in `tree.py`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from loopflow.analysis.names import escape_name
from loopflow.charts.numbers import format_growth, format_percent, plural
from loopflow.model import Diff, Profile, Reason, Skipped, Status, Verdict
from loopflow.render.tree import Row

_WORST_FIRST = (Status.FAIL, Status.WARN, Status.INHERITED, Status.OK)


@dataclass(frozen=True, slots=True)
class Column:
    """One right-aligned column."""

    title: str
    cell: Callable[[Row], str]


TOKENS = Column("tokens", lambda row: f"{row.tokens:,}")
OF_PARENT = Column("% parent", lambda row: format_percent(row.tokens, row.parent_tokens))
OF_TOTAL = Column("% total", lambda row: format_percent(row.tokens, row.total_tokens))
FILES = Column("files", lambda row: f"{row.files:,}")
BEFORE = Column("before", lambda row: "" if row.before is None else f"{row.before:,}")
CHANGE = Column("change", lambda row: f"{row.tokens - (row.before or 0):+,}" if row.tokens != row.before else "0")
GROWTH = Column("% change", lambda row: format_growth(row.before, None if row.is_gone else row.tokens))
GROWTH_COLUMNS = (BEFORE, CHANGE, GROWTH)


def type_rows(profile: Profile, diff: Diff | None, top: int | None) -> Iterator[Row]:
    """Yield the `top` largest types and the rest as one row, or all of them and then those that are gone."""
    before = {delta.path: delta.before for delta in diff.types} if diff else {}
    gone = [delta.path for delta in diff.types if delta.after is None] if diff else []
    total = profile.total.tokens
    for stats in profile.types[:top]:
        yield Row(escape_name(stats.type), stats.tokens, total, stats.files, before=before.get(stats.type))
    if top is None:
        for name in gone:
            yield Row(escape_name(name), 0, total, 0, before=before[name], is_gone=True)
    elif rest := [stats.type for stats in profile.types[top:]] + gone:
        tokens, files = (sum(getattr(stats, key) for stats in profile.types[top:]) for key in ("tokens", "files"))
        was = [tokens_before for name in rest if (tokens_before := before.get(name)) is not None]
        yield Row(f"({plural(len(rest), 'more type')})", tokens, total, files, before=sum(was) if was else None)


def worst_first(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """Return `verdicts`, those that failed first."""
    return sorted(verdicts, key=lambda verdict: _WORST_FIRST.index(verdict.status))


def group_by_reason(skipped: Iterable[Skipped]) -> list[tuple[Reason, list[Skipped]]]:
    """Return what was skipped by its reason, the most frequent first."""
    by_reason = sorted(skipped, key=lambda skip: skip.reason)
    groups = [(reason, list(group)) for reason, group in groupby(by_reason, key=lambda skip: skip.reason)]
    return sorted(groups, key=lambda group: -len(group[1]))
