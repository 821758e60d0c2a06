"""The use case: list, read, count, place. What is compared and judged of it is in growth.py and judging.py."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from loopflow.agents.facts_of_text import is_markdown_name
from loopflow.agents.model import AgentSurvey, Finding, Load, Lost, Part, Place, Repeat, Server, Survey, SurveyRequest
from loopflow.agents.names import SETTINGS, is_candidate, misspelt
from loopflow.agents.outline import outline_agent
from loopflow.agents.placing import find_places
from loopflow.agents.reading import Library
from loopflow.agents.repeats import find_drift, find_repeats
from loopflow.agents.seen import Outlined, Seen
from loopflow.agents.settings import AgentSettings, AgentsSettings, has_own_agents
from loopflow.agents.skills import find_listing_loss, find_references
from loopflow.agents.specs import SPECS, Spec
from loopflow.agents.tools import find_told_loss, read_servers
from loopflow.agents.tracked import read_tracked
from loopflow.agents.tree import Tree
from loopflow.analysis.patterns import compile_patterns
from loopflow.model import FileRef, Skipped


class Surveyed(NamedTuple):
    """A survey, the tree it is of, and what was found for each agent."""

    survey: Survey
    tree: Tree
    seen: Mapping[str, tuple[Seen, Outlined]]
    read: frozenset[str]


def take_survey(
    items: Sequence[FileRef | Skipped], library: Library, settings: AgentsSettings, request: SurveyRequest
) -> Surveyed:
    """Return what the agents load of the listed `items`."""
    tree = Tree(items, library.read_link)
    names = (*tree.paths, *tree.links) if tree.links else tree.paths
    candidates = [path for path in names if is_candidate(path)]
    if has_own_agents(settings):
        candidates += filter(_own_names(settings), names)
    candidates = sorted({*candidates, *_through_links(tree, candidates)})
    findings = list(_misspelt(candidates, tree))
    configured, remarks = _configure(settings, tree, library, findings)
    candidates = _add_named(tree, candidates, configured)
    library.load(_texts(tree, candidates))
    chosen = _choose_agents(settings, request, candidates)
    window = request.window or settings.window
    surveys: list[AgentSurvey] = []
    lost: list[Lost] = []
    seen_by: dict[str, tuple[Seen, Outlined]] = {}
    for name in chosen:
        spec = settings.specs[name]
        seen = Seen(tree, library, spec, configured[name], candidates)
        out = outline_agent(seen)
        find_listing_loss(seen, out, window)
        if request.references:
            find_references(seen, out)
        places, rows = find_places(seen, out)
        surveys.append(_make(spec, places, out))
        lost += _certain(spec, (*rows, *out.lost))
        findings += out.findings
        seen_by[name] = (seen, out)
    servers, tool_findings = read_recorded(tree, library, settings)
    lost += (row for name in chosen for row in find_told_loss(servers, settings.specs[name]))
    survey = Survey(
        source=request.source,
        encoding=library.counter.encoding,
        window=window,
        agents=tuple(_below(each, request.directories) for each in surveys),
        lost=tuple(_lost_below(lost, request.directories)),
        findings=tuple(dict.fromkeys((*findings, *tool_findings))),
        repeats=tuple(_repeats(seen_by, surveys, library, tree, drift=request.drift)),
        servers=tuple(servers),
        remarks=tuple(remarks),
    )
    return Surveyed(survey, tree, seen_by, frozenset(_all_paths(surveys)))


def _texts(tree: Tree, candidates: Iterable[str]) -> list[FileRef]:
    """Return the texts that agents may load, which are then read together."""
    found = [tree.find(path) for path in candidates if path not in SETTINGS and is_markdown_name(path)]
    return [tree.files[each.path] for each in found if each is not None]


def _own_names(settings: AgentsSettings) -> Callable[[str], bool]:
    """Return what tells the files that only the config makes an agent's."""
    specs = [spec for name, spec in settings.specs.items() if SPECS.get(name) != spec]
    names = {name.rpartition("/")[2] for spec in specs for group in spec.instructions for name in group}
    places = {f"/{each}" for spec in specs for each in spec.always}
    places |= {f"/{each}/" for spec in specs for each in (*spec.skills, *(form.directory for form in spec.rules))}
    return lambda path: path.rpartition("/")[2] in names or any(place in f"/{path}" for place in places)


def _through_links(tree: Tree, candidates: Iterable[str]) -> Iterator[str]:
    """Yield the names that files are reached by through links to directories."""
    for path in candidates:
        if path in tree.links and not tree.resolve(path).is_file:
            yield from (shown for shown, _ in tree.walk(path))


