"""Uses and reports for a terminal."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from loopflow.analysis.names import escape_name
from loopflow.charts.columns import OF_TOTAL, TOKENS, Row, items_column
from loopflow.charts.folding import fold
from loopflow.charts.kinds import kind_rows
from loopflow.charts.terminal import Palette, Terminal, measure, shorten, wrap
from loopflow.charts.text import draw_branches, draw_chart, draw_kinds, justify
from loopflow.charts.tree import arrange, draw_tree
from loopflow.usage.alerts import Told
from loopflow.usage.events import Rows
from loopflow.usage.model import Level, Use
from loopflow.usage.render.hierarchy import UNNAMED, build_hierarchy, list_models, make_words
from loopflow.usage.render.words import describe_numbers, describe_scope, describe_totals, describe_use, title_report
from loopflow.usage.reporting import TIMES, Report

_ROWS: Final = 100
_MODELS: Final = 10
_BAR: Final = 60
_WIDTH: Final = 100


def render_uses(uses: Sequence[Use], now: datetime, palette: Palette) -> Iterator[str]:
    """Yield a line for each budget, without line ends."""
    for use in uses:
        yield f"{describe_use(use, now)}: {paint(use.level, palette)}"


def paint(level: Level, palette: Palette) -> str:
    """Return a level as a word that stands out where it should."""
    if level is Level.OK:
        return level.word
    return palette.change(level.word, 1) if level is Level.CRITICAL else palette.warning(level.word)


def render_report(report: Report, now: datetime, terminal: Terminal) -> Iterator[str]:
    """Yield the lines of a report, without line ends."""
    palette, total = terminal.palette, report.total
    yield palette.bold(title_report(report, now))
    yield ""
    if total.exact.entries:
        yield from _render_charts(report, terminal)
    if report.uses:
        yield palette.bold("Budgets")
        yield from render_uses(report.uses, now, palette)
        yield ""
    if total.exact.entries or not total.estimated.entries:
        yield palette.bold("Total: ") + describe_totals(total.exact)
    if total.estimated.entries:
        yield palette.bold("Estimated, and not added up with that: about ") + describe_totals(total.estimated)


def _render_charts(report: Report, terminal: Terminal) -> Iterator[str]:
    words, total = make_words(report), report.total.exact
    times = [name for name in report.by if name in TIMES]
    if times:
        yield from _render_times(report, times[0], terminal)
        yield ""
    if others := [name for name in report.by if name not in times]:
        root = build_hierarchy(_without(report, others), "all")
        if root.children and others != ["model"]:
            tree, left_out = fold(arrange(root, words), _ROWS)
            words = make_words(_without(report, others))
            yield from draw_branches(list(draw_tree(tree, terminal.glyphs)), words, terminal)
            if left_out:
                yield terminal.palette.dim(f"{left_out:,} smaller rows are folded; --format json has them")
            yield ""
    models = list_models(report)
    if [model.label for model in models] != [UNNAMED]:
        yield from draw_kinds(kind_rows(models, total.used, words, _MODELS), words, terminal)
        yield ""


def _without(report: Report, by: Sequence[str]) -> Report:
    return Report(report.period, report.timezone, report.environment, tuple(by), report.groups, report.names)


def _render_times(report: Report, time: str, terminal: Terminal) -> Iterator[str]:
    """Yield the chart over time, in its order."""
    total = report.total.exact.used
    lines = [line for line in report.lines((time,)) if line.sums.exact.entries]
    rows = [
        ("", Row(escape_name(line.values[0]), line.sums.exact.used, total, line.sums.exact.entries)) for line in lines
    ]
    yield terminal.palette.bold(f"By {time}")
    yield from draw_chart(rows, (TOKENS, OF_TOTAL, items_column(make_words(report))), terminal)


def render_budgets(uses: Sequence[Use], terminal: Terminal) -> Iterator[str]:
    """Yield a row for each budget: what it allows, of what, and where it is set."""
    rows = [_budget_row(use) for use in uses]
    titles = ("tokens", "period", "warning", "critical", "level")
    widths = [max([len(title), *(len(row[at]) for row in rows)]) for at, title in enumerate(titles)]
    if rows:
        yield terminal.palette.dim(f"{justify(titles, widths)}budget")
    for use, row in zip(uses, rows, strict=True):
        place = f", in {use.budget.place}" if use.budget.place else ""
        scope = describe_scope(use.budget)
        yield f"{justify(row, widths)}{terminal.palette.branch(escape_name(use.budget.name))}{scope}{place}"


def _budget_row(use: Use) -> tuple[str, ...]:
    budget = use.budget
    shares = (f"{float(share * 100):g} %" for share in (budget.warning, budget.critical))
    return f"{budget.tokens:,}", budget.period.value, *shares, use.level.word


def render_rows(found: Rows) -> Iterator[str]:
    """Yield what a query answered, as columns."""
    texts = [[escape_name("" if value is None else str(value)) for value in row] for row in found.rows]
    widths = [
        max([measure(escape_name(name)), *(measure(row[at]) for row in texts)]) for at, name in enumerate(found.columns)
    ]
    for row in ([escape_name(name) for name in found.columns], *texts):
        padded = [text + " " * (width - measure(text)) for text, width in zip(row, widths, strict=True)]
        yield "  ".join(padded).rstrip()


def render_alerts(alerts: Sequence[Told]) -> Iterator[str]:
    """Yield a line for each time an alert was told, or was to be."""
    for each in alerts:
        why = f": {each.error}" if each.error else ""
        tried = f" after {each.attempts:,} attempts" if each.attempts > 1 else ""
        yield (
            f"{each.at:%Y-%m-%d %H:%M:%S}Z  {each.level} of {escape_name(each.budget)}, number {each.number:,}, "
            f"{each.state} to {escape_name(each.channel)}{tried}{why}"
        )


def render_screen(uses: Sequence[Use], now: datetime, terminal: Terminal) -> Iterator[str]:
    """Yield the lines that a monitor shows of each budget: its name and level, a bar, and its numbers."""
    palette, glyphs, width = terminal.palette, terminal.glyphs, terminal.width or _WIDTH
    yield palette.bold("Token budgets")
    for use in uses:
        yield ""
        name = shorten(escape_name(use.budget.name), width - len(use.level.word) - 2, glyphs)
        yield f"{palette.branch(name)}: {paint(use.level, palette)}"
        used, cells = max(use.sums.exact.used, use.sums.estimated.used), min(width - 2, _BAR)
        bar = glyphs.bar(min(used, use.budget.tokens), use.budget.tokens, cells).rstrip()
        track = palette.dim(("·" if glyphs.is_fine else ".") * (cells - len(bar)))
        yield f"  {_tint(bar, use.level, palette)}{track}"
        yield from (f"  {line}" for line in wrap(_describe_state(use, now), width - 2, glyphs))


def _describe_state(use: Use, now: datetime) -> str:
    end = f", until {use.period.end:%Y-%m-%d %H:%M} UTC" if use.period.end else ""
    return describe_numbers(use, now) + end


def _tint(bar: str, level: Level, palette: Palette) -> str:
    if level is Level.OK:
        return palette.bar(bar)
    return palette.change(bar, 1) if level is Level.CRITICAL else palette.warning(bar)
