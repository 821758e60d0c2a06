"""Budgets of what is no file: turns of a conversation, say. The same rules, the same verdicts."""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

import pytest

from loopflow.analysis.budget import Case, Matcher, judge
from loopflow.model import Allowance, Delta, Kind, Level, Rule, Scope, Status


class Turn(NamedTuple):
    """A turn of a conversation, by its number, and who spoke."""

    name: str
    group: str
    tokens: int


class Yesterday(NamedTuple):
    """What the conversation was."""

    items: Mapping[str, Turn]
    moves: Mapping[str, str]
    differing: frozenset[str] | None = None


TURNS = (Turn("1/question", "user", 10), Turn("1/answer", "model", 60), Turn("2/tool", "tool", 130))
THEN = Yesterday({turn.name: turn for turn in TURNS[:2]}, {})
TOOLS = Rule("tools", types=("tool",), file=100)
ALL = Rule("all", total=150, warn=Fraction(1))


def match(rule: Rule) -> Matcher:
    """Return what tells whether a rule is about a turn: by who spoke."""
    return lambda _, group: not rule.types or group in rule.types


@pytest.mark.parametrize(
    ("rule", "start", "status", "value"),
    [
        pytest.param(replace(ALL, total=200), None, Status.OK, 200, id="exactly the limit"),
        pytest.param(ALL, None, Status.FAIL, 200, id="over"),
        pytest.param(replace(ALL, level=Level.WARN), None, Status.WARN, 200, id="over, and only told"),
        pytest.param(ALL, Yesterday({turn.name: turn for turn in TURNS}, {}), Status.INHERITED, 200, id="it was over"),
        pytest.param(TOOLS, None, Status.FAIL, 130, id="one turn"),
        pytest.param(replace(TOOLS, types=("user",)), None, Status.OK, 10, id="another group"),
        pytest.param(replace(ALL, total=None, growth=Allowance(100)), THEN, Status.FAIL, 130, id="growth"),
    ],
)
def test_a_limit_of_turns(rule: Rule, start: Yesterday | None, status: Status, value: int) -> None:
    """Verdicts are those of files, whatever the items are."""
    [verdict] = judge([rule], Case(TURNS, [start] if start else []), match).verdicts
    assert (verdict.status, verdict.value) == (status, value)


def test_what_is_over_and_what_added_to_it_is_named() -> None:
    """The turns over a limit by their names; what was added by its name and by what it lies in."""
    changes = [Delta("2/tool", None, 130, Kind.ADDED)]
    over, total = judge([TOOLS, ALL], Case(TURNS, [THEN], changes=changes), match).verdicts
    assert (over.scope, [turn.name for turn in over.over]) == (Scope.FILE, ["2/tool"])
    assert [delta.path for delta in total.causes] == ["2/tool"]
    assert [delta.path for delta in total.sources] == ["2"]
