"""Growth and verdicts in words, the same in every format for people."""

from loopflow.analysis.names import escape_name, quote_toml
from loopflow.analysis.windows import DATE
from loopflow.charts.numbers import format_growth, format_percent, plural
from loopflow.model import Diff, Index, Plan, Profile, Revision, Scope, Source, Verdict
from loopflow.render.failures import name_limit

_WIDEST_PATTERN = 48  # columns that patterns are filled up to: what comes after them is seen at once
BUDGET_TITLES = ("status", "value", "limit", "% limit", "rule")


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
    whose = f" of {plan.model} ({DATE})" if plan.model else ""
    lines = [f"Window{whose}: {plan.window:,} tokens, {plan.reserve:,} kept back{why if plan.reserve else ''}."]
    if not plan.exclude:
        filled = format_percent(profile.total.tokens, plan.window)
        fits = "It fits." if plan.fits else "It does not fit, and nothing can be left out."
        return [*lines, f"The selection fills {filled}% of it. {fits}"]
    too_many = profile.total.tokens - room
    still = "" if plan.fits else " still"
    lines.append(f"The selection is {plural(too_many, 'token')} too large: there is room for {room:,}.")
    lines.append(f"With these lines in the config file it{still} takes {plan.tokens_left:,}, and the lines themselves:")
    return [*lines, "", "exclude = [", *_list_lines(plan), "]"]


def _list_lines(plan: Plan) -> list[str]:
    """Return the patterns as TOML has them, each new one with what it takes out and why."""
    shown = [f"    {quote_toml(pattern)}," for pattern in plan.already]
    quoted = [f"    {quote_toml(line.pattern)}," for line in plan.lines]
    width = min(max(map(len, quoted)), _WIDEST_PATTERN)
    digits = max(len(f"{line.tokens:,}") for line in plan.lines)
    for text, line in zip(quoted, plan.lines, strict=True):
        number = f"{line.tokens:,}" if line.tokens else ""
        shown.append(f"{text:{width}}  # {number:>{digits}}  {line.why}")
    return shown


def budget_cells(verdict: Verdict) -> tuple[str, ...]:
    """Return the row of a verdict: the columns of `BUDGET_TITLES`."""
    limit = "" if verdict.limit is None else f"{verdict.limit:,}"
    value = f"{verdict.value:+,}" if verdict.scope is Scope.GROWTH and verdict.value else f"{verdict.value:,}"
    share = format_percent(max(verdict.value, 0), verdict.limit) if verdict.limit else ""
    note = f" ({escape_name(verdict.note)})" if verdict.note else ""
    return verdict.status.value, value, limit, share, name_limit(verdict) + note


def describe_model(plan: Plan, encoding: str) -> str:
    """Say whose window was to be fitted, and that its tokens are others than those that are counted."""
    return (
        f"the window of {plan.model} has {plan.window:,} tokens ({DATE}), {plan.reserve:,} kept back: "
        f"counted is {encoding}, and other models' tokenizers count differently"
    )
