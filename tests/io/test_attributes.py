"""What .gitattributes files say, held against what git says in the repository itself, and what it leaves out."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from loopflow.analysis.cuts import find_cuts
from loopflow.model import CutReason, Index, Revision, SelectRequest
from tests.support.attributes import FILE, archived, attributes_at, files_of, said_by_git, said_by_us
from tests.support.builder import Repo, write_files
from tests.support.environment import isolate
from tests.support.examples import some
from tests.support.plumbing import git_at

MakeRepo = Callable[..., Repo]
STAGED, COMMITTED = SelectRequest(source=Index()), SelectRequest(source=Revision("HEAD"))

# No name of a directory is one of a file, so that no file lies below another one.
DIRECTORIES = ("", "d/", "e/", "d/e/", "d/e/d/", "s p/")
NAMES = ("a.c", "b.h", "x", "x y", "#n", "é", 'q"t', "b\\s", "l\nb", "\udcff")
PATHS = tuple(f"{place}{name}" for place in DIRECTORIES for name in NAMES)

Rules = Mapping[str, str]
"""The texts of .gitattributes files, by the directory that they lie in."""


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repo]:
    """Return a repository that holds a file at each of the paths, for one example after the other."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        isolate(monkeypatch, tmp_path_factory.mktemp("home"))
        repo = Repo(tmp_path_factory.mktemp("shelf") / "repo").track(dict.fromkeys(PATHS, ""))
        repo.commit()
        yield repo


def put(repo: Repo, rules: Rules) -> None:
    """Let these be all lists on disk, and nothing else that git does not know."""
    for place in DIRECTORIES:
        (repo.root / place / FILE).unlink(missing_ok=True)
    for place, text in rules.items():
        repo.write(place + FILE, text)


def stage(repo: Repo, rules: Rules) -> None:
    put(repo, rules)
    repo.git("add", "--all")


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
_QUOTED = st.one_of(
    st.sampled_from(['"x y"', '"s p/*"', '"/s p/x"', '"s p/"', '"#n"', '"*.c"', '"a.c']),
    st.sampled_from([r'"q\"t"', r'"b\\\\s"', r'"\303\251"', r'"x\\040y"', r'"l\nb"', r'"\377"']),
)
_STATED = st.sampled_from(["linguist-generated", "linguist-vendored", "linguist-documentation", "export-ignore"])
_STATES = st.sampled_from(["{}", "{}", "-{}", "!{}", "{}=true", "{}=false", "{}=0"])
_WORDS = st.one_of(
    st.builds(lambda state, name: state.format(name), _STATES, _STATED),
    st.sampled_from(["text", "-diff", "eol=lf", "!merge", "gen", "-gen", "own", "!own", "gen=true", "--text", "="]),
)
_LINES = st.one_of(
    st.builds(
        lambda indent, pattern, blank, words: f"{indent}{pattern}{blank}{blank.join(words)}",
        st.sampled_from(["", "", "", " "]),
        st.one_of(_PATTERNS, _PATTERNS, _QUOTED, st.sampled_from(["[attr]gen", "[attr]own", "[attr]text", "[attr]"])),
        st.sampled_from([" ", "  ", "\t"]),
        st.lists(_WORDS, max_size=3),
    ),
    st.sampled_from(["", "# a comment linguist-generated", "!a.c linguist-generated", "linguist-generated"]),
    st.sampled_from(["[attr]gen linguist-vendored", "*.c linguist-generated\0 -linguist-generated"]),
    st.builds(lambda blanks: "*.h" + " " * blanks + "linguist-generated", st.integers(2_020, 2_035)),
)
_TEXTS = st.builds(
    lambda begin, lines, end: begin + "".join(line + end for line in lines),
    st.sampled_from(["", "", "\ufeff"]),
    st.lists(_LINES, max_size=6),
    st.sampled_from(["\n", "\n", "\r\n"]),
)
_RULES = st.dictionaries(st.sampled_from(DIRECTORIES), _TEXTS, max_size=3)


