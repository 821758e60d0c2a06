"""What the engines count differently when each is asked alone, and that the counters are not taken in by it."""

import sys
import unicodedata
from functools import cache

import pytest
import toktok

from loopflow.tokens.choice import create_counter
from loopflow.tokens.encodings import VOCABULARY_DIGESTS
from loopflow.tokens.gate import Gate
from loopflow.tokens.protocol import TokenCounter
from loopflow.tokens.unassigned import unassigned_edges
from tests.support.oracle import count_text

_TOGETHER = 512

UNASSIGNED = 1_114_112 - 154_998 - 2_048 - 137_468 - 65 - 66
"""All code points but graphic and format characters, surrogates, private use, control and noncharacters."""


@cache
def counter(encoding: str, engine: str) -> TokenCounter:
    return create_counter(encoding, engine)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        pytest.param("e'\u017f'LLe", "o200k_base", id="a contraction with a long s"),
        pytest.param("\u1ae9\ufffdt", "o200k_base", id="a mark of Unicode 17"),
        pytest.param("\U000323b0\ufffdt", "cl100k_base", id="a letter of Unicode 17"),
    ],
)
def test_what_is_counted_otherwise_is_counted_by_the_reference(text: str, encoding: str) -> None:
    """The count is tiktoken's with every engine, also among others, where toktok alone says something else."""
    expected = count_text(text, encoding)
    assert toktok.batch_count([text], encoding, threads=1) != [expected]
    for engine in ("table", "toktok"):
        assert counter(encoding, engine).count(["a b", text, "c"]) == [2, expected, 1]


@pytest.mark.parametrize("text", ["", "e's", "'s \u017f", "\u1ace", "日本語", "\U000323af", "x" * 100, "\uffff\ufdd0"])
def test_everything_else_is_for_every_engine(text: str) -> None:
    """The slow engine is left out of what need not be its business; noncharacters will never be anything else."""
    assert not Gate().holds(text)


@pytest.mark.parametrize("char", ["\u0378", "\u088f", "\U0001f6d8", "\U000e0000", "\U0010ffff\U0005fffd"])
def test_unassigned_characters_are_for_the_reference(char: str) -> None:
    """A text with a code point that is unassigned in Unicode 16 is held, whatever stands around it."""
    gate = Gate()
    assert [gate.holds(text) for text in ("é", f"é {char} x", "é")] == [False, True, False]


@pytest.mark.parametrize("engine", [pytest.param("table", marks=pytest.mark.long), "toktok"])
@pytest.mark.parametrize("encoding", VOCABULARY_DIGESTS)
def test_every_character_is_counted_as_the_reference_does(encoding: str, engine: str) -> None:
    """No code point belongs to another class in one engine than in tiktoken, but for those that the gate holds.

    Should this fail with a new version of an engine, the characters that it names are new to that, or to tiktoken.
    """
    gate = Gate()
    points = (chr(point) for point in range(0x80, sys.maxunicode + 1) if not 0xD800 <= point < 0xE000)
    open_to_all = [char for char in points if not gate.holds(char)]
    groups = [open_to_all[at : at + _TOGETHER] for at in range(0, len(open_to_all), _TOGETHER)]
    texts = ["".join(map(beside_others, group)) for group in groups]
    ours = counter(encoding, engine).count(texts)
    theirs = counter(encoding, "tiktoken").count(texts)
    differing = [text for text, one, other in zip(texts, ours, theirs, strict=True) if one != other]
    assert [f"U+{ord(text[0]):04X} and after" for text in differing] == []


def test_the_ranges_are_those_of_unicode_16() -> None:
    """As many code points are held as Unicode 16 leaves unassigned; an older Python assigns none of them."""
    edges = unassigned_edges()
    points = [point for first, end in zip(edges[::2], edges[1::2], strict=True) for point in range(first, end)]
    assert len(points) == UNASSIGNED
    if tuple(map(int, unicodedata.unidata_version.split("."))) <= (16, 0, 0):
        assert {unicodedata.category(chr(point)) for point in points} == {"Cn"}


def beside_others(char: str) -> str:
    return f"{char}\ufffdt\n{char}'s\nA{char}1\n"
