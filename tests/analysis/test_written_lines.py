"""What was written in a merge: lines that no source has so often, less what was dropped; a token a character here."""

from collections.abc import Sequence

import pytest

from loopflow.analysis.written_lines import Sources, own_tokens, without_markers

ONE, TWO = "1" * 40, "2" * 40
ONES, TWOS = "one\n", "two\n"


def count(texts: Sequence[str]) -> list[int]:
    return [len(text) for text in texts]


@pytest.mark.parametrize(
    ("text", "automatic", "others", "own"),
    [
        pytest.param("a\nb\n", "a\nb\n", ("a\n", "b\n"), 0, id="what git makes of it"),
        pytest.param("a\nb\n", None, ("a\n", "b\n"), 0, id="every line is somebody's"),
        pytest.param("a\nnew\n", "a\n", ("a\n",), 4, id="a line more"),
        pytest.param("a\na\n", "a\n", ("a\n",), 2, id="a line once more"),
        pytest.param("a", "a\n", ("a\n",), -1, id="without its line end"),
        pytest.param("a\n", "a\nb\nb\n", ("a\nb\nb\n",), -4, id="lines that both have were dropped"),
        pytest.param("a\nnew\n", "a\nb\n", ("a\nb\n",), 2, id="one in the place of another"),
        pytest.param("a\n", "a\nb\n", ("a\n", "b\n"), 0, id="the nearest source has nothing to drop"),
        pytest.param("", "", (), 0, id="nothing"),
        pytest.param("new\n", None, (), 4, id="of nobody"),
    ],
)
def test_own_tokens(text: str, automatic: str | None, others: tuple[str, ...], own: int) -> None:
    """The table of sources and what becomes of them."""
    assert own_tokens(text, Sources(automatic, others), count) == own


def conflict(size: int, one: str, other: str) -> str:
    return f"{'<' * size} {ONE}\n{one}{'=' * size}\n{other}{'>' * size} {TWO}\n"


@pytest.mark.parametrize("size", [1, 3, 7, 30])
def test_markers_are_left_out(size: int) -> None:
    """Whatever their length; lines outside belong to both sides, and what only looks like a marker stays."""
    text = f"a\n{conflict(size, ONES, TWOS)}<<<<<<< HEAD\n"
    both, ours, theirs = without_markers(text, [ONE, TWO])
    assert both == "a\none\ntwo\n<<<<<<< HEAD\n"
    assert ours == "a\none\n<<<<<<< HEAD\n"
    assert theirs == "a\ntwo\n<<<<<<< HEAD\n"


def test_conflicts_lie_in_each_other() -> None:
    """Of three sides, the first two are one side of the second merge."""
    both, ours, theirs = without_markers(conflict(9, conflict(7, "p\n", "q\n"), "s\n"), [ONE, TWO])
    assert (both, ours, theirs) == ("p\nq\ns\n", "p\n", "s\n")
