"""Growth and verdicts in words, the same in every format for people."""

from fractions import Fraction
from math import ceil
from shlex import quote

from loopflow.analysis.names import escape_name, quote_toml
from loopflow.analysis.raised_limits import format_limit
from loopflow.charts.numbers import format_growth, format_percent, plural
from loopflow.model import Allowance, Delta, Diff, Index, Kind, Plan, Profile, Report, Revision, Scope, Source, Verdict

BUDGET_TITLES = ("status", "value", "limit", "% limit", "rule")
_NAMED = 3


def describe_growth(profile: Profile, diff: Diff) -> str:
    """Say what the commit, the branch or the time since the baseline does to the total."""
    change = profile.total.tokens - diff.total.tokens
    name = escape_name(diff.before.name)
    since = f"the baseline {name}" if diff.before.kind == "baseline" else name
    if not change:
        return f"No change of the total since {since}."
    verb = "more" if change > 0 else "fewer"
    share = format_growth(diff.total.tokens, profile.total.tokens)
    shown = f" ({share})" if diff.total.tokens else ""
    return f"{_subject(profile.source)}: {plural(abs(change), 'token')} {verb} than {since}{shown}."


def _subject(source: Source) -> str:
    if isinstance(source, Revision):
        return escape_name(source.revision)
    return "What is staged" if isinstance(source, Index) else "Work tree"


def describe_plan(profile: Profile, plan: Plan) -> list[str]:
    """Say how much of a window the selection fills, and what to leave out where that is too much."""
    share = 100 * plan.reserve / plan.window if plan.window else 0
    room = plan.window - plan.reserve
    why = f" ({share:.0f}%, because other models' tokenizers count the same code higher than {profile.encoding})"
    lines = [f"Window: {plan.window:,} tokens, {plan.reserve:,} kept back{why if plan.reserve else ''}."]
    if not plan.exclude:
        filled = format_percent(profile.total.tokens, plan.window)
        fits = "It fits." if plan.fits else "It does not fit, and nothing can be left out."
        return [*lines, f"The selection fills {filled}% of it. {fits}"]
    too_many = profile.total.tokens - room
    still = "" if plan.fits else " still"
    lines.append(f"The selection is {plural(too_many, 'token')} too large: there is room for {room:,}.")
    lines.append(f"With these lines in the config file it{still} takes {plan.tokens_left:,}, and the lines themselves:")
    patterns = ",\n".join(f"    {quote_toml(pattern)}" for pattern in plan.already + plan.exclude)
    return [*lines, "", f"exclude = [\n{patterns},\n]"]


def budget_cells(verdict: Verdict) -> tuple[str, ...]:
    """Return the row of a verdict: the columns of `BUDGET_TITLES`."""
    limit = "" if verdict.limit is None else f"{verdict.limit:,}"
    value = f"{verdict.value:+,}" if verdict.scope is Scope.GROWTH and verdict.value else f"{verdict.value:,}"
    share = format_percent(max(verdict.value, 0), verdict.limit) if verdict.limit else ""
    note = f" ({escape_name(verdict.note)})" if verdict.note else ""
    return verdict.status.value, value, limit, share, name_limit(verdict) + note


def describe_failure(verdict: Verdict, report: Report, most: int | None = None) -> list[str]:
    """Return lines: rule, limit, value and by how much; what grew; where the limit is written; who owns it.

    No more than `most` files are named.
    """
    lines = [f"FAIL {describe_verdict(verdict)}"]
    lines += [f"{escape_name(item.name)}: {item.tokens:,}" for item in verdict.over[:most]]
    if most is not None and len(verdict.over) > most:
        lines.append(f"and {len(verdict.over) - most:,} more files")
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
    lines = [f"owner: {escape_name(verdict.owner)}"] if verdict.owner else []
    if not verdict.note:
        needed = _needed(verdict) if tokens is None else f"{tokens:_}"
        lines.append(f"to allow it: {_where(verdict)} {verdict.scope} = {needed}")
    return lines


def describe_verdict(verdict: Verdict) -> str:
    """Return on one line which limit it is about, and how far the value is over or under it."""
    return f"{name_limit(verdict)}: {_excess(verdict)}"


def describe_way_past(source: Source) -> str:
    """Say how to do it all the same, to somebody whom pre-commit has stopped: a push is judged by its commit."""
    if isinstance(source, Revision):
        return "to push all the same, this once: SKIP=code-context-budget-push git push"
    return "to commit all the same, this once: SKIP=code-context-budget git commit"


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
    source, usual = report.profile.source, "HEAD"
    flags = " --staged" if isinstance(source, Index) else ""
    if isinstance(source, Revision):
        flags, usual = f" --rev {quote(escape_name(source.revision))}", f"{source.revision}^"
    start = report.judgement.start if report.judgement else None
    if start not in {None, usual}:
        flags += f" --against {quote(escape_name(start or ''))}"
    return f"{flags} --baseline" if report.diff and report.diff.before.kind == "baseline" else flags
