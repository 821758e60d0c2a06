"""What is said of a digest's tokens: it adds up to all of them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.logs.model import Digest
from loopflow.logs.render.explanation import explain, list_parts
from tests.support.reducing import count, reduce_text

NOISE = "".join(f"GET /item/{number} of the shop\n" for number in range(400))
FAILING = "".join(f"{NOISE[:3000]}\nValueError: {word} is broken\n" for word in ("left", "right", "middle"))


LOG = reduce_text(f"{FAILING}{NOISE}error: it did not end well\nmake: *** [all] Error 2\n", 3_000)


def make(fit: int) -> Digest:
    return LOG.to(fit)


@given(st.integers(200, 3_000))
def test_the_parts_are_the_whole(fit: int) -> None:
    """What is left for the first line is what the first line takes, if nothing critical is missing."""
    digest = make(fit)
    parts = list_parts(digest)
    assert sum(part.tokens for part in parts) == digest.tokens_after
    assert digest.critical_missing or parts[-1].tokens == count(f"{digest.head}\n")


def test_what_it_says() -> None:
    """How many of how many, in which shapes; the largest failures; where to look for more."""
    lines = list(explain(make(1_000)))
    assert " of 1,000 tokens; " in lines[0]
    assert any(re.match(r" +\d+  critical: (\d+) of \1: \1 whole", line) for line in lines)
    assert [line for line in lines if "ERR-" in line and "ValueError: left is broken" in line]
    assert lines[-1] == "where the tokens of the log are: loopflow logs distribution"


@pytest.mark.parametrize("lines", [1, 3])
def test_a_log_that_fits_has_no_parts(lines: int) -> None:
    """There is nothing to choose."""
    digest = reduce_text("one\n" * lines, 100).digest
    assert list_parts(digest) == []
    assert list(explain(digest)) == [f"{2 * lines} of 100 tokens: the log fits, so it is printed whole"]
