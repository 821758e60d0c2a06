"""What is sought before a pattern is tried turns down nothing that the pattern would find."""

# ruff: noqa: SLF001 - what is tested is that nobody sees them

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopflow.logs import found, pool, retries, signatures
from loopflow.logs.keys import DIGITS
from loopflow.logs.recognisers.tables import WORDS

PAIRS = {
    "places": (pool._MAY_BE_PLACE, pool._PLACE),
    "kinds": (found._MAY_BE_KIND, found._KIND),
}
ROWS = [word for word in WORDS if not word.digits and not word.is_anchor and b"[^" not in word.pattern]
"""Hypothesis makes no bytes for a set that is negated where case is ignored."""
OF_HTTP = [word for word in WORDS if word.number]


@pytest.mark.parametrize("name", PAIRS)
@settings(deadline=None)
@given(data=st.data())
def test_every_line_that_a_pattern_finds_something_in_is_looked_at(name: str, data: st.DataObject) -> None:
    may, pattern = PAIRS[name]
    assert may.search(data.draw(st.from_regex(pattern)))


@settings(deadline=None)
@given(line=st.from_regex(re.compile(rb"PASS(?:ED)?|\b[Oo][Kk]\b|\xe2\x9c[\x93\x94\x85]|\xe2\x88\x9a")))
def test_every_mark_of_a_test_that_passed_is_looked_at(line: bytes) -> None:
    assert retries.MAY_PASS.search(line)


@pytest.mark.parametrize("number", range(len(ROWS)))
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_every_line_that_has_a_word_has_one_of_its_stems(number: int, data: st.DataObject) -> None:
    line = data.draw(st.from_regex(ROWS[number].pattern)).partition(b"\n")[0].translate(None, DIGITS)
    if re.search(ROWS[number].pattern, line):
        stems = [stem.encode().replace(b"^", b"\n") for stem in ROWS[number].stems.split("|")]
        assert any(stem in b"\n" + line.lower() for stem in stems)


@pytest.mark.parametrize("number", range(len(OF_HTTP)))
@settings(deadline=None)
@given(data=st.data())
def test_every_state_of_http_is_looked_for_where_a_number_was(number: int, data: st.DataObject) -> None:
    line = data.draw(st.from_regex(OF_HTTP[number].pattern))
    assert re.search(OF_HTTP[number].digits, line.translate(None, DIGITS))


MASKED = st.lists(
    st.one_of(
        st.sampled_from(
            ["/var/folders/", "Thread-1", "thread", "pool-1-a-2", "0xff", "exit code 3", " ", "-", "7 ms", "\\Temp\\"]
        ),
        st.text("af09gw-/ :.", max_size=6),
    ),
    max_size=6,
).map("".join)


@settings(deadline=None)
@given(text=MASKED)
def test_what_is_masked_faster_is_masked_the_same(text: str) -> None:
    slow = signatures._MASK
    assert slow.sub("<*>", text) == text or signatures._MAY_DIFFER.search(text)
    if not signatures._SLOW.search(text):
        assert signatures._FAST_MASK.sub("<*>", text) == slow.sub("<*>", text)
