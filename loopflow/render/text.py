"""The report for a terminal: the charts, and then the answer: the largest files, what was skipped, the total.

How a chart is drawn is in charts/text.py. Which columns those of changes and of files have is said here.
"""

from collections.abc import Iterator, Sequence

from loopflow.analysis.cuts import largest_source
from loopflow.analysis.names import escape_name
from loopflow.charts.columns import GROWTH_COLUMNS, OF_TOTAL, TOKENS, Row
from loopflow.charts.folding import fold, join_chains
from loopflow.charts.kinds import kind_rows
from loopflow.charts.numbers import format_bytes, format_percent, plural
from loopflow.charts.terminal import Glyphs, Terminal, measure, shorten, wrap
from loopflow.charts.text import draw_branches, draw_chart, draw_kinds, justify
from loopflow.charts.tree import draw_tree
from loopflow.model import NOT_CHECKED_OUT, Cut, Delta, Diff, Judgement, Report, Skipped, Status
from loopflow.render.failures import render_failures, render_remarks
from loopflow.render.formats import ChartOptions
from loopflow.render.hierarchy import WORDS, build_tree, type_nodes
from loopflow.render.sorting import group_by_reason
from loopflow.render.words import BUDGET_TITLES, budget_cells, describe_growth, describe_plan

CHANGE_COLUMNS = (*GROWTH_COLUMNS, TOKENS)
FILE_COLUMNS = (TOKENS, OF_TOTAL)

LONG_CHART = 50
TYPES = 10  # on a terminal, where more are one row
LARGEST = 10
EXAMPLES = 3
CUTS = 5
_SCREENS = 2
_AROUND = 4  # lines of the chart that are no rows, and the prompt
_LEAST_ROWS = 12


def render_text(report: Report, terminal: Terminal, options: ChartOptions) -> Iterator[str]:
    """Yield the lines of both charts and of the summary, without line ends."""
    rest = list(_render_rest(report, terminal, options))
    yield from _render_tree(report, terminal, options, len(rest))
    yield from rest


def _render_tree(report: Report, terminal: Terminal, options: ChartOptions, others: int) -> Iterator[str]:
    """Yield the chart of directories; on a terminal, folded so that with all other lines it is two screens long."""
    diff = report.diff
    tree = join_chains(build_tree(report.profile, diff, depth=options.depth, files=options.files))
    left_out = 0
    if _is_folded(terminal, options) and terminal.height:
        tree, left_out = fold(tree, max(_SCREENS * terminal.height - others - _AROUND, _LEAST_ROWS))
    rows = list(draw_tree(tree, terminal.glyphs))
    yield from draw_branches(rows, WORDS, terminal, is_compared=diff is not None)
    if left_out:
        yield terminal.palette.dim(f"{left_out:,} smaller rows are folded; -v or --depth N shows them")
    elif len(rows) > LONG_CHART and options.depth is None:
        yield terminal.palette.dim(f"{len(rows):,} rows; --depth 2 shows the upper levels only")
    yield ""


def _is_folded(terminal: Terminal, options: ChartOptions) -> bool:
    return terminal.height is not None and options.depth is None and not options.verbose


def _render_rest(report: Report, terminal: Terminal, options: ChartOptions) -> Iterator[str]:
    """Yield what comes after the chart of directories."""
    profile, diff, palette = report.profile, report.diff, terminal.palette
    top = TYPES if options.top is None and _is_folded(terminal, options) else options.top
    kinds = type_nodes(profile, diff)
    types = kind_rows(
        kinds, profile.total.tokens, WORDS, top if top is not None and len(kinds) > top + 1 else options.top
    )
    yield from draw_kinds(types, WORDS, terminal, is_compared=diff is not None)
    yield ""
    if diff:
        yield from _changes(diff, terminal, LARGEST if options.top is None else options.top)
    yield from _summary(report, terminal, options)
    if report.plan:
        yield ""
        yield from describe_plan(profile, report.plan)
    if diff:
        yield describe_growth(profile, diff)
    if report.judgement and report.judgement.verdicts:
        yield ""
        yield palette.bold("Budget")
        yield from _budget(report, report.judgement, terminal)
    if report.judgement and not report.judgement.failed:
        yield from render_remarks(report.judgement)


def _changes(diff: Diff, terminal: Terminal, top: int) -> Iterator[str]:
    if not diff.largest or not top:
        return
    yield terminal.palette.bold("Largest changes")
    rows = [("", _change_row(delta)) for delta in diff.largest[:top]]
    yield from draw_chart(rows, CHANGE_COLUMNS, terminal, bars=False)
    if len(diff.largest) > top:
        yield terminal.palette.dim(f"and {len(diff.largest) - top:,} more; --top {len(diff.largest)} shows them all")
    yield ""


def _change_row(delta: Delta) -> Row:
    name = escape_name(delta.path)
    if delta.came_from is not None:
        files = f", {plural(delta.files, 'file')}" if delta.files > 1 else ""
        name += f" (moved from {escape_name(delta.came_from)}{files})"
    return Row(name, delta.after or 0, 0, before=delta.before, is_gone=delta.after is None)


