"""Drain with an index finds what Drain finds."""

import pytest
from drain3.drain import Drain
from hypothesis import given
from hypothesis import strategies as st

from loopflow.logs.alike import IndexedDrain

WORD = st.sampled_from(["get", "put", "from", "to", "a1", "<*>", *(f"word-{chr(97 + at)}" for at in range(20))])
LINES = st.lists(st.lists(WORD, min_size=0, max_size=6).map(" ".join), max_size=80)


def find(drain: Drain, lines: list[str]) -> list[tuple[int, str]]:
    """Return the template of each line, as it is at the end."""
    found = [drain.add_log_message(line)[0] for line in lines]
    return [(each.cluster_id, each.get_template()) for each in found]


@pytest.mark.parametrize("children", [3, 100])
@pytest.mark.parametrize("similarity", [0.1, 0.4, 0.5, 1.0])
@given(lines=LINES)
def test_the_templates_are_those_of_drain(lines: list[str], similarity: float, children: int) -> None:
    """Whatever the lines are, also where a node of its tree is full."""
    options = {"sim_th": similarity, "max_children": children, "parametrize_numeric_tokens": True}
    assert find(IndexedDrain(**options), lines) == find(Drain(**options), lines)


def test_lines_that_have_little_in_common_are_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where nearly half of their words are the same in all of them."""
    monkeypatch.setattr(Drain, "get_seq_distance", None)
    lines = [" ".join(f"{chr(97 + at)}{word}" for at in range(4)) + " and so on" for word in _words(200)]
    assert len(set(find(IndexedDrain(sim_th=0.5, max_children=10), lines))) == len(lines)


def _words(many: int) -> list[str]:
    return [f"{chr(97 + at % 26)}{chr(97 + at // 26)}" for at in range(many)]