@some(60)
@given(on_disk=_RULES, staged=_RULES)
@example(on_disk={"": "*.c linguist-generated\na.c !linguist-generated\n"}, staged={})
@example(on_disk={}, staged={"": "*.c linguist-generated\n", "d/": "a.c -linguist-generated\n"})
@example(on_disk={"": '"#n" linguist-vendored\n"q\\"t" linguist-vendored\n"x\\040y" linguist-vendored\n'}, staged={})
@example(on_disk={"": "d/ export-ignore\n", "d/": "/ export-ignore\n* export-ignore\n"}, staged={})
@example(on_disk={"d/": "[attr]gen linguist-generated\n*.c gen\n"}, staged={})
@example(on_disk={"": "[attr]gen own\n[attr]own gen linguist-generated\n", "d/": "*.c own\n"}, staged={})
@example(on_disk={"": "*.c linguist-generated\0\n*.h" + 2_026 * " " + "linguist-generated\r\n"}, staged={})
@example(on_disk={}, staged={"": "*.c linguist-generated\0\n*.h linguist-generated\n"})
@example(on_disk={"": "\ufeff*.c linguist-generated\r\n"}, staged={"": "a.c -linguist-generated\n"})
def test_any_files(shelf: Repo, on_disk: Rules, staged: Rules) -> None:
    """Of files and directories, an attribute is set, or unset, if and only if git says so in the repository.

    In the work tree the lists on disk count, and in the place of one that is missing what is staged; to what is staged
    and to a commit only their own.
    """
    stage(shelf, staged)
    tracked = shelf.tracked()
    put(shelf, on_disk)
    assert said_by_us(shelf.root) == said_by_git(shelf, tracked)
    in_index = said_by_git(shelf, tracked, "--cached")
    assert said_by_us(shelf.root, STAGED) == in_index
    tree = shelf.git("write-tree").decode().strip()
    commit = shelf.git("commit-tree", "-m", "all", tree).decode().strip()
    stage(shelf, {})
    assert said_by_us(shelf.root, SelectRequest(source=Revision(commit))) == in_index


_STATED_OF_EXPORT = st.lists(
    st.builds(
        lambda pattern, state: f"{pattern} {state}\n",
        st.one_of(_PATTERNS, _QUOTED, st.sampled_from(["d", "d/", "/d/e", "e/**", "d/**", "*", "s?p"])),
        st.sampled_from(["export-ignore", "export-ignore", "-export-ignore", "!export-ignore", "export-ignore=true"]),
    ),
    max_size=4,
).map("".join)


@some(40)
@given(rules=st.dictionaries(st.sampled_from(DIRECTORIES), _STATED_OF_EXPORT, max_size=2))
@example(rules={"": "d export-ignore\nd/** -export-ignore\n"})
@example(rules={"": "d/ export-ignore\n", "d/": "e -export-ignore\n"})
@example(rules={"d/": "e/ export-ignore\n"})
@example(rules={"": "d/e/d/* export-ignore\n* export-ignore=true\n"})
def test_what_git_archive_leaves_out(shelf: Repo, rules: Rules) -> None:
    """What export-ignore makes a candidate is what `git archive` leaves out of the tree, and nothing else."""
    stage(shelf, rules)
    tree = shelf.git("write-tree").decode().strip()
    files = files_of(shelf.tracked())
    cuts = find_cuts(files, attributes_at(shelf.root, STAGED))
    left_out = {path for cut in cuts if cut.reason is CutReason.EXPORT_IGNORE for path in cut.paths}
    assert left_out == {file.path for file in files} - archived(shelf, tree)


# --- In examples ---


