"""Patterns in gitignore syntax: what matches, what decides, and what is no pattern."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from loopflow.analysis.patterns import compile_ignore_file, compile_patterns
from loopflow.errors import UsageError
from tests.support.builder import Repo

AS_IN_GIT = [
    pytest.param(["src"], "src/a.py", True, id="a directory means what is below it"),
    pytest.param(["src"], "src2/a.py", False, id="and not a longer name"),
    pytest.param(["src"], "lib/src/a.py", True, id="at any depth"),
    pytest.param(["src"], "src", True, id="a file of the name too"),
    pytest.param(["src/"], "src", False, id="but not with a slash"),
    pytest.param(["/src"], "lib/src/a.py", False, id="anchored"),
    pytest.param(["lib/src"], "x/lib/src/a.py", False, id="anchored by a slash in the middle"),
    pytest.param(["**/lib/src"], "x/lib/src/a.py", True, id="any directories before"),
    pytest.param(["*.py"], "src/a.py", True, id="star"),
    pytest.param(["src/*.py"], "src/deep/a.py", False, id="a star stays in its directory"),
    pytest.param(["src/**/*.py"], "src/a.py", True, id="two stars may mean none"),
    pytest.param(["src/**/*.py"], "src/very/deep/a.py", True, id="or many"),
    pytest.param(["src/**"], "src/very/deep/a.py", True, id="everything below"),
    pytest.param(["a/**/b/**/c"], "a/x/b/y/c", True, id="and at each place"),
    pytest.param(["a/**/b/**/c"], "a/b/c", True, id="or none at any"),
    pytest.param(["a/**/b/**/c"], "x/a/b/c", False, id="but not before the first name"),
    pytest.param(["a/**/b/**"], "a/x/b/c", True, id="everything below something at any depth"),
    pytest.param(["a/**/b/**"], "x/a/b/c", False, id="which is anchored as well"),
    pytest.param(["*a*b*c"], "xaxbxc", True, id="what stands between stars"),
    pytest.param(["*a*b*c"], "xbxc", False, id="the first of it"),
    pytest.param(["*a*b*c"], "xaxc", False, id="and the next"),
    pytest.param(["*ab*c"], "xabxc", True, id="several characters between stars"),
    pytest.param(["a?c"], "abc", True, id="one character"),
    pytest.param(["a?c"], "a/c", False, id="which is no slash"),
    pytest.param(["[a-c].py"], "b.py", True, id="range"),
    pytest.param(["[z-a]"], "z", True, id="range that runs backwards: only where it begins"),
    pytest.param(["[z-a]"], "m", False, id="and nothing between"),
    pytest.param(["[[:digit:]_]x"], "1x", True, id="a named set"),
    pytest.param(["[[:digit:]_]x"], "_x", True, id="and more in it"),
    pytest.param(["[[:digit:]_]x"], "ax", False, id="but nothing else"),
    pytest.param(["[!a-c].py"], "b.py", False, id="range, negated"),
    pytest.param(["*.py", "!b.py"], "b.py", False, id="the last one decides"),
    pytest.param(["!b.py", "*.py"], "b.py", True, id="and not the first"),
    pytest.param(["*", "!*.py"], "b.py", False, id="what is taken out again"),
    pytest.param(["*", "!*.py"], "src/b.py", True, id="but not below a directory that was taken in"),
    pytest.param(["\\!b.py"], "!b.py", True, id="an escaped mark"),
    pytest.param(["\\#b.py"], "#b.py", True, id="an escaped hash"),
    pytest.param(["a.py"], "A.py", False, id="case matters"),
    pytest.param(["*.py"], "a\nb.py", True, id="a line break in the path"),
    pytest.param(["a*"], "a\n", True, id="at its end"),
    pytest.param(["a"], "a\n", False, id="which is not nothing"),
    pytest.param(["src/**/b"], "src/x\ny/b", True, id="in a directory's name"),
    pytest.param(["a\nb"], "a\nb", True, id="in the pattern"),
    pytest.param(["a\nb"], "a", False, id="which is one pattern"),
    pytest.param(["lat\udcefn"], "lat\udcefn", True, id="bytes that are not UTF-8"),
    pytest.param(["lat?n"], "lat\udcefn", True, id="each as one character"),
    pytest.param(["lat?n"], "lat\u00efn", False, id="and a letter of two bytes as two"),
    pytest.param(["**\\/b"], "a/b", True, id="an escaped slash after two stars"),
    pytest.param(["**\\/b"], "a/x/b", True, id="or two"),
    pytest.param(["**\\/b"], "b", False, id="which wants a directory"),
    pytest.param(["a/**b"], "a/xb", True, id="two stars that no slash ends"),
    pytest.param(["a/**b"], "a/x/b", False, id="are one"),
]
# Directories, names that no file has, and stars that no slash bounds: for these, git 2.39 compares unrelated pointers,
# and what it matches depends on where they lie.
OTHERS = [
    pytest.param(["src/"], "src/", True, id="which means a directory"),
    pytest.param(["a**/c"], "a1/c", True, id="two stars that do not follow a slash"),
    pytest.param(["a**/c"], "a1/x/c", False, id="stay in their directory"),
    pytest.param(["x/a**/c"], "x/a1/y/c", False, id="wherever they stand"),
    pytest.param(["a/**/b/**/c/**/d/**/e"], "a/b/" * 400, False, id="stars that could take for ever"),
    pytest.param(["*a*a*a*a*a*a*a*a*b"], "a" * 4000, False, id="in a name, too"),
    pytest.param([], "a", False, id="no patterns"),
]


@pytest.mark.parametrize(("patterns", "path", "matches"), [*AS_IN_GIT, *OTHERS])
def test_what_patterns_match(patterns: list[str], path: str, *, matches: bool) -> None:
    """A path matches when the last pattern that speaks of it, or of a directory above it, takes it in."""
    assert compile_patterns(patterns, "--include").match(path) is matches


@pytest.mark.parametrize(("patterns", "path", "matches"), AS_IN_GIT)
def test_what_patterns_match_in_git(repo: Repo, patterns: list[str], path: str, *, matches: bool) -> None:
    """That is what git does: a file of that name is ignored, or is not."""
    repo.track({path: ""})
    ignored = repo.git("ls-files", "--cached", "--ignored", "-z", *(f"--exclude={each}" for each in patterns))
    assert bool(ignored) is matches


@pytest.mark.parametrize(
    ("text", "path", "verdict"),
    [
        pytest.param("*.py\n", "a.md", None, id="says nothing"),
        pytest.param("*.py\n", "a.py", True, id="takes in"),
        pytest.param("*.py\n!a.py\n", "a.py", False, id="takes out"),
        pytest.param("!a.py\n", "a.py", False, id="takes out what nobody took in"),
        pytest.param("build/\n", "build", None, id="a file where a directory is meant"),
        pytest.param("build/\n", "build/", True, id="the directory"),
        pytest.param("# a.py\n\n  \n", "a.py", None, id="comments and blank lines"),
        pytest.param("[\n!\n/\na\\\n[z-a]\n*.py", "a.py", True, id="lines that are no patterns, and no end of line"),
        pytest.param("\ufeff*.py\n", "a.py", True, id="a byte order mark"),
        pytest.param("*.py\r\n*.md\r\n", "a.md", True, id="line ends of Windows"),
        pytest.param("a\0b\n", "a", True, id="a NUL ends a line"),
        pytest.param("a  \n", "a", True, id="blanks at the end"),
        pytest.param("a\\ \n", "a ", True, id="but one behind a backslash"),
        pytest.param("a\\\\ \n", "a\\", True, id="not one behind two"),
        pytest.param("", "a", None, id="empty"),
        pytest.param("*\n!*/\n", "src/", False, id="a directory, by a pattern for directories"),
        pytest.param("!src\n", "src/a.py", None, id="a directory's verdict is not that of its files"),
        pytest.param("src/**\n", "src/", None, id="what is below is not the directory"),
    ],
)
def test_what_an_ignore_file_decides(text: str, path: str, *, verdict: bool | None) -> None:
    """An ignore file takes a path in, takes it out, or says nothing about it."""
    assert compile_ignore_file(text).decide(path) is verdict


@pytest.mark.parametrize(
    "pattern", ["", " ", "#", "# comment", "!", "/", "a\\", "[", "[a", "a[]", "x/[b-", "[/]", "[[:nope:]]"]
)
def test_what_cannot_match_is_no_pattern(pattern: str) -> None:
    """A pattern of the user's that can match nothing is refused, naming it and its option, alone or beside others."""
    for patterns in ([pattern], ["*.py", pattern]):
        with pytest.raises(UsageError, match=r"^--exclude: ") as caught:
            compile_patterns(patterns, "--exclude")
        assert f"'{pattern.replace(chr(92), chr(92) * 2)}' is not a pattern" in caught.value.message
        assert caught.value.hint


