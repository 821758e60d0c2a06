"""Growth and verdicts in words, the same in every format for people."""

from collections.abc import Callable, Iterator

from loopflow.analysis.names import SHORT_ID, escape_name, quote_toml, shorten_ids
from loopflow.analysis.windows import DATE
from loopflow.charts.numbers import format_growth, format_percent, plural
from loopflow.model import Before, Diff, Idle, Index, Origin, Plan, Profile, Revision, Scope, Source, Verdict
from loopflow.render.failures import name_limit

_WIDEST_PATTERN = 48  # columns that patterns are filled up to: what comes after them is seen at once
_NAMED = 10
BUDGET_TITLES = ("status", "value", "limit", "% limit", "rule")


def describe_growth(profile: Profile, diff: Diff) -> str:
    """Say what the commit, the branch or the time since the baseline does to the total."""
    change = profile.total.tokens - diff.total.tokens
    since = name_moment(diff.before)
    if not change:
        return f"No change of the total since {since}."
    verb = "more" if change > 0 else "fewer"
    share = format_growth(diff.total.tokens, profile.total.tokens)
    shown = f" ({share})" if diff.total.tokens else ""
    return f"{name_source(profile.source)}: {plural(abs(change), 'token')} {verb} than {since}{shown}."


def name_source(source: Source, show: Callable[[str], str] = escape_name) -> str:
    """Return what was counted, as the first words of a sentence; `show` is given the name of a revision."""
    if isinstance(source, Revision):
        return show(shorten_ids(source.revision))
    return "What is staged" if isinstance(source, Index) else "Work tree"


def name_moment(before: Before, show: Callable[[str], str] = escape_name) -> str:
    """Return what was compared with, as people call it: `show` is given each name, and ids cut short."""
    if before.kind == "baseline":
        return f"the baseline {show(before.name)}"
    name = shorten_ids(before.branch or before.name)
    commit = before.commit[:SHORT_ID] if before.branch and before.commit else name
    where = ", where this branch left it" if before.branch and commit != name else ""
    return f"{show(name)}{where}" + (f", {show(commit)}" if where else "")


def describe_origin(origin: Origin, source: Source) -> Iterator[tuple[str, str]]:
    """Yield what a heading says beside the repository: what was read, the commit's subject, the date.

    Each is words of ours and a name, of which one may be "".
    """
    commit = (origin.commit or "")[:SHORT_ID]
    if isinstance(source, Revision):
        name = shorten_ids(source.revision)
        if name != commit:
            yield "", name
        yield "commit", commit
    else:
        what, stands = ("staged", "on") if isinstance(source, Index) else ("work tree", "at")
        yield (f"{what} {stands}", commit) if commit else (what, "")
    if origin.subject:
        yield "", origin.subject
    if origin.date:
        yield origin.date.isoformat(), ""


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


def describe_idle(idle: Idle) -> str:
    """Say which patterns match nothing, where they are written, and what to do."""
    named = ", ".join(f"'{escape_name(pattern)}'" for pattern in idle.patterns[:_NAMED])
    more = f" and {len(idle.patterns) - _NAMED:,} more" if len(idle.patterns) > _NAMED else ""
    return f"{idle.where}: nothing that is listed matches {named}{more}; {idle.hint}"


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
