"""Where a change came from, as a sentence beside a verdict: what it is held to, and whose the tokens are.

Each says what was computed and no more. Of a limit that is compared with a stored baseline, the start is not told.
"""

import re

from loopflow.analysis.names import escape_name
from loopflow.model import Change, Report, Revision, Scope, Start, Verdict

_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_SHORT = 7  # letters of an id that is only shown
_TWO = 2


def describe_origin(verdict: Verdict, report: Report) -> str:
    """Return what a verdict that fails is held to, or nothing where that goes without saying."""
    start = report.judgement.start if report.judgement else None
    if start is None or verdict.note:
        return ""
    if start.change is Change.RANGE:
        return _describe_range(start, report)
    is_since = report.diff is None or report.diff.before.kind == "revision"
    growth = _describe_growth(verdict.value, start) if verdict.scope is Scope.GROWTH and is_since else ""
    own = verdict.at_merge.own if verdict.at_merge else None
    return "; ".join(filter(None, (growth, "" if own is None else f"this merge adds {_signed(own)}")))


def describe_inherited(verdict: Verdict) -> str:
    """Say why a merge is not to blame for a limit that it exceeds; nothing of another change."""
    known = verdict.at_merge
    if known is None:
        return ""
    both = "both sides" if known.sides == _TWO else "its sides"
    joint = f"{both} together exceed it; " if known.is_joint else ""
    fails = f"; against {escape_name(known.fails_against)} it fails" if known.fails_against is not None else ""
    return f"{joint}this merge adds nothing{fails}"


def _describe_growth(value: int, start: Start) -> str:
    """Say to what so many tokens were added; nothing of a plain commit."""
    if start.change is Change.MERGE:
        no_side = "neither side" if len(start.commits) == _TWO else "no side"
        return f"{_signed(value)} tokens were written in the merge: {no_side} has them, nor what git merges by itself"
    if start.change is Change.BRANCH:
        return f"the branch adds {_signed(value)} to {_name(start.name)}, as last merged into it"
    if start.change is Change.PUSH:
        return f"the push adds {_signed(value)} to what the remote is known to have"
    return "a squash is one commit: all that it puts together counts" if start.change is Change.SQUASH else ""


def _describe_range(start: Start, report: Report) -> str:
    source = report.profile.source
    until = source.revision if isinstance(source, Revision) else ""
    bases = " and ".join(_name(commit) for commit in start.commits)
    which = "their merge base" if len(start.commits) == 1 else "their merge bases"
    return f"from {_name(start.name)} to {_name(until)}, since {which} {bases}"


def _signed(tokens: int) -> str:
    return f"{tokens:+,}" if tokens else "0"


def _name(revision: str) -> str:
    """Return a revision as it is shown: an id in short."""
    return revision[:_SHORT] if _ID.fullmatch(revision) else escape_name(revision)
