"""What the two engines count differently when each is asked alone, and that the counters are not taken in by it."""

import unicodedata
from functools import cache

import pytest
import toktok

from loopflow.io.encoding import VOCABULARY_DIGESTS, TokenCounter, create_counter, needs_reference
from tests.support.oracle import count_text

_TOGETHER = 512
_EMPTY_FROM = 0x40000


@cache
def counter(encoding: str) -> TokenCounter:
    return create_counter(encoding, "toktok")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        pytest.param("e'\u017f'LLe", "o200k_base", id="a contraction with a long s"),
        pytest.param("\u1ae9\ufffdt", "o200k_base", id="a mark of Unicode 17"),
        pytest.param("\U000323b0\ufffdt", "cl100k_base", id="a letter of Unicode 17"),
    ],
)
def test_what_toktok_counts_otherwise_is_counted_by_the_reference(text: str, encoding: str) -> None:
    """The count is tiktoken's, also among others, where toktok alone says something else."""
    expected = count_text(text, encoding)
    assert toktok.batch_count([text], encoding, threads=1) != [expected]
    assert counter(encoding).count(["a b", text, "c"]) == [2, expected, 1]


@pytest.mark.parametrize("text", ["", "e's", "'s \u017f", "\u1ade", "日本語", "\U000323af", "x" * 100])
def test_everything_else_is_counted_by_toktok(text: str) -> None:
    """The slow engine is left out of what need not be its business."""
    assert not needs_reference(text)


@pytest.mark.parametrize("encoding", VOCABULARY_DIGESTS)
def test_characters_that_are_new_to_one_engine(encoding: str) -> None:
    """No character but the known ones belongs to another class in one engine, among all that Python does not know yet.

    Should this fail with new versions, the characters that it names are new to one of them. (Planes 4 to 16 are empty
    but for tags and what is for private use.)
    """
    new = [chr(point) for point in range(_EMPTY_FROM) if unicodedata.category(chr(point)) == "Cn"]
    plain = [char for char in new if not needs_reference(char)]
    texts = ["".join(map(beside_others, plain[at : at + _TOGETHER])) for at in range(0, len(plain), _TOGETHER)]
    ours = counter(encoding).count(texts)
    theirs = create_counter(encoding, "tiktoken").count(texts)
    differing = [text for text, one, other in zip(texts, ours, theirs, strict=True) if one != other]
    assert [f"U+{ord(text[0]):04X} and after" for text in differing] == []


def beside_others(char: str) -> str:
    return f"{char}\ufffdt\n{char}'s\nA{char}1\n"
