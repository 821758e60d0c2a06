"""walk(): in a plain directory, what git would list there as untracked and not ignored."""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from loopflow.io.select.walk import NestedRepository, walk
from tests.support.builder import Repo, write_files
from tests.support.examples import some
from tests.support.unprivileged import open_directory


def what_git_lists(root: Path, git_dir: Path) -> set[str]:
    """Ask git, with a repository that lies elsewhere, so that `root` stays a plain directory."""
    subprocess.run(["git", "init", "--quiet", "--bare", str(git_dir)], check=True)
    here = [f"--git-dir={git_dir}", f"--work-tree={root}", "-c", "core.bare=false", "-C", str(root)]
    listed = ["ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    output = subprocess.run(["git", *here, *listed], check=True, capture_output=True).stdout
    return {raw.decode("utf-8", "surrogateescape") for raw in output.split(b"\0")[:-1]}


def what_we_list(root: Path) -> set[str]:
    return {item.path for item in walk(str(root))}


FILES = (
    "a.log",
    "a.py",
    "build/out/x.o",
    "build/keep.txt",
    "docs/a.log",
    "docs/deep/a.py",
    "docs/deep/build/b.py",
    "src/a.log",
    "src/a.py",
    "src/build",
    "src2/a.py",
    "#hash",
    "!bang",
    "trailing ",
    "two words",
    "tab\t",
    "a\\b",
    "[x]",
    "x",
)


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param({"": "*.log\n"}, id="suffix"),
        pytest.param({"": "/a.log"}, id="anchored, and no line end"),
        pytest.param({"": "build/\n"}, id="directories of a name, not files"),
        pytest.param({"": "build\n"}, id="directories and files of a name"),
        pytest.param({"": "/build\n"}, id="at the root only"),
        pytest.param({"": "src\n"}, id="src is not src2"),
        pytest.param({"": "src/a.py\n"}, id="a path is anchored"),
        pytest.param({"": "docs/*\n"}, id="everything in a directory"),
        pytest.param({"": "docs/*\n!docs/deep/\n"}, id="but for one directory"),
        pytest.param({"": "build/\n!build/keep.txt\n"}, id="nothing comes back from an ignored directory"),
        pytest.param({"": "build/*\n!build/keep.txt\n"}, id="but from one whose content is ignored"),
        pytest.param({"": "**/build\n"}, id="at any depth"),
        pytest.param({"": "docs/**/b.py\n"}, id="any depth in between"),
        pytest.param({"": "docs/**/deep\n"}, id="and none in between"),
        pytest.param({"": "docs/**\n"}, id="everything below a directory"),
        pytest.param({"": "*\n!*/\n!*.py\n"}, id="only what is allowed"),
        pytest.param({"": "a.*\n", "docs/": "!deep\n"}, id="a directory taken in is not what lies in it"),
        pytest.param({"": "/*\n!/src/\n!/docs/\n/docs/*\n!/docs/deep/\n"}, id="allowed step by step"),
        pytest.param({"": "?.py\n*.[op]\n[!a-r]*\n"}, id="wildcards"),
        pytest.param({"": "# comment\n\n   \n"}, id="nothing"),
        pytest.param({"": "\\#hash\n\\!bang\n"}, id="escaped first characters"),
        pytest.param({"": "trailing\\ \n"}, id="an escaped blank at the end"),
        pytest.param({"": "two words   \n"}, id="blanks at the end"),
        pytest.param({"": "a\\\\b\n\\[x\\]\n"}, id="escaped wildcards"),
        pytest.param({"": "*.log\r\n*.py\r\n"}, id="line ends of Windows"),
        pytest.param({"": "\ufeff*.log\n"}, id="a byte order mark"),
        pytest.param({"": "[\n![\nx\\\n"}, id="lines that are no patterns"),
        pytest.param({"": "[z-a]\n*.log\n"}, id="a range that runs backwards"),
        pytest.param({"": "*.log\n", "src/": "!a.log\n"}, id="the nearest file decides"),
        pytest.param({"": "*.py\n", "docs/": "!*.py\n", "docs/deep/build/": "*.py\n"}, id="three levels"),
        pytest.param({"": "src/\n", "src/": "!*\n"}, id="an ignored directory's own rules do not count"),
        pytest.param({"src/": "/a.py\ndeep/b.py\n", "docs/": "deep/build/\n"}, id="relative to their own directory"),
        pytest.param({"docs/": "deep\n"}, id="rules do not reach the neighbours"),
        pytest.param({"": ".gitignore\n"}, id="themselves"),
        pytest.param({"": "docs/**\n!docs/a.log\n"}, id="all below a directory, but not itself"),
        pytest.param({"": "doc[!x]deep\n/src[!x]\n*.p[^x]\n"}, id="a set matches no slash"),
        pytest.param({"": "[[:punct:]]hash\n*.lo[[:alpha:]]\n"}, id="named sets"),
        pytest.param({"": "tab\t\n"}, id="only blanks are trimmed"),
    ],
)
def test_ignore_rules_are_those_of_git(tmp_path: Path, rules: Mapping[str, str]) -> None:
    """A plain directory is listed as git lists the same files in a repository."""
    root = write_files(tmp_path / "plain", dict.fromkeys(FILES, ""))
    write_files(root, {f"{below}.gitignore": text for below, text in rules.items()})
    expected = what_git_lists(root, tmp_path / "git")
    assert what_we_list(root) == expected


