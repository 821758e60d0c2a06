"""A case: a short log and what is to be found in it."""

from typing import NamedTuple

from loopflow.logs.model import Priority

HIGH, MEDIUM = Priority.HIGH, Priority.MEDIUM


class Expected(NamedTuple):
    """A block: its recogniser, its first and last line, a part of its headline, its kind."""

    recogniser: str
    first: int
    last: int
    headline: str
    kind: str = ""
    priority: Priority = Priority.CRITICAL


class Case(NamedTuple):
    """What a tool prints when something fails."""

    name: str
    text: str
    expected: tuple[Expected, ...]


def case(name: str, text: str, *expected: Expected) -> Case:
    """Return a case; its log begins and ends with a line of its own, however it stands in the table."""
    return Case(name, text.strip("\n") + "\n", expected)
