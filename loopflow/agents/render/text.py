"""A survey for a terminal: what is loaded where, what is left out, and what is wrong."""

from collections.abc import Iterator, Sequence

from loopflow.agents.model import AgentsReport, AgentSurvey, Load, Place, Ruling, Server, Survey, When
from loopflow.agents.render.words import (
    EMPTY,
    LEFT_OUT,
    describe_details,
    describe_finding,
    describe_lost,
    describe_repeat,
    describe_ruling,
    describe_server,
    name_directory,
    not_ok,
    show,
    title_of,
    worst_losses,
)
from loopflow.analysis.names import escape_name
from loopflow.charts.columns import Column, Row
from loopflow.charts.numbers import format_percent, plural
from loopflow.charts.terminal import Terminal, shorten
from loopflow.charts.text import draw_chart

_MOST_ROWS = 20
_MOST_LINES = 10
_NAMED = 3


def render_text(report: AgentsReport, terminal: Terminal) -> Iterator[str]:
    """Yield lines, without their ends."""
    survey = report.survey
    if survey.is_empty:
        yield EMPTY
        return
    for agent in survey.agents:
        yield from _draw_agent(agent, report, terminal)
        yield ""
    for server in survey.servers:
        yield from _draw_server(server, terminal, report.top)
        yield ""
    if not survey.agents:  # tools alone: what is lost of them
        for name in sorted({row.agent for row in survey.lost}):
            yield from _draw_lost(AgentSurvey(name, "", "", ()), report, terminal)
    yield from _draw_rest(report, terminal)
    if report.compared is not None:
        yield from _draw_compared(report, terminal)
    yield from render_rulings(report, terminal)
    yield from (terminal.palette.dim(show(remark)) for remark in survey.remarks)
    yield LEFT_OUT


def _draw_agent(agent: AgentSurvey, report: AgentsReport, terminal: Terminal) -> Iterator[str]:
    window = usable(report.survey)
    yield terminal.palette.bold(f"{title_of(agent.name)}: at the start, and with files, by directory")
    places = _choose(agent.places, report)
    has_files = any(place.files for place in agent.places)
    rows = [_row(place, agent, terminal) for place in places]
    most = max((place.here for place in agent.places), default=0)
    columns = [Column("start", "start", lambda row: f"{row.parent_tokens:,}")]
    if has_files:
        columns += [
            Column("files", "files", lambda row: f"{row.churn:,}"),
            Column("here", "here", lambda row: f"{row.tokens:,}"),
        ]
    columns.append(Column("share", "% window", lambda row: format_percent(row.tokens, window)))
    if any(place.lost for place in agent.places):
        columns.append(Column("lost", "lost", lambda row: f"{row.items:,}"))
    chart = [(branch, row._replace(total_tokens=most)) for branch, row in rows]
    yield from draw_chart(chart, columns, terminal)
    left = len(agent.places) - len(places)
    if left:
        yield terminal.palette.dim(f"and {plural(left, 'place')} that cost less; --top shows more")
    yield from _draw_uses(agent, terminal)
    yield from _draw_lost(agent, report, terminal)


def usable(survey: Survey) -> int:
    """Return the window less a quarter in reserve, as in every report."""
    return survey.window - survey.window // 4


def _choose(places: Sequence[Place], report: AgentsReport) -> list[Place]:
    """Return the root, and the places that cost most."""
    top = report.top if report.top is not None else (len(places) if report.verbose else _MOST_ROWS)
    first = [place for place in places if not place.directory]
    rest = sorted(
        (place for place in places if place.directory), key=lambda place: (-(place.here + place.lost), place.directory)
    )
    return [*first, *rest[:top]]


def _row(place: Place, agent: AgentSurvey, terminal: Terminal) -> tuple[str, Row]:
    branch = terminal.glyphs.branch if place.directory else ""
    added = _added(place, agent)
    name = name_directory(place.directory) + (f"  {added}" if added else "")
    return branch, Row(name, place.here, 0, place.lost, place.start, churn=place.files)


def _added(place: Place, agent: AgentSurvey) -> str:
    """Return the largest texts that come with files of a place."""
    del agent
    loads = sorted((load for load in place.loads if load.when is When.FILES), key=lambda load: -load.tokens)
    named = [f"{_short(load)} {load.tokens:,}" for load in loads[:_NAMED]]
    return ", ".join(named)


def _short(load: Load) -> str:
    return escape_name(load.part.path.rpartition("/")[2])


def _draw_uses(agent: AgentSurvey, terminal: Terminal) -> Iterator[str]:
    bodies = [load.part for load in agent.uses if load.when is When.USE]
    if bodies:
        largest = max(bodies, key=lambda part: part.tokens)
        total = sum(part.tokens for part in bodies)
        most = f"the largest {show(largest.name)} {largest.tokens:,}"
        text = f"on use: {plural(len(bodies), 'text')} of skills, {total:,} tokens, {most}"
        yield terminal.palette.dim(shorten(text, terminal.width, terminal.glyphs))