NAMES = ("a", "b", "ab", "a.c", "b.c", "src", "src2")
PATHS = tuple(f"{parent}{name}" for parent in ("", "d/", "d/g/", "src.d/", "d/e/f/") for name in NAMES)
COMPONENTS = ("a", "b", "d", "*", "?", "*.c", "[ab]", "[!a]", "[a-c]*", "a*", "*b", "src", "**", "\\a")
GLOBS = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "", "/", "**/"]),
    st.lists(st.sampled_from(COMPONENTS), min_size=1, max_size=4).map("/".join),
    st.sampled_from(["", "", "/"]),
)


def test_patterns_mean_what_they_mean_to_git(repo: Repo) -> None:
    """A list of patterns matches the files that git ignores for them."""
    repo.track(dict.fromkeys(PATHS, ""))

    @example(["d/**/"])
    @settings(max_examples=80)
    @given(st.lists(GLOBS, min_size=1, max_size=3))
    def check(globs: list[str]) -> None:
        output = repo.git("ls-files", "--cached", "--ignored", "-z", *(f"--exclude={glob}" for glob in globs))
        ignored = {raw.decode() for raw in output.split(b"\0")[:-1]}
        patterns = compile_patterns(globs, "--exclude")
        assert {path for path in PATHS if patterns.match(path)} == ignored

    check()


