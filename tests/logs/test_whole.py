"""A log that fits is printed as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.logs.whole import MOST_BYTES, Whole, count_all
from loopflow.tokens import create_counter
from tests.support.counters import Refusing

COUNTER = create_counter()
PIECE = st.lists(st.sampled_from(["\n", " ", "/", "a", "word ", "12", "é", "["]), max_size=12).map("".join)
SECRET = "token = ghp_" + "a1B2" * 9


def finish(whole: Whole, texts: list[str], most: int, raw: list[bytes] | None = None) -> tuple[str, int] | None:
    """Return what is printed of a log."""
    for text, data in zip(texts, raw or [text.encode() for text in texts], strict=True):
        whole.add_raw(data)
        whole.add(text.encode())
    return whole.finish(most)


@given(texts=st.lists(PIECE.filter(bool), max_size=9), fit=st.integers(0, 40))
def test_it_is_printed_just_where_it_fits(texts: list[str], fit: int) -> None:
    """With its exact count."""
    text = "".join(texts)
    [tokens] = COUNTER.count([text])
    assert finish(Whole(COUNTER, fit), texts, fit) == ((text, tokens) if tokens <= fit else None)


def test_what_is_allowed_at_last_may_be_less() -> None:
    """Than what it was held for."""
    assert finish(Whole(COUNTER, 100), ["one two three\n"], 2) is None


@pytest.mark.parametrize(
    ("raw", "text", "printed"),
    [
        (b"a\0\0\0\0b\n", "a\\x00\\x00\\x00\\x00b\n", "a�b\n"),
        (f"{SECRET}\n".encode(), "x" * 400 + "\n", "token = ***\n"),
    ],
)
def test_names_of_what_is_hidden_never_make_it_larger(raw: bytes, text: str, printed: str) -> None:
    """Where cleaned text has more tokens than the log, marks stand in their place."""
    [tokens] = COUNTER.count([raw.decode()])
    found = finish(Whole(COUNTER, 1_000), [text], tokens, [raw])
    assert found is not None
    assert found[0] == printed


def test_secrets_are_left_where_that_is_asked_for() -> None:
    """Also in the shorter form."""
    found = finish(Whole(COUNTER, 1_000, redact=False), ["\\x00" * 200], 60, [f"{SECRET}\0\n".encode()])
    assert found is not None
    assert SECRET in found[0]


def test_more_than_64_mib_are_not_held() -> None:
    """Whatever its count would be."""
    whole = Whole(COUNTER, 1 << 40)
    assert finish(whole, ["\n" * (MOST_BYTES + 1)], 1 << 40) is None


def test_what_cannot_be_counted_is_taken_to_be_too_large() -> None:
    """It is not printed whole; a part of a digest counts as many tokens as it has bytes, and the others as ever."""
    for texts in (["a \ue000"], ["a \ue000\n", "a\n"], ["a\n", "\ue000\n"]):
        assert finish(Whole(Refusing(), 1 << 40), texts, 1 << 40) is None
    assert count_all(Refusing(), ["one two", "\ue000 one"]) == [2, 7]
