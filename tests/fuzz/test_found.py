"""What the fuzzer found, each as a test of its own. What it found in the engines: tests/io/test_engines_alike.py."""

import json

import pytest

from loopflow.charts.boxes import GRID
from loopflow.charts.treemap import build_treemap
from loopflow.errors import BaselineError, GitError
from loopflow.io.baseline import parse
from loopflow.io.git.output import IN_INDEX, IN_TREE, TRACKED, Form, read_differences, read_refs
from loopflow.model import Report, Repository
from loopflow.render.hierarchy import build_hierarchy
from loopflow.render.html import render_html
from loopflow.tokens.encodings import encoding_id
from tests.support.profiles import make_profile

REPOSITORY = Repository("/r", "/r/.git", "/r/.git/index")
ID, NONE = "a" * 40, "0" * 40


@pytest.mark.parametrize(
    ("fields", "form"),
    [
        pytest.param([f"100984 {ID} 0\tx"], TRACKED, id="digits that are not octal"),
        pytest.param([f"\u0661\u0660\u0660\u0666\u0664\u0664 {ID} 0\tx"], TRACKED, id="digits of another script"),
        pytest.param([f"100644 {ID} 4\tx"], TRACKED, id="a stage that there is not"),
        pytest.param([f"10064 {ID}\tx"], IN_TREE, id="too few digits"),
        pytest.param([f":000000 100844 {NONE} {ID} A", "x"], IN_INDEX, id="digits that are not octal in the index"),
        pytest.param([f":000000 100644 {NONE} {ID} A"], IN_INDEX, id="an entry without its path"),
    ],
)
def test_a_listing_that_git_never_prints(fields: list[str], form: Form) -> None:
    """It is an error that names the repository, not a bug."""
    with pytest.raises(GitError, match="/r"):
        read_refs(fields, form, REPOSITORY)


@pytest.mark.parametrize(
    "fields",
    [
        [f":100644 100644 {ID} {ID} M"],
        [f":100684 100644 {ID} {ID} M", "x"],
        [f":100644 100644 {ID} {ID} M100", "x"],
        [f"100644 100644 {ID} {ID} M", "x"],
        [f":100644 100644 {ID} M", "x"],
        ["", "x"],
    ],
)
def test_a_difference_that_git_never_prints(fields: list[str]) -> None:
    """It is an error that names the repository, not a bug."""
    with pytest.raises(GitError, match="/r"):
        read_differences(fields, REPOSITORY)


@pytest.mark.parametrize("path", ["\ud800", "a/\udbff/b", "\ude00x"])
def test_a_baseline_with_half_a_character(path: str) -> None:
    """JSON can hold half of a surrogate pair; a path cannot, so it is an error with the line, not a bug later on."""
    counted = encoding_id("o200k_base")
    lines = ["{", '"schema": 1,', f'"encoding": "{counted}",', '"files": {', '"a":', "1,", f"{json.dumps(path)}:", "2,"]
    with pytest.raises(BaselineError, match=r"the baseline b\.json:7 cannot be used: .* is no path"):
        parse("\n".join([*lines, '"":', "0", "}", "}"]).encode(), "b.json", counted)


def test_a_box_does_not_reach_beyond_the_edge() -> None:
    """However small its share, a cell of the treemap lies within its directory, and the page can be written."""
    profile = make_profile({"d/a": 1_099_494_961_409, "d/b": 1})
    cells = build_treemap(build_hierarchy(profile, files=True)).cells
    boxes = [box for cell in cells for box in cell.where or ()]
    assert boxes
    assert all(0 <= edge <= GRID for box in boxes for edge in box)
    assert "".join(render_html(Report(profile)))