@given(st.lists(st.one_of(GLOBS, st.sampled_from(PATHS).map("/{}".format)).map("{}".format), max_size=8), st.data())
@example(["/src/", "!/src", "src"], None)
def test_long_lists_are_looked_up(globs: list[str], data: st.DataObject | None) -> None:
    """Whether patterns are looked up or tried one by one, the last that matches decides, as if each were alone."""
    if data:
        globs = ["!" * data.draw(st.booleans()) + glob for glob in globs]
    patterns = compile_patterns(globs, "--exclude")
    for path in (*PATHS, *(f"{path}/" for path in PATHS), "*", "a\\", "d/*"):
        alone = [compile_patterns([glob.removeprefix("!")], "--exclude").decide(path) for glob in globs]
        deciding = next(
            (glob for glob, is_match in zip(reversed(globs), reversed(alone), strict=True) if is_match), None
        )
        assert patterns.decide(path) == (None if deciding is None else not deciding.startswith("!"))


@given(st.lists(GLOBS, min_size=1, max_size=4))
def test_a_long_list_means_what_a_short_one_does(globs: list[str]) -> None:
    """A list of many globs, which a library goes through, decides as one of few."""
    few, many = compile_patterns(globs, "--exclude"), compile_patterns(["*.none", *globs] * 20, "--exclude")
    assert [many.decide(path) for path in PATHS] == [few.decide(path) for path in PATHS]


@given(st.sampled_from([*PATHS, "*", "a b", "a\\b", "é"]), st.sampled_from(["{}", "/{}", "{}/", "/{}/"]))
def test_escaping_changes_nothing(path: str, form: str) -> None:
    """A pattern in which every character is escaped means the same as one for just these characters."""
    escaped = "".join(f"\\{char}" if char not in "/é" else char for char in path)
    pattern = compile_patterns([form.format(escaped)], "--exclude")
    same = compile_patterns([form.format(path.replace("\\", "\\\\").replace("*", "[*]"))], "--exclude")
    for each in [*PATHS, "*", "a b", "a\\b", "é", "\\a", f"x/{path}", f"{path}/", f"{path}/x"]:
        assert pattern.decide(each) == same.decide(each)
