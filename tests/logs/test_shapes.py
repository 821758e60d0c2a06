"""A failure as text: whole, trimmed, as one line, as a row."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.logs.model import Block, Shape, Span
from loopflow.logs.shapes import Shapes, choose_lines, describe_lines, left_out, original
from loopflow.logs.signatures import make_ref
from tests.support.blocks import block_of, entry_of

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=20)
TRACE = [line for at in range(40) for line in (f'  File "/app/m{at}.py", line {at}, in f', f"    call_{at}()")]


def ref(block: Block) -> str:
    """Return the reference of a block."""
    return make_ref(entry_of(block).signature)


@given(texts=st.lists(TEXT, min_size=1, max_size=60), count=st.integers(1, 3), cut=st.integers(0, 3))
def test_every_shape_is_one_item(texts: list[str], count: int, cut: int) -> None:
    """It begins with "[" and ends with its one line end, and no line of the log in it begins with "["."""
    entry = entry_of(block_of(texts, cut=cut, gap=len(texts)), count)
    ours = ("[L", "[...", "[same")
    for shape in (Shape.FULL, Shape.TRIMMED, Shape.LINE):
        text = Shapes().draw(entry, shape)
        assert text.startswith("[L")
        assert text.endswith("\n")
        assert all(line.startswith(ours) for line in text.split("\n") if line.startswith("["))


@pytest.mark.parametrize(
    ("shape", "text"),
    [
        (Shape.FULL, "[L7-9 {ref} x2 rust, step Run (x), web, 10:00]\nbefore\n [why] it failed\nafter\n"),
        (Shape.LINE, "[L8 {ref} x2] [why] it failed\n"),
    ],
)
def test_a_failure_says_what_and_where(shape: Shape, text: str) -> None:
    """With its reference and all that is known of it."""
    block = block_of(["before", "[why] it failed", "after"], 7, 1)
    block = replace(block, recogniser="rust", step="Run [x]", component="web", stamp="10:00")
    assert Shapes().draw(entry_of(block, 2), shape) == text.format(ref=ref(block))


def test_places_name_the_file_where_there_are_several() -> None:
    """In all shapes."""
    block = block_of(["error: a.py:3"], 7)
    block = replace(block, span=block.span._replace(file=1))
    shapes, entry = Shapes(several=True, stamps=False), entry_of(block)
    assert shapes.draw(entry, Shape.FULL).startswith("[F2:L7 ")
    assert shapes.draw(entry, Shape.LINE).startswith("[F2:L7 ")
    assert shapes.row(entry) == "F2:L7 a.py:3"


@pytest.mark.parametrize(("is_shown", "end"), [(True, ", 10:00]\n"), (False, "]\n")])
def test_a_stamp_is_shown_where_it_is_asked_for(is_shown: bool, end: str) -> None:  # noqa: FBT001
    """In the first line of a failure."""
    block = block_of(["no"], stamp="10:00", step="s")
    assert Shapes(stamps=is_shown).draw(entry_of(block), Shape.FULL) == f"[L1 {ref(block)} step s{end}no\n"


def test_what_earlier_runs_had_is_said() -> None:
    """In its line, by its reference."""
    block = block_of(["error: old"])
    shapes = Shapes(known={ref(block): "2025-03-01"})
    assert shapes.draw(entry_of(block), Shape.LINE) == f"[L1 {ref(block)} known since 2025-03-01] error: old\n"
    assert shapes.is_short(entry_of(block))
    assert not shapes.is_short(entry_of(block_of(["error: new"])))


@pytest.mark.parametrize(
    ("texts", "headline", "row"),
    [
        (["GET /", "error: | no [x]"], 1, "L1 error: / no (x)"),
        (["x.py:3: error"], 0, "L1 x.py:3"),
        (["e" * 99], 0, "L1 " + "e" * 80),
    ],
)
def test_a_row_says_where_or_what(texts: list[str], headline: int, row: str) -> None:
    """A place in code, else why it failed: without what divides rows, and not longer than 80 characters."""
    assert Shapes().row(entry_of(block_of(texts, headline=headline))) == row


def test_a_headline_is_cut_at_300_characters() -> None:
    """As a line only."""
    entry = entry_of(block_of(["x" * 400]))
    assert Shapes().draw(entry, Shape.LINE).endswith("] " + "x" * 300 + "\n")
    assert "x" * 400 in Shapes().draw(entry, Shape.FULL)


@pytest.mark.parametrize(
    ("cut", "gap", "body"),
    [
        (5, 2, "a\nb\n[... 5 lines ...]\nc\n"),
        (1, 1, "a\n[... 1 line ...]\nb\nc\n"),
        (5, 3, "a\nb\nc\n[... 5 lines ...]\n"),
        (2_000, 9, "a\nb\nc\n[... 2,000 lines ...]\n"),
        (0, 2, "a\nb\nc\n"),
    ],
)
def test_what_a_block_lacks_is_named_where_it_was(cut: int, gap: int, body: str) -> None:
    """Also where lines at its end are missing."""
    entry = entry_of(block_of(["a", "b", "c"], cut=cut, gap=gap))
    assert Shapes().draw(entry, Shape.FULL).partition("\n")[2] == body


@given(count=st.integers(1, 90), cut=st.integers(0, 9), gap=st.integers(0, 90), headline=st.integers(0, 89))
def test_trimmed_lines_and_lines_left_out_add_up(count: int, cut: int, gap: int, headline: int) -> None:
    """To those of the block, the headline among them, in order."""
    texts = [f"line {at}" for at in range(count)]
    block = block_of(texts, headline=headline % count, cut=cut, gap=gap)
    body = Shapes(frames=0.5, captured=0.5).draw(entry_of(block), Shape.TRIMMED).split("\n")[1:-1]
    shown = [int(line.split()[1]) for line in body if not line.startswith("[")]
    missing = sum(int(line.split()[1]) for line in body if line.startswith("["))
    assert shown == sorted(shown)
    assert headline % count in shown
    assert len(shown) + missing == count + cut
    assert len(shown) == (count if count <= 27 else 26)


@pytest.mark.parametrize(("share", "most"), [(1.0, 26), (0.7, 19), (0.5, 13), (0.3, 8), (0.0, 0)])
def test_a_share_of_the_frames_is_shown(share: float, most: int) -> None:
    """Of those that there is room for, code below a frame included; the last ones, and the reason."""
    block = block_of(["Traceback", *TRACE, "ValueError: no"], headline=81)
    chosen = choose_lines(block, frames=share)
    frames = [at for at in chosen if 0 < at < 81]
    assert 81 in chosen
    assert len(frames) == min(most, 24)
    assert not frames or 80 in frames


def test_the_headline_is_always_shown() -> None:
    """Also where it is a frame, and none of those is to be."""
    assert 50 in choose_lines(block_of(["Traceback", *TRACE], headline=50), frames=0)


def test_own_frames_go_before_those_of_libraries() -> None:
    """With the code below them."""
    library = [line.replace("/app/", "/usr/lib/python3/") for line in TRACE]
    block = block_of(["Traceback", *library[:40], *TRACE[:4], *library[:40], "ValueError: no"], headline=85)
    assert {41, 42, 43, 44} <= {*choose_lines(block, frames=0.5)}
    assert not {35, 36, 37} & {*choose_lines(block, frames=0.5)}


@pytest.mark.parametrize(("share", "shown"), [(1.0, 11), (0.8, 11), (0.3, 8), (0.0, 0)])
@pytest.mark.parametrize("heading", ["----------- Captured stdout call -----------", "Stdout:"])
def test_a_share_of_what_a_test_printed_is_shown(share: float, shown: int, heading: str) -> None:
    """Its heading and what is not printed by the test are not bounded."""
    end = "_____________ test_other _____________"
    block = block_of(["E  no", heading, *["printed"] * 60, end, *["other"] * 20])
    chosen = choose_lines(block, captured=share)
    printed = [at for at in chosen if 2 <= at < 62]
    assert (len(printed), len(chosen)) == (shown, min(26, 23 + shown))
    assert 0 in chosen


def test_what_weighs_stays_in_what_a_test_printed() -> None:
    """Before other lines of it."""
    block = block_of(["E  no", "---- Captured log call ----", *["printed"] * 60])
    lines = tuple(line._replace(weight=40 if at == 30 else line.weight) for at, line in enumerate(block.lines))
    chosen = choose_lines(replace(block, lines=lines), captured=0.1)
    assert 30 in chosen


@pytest.mark.parametrize(
    ("length", "shown"), [(10, ["L2 b.py:2"]), (400, ["L2 b.py:2", "L3 c.py:3", "L4 d.py:4"]), (4_000, ["L2 b.py:2"])]
)
def test_other_places_take_a_fifth_at_most(length: int, shown: list[str]) -> None:
    """But the first is always there; the rest is counted."""
    entry = entry_of(block_of(["error: no", "x" * length]), count=30)
    entry.places.update({Span(0, at, at, 0, 0): f"{letter}.py:{at}" for at, letter in enumerate("bcdefghijklmnopq", 2)})
    text = Shapes().draw(entry, Shape.FULL)
    same = text.split("\n")[-2]
    assert same.startswith(f"[same: {' | '.join(shown)}")
    assert same.endswith(f" | {29 - (same.count('|'))} more]")
    assert len(same) <= max(len(text) * 0.2, 40) + 20


@pytest.mark.parametrize(
    ("first", "last", "file", "told"),
    [(1, 1, None, "L1"), (1, 9, None, "L1-9"), (3, 3, 0, "F1:L3"), (3, 4, 11, "F12:L3-4")],
)
def test_places_are_short(first: int, last: int, file: int | None, told: str) -> None:
    """One number where there is one line."""
    assert describe_lines(first, last, file) == told


def test_lines_of_the_log_are_not_taken_for_ours() -> None:
    """Those that begin with "[" are moved."""
    assert (original("[L1] x"), original("x"), original(" [")) == (" [L1] x", "x", " [")
    assert (left_out(1), left_out(1_000)) == ("[... 1 line ...]\n", "[... 1,000 lines ...]\n")
