"""What a page says beside its charts: the head, what changed, what was judged, what could be left out, what is missing.

Plain values and short lists. Whatever could be long is cut here, and says by how much.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from loopflow.analysis.cuts import largest_source
from loopflow.charts.numbers import format_bytes, format_growth, format_percent, plural
from loopflow.model import Delta, Kind, Report, Skipped, Status, Verdict
from loopflow.render.failures import describe_failure, list_remarks
from loopflow.render.sorting import group_by_reason, worst_first
from loopflow.render.words import (
    BUDGET_TITLES,
    budget_cells,
    describe_growth,
    describe_idle,
    describe_plan,
    name_moment,
)

OPEN, FOLDED = 10, 200
"""Rows of a list that show at once, and those that show when it is opened."""
LARGEST = 10
_FULL = 100


@dataclass(frozen=True, slots=True)
class Listing:
    """The first rows of a list, those that show when it is opened, and how many there are in all."""

    open: Sequence[Any]
    folded: Sequence[Any]
    number: int

    @property
    def left_out(self) -> int:
        """How many rows there is no room for."""
        return self.number - len(self.open) - len(self.folded)


@dataclass(frozen=True, slots=True)
class Card:
    """One of the figures at the head of the page. `tone` is "good", "bad", "unsure" or nothing."""

    label: str
    value: str
    note: str
    tone: str = ""


def list_rows(rows: Sequence[Any]) -> Listing:
    """Return `rows` as a list that is as long as a page may have it."""
    return Listing(rows[:OPEN], rows[OPEN : OPEN + FOLDED], len(rows))


def describe_report(report: Report) -> dict[str, Any]:
    """Return what the template shows of `report`, by the names it knows it by."""
    profile, diff, judgement = report.profile, report.diff, report.judgement
    failed = judgement.failed if judgement else ()
    return {
        "profile": profile,
        "cards": list(_cards(report)),
        "growth": describe_growth(profile, diff) if diff else "",
        "changes": list_rows([_change(delta) for delta in diff.largest]) if diff else None,
        "rule_titles": BUDGET_TITLES,
        "rules": [_rule(verdict) for verdict in worst_first(judgement.verdicts)] if judgement else [],
        "has_owners": any(verdict.owner for verdict in judgement.verdicts) if judgement else False,
        "failures": list_rows([describe_failure(verdict, report, OPEN) for verdict in failed]),
        "remarks": list_remarks(judgement) if judgement else [],
        "cuts": list_rows(_cuts(report)),
        "cuts_tokens": sum(cut.tokens for cut in report.cuts),
        "largest": _largest(report),
        "plan": _plan(report),
        "skipped": _skipped(profile.skipped),
        "unmatched": report.unmatched,
        "idle": [describe_idle(idle) for idle in report.idle],
    }


def _cards(report: Report) -> Iterable[Card]:
    profile, diff, judgement, plan = report.profile, report.diff, report.judgement, report.plan
    total = profile.total
    yield Card("Tokens", f"{total.tokens:,}", f"counted with {profile.encoding}")
    yield Card("Files", f"{total.files:,}", f"{format_bytes(total.bytes)} of text")
    if diff:
        change = total.tokens - diff.total.tokens
        share = f"{format_growth(diff.total.tokens, total.tokens)} " if change and diff.total.tokens else ""
        note = f"{share}since {name_moment(diff.before)}"
        yield Card("Change", f"{change:+,}" if change else "0", note)
    if judgement and judgement.verdicts:
        yield _budget_card(judgement.verdicts)
    if plan:
        room = plan.window - plan.reserve
        tone = "good" if total.tokens <= room else "bad"
        yield Card("Of the window", f"{format_percent(total.tokens, plan.window)}%", f"{plan.window:,} tokens", tone)
    if report.cuts:
        tokens = sum(cut.tokens for cut in report.cuts)
        yield Card("Could be left out", f"{format_percent(tokens, total.tokens)}%", plural(tokens, "token"))


def _budget_card(verdicts: Sequence[Verdict]) -> Card:
    failed = sum(verdict.status is Status.FAIL for verdict in verdicts)
    warned = sum(verdict.status in {Status.WARN, Status.INHERITED} for verdict in verdicts)
    if failed:
        return Card("Budget", "Over", f"{plural(failed, 'limit')} of {len(verdicts):,} exceeded", "bad")
    kept = plural(len(verdicts), "limit")
    if warned:
        return Card("Budget", "Within", f"{kept}, {plural(warned, 'warning')}", "unsure")
    return Card("Budget", "Within", f"{kept} kept", "good")


def _change(delta: Delta) -> dict[str, Any]:
    return {
        "path": delta.path,
        "from": delta.came_from,
        "files": delta.files,
        "kind": "new" if delta.kind is Kind.ADDED else delta.kind.value,
        "before": "" if delta.before is None else f"{delta.before:,}",
        "after": "" if delta.after is None else f"{delta.after:,}",
        "change": f"{delta.change:+,}" if delta.change else "0",
        "share": format_growth(delta.before, delta.after),
        "tone": (delta.change > 0) - (delta.change < 0),
    }


def _rule(verdict: Verdict) -> dict[str, Any]:
    status, *numbers, name = budget_cells(verdict)
    filled = min(_FULL * max(verdict.value, 0) // verdict.limit, _FULL) if verdict.limit else 0
    return {"status": status, "numbers": numbers, "name": name, "owner": verdict.owner or "", "filled": filled}


def _cuts(report: Report) -> list[dict[str, str]]:
    total = report.profile.total.tokens
    return [
        {
            "at": cut.at,
            "tokens": f"{cut.tokens:,}",
            "share": format_percent(cut.tokens, total),
            "reason": cut.reason.value,
            "evidence": cut.evidence,
        }
        for cut in report.cuts
    ]


def _largest(report: Report) -> list[tuple[str, str, str]]:
    total = report.profile.total.tokens
    files = largest_source(report.profile.files, report.cuts, LARGEST)
    return [(file.path, f"{file.tokens:,}", format_percent(file.tokens, total)) for file in files]


def _plan(report: Report) -> tuple[list[str], str] | None:
    """Return the sentences of the plan, and what it would put into the config file."""
    if report.plan is None:
        return None
    lines = describe_plan(report.profile, report.plan)
    at = lines.index("") if "" in lines else len(lines)
    return lines[:at], "\n".join(lines[at + 1 :])


def _skipped(skipped: Iterable[Skipped]) -> list[tuple[str, bool, Listing]]:
    """Return the reasons, gaps first and then the most frequent, each with whether it is a gap, and its files."""
    groups = sorted(group_by_reason(skipped), key=lambda group: not group[0].leaves_a_gap)
    return [(reason.words, reason.leaves_a_gap, Listing((), files[:FOLDED], len(files))) for reason, files in groups]
