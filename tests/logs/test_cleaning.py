"""What a terminal would not show is taken out of lines; their number stays."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.logs.cleaning import LONGEST_LINE, clean, is_lossy, name_left_out, shorten_line
from loopflow.logs.keys import Classifier
from loopflow.logs.recognisers.tables import RECOGNISERS, WORDS

CLASSIFIER = Classifier(WORDS, RECOGNISERS)
PIECES = [
    b"\x1b",
    b"\x1b[",
    b"[1;31m",
    b"]0;t",
    b"\x07",
    b"\r",
    b"\n",
    b"\b",
    b"\0",
    b"\t",
    b"\x7f",
    b"\xc2",
    b"\x9b",
    b"a",
]
HOSTILE = st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=3)), max_size=60).map(b"".join)


@pytest.mark.parametrize(
    ("line", "cleaned"),
    [
        (b"\x1b[1;31mred\x1b[0m \x1b[?25l\x1b[K", b"red "),
        (b"\x1b]0;title\x07a\x1b]8;;http://x\x1b\\b\x1bPq\x1b\\c\x1b(Bd\x1b=e\x1b", b"abcde"),
        (b"a\x1b[31", b"a"),
        (b"one\r", b"one"),
        (b"one\r\r", b"one"),
        (b"10 %\r50 %\r100 %\r  \r", b"100 %"),
        (b"\r\r", b""),
        (b"10 %\rerror: disk full\r100 %", b"error: disk full 100 %"),
        (b"error: x\rerror: x\rdone", b"error: x done"),
        (b"abc\b\bd", b"ad"),
        (b"\b\bx", b"x"),
        ("é\bx".encode(), b"x"),
        (b"a\0b\x01\x0b\x7f\tc", b"a\\x00b\\x01\\x0b\\x7f\tc"),
        ("a\u0085b\u009bc".encode(), b"abc"),
        (b"caf\xe9", "caf�".encode()),
        ("naïve ✓".encode(), "naïve ✓".encode()),
    ],
)
def test_a_line_is_as_a_screen_shows_it(line: bytes, cleaned: bytes) -> None:
    """Alone and between others, which stay as they are."""
    assert clean(line, CLASSIFIER.weigh) == cleaned
    assert clean(b"before\n%b\nafter\n" % line, CLASSIFIER.weigh) == b"before\n%b\nafter\n" % cleaned


@given(block=HOSTILE)
def test_nothing_is_left_that_acts(block: bytes) -> None:
    """The result is UTF-8 without controls, on as many lines, and cleaning it again changes nothing."""
    cleaned = clean(block)
    assert not [char for char in cleaned.decode() if unicodedata.category(char) == "Cc" and char not in "\n\t"]
    assert cleaned.count(b"\n") == block.count(b"\n")
    assert clean(cleaned) == cleaned


@given(lines=st.lists(HOSTILE.map(lambda line: line.replace(b"\n", b"")), max_size=8))
def test_lines_do_not_touch_each_other(lines: list[bytes]) -> None:
    """A block is cleaned as its lines are."""
    assert clean(b"\n".join(lines), CLASSIFIER.weigh) == b"\n".join(clean(line, CLASSIFIER.weigh) for line in lines)


def test_a_brief_block_has_one_mark_for_controls_in_a_row() -> None:
    """So that it has no more bytes than before, about."""
    assert clean(b"a\0\0\0b\x01c\n", brief=True).decode() == "a�b�c\n"


@pytest.mark.parametrize(("block", "lossy"), [(b"plain", False), ("é".encode(), False), (b"\xe9", True)])
def test_what_is_not_utf8_is_told(block: bytes, lossy: bool) -> None:  # noqa: FBT001
    """Only such bytes lose something."""
    assert is_lossy(block) is lossy


def restore(shown: bytes) -> int:
    """Return how many bytes a shortened line stands for."""
    marker = re.compile(rb" \[\.\.\. ([\d,]+) bytes \.\.\.\] ")
    return len(marker.sub(b"", shown)) + sum(int(found.replace(b",", b"")) for found in marker.findall(shown))


@given(
    parts=st.lists(st.sampled_from(["é", "a", "€", "x" * 700, "é" * 450, "😀" * 99]), min_size=10, max_size=60),
    places=st.lists(st.integers(0, 40_000), max_size=8),
)
def test_what_is_left_out_of_a_line_is_counted(parts: list[str], places: list[int]) -> None:
    """Shown and left out bytes are those of the line; cuts are between characters, and both ends are kept."""
    line = "".join(parts).encode() + b"z" * LONGEST_LINE
    shown = shorten_line(line, lambda _: [place for place in places if place < len(line)])
    assert restore(shown) == len(line)
    assert len(shown.decode()) < len(line)
    assert shown.startswith(line[:1_390])
    assert shown.endswith(line[-400:])


@given(place=st.integers(0, 20_000).map(lambda place: 8 * (place // 8)))
def test_a_strong_word_keeps_what_is_around_it(place: int) -> None:
    """200 bytes before and after, wherever it is in a long line, behind a weaker use of the same word too."""
    line = b"no errors here, " + b"".join(b"%07d " % number for number in range(2_500))
    line = line[: 16 + place] + b"error: rutabaga " + line[16 + place :]
    shown = shorten_line(line, CLASSIFIER.find_strong)
    at = line.index(b"error:")
    assert line[max(at - 200, 0) : at + 200] in shown
    assert restore(shown) == len(line)


@pytest.mark.parametrize(("gap", "is_left_out"), [(1, False), (40, False), (41, True)])
def test_less_than_its_marker_is_not_left_out(gap: int, is_left_out: bool) -> None:  # noqa: FBT001
    """Of a line that is long enough, what would make it longer."""
    line = b"a" * 1_400 + b"b" * gap + b"c" * 9_000
    shown = shorten_line(line, lambda _: [1_400 + gap + 200])
    assert (b"b" not in shown.replace(b"bytes", b"")) is is_left_out
    assert restore(shown) == len(line)


@pytest.mark.parametrize("at", [0, 1_300, 1_399, 1_400, 1_500, 5_000, 8_590, 8_700, 8_990])
def test_what_was_cut_in_reading_is_counted_too(at: int) -> None:
    """The bytes that a line lacks already are in the number, and its marker is not shown in parts."""
    whole = b"".join(b"%09d " % number for number in range(900))
    line = whole[:at] + name_left_out(7_000_000) + whole[at:]
    for words in ([], [at - 190], [at + 100], [at + 210]):
        shown = shorten_line(line, lambda _, words=words: words, 7_000_000)  # type: ignore[misc]
        assert restore(shown) == len(whole) + 7_000_000
        assert b"..." not in re.sub(rb" \[\.\.\. [\d,]+ bytes \.\.\.\] ", b"", shown)


def test_what_names_a_step_stays_though_a_screen_hides_it() -> None:
    """GitLab and Travis write it before a carriage return."""
    block = b"section_start:15:build\r\x1b[0KBuild\ntravis_fold:start:test\r\x1b[0K$ make\n 10 %\r 90 %\n"
    shown = b"section_start:15:build Build\ntravis_fold:start:test $ make\n 90 %\n"
    assert clean(block, lambda parts: [0] * len(parts)) == shown
