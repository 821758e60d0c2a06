"""A survey as one page: a treemap of agent, directory, file and section, through the charts that every page has."""

from collections.abc import Iterable, Iterator

from loopflow.agents.model import AgentsReport, AgentSurvey, Load, Part, Server
from loopflow.agents.render.words import EMPTY, LEFT_OUT, describe_lost, describe_ruling, not_ok, show, worst_losses
from loopflow.analysis.names import escape_name
from loopflow.charts.hierarchy import Node, Words, add_up, build_hierarchy, walk
from loopflow.charts.page import Page, render_page

WORDS = Words("text", "part", "kind", own="(before the first heading)")
_MOST_NOTES = 12


def render_html(report: AgentsReport) -> Iterator[str]:
    """Yield the page in pieces."""
    survey = report.survey
    root = build_hierarchy(_entries(report), WORDS, "agents")
    yield from render_page(
        Page(
            root=root,
            kinds=_kinds(root),
            words=WORDS,
            heading="What coding agents load",
            about=[(f"{survey.window:,} tokens of window, counted as", survey.encoding)],
            note=_note(report),
        )
    )


def _note(report: AgentsReport) -> str:
    if report.survey.is_empty:
        return f"{EMPTY}."
    said = [f"{each.status.upper()} {describe_ruling(each)}" for each in not_ok(report)]
    said += [f"{escape_name(row.path)}: {describe_lost(row)}" for row in worst_losses(report.survey.lost)]
    more = [f"and {len(said) - _MOST_NOTES:,} more"] if len(said) > _MOST_NOTES else []
    return " · ".join([*said[:_MOST_NOTES], *more, LEFT_OUT])


def _entries(report: AgentsReport) -> Iterator[tuple[list[str], str, int]]:
    """Yield each section once for each agent: an agent's texts add up to all that it can load anywhere."""
    for agent in report.survey.agents:
        for part in _unique(agent):
            yield from _of_part(agent, part)
    for server in report.survey.servers:
        yield from _of_server(server)


def _unique(agent: AgentSurvey) -> Iterable[Part]:
    found: dict[tuple[str, str, str], Load] = {}
    for load in (*(load for place in agent.places for load in place.loads), *agent.uses):
        found.setdefault(load.part.key, load)
    return [load.part for load in found.values()]


def _of_part(agent: AgentSurvey, part: Part) -> Iterator[tuple[list[str], str, int]]:
    path = [agent.title, *part.path.split("/")]
    if part.kind.value == "description":
        yield [*path, f"description of {show(part.name)}"], "description", part.tokens
        return
    titles: list[tuple[int, str]] = []
    for section in part.sections:
        while titles and titles[-1][0] >= section.level:
            titles.pop()
        if section.level:
            titles.append((section.level, show(section.title)))
        yield [*path, *(title for _, title in titles), ""], part.kind.value, section.tokens
    if not part.sections:
        yield [*path, ""], part.kind.value, part.tokens


def _of_server(server: Server) -> Iterator[tuple[list[str], str, int]]:
    for tool in server.tools:
        yield ["tools", show(server.path), show(tool.name)], "tool", tool.tokens


def _kinds(root: Node) -> list[Node]:
    kinds: dict[str, list[Node]] = {}
    for node in walk(root):
        if not node.is_branch:
            kinds.setdefault(node.kind, []).append(node)
    found = [add_up(kind, nodes)._replace(kind=kind) for kind, nodes in kinds.items()]
    return sorted(found, key=lambda node: (-node.tokens, node.label))
