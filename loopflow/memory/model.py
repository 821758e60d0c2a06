"""What is remembered: a run and what failed in it; and the graph that a memory server keeps, as its tools see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from loopflow.errors import LoopflowError


class Failed(NamedTuple):
    """A failure of a run in one line. `kind` is its type, such as AssertionError; lines begin with 1."""

    ref: str
    kind: str
    times: int
    log: str
    first: int
    last: int
    headline: str


@dataclass(frozen=True, slots=True)
class Run:
    """A log that was read. `id` tells it from every other run; `left_out` failures of it are not in `failures`."""

    id: str
    at: datetime
    """In UTC."""
    log: str
    project: str
    sha256: str
    lines: int
    tokens_before: int | None
    tokens_after: int
    encoding: str
    profile: str
    priorities: Mapping[str, int]
    """How many failures there were of each."""
    failures: tuple[Failed, ...] = ()
    left_out: int = 0


class Entity(NamedTuple):
    """A node of the graph: what is known of something, each observation a line."""

    name: str
    kind: str
    observations: tuple[str, ...] = ()


class Relation(NamedTuple):
    """An edge, from the name of an entity to that of another."""

    source: str
    target: str
    kind: str


class Graph(NamedTuple):
    """A part of the graph, or all of it."""

    entities: tuple[Entity, ...] = ()
    relations: tuple[Relation, ...] = ()


class Tools(Protocol):
    """What a memory server can do. Each call is one step: it is done, or nothing is. Raises MemoryServerError."""

    def open(self, names: Sequence[str]) -> Graph:
        """Return the entities of these names that there are, with the relations of each."""
        ...

    def search(self, text: str) -> tuple[Entity, ...]:
        """Return the entities that have the text in name, kind or an observation."""
        ...

    def export(self) -> Graph:
        """Return all of it."""
        ...

    def create(self, entities: Sequence[Entity]) -> None:
        """Add entities; one whose name is there already changes nothing."""
        ...

    def relate(self, relations: Sequence[Relation]) -> None:
        """Add relations; one that is there already changes nothing."""
        ...

    def observe(self, observations: Mapping[str, Sequence[str]]) -> None:
        """Add observations to entities, which have to be there."""
        ...

    def unobserve(self, observations: Mapping[str, Sequence[str]]) -> None:
        """Take observations from entities; what is not there changes nothing."""
        ...

    def delete(self, names: Sequence[str]) -> None:
        """Take entities, and the relations of each."""
        ...


class MemoryServerError(LoopflowError):
    """The server does not do what it is asked. `again` says whether a new start may help."""

    def __init__(self, message: str, hint: str = "", *, again: bool = False) -> None:
        super().__init__(message, hint)
        self.again = again


class MemoryFileError(LoopflowError):
    """A file of the memory cannot be used."""