_NAMES = st.sampled_from(["a", "b", "a.c", "b.c", "d", "src", "src2", "a b", "é"])
_ATOMS = st.sampled_from(
    ["a", "b", "c", ".", "*", "?", "/", "**/", "[ab]", "[a-c]", "src", "d", "*.c", "\\a", " ", "é"]
)
_PATTERNS = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "", "", "!"]),
    st.sampled_from(["", "", "/"]),
    st.lists(_ATOMS, min_size=1, max_size=4).map("".join),
    st.sampled_from(["", "", "/"]),
)
# Two stars that follow anything but a slash: git 2.39 compares pointers that have nothing to do with each other.
_PATTERNS = _PATTERNS.filter(lambda pattern: not re.search(r"[^/!]\*\*", pattern))
_PATHS = st.lists(_NAMES, min_size=1, max_size=4).map("/".join)
_TREES = st.lists(_PATHS, min_size=1, max_size=20)
_RULES = st.lists(st.tuples(st.integers(0, 20), st.lists(_PATTERNS, min_size=1, max_size=3)), min_size=1, max_size=3)


@example(["src/a.c", "a"], [(1, ["*", "!*/", "!*.c"])])
@some(25)
@given(_TREES, _RULES)
def test_random_rules_are_those_of_git(paths: list[str], rules: list[tuple[int, list[str]]]) -> None:
    """Whatever the ignore rules are and wherever they lie, git and we list the same files."""
    with open_directory() as directory:
        root = directory / "plain"
        root.mkdir()
        made = list(make_files(root, paths))
        for number, lines in rules:
            below = made[number % len(made)].rpartition("/")[0]
            write_files(root / below, {".gitignore": "\n".join(lines) + "\n"})
        assert what_we_list(root) == what_git_lists(root, directory / "git")


def make_files(root: Path, paths: list[str]) -> Iterator[str]:
    """Make the files that can be made one after the other, and yield their paths."""
    for path in paths:
        parents = [root.joinpath(*path.split("/")[:depth]) for depth in range(1, path.count("/") + 1)]
        if not (os.path.lexists(root / path) or any(parent.is_file() for parent in parents)):
            write_files(root, {path: ""})
            yield path


def test_rules_of_a_file_that_is_no_file_do_not_count(tmp_path: Path) -> None:
    """A .gitignore that is a link, a directory or a pipe holds no rules, and nobody waits for it."""
    root = write_files(tmp_path / "plain", {"a/x": "", "b/x": "", "c/x": "", "rules": "x\n"})
    (root / "a/.gitignore").symlink_to("../rules")
    write_files(root, {"b/.gitignore/rules": "x\n"})
    os.mkfifo(root / "c/.gitignore")
    assert what_we_list(root) >= {"a/x", "b/x", "c/x"}


def test_rules_need_not_be_utf_8(tmp_path: Path) -> None:
    """Patterns and names are bytes: one that is not UTF-8 matches the name that is not."""
    root = write_files(tmp_path / "plain", {".gitignore": b"lat\xefn\n", "x": ""})
    for name in (b"lat\xefn", "latïn".encode()):
        with open(os.path.join(os.fsencode(root), name), "wb"):
            pass
    assert what_we_list(root) == {".gitignore", "latïn", "x"}


def test_nothing_of_git_itself_is_listed(tmp_path: Path) -> None:
    """What is called .git is never listed, and a directory that has one is left to git."""
    Repo(tmp_path / "plain/sub/met").track({"a": ""})
    write_files(tmp_path / "plain", {"file/.git": "gitdir: /nowhere\n", "file/b": "", "c": "", ".gitx": ""})
    items = list(walk(str(tmp_path / "plain")))
    nested = {item.path for item in items if isinstance(item, NestedRepository)}
    assert nested == {"sub/met", "file"}
    assert {item.path for item in items} - nested == {"c", ".gitx"}
    assert what_we_list(tmp_path / "plain/sub/met") == {"a"}


def test_an_ignored_repository_is_not_met(tmp_path: Path) -> None:
    """A repository in an ignored directory is ignored with it."""
    Repo(tmp_path / "plain/out/met").track({"a": ""})
    write_files(tmp_path / "plain", {".gitignore": "out/\n", "b": ""})
    assert what_we_list(tmp_path / "plain") == {".gitignore", "b"}
