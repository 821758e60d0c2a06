"""A survey as Markdown, for a summary of a job or a comment: tables, with every name in a code span."""

from collections.abc import Iterator

from loopflow.agents.model import AgentsReport, AgentSurvey, Server
from loopflow.agents.render.words import (
    EMPTY,
    LEFT_OUT,
    MOST_SHOWN,
    describe_details,
    describe_finding,
    describe_lost,
    describe_repeat,
    describe_ruling,
    describe_server,
    name_directory,
    not_ok,
    title_of,
    worst_losses,
)
from loopflow.analysis.names import escape_name
from loopflow.charts.numbers import format_percent, plural
from loopflow.render.markdown_text import Column, code, fold, shorten_name, table

_MOST_ROWS = 20
_NUMBERS = ("start", "files", "here", "% window", "lost")


def render_markdown(report: AgentsReport) -> Iterator[str]:
    """Yield the document in pieces."""
    yield from (f"{line}\n" for line in _lines(report))


def _lines(report: AgentsReport) -> Iterator[str]:
    yield "## What coding agents load"
    yield ""
    if report.survey.is_empty:
        yield f"{EMPTY[0].upper()}{EMPTY[1:]}."
        return
    yield from _rulings(report)
    for agent in report.survey.agents:
        yield from _agent(agent, report)
    for server in report.survey.servers:
        yield from _server(server, report)
    if not report.survey.agents:  # tools alone
        for name in sorted({row.agent for row in report.survey.lost}):
            yield from _lost(name, report)
    yield from _compared(report)
    yield from _rest(report)
    yield ""
    yield LEFT_OUT


def _rulings(report: AgentsReport) -> Iterator[str]:
    if not report.is_checked:
        return
    rows = not_ok(report)
    if not rows:
        yield f"All of {plural(len(report.rulings), 'limit')} kept." if report.rulings else "There is no rule."
        yield ""
        return
    for ruling in rows:
        yield f"- **{ruling.status}** {code(describe_ruling(ruling))}"
        yield from (f"  - {code(line)}" for line in describe_details(ruling))
    yield ""


def _agent(agent: AgentSurvey, report: AgentsReport) -> Iterator[str]:
    usable = report.survey.window - report.survey.window // 4
    yield f"### {code(title_of(agent.name))}"
    yield ""
    first = [place for place in agent.places if not place.directory]
    rest = sorted(
        (place for place in agent.places if place.directory),
        key=lambda each: (-(each.here + each.lost), each.directory),
    )
    shown = [*first, *rest[: _MOST_ROWS if report.top is None else report.top]]
    rows = [
        [
            code(shorten_name(name_directory(place.directory))),
            *(f"{place.start:,}", f"{place.files:,}", f"{place.here:,}"),
            *(format_percent(place.here, usable), f"{place.lost:,}"),
        ]
        for place in shown
    ]
    yield from table([Column("directory"), *(Column(title, is_number=True) for title in _NUMBERS)], rows)
    if len(shown) < len(agent.places):
        yield ""
        yield f"and {plural(len(agent.places) - len(shown), 'place')} that cost less"
    yield from _lost(agent.name, report)
    yield ""


def _lost(agent: str, report: AgentsReport) -> Iterator[str]:
    lost = worst_losses([row for row in report.survey.lost if row.agent == agent])
    if lost:
        lines = [f"- {code(f'{escape_name(row.path)}:{row.first_line}')}: {code(describe_lost(row))}" for row in lost]
        yield from fold(f"Left out by {title_of(agent)}: {plural(len(lost), 'text')}", lines)


def _server(server: Server, report: AgentsReport) -> Iterator[str]:
    yield f"### {code(escape_name(server.path))}"
    yield ""
    yield f"{describe_server(server)}; {server.names:,} where schemas are deferred."
    yield ""
    largest = sorted(server.tools, key=lambda tool: (-tool.tokens, tool.name))[: report.top or _MOST_ROWS]
    rows = [
        [code(shorten_name(escape_name(tool.name))), f"{tool.tokens:,}", f"{tool.description:,}", f"{tool.schema:,}"]
        for tool in largest
    ]
    columns = [Column("tool"), *(Column(title, is_number=True) for title in ("tokens", "description", "schema"))]
    yield from table(columns, rows)
    yield ""


def _compared(report: AgentsReport) -> Iterator[str]:
    if report.compared is None or not report.compared.rows:
        return
    rows = [
        [code(shorten_name(escape_name(name))), _number(before), _number(after), f"{(after or 0) - (before or 0):+,}"]
        for name, before, after in report.compared.rows[:_MOST_ROWS]
    ]
    yield f"### Since {code(escape_name(report.compared.start))}"
    yield ""
    columns = [Column("what"), *(Column(title, is_number=True) for title in ("before", "after", "change"))]
    yield from table(columns, rows)
    yield ""


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _rest(report: AgentsReport) -> Iterator[str]:
    repeats = [code(describe_repeat(each)) for each in report.survey.repeats if each.agent]
    findings = [
        f"{code(f'{escape_name(each.path[:MOST_SHOWN])}:{each.line}')}: {code(describe_finding(each))}"
        for each in report.survey.findings
    ]
    for title, lines in (("Loaded twice", repeats), ("Worth a look", findings)):
        if lines:
            yield from fold(f"{title}: {len(lines)}", [f"- {line}" for line in lines])
