"""What rules can hold: every place, text, skill and tool of a survey as an item with a name and its tokens."""

from collections import Counter
from collections.abc import Iterator

from loopflow.agents.model import ROOT, AgentSurvey, Kind, Lost, Measure, Part, Survey
from loopflow.agents.survey import loads_of, unique_parts

_PARTS = {
    Kind.INSTRUCTIONS: "file",
    Kind.RULE: "file",
    Kind.DESCRIPTION: "descriptions",
    Kind.SKILL: "skills",
    Kind.REFERENCE: "references",
    Kind.AGENT: "agents",
}


def measure_survey(survey: Survey) -> list[Measure]:
    """Return every item of a survey."""
    found = [measure for agent in survey.agents for measure in (*_places(agent), *_parts(agent))]
    return [*found, *_tools(survey)]


def _places(agent: AgentSurvey) -> Iterator[Measure]:
    for place in agent.places:
        name = f"{agent.name}/{place.directory or ROOT}"
        for part in ("start", "files", "here"):
            yield Measure(name, part, getattr(place, part), agent.name, place.directory)


def _parts(agent: AgentSurvey) -> Iterator[Measure]:
    for part in unique_parts(loads_of(agent)):
        group = _PARTS.get(part.kind)
        if group is not None:
            yield _of_part(agent, part, group)


def _of_part(agent: AgentSurvey, part: Part, group: str) -> Measure:
    name = f"{agent.name}/{part.path}" + (f"#{part.name}" if part.kind is Kind.DESCRIPTION else "")
    return Measure(
        name=name,
        group=group,
        tokens=part.tokens,
        agent=agent.name,
        where=part.path.rpartition("/")[0],
        path=part.path,
        line=part.first_line,
        characters=part.characters,
        bytes=part.bytes,
        lines=part.last_line,
        digest=part.digest,
    )


def _tools(survey: Survey) -> Iterator[Measure]:
    for server in survey.servers:
        times: Counter[str] = Counter()
        for tool in server.tools:
            times[tool.name] += 1
            again = f"#{times[tool.name]}" if times[tool.name] > 1 else ""
            name = f"{server.path.removesuffix('/')}/{tool.name}{again}"
            yield Measure(name, "tools", tool.tokens, where=server.path, path=server.path)


def measure_lost(rows: tuple[Lost, ...]) -> list[Measure]:
    """Return what each agent leaves out of each text, where it leaves out most of it."""
    found: dict[str, Measure] = {}
    for row in rows:
        name = f"{row.agent}/{row.path}" + (f"#{row.name}" if row.name else "") + f" ({row.what})"
        known = found.get(name)
        if known is None or known.tokens < row.lost:
            found[name] = Measure(
                *(name, "lost", row.lost, row.agent, row.directory, row.path, row.first_line),
                certain=row.certain,
            )
    return list(found.values())
