"""Logs that are made: the same each time, with failures that a reader of the whole would find."""

import io

import pytest

from loopflow.logs.examples import KINDS, make_example
from loopflow.logs.gathering import Input
from loopflow.logs.model import LogRequest, Priority
from loopflow.logs.running import reduce_logs
from tests.support.reducing import counter


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [20_000, 150_000])
def test_a_log_has_its_size_and_its_marks(kind: str, size: int) -> None:
    """Each mark stands once, in a line of its own, and the same arguments make the same log."""
    example = make_example(kind, size)
    text = example.data.decode()
    assert size <= len(example.data) < size + 20_000
    assert [text.count(mark) for mark in example.marks] == [1] * len(example.marks)
    assert len(set(example.marks)) == len(example.marks) > 10
    assert make_example(kind, size) == example


@pytest.mark.parametrize("kind", KINDS)
def test_a_digest_keeps_them(kind: str) -> None:
    """In a twentieth of the tokens; none of them is taken for something that does not matter."""
    example = make_example(kind, 100_000)
    digest = reduce_logs([Input(kind, "", io.BytesIO(example.data))], LogRequest(2_000), counter())
    assert example.kept(digest.text) == len(example.marks)
    found = sum(count.found for count in digest.priorities if count.priority >= Priority.HIGH)
    assert len(example.marks) <= found <= 3 * len(example.marks)


def test_what_is_kept_is_counted() -> None:
    """A digest without a mark does not tell that failure."""
    example = make_example("trace", 20_000)
    assert example.kept("") == 0
    assert example.kept(example.data.decode().replace(example.marks[3], "")) == len(example.marks) - 1
