"""The report as Markdown, for the summary of a CI job or a comment on a change.

What a reviewer has to know first stands open: the verdict and the total in one line, what was read, and ten rows, those
that changed most or else the largest directories. All else is folded. GitHub takes a comment of 65,536 characters and a
summary of 1 MiB, so the report keeps below the first, however large the codebase: every list is as long as it may be
for that, and says what it leaves out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from loopflow.analysis.cuts import largest_source
from loopflow.analysis.names import escape_name, shorten_ids
from loopflow.charts.columns import Row
from loopflow.charts.folding import fold as fold_tree
from loopflow.charts.kinds import kind_rows
from loopflow.charts.numbers import format_bytes, format_growth, format_percent, plural
from loopflow.charts.terminal import Glyphs
from loopflow.charts.tree import Tree, draw_tree
from loopflow.model import Delta, Diff, Judgement, Kind, Profile, Report, Revision, Status, Verdict
from loopflow.render.failures import describe_failure, list_remarks
from loopflow.render.hierarchy import WORDS, build_tree, type_nodes
from loopflow.render.markdown_text import Column, block, code, fold, shorten_name, table
from loopflow.render.sorting import group_by_reason, worst_first
from loopflow.render.words import BUDGET_TITLES, budget_cells, describe_origin, describe_plan, name_moment

LONGEST = 60_000
"""Characters of the whole report."""

# Blanks that a browser does not run together.
GLYPHS = Glyphs(branch="├\xa0", last="└\xa0", line="│\xa0", gap="\xa0\xa0", ellipsis="…", is_fine=True)
_MARKS = {Status.OK: "✅", Status.WARN: "⚠️", Status.INHERITED: "⚠️", Status.FAIL: "❌"}
_BAR_CELLS = 10
_OPEN = 10
_LARGEST = 10
_EXAMPLES = 3
_LONGEST_LINE = 300


@dataclass(frozen=True, slots=True)
class Room:
    """How many rows there is room for: in tables that show first, in the others, in the chart by directory."""

    open: int
    folded: int
    chart: int


# Tried one after the other until the whole is short enough.
ROOMS = (Room(25, 50, 300), Room(20, 40, 150), Room(15, 20, 60), Room(10, 10, 20), Room(3, 3, 5))

_NUMBERS = [Column(title, is_number=True) for title in ("Tokens", "% total", "Files")]
_GROWTH = [Column(title, is_number=True) for title in ("Before", "Change", "% change")]
_BAR = Column("")


def render_markdown(report: Report) -> Iterator[str]:
    """Yield the document."""
    root = build_tree(report.profile, report.diff)
    text = ""
    for room in ROOMS:
        text = "\n".join(_lines(report, root, room)) + "\n"
        if len(text) <= LONGEST:
            break
    yield text


def _lines(report: Report, root: Tree, room: Room) -> Iterator[str]:
    profile, diff, judgement = report.profile, report.diff, report.judgement
    yield f"### {_headline(report)}"
    yield ""
    yield from _about(report)
    yield from _gaps(profile)
    yield from _open_rows(profile, diff, min(room.open, _OPEN))
    if judgement:
        yield from _failures(report, judgement, room)
        yield from _rules(judgement, room)
    if diff:
        yield from _changes(diff, room)
    yield from _charts(report, root, room)
    yield from _rest(report, room)


def _headline(report: Report) -> str:
    """Return the verdict, the total, and the growth."""
    total, diff = report.profile.total, report.diff
    parts = [_verdict(report.judgement), plural(total.tokens, "token")]
    if diff:
        change = total.tokens - diff.total.tokens
        share = f" ({format_growth(diff.total.tokens, total.tokens)})" if change and diff.total.tokens else ""
        parts.append(f"{f'{change:+,}' if change else 'no change'}{share} since {name_moment(diff.before, _name)}")
    return " · ".join(part for part in parts if part)


def _verdict(judgement: Judgement | None) -> str:
    if judgement is None:
        return ""
    if judgement.failed:
        return f"❌ Over budget: {plural(len(judgement.failed), 'limit')} exceeded"
    warnings = sum(verdict.status is not Status.OK for verdict in judgement.verdicts)
    if warnings:
        return f"⚠️ Within budget, {plural(warnings, 'warning')}"
    return "✅ Within budget" if judgement.verdicts else "No budget is set"


def _about(report: Report) -> Iterator[str]:
    """Yield where the report comes from, and how much it is about."""
    profile, origin = report.profile, report.origin
    if origin:
        said = [
            words + (" " if words and name else "") + (_name(name) if name else "")
            for words, name in describe_origin(origin, profile.source)
        ]
        yield " · ".join([f"**{_name(origin.repository)}**", *said])
        yield ""
    where = {"worktree": "in the work tree", "index": "staged"}.get(profile.source.kind, "")
    if isinstance(profile.source, Revision):
        where = f"in {_name(shorten_ids(profile.source.revision))}"
    was = f", {report.diff.total.tokens:,} tokens before" if report.diff else ""
    files = plural(profile.total.files, "file") + (f" {where}" if origin is None else "")
    yield f"{files}, {format_bytes(profile.total.bytes)}, {profile.encoding}{was}."


def _gaps(profile: Profile) -> Iterator[str]:
    if gaps := profile.gaps:
        yield ""
        named = ", ".join(_name(gap.path) for gap in gaps[:_EXAMPLES])
        more = f" and {len(gaps) - _EXAMPLES:,} more" if len(gaps) > _EXAMPLES else ""
        yield f"⚠️ **Incomplete:** {plural(len(gaps), 'file')} could not be counted: {named}{more}."


def _open_rows(profile: Profile, diff: Diff | None, most: int) -> Iterator[str]:
    """Yield what a reviewer looks at first: what changed most, else the largest directories."""
    if diff and diff.largest:
        yield from _titled("Largest changes", len(diff.largest), most)
        yield from _change_table(diff.largest[:most])
        return
    directories = [stats for stats in profile.directories if stats.path != "."]
    largest = sorted(directories, key=lambda stats: -stats.tokens)[:most]  # equal ones stay depth-first
    if largest:
        rows = [
            (
                f"{stats.tokens:,}",
                format_percent(stats.tokens, profile.total.tokens),
                f"{stats.files:,}",
                _path(stats.path, "/"),
            )
            for stats in largest
        ]
        yield from _titled("Largest directories", len(directories), most)
        yield from table([*_NUMBERS, Column("Path")], rows)


def _titled(title: str, number: int, most: int) -> Iterator[str]:
    yield ""
    yield f"**{title}** ({f'{most:,} of ' if number > most else ''}{number:,})"
    yield ""


def _rules(judgement: Judgement, room: Room) -> Iterator[str]:
    """Yield the verdicts, the worst first."""
    verdicts = worst_first(judgement.verdicts)
    if verdicts:
        titles = [title.capitalize() for title in BUDGET_TITLES]
        columns = [Column(title, is_number=title not in {titles[0], titles[-1]}) for title in titles]
        rows = table(columns, map(_rule_cells, verdicts[: room.open]))
        yield from fold(f"Budget: {plural(len(verdicts), 'limit')}", [*rows, *_more(len(verdicts) - room.open)])


def _rule_cells(verdict: Verdict) -> Sequence[str]:
    status, *numbers, name = budget_cells(verdict)
    return f"{_MARKS[verdict.status]} {status}", *numbers, code(_shorten(name))


def _failures(report: Report, judgement: Judgement, room: Room) -> Iterator[str]:
    """Yield what failed and what to do about it, and what is to be said beside the verdicts."""
    lines: list[str] = []
    for verdict in judgement.failed[: room.open]:
        first, *rest = describe_failure(verdict, report, room.open)
        lines += [first, *(f"  {line}" for line in rest), ""]
    remarks = list_remarks(judgement)
    lines += remarks[: room.folded]
    if lines:
        shown = block([_shorten(line) for line in (lines if lines[-1] else lines[:-1])])
        more = max(len(judgement.failed) - room.open, 0) + max(len(remarks) - room.folded, 0)
        if judgement.failed:  # what the reader came for
            yield ""
            yield from [*shown, *_more(more)]
        else:
            yield from fold("What this change does to the budget", [*shown, *_more(more)])


def _changes(diff: Diff, room: Room) -> Iterator[str]:
    """Yield the files that changed and do not stand open, then the directories; the largest changes first."""
    first = min(room.open, _OPEN)
    directories = [delta for delta in diff.directories if delta.path != "." and delta.kind is not Kind.SAME]
    directories.sort(key=lambda delta: -abs(delta.change))  # equal ones stay depth-first
    for title, deltas, end in (("More changes", diff.largest[first:], ""), ("Changed directories", directories, "/")):
        if deltas:
            rows = _change_table(deltas[: room.open], end)
            yield from fold(f"{title}: {len(deltas):,}", [*rows, *_more(len(deltas) - room.open)])


def _change_table(deltas: Sequence[Delta], end: str = "") -> list[str]:
    columns = [*_GROWTH, Column("Now", is_number=True), Column("Path")]
    return table(columns, [_change(delta, end) for delta in deltas])


def _change(delta: Delta, end: str) -> Sequence[str]:
    came_from = f" from {_name(delta.came_from)}" if delta.came_from is not None else ""
    files = f", {plural(delta.files, 'file')}" if delta.files > 1 else ""
    moved = f" (moved{came_from}{files})" if came_from else ""
    now = "" if delta.after is None else f"{delta.after:,}"
    return *_growth_cells(delta.before, delta.after), now, _path(delta.path, end) + moved


def _growth_cells(before: int | None, after: int | None) -> Sequence[str]:
    change = (after or 0) - (before or 0)
    was = "" if before is None else f"{before:,}"
    return was, f"{change:+,}" if change else "0", format_growth(before, after)


def _charts(report: Report, root: Tree, room: Room) -> Iterator[str]:
    profile, diff = report.profile, report.diff
    more = _GROWTH if diff else [_BAR]
    kept, left_out = fold_tree(root, room.chart)
    directories = [_chart_row(row, branch, diff, has_parent=True) for branch, row in draw_tree(kept, GLYPHS)]
    columns = [_NUMBERS[0], Column("% parent", is_number=True), *_NUMBERS[1:], *more, Column("Directory")]
    note = f", without {left_out:,} smaller rows" if left_out else ""
    yield from fold(f"{WORDS.by_branch}{note}", table(columns, directories))
    number = len(diff.types if diff else profile.types)  # those that are gone among them
    top = room.folded if number > room.folded else None
    rows = kind_rows(type_nodes(profile, diff), profile.total.tokens, WORDS, top)
    types = [_chart_row(row, "", diff, has_parent=False) for row in rows]
    yield from fold(WORDS.by_kind, table([*_NUMBERS, *more, Column("Type")], types))


def _chart_row(row: Row, branch: str, diff: Diff | None, *, has_parent: bool) -> Sequence[str]:
    """Return the cells of a row: there is room for what was before, or else for a bar."""
    of_parent = [format_percent(row.tokens, row.parent_tokens)] if has_parent else []
    bar = GLYPHS.bar(row.tokens, row.total_tokens, _BAR_CELLS).rstrip()
    more = _growth_cells(row.before, None if row.is_gone else row.tokens) if diff else (bar,)
    of_total = format_percent(row.tokens, row.total_tokens)
    return f"{row.tokens:,}", *of_parent, of_total, f"{row.items:,}", *more, code(branch + shorten_name(row.name))


def _rest(report: Report, room: Room) -> Iterator[str]:
    profile, total = report.profile, report.profile.total.tokens
    largest = largest_source(profile.files, report.cuts, _LARGEST)
    if largest:
        rows = [(f"{file.tokens:,}", format_percent(file.tokens, total), _name(file.path)) for file in largest]
        title = "Largest source files" if report.cuts else "Largest files"
        yield from fold(title, table([*_NUMBERS[:2], Column("File")], rows))
    if report.cuts:
        yield from _cuts(report, room)
    if report.plan:
        lines = "\n".join(describe_plan(profile, report.plan)).split("\n")
        shown = [_shorten(line) for line in lines[: room.folded]]
        yield from fold("What fits a window", [*block(shown), *_more(len(lines) - room.folded)])
    if profile.skipped:
        yield from _skipped(profile)


def _cuts(report: Report, room: Room) -> Iterator[str]:
    cuts, total = report.cuts, report.profile.total.tokens
    tokens = sum(cut.tokens for cut in cuts)
    rows = [
        (
            f"{cut.tokens:,}",
            format_percent(cut.tokens, total),
            cut.reason.value,
            _name(cut.at),
            code(_shorten(escape_name(cut.evidence))) if cut.evidence else "",
        )
        for cut in cuts[: room.folded]
    ]
    columns = [*_NUMBERS[:2], *map(Column, ("Reason", "Path", "Evidence"))]
    title = f"Could be left out: {plural(tokens, 'token')} ({format_percent(tokens, total)}%)"
    yield from fold(title, [*table(columns, rows), *_more(len(cuts) - room.folded)])


def _skipped(profile: Profile) -> Iterator[str]:
    rows = []
    for reason, group in group_by_reason(profile.skipped):
        names = ", ".join(_name(skip.path) for skip in group[:_EXAMPLES])
        rows.append((f"{len(group):,}", reason.words, names + (", …" if len(group) > _EXAMPLES else "")))
    columns = [_NUMBERS[2], Column("Reason"), Column("For example")]
    yield from fold(f"Skipped: {plural(len(profile.skipped), 'file')}", table(columns, rows))


def _path(path: str, end: str) -> str:
    return code(shorten_name(escape_name(path)) + end)


def _more(number: int) -> list[str]:
    return ["", f"and {number:,} more"] if number > 0 else []


def _name(name: str) -> str:
    return code(escape_name(shorten_name(name)))


def _shorten(line: str) -> str:
    return line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}…"
