"""The input counted on a thread."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.logs.counting import LONGEST_STRETCH, InputCounter
from loopflow.tokens import create_counter
from loopflow.tokens.protocol import TokenCounter
from tests.support.counters import Refusing

COUNTER = create_counter()
PIECE = st.lists(st.sampled_from(["\n", " ", "/", "a", "word ", "12", "é", "\t", "[", "\r"]), max_size=12).map("".join)


def count(pieces: list[str], counter: TokenCounter = COUNTER, piece: int = 1) -> int | None:
    """Return what a counter of the input says that counts so many characters at once."""
    counting = InputCounter(counter, piece)
    for each in pieces:
        counting.add(each.encode())
    return counting.finish()


@given(pieces=st.lists(PIECE, max_size=12), piece=st.integers(1, 20))
def test_pieces_count_as_the_whole(pieces: list[str], piece: int) -> None:
    """Wherever a text is cut, also into nothing."""
    assert [count(pieces, piece=piece)] == COUNTER.count(["".join(pieces)])


def test_what_cannot_be_counted_has_no_count() -> None:
    """Neither what an engine refuses nor a stretch of text without a place to cut."""
    assert count(["a\n", "\ue000\n", "b\nc\n"], Refusing()) is None
    assert count(["a\n", "b\n", "\ue000"], Refusing()) is None
    assert count([" " * (LONGEST_STRETCH // 8)] * 9 + ["b"]) is None


def test_what_counting_raises_is_raised() -> None:
    """To whoever waits for the sum, and adding more does not wait for ever."""
    with pytest.raises(ZeroDivisionError):
        count(["a\n\ue000\nb"] * 50, Refusing(ZeroDivisionError()))
