"""The end of a log, and the end of the work in it."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.logs.ending import BYTES_A_TOKEN, Ending
from loopflow.logs.keys import Trait
from loopflow.logs.lines import Lines, Origin

FIT = 5_000
ROOM = FIT * BYTES_A_TOKEN


def lines_of(texts: Sequence[bytes], first: int) -> Lines:
    """Return lines that begin with a number."""
    return Lines(
        texts,
        [Trait(number % 9) for number in range(len(texts))],
        Origin(first, range(len(texts)), (0,) * (len(texts) + 1), 0),
    )


def end_of(texts: Sequence[bytes], size: int, file: int = 0, ending: Ending | None = None) -> Ending:
    """Return the ending that took lines in parts; those that say "anchor" are anchors."""
    ending = ending or Ending(FIT)
    for begin in range(0, len(texts), size):
        part = texts[begin : begin + size]
        ending.add(lines_of(part, begin + 1), [at for at, text in enumerate(part) if text == b"anchor"], file)
    return ending


def numbers(ending: Ending) -> list[tuple[int, int]]:
    """Return which lines of which files are the end."""
    return [(file, line.number) for file, line in ending.lines()]


@given(lengths=st.lists(st.integers(0, 9_000), max_size=40), size=st.integers(1, 41))
def test_the_end_is_as_many_lines_as_there_is_room_for(lengths: list[int], size: int) -> None:
    """16 bytes a token, line ends included, however many lines come at once."""
    texts = [b"x" * length for length in lengths]
    shown = len(numbers(end_of(texts, size)))
    taken = sum(lengths[len(lengths) - shown :]) + shown
    assert taken <= ROOM
    assert shown == len(texts) or taken + lengths[-shown - 1] + 1 > ROOM


@pytest.mark.parametrize(("after", "is_clean_up"), [(0, False), (9, False), (10, True), (5_000, True)])
@pytest.mark.parametrize("size", [1, 100, 10_000])
def test_clean_up_does_not_push_out_the_reason(after: int, is_clean_up: bool, size: int) -> None:  # noqa: FBT001
    """From ten lines after the newest anchor on, the end is what stands before it, and the last six lines."""
    texts = [b"work %d" % number for number in range(99)] + [b"anchor"] + [b"Removing image x, which is long"] * after
    last = len(texts)
    expected = [*range(1, 101), *range(last - 5, last + 1)] if is_clean_up else range(1, last + 1)
    assert numbers(end_of(texts, size)) == [(0, number) for number in expected]


@pytest.mark.parametrize("size", [7, 100])
def test_the_newest_anchor_counts(size: int) -> None:
    """What stands between two of them is shown, and what stands after the last is not."""
    texts = [b"anchor", *[b"a"] * 20, b"anchor", *[b"b"] * 20]
    assert numbers(end_of(texts, size)) == [(0, number) for number in [*range(1, 23), *range(37, 43)]]


def test_before_an_anchor_there_is_as_much_room() -> None:
    """However much comes after it."""
    texts = [b"x" * 999] * 200 + [b"anchor"] + [b"y" * 999] * 200
    found = numbers(end_of(texts, 13))
    assert found[-7:] == [(0, 201), *((0, number) for number in range(396, 402))]
    assert len(found) == 1 + (ROOM - len(b"anchor\n")) // 1_000 + 6


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ([b"fine"] * 12, [(0, 1), (0, 2), (0, 3), *((1, number) for number in range(7, 13))]),
        ([b"fine"] * 3, [(0, 1), (0, 2), (0, 3), (0, 4), (1, 1), (1, 2), (1, 3)]),
        ([b"anchor", b"fine"], [(0, 1), (0, 2), (0, 3), (0, 4), (1, 1), (1, 2)]),
    ],
)
def test_several_logs_have_one_end(second: list[bytes], expected: list[tuple[int, int]]) -> None:
    """That of the last, and where the work stopped in an earlier one."""
    ending = end_of([b"a", b"b", b"anchor", b"c"], 2)
    assert numbers(end_of(second, 2, 1, ending)) == expected


def test_lines_keep_their_text_and_weight() -> None:
    """As a reader sees them: behind a stamp where those are kept, and it takes room too."""
    ending = Ending(FIT)
    texts = [b"\xff" * 8_000] * 10
    ending.add(Lines(texts, [Trait(7)] * 10, Origin(1, range(10), (0,) * 11, 0), ["10:00"] * 10, keeps_stamps=True), [])
    found = [line for _, line in ending.lines()]
    assert {(line.text[:7], line.weight) for line in found} == {("10:00 \ufffd", 7)}
    assert len(found) == 9