@pytest.mark.parametrize(
    ("rules", "path", "is_set"),
    [
        ({"": "*.c linguist-generated"}, "d/a.c", True),
        ({"": "*.c -linguist-generated"}, "d/a.c", False),
        ({"": "*.c linguist-generated=true"}, "a.c", True),
        ({"": "*.c linguist-generated=false"}, "a.c", False),
        ({"": "*.c linguist-generated\na.c !linguist-generated"}, "a.c", None),
        ({"": "*.c linguist-generated -linguist-generated"}, "a.c", False),
        ({"": "/a.c linguist-generated"}, "d/a.c", None),
        ({"": "d linguist-generated"}, "d/a.c", None),
        ({"": "d/** linguist-generated"}, "d/e/a.c", True),
        ({"": "*.c linguist-generated", "d/": "*.c -linguist-generated"}, "d/a.c", False),
        ({"": "*.c linguist-generated", "d/": "*.c -linguist-generated"}, "e/a.c", True),
        ({"d/": "/a.c linguist-generated"}, "d/a.c", True),
        ({"d/": "/a.c linguist-generated"}, "a.c", None),
        ({"": "!a.c linguist-generated"}, "a.c", None),
        ({"": "a.c linguist-generated-too"}, "a.c", None),
        ({"": "a.c linguist-generated # why"}, "a.c", None),
        ({"": "A.C linguist-generated"}, "a.c", None),
        ({"": "# Code generated by a tool. DO NOT EDIT.\n*.c linguist-generated"}, "a.c", True),
        ({"": "[attr]gen linguist-generated\n*.c gen"}, "d/a.c", True),
        ({"": "[attr]gen linguist-generated", "d/": "*.c gen"}, "d/a.c", True),
        ({"d/": "[attr]gen linguist-generated\n*.c gen"}, "d/a.c", None),
        ({"": "fatal: linguist-generated\n*.c fatal: error:\n*.h linguist-generated"}, "b.h", True),
    ],
)
def test_examples(shelf: Repo, rules: Rules, path: str, is_set: bool | None) -> None:  # noqa: FBT001
    """The nearest list that says anything decides, its last line first; the root's macros hold in all."""
    stage(shelf, rules)
    assert attributes_at(shelf.root).find(path).get("linguist-generated") is is_set


def test_a_list_that_is_not_selected(repo: Repo) -> None:
    """Filters and paths leave out files, and never what a .gitattributes file above those that are left says."""
    repo.track({FILE: "*.py linguist-generated\n", "src/a.py": "", f"src/{FILE}": "b.py -linguist-generated\n"})
    repo.track({"src/b.py": ""}).commit()
    told = {"src/a.py": {"linguist-generated": True}, "src/b.py": {"linguist-generated": False}}
    for source in (SelectRequest().source, Index(), Revision("HEAD")):
        assert said_by_us(repo.root, SelectRequest(source=source, extensions=("py",))) == told
        assert said_by_us(repo.root, SelectRequest(source=source, paths=("src/a.py", "src/b.py"))) == told
    assert said_by_us(repo.root / "src", SelectRequest(paths=("b.py",))) == {"src/b.py": told["src/b.py"]}


# --- Whose word it is ---


def test_a_list_that_git_does_not_know_yet(repo: Repo) -> None:
    """A list that was just written counts in the work tree, as it does to git, and in nothing that git has."""
    repo.track({"a.py": ""}).commit()
    repo.write(FILE, "a.py linguist-generated\n")
    assert said_by_us(repo.root) == said_by_git(repo, ["a.py"]) == {"a.py": {"linguist-generated": True}}
    assert said_by_us(repo.root, STAGED) == said_by_us(repo.root, COMMITTED) == {}
    repo.git("add", "--intent-to-add", FILE)
    assert said_by_us(repo.root, STAGED) == {}


def test_what_belongs_to_one_clone(repo: Repo) -> None:
    """Git always reads info/attributes, before all else. It is of one clone, and is nothing that others see."""
    repo.track({"a.py": "", "b.py": "", FILE: "a.py linguist-generated\n"}).commit()
    repo.write(".git/info/attributes", "b.py linguist-generated\na.py !linguist-generated\n")
    assert said_by_git(repo, ["a.py", "b.py"], "--cached") == {"b.py": {"linguist-generated": True}}
    for request in (SelectRequest(), STAGED, COMMITTED):
        assert said_by_us(repo.root, request) == {"a.py": {"linguist-generated": True}}


