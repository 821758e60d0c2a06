"""Which kinds of lines there are, and how often."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.logs import census as module
from loopflow.logs.census import Census, Kind
from loopflow.logs.keys import NOTHING, NewKinds, Trait, make_keys
from loopflow.logs.lines import Lines, Origin

TEXTS = st.lists(st.sampled_from([b"GET /1", b"GET /22", b"done", b"", b"  ", b"7", b"error 5", b"error"]), max_size=40)


def lines_of(texts: Sequence[bytes], first: int = 1, weights: Sequence[int] = ()) -> Lines:
    """Return lines that begin with a number."""
    traits = [Trait(weight) if weight else NOTHING for weight in weights or [0] * len(texts)]
    return Lines(texts, traits, Origin(first, range(len(texts)), (), 0))


def take(census: Census, texts: Sequence[bytes], first: int = 1, weights: Sequence[int] = (), file: int = 0) -> None:
    """Count lines, the weighted ones being hot."""
    keys = make_keys(b"".join(text + b"\n" for text in texts))
    census.learn(NewKinds(keys, begins_anew=True))
    census.add(
        range(len(keys)), lines_of(texts, first, weights), [at for at, weight in enumerate(weights) if weight], file
    )


@given(texts=TEXTS, size=st.integers(1, 12))
def test_every_kind_is_told_from_first_to_last(texts: list[bytes], size: int) -> None:
    """Its count, its places and its first line, in the order of the log, however many lines come at once."""
    census = Census()
    for begin in range(0, len(texts), size):
        take(census, texts[begin : begin + size], begin + 1)
    places: dict[bytes, list[int]] = {}
    for number, text in enumerate(texts, 1):
        places.setdefault(text.translate(None, b"0123456789"), []).append(number)
    expected = [Kind(len(at), (0, at[0]), (0, at[-1]), texts[at[0] - 1]) for key, at in places.items() if key.strip()]
    assert census.most_frequent(99) == expected


def test_the_most_frequent_are_chosen() -> None:
    """Of equal ones the first of the log, and they come in its order."""
    census = Census()
    take(census, [b"a", b"b", b"c", b"c", b"d", b"b"])
    assert [(kind.example, kind.count) for kind in census.most_frequent(2)] == [(b"b", 2), (b"c", 2)]
    assert [kind.example for kind in census.most_frequent(3)] == [b"a", b"b", b"c"]


def test_lines_that_failures_tell_of_are_not_counted() -> None:
    """Neither one that weighs something nor its like, where digits decided."""
    census = Census()
    take(census, [b"HTTP/1.1 500", b"HTTP/1.1 200", b"HTTP/1.1 500", b"HTTP/1.1 201"], weights=[40, 0, 40, 0])
    assert census.most_frequent(9) == [Kind(2, (0, 2), (0, 4), b"HTTP/1.1 200")]


def test_a_kind_can_span_files() -> None:
    """Places name the file."""
    census = Census()
    take(census, [b"x", b"a 1"])
    take(census, [b"a 2"], file=1)
    assert census.most_frequent(9)[-1] == Kind(2, (0, 2), (1, 1), b"a 1")


def test_what_is_rare_is_forgotten_when_there_is_too_much() -> None:
    """What came often keeps its count, and new kinds find room again."""
    census = Census()
    take(census, [b"often"] * 3)
    kinds = [
        b"x" * (number % 300) + b"y" * (number // 300 % 99) + b"z" * (number // 29_700)
        for number in range(module.MOST_KINDS + 1)
    ]
    take(census, [*kinds, *kinds[:60_000]], 4)
    census.prune()
    take(census, [b"new", b"often", b"new", b"new", b"new"], 200_000)
    assert [(kind.example, kind.count) for kind in census.most_frequent(module.MOST_KINDS)] == [
        (b"often", 4),
        (b"new", 4),
    ]


def test_numbers_of_kinds_hold_when_what_is_rare_is_forgotten() -> None:
    """A kind that stays goes on, and one that was forgotten begins again."""
    census = Census(4)
    census.learn(NewKinds([b"often", b"a", b"b", b"c", b"d"], begins_anew=True))
    for texts, kinds in (
        (["often", "often", "a", "b", "c", "d"], [0, 0, 1, 2, 3, 4]),
        (["b", "often", "d"], [2, 0, 4]),
    ):
        census.add(kinds, lines_of([text.encode() for text in texts], 1 if len(texts) > 3 else 7))
        census.prune()
    found = [Kind(3, (0, 1), (0, 8), b"often"), Kind(1, (0, 7), (0, 7), b"b")]
    assert census.most_frequent(9) == found


@pytest.mark.parametrize("size", [997, 90_000])
def test_which_examples_are_kept_does_not_depend_on_the_read(size: int) -> None:
    """Where there are more kinds than examples, the first of the log have one."""
    texts = [
        b"x" * (number % 300) + b"y" * (number // 300 % 90 + 1) + b"z" * (number // 27_000) for number in range(60_000)
    ]
    census = Census()
    for begin in range(0, len(texts), size):
        take(census, texts[begin : begin + size], begin + 1)
    found = census.most_frequent(70_000)
    assert (len(found), found[-1].first) == (50_000, (0, 50_000))
