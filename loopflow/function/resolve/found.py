"""What was found for a reference."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from loopflow.function.resolve.project import Location, Node
from loopflow.function.resolve.values import UNKNOWN, Types, join


class Resolved(NamedTuple):
    """What a name or a member means: values, the definitions, how they were found, or why there are none."""

    types: Types = UNKNOWN
    places: tuple[Location, ...] = ()
    via: str = ""
    reason: str = ""


NOT_FOUND: Final = Resolved(reason="dynamic")


class Mention(NamedTuple):
    """A reference in source: `kind` is load, call, annotation, decorator, base, raised or implicit."""

    text: str
    line: int
    column: int
    kind: str
    places: tuple[Location, ...]
    via: str
    reason: str


@dataclass(slots=True)
class Frame:
    """Where an expression is evaluated, and what was mentioned there. `inner` has type parameters of its own."""

    node: Node
    pos: int
    block: int
    inner: Node | None = None
    kind: str = "load"
    mentions: list[Mention] = field(default_factory=list)


def merge(found: Iterable[Resolved]) -> Resolved:
    """Return one answer for several alternatives: a reason counts only where nothing was found."""
    alternatives = list(found)
    if len(alternatives) == 1:
        return alternatives[0]
    places = tuple(dict.fromkeys(place for each in alternatives for place in each.places))
    via = next((each.via for each in alternatives if each.places), "")
    reasons = [each.reason for each in alternatives if each.reason]
    reason = "" if places or not reasons else min(reasons, key=_WEIGHTS.index)
    return Resolved(join(each.types for each in alternatives), places, via, reason)


_WEIGHTS: Final = ("unparsed", "compiled", "several", "many", "deep", "external", "builtin", "missing", "dynamic")