def test_what_belongs_to_one_user(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The attributes file of a user, and how their git compares names, change nothing."""
    repo.track({"a.py": "", "b.py": "", FILE: "A.py linguist-generated\nb.py linguist-vendored\n"}).commit()
    write_files(tmp_path, {"mine": "* linguist-generated\n", "xdg/git/attributes": "* linguist-generated\n"})
    told = {"b.py": {"linguist-vendored": True}}
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    assert said_by_us(repo.root) == told != said_by_git(repo, ["a.py", "b.py"])
    for key, value in (("core.attributesFile", str(tmp_path / "mine")), ("core.ignoreCase", "true")):
        repo.git("config", "--global", key, value)
        repo.git("config", key, value)
    assert said_by_us(repo.root) == told


@pytest.mark.parametrize(
    "name",
    ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR", "GIT_ATTR_SOURCE"],
)
def test_what_a_hook_is_told(repo: Repo, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Variables that git sets for its hooks are about the repository, and not about where git is asked."""
    repo.track({"src/a.py": "", f"src/{FILE}": "a.py linguist-generated\n"}).commit()
    repo.write(".git/info/attributes", "a.py -linguist-generated\n")
    repo.write(f"src/{FILE}", "a.py linguist-generated text\n")  # which git has not stored yet
    values = {
        "GIT_WORK_TREE": str(repo.root),
        "GIT_INDEX_FILE": str(repo.root / ".git/index"),
        "GIT_OBJECT_DIRECTORY": str(repo.root / ".git/objects"),
        "GIT_ATTR_SOURCE": "HEAD~9",
    }
    index, stored = (repo.root / ".git/index").read_bytes(), repo.git("count-objects")
    with monkeypatch.context() as context:
        context.setenv("GIT_DIR", str(repo.root / ".git"))
        context.setenv(name, values.get(name, str(repo.root / ".git")))
        for request in (SelectRequest(), STAGED, COMMITTED):
            assert said_by_us(repo.root / "src", request) == {"src/a.py": {"linguist-generated": True}}
    assert ((repo.root / ".git/index").read_bytes(), repo.git("count-objects")) == (index, stored)


# --- Every kind of tree ---

TOLD = {"src/a.py": {"linguist-generated": True}}
FILES = {"src/a.py": "a", "src/b.py": "b", f"src/{FILE}": "a.py linguist-generated\n"}


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_both_formats_of_objects(make_repo: MakeRepo, object_format: str) -> None:
    """Whichever way a repository names its objects, its lists are read."""
    repo = make_repo("some", f"--object-format={object_format}").track(FILES)
    repo.commit()
    for request in (SelectRequest(), STAGED, COMMITTED):
        assert said_by_us(repo.root, request) == TOLD
    (repo.root / "src" / FILE).unlink()
    for request in (SelectRequest(), STAGED, COMMITTED):
        assert said_by_us(repo.root, request) == TOLD


def test_bare_repositories(repo: Repo, tmp_path: Path) -> None:
    """A commit of a bare repository has attributes too; what lies in the git directory is none of them."""
    repo.track(FILES).commit()
    git_at(tmp_path, "clone", "--quiet", "--bare", str(repo.root), "bare")
    write_files(tmp_path / "bare", {"info/attributes": "*.py linguist-vendored\n", FILE: "*.py linguist-vendored\n"})
    request = SelectRequest(source=Revision("HEAD"), paths=(str(tmp_path / "bare"),))
    assert said_by_us(tmp_path, request) == TOLD


def test_linked_work_trees(repo: Repo, tmp_path: Path) -> None:
    """A linked work tree has the lists that lie in it, and its own index."""
    repo.track(FILES).commit()
    repo.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "linked"))
    write_files(tmp_path / "linked", {f"src/{FILE}": "b.py linguist-vendored\n"})
    assert said_by_us(tmp_path / "linked") == {"src/b.py": {"linguist-vendored": True}}
    assert said_by_us(tmp_path / "linked", STAGED) == TOLD
    git_at(tmp_path / "linked", "add", ".")
    assert said_by_us(tmp_path / "linked", STAGED) == {"src/b.py": {"linguist-vendored": True}}
    assert said_by_us(repo.root) == said_by_us(repo.root, STAGED) == TOLD


