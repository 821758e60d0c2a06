"""A badge: what the first agent loads at the root before the first word, or, without an agent, what the tools cost."""

from collections.abc import Iterator

from loopflow.agents.model import AgentsReport
from loopflow.charts.numbers import format_short, plural
from loopflow.render.badge import Badge, draw_badge

_COLOURS = {"fail": "red", "warn": "orange", "inherited": "orange"}


def render_badge(report: AgentsReport) -> Iterator[str]:
    """Yield the badge as an SVG."""
    survey = report.survey
    if survey.agents:
        tokens, label = survey.agents[0].places[0].start, "agents"
    else:
        tokens, label = sum(server.tokens for server in survey.servers), "tools"
    colour = next((_COLOURS[each] for each in _COLOURS if any(row.status == each for row in report.rulings)), "blue")
    message = f"{format_short(tokens)} tokens" + (", incomplete" if survey.gaps else "")
    yield draw_badge(label, Badge(message, "lightgrey" if survey.gaps else colour, plural(tokens, "token")))
