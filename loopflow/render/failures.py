"""What failed and what to do about it: the sentences of every format, and all that a hook prints."""

from collections.abc import Iterator
from fractions import Fraction
from math import ceil
from shlex import quote

from loopflow.analysis.names import escape_name, shorten_ids
from loopflow.analysis.raised_limits import format_limit
from loopflow.charts.numbers import format_percent, plural
from loopflow.charts.terminal import Terminal
from loopflow.model import (
    Allowance,
    Change,
    Delta,
    Index,
    Judgement,
    Kind,
    Report,
    Revision,
    Scope,
    Source,
    Status,
    Verdict,
)
from loopflow.render.origin import describe_inherited, describe_origin

_NAMED = 3
_DIGITS = 12  # of an id in a command: enough for git in the largest repositories


def render_failures(report: Report, terminal: Terminal) -> Iterator[str]:
    """Yield what failed and what to do about it, with what this change did to the rules; nothing if all is well."""
    judgement = report.judgement
    if judgement is None or not judgement.failed:
        return
    for number, verdict in enumerate(judgement.failed):
        first, *rest = describe_failure(verdict, report)
        if number:
            yield ""
        yield terminal.palette.warning(first)
        yield from (f"  {line}" for line in rest)
    yield from render_remarks(judgement)


def render_remarks(judgement: Judgement) -> Iterator[str]:
    """Yield what is to be said beside the verdicts, behind an empty line."""
    remarks = list_remarks(judgement)
    if remarks:
        yield ""
        yield from remarks


def list_remarks(judgement: Judgement) -> list[str]:
    """Return why a merge is not to blame for what it exceeds, and what this change did to the rules it is judged by."""
    inherited = [(each, describe_inherited(each)) for each in judgement.verdicts if each.status is Status.INHERITED]
    return [f"{name_limit(verdict)}: {why}" for verdict, why in inherited if why] + list(judgement.remarks)


def describe_failure(verdict: Verdict, report: Report, most: int | None = None) -> list[str]:
    """Return lines: rule, limit, value and by how much; what grew; where the limit is written; who owns it.

    No more than `most` files are named.
    """
    lines = [f"FAIL {describe_verdict(verdict)}"]
    lines += [f"{escape_name(item.name)}: {item.tokens:,}" for item in verdict.over[:most]]
    if most is not None and len(verdict.over) > most:
        lines.append(f"and {len(verdict.over) - most:,} more files")
    lines += filter(None, [describe_origin(verdict, report)])
    if verdict.causes:
        lines.append("added most: " + ", ".join(_cause(delta) for delta in verdict.causes[:_NAMED]))
    if verdict.sources:
        places = [(_name_directory(delta.path), delta.change) for delta in verdict.sources[:_NAMED]]
        lines.append("in: " + ", ".join(f"{name} {change:+,}" for name, change in places))
    lines += describe_limit(verdict)
    lines.append(f"to look closer: code-context --profile{_flags(report)} --changed")
    return lines


def _name_directory(path: str) -> str:
    return "the root" if path == "." else f"{escape_name(path)}/"


def describe_limit(verdict: Verdict, tokens: int | None = None) -> list[str]:
    """Return lines: who owns what is over; where the limit is written, and which one would do, for a file of `tokens`.

    Without `tokens` it is the limit that all would keep.
    """
    lines = [f"owner of these files: {escape_name(verdict.owner)}"] if verdict.owner else []
    if not verdict.note:
        needed = _needed(verdict) if tokens is None else f"{tokens:_}"
        lines.append(f"to raise the limit for good: {_where(verdict)} {verdict.scope} = {needed}")
    return lines


def describe_verdict(verdict: Verdict) -> str:
    """Return on one line which limit it is about, and how far the value is over or under it."""
    return f"{name_limit(verdict)}: {_excess(verdict)}"


def describe_way_past(source: Source) -> str:
    """Say how to do it all the same, to somebody whom pre-commit has stopped: a push is judged by its commit."""
    if isinstance(source, Revision):
        return "to push all the same, this once: SKIP=code-context-budget-push git push"
    return describe_way_to_commit("code-context-budget")


def describe_way_to_commit(hook: str) -> str:
    """Say how to commit all the same, to somebody whom this hook of pre-commit has stopped."""
    return f"to commit all the same, this once: SKIP={hook} git commit"


def name_limit(verdict: Verdict) -> str:
    """Return the name of the rule, and what of its files it limits."""
    scope = "each file" if verdict.scope is Scope.FILE else verdict.scope.value
    return f"{escape_name(verdict.rule.name)}, {scope}"


def _excess(verdict: Verdict) -> str:
    if verdict.note or verdict.limit is None:
        return escape_name(verdict.note)
    over = verdict.value - verdict.limit
    limit = f"{verdict.limit:,}"
    if not verdict.is_over:
        value = f"the largest has {verdict.value:,}" if verdict.scope is Scope.FILE else f"{verdict.value:,}"
        return f"{value} tokens, {format_percent(max(verdict.value, 0), verdict.limit)}% of the limit of {limit}"
    if verdict.scope is Scope.GROWTH:
        allowance = verdict.rule.growth
        if allowance is not None and allowance.share is not None:
            limit += f" ({format_limit(allowance)} of {verdict.base_value:,})"
        return f"{verdict.value:+,} tokens, {over:,} more than the limit of {limit}"
    if verdict.scope is Scope.FILE:
        files = plural(len(verdict.over), "file")
        return f"{files} over the limit of {limit}, the largest by {over:,}"
    return f"{verdict.value:,} tokens, {over:,} more than the limit of {limit}"


def _cause(delta: Delta) -> str:
    name = escape_name(delta.path)
    if delta.kind is Kind.MOVED:
        return f"{name} {delta.after:,} (moved from {escape_name(delta.came_from or '')})"
    return f"{name} {delta.change:+,}" + (" (new)" if delta.kind is Kind.ADDED else "")


def _where(verdict: Verdict) -> str:
    place = verdict.rule.places.get(verdict.scope.value)
    if place is None:
        return "in the config file,"
    return escape_name(place.file) + (f":{place.line}" if place.line else "") + ","


def _needed(verdict: Verdict) -> str:
    """Return the limit that would let this pass, in the unit it is written in."""
    allowance = verdict.rule.growth
    if verdict.scope is Scope.GROWTH and allowance is not None and allowance.share is not None:
        share = Fraction(verdict.value, verdict.base_value or 1)
        return f'"{format_limit(Allowance(share=Fraction(ceil(share * 1000), 1000)))}"'
    return f"{verdict.value:_}"


def _flags(report: Report) -> str:
    """Return the options that read the same tree, and compare it with the same, for a shell."""
    source = report.profile.source
    flags = " --staged" if isinstance(source, Index) else ""
    if isinstance(source, Revision):
        flags = f" --rev {_word(source.revision)}"
    start = report.judgement.start if report.judgement else None
    if start and start.change in {Change.BRANCH, Change.RANGE, Change.PUSH}:
        flags += f" --against {_word(start.name)}"
    return f"{flags} --baseline" if report.diff and report.diff.before.kind == "baseline" else flags


def _word(revision: str) -> str:
    return quote(escape_name(shorten_ids(revision, _DIGITS)))
