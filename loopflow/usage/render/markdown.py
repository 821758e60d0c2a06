"""A report as Markdown, for an issue or the summary of a job."""

from collections.abc import Iterator
from datetime import datetime

from loopflow.analysis.names import escape_name
from loopflow.charts.numbers import format_percent
from loopflow.render.markdown_text import Column, code, shorten_name, table
from loopflow.usage.model import Level
from loopflow.usage.render.hierarchy import UNNAMED
from loopflow.usage.render.words import describe_totals, name_period, percent, title_report
from loopflow.usage.reporting import Line, Report


def render_report(report: Report, now: datetime) -> str:
    """Return the document."""
    return "\n".join(_render(report, now)) + "\n"


def _render(report: Report, now: datetime) -> Iterator[str]:
    total = report.total
    yield f"### {title_report(report, now) if report.environment == '*' else _title(report, now)}"
    yield ""
    if total.exact.entries or not total.estimated.entries:
        yield f"**{describe_totals(total.exact)}**"
    if total.estimated.entries:
        yield ""
        yield f"Estimated, and not added up with that: about {describe_totals(total.estimated)}"
    if report.uses:
        yield ""
        yield from _render_budgets(report, now)
    if report.groups:
        yield ""
        yield from _render_lines(report)


def _title(report: Report, now: datetime) -> str:
    """Return the title with the name of an environment as code, in which nothing acts."""
    everywhere = Report(report.period, report.timezone, "*", report.by, report.groups, report.names)
    return f"{title_report(everywhere, now)}, environment {_name(report.environment)}"


def _render_budgets(report: Report, now: datetime) -> Iterator[str]:
    titles = [Column("budget"), Column("used", is_number=True), Column("of", is_number=True)]
    columns = [*titles, Column("share", is_number=True), Column("when"), Column("level")]
    rows = []
    for use in report.uses:
        used, budget = max(use.sums.exact.used, use.sums.estimated.used), use.budget
        about = "about " if use.sums.estimated.used > use.sums.exact.used else ""
        level = use.level.word if use.level is Level.OK else f"**{use.level.word}**"
        when = name_period(use.period, budget.timezone, now)
        share = percent(used, budget.tokens)
        rows.append([_name(budget.name), f"{about}{used:,}", f"{budget.tokens:,}", share, when, level])
    yield from table(columns, rows)


def _render_lines(report: Report) -> Iterator[str]:
    numbers = ("tokens", "% total", "in", "out", "saved", "entries")
    columns = [*(Column(name) for name in report.by), *(Column(name, is_number=True) for name in numbers)]
    has_estimates = bool(report.total.estimated.entries)
    columns += [Column("estimated", is_number=True)] * has_estimates
    yield from table(columns, (_row(line, report, has_estimates=has_estimates) for line in report.lines()))


def _row(line: Line, report: Report, *, has_estimates: bool) -> list[str]:
    exact, estimated = line.sums
    cells = [_name(value) for value in line.values]
    cells += [f"{exact.used:,}", format_percent(exact.used, report.total.exact.used)]
    cells += [f"{number:,}" for number in (exact.tokens_in, exact.tokens_out, exact.tokens_saved, exact.entries)]
    return cells + [f"about {estimated.used:,}" if estimated.entries else ""] * has_estimates


def _name(name: str) -> str:
    return code(shorten_name(escape_name(name))) if name else UNNAMED
