"""No part of a log takes all the room for what matters less."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from loopflow.logs.chunk_shares import ChunkShares, choose_chunk_size

ASKED = st.lists(st.tuples(st.integers(0, 1), st.integers(1, 500), st.integers(1, 300)), max_size=40)


@pytest.mark.parametrize(
    ("lines", "size"),
    [(0, 100), (1_000, 100), (1_001, 200), (5_000, 200), (5_001, 500), (10_000, 500), (10_001, 1_000)],
)
def test_the_size_of_a_part_grows_with_the_log(lines: int, size: int) -> None:
    """As the table says, limits included."""
    assert choose_chunk_size(lines) == size


@given(asked=ASKED, budget=st.integers(0, 3_000), size=st.integers(0, 600))
@example(asked=[(0, 1, 1)], budget=278, size=1)
def test_what_a_part_leaves_goes_to_later_ones(asked: list[tuple[int, int, int]], budget: int, size: int) -> None:
    """What was taken up to the end of any part is at most its share of nine tenths, by lines."""
    lines = [500, 500]
    shares = ChunkShares(budget, lines, size)
    taken = [(file * 500 + line, tokens) for file, line, tokens in asked if shares.take(file, line, tokens)]
    wanted = max(size or 100, 4)  # there are 256 parts at most
    for end in range(wanted, 1_000 + wanted, wanted):
        assert sum(tokens for line, tokens in taken if line <= end) <= budget * 0.9 * min(end / 1_000, 1)


@pytest.mark.parametrize(
    ("file", "line", "tokens", "taken"),
    [
        (0, 100, 90, True),
        (0, 100, 91, False),
        (0, 101, 180, True),
        (1, 1, 540, True),
        (1, 500, 900, True),
        (1, 500, 901, False),
        (1, 999, 900, True),
    ],
)
def test_all_that_is_due_may_be_taken_at_once(file: int, line: int, tokens: int, taken: bool) -> None:  # noqa: FBT001
    """By what stands in a part: its own share and those before it."""
    assert ChunkShares(1_000, [500, 500], 100).take(file, line, tokens) is taken


def test_there_are_at_most_256_parts() -> None:
    """Of a log of any length: the first has its share, not that of a hundred lines."""
    assert ChunkShares(25_600, [1_000_000], 100).take(0, 1, 90)
    assert not ChunkShares(25_600, [1_000_000], 100).take(0, 1, 91)
