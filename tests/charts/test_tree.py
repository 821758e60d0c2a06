"""Trees of rows: as they are drawn, and with their largest rows alone."""

from hypothesis import given
from hypothesis import strategies as st

from loopflow.charts.columns import Row
from loopflow.charts.terminal import ASCII, UNICODE
from loopflow.charts.tree import draw_tree, keep_largest
from loopflow.model import Profile
from loopflow.render.hierarchy import WORDS, build_tree
from tests.support.charts import walk_tree
from tests.support.profiles import make_profile, profiles
from tests.support.reports import make_compared


@given(profile=profiles(), files=st.booleans())
def test_drawing_keeps_the_structure(profile: Profile, files: bool) -> None:  # noqa: FBT001
    """The width of each branch tells the level of its row, and both sets of glyphs draw the same tree."""
    root = build_tree(profile, files=files)
    expected = [(2 * level, node.row) for level, node in walk_tree(root)]
    for glyphs in (UNICODE, ASCII):
        assert [(len(branch), row) for branch, row in draw_tree(root, glyphs)] == expected


def test_a_very_deep_tree_is_drawn() -> None:
    """A path of a thousand directories is shown like any other."""
    lines = list(draw_tree(build_tree(make_profile({"d/" * 1500 + "x.py": 7})), ASCII))
    assert len(lines) == 1501
    assert lines[-1][1] == Row("d/", 7, 7, 1, 7, is_branch=True)


@given(profile=profiles(), number=st.integers(1, 40))
def test_the_largest_rows_hang_together_and_add_up(profile: Profile, number: int) -> None:
    """No row goes that is among the `number` largest, and each row's children are still all of it, or none."""
    whole = build_tree(profile)
    kept, left_out = keep_largest(whole, number)
    before, after = [node for _, node in walk_tree(whole)], [node for _, node in walk_tree(kept)]
    summed = [node for node in after if node.row.name.endswith(" more)")]
    stayed = [node.row for node in after if node not in summed]
    gone = [node.row for node in before if node.row not in stayed]
    assert len(before) == len(stayed) + left_out
    assert len(gone) <= max(0, len(before) - number)
    least = sorted((node.row.tokens for node in before), reverse=True)[min(number, len(before)) - 1]
    assert all(row.tokens <= least for row in gone)
    for node in after:
        if node.children:
            assert sum(child.row.tokens for child in node.children) == node.row.tokens
            assert sum(child.row.items for child in node.children) == node.row.items


def test_what_is_left_out_is_one_row() -> None:
    """Siblings that are left out become one row, with what they were before; a single file's row stays."""
    tokens = {"a/x": 50, "b/x": 20, "c/x": 10, "d/e/x": 5, "f": 40}
    report = make_compared(tokens, {"a/x": 50, "b/x": 3, "c/x": 4, "g/x": 1})
    kept, left_out = keep_largest(build_tree(report.profile, report.diff), 3)
    rows = [(row.name, row.tokens, row.items, row.before) for row in (node.row for _, node in walk_tree(kept))]
    assert rows == [(".", 125, 5, 58), ("a/", 50, 1, 50), (WORDS.own, 40, 1, 0), ("(4 more)", 35, 3, 8)]
    assert left_out == 5
