"""The hierarchy as rows: what is shown under a directory adds up to it."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.charts.terminal import ASCII, UNICODE
from loopflow.model import Profile
from loopflow.render.tree import OWN_FILES, Node, Row, build_tree, draw_tree, keep_largest
from tests.support.profiles import make_profile, profiles
from tests.support.reports import make_compared

SAMPLE = {
    "README.md": 5,
    "src/main.py": 40,
    "src/api/get.py": 30,
    "src/api/put.py": 10,
    "src2/x.py": 15,
    "docs/a.md": 0,
}

DEPTHS = st.one_of(st.none(), st.integers(0, 13))


@given(profile=profiles(), depth=DEPTHS, files=st.booleans())
def test_children_add_up_to_their_directory(profile: Profile, depth: int | None, files: bool) -> None:  # noqa: FBT001
    """Under each directory that shows anything, tokens and files add up to its own, at every depth."""
    for _, node in _walk(build_tree(profile, depth=depth, files=files)):
        if node.children:
            assert sum(child.row.tokens for child in node.children) == node.row.tokens
            assert sum(child.row.files for child in node.children) == node.row.files


@given(profile=profiles(), depth=DEPTHS, files=st.booleans())
def test_children_know_what_they_are_a_share_of(profile: Profile, depth: int | None, files: bool) -> None:  # noqa: FBT001
    """Every row carries the tokens of the row above it and those of the whole profile."""
    root = build_tree(profile, depth=depth, files=files)
    for _, node in _walk(root):
        assert node.row.total_tokens == profile.total.tokens == root.row.tokens
        for child in node.children:
            assert child.row.parent_tokens == node.row.tokens


@given(profile=profiles(), depth=DEPTHS, files=st.booleans())
def test_siblings_come_largest_first(profile: Profile, depth: int | None, files: bool) -> None:  # noqa: FBT001
    """Under each directory the tokens never rise."""
    for _, node in _walk(build_tree(profile, depth=depth, files=files)):
        tokens = [child.row.tokens for child in node.children]
        assert tokens == sorted(tokens, reverse=True)


@given(profile=profiles(), depth=st.integers(0, 13), files=st.booleans())
def test_depth_limits_the_levels(profile: Profile, depth: int, files: bool) -> None:  # noqa: FBT001
    """No row is more than `depth` levels below the root."""
    assert all(level <= depth for level, _ in _walk(build_tree(profile, depth=depth, files=files)))


@given(profile=profiles())
def test_everything_is_shown_without_a_depth(profile: Profile) -> None:
    """Without a depth each directory has a row, and with files each file has one too."""
    rows = [node.row for _, node in _walk(build_tree(profile, files=True))]
    assert sum(row.is_directory for row in rows) == len(profile.directories)
    assert sum(not row.is_directory for row in rows) == len(profile.files)


@given(profile=profiles(), depth=DEPTHS)
def test_files_show_only_when_asked_for(profile: Profile, depth: int | None) -> None:
    """Without `files`, the only row that is no directory stands for a directory's own files."""
    rows = [node.row for _, node in _walk(build_tree(profile, depth=depth))]
    assert {row.name for row in rows if not row.is_directory} <= {OWN_FILES}


@pytest.mark.parametrize(
    ("depth", "files", "lines"),
    [
        (
            None,
            False,
            [
                "100 .",
                "80 ├ src/",
                "40 │ ├ (files here)",
                "40 │ └ api/",
                "15 ├ src2/",
                "5 ├ (files here)",
                "0 └ docs/",
            ],
        ),
        (
            None,
            True,
            [
                "100 .",
                "80 ├ src/",
                "40 │ ├ api/",
                "30 │ │ ├ get.py",
                "10 │ │ └ put.py",
                "40 │ └ main.py",
                "15 ├ src2/",
                "15 │ └ x.py",
                "5 ├ README.md",
                "0 └ docs/",
                "0   └ a.md",
            ],
        ),
        (1, False, ["100 .", "80 ├ src/", "15 ├ src2/", "5 ├ (files here)", "0 └ docs/"]),
        (1, True, ["100 .", "80 ├ src/", "15 ├ src2/", "5 ├ README.md", "0 └ docs/"]),
        (0, False, ["100 ."]),
        (0, True, ["100 ."]),
    ],
)
def test_a_small_tree_is_drawn_whole(depth: int | None, files: bool, lines: list[str]) -> None:  # noqa: FBT001
    """The rows come depth first, each with its part of the tree; `src` does not contain `src2`."""
    tree = build_tree(make_profile(SAMPLE), depth=depth, files=files)
    assert [f"{row.tokens} {branch}{row.name}" for branch, row in draw_tree(tree, UNICODE)] == lines


@given(profile=profiles(), files=st.booleans())
def test_drawing_keeps_the_structure(profile: Profile, files: bool) -> None:  # noqa: FBT001
    """The width of each branch tells the level of its row, and both sets of glyphs draw the same tree."""
    root = build_tree(profile, files=files)
    expected = [(2 * level, node.row) for level, node in _walk(root)]
    for glyphs in (UNICODE, ASCII):
        assert [(len(branch), row) for branch, row in draw_tree(root, glyphs)] == expected


def test_a_very_deep_tree_is_drawn() -> None:
    """A path of a thousand directories is shown like any other."""
    lines = list(draw_tree(build_tree(make_profile({"d/" * 1500 + "x.py": 7})), ASCII))
    assert len(lines) == 1501
    assert lines[-1][1] == Row("d/", 7, 7, 1, 7, is_directory=True)


def test_an_empty_profile_is_one_row() -> None:
    """Nothing counted is a root without anything."""
    assert [row for _, row in draw_tree(build_tree(make_profile({})), UNICODE)] == [
        Row(".", 0, 0, 0, 0, is_directory=True)
    ]


def test_names_cannot_break_a_row() -> None:
    """Names of directories and files are escaped."""
    tree = build_tree(make_profile({"a\nb/c\x1bd": 1}), files=True)
    assert [row.name for _, row in draw_tree(tree, UNICODE)] == [".", "a\\nb/", "c\\x1bd"]


@given(profile=profiles(), number=st.integers(1, 40))
def test_the_largest_rows_hang_together_and_add_up(profile: Profile, number: int) -> None:
    """No row goes that is among the `number` largest, and each row's children are still all of it, or none."""
    whole = build_tree(profile)
    kept, left_out = keep_largest(whole, number)
    before, after = [node for _, node in _walk(whole)], [node for _, node in _walk(kept)]
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
            assert sum(child.row.files for child in node.children) == node.row.files


def test_what_is_left_out_is_one_row() -> None:
    """Siblings that are left out become one row, with what they were before; a single file's row stays."""
    tokens = {"a/x": 50, "b/x": 20, "c/x": 10, "d/e/x": 5, "f": 40}
    report = make_compared(tokens, {"a/x": 50, "b/x": 3, "c/x": 4, "g/x": 1})
    kept, left_out = keep_largest(build_tree(report.profile, report.diff), 3)
    rows = [(row.name, row.tokens, row.files, row.before) for row in (node.row for _, node in _walk(kept))]
    assert rows == [(".", 125, 5, 58), ("a/", 50, 1, 50), (OWN_FILES, 40, 1, 0), ("(4 more)", 35, 3, 8)]
    assert left_out == 5


def _walk(root: Node) -> Iterator[tuple[int, Node]]:
    """Yield every node with its level, depth first."""
    waiting = [(0, root)]
    while waiting:
        level, node = waiting.pop()
        yield level, node
        waiting += [(level + 1, child) for child in reversed(node.children)]
