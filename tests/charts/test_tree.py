"""Trees of rows: as they are drawn, and with their largest rows alone."""

from hypothesis import given
from hypothesis import strategies as st

from loopflow.charts.columns import Row
from loopflow.charts.terminal import ASCII, UNICODE
from loopflow.charts.tree import draw_tree
from loopflow.model import Profile
from loopflow.render.hierarchy import build_tree
from tests.support.charts import walk_tree
from tests.support.profiles import make_profile, profiles


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
