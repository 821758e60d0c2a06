"""Few lines that match what goes and nothing else, for our own matcher and for git's."""

import subprocess
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.analysis.names import path_bytes
from loopflow.analysis.pattern_lines import PatternWriter
from loopflow.analysis.patterns import compile_patterns
from tests.support.examples import some


def lines_for(
    gone: Collection[str], stays: Iterable[str], unseen: Iterable[str] = (), families: Iterable[Sequence[str]] = ()
) -> list[str]:
    """Return the patterns, in order."""
    first, rest = PatternWriter(gone, stays, unseen, families).write()
    return [line.pattern for block in first + rest for line in block]


def names(above: str, form: str, number: int) -> list[str]:
    return [above + form.format(each) for each in range(number)]


HASHED = [f"static/chunk{each}.{each:08x}.js" for each in range(41)]


@pytest.mark.parametrize(
    ("gone", "stays", "lines"),
    [
        pytest.param(["a/x", "a/b/y"], ["z"], ["/a/"], id="a directory goes whole"),
        pytest.param(["a/x", "a/y", "b/x", "b/y", "c"], [], ["/a/", "/b/", "/c"], id="the top never does"),
        pytest.param(["a/b/x", "a/c/y"], ["a/z"], ["/a/*/"], id="all directories of one"),
        pytest.param(["a/x.js", "a/y.js", "a/z.js"], ["a/k.py"], ["/a/*.js"], id="all of a suffix"),
        pytest.param(["a/x.js", "a/y.js"], ["a/k.py"], ["/a/x.js", "/a/y.js"], id="two are no kind"),
        pytest.param(
            [f"p/{each}/test/{name}" for each in "abcd" for name in "xy"], [f"p/{each}/k" for each in "abcd"],
            ["/p/*/test/"], id="what has one name in many directories",
        ),
        pytest.param(
            [*(f"p/{each}/x.md" for each in "abcd"), "p/e/y.c"], [f"p/{each}/k" for each in "abcde"],
            ["/p/*/x.md", "/p/e/y.c"],
            id="a file of one name in many directories",
        ),
        pytest.param(
            [f"p/{each}/x.md" for each in "abcde"], [f"p/{each}/k" for each in "abcdef"] + ["p/f/x.md"],
            [f"/p/{each}/x.md" for each in "abcde"], id="but for one of them",
        ),
        pytest.param(
            [f"a/{each}.js" for each in "wxyz"], ["a/chart.js/index"], ["/a/*.js", "!/a/chart.js"],
            id="a directory is called like a file",
        ),
        pytest.param(["s/3f9a8b7c.js"], ["s/k.py"], ["/s/????????.js"], id="a name that is a hash alone"),
        pytest.param(["x.md", "y.md", "z.md"], ["k.py"], ["/*.md"], id="of a suffix at the top"),
        pytest.param([".a", ".b/x", ".c/y"], ["k.py"], ["/.*"], id="what begins with a dot"),
        pytest.param([".a", ".b/x", ".c/y"], [".d", "k"], ["/.b/x", "/.c/y", "/.a"], id="but for one"),
        pytest.param(
            HASHED, ["static/app.js"], ["/static/*.[0-9a-f]??????[0-9a-f].js"], id="hashed bundles beside a script"
        ),
        pytest.param(
            HASHED, ["static/m.afafafaf.js"], ["/static/*.js", "!/static/m.afafafaf.js"], id="or like one"
        ),
        pytest.param(["s/main.0a1b2c3d.js"], ["s/app.js"], ["/s/main.*.js"], id="one hashed bundle"),
        pytest.param(["b/3f2a9b1c/x", "k/y"], ["b/z", "k/w"], ["/b/????????/", "/k/y"], id="a hashed directory"),
        pytest.param(
            names("a/", "d{}/x", 5), ["a/k/z"], ["/a/*", "!/a/k/"], id="all but one directory, not at the top"
        ),
        pytest.param(
            names("", "d{}/x", 5), ["k/z"], names("/", "d{}/x", 5), id="at the top, a new directory must be seen"
        ),
        pytest.param(
            names("a/", "{}.c", 6), ["a/k.c", "a/b/x.h"], ["/a/*.c", "!/a/k.c"], id="all but one of a suffix"
        ),
        pytest.param(["a b /x", "#c", "!d", "[e]"], ["k"], ["/a b /x", "/#c", "/!d", "/\\[e]"], id="names with signs"),
        pytest.param([], ["k"], [], id="nothing"),
    ],
)  # fmt: skip
def test_lines(gone: list[str], stays: list[str], lines: list[str]) -> None:
    """The shortest of the forms that a reader would write."""
    assert lines_for(gone, stays) == lines