def _draw_lost(agent: AgentSurvey, report: AgentsReport, terminal: Terminal) -> Iterator[str]:
    rows = [row for row in report.survey.lost if row.agent == agent.name]
    if not rows:
        return
    places = {row.directory for row in rows if row.what == "chain"}
    whole = {row.path for row in rows if row.what == "chain" and not row.kept}
    summary = f"Left out by {title_of(agent.name)}"
    if places:
        summary += f": {len(places)} of {plural(len(agent.places), 'place')}"
        summary += f", {plural(len(whole), 'file')} as a whole" if whole else ""
    yield ""
    yield terminal.palette.warning(summary)
    worst = worst_losses(rows)
    shown = worst if report.verbose else worst[:_MOST_LINES]
    for row in shown:
        yield f"{escape_name(row.path)}:{row.first_line}  {describe_lost(row)}"
    if len(shown) < len(worst):
        yield f"and {len(worst) - len(shown):,} more; -v shows them"


def _draw_server(server: Server, terminal: Terminal, top: int | None) -> Iterator[str]:
    called = f"{show(server.server)}, " if server.server else ""
    yield terminal.palette.bold(f"{called}{escape_name(server.path)}")
    yield describe_server(server)
    estimate = f"its bytes / 4 would say {server.pretty_bytes // 4:,}"
    yield f"{server.names:,} where a client defers schemas (names and instructions); {estimate}"
    largest = sorted(server.tools, key=lambda tool: (-tool.tokens, tool.name))[: _MOST_ROWS if top is None else top]
    most = max((tool.tokens for tool in server.tools), default=0)
    rows = [("", Row(show(tool.name), tool.tokens, most, tool.description, tool.schema)) for tool in largest]
    columns = [
        Column("tokens", "tokens", lambda row: f"{row.tokens:,}"),
        Column("description", "description", lambda row: f"{row.items:,}"),
        Column("schema", "schema", lambda row: f"{row.parent_tokens:,}"),
    ]
    yield from draw_chart(rows, columns, terminal)


def _draw_rest(report: AgentsReport, terminal: Terminal) -> Iterator[str]:
    survey = report.survey
    repeats = [repeat for repeat in survey.repeats if repeat.agent or report.verbose]
    for title, lines in (
        ("Loaded twice", [describe_repeat(repeat) for repeat in sorted(repeats, key=lambda each: -each.tokens)]),
        (
            "Worth a look",
            [f"{escape_name(each.path)}:{each.line}  {describe_finding(each)}" for each in survey.findings],
        ),
    ):
        if lines:
            yield terminal.palette.bold(title)
            shown = lines if report.verbose else lines[:_MOST_LINES]
            yield from shown
            if len(shown) < len(lines):
                yield f"and {len(lines) - len(shown):,} more; -v shows them"
            yield ""


def _draw_compared(report: AgentsReport, terminal: Terminal) -> Iterator[str]:
    compared = report.compared
    assert compared is not None  # noqa: S101  the caller looked
    if not compared.rows:
        yield f"nothing has grown since {escape_name(compared.start)}"
        yield ""
        return
    yield terminal.palette.bold(f"Since {escape_name(compared.start)}")
    for name, before, after in compared.rows[: None if report.verbose else _MOST_LINES]:
        change = (after or 0) - (before or 0)
        words = "new" if before is None else "gone" if after is None else f"from {before:,}"
        yield f"{terminal.palette.change(f'{change:+,}'.rjust(9), change)}  {show(name)} ({words})"
    yield ""


def render_rulings(report: AgentsReport, terminal: Terminal) -> Iterator[str]:
    """Yield what became of the rules, as far as it is worth a line."""
    if not report.is_checked:
        return
    found = not_ok(report)
    shown = found if report.verbose else [*(each for each in found if each.status == "fail"), *_others(found)]
    for ruling in shown:
        yield _colour(terminal, f"{ruling.status.upper()} {describe_ruling(ruling)}", ruling.status)
        yield from (f"  {line}" for line in describe_details(ruling))
    if len(shown) < len(found):
        yield f"and {len(found) - len(shown):,} more that do not fail; -v shows them"
    if report.rulings and not found:
        yield f"all of {plural(len(report.rulings), 'limit')} kept"
    yield ""


def _others(found: Sequence[Ruling]) -> list[Ruling]:
    return [each for each in found if each.status != "fail"][:_MOST_LINES]


def _colour(terminal: Terminal, text: str, status: str) -> str:
    return terminal.palette.change(text, 1) if status == "fail" else terminal.palette.warning(text)


def render_failures(report: AgentsReport, terminal: Terminal) -> Iterator[str]:
    """Yield what failed, and nothing if all is well: what a hook prints."""
    for ruling in report.failed:
        yield _colour(terminal, f"FAIL {describe_ruling(ruling)}", ruling.status)
        yield from (f"  {line}" for line in describe_details(ruling))
