"""What is laid out and folded adds up, to the last token."""

import json
import re

import pytest
from hypothesis import given, settings

from loopflow.charts import treemap as treemap_module
from loopflow.charts.boxes import DIGITS, GRID, Box
from loopflow.charts.page import as_json
from loopflow.charts.treemap import Cell, Shape, Treemap, as_rows, build_treemap
from loopflow.model import Profile
from loopflow.render.hierarchy import WORDS, build_hierarchy
from tests.support.profiles import make_profile, profiles
from tests.support.reports import make_compared


def treemap_of(profile: Profile) -> Treemap:
    return build_treemap(build_hierarchy(profile, files=True), [stats.type for stats in profile.types])


def shown_in(treemap: Treemap, branch: Cell) -> list[Cell]:
    return [cell for cell in treemap.cells[1:] if cell.parent == branch.place and cell.where]


def area(box: Box | None) -> int:
    assert box
    return (box.right - box.left) * (box.bottom - box.top)


@settings(max_examples=50)
@given(profiles())
def test_what_is_drawn_in_a_directory_adds_up_to_it(profile: Profile) -> None:
    """Tokens and files of the cells in a directory are those of the directory, to the last one."""
    treemap = treemap_of(profile)
    for directory in treemap.branches:
        shown = shown_in(treemap, directory)
        assert sum(cell.tokens for cell in shown) == directory.tokens
        empty = directory.items - sum(cell.items for cell in shown)
        assert empty >= 0
        if not any(cell.shape is Shape.MORE for cell in shown):
            assert empty <= sum(not file.tokens for file in profile.files)


@settings(max_examples=50)
@given(profiles())
def test_areas_are_in_proportion_to_tokens(profile: Profile) -> None:
    """Boxes lie within their directory, fill it, do not overlap, and each has its share of the area."""
    treemap = treemap_of(profile)
    for directory in treemap.branches:
        shown = shown_in(treemap, directory)
        for boxes in zip(*[cell.where for cell in shown if cell.where], strict=True):
            for cell, box in zip(shown, boxes, strict=True):
                assert box
                assert 0 <= box.left <= box.right <= GRID
                assert 0 <= box.top <= box.bottom <= GRID
                # An edge is rounded by half a step at most.
                slack = (box.right - box.left) + (box.bottom - box.top) + 2
                assert abs(area(box) - GRID**2 * cell.tokens / directory.tokens) <= slack
            for one, other in ((a, b) for a in boxes for b in boxes if a is not b):
                assert one
                assert other
                apart = one.right <= other.left or other.right <= one.left
                assert apart or one.bottom <= other.top or other.bottom <= one.top


def grown_treemap(now: dict[str, int], was: dict[str, int]) -> Treemap:
    report = make_compared(now, was)
    return build_treemap(build_hierarchy(report.profile, report.diff, files=True))


def test_what_is_gone_is_as_large_as_it_was_in_the_view_of_growth() -> None:
    """There it has a place beside what is left; in the view of size it has none, and nor has all that lies in it."""
    now, was = {"a/left.py": 30, "b/kept.py": 40}, {"a/old.py": 10, "gone/x.py": 15, "gone/y.py": 5, "b/kept.py": 1}
    treemap = grown_treemap(now, was)
    grown = {cell.name: (cell.parent, cell.grown) for cell in treemap.cells[1:] if cell.grown}
    sized = {cell.name for cell in treemap.cells[1:] if cell.where}
    assert sized == {"a", "b", "left.py", "kept.py"}
    assert {*grown} == {"a", "b", "gone", "left.py", "old.py", "x.py", "y.py"}, "nothing is gone from b"
    shares = {"a": 40, "b": 40, "gone": 20, "left.py": 75, "old.py": 25, "x.py": 75, "y.py": 25}
    for name, (_, place) in grown.items():
        assert place
        for box in place:
            slack = (box.right - box.left) + (box.bottom - box.top) + 2
            assert abs(area(box) - GRID**2 * shares[name] / 100) <= slack


def test_what_is_gone_and_too_small_is_folded() -> None:
    """What is left and what is gone share one cell in the view of growth, which knows how much each was."""
    was = {"large.py": 100_000, **{f"old{number}.py": 2 for number in range(3)}}
    treemap = grown_treemap({"large.py": 100_000, "small.py": 1}, was)
    mores = [cell for cell in treemap.cells if cell.shape is Shape.MORE]
    assert [(more.tokens, more.items, more.gone, bool(more.where)) for more in mores] == [
        (1, 1, 0, True),
        (1, 1, 6, False),
    ]


