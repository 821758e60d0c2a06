"""The charts for a terminal.

A chart is a list of rows and a list of columns: to change what is shown, change `DIRECTORY_COLUMNS`, `TYPE_COLUMNS` or
`FILE_COLUMNS`; to change which rows there are, the function that makes them. Numbers come first and names last, so that
deep trees and long names never push a number out of its column. The answer stands at the end: the largest files, what
was skipped, the total.
"""

from collections.abc import Iterator, Sequence

from loopflow.analysis.cuts import largest_source
from loopflow.analysis.names import escape_name
from loopflow.charts.numbers import format_bytes, format_percent, plural
from loopflow.charts.terminal import Glyphs, Terminal, measure, shorten
from loopflow.model import Cut, Delta, Diff, Judgement, Report, Skipped, Status
from loopflow.render.failures import render_failures, render_remarks
from loopflow.render.formats import ChartOptions
from loopflow.render.rows import FILES, GROWTH_COLUMNS, OF_PARENT, OF_TOTAL, TOKENS, Column, group_by_reason, type_rows
from loopflow.render.tree import Row, build_tree, draw_tree
from loopflow.render.words import BUDGET_TITLES, budget_cells, describe_growth, describe_plan

DIRECTORY_COLUMNS = (TOKENS, OF_PARENT, OF_TOTAL, FILES)
TYPE_COLUMNS = (TOKENS, OF_TOTAL, FILES)
FILE_COLUMNS = (TOKENS, OF_TOTAL)

BAR_CELLS = 10
LONG_CHART = 50
LARGEST = 10
EXAMPLES = 3
CUTS = 5
_ROOM_FOR_NAMES = 24
_LEAST_EVIDENCE = 16
_LEAST_NAME = 10
_ROOM_FOR_ALL = 110


def render_text(report: Report, terminal: Terminal, options: ChartOptions) -> Iterator[str]:
    """Yield the lines of both charts and of the summary, without line ends."""
    profile, diff, palette = report.profile, report.diff, terminal.palette
    tree = list(draw_tree(build_tree(profile, diff, depth=options.depth, files=options.files), terminal.glyphs))
    yield palette.bold("By directory")
    yield from _chart(tree, _columns(DIRECTORY_COLUMNS, diff, terminal), terminal)
    if len(tree) > LONG_CHART and options.depth is None:
        yield palette.dim(f"{len(tree):,} rows; --depth 2 shows the upper levels only")
    yield ""
    yield palette.bold("By file type")
    types = [("", row) for row in type_rows(profile, diff, options.top)]
    yield from _chart(types, _columns(TYPE_COLUMNS, diff, terminal), terminal)
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


def _columns(columns: Sequence[Column], diff: Diff | None, terminal: Terminal) -> Sequence[Column]:
    """Return the columns of a chart; those of growth take the place of the less important where there is no room."""
    if diff is None:
        return columns
    rest = [column for column in columns if column is not TOKENS]
    if terminal.width is not None and terminal.width < _ROOM_FOR_ALL:
        rest = [OF_TOTAL]
    return (TOKENS, *GROWTH_COLUMNS, *rest)


def _changes(diff: Diff, terminal: Terminal, top: int) -> Iterator[str]:
    if not diff.largest or not top:
        return
    yield terminal.palette.bold("Largest changes")
    rows = [("", _change_row(delta)) for delta in diff.largest[:top]]
    yield from _chart(rows, (*GROWTH_COLUMNS, TOKENS), terminal, bars=False)
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
    yield palette.dim(_justify(BUDGET_TITLES[:-1], widths) + BUDGET_TITLES[-1])
    for verdict, row in zip(judgement.verdicts, cells, strict=True):
        style = palette.warning if verdict.status is not Status.OK else str
        yield style(_justify(row[:-1], widths)) + row[-1]
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
        yield from _chart(largest, FILE_COLUMNS, terminal, bars=False)
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
    yield terminal.palette.dim(_justify(titles, widths).rstrip())
    room = terminal.width and terminal.width - sum(width + 2 for width in widths)
    for cut, row in zip(shown, cells, strict=True):
        yield _justify(row, widths) + _with_evidence(cut, room, terminal.glyphs)
    tokens = sum(cut.tokens for cut in cuts)
    more = f"; --cuts shows {len(cuts) - len(shown):,} more" if len(cuts) > len(shown) else ""
    share = format_percent(tokens, total)
    yield f"{plural(tokens, 'token')} ({share}%) in all, {total - tokens:,} would remain{more}"


def _with_evidence(cut: Cut, room: int | None, glyphs: Glyphs) -> str:
    """Return what could be left out, and what says so: shortened, or left out where that would say nothing."""
    name, evidence = shorten(escape_name(cut.at), room, glyphs), escape_name(cut.evidence)
    padded = shorten(f"{name}  {evidence}", room, glyphs)
    if room is None or padded == f"{name}  {evidence}":
        return padded
    left = room - measure(name) - 2
    return f"{name}  {shorten(evidence, left, glyphs)}" if left >= _LEAST_EVIDENCE else name


def _chart(
    rows: Sequence[tuple[str, Row]], columns: Sequence[Column], terminal: Terminal, *, bars: bool = True
) -> Iterator[str]:
    """Yield a header and a line for each row: the columns, a bar where there is room, the branch and the name."""
    cells = [[column.cell(row) for column in columns] for _, row in rows]
    widths = [max([len(column.title), *(len(texts[at]) for texts in cells)]) for at, column in enumerate(columns)]
    left = sum(width + 2 for width in widths)
    has_bars = bars and (terminal.width is None or terminal.width >= left + BAR_CELLS + 2 + _ROOM_FOR_NAMES)
    left += BAR_CELLS + 2 if has_bars else 0
    palette, glyphs = terminal.palette, terminal.glyphs
    yield palette.dim(_justify([column.title for column in columns], widths).rstrip())
    for (branch, row), texts in zip(rows, cells, strict=True):
        bar = palette.bar(glyphs.bar(row.tokens, row.total_tokens, BAR_CELLS)) + "  " if has_bars else ""
        drawn = _shorten_branch(branch, terminal.width and terminal.width - left - _LEAST_NAME, glyphs)
        name = shorten(row.name, terminal.width and terminal.width - left - len(drawn), glyphs)
        shown = palette.directory(name) if row.is_directory else name
        yield f"{_justify(texts, widths)}{bar}{palette.dim(drawn)}{shown}"


def _shorten_branch(branch: str, room: int | None, glyphs: Glyphs) -> str:
    """Leave out the beginning of a branch, deep in a tree, that would push the name over the edge."""
    if room is None or len(branch) <= room:
        return branch
    return glyphs.ellipsis + branch[-max(room - 1, len(glyphs.last)) :]


def _justify(texts: Sequence[str], widths: Sequence[int]) -> str:
    return "".join(text.rjust(width) + "  " for text, width in zip(texts, widths, strict=True))


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
            head = f"{count}  {reason.words}  "
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