@pytest.mark.parametrize("how", [("--cone", "src"), ("--cone", "--sparse-index", "src"), ("--no-cone", "*.py")])
@pytest.mark.parametrize("where", ["", "src/", "other/"])
def test_sparse_checkouts(repo: Repo, how: Sequence[str], where: str) -> None:
    """A list that is not checked out says what it says, of what is, and of all that is in the index."""
    repo.track({"src/a.py": "", "other/b.py": "", f"{where}{FILE}": "*.py linguist-generated\n"}).commit()
    below = [path for path in ("src/a.py", "other/b.py") if path.startswith(where)]
    repo.git("sparse-checkout", "set", *how)
    told = {path: {"linguist-generated": True} for path in below}
    assert said_by_us(repo.root) == said_by_us(repo.root, STAGED) == said_by_us(repo.root, COMMITTED) == told


def test_a_plain_directory(tmp_path: Path) -> None:
    """Where there is no repository, the lists say what they would say in one."""
    plain = write_files(tmp_path / "plain", {**FILES, FILE: "[attr]gen linguist-vendored\nsrc/b.py gen\n"})
    assert said_by_us(plain) == {**TOLD, "src/b.py": {"linguist-vendored": True}}


def test_several_trees(make_repo: MakeRepo, tmp_path: Path) -> None:
    """What a list says ends where another repository begins, be it named or found in a plain directory."""
    for name in ("all/one", "all/two"):
        make_repo(name).track(
            {"a.py": "", "d/b.py": "", FILE: f"d/* linguist-{'generated' if 'one' in name else 'vendored'}\n"}
        )
    write_files(tmp_path / "all", {FILE: "*.py linguist-documentation\n", "plain/c.py": ""})
    of_one, of_two = {"linguist-generated": True}, {"linguist-vendored": True}
    named = SelectRequest(paths=("one", "two"))
    assert said_by_us(tmp_path / "all", named) == {"one/d/b.py": of_one, "two/d/b.py": of_two}
    told = {"one/d/b.py": of_one, "two/d/b.py": of_two, "plain/c.py": {"linguist-documentation": True}}
    assert said_by_us(tmp_path / "all") == told
    for name in ("one", "two"):
        (tmp_path / "all" / name / FILE).unlink()  # each has its own index
    assert said_by_us(tmp_path / "all") == told
    below = SelectRequest(paths=("one/d", "plain"))
    assert said_by_us(tmp_path / "all", below) == {"one/d/b.py": of_one}


@pytest.mark.parametrize(
    "name", ["git~1", "a\\b", ":x", "-x", "é", "e\u0301", "\udcff", "l\nb", "\u200c.git", '"', "*"]
)
def test_names(repo: Repo, name: str) -> None:
    """A directory may have any name that the file system takes, also one that git would not check out elsewhere."""
    repo.git("config", "core.protectNTFS", "false")
    repo.git("config", "core.protectHFS", "false")
    repo.track({f"{name}/{FILE}": "a.py linguist-generated\n", f"{name}/a.py": ""}).commit()
    for request in (SelectRequest(), STAGED, COMMITTED):
        assert said_by_us(repo.root, request) == {f"{name}/a.py": {"linguist-generated": True}}


def test_names_that_differ_by_case_alone(repo: Repo) -> None:
    """In the index two directories may differ by case alone, whatever the file system holds."""
    for place, name in (("D", "generated"), ("d", "vendored")):
        repo.add_index_entry(f"{place}/{FILE}", f"a.py linguist-{name}\n".encode())
        repo.add_index_entry(f"{place}/a.py", b"")
    told = {"D/a.py": {"linguist-generated": True}, "d/a.py": {"linguist-vendored": True}}
    assert said_by_us(repo.root, STAGED) == told


def test_a_link_is_no_list(repo: Repo) -> None:
    """What the index holds as a link says nothing: to git, its target would be a line."""
    repo.track({"a.py": ""})
    repo.add_index_entry(FILE, b"a.py linguist-generated", mode="120000")
    repo.git("commit", "--quiet", "--message=link")
    for request in (SelectRequest(), STAGED, COMMITTED):
        assert said_by_us(repo.root, request) == {}


def test_a_list_that_somebody_removed(repo: Repo) -> None:
    """Of a directory that is gone from disk, what is staged holds, as it does to git."""
    repo.track(FILES).commit()
    shutil.rmtree(repo.root / "src")
    os.mkdir(repo.root / "src")
    repo.write("src/a.py", "")
    assert said_by_us(repo.root) == said_by_git(repo, ["src/a.py", "src/b.py"]) == TOLD
