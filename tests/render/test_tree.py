"""The hierarchy as rows: what is shown under a directory adds up to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.charts.columns import Row
from loopflow.charts.terminal import UNICODE
from loopflow.charts.tree import draw_tree
from loopflow.model import Profile
from loopflow.render.hierarchy import WORDS, build_tree
from tests.support.charts import walk_tree
from tests.support.profiles import make_profile, profiles

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
    for _, node in walk_tree(build_tree(profile, depth=depth, files=files)):
        if node.children:
            assert sum(child.row.tokens for child in node.children) == node.row.tokens
            assert sum(child.row.items for child in node.children) == node.row.items


@given(profile=profiles(), depth=DEPTHS, files=st.booleans())
def test_children_know_what_they_are_a_share_of(profile: Profile, depth: int | None, files: bool) -> None:  # noqa: FBT001
    """Every row carries the tokens of the row above it and those of the whole profile."""
    root = build_tree(profile, depth=depth, files=files)
    for _, node in walk_tree(root):
        assert node.row.total_tokens == profile.total.tokens == root.row.tokens
        for child in node.children:
            assert child.row.parent_tokens == node.row.tokens


@given(profile=profiles(), depth=DEPTHS, files=st.booleans())
def test_siblings_come_largest_first(profile: Profile, depth: int | None, files: bool) -> None:  # noqa: FBT001
    """Under each directory the tokens never rise."""
    for _, node in walk_tree(build_tree(profile, depth=depth, files=files)):
        tokens = [child.row.tokens for child in node.children]
        assert tokens == sorted(tokens, reverse=True)


@given(profile=profiles(), depth=st.integers(0, 13), files=st.booleans())
def test_depth_limits_the_levels(profile: Profile, depth: int, files: bool) -> None:  # noqa: FBT001
    """No row is more than `depth` levels below the root."""
    assert all(level <= depth for level, _ in walk_tree(build_tree(profile, depth=depth, files=files)))


@given(profile=profiles())
def test_everything_is_shown_without_a_depth(profile: Profile) -> None:
    """Without a depth each directory has a row, and with files each file has one too."""
    rows = [node.row for _, node in walk_tree(build_tree(profile, files=True))]
    assert sum(row.is_branch for row in rows) == len(profile.directories)
    assert sum(not row.is_branch for row in rows) == len(profile.files)


@given(profile=profiles(), depth=DEPTHS)
def test_files_show_only_when_asked_for(profile: Profile, depth: int | None) -> None:
    """Without `files`, the only row that is no directory stands for a directory's own files."""
    rows = [node.row for _, node in walk_tree(build_tree(profile, depth=depth))]
    assert {row.name for row in rows if not row.is_branch} <= {WORDS.own}


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


def test_an_empty_profile_is_one_row() -> None:
    """Nothing counted is a root without anything."""
    assert [row for _, row in draw_tree(build_tree(make_profile({})), UNICODE)] == [
        Row(".", 0, 0, 0, 0, is_branch=True)
    ]


def test_names_cannot_break_a_row() -> None:
    """Names of directories and files are escaped."""
    tree = build_tree(make_profile({"a\nb/c\x1bd": 1}), files=True)
    assert [row.name for _, row in draw_tree(tree, UNICODE)] == [".", "a\\nb/", "c\\x1bd"]