def test_what_is_unseen_closes_directories_suffixes_and_all_but() -> None:
    """No line is about more than what was looked at."""
    assert lines_for(["a/x.js", "a/y.js", "a/z.js"], [], ["a/k.js"]) == ["/a/x.js", "/a/y.js", "/a/z.js"]
    assert lines_for(names("a/", "d{}/x", 5), ["a/k/z"], ["a/new/u"]) == names("/a/", "d{}/x", 5)


PO = [f"{place}/locale/{language}/x.po" for place in ("a", "b") for language in ("de", "fr", "pt")]


@pytest.mark.parametrize(
    ("stays", "family", "lines"),
    [
        (["k.py"], ["*.po", "!**/locale/en/**/*.po"], ["*.po"]),
        (["a/locale/en/x.po"], ["*.po", "!**/locale/en/**/*.po"], ["*.po", "!**/locale/en/**/*.po"]),
    ],
)
def test_a_family_is_one_pattern_with_what_it_takes_back(stays: list[str], family: list[str], lines: list[str]) -> None:
    """A correction that corrects nothing is not written."""
    assert lines_for(PO, stays, families=[family]) == lines


def test_a_family_that_reaches_what_stays_is_not_written() -> None:
    """Some other file of its kind stays: then its parts are written."""
    assert "*.po" not in lines_for(PO, ["c/kept.po"], families=[["*.po", "!**/locale/en/**/*.po"]])


def test_what_a_family_takes_back_may_go_for_another_reason() -> None:
    """A line for its directory comes after the family's."""
    gone = [*PO, "a/locale/en/x.po", "a/locale/k.py"]
    lines = lines_for(gone, ["b/locale/en/x.po"], families=[["*.po", "!**/locale/en/**/*.po"]])
    assert lines == ["*.po", "!**/locale/en/**/*.po", "/a/"]


_PARTS = st.sampled_from(["a", "b", "d.js", "z.0a1b2c3d.js", ".h", "*", "s p ", "é", "0a1b2c3d", "[x]"])
_FILES = st.sampled_from(
    ["1.js", "2.js", "3.js", "4.js", "x.0a1b2c3d.js", "y.99999999.js", ".dot", "#4", "!5", "6 ", "\udcff.c", "\\"]
)
_PATHS = st.builds(lambda above, name: "/".join([*above, name]), st.lists(_PARTS, max_size=3), _FILES)


@st.composite
def trees(draw: st.DrawFn) -> tuple[list[str], list[str], list[str]]:
    """Return what goes, what stays and what is unseen, of a tree in which no file is a directory as well."""
    paths = draw(st.lists(_PATHS, unique=True, max_size=24))
    marks = [draw(st.sampled_from("ggggsu")) for _ in paths]
    chosen = [[path for path, mark in zip(paths, marks, strict=True) if mark == each] for each in "gsu"]
    return chosen[0], chosen[1], chosen[2]


@given(trees())
def test_lines_match_what_goes_and_nothing_else(tree: tuple[list[str], list[str], list[str]]) -> None:
    """Whatever the names are; two that differ in bytes that cannot be written share a pattern."""
    gone, stays, unseen = tree
    lines = lines_for(gone, stays, unseen)
    matched = set(filter(compile_patterns(lines, "test").match, gone + stays + unseen)) if lines else set()
    assert matched == set(gone)


def test_a_tree_of_any_depth_and_width_is_written() -> None:
    """A thousand levels, with something that goes and something that stays in each, and many names with hashes."""
    places = ["d/" * level for level in range(1, 1_000, 7)]
    gone, stays = [f"{place}f.js" for place in places], [f"{place}g.py" for place in places]
    match = compile_patterns(lines_for(gone, stays), "test").match
    assert all(map(match, gone))
    assert not any(map(match, stays))
    wide = [f"a/{each:08x}-p{each // 3}.js" for each in range(6_000)]
    assert all(map(compile_patterns(lines_for(wide, [f"a/p{each}.js" for each in range(6_000)]), "test").match, wide))


@some(10)
@given(trees())
def test_git_reads_the_lines_the_same_way(
    tmp_path_factory: pytest.TempPathFactory, tree: tuple[list[str], ...]
) -> None:
    """The lines as a .gitignore file leave out what goes, for git."""
    gone, stays, unseen = tree
    here = tmp_path_factory.mktemp("repo")
    subprocess.run(["git", "init", "-q", here], check=True)
    (here / ".gitignore").write_bytes(b"\n".join(map(path_bytes, lines_for(gone, stays, unseen))) + b"\n")
    names = b"\0".join(map(path_bytes, [*gone, *stays, *unseen]))
    found = subprocess.run(
        ["git", "check-ignore", "--no-index", "-z", "--stdin"], cwd=Path(here), input=names, stdout=subprocess.PIPE,
        check=False,
    )  # fmt: skip
    assert set(filter(None, found.stdout.split(b"\0"))) == set(map(path_bytes, gone))
