"""A graph in this process, with the tools of a server: what answers where there is none.

Its file is the server's own: a line of JSON for each entity and each relation.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from loopflow.memory.model import Entity, Graph, MemoryServerError, Relation


class LocalGraph:
    """Does what a server does, as it does it."""

    def __init__(self, graph: Graph = Graph()) -> None:  # noqa: B008  it cannot be changed
        self._entities: dict[str, Entity] = {}
        self._relations: dict[Relation, None] = {}
        self._touching: dict[str, dict[Relation, None]] = {}
        """The relations of each name: a graph can have very many."""
        self.create(graph.entities)
        self.relate(graph.relations)

    def export(self) -> Graph:
        """Return all of it."""
        return Graph(tuple(self._entities.values()), tuple(self._relations))

    def open(self, names: Sequence[str]) -> Graph:
        """Return the entities of these names, and what touches them."""
        found = tuple(self._entities[name] for name in dict.fromkeys(names) if name in self._entities)
        touching = dict.fromkeys(each for entity in found for each in self._touching.get(entity.name, ()))
        return Graph(found, tuple(touching))

    def search(self, text: str) -> tuple[Entity, ...]:
        """Return the entities that have the text, in any case of letters."""
        sought = text.lower()
        return tuple(each for each in self._entities.values() if any(sought in part.lower() for part in _parts(each)))

    def create(self, entities: Sequence[Entity]) -> None:
        """Add entities that are not there."""
        for entity in entities:
            self._entities.setdefault(entity.name, entity)

    def relate(self, relations: Sequence[Relation]) -> None:
        """Add relations that are not there."""
        for each in relations:
            self._relations[each] = None
            for name in (each.source, each.target):
                self._touching.setdefault(name, {})[each] = None

    def observe(self, observations: Mapping[str, Sequence[str]]) -> None:
        """Add observations."""
        missing = [name for name in observations if name not in self._entities]
        if missing:
            raise MemoryServerError(f"there is no entity {missing[0]}")
        for name, added in observations.items():
            known = self._entities[name]
            self._entities[name] = known._replace(observations=tuple(dict.fromkeys((*known.observations, *added))))

    def unobserve(self, observations: Mapping[str, Sequence[str]]) -> None:
        """Take observations away."""
        for name, gone in observations.items():
            if known := self._entities.get(name):
                left = tuple(each for each in known.observations if each not in gone)
                self._entities[name] = known._replace(observations=left)

    def delete(self, names: Sequence[str]) -> None:
        """Take entities away, and what touches them."""
        for name in names:
            self._entities.pop(name, None)
            for each in self._touching.pop(name, {}):
                self._relations.pop(each, None)
                other = each.target if each.source == name else each.source
                self._touching.get(other, {}).pop(each, None)


def _parts(entity: Entity) -> Iterator[str]:
    yield entity.name
    yield entity.kind
    yield from entity.observations


def write_lines(graph: Graph) -> Iterator[str]:
    """Yield a graph as the lines of the server's file, each with its end."""
    for entity in graph.entities:
        yield _dump({"type": "entity", **write_entity(entity)})
    for relation in graph.relations:
        yield _dump({"type": "relation", **write_relation(relation)})


def _dump(value: Mapping[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":")) + "\n"  # in ASCII: whatever others wrote cannot act


def write_entity(entity: Entity) -> dict[str, Any]:
    """Return an entity as the server's tools take it."""
    return {"name": entity.name, "entityType": entity.kind, "observations": list(entity.observations)}


def write_relation(relation: Relation) -> dict[str, Any]:
    """Return a relation as the server's tools take it."""
    return {"from": relation.source, "to": relation.target, "relationType": relation.kind}


def read_entity(value: object) -> Entity | None:
    """Return the entity that a value of JSON is, None if it is none."""
    if not isinstance(value, dict):
        return None
    name, kind, observations = (value.get(key) for key in ("name", "entityType", "observations"))
    if not (isinstance(name, str) and isinstance(kind, str) and isinstance(observations, list)):
        return None
    if not all(isinstance(each, str) for each in observations):
        return None
    return Entity(name, kind, tuple(observations))


def read_relation(value: object) -> Relation | None:
    """Return the relation that a value of JSON is, None if it is none."""
    if not isinstance(value, dict):
        return None
    source, target, kind = (value.get(key) for key in ("from", "to", "relationType"))
    if not (isinstance(source, str) and isinstance(target, str) and isinstance(kind, str)):
        return None
    return Relation(source, target, kind)


def read_item(value: object) -> Entity | Relation | None:
    """Return what a line of the server's file is, None if it is neither."""
    kind = value.get("type") if isinstance(value, dict) else None
    return read_entity(value) if kind == "entity" else read_relation(value) if kind == "relation" else None


def read_graph(items: Iterable[Entity | Relation | None]) -> Graph:
    """Return the graph of what is neither, and both."""
    found = list(items)
    entities = tuple(each for each in found if isinstance(each, Entity))
    return Graph(entities, tuple(each for each in found if isinstance(each, Relation)))
