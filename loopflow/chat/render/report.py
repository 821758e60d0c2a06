"""What became of a conversation: for people, and as JSON."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

from loopflow.analysis.names import escape_name
from loopflow.charts.numbers import plural
from loopflow.chat.compacting import Compacted
from loopflow.chat.counting import Tokens
from loopflow.chat.draft import Change
from loopflow.chat.render.profile_data import dump
from loopflow.chat.rules import Problem
from loopflow.render.markdown_text import Column, code, table

SCHEMA: Final = 1
_ORDER: Final = ("dropped", "narrowed", "pruned", "clamped")
_SHOWN: Final = 12


def render_report(done: Compacted, *, verbose: bool = False) -> Iterator[str]:
    """Yield lines without line ends: what was done, and why; with `verbose`, to which messages."""
    before, after = done.before.text, done.after.text
    less = f", {100 - 100 * after / before:.1f} % less" if before and after < before else ""
    state = "fits" if done.fits else "DOES NOT FIT"
    yield f"{before:,} -> {after:,} tokens of text{less}: {state} {done.limit:,}, by {done.strategy}"
    if not done.fits:
        yield f"what is left: {done.floor}"
    if not done.changed:
        yield "nothing was changed"
        return
    for (action, reason), changes in _group(done.changes):
        saved = sum(change.before - change.after for change in changes)
        what = f" ({saved:,} tokens)" if saved else ""
        yield f"  {action} {plural(len(changes), 'message')}{what}: {reason}, {_describe_places(changes)}"
        if verbose:
            yield from (f"    {_place(each)}: {each.before:,} -> {each.after:,}" for each in changes)
    yield f"from the first change on stand {done.kept_after:,} tokens, which no prompt cache holds any more"
    if done.summary not in {"none", "ok"}:
        yield f"there is no summary: {escape_name(done.summary)}; the facts sheet stands without"


def render_json(done: Sequence[Compacted]) -> str:
    """Return the document that docs/reference/chat-report.schema.json describes; for several, a list in it."""
    documents = [_document(each) for each in done]
    return dump(documents[0] if len(documents) == 1 else {"schema": SCHEMA, "conversations": documents})


def render_markdown(done: Sequence[Compacted]) -> str:
    """Return a page of Markdown."""
    lines = ["# What became of the conversation", ""]
    columns = (Column("messages"), Column("action"), Column("before", is_number=True), Column("after", is_number=True))
    for each in done:
        lines += [f"- {line.strip()}" for line in render_report(each)]
        changed = [change for change in each.changes if change.action != "kept"]
        rows = [(_place(c), c.action, f"{c.before:,}", f"{c.after:,}", code(c.reason)) for c in changed]
        lines += ["", *table((*columns, Column("reason")), rows), ""]
    return "\n".join(lines)


def render_problems(problems: Sequence[Problem]) -> Iterator[str]:
    """Yield a line for each problem."""
    for each in problems[:_SHOWN]:
        place = ", ".join(f"{number:,}" for number in each.origin) or "?"
        yield f"message {place}: {escape_name(each.message)} ({each.rule})"
    if len(problems) > _SHOWN:
        yield f"and {plural(len(problems) - _SHOWN, 'more problem')}"


def render_check(problems: Sequence[Problem], over: int) -> str:
    """Return the document that docs/reference/chat-check.schema.json describes."""
    return dump({"schema": SCHEMA, "over": over, "problems": [_problem(each) for each in problems]})


def _problem(problem: Problem) -> dict[str, Any]:
    return {"rule": problem.rule, "origin": list(problem.origin), "message": problem.message}


def _document(done: Compacted) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "strategy": done.strategy,
        "fits": done.fits,
        "limit": done.limit,
        "floor": done.floor or None,
        "before": _tokens(done.before),
        "after": _tokens(done.after),
        "first_changed": done.first_changed,
        "tokens_after_first_change": done.kept_after,
        "summary": done.summary,
        "changes": [{**each._asdict(), "origin": list(each.origin)} for each in done.changes],
    }


def _tokens(tokens: Tokens) -> dict[str, Any]:
    return {"text": tokens.text, "overhead": tokens.overhead, "media": tokens.media, "estimate": tokens.own}


def _group(changes: Sequence[Change]) -> list[tuple[tuple[str, str], list[Change]]]:
    """Return the changes by what was done and why: what was taken away first, the most frequent first."""
    found: dict[tuple[str, str], list[Change]] = {}
    for change in changes:
        if change.action != "kept":
            found.setdefault((change.action, change.reason), []).append(change)
    sizes = Counter({key: len(each) for key, each in found.items()})
    return sorted(found.items(), key=lambda each: (each[0][0] not in _ORDER, -sizes[each[0]], each[0]))


def _describe_places(changes: Sequence[Change]) -> str:
    """Return the places of messages as ranges."""
    numbers = sorted({number for change in changes for number in change.origin})
    ranges: list[tuple[int, int]] = []
    for number in numbers:
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    named = [f"{first}" if first == last else f"{first}-{last}" for first, last in ranges[:_SHOWN]]
    more = f" and {len(ranges) - _SHOWN} more" if len(ranges) > _SHOWN else ""
    return f"at {', '.join(named)}{more}" if named else "of ours"


def _place(change: Change) -> str:
    return " ".join(map(str, change.origin)) or "-"