def _add_named(tree: Tree, candidates: Sequence[str], configured: Mapping[str, AgentSettings]) -> list[str]:
    """Return the candidates with those that agents' own settings name."""
    settings = configured.values()
    names = {name for each in settings for group in each.instructions for name in group}
    if not names:
        return list(candidates)
    last = {name.rpartition("/")[2] for name in names}
    return sorted({*candidates, *(path for path in (*tree.paths, *tree.links) if path.rpartition("/")[2] in last)})


def _misspelt(candidates: Iterable[str], tree: Tree) -> Iterator[Finding]:
    for path, meant in misspelt(candidates):
        directory = path[: len(path) - len(meant)]
        beside = " (both are here)" if directory + meant in tree.files or directory + meant in tree.links else ""
        yield Finding("name", path, 1, "", f"it is not read where case counts: {meant} is{beside}")


def _configure(
    settings: AgentsSettings, tree: Tree, library: Library, findings: list[Finding]
) -> tuple[dict[str, AgentSettings], list[str]]:
    configured, remarks = {}, []
    for name, spec in settings.specs.items():
        given = settings.of.get(name, AgentSettings())
        configured[name], said = read_tracked(spec, given, tree, library, findings)
        remarks += said
    return configured, remarks


def _choose_agents(settings: AgentsSettings, request: SurveyRequest, candidates: Sequence[str]) -> list[str]:
    """Return the agents that are asked for, else those that the config names, else those with files of their own."""
    if request.all:
        return list(settings.specs) if candidates else []
    if request.agents:
        return list(request.agents) if candidates else []
    if settings.agents is not None:
        return list(settings.agents) if candidates else []
    return [name for name, spec in settings.specs.items() if _has_own(spec, candidates)]


def _has_own(spec: Spec, candidates: Sequence[str]) -> bool:
    return any(
        path == own or path.startswith(own) or path.endswith(f"/{own}") or f"/{own}" in path
        for own in spec.own
        for path in candidates
    )


def _make(spec: Spec, places: Sequence[Place], out: Outlined) -> AgentSurvey:
    uses = tuple(sorted(out.uses, key=lambda load: load.part.key))
    return AgentSurvey(spec.name, spec.title, spec.date, tuple(places), uses)


def _certain(spec: Spec, rows: Iterable[Lost]) -> Iterator[Lost]:
    return (row._replace(certain=spec.certain) for row in rows)


def _below(survey: AgentSurvey, directories: Sequence[str]) -> AgentSurvey:
    if not directories:
        return survey
    places = tuple(place for place in survey.places if _is_below(place.directory, directories))
    if not places:  # what is asked for costs what the nearest place above it costs
        places = tuple(_nearest(survey.places, directory) for directory in directories)
    return AgentSurvey(survey.name, survey.title, survey.facts, places, survey.uses)


def _nearest(places: Sequence[Place], directory: str) -> Place:
    above = [place for place in places if _is_below(directory, (place.directory,))]
    return max(above, key=lambda place: len(place.directory))._replace(directory=directory)


def _lost_below(lost: Iterable[Lost], directories: Sequence[str]) -> Iterator[Lost]:
    return (row for row in lost if not directories or _is_below(row.directory, directories))


def _is_below(directory: str, directories: Iterable[str]) -> bool:
    return any(not each or directory == each or directory.startswith(f"{each}/") for each in directories)


def _all_paths(surveys: Iterable[AgentSurvey]) -> Iterator[str]:
    for survey in surveys:
        for place in survey.places:
            yield from (load.part.path for load in place.loads)
        yield from (load.part.path for load in survey.uses)


def _repeats(
    seen_by: Mapping[str, tuple[Seen, Outlined]],
    surveys: Iterable[AgentSurvey],
    library: Library,
    tree: Tree,
    *,
    drift: bool,
) -> Iterator[Repeat]:
    for survey in surveys:
        if survey.name in seen_by:
            yield from find_repeats(survey, library, tree)
    if drift:
        yield from find_drift(list(surveys), library, tree)


def read_recorded(tree: Tree, library: Library, settings: AgentsSettings) -> tuple[list[Server], list[Finding]]:
    """Return the recorded tools that the config names. Raises RecordingError."""
    if not settings.tools:
        return [], []
    patterns = compile_patterns(settings.tools, "tools")
    paths = [path for path in tree.paths if patterns.match(path)]
    return read_servers(paths, library, tree)


def loads_of(survey: AgentSurvey) -> Iterator[Load]:
    """Yield every load of an agent, those of each place and those on use."""
    for place in survey.places:
        yield from place.loads
    yield from survey.uses


def unique_parts(loads: Iterable[Load]) -> list[Part]:
    """Return the parts of loads, each once."""
    return list({load.part.key: load.part for load in loads}.values())
