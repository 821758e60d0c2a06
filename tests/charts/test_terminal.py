"""What a terminal can show: bars, colours, and names that fit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.charts.terminal import ASCII, UNICODE, Glyphs, Palette, shorten
from tests.support.screen import ANSI, columns

GLYPHS = st.sampled_from([UNICODE, ASCII])
# Narrow, wide, and characters that take no room of their own.
TEXTS = st.text("abc/._-()[] éßΩ日本語한글ｗ字\u0301\u0308", max_size=60)


@given(whole=st.integers(0, 10**12), cells=st.integers(1, 40), glyphs=GLYPHS, data=st.data())
def test_a_bar_takes_its_cells(whole: int, cells: int, glyphs: Glyphs, data: st.DataObject) -> None:
    """However much is filled, a bar is as wide as it should be."""
    part = data.draw(st.integers(0, whole))
    assert len(glyphs.bar(part, whole, cells)) == cells


@given(whole=st.integers(1, 10**12), glyphs=GLYPHS, data=st.data())
def test_a_bar_tells_something_from_nothing_and_from_everything(
    whole: int, glyphs: Glyphs, data: st.DataObject
) -> None:
    """A bar is empty for nothing only, and full for everything only."""
    part = data.draw(st.integers(0, whole))
    bar = glyphs.bar(part, whole, 10)
    assert (not bar.strip()) == (part == 0)
    assert (bar == glyphs.bar(whole, whole, 10)) == (part == whole)


@given(whole=st.integers(1, 10**6), glyphs=GLYPHS, data=st.data())
def test_a_longer_bar_means_more(whole: int, glyphs: Glyphs, data: st.DataObject) -> None:
    """Of two bars of one whole, the larger part's is never the shorter one."""
    parts = st.integers(0, whole)
    less, more = sorted([data.draw(parts), data.draw(parts)])
    assert _eighths(glyphs.bar(less, whole, 10)) <= _eighths(glyphs.bar(more, whole, 10))


@pytest.mark.parametrize(
    ("glyphs", "part", "bar"),
    [
        (UNICODE, 0, "          "),
        (UNICODE, 1, "▏         "),
        (UNICODE, 250, "██▌       "),
        (UNICODE, 500, "█████     "),
        (UNICODE, 999, "█████████▉"),
        (UNICODE, 1000, "██████████"),
        (ASCII, 0, "          "),
        (ASCII, 1, "#         "),
        (ASCII, 250, "##        "),
        (ASCII, 999, "######### "),
        (ASCII, 1000, "##########"),
    ],
)
def test_bars_are_drawn_in_eighths_or_in_signs(glyphs: Glyphs, part: int, bar: str) -> None:
    """Block characters show eighths of a cell, ASCII whole cells."""
    assert glyphs.bar(part, 1000, 10) == bar


@given(text=TEXTS, room=st.integers(-5, 70), glyphs=GLYPHS)
def test_a_shortened_name_fits(text: str, room: int, glyphs: Glyphs) -> None:
    """A name never takes more columns than there are; four are always there."""
    assert columns(shorten(text, room, glyphs)) <= max(room, 4)


@given(text=TEXTS, glyphs=GLYPHS)
def test_a_name_that_fits_is_left_alone(text: str, glyphs: Glyphs) -> None:
    """Nothing is cut out of a name with room enough, or with room without end."""
    assert shorten(text, max(columns(text), 4), glyphs) == text
    assert shorten(text, None, glyphs) == text


@given(text=TEXTS, room=st.integers(4, 40), glyphs=GLYPHS)
def test_a_shortened_name_keeps_its_ends(text: str, room: int, glyphs: Glyphs) -> None:
    """What is cut is the middle: beginning and end of the name stay, with a sign between them."""
    shown = shorten(text, room, glyphs)
    if shown != text:
        head, sign, tail = shown.partition(glyphs.ellipsis)
        assert sign
        assert text.startswith(head)
        assert text.endswith(tail)
        assert columns(shown) >= room - 3  # no more is cut than has to be, wide characters and spaces aside


@pytest.mark.parametrize(
    ("text", "room", "shown"),
    [
        ("src/components/Button.tsx", 25, "src/components/Button.tsx"),
        ("src/components/Button.tsx", 24, "src/compone…s/Button.tsx"),
        ("src/components/Button.tsx", 10, "src/…n.tsx"),
        ("日本語日本語", 12, "日本語日本語"),
        ("日本語日本語", 11, "日本語…本語"),
        ("abcdefgh", 1, "a…gh"),
    ],
)
def test_names_are_cut_in_the_middle(text: str, room: int, shown: str) -> None:
    """A shortened name keeps its suffix, and wide characters count for two."""
    assert shorten(text, room, UNICODE) == shown


@given(text=st.text("[red]/bold x日", max_size=20))
def test_colour_only_adds_sequences(text: str) -> None:
    """Without its escape sequences a styled text is the text, with anything that looks like markup in it."""
    palette = Palette(colour=True)
    for style in (palette.bold, palette.dim, palette.bar, palette.branch, palette.warning):
        assert ANSI.sub("", style(text)) == text
        assert not text or style(text).endswith("\x1b[0m")


def test_without_colour_a_text_stays_what_it_is() -> None:
    """A palette without colour adds nothing."""
    palette = Palette(colour=False)
    for style in (palette.bold, palette.dim, palette.bar, palette.branch, palette.warning):
        assert style("[red]x") == "[red]x"


def test_ascii_glyphs_are_ascii() -> None:
    """What is drawn where the encoding has no block characters is plain ASCII, and as wide."""
    ours, theirs = ASCII, UNICODE
    for name in ("branch", "last", "line", "gap", "ellipsis"):
        assert getattr(ours, name).isascii()
        assert len(getattr(ours, name)) == len(getattr(theirs, name))


def _eighths(bar: str) -> int:
    return sum(" ▏▎▍▌▋▊▉█".index("█" if char == "#" else char) for char in bar)
