"""What a user does to a memory: forgets what is old, and brings in what was elsewhere."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeVar

from loopflow.errors import UsageError
from loopflow.memory.checking import read_lines
from loopflow.memory.entities import ERROR, RUN, read_row, read_run, read_time
from loopflow.memory.graph import read_graph
from loopflow.memory.lines import clean
from loopflow.memory.model import Entity, Graph, Relation, Tools

_T = TypeVar("_T")
_AT_ONCE: Final = 500
_LONGEST: Final = 2_000
"""Characters of an observation that is brought in."""


class Forgotten(NamedTuple):
    """How many runs and failures are gone."""

    runs: int
    failures: int


def forget(tools: Tools, before: datetime) -> Forgotten:
    """Forget runs from before a moment, and failures that were last seen then. What others wrote stays."""
    entities = tools.search(f"{RUN}:")
    runs = [past.name for past in map(read_run, entities) if past and past.at < before]
    rows: dict[str, list[str]] = {}
    empty: list[str] = []
    for entity in entities:
        old = [text for text in entity.observations if _is_old(text, before)] if entity.kind == ERROR else []
        if old:
            rows[entity.name] = old
            empty += [entity.name] if len(old) == len(entity.observations) else []
    if rows:
        tools.unobserve(rows)
    if runs or empty:
        tools.delete([*runs, *empty])
    return Forgotten(len(runs), sum(map(len, rows.values())))


def _is_old(observation: str, before: datetime) -> bool:
    row = read_row(observation)
    at = read_time(row.run) if row else None
    return at is not None and at < before


def bring_in(tools: Tools, graph: Graph) -> None:
    """Add what a graph has; to entities that are there, the observations that they lack."""
    for some in _cut(graph.entities):
        known = {each.name for each in tools.open([each.name for each in some]).entities}
        if new := [each for each in some if each.name not in known]:
            tools.create(new)
        if there := {each.name: each.observations for each in some if each.name in known and each.observations}:
            tools.observe(there)
    for relations in _cut(graph.relations):
        tools.relate(relations)


def _cut(items: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for at in range(0, len(items), _AT_ONCE):
        yield items[at : at + _AT_ONCE]


def read_foreign(data: bytes, name: str) -> Graph:
    """Return the graph in a file: the server's lines, or one document with entities. Raises UsageError."""
    lines = list(read_lines(data))
    if all(line.items for line in lines):
        return _clean(read_graph(item for line in lines for item in line.items))
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        bad = next(line.number for line in lines if not line.items)
        raise UsageError(
            f"{name}:{bad} is no line of a memory", "take a file of the server's, or one document"
        ) from None
    if not isinstance(document, list | dict):
        raise UsageError(f"{name} has no entities", "take a list of them, or an object that has one")
    relations = document.get("relations", []) if isinstance(document, dict) else []
    entities = [_read_entity(each, name) for each in _list_entities(document)]
    return _clean(Graph(tuple(entities), tuple(_read_relation(each, name) for each in relations)))


def _list_entities(document: list[Any] | dict[str, Any]) -> Iterator[Any]:
    """Yield what is an entity in a document: itself, a list, an object that has one, or that has each by its name."""
    if isinstance(document, list):
        yield from document
        return
    if isinstance(document.get("name"), str) and "observations" in document:
        yield document
        return
    listed = document.get("entities", {key: value for key, value in document.items() if key != "relations"})
    if isinstance(listed, dict):
        listed = [{"name": key, **value} if isinstance(value, dict) else value for key, value in listed.items()]
    yield from listed if isinstance(listed, list) else [listed]


def _read_entity(value: object, name: str) -> Entity:
    found = value if isinstance(value, dict) else {}
    kind = _pick(found, ("entityType", "entity_type", "type")) or "Unknown"
    texts = found.get("observations", [])
    texts = [texts] if isinstance(texts, str) else texts
    if not isinstance(found.get("name"), str) or not isinstance(texts, list):
        raise UsageError(f"{name} has an entity without a name or with observations that are no list", "check it")
    return Entity(found["name"], kind, tuple(each if isinstance(each, str) else json.dumps(each) for each in texts))


def _read_relation(value: object, name: str) -> Relation:
    found = value if isinstance(value, dict) else {}
    source, target = _pick(found, ("from", "source")), _pick(found, ("to", "target"))
    kind = _pick(found, ("relationType", "relation_type", "type"))
    if not (source and target and kind):
        raise UsageError(f"{name} has a relation without from, to or relationType", "check it")
    return Relation(source, target, kind)


def _pick(value: Mapping[str, Any], keys: Sequence[str]) -> str:
    return next((value[key] for key in keys if isinstance(value.get(key), str)), "")


def _clean(graph: Graph) -> Graph:
    entities = [
        Entity(clean(each.name, _LONGEST), clean(each.kind, _LONGEST), _clean_all(each.observations))
        for each in graph.entities
    ]
    relations = [Relation(*(clean(part, _LONGEST) for part in each)) for each in graph.relations]
    return Graph(tuple(entities), tuple(relations))


def _clean_all(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(clean(text, _LONGEST) for text in texts))
