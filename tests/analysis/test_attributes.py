"""What .gitattributes files say of a path, held against `git check-attr`."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from loopflow.analysis.attributes import Attributes
from loopflow.analysis.evidence import find_facts
from loopflow.analysis.filetype import file_type
from loopflow.analysis.names import path_bytes
from loopflow.model import FileTokens
from tests.support.builder import Repo

FILE = ".gitattributes"
NAMES = ("linguist-generated", "linguist-vendored", "export-ignore")

# No name of a directory is one of a file, so that no file lies below another one.
DIRECTORIES = ("", "d/", "e/", "d/e/", "d/e/d/", "s p/")
PATHS = tuple(
    f"{place}{name}" for place in DIRECTORIES for name in ("a.c", "b.h", "x", "x y", "#n", "é", 'q"t', "b\\s")
)

some = settings(
    max_examples=min(80, settings.default.max_examples if settings.default else 80)
)  # git is asked each time

Rules = Mapping[str, str]
"""The texts of .gitattributes files, by the directory that they lie in."""


def said_by_git(rules: Rules, paths: Sequence[str]) -> dict[tuple[str, str], bool | None]:
    """Return, for each path and each attribute, whether git says that it is set."""
    with TemporaryDirectory() as directory:
        repo = Repo(Path(os.path.realpath(directory)) / "repo")
        for place, text in rules.items():
            repo.write(place + FILE, text)
        names = b"\0".join(map(path_bytes, paths)) + b"\0"
        words = (
            repo.git("check-attr", "-z", "--stdin", *NAMES, data=names)
            .decode("utf-8", "surrogateescape")
            .split("\0")[:-1]
        )
    said = zip(words[::3], words[1::3], words[2::3], strict=True)
    states = {"unset": False, "false": False, "unspecified": None}
    return {(path, name): states.get(value, True) for path, name, value in said}


def said_by_us(rules: Rules, paths: Sequence[str]) -> dict[tuple[str, str], bool | None]:
    texts = {place + FILE: text for place, text in rules.items()}
    attributes = Attributes(
        FileTokens(path, file_type(path), 1, len(text), "", facts=find_facts(text, 1)) for path, text in texts.items()
    )
    return {(path, name): attributes.find(path).get(name) for path in paths for name in NAMES}


# --- Any files ---

# Never two stars after anything but a slash, or before anything but one: there, git itself is not of one mind.
_PARTS = st.one_of(
    st.sampled_from(["*", "?", "a.c", "*.c", "b.h", "[ab].*", "[!a]*", "d", "x", "é", "*.[ch]", "s?p", r"b\\s", r"\x"]),
    st.lists(st.sampled_from(["a", "b", ".", "c", "?", "[a-c]"]), min_size=1, max_size=3).map("".join),
)  # fmt: skip
_PATTERNS = st.builds(
    lambda start, parts, end: start + "/".join(parts) + end,
    st.sampled_from(["", "", "/", "**/"]),
    st.lists(_PARTS, min_size=1, max_size=3),
    st.sampled_from(["", "", "", "/", "/**"]),
)
_QUOTED = st.sampled_from(
    ['"x y"', '"s p/*"', '"/s p/x"', '"s p/"', '"#n"', r'"q\"t"', r'"b\\\\s"', r'"\303\251"', '"*.c"', '"x\\040y"']
)
_STATES = st.sampled_from(["{}", "{}", "-{}", "!{}", "{}=true", "{}=false"])
_WORDS = st.one_of(
    st.builds(lambda state, name: state.format(name), _STATES, st.sampled_from(NAMES)),
    st.sampled_from(["text", "-diff", "eol=lf", "!merge"]),
)
_LINES = st.one_of(
    st.builds(
        lambda indent, pattern, blank, words: f"{indent}{pattern}{blank}{blank.join(words)}",
        st.sampled_from(["", "", "", " "]),
        st.one_of(_PATTERNS, _PATTERNS, _QUOTED),
        st.sampled_from([" ", "  ", "\t"]),
        st.lists(_WORDS, max_size=3),
    ),
    st.sampled_from(["", "# a comment linguist-generated", "!a.c linguist-generated", "linguist-generated"]),
)
_ENDS = st.sampled_from(["\n", "\n", "\r\n"])
_TEXTS = st.builds(lambda lines, end: "".join(line + end for line in lines), st.lists(_LINES, max_size=6), _ENDS)
_RULES = st.dictionaries(st.sampled_from(DIRECTORIES), _TEXTS, max_size=3)


@some
@given(rules=_RULES)
@example(rules={"": "*.c linguist-generated\na.c !linguist-generated\n"})
@example(
    rules={"": "*.c linguist-generated\n", "d/": "a.c -linguist-generated\n", "d/e/": "* linguist-generated=true\n"}
)
@example(rules={"": '"#n" linguist-vendored\n"q\\"t" linguist-vendored\n"x\\040y" linguist-vendored\n'})
def test_any_files(rules: Rules) -> None:
    """For files, at any level, with any patterns, an attribute is set if and only if git says so."""
    assert said_by_us(rules, PATHS) == said_by_git(rules, PATHS)


_MACRO_STATES = st.sampled_from(
    ["gen", "-gen", "!gen", "gen=true", "own", "-own", "linguist-vendored", *NAMES, "-text"]
)
_MACRO_LINES = st.builds(
    lambda pattern, states: " ".join([pattern, *states]),
    st.sampled_from(["[attr]gen", "[attr]own", "[attr]text", "*.c", "a.c", "d/**", "*", "[attr]", "a.c #"]),
    st.lists(_MACRO_STATES, min_size=1, max_size=3),
)


@some
@given(lines=st.lists(_MACRO_LINES, max_size=6), below=st.sampled_from(["", "", "d/"]))
@example(lines=["[attr]gen linguist-generated", "*.c gen", "a.c -gen"], below="")
@example(lines=["[attr]gen own", "[attr]own gen linguist-generated", "*.c own"], below="")
@example(lines=["[attr]own linguist-vendored", "[attr]own gen", "*.c own"], below="")
@example(lines=["[attr]gen linguist-generated", "*.c gen"], below="d/")
@example(lines=["[attr]gen linguist-generated", "*.c gen=true", "a.c linguist-vendored -linguist-vendored"], below="")
def test_macros(lines: Sequence[str], below: str) -> None:
    """A macro of the file at the root brings its attributes along where it is set; one of another file is none."""
    rules = {below: "".join(f"{line}\n" for line in lines)}
    assert said_by_us(rules, PATHS) == said_by_git(rules, PATHS)


def test_a_chain_of_macros() -> None:
    """However many macros lead to each other, reading them ends, and what is said directly still holds."""
    names = [f"m{each}" for each in range(3_000)]
    chain = [f"[attr]{name} {after}" for name, after in zip(names, [*names[1:], "linguist-generated"], strict=True)]
    rules = {"": "\n".join([*chain, "*.c linguist-vendored", "b.h m2999", ""])}
    said = said_by_us(rules, ["a.c", "b.h"])
    assert said["a.c", "linguist-vendored"]
    assert said["b.h", "linguist-generated"]


@some
@given(rules=_RULES)
@example(rules={"": "d/ export-ignore\n"})
@example(rules={"d/": "/ export-ignore\n* export-ignore\n"})
def test_directories(rules: Rules) -> None:
    """For directories, whose paths end in a slash, it is the same: git archive leaves out the ones that are set."""
    places = [place for place in DIRECTORIES if place]
    assert said_by_us(rules, places) == said_by_git(rules, places)


# --- What is said, in examples ---


@pytest.mark.parametrize(
    ("rules", "path", "is_set"),
    [
        ({"": "*.c linguist-generated"}, "d/a.c", True),
        ({"": "*.c -linguist-generated"}, "d/a.c", False),
        ({"": "*.c linguist-generated=true"}, "a.c", True),
        ({"": "*.c linguist-generated=false"}, "a.c", False),
        ({"": "*.c linguist-generated\na.c !linguist-generated"}, "a.c", False),
        ({"": "*.c linguist-generated\na.c !linguist-generated"}, "b.c", True),
        ({"": "*.c linguist-generated -linguist-generated"}, "a.c", False),
        ({"": "/a.c linguist-generated"}, "d/a.c", False),
        ({"": "d linguist-generated"}, "d/a.c", False),
        ({"": "d/ linguist-generated"}, "d/a.c", False),
        ({"": "d/** linguist-generated"}, "d/e/a.c", True),
        ({"": "*.c linguist-generated", "d/": "*.c -linguist-generated"}, "d/a.c", False),
        ({"": "*.c linguist-generated", "d/": "*.c -linguist-generated"}, "e/a.c", True),
        ({"+d/": "*.c -linguist-generated", "": "*.c linguist-generated"}, "+d/a.c", False),
        ({"+d/+e/": "*.c linguist-generated", "+d/": "*.c -linguist-generated"}, "+d/+e/a.c", True),
        ({"d/": "/a.c linguist-generated"}, "d/a.c", True),
        ({"d/": "/a.c linguist-generated"}, "d/e/a.c", False),
        ({"d/": "/a.c linguist-generated"}, "a.c", False),
        ({"": "!a.c linguist-generated"}, "a.c", False),
        ({"": "a.c linguist-generated-too"}, "a.c", False),
        ({"": "a.c linguist-vendored"}, "a.c", False),
        ({"": "a.c linguist-generated # why"}, "a.c", False),
        ({"": "a.c linguist-generated --text"}, "a.c", False),
        ({"": "a.c linguist-generated ="}, "a.c", False),
        ({"": '"a.c linguist-generated'}, "a.c", False),
        ({"": "[ linguist-generated"}, "a.c", False),
        ({"": '"a " linguist-generated'}, "a ", True),
        ({"": '"ab " linguist-generated'}, "ab ", True),
        ({"": "X.c linguist-generated"}, "X.c", True),
        ({"": "*.h text\n*.c linguist-generated\x0c\n*.h text\n"}, "a.c", False),
        ({"": '"\\377.c" linguist-generated'}, "\udcff.c", True),
        ({"": '"a\\\\ " linguist-generated'}, "a ", True),
        ({"": "# Code generated by a tool. DO NOT EDIT.\n*.c linguist-generated"}, "a.c", True),
        ({"": "*.c -linguist-generated\n*.c\x1flinguist-generated linguist-generated"}, "a.c", False),
        ({"": '"a\x1fb" linguist-generated'}, "a\x1fb", True),
        ({"": '"a\tb" linguist-generated'}, "a\tb", True),
    ],
)
def test_examples(rules: Rules, path: str, is_set: bool) -> None:  # noqa: FBT001
    """The nearest file that says anything decides, its last line first, and a directory says nothing of its files."""
    said = said_by_us(rules, [path])
    assert said == said_by_git(rules, [path])
    assert bool(said[path, "linguist-generated"]) is is_set


def test_a_long_file() -> None:
    """The last of many lines decides, however long the file is."""
    rules = {
        "": "".join(f"/some/long/path/{each}/* linguist-generated\n" for each in range(500)) + "*.c linguist-vendored"
    }
    assert said_by_us(rules, PATHS) == said_by_git(rules, PATHS)


def test_only_files_of_that_name_speak() -> None:
    """A text that shows such lines, and is no .gitattributes file, says nothing of others."""
    text = "*.c linguist-generated\n"
    shown = FileTokens("docs/gitattributes.txt", ".txt", 1, len(text), "", facts=find_facts(text, 1))
    assert not Attributes([shown])
    assert not Attributes([shown]).find("docs/a.c")
