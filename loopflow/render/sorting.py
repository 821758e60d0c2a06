"""The orders of lists that several formats share."""

from collections.abc import Iterable
from itertools import groupby

from loopflow.model import Reason, Skipped, Status, Verdict

_WORST_FIRST = (Status.FAIL, Status.WARN, Status.INHERITED, Status.OK)


def worst_first(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """Return `verdicts`, those that failed first."""
    return sorted(verdicts, key=lambda verdict: _WORST_FIRST.index(verdict.status))


def group_by_reason(skipped: Iterable[Skipped]) -> list[tuple[Reason, list[Skipped]]]:
    """Return what was skipped by its reason, the most frequent first."""
    by_reason = sorted(skipped, key=lambda skip: skip.reason)
    groups = [(reason, list(group)) for reason, group in groupby(by_reason, key=lambda skip: skip.reason)]
    return sorted(groups, key=lambda group: -len(group[1]))
