"""What the change added: each measure as it was at its start, and the heading under which a text grew most."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from loopflow.agents.measures import measure_lost, measure_survey
from loopflow.agents.model import ROOT, Compared, Grown, Load, Measure, Part, Place, Section, Survey
from loopflow.agents.tree import parent

PLACES = frozenset({"start", "files", "here"})


class Past(NamedTuple):
    """A survey of the start of the change, and where what is elsewhere now was then, by part and name."""

    survey: Survey
    measures: Mapping[str, Mapping[str, Measure]]
    places: Mapping[tuple[str, str], Place]
    parts: Mapping[str, Part]
    moves: Mapping[str, str]

    def measure(self, now: Measure) -> Measure | None:
        """Return what a measure was: itself, what it was called before it moved, or the nearest place above it."""
        of = self.measures.get(now.group, {})
        if now.name in of:
            return of[now.name]
        if now.group not in PLACES:
            return of.get(f"{now.agent}/{self.moves.get(now.path, '')}" + _suffix(now))
        place = self.place(now.agent, now.where)
        return None if place is None else of.get(f"{now.agent}/{place.directory or ROOT}")

    def loss(self, now: Measure) -> Measure | None:
        """Return what was left out of a text, whatever it was called then."""
        of = self.measures.get("lost", {})
        return of.get(now.name) or of.get(now.name.replace(now.path, self.moves.get(now.path, now.path), 1))

    def place(self, agent: str, directory: str) -> Place | None:
        """Return the place that a directory was, or the nearest above it."""
        moved = self.moves.get(f"{agent}:{directory}")
        at = directory if moved is None else moved
        while (agent, at) not in self.places and at:
            at = parent(at)
        return self.places.get((agent, at))


def _suffix(measure: Measure) -> str:
    at = measure.name.find("#")
    return "" if at < 0 else measure.name[at:]


def look_back(now: Survey, then: Survey) -> Past:
    """Return the start of the change as what `now` is compared with."""
    measures: defaultdict[str, dict[str, Measure]] = defaultdict(dict)
    for measure in (*measure_survey(then), *measure_lost(then.lost)):
        measures[measure.group][measure.name] = measure
    parts = {part.path: part for part in then.parts.values()}
    places = {(agent.name, place.directory): place for agent in then.agents for place in agent.places}
    moves = _find_moves(_digests(now), _digests(then))
    return Past(then, measures, places, parts, moves | _moved_places(now, places, moves))


def _digests(survey: Survey) -> dict[str, str]:
    """Return the content of each text by its path, of those too of which nothing arrives."""
    found = {row.path: row.digest for row in survey.lost if row.digest}
    return found | {part.path: part.digest for part in survey.parts.values() if part.bytes and part.digest}


def _find_moves(now: Mapping[str, str], then: Mapping[str, str]) -> dict[str, str]:
    """Return where each text that is new, and is byte for byte what is gone, was before."""
    gone: defaultdict[str, list[str]] = defaultdict(list)
    for path, digest in then.items():
        if path not in now:
            gone[digest].append(path)
    moves = {}
    for path in sorted(now):
        waiting = gone.get(now[path])
        if path not in then and waiting:
            moves[path] = waiting.pop(0)
    return moves


def _moved_places(now: Survey, then: Mapping[tuple[str, str], Place], moves: Mapping[str, str]) -> dict[str, str]:
    """Return where places whose own texts all moved were before, by agent and directory."""
    found = {}
    for agent in now.agents:
        for place in agent.places:
            came_from = {parent(moves[path]) for path in place.own if path in moves}
            if (
                (agent.name, place.directory) not in then
                and len(came_from) == 1
                and all(each in moves for each in place.own)
            ):
                [old] = came_from
                if (agent.name, old) in then:
                    found[f"{agent.name}:{place.directory}"] = old
    return found


def compare(now: Sequence[Measure], past: Past, start: str) -> Compared:
    """Return what differs: the places' starts, texts and tools, what is gone included."""
    rows: list[tuple[str, int | None, int | None]] = []
    known = set()
    for measure in now:
        if measure.group in {"files", "here"}:
            continue
        then = past.measure(measure)
        known.add((measure.group, then.name if then else measure.name))
        before = then.tokens if then else None
        if before != measure.tokens:
            rows.append((measure.name, before, measure.tokens))
    rows += [
        (name, measure.tokens, None)
        for group, of in past.measures.items()
        if group not in {"files", "here", "lost"}
        for name, measure in of.items()
        if (group, name) not in known
    ]
    rows.sort(key=lambda row: (-abs((row[2] or 0) - (row[1] or 0)), row[0]))
    return Compared(start, tuple(dict.fromkeys(rows)))


def find_grown(now: Survey, past: Past, measure: Measure) -> Grown | None:
    """Return the heading under which most was added of what a measure is about; None where nothing was."""
    best: Grown | None = None
    for part in _texts(now, measure):
        old = past.parts.get(past.moves.get(part.path, part.path))
        if old is not None and old.digest == part.digest:
            continue
        grown = _grown_section(part, old)
        if grown is not None and (best is None or grown.tokens > best.tokens):
            best = grown
    return best


def _texts(now: Survey, measure: Measure) -> list[Part]:
    if measure.group not in PLACES:
        return [part for part in now.parts.values() if part.path == measure.path]
    agent = next(agent for agent in now.agents if agent.name == measure.agent)
    place = next(place for place in agent.places if place.directory == measure.where)
    return [load.part for load in place.loads if _is_of(load, measure.group)]


def _is_of(load: Load, group: str) -> bool:
    return group == "here" or (load.when.value == "start") == (group == "start")


def _grown_section(part: Part, old: Part | None) -> Grown | None:
    before = _by_path(old.sections) if old else {}
    best: Grown | None = None
    for path, section in _by_path(part.sections).items():
        was = before.get(path)
        more = section.tokens - (was.tokens if was else 0)
        if more > 0 and (best is None or more > best.tokens):
            best = Grown(part.path, section.line, section.title, more)
    if best is None and part.tokens > (old.tokens if old else 0):
        best = Grown(part.path, part.first_line, "", part.tokens - (old.tokens if old else 0))
    return best


def _by_path(sections: Sequence[Section]) -> dict[tuple[str, ...], Section]:
    """Return sections by the titles that lead to them; of two with the same the second has a number."""
    found: dict[tuple[str, ...], Section] = {}
    titles: list[tuple[int, str]] = []
    for section in sections:
        while titles and titles[-1][0] >= section.level:
            titles.pop()
        titles.append((section.level, section.title))
        path = tuple(title for _, title in titles)
        number = 1
        while path in found:
            number += 1
            path = (*(title for _, title in titles), str(number))
        found[path] = section
    return found
