"""A tree that fits: the heaviest rows, each below its parent, and sums of the rest."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.charts.folding import fold, join_chains
from loopflow.charts.terminal import ASCII
from loopflow.charts.tree import Tree, draw_tree, walk
from loopflow.model import Profile
from loopflow.render.hierarchy import build_tree
from tests.support.profiles import make_profile, profiles
from tests.support.reports import make_compared


def paths_of(root: Tree) -> Iterator[tuple[str, Tree]]:
    """Yield each row's path below the root, and the row."""
    waiting = [("", root)]
    while waiting:
        path, tree = waiting.pop()
        yield path, tree
        waiting += [(f"{path}\0{child.row.name}", child) for child in tree.children]


def is_sum(tree: Tree) -> bool:
    return tree.row.name.startswith("and ") and tree.row.name.endswith(" more") and not tree.row.is_branch


def lines_of(root: Tree) -> list[str]:
    return [f"{row.tokens:>4} {branch}{row.name}" for branch, row in draw_tree(root, ASCII)]


@given(profile=profiles(), rows=st.integers(1, 40))
def test_rows_add_up_and_are_no_more_than_asked_for(profile: Profile, rows: int) -> None:
    """Below each open row all of it is shown, with the rest as one row; a closed row is its own sum."""
    whole = build_tree(profile)
    folded, left_out = fold(whole, rows)
    shown = [tree for tree in walk(folded) if not is_sum(tree)]
    assert sum(1 for _ in walk(folded)) <= max(rows, 1)
    assert len(shown) + left_out == sum(1 for _ in walk(whole))
    for tree in walk(folded):
        if tree.children:
            assert sum(child.row.tokens for child in tree.children) == tree.row.tokens
            assert sum(child.row.items for child in tree.children) == tree.row.items


@given(profile=profiles(), rows=st.integers(1, 40))
def test_what_few_rows_show_more_rows_show_too(profile: Profile, rows: int) -> None:
    """With a row more, no row goes."""
    whole = build_tree(profile)
    fewer, more = (
        {path for path, tree in paths_of(fold(whole, each)[0]) if not is_sum(tree)} for each in (rows, rows + 1)
    )
    assert fewer <= more


@given(profile=profiles(), rows=st.integers(2, 40))
def test_no_hidden_row_is_heavier_than_a_shown_one(profile: Profile, rows: int) -> None:
    """But where the last one of a branch stands in place of "and 1 more"."""
    whole = build_tree(profile)
    folded, left_out = fold(whole, rows)
    there = dict(paths_of(folded))
    hidden = [tree.row.tokens for path, tree in paths_of(whole) if path not in there]
    lightest = [
        min(child.row.tokens for child in tree.children if not is_sum(child))
        for tree in there.values()
        if any(map(is_sum, tree.children))  # so that none of it is there for another's sake
    ]
    assert not left_out or not lightest or max(hidden) <= max(lightest) or len(hidden) == 1


@given(profile=profiles())
def test_a_tree_that_fits_is_left_as_it_is(profile: Profile) -> None:
    """If all rows fit, nothing is folded."""
    whole = build_tree(profile)
    assert fold(whole, sum(1 for _ in walk(whole))) == (whole, 0)


SIZES = {"a/x.py": 50, "a/y.py": 5, "b/x": 20, "c/x": 10, "d/e/x": 5, "f": 40}


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        (1, [" 130 ."]),
        (3, [" 130 .", "  55 |-a/", "  75 `-and 4 more"]),
        (5, [" 130 .", "  55 |-a/", "  40 |-(files here)", "  20 |-b/", "  15 `-and 2 more"]),
        (6, [" 130 .", "  55 |-a/", "  40 |-(files here)", "  20 |-b/", "  10 |-c/", "   5 `-d/"]),
    ],
)
def test_examples(rows: int, lines: list[str]) -> None:
    """The order stays, the rest is last, and "and 1 more" gives way to the row itself."""
    assert lines_of(fold(build_tree(make_profile(SIZES)), rows)[0]) == lines


def test_what_changed_is_in_sight() -> None:
    """A small directory in which something changed is shown before a large one in which nothing did."""
    was = {f"d{each}/x": 1_000 for each in range(9)} | {"small/x": 10, "small/y": 90}
    report = make_compared({**was, "small/x": 90, "small/y": 10}, was)
    assert "small/" in "\n".join(lines_of(fold(build_tree(report.profile, report.diff), 4)[0]))


def test_a_chain_of_directories_is_one_row() -> None:
    """A directory that holds one directory and nothing else has no row of its own; the root always has."""
    tree = join_chains(build_tree(make_profile({"src/main/java/a/X": 5, "src/main/java/b/Y": 4})))
    assert lines_of(tree) == ["   9 .", "   9 `-src/main/java/", "   5   |-a/", "   4   `-b/"]
    assert [tree.row.parent_tokens for tree in walk(tree)] == [9, 9, 9, 9]


def test_a_directory_with_a_file_of_its_own_is_no_chain() -> None:
    """Nor is one whose only entry is a file."""
    tree = join_chains(build_tree(make_profile({"src/a.py": 1, "src/lib/b.py": 2, "lib/c.py": 3})))
    assert lines_of(tree) == ["   6 .", "   3 |-lib/", "   3 `-src/", "   2   |-lib/", "   1   `-(files here)"]


@given(profile=profiles())
def test_chains_lose_no_token(profile: Profile) -> None:
    """The rows below each row still add up to it."""
    for tree in walk(join_chains(build_tree(profile))):
        assert not tree.children or sum(child.row.tokens for child in tree.children) == tree.row.tokens


@given(profile=profiles(), rows=st.integers(3, 40))
def test_at_most_two_rows_stay_unused(profile: Profile, rows: int) -> None:
    """Where something is left out, the room for it is used."""
    folded, left_out = fold(build_tree(profile), rows)
    assert not left_out or sum(1 for _ in walk(folded)) >= rows - 2
