"""The plain texts that are sought before any pattern is tried."""

from hypothesis import given
from hypothesis import strategies as st

from loopflow.logs.recognisers.tables import RECOGNISERS, WORDS
from loopflow.logs.stems import Vocabulary, index_stems

STEMS = index_stems((*(word.stems for word in WORDS), *(each.stems for each in RECOGNISERS)))
VOCABULARY = Vocabulary(STEMS)
TEXTS = [stem.text.decode() for stem in STEMS]
LINES = st.lists(st.one_of(st.sampled_from(TEXTS), st.text("aefrorti :\n", max_size=4)), max_size=8).map("".join)


@given(line=LINES)
def test_no_stem_is_left_out_that_is_in_a_text(line: str) -> None:
    """Whatever words were seen before."""
    text = line.encode()
    assert {stem.text for stem in STEMS if stem.text in text} <= {stem.text for stem in VOCABULARY.choose(text)}


def test_few_stems_are_sought_where_nothing_failed() -> None:
    assert len(VOCABULARY.choose(b"\nrequest handled by worker\nshelf is full\n")) < len(STEMS) / 2
