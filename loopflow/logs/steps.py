"""In which order failures get more room: a list of steps, each of which tells some of them in a shape."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from loopflow.logs.model import Shape, Spending
from loopflow.logs.pool import Entry

ORDER: Final = {Shape.ROW: 0, Shape.LINE: 1, Shape.TRIMMED: 2, Shape.FULL: 3}

Step = tuple[Sequence[Entry], Shape]


class Ranked(NamedTuple):
    """Failures by what they matter: the first of each critical cause, and the others."""

    firsts: Sequence[Entry]
    others: Sequence[Entry]
    high: Sequence[Entry]
    medium: Sequence[Entry]
    low: Sequence[Entry]


class Plan(NamedTuple):
    """Steps that come before templates have their turn, those after, and those behind a longer end."""

    first: Sequence[Step]
    then: Sequence[Step]
    last: Sequence[Step]


def plan(ranked: Ranked, spending: Spending) -> Plan:
    """Return the steps."""
    firsts, others, high, medium, low = ranked
    if not spending.is_adaptive:  # a shape for each, whatever is left
        trimmed = min(Shape.TRIMMED, spending.longest, key=ORDER.__getitem__)
        lines = ((firsts, Shape.LINE), (high, Shape.LINE), (others, Shape.LINE))
        steady = ((firsts, trimmed), *lines, (high, trimmed))
        return Plan(steady, (*steady, (medium, Shape.LINE)), ())
    lengthening: tuple[Step, ...] = ((firsts, Shape.TRIMMED), (firsts, Shape.LINE), (firsts, Shape.FULL))
    if spending.traces_first:
        lengthening = (lengthening[-1], *lengthening[:-1])
    first = (*lengthening, (high, Shape.LINE), (others, Shape.LINE), (others, Shape.TRIMMED), (high, Shape.TRIMMED))
    then = (*first, (others, Shape.FULL), (high, Shape.FULL), (medium, Shape.LINE))
    last = ((medium, Shape.TRIMMED), (medium, Shape.FULL), (low, Shape.LINE))
    return Plan(*(_up_to(spending.longest, steps) for steps in (first, then, last)))


def _up_to(longest: Shape, steps: Sequence[Step]) -> list[Step]:
    return [(entries, shape) for entries, shape in steps if ORDER[shape] <= ORDER[longest]]
