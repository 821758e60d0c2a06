"""What is counted in pieces is what all of it has."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.function.contexts import Rendered
from loopflow.function.counting import Tally, write
from loopflow.function.extract import Extracted
from loopflow.tokens import create_counter

LINES = st.text(" \t/\\:)]\"'#_xyA1\r\x0c\x1c\x85\u3000\u2028éß中🙂`", max_size=8).map(lambda line: f"{line}\n")
PIECES = st.lists(LINES, min_size=1, max_size=3).map("".join)
BLOCKS = st.lists(st.lists(PIECES, min_size=1, max_size=4).map(tuple), min_size=1, max_size=3)
COUNTERS = {name: create_counter(name, "tiktoken") for name in ("o200k_base", "cl100k_base")}


def render(blocks: list[tuple[str, ...]]) -> Rendered:
    """Return blocks as they are made of files."""
    return Rendered(tuple((f"p{at}.py", Extracted(each, frozenset())) for at, each in enumerate(blocks)), {})


@pytest.mark.parametrize("encoding", COUNTERS)
@given(BLOCKS, BLOCKS)
def test_pieces_have_what_the_whole_has(encoding: str, one: list[tuple[str, ...]], two: list[tuple[str, ...]]) -> None:
    counter, first, second = COUNTERS[encoding], render(one), render(two)
    [tokens] = counter.count([write(first.markdown, second.markdown)])
    assert Tally(counter).count_printed(first, second) == tokens