def _budget(report: Report, judgement: Judgement, terminal: Terminal) -> Iterator[str]:
    palette = terminal.palette
    cells = [budget_cells(verdict) for verdict in judgement.verdicts]
    widths = [max(len(row[at]) for row in (BUDGET_TITLES, *cells)) for at in range(len(BUDGET_TITLES) - 1)]
    yield palette.dim(justify(BUDGET_TITLES[:-1], widths) + BUDGET_TITLES[-1])
    for verdict, row in zip(judgement.verdicts, cells, strict=True):
        style = palette.warning if verdict.status is not Status.OK else str
        yield style(justify(row[:-1], widths)) + row[-1]
    if judgement.failed:
        yield ""
    yield from render_failures(report, terminal)


def _file_rows(report: Report, top: int) -> Iterator[Row]:
    for file in largest_source(report.profile.files, report.cuts, top):
        yield Row(escape_name(file.path), file.tokens, report.profile.total.tokens)


def _summary(report: Report, terminal: Terminal, options: ChartOptions) -> Iterator[str]:
    profile, palette, total = report.profile, terminal.palette, report.profile.total
    largest = [("", row) for row in _file_rows(report, LARGEST if options.top is None else options.top)]
    if largest:
        yield palette.bold("Largest source files" if report.cuts else "Largest files")
        yield from draw_chart(largest, FILE_COLUMNS, terminal, bars=False)
        yield ""
    if report.cuts and (options.cuts or options.top != 0):
        yield palette.bold("Could be left out")
        yield from _cuts(report, terminal, None if options.cuts else CUTS)
        yield ""
    if profile.skipped:
        yield palette.bold("Skipped")
        yield from _skipped(profile.skipped, terminal, verbose=options.verbose)
        yield ""
    files = f"{plural(total.files, 'file')}, {format_bytes(total.bytes)}, {profile.encoding}"
    yield palette.bold(f"Total: {plural(total.tokens, 'token')}") + f" in {files}"
    if profile.gaps:
        yield palette.warning(f"Incomplete: {plural(len(profile.gaps), 'file')} could not be counted")


def _cuts(report: Report, terminal: Terminal, number: int | None) -> Iterator[str]:
    total, cuts = report.profile.total.tokens, report.cuts
    shown = cuts[:number]
    titles = ("tokens", "% total", "reason")
    cells = [(f"{cut.tokens:,}", format_percent(cut.tokens, total), cut.reason.value) for cut in shown]
    widths = [max(len(row[at]) for row in (titles, *cells)) for at in range(len(titles))]
    yield terminal.palette.dim(justify(titles, widths).rstrip())
    left = sum(width + 2 for width in widths)
    for cut, row in zip(shown, cells, strict=True):
        first, *more_lines = _name_with_evidence(cut, terminal.width and terminal.width - left, terminal.glyphs)
        yield justify(row, widths) + first
        yield from (" " * left + line for line in more_lines)
    tokens = sum(cut.tokens for cut in cuts)
    more = f"; --cuts shows {len(cuts) - len(shown):,} more" if len(cuts) > len(shown) else ""
    share = format_percent(tokens, total)
    yield f"{plural(tokens, 'token')} ({share}%) in all, {total - tokens:,} would remain{more}"


def _name_with_evidence(cut: Cut, room: int | None, glyphs: Glyphs) -> list[str]:
    """Return what could be left out and what says so: on one line, or what says so below it, whole."""
    name, evidence = escape_name(cut.at), escape_name(cut.evidence)
    if room is None or measure(f"{name}  {evidence}") <= room:
        return [f"{name}  {evidence}"]
    return [shorten(name, room, glyphs), *wrap(evidence, room, glyphs)]


def _skipped(skipped: Sequence[Skipped], terminal: Terminal, *, verbose: bool) -> Iterator[str]:
    """Yield the reasons, the most frequent first, with examples; all of them for a gap, or when `verbose`."""
    groups = group_by_reason(skipped)
    width = max(len(f"{len(group):,}") for _, group in groups)
    for reason, group in groups:
        count = f"{len(group):,}".rjust(width)
        if verbose or reason.leaves_a_gap:
            yield f"{count}  {reason.words}"
            yield from (f"{'':{width}}    {_name_with_detail(skip)}" for skip in group)
        else:
            left_out = sum(skip.detail == NOT_CHECKED_OUT for skip in group)
            head = f"{count}  {reason.words}{f', {left_out:,} of them not checked out' if left_out else ''}  "
            yield head + _examples([escape_name(skip.path) for skip in group], terminal, len(head))


def _examples(names: Sequence[str], terminal: Terminal, left: int) -> str:
    """Return the first few names, as many as fit on the line after `left` columns, but one at least."""
    room = terminal.width and terminal.width - left
    for number in range(min(EXAMPLES, len(names)), 0, -1):
        more = f", {terminal.glyphs.ellipsis}" if number < len(names) else ""
        text = ", ".join(names[:number]) + more
        if shorten(text, room, terminal.glyphs) == text:
            return text
    return shorten(names[0], room, terminal.glyphs)


def _name_with_detail(skip: Skipped) -> str:
    detail = f" ({escape_name(skip.detail)})" if skip.detail else ""
    return escape_name(skip.path) + detail