@settings(max_examples=30)
@given(now=profiles(), was=profiles())
def test_the_view_of_growth_adds_up(now: Profile, was: Profile) -> None:
    """Whatever is there and was: in each directory the cells hold all that is left and all that is gone."""
    counts = [{file.path: file.tokens for file in profile.files} for profile in (now, was)]
    treemap = grown_treemap(*counts)
    for directory in treemap.branches:
        if directory.gone:
            shown = [cell for cell in treemap.cells[1:] if cell.parent == directory.place and cell.grown]
            assert sum(cell.tokens for cell in shown) == directory.tokens
            assert sum(cell.gone for cell in shown) == directory.gone
    removed = sum(tokens for path, tokens in counts[1].items() if path not in counts[0])
    assert treemap.root.gone == removed


def test_cells_are_as_nearly_square_as_can_be() -> None:
    """Four equal files make four quarters of a box, whatever its shape, not four strips."""
    treemap = treemap_of(make_profile(dict.fromkeys("abcd", 10)))
    for cell in shown_in(treemap, treemap.root):
        assert cell.where
        left, top, right, bottom = cell.where.wide
        assert (right - left, bottom - top) in {
            (GRID // 2, GRID // 2 + 1),
            (GRID // 2 + 1, GRID // 2),
            (GRID // 2, GRID // 2),
            (GRID // 2 + 1, GRID // 2 + 1),
        }


def test_what_is_too_small_to_see_is_folded() -> None:
    """Files that nobody could hit are one cell that says how many they are, and its area is their sum."""
    small = {f"small/{number}.py": 1 for number in range(3)} | {f"tiny{number}.md": 2 for number in range(4)}
    treemap = treemap_of(make_profile({"large.py": 100_000, **small}))
    large, more = shown_in(treemap, treemap.root)
    assert (large.name, large.tokens) == ("large.py", 100_000)
    assert (more.shape, more.tokens, more.items) == (Shape.MORE, 11, 7)
    folded = next(cell for cell in treemap.branches if cell.name == "small")
    assert [cell.tokens for cell in shown_in(treemap, folded)] == [1, 1, 1]  # it can still be opened


def test_what_there_is_no_room_for_is_folded(monkeypatch: pytest.MonkeyPatch) -> None:
    """With room for few, the largest files are drawn and the rest is in the sum."""
    monkeypatch.setattr(treemap_module, "ROOM", 400)
    monkeypatch.setattr(treemap_module, "ROOM_FOR_BRANCHES", 200)
    treemap = treemap_of(make_profile({f"{number}.py": number for number in range(1, 21)}))
    *shown, more = sorted(shown_in(treemap, treemap.root), key=lambda cell: cell.shape)
    assert [cell.name for cell in shown] == [f"{number}.py" for number in range(20, 20 - len(shown), -1)]
    assert 1 <= len(shown) < 10
    assert (more.items, more.tokens + sum(cell.tokens for cell in shown)) == (20 - len(shown), 210)


def test_a_directory_has_the_type_of_most_of_its_tokens() -> None:
    """Summed over all that is below it."""
    treemap = treemap_of(make_profile({"a/x.py": 5, "a/b/y.md": 4, "a/b/z.md": 3, "a/b/c.py": 1}))
    types = {treemap.path_of(cell, WORDS): cell.kind for cell in treemap.branches}
    assert types == {".": 0, "a/": 0, "a/b/": 0}
    assert treemap.cells[0].tokens == 13


@settings(max_examples=20)
@given(profiles())
def test_rows_say_where_a_cell_is(profile: Profile) -> None:
    """The digits of a row are the edges of both boxes, two to the base 64 each."""
    treemap = treemap_of(profile)
    for cell, row in zip(treemap.cells, as_rows(treemap, compared=False), strict=True):
        numbers = [DIGITS.index(high) * 64 + DIGITS.index(low) for high, low in re.findall("(.)(.)", row[8])]
        assert numbers == ([*cell.where.wide, *cell.where.tall] if cell.where else [])


@pytest.mark.parametrize("name", ["</script><script>alert(1)</script>", "<!--<script>", "]]>", "a\u2028b", "&lt;"])
def test_data_cannot_leave_its_element(name: str) -> None:
    """JSON in a script element holds no character that HTML or JavaScript acts on, and says the same."""
    text = as_json({name: name})
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text) == {name: name}
