"""The input counted on a thread, or in another process."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.errors import LoopflowError
from loopflow.logs.counting import LONGEST_STRETCH, CounterBeside, InputCounter, choose_engine
from loopflow.logs.model import LogRequest
from loopflow.tokens import create_counter
from loopflow.tokens.protocol import TokenCounter
from tests.support.counters import Refusing
from tests.support.hostile_logs import kill

COUNTER = create_counter()
PIECE = st.lists(st.sampled_from(["\n", " ", "/", "a", "word ", "12", "é", "\t", "[", "\r"]), max_size=12).map("".join)


def count(pieces: list[str], counter: TokenCounter = COUNTER, piece: int = 1) -> int | None:
    """Return what a counter of the input says that counts so many characters at first."""
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


def test_no_process_is_started_for_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows how long a pipe is."""
    monkeypatch.setattr("loopflow.logs.other_process.OtherProcess", None)
    assert [count_beside(["a b\n", "c\n"], least=100)] == COUNTER.count(["a b\nc\n"])


def test_in_little_memory_no_vocabulary_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """However much there is to count."""
    monkeypatch.setattr("loopflow.tokens.with_toktok.Toktok.load", None)
    monkeypatch.setattr("loopflow.tokens.with_tiktoken.Tiktoken.load", None)
    counter = create_counter(engine=choose_engine(LogRequest(1_000, is_small=True)))
    assert count(["word 12\n" * 300_000], counter) == 300_000 * count(["word 12\n"], counter)  # type: ignore[operator]


def test_what_counting_raises_is_raised() -> None:
    """To whoever waits for the sum, and adding more does not wait for ever."""
    with pytest.raises(ZeroDivisionError):
        count(["a\n\ue000\nb"] * 50, Refusing(ZeroDivisionError()))


def count_beside(pieces: list[str], counter: TokenCounter = COUNTER, least: int = 0) -> int | None:
    """Return what a counter in another process says, if one comes up."""
    counting = CounterBeside(counter, least)
    for each in pieces:
        counting.add(each.encode())
    return counting.finish()


@pytest.mark.parametrize("least", [0, 700_000, 1_000_000, 1_000_000_000])
@pytest.mark.parametrize("encoding", ["o200k_base", "cl100k_base"])
def test_another_process_counts_the_same(encoding: str, least: int) -> None:
    """In the encoding that is asked for; also more than a pipe holds, and nothing; whenever it is started."""
    counter = create_counter(encoding)
    text = "".join(f"line {number} of many, \u4e2d\u6587\n" for number in range(60_000))
    assert count_beside([text[:700_000], text[700_000:]], counter, least) == counter.count([text])[0]
    assert count_beside([], counter, least) == 0


def test_what_cannot_be_counted_there_has_no_count_here() -> None:
    """A stretch of text without a place to cut."""
    assert count_beside([" " * (LONGEST_STRETCH // 8)] * 9 + ["b"]) is None


@pytest.mark.parametrize("program", ["/nowhere/python", "/bin/false"])
def test_where_no_process_comes_up_it_is_counted_here(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not start, or ends at once."""
    monkeypatch.setattr(sys, "executable", program)
    assert count_beside(["a b\n", "c\n"]) == COUNTER.count(["a b\nc\n"])[0]


def test_a_counter_that_is_killed_is_an_error() -> None:
    """Wherever that shows: while more is sent, or when the sum is asked for."""
    counting = CounterBeside(COUNTER)
    counting.add(b"a\n")
    kill(counting._process)  # noqa: SLF001  nothing else knows which it is
    with pytest.raises(LoopflowError, match="was ended from outside"):
        counting.add(b"word " * 4_000_000 + b"\n")
    with pytest.raises(LoopflowError, match="was ended from outside"):
        counting.finish()
