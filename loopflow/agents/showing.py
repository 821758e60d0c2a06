"""The text that an agent loads at its start, in its order, cut where the agent cuts: to be compared with its own."""

from collections.abc import Iterator

from loopflow.agents.facts_of_text import TextFacts
from loopflow.agents.frontmatter import read_frontmatter
from loopflow.agents.markdown import apply_cuts, outline
from loopflow.agents.model import Kind, Load, When
from loopflow.agents.reading import Library
from loopflow.agents.running import AgentsRequest, list_agents, locate, open_library
from loopflow.agents.seen import Seen
from loopflow.agents.survey import Surveyed, take_survey
from loopflow.errors import UsageError
from loopflow.model import Skipped, Surroundings

_JOINT = b"\n\n"
_TEXTS = frozenset({Kind.INSTRUCTIONS, Kind.RULE, Kind.STYLE})


def show_text(request: AgentsRequest, surroundings: Surroundings) -> Iterator[bytes]:
    """Yield the text in pieces. Texts are joined by an empty line, as Codex does.

    Raises UsageError where the agent loads nothing there.
    """
    listing = list_agents(request, surroundings)
    library = open_library(request, listing)
    surveyed = take_survey(listing.items, library, listing.settings, request.survey)
    [name] = request.survey.agents
    [directory] = locate(listing.listed, request.directories)
    seen = surveyed.seen.get(name)
    loads = _loads(surveyed, name, directory)
    if seen is None or not loads:
        raise UsageError(f"{name} loads nothing in that directory", "loopflow agents shows where it does")
    for number, load in enumerate(loads):
        yield (_JOINT if number else b"") + _text(seen[0], load, library)


def _loads(surveyed: Surveyed, name: str, directory: str) -> list[Load]:
    """Return what is loaded at the start in the nearest place above a directory."""
    agent = next((each for each in surveyed.survey.agents if each.name == name), None)
    if agent is None:
        return []
    above = [place for place in agent.places if _holds(place.directory, directory)]
    nearest = max(above, key=lambda place: len(place.directory))
    return [load for load in nearest.loads if load.when is When.START and load.part.kind in _TEXTS]


def _holds(place: str, directory: str) -> bool:
    return not place or directory == place or directory.startswith(f"{place}/")


def _text(seen: Seen, load: Load, library: Library) -> bytes:
    ref = seen.tree.files[load.part.path]
    data = library.raw(ref)
    if load.kept is not None:
        return data[: load.kept.bytes].decode("utf-8", "replace").encode()
    facts = library.facts(ref)
    if isinstance(facts, Skipped):
        return b""
    return _stripped(seen, load, facts, data.decode("utf-8", "replace")).encode()


def _stripped(seen: Seen, load: Load, facts: TextFacts, text: str) -> str:
    whole = seen.spec.text == "raw" and load.part.kind is Kind.INSTRUCTIONS
    if whole or (facts.body is None and not facts.head.lines):
        return text
    cuts = outline(text, read_frontmatter(text, lenient=load.part.path.endswith(".mdc"))).cuts
    return apply_cuts(text, cuts if seen.spec.text == "body" else cuts[:1])
