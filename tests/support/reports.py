"""Whole reports for tests of what is shown: compared, and judged by the one place that judges."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from hypothesis import strategies as st

from loopflow.analysis.budget import Case, Matcher, judge
from loopflow.analysis.diff import compare_profile as compare_profiles
from loopflow.analysis.filetype import file_type
from loopflow.analysis.names import escape_name
from loopflow.model import (
    Allowance,
    Before,
    Change,
    Cut,
    CutReason,
    FileTokens,
    Idle,
    Origin,
    Place,
    Plan,
    PlanLine,
    Reason,
    Report,
    Revision,
    Rule,
    Skipped,
    Start,
)
from tests.support.profiles import make_profile

START = "origin/main"
ANY_NAME = st.text(st.characters(exclude_categories=["Cs"]) | st.characters(min_codepoint=0xDC80, max_codepoint=0xDCFF))
"""Whatever a file, an owner or a rule could be called, and the empty name."""


def make_compared(
    tokens: Mapping[str, int],
    was: Mapping[str, int],
    *,
    moves: Mapping[str, str] | None = None,
    start: str = START,
    skipped: Iterable[Skipped] = (),
) -> Report:
    """Return the report on files that had other tokens at `start`; `moves` says where content was, by where it is."""
    profile = make_profile(tokens, skipped)
    before = Before("revision", start, {path: _file(path, count) for path, count in was.items()}, moves or {})
    return Report(profile, diff=compare_profiles(profile, before))


def judged(report: Report, rules: Sequence[Rule], *, remarks: Sequence[str] = ()) -> Report:
    """Return the report with the verdicts of rules, whose paths are prefixes."""
    diff = report.diff
    case = Case(report.profile.files, [diff.before] if diff else [], (), diff.files if diff else ())
    judgement = judge(rules, case, match)
    start = Start(diff.before.name, ("1" * 40,), Change.BRANCH) if diff else None
    return replace(report, judgement=replace(judgement, start=start, remarks=tuple(remarks)))


def match(rule: Rule) -> Matcher:
    """Take paths for prefixes: what patterns match is tested with the patterns."""
    return lambda path, kind: (not rule.types or kind in rule.types) and path.startswith(rule.paths or ("",))


def placed(rule: Rule, line: int = 1, file: str = "loopflow.toml") -> Rule:
    """Return the rule as if its limits were written from that line on."""
    places = {scope: Place(file, line + at) for at, scope in enumerate(("total", "file", "growth"))}
    return replace(rule, places=places)


def make_everywhere(name: str, other: str = "other") -> Report:
    """Return a report with `name` wherever one can be: of files, rules, revisions, owners, patterns, evidence."""
    tokens = {name: 90, f"d/{name}": 5, f"{name}/{other}": 7, f"{other}.x": 3}
    report = make_compared(
        tokens, {f"gone/{name}": 4, f"d/{name}": 1}, start=name, skipped=[Skipped(name, Reason.UNREADABLE, name)]
    )
    rules = [placed(Rule(name, total=1, file=1, growth=Allowance(1)), 1, name), Rule("no", paths=("never/",), total=1)]
    report = judged(report, rules, remarks=[f"about {escape_name(name)}"])
    assert report.judgement is not None
    verdicts = tuple(replace(verdict, owner=name) for verdict in report.judgement.verdicts)
    return replace(
        report,
        profile=replace(report.profile, source=Revision(name)),
        judgement=replace(report.judgement, verdicts=verdicts, start=Start(name, ("1" * 40,), Change.BRANCH)),
        cuts=(Cut(CutReason.LOCK, name, (name,), 3, name),),
        plan=Plan(10, 0, (PlanLine(name, 3, "lock file"),), 5, fits=True),
        idle=(Idle(f"{escape_name(name)}:1: exclude", (name, other), "correct it there, or remove it"),),
        origin=Origin(name, date(2026, 11, 27), "1a2b3c4" + 33 * "d", name),
    )


def _file(path: str, tokens: int) -> FileTokens:
    return FileTokens(path, file_type(path), tokens, 4 * tokens, "")
