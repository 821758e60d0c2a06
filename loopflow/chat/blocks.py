"""Messages as a provider sees them: runs of one role, and in each run of answers the calls that have to be answered."""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from loopflow.chat.model import Message, Part, Role


class Run(NamedTuple):
    """Messages beside each other of one role, from the place `start` to the one before `end`."""

    role: Role
    start: int
    end: int


class Place(NamedTuple):
    """Where a part is."""

    message: int
    part: int


def find_runs(messages: Sequence[Message], *, single: bool = False) -> list[Run]:
    """Return the runs of a conversation, in order; with `single`, each answer is a run of its own."""
    runs: list[Run] = []
    for place, message in enumerate(messages):
        if runs and runs[-1].role == message.role and not (single and message.role == "assistant"):
            runs[-1] = runs[-1]._replace(end=place + 1)
        else:
            runs.append(Run(message.role, place, place + 1))
    return runs


def list_parts(messages: Sequence[Message], kind: str, *, remote: bool = False) -> Iterator[tuple[Place, Part]]:
    """Yield the calls or results of a conversation, in order, with their places."""
    for number, message in enumerate(messages):
        for place, part in enumerate(message.parts):
            if part.kind == kind and part.remote == remote:
                yield Place(number, place), part


def pair(messages: Sequence[Message], *, remote: bool = False) -> dict[Place, Place]:
    """Return the call that each result answers: the oldest with its id that is open. Orphans are not in it."""
    opened: dict[str | None, deque[Place]] = {}
    answered: dict[Place, Place] = {}
    for number, message in enumerate(messages):
        for place, part in enumerate(message.parts):
            if part.remote != remote:
                continue
            if part.kind == "call":
                opened.setdefault(part.call_id, deque()).append(Place(number, place))
            elif part.kind == "result" and (waiting := opened.get(part.call_id)):
                answered[Place(number, place)] = waiting.popleft()
    return answered
