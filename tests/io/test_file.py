"""select(): which paths, filters and READMEs of a work tree make up a selection."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from loopflow.errors import UsageError
from loopflow.model import BASELINE_FILE, Reason, SelectRequest
from tests.support.builder import Repo, write_files
from tests.support.finding import find

FILES = {
    ".gitignore": "*.log\n",
    "Makefile": "all:\n",
    "README.md": "# Top\n",
    "docs/guide.md": "guide\n",
    "docs/keep.md": "keep\n",
    "lib/src/c.py": "c\n",
    "src/a.py": "a\n",
    "src/app.ts": "app\n",
    "src/deep/B.PY": "b\n",
    "src/types.d.ts": "types\n",
    "src2/a.py": "a2\n",
}
PYTHON = ["lib/src/c.py", "src/a.py", "src/deep/B.PY", "src2/a.py"]
IN_SRC = ["src/a.py", "src/app.ts", "src/deep/B.PY", "src/types.d.ts"]

MakeRepo = Callable[..., Repo]


@pytest.fixture
def project(repo: Repo) -> Repo:
    return repo.track(FILES)


@pytest.mark.parametrize(
    ("here", "paths", "expected"),
    [
        pytest.param(".", (), sorted(FILES), id="no path: all of the current directory"),
        pytest.param("src", (), IN_SRC, id="no path: the subdirectory we are in"),
        pytest.param(".", (".",), sorted(FILES), id="dot"),
        pytest.param(".", ("src",), IN_SRC, id="a directory is not another one with a longer name"),
        pytest.param(".", ("src/",), IN_SRC, id="trailing slash"),
        pytest.param(".", ("./src//deep/..",), IN_SRC, id="not normalised"),
        pytest.param(".", ("src/../docs",), ["docs/guide.md", "docs/keep.md"], id="up again"),
        pytest.param("src", ("..",), sorted(FILES), id="above"),
        pytest.param("docs", ("../src/a.py", "keep.md"), ["docs/keep.md", "src/a.py"], id="relative to where we are"),
        pytest.param(".", ("src/a.py",), ["src/a.py"], id="a file"),
        pytest.param(".", ("src/a.py", "src/a.py"), ["src/a.py"], id="a file twice"),
        pytest.param(".", ("src", "src/deep"), IN_SRC, id="a directory and one in it"),
        pytest.param(".", ("src2", "docs"), ["docs/guide.md", "docs/keep.md", "src2/a.py"], id="sorted, not as given"),
        pytest.param(".", ("src2,docs/keep.md",), ["docs/keep.md", "src2/a.py"], id="comma-separated"),
        pytest.param(".", ("src2,", "docs/keep.md"), ["docs/keep.md", "src2/a.py"], id="an empty part is nothing"),
        pytest.param(".", ("src/deep,src2", "Makefile"), ["Makefile", "src/deep/B.PY", "src2/a.py"], id="lists mix"),
    ],
)
def test_paths_name_what_lies_at_or_below_them(
    project: Repo, here: str, paths: tuple[str, ...], expected: list[str]
) -> None:
    """A path selects the tracked files at or below it, printed relative to the root, in the order of their bytes."""
    found = find(project.root / here, SelectRequest(paths=paths))
    assert (found.paths, found.skipped, found.selection.unmatched) == (expected, {}, ())


def test_an_absolute_path_is_printed_relative_to_the_root(project: Repo, tmp_path: Path) -> None:
    """An absolute path means the same file, wherever the run starts."""
    assert find(tmp_path, SelectRequest(paths=(str(project.root / "src2"),))).paths == ["src2/a.py"]


@pytest.mark.parametrize("kind", ["file", "directory", "broken link"])
def test_a_comma_in_a_name_that_exists_separates_nothing(project: Repo, kind: str) -> None:
    """A comma-separated argument is one path if there is anything of that very name."""
    name = "src2,docs"
    if kind == "file":
        project.write(name, "comma\n")
    elif kind == "directory":
        project.write(f"{name}/x.py", "comma\n")
        project.track()
    else:
        project.link(name, "nowhere")
    assert find(project.root, SelectRequest(paths=(name,))).listed == {f"{name}/x.py" if kind == "directory" else name}


@pytest.mark.parametrize(
    ("path", "named"),
    [
        pytest.param("nope", "no such file or directory: nope", id="missing"),
        pytest.param("src/a.py/x", "no such file or directory: src/a.py/x", id="below a file"),
        pytest.param("src,nope", "no such file or directory: nope", id="in a list"),
        pytest.param(",", "no such file or directory: ,", id="a comma alone"),
        pytest.param("a\nb\x1b[31m", "no such file or directory: a\\nb\\x1b[31m", id="escaped"),
        pytest.param("x" * 300, f"this path cannot be used: {'x' * 300}: file name too long", id="too long"),
        pytest.param("", "an empty path names nothing", id="empty"),
    ],
)
def test_a_path_that_does_not_exist_is_named(project: Repo, path: str, named: str) -> None:
    """A path that does not exist stops the run, and the message says which."""
    with pytest.raises(UsageError) as caught:
        find(project.root, SelectRequest(paths=("src", path)))
    assert caught.value.message == named
    assert caught.value.hint


def test_paths_may_lie_in_several_repositories_and_plain_directories(make_repo: MakeRepo, tmp_path: Path) -> None:
    """Each path belongs to the repository around it, and all are printed relative to their common directory."""
    make_repo("work/one").track({"src/a.py": "1"}).write("src/untracked.py")
    make_repo("work/two").track({"b.py": "2", "c.py": "3"})
    write_files(tmp_path / "work/plain", {"d.py": "4", "e.log": "5", ".gitignore": "*.log\n"})
    found = find(tmp_path / "work", SelectRequest(paths=("two/b.py", "one", "plain")))
    assert found.selection.root == os.path.realpath(tmp_path / "work")
    assert found.texts == {"one/src/a.py": "1", "plain/.gitignore": "*.log\n", "plain/d.py": "4", "two/b.py": "2"}


def test_a_nested_repository_keeps_its_place_below_the_outer_one(make_repo: MakeRepo) -> None:
    """A repository named together with the one around it is printed below it; a nested one is no part of the outer."""
    outer = make_repo("outer").track({"a.py": "1"})
    make_repo("outer/inner").track({"b.py": "2"})
    assert find(outer.root, SelectRequest(paths=(".", "inner"))).paths == ["a.py", "inner/b.py"]
    assert find(outer.root, SelectRequest(paths=("inner",))).paths == ["b.py"]
    assert find(outer.root).paths == ["a.py"]
    assert find(outer.root, SelectRequest(untracked=True)).skipped == {"inner": Reason.SUBMODULE}


def test_a_repository_met_on_a_walk_is_listed_by_git(make_repo: MakeRepo, tmp_path: Path) -> None:
    """In a plain directory a repository lists its tracked files, whatever ignore rules lie around it."""
    write_files(tmp_path / "work", {".gitignore": "*.py\n", "x.py": "", "x.md": "x"})
    met = make_repo("work/deep/met").track({"a.py": "a", "sub/b.md": "b"})
    met.write("untracked.py", "u")
    met.write("ignored.o")
    met.write(".git/info/exclude", "*.o\n")
    tracked = ["deep/met/a.py", "deep/met/sub/b.md"]
    assert find(tmp_path / "work").paths == [".gitignore", *tracked, "x.md"]
    also = find(tmp_path / "work", SelectRequest(untracked=True))
    assert also.paths == [".gitignore", *tracked, "deep/met/untracked.py", "x.md"]


@pytest.mark.parametrize("broken", ["no repository", "damaged index"])
def test_a_repository_met_on_a_walk_that_git_refuses_leaves_a_gap(
    make_repo: MakeRepo, tmp_path: Path, broken: str
) -> None:
    """A nested repository that cannot be used is reported as unreadable, and the walk goes on."""
    write_files(tmp_path / "work", {"a.py": "a"})
    if broken == "damaged index":
        met = make_repo("work/met").track({"b.py": "b"})
        met.write(".git/index", b"no index")
    else:
        write_files(tmp_path / "work/met", {".git/nothing": "", "b.py": "b"})
    found = find(tmp_path / "work")
    assert (found.paths, found.skipped) == (["a.py"], {"met": Reason.UNREADABLE})
    assert found.skips[0].detail
    assert find(tmp_path / "work", SelectRequest(exclude=("met/",))).skipped == {}


def test_plain_directories_may_lie_in_one_another(tmp_path: Path) -> None:
    """A file that two paths of the request cover is selected once, relative to the deepest common directory."""
    write_files(tmp_path / "plain", {"a.py": "a", "sub/b.py": "b", "sub/.gitignore": "c.py\n", "sub/c.py": "c"})
    found = find(tmp_path, SelectRequest(paths=("plain/sub", "plain", "plain/sub/c.py")))
    assert found.selection.root == os.path.realpath(tmp_path / "plain")
    assert found.paths == ["a.py", "sub/.gitignore", "sub/b.py", "sub/c.py"]


def test_only_tracked_files_unless_untracked_ones_are_asked_for(project: Repo) -> None:
    """Untracked files come in with `untracked`, ignored ones never do."""
    project.write("src/new.py", "new")
    project.write("src/new.log", "log")
    assert find(project.root, SelectRequest(paths=("src",))).paths == IN_SRC
    assert find(project.root, SelectRequest(paths=("src",), untracked=True)).paths == sorted([*IN_SRC, "src/new.py"])


@pytest.mark.parametrize("name", ["new.py", "new.log"])
@pytest.mark.parametrize("place", ["repository", "plain directory"])
def test_a_file_named_explicitly_is_selected(project: Repo, tmp_path: Path, name: str, place: str) -> None:
    """A file that is named is selected even when it is untracked or ignored, alone or beside others."""
    root = project.root if place == "repository" else write_files(tmp_path / "plain", {".gitignore": "*.log\n"})
    (root / name).write_text("new")
    assert find(root, SelectRequest(paths=(name,))).texts == {name: "new"}
    assert find(root, SelectRequest(paths=(".", name))).texts[name] == "new"


def test_a_file_named_in_a_plain_directory_costs_no_walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where only files are named, their directory is not listed: it may be large."""
    write_files(tmp_path / "plain", {"a.py": "a", "b.py": "b"})
    with monkeypatch.context() as without:
        without.delattr(os, "scandir")
        assert find(tmp_path, SelectRequest(paths=("plain/a.py",))).paths == ["a.py"]
        with pytest.raises(AttributeError):
            find(tmp_path, SelectRequest(paths=("plain",)))


@pytest.mark.parametrize("place", ["repository", "plain directory"])
@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(SelectRequest(paths=("new.py",), exclude=("new.*",)), id="exclude"),
        pytest.param(SelectRequest(paths=("new.py",), include=("*.md",)), id="include"),
        pytest.param(SelectRequest(paths=("new.py",), extensions=("md",)), id="extension"),
    ],
)
def test_filters_hold_for_a_file_named_explicitly(repo: Repo, tmp_path: Path, place: str, asked: SelectRequest) -> None:
    """A named file that no filter lets through is not selected, and so nothing is, even where nothing is tracked."""
    root = repo.root if place == "repository" else write_files(tmp_path / "plain", {})
    (root / "new.py").write_text("new")
    with pytest.raises(UsageError, match="nothing is left to select: new"):
        find(root, asked)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param(SelectRequest(extensions=("py",)), PYTHON, id="extension"),
        pytest.param(SelectRequest(extensions=(".py",)), PYTHON, id="extension with its dot"),
        pytest.param(SelectRequest(extensions=("PY",)), PYTHON, id="extension in capitals"),
        pytest.param(SelectRequest(extensions=("d.ts",)), ["src/types.d.ts"], id="compound extension"),
        pytest.param(SelectRequest(extensions=(".D.ts",)), ["src/types.d.ts"], id="compound extension with its dot"),
        pytest.param(SelectRequest(extensions=("ts",)), ["src/app.ts", "src/types.d.ts"], id="its last part"),
        pytest.param(SelectRequest(extensions=("gitignore",)), [".gitignore"], id="a name that is all extension"),
        pytest.param(
            SelectRequest(extensions=("md", "ts"), paths=("src",)), ["src/app.ts", "src/types.d.ts"], id="any"
        ),
        pytest.param(SelectRequest(include=("*.md",)), ["README.md", "docs/guide.md", "docs/keep.md"], id="include"),
        pytest.param(SelectRequest(include=("src",)), ["lib/src/c.py", *IN_SRC], id="include a name at any depth"),
        pytest.param(SelectRequest(include=("/src",)), IN_SRC, id="include at the root only"),
        pytest.param(SelectRequest(include=("src/deep",)), ["src/deep/B.PY"], id="include a path"),
        pytest.param(SelectRequest(include=("src/*.py",)), ["src/a.py"], id="a star stays in its directory"),
        pytest.param(SelectRequest(include=("src/**/*.PY",)), ["src/deep/B.PY"], id="two stars do not"),
        pytest.param(SelectRequest(include=("*.py", "!src2/*")), ["lib/src/c.py", "src/a.py"], id="include, negated"),
        pytest.param(SelectRequest(exclude=("src/", "*.md")), [".gitignore", "Makefile", "src2/a.py"], id="exclude"),
        pytest.param(
            SelectRequest(exclude=("*", "!*.md")), ["README.md"], id="exclude, negated: not below an excluded directory"
        ),
        pytest.param(
            SelectRequest(include=("docs/",), exclude=("guide.md",)), ["docs/keep.md"], id="exclude wins over include"
        ),
        pytest.param(
            SelectRequest(paths=("src",), extensions=("py",), exclude=("deep/",)), ["src/a.py"], id="all of them hold"
        ),
    ],
)
def test_filters(project: Repo, asked: SelectRequest, expected: list[str]) -> None:
    """Extensions, include and exclude each narrow the selection, and all of them have to let a file through."""
    assert find(project.root, asked).paths == expected


def test_patterns_are_relative_to_the_root(project: Repo) -> None:
    """A pattern means the same from a subdirectory, where paths are relative and patterns are not."""
    anchored = SelectRequest(paths=("..",), include=("/src/a.py",))
    assert find(project.root / "docs", anchored).paths == ["src/a.py"]


def test_patterns_are_relative_to_each_repository(make_repo: MakeRepo, tmp_path: Path) -> None:
    """Where several repositories take part, an anchored pattern holds at the root of each."""
    make_repo("one").track({"src/a.py": "", "lib/src/b.py": ""})
    make_repo("two").track({"src/c.py": ""})
    anchored = SelectRequest(paths=("one", "two"), include=("/src/",))
    assert find(tmp_path, anchored).paths == ["one/src/a.py", "two/src/c.py"]
    write_files(tmp_path / "two", {"new.py": ""})
    named = SelectRequest(paths=("one/src", "two/new.py"), exclude=("/new.py",))
    assert find(tmp_path, named).paths == ["one/src/a.py"]


def test_patterns_see_plain_files_as_they_are_printed(tmp_path: Path) -> None:
    """Where plain directories take part, a pattern is relative to the directory that printed paths are relative to."""
    write_files(tmp_path, {"one/a.py": "", "one/sub/b.py": "", "two/a.py": ""})
    asked = SelectRequest(paths=("one", "two", "one/a.py"), exclude=("/one/a.py",))
    assert find(tmp_path, asked).paths == ["one/sub/b.py", "two/a.py"]
    assert find(tmp_path / "one", SelectRequest(exclude=("/a.py",))).paths == ["sub/b.py"]


@pytest.mark.parametrize("option", ["include", "exclude"])
@pytest.mark.parametrize("pattern", ["", "# no", "!", "/", "a\\", "["])
def test_a_pattern_that_cannot_match_is_refused(project: Repo, option: str, pattern: str) -> None:
    """What is no pattern is named with its option, because it would narrow nothing, silently."""
    request = SelectRequest(include=(pattern,)) if option == "include" else SelectRequest(exclude=("src", pattern))
    with pytest.raises(UsageError, match=f"^--{option}: ") as caught:
        find(project.root, request)
    assert "is not a pattern" in caught.value.message


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        pytest.param(SelectRequest(paths=("empty",)), "empty", id="path"),
        pytest.param(SelectRequest(extensions=("rs",)), "--extension rs", id="extension"),
        pytest.param(SelectRequest(include=("nope",)), "--include nope", id="include"),
        pytest.param(SelectRequest(exclude=("*",)), "--exclude *", id="exclude"),
        pytest.param(SelectRequest(paths=("src",), extensions=("md",)), "src --extension md", id="both"),
        pytest.param(SelectRequest(include=("a\nb",)), "--include a\\nb", id="escaped"),
    ],
)
def test_nothing_selected_is_an_error(project: Repo, asked: SelectRequest, message: str) -> None:
    """Paths or filters that match nothing that is listed stop the run, and the message repeats them."""
    (project.root / "empty").mkdir()
    with pytest.raises(UsageError) as caught:
        find(project.root, asked)
    assert caught.value.message == f"nothing is left to select: {message}"


def test_the_hint_for_nothing_selected_fits_the_request(project: Repo) -> None:
    """Only a run that left untracked files out suggests to take them in."""
    for untracked in (False, True):
        with pytest.raises(UsageError) as caught:
            find(project.root, SelectRequest(extensions=("rs",), untracked=untracked))
        assert ("-u" in caught.value.hint) is not untracked


@pytest.mark.parametrize("filters", [SelectRequest(), SelectRequest(paths=(".",)), SelectRequest(extensions=("py",))])
@pytest.mark.parametrize("place", ["repository", "plain directory"])
def test_an_empty_tree_is_an_empty_selection(repo: Repo, tmp_path: Path, place: str, filters: SelectRequest) -> None:
    """Where nothing is listed, nothing is selected, and that is no error whatever the filters say."""
    (tmp_path / "plain").mkdir()
    found = find(repo.root if place == "repository" else tmp_path / "plain", filters)
    assert found.listed == set()


@pytest.mark.parametrize(
    ("paths", "unmatched"),
    [
        pytest.param(("src", "empty"), ("empty",), id="nothing there"),
        pytest.param(("src", "src/deep", "src/deep/B.PY"), (), id="what lies in another path is matched"),
        pytest.param((".", "src"), (), id="the root is matched by what is in it"),
        pytest.param(("src", "new.py"), (), id="a named file is always matched"),
    ],
)
def test_paths_below_which_nothing_is_listed_are_told(
    repo: Repo, paths: tuple[str, ...], unmatched: tuple[str, ...]
) -> None:
    """A path that selects nothing beside others that do is no error, and is reported as it was written."""
    repo.track({"src/deep/B.PY": "b"})
    repo.write("new.py")
    (repo.root / "empty").mkdir()
    assert find(repo.root, SelectRequest(paths=paths)).selection.unmatched == unmatched


def test_the_baseline_file_is_skipped(project: Repo) -> None:
    """The baseline at the root is never counted; a file of the same name elsewhere is."""
    project.track({BASELINE_FILE: "{}", f"docs/{BASELINE_FILE}": "{}"})
    found = find(project.root)
    assert found.skipped == {BASELINE_FILE: Reason.BASELINE}
    assert f"docs/{BASELINE_FILE}" in found.paths
    above = SelectRequest(paths=(str(project.root), str(project.root.parent)))
    assert find(project.root.parent, above).skipped == {f"repo/{BASELINE_FILE}": Reason.BASELINE}


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param(
            SelectRequest(paths=("src/deep",), readmes=True),
            ["README.md", "src/readme.TXT", "src/deep/Readme", "src/deep/a.py"],
            id="from the root down to the directory",
        ),
        pytest.param(SelectRequest(paths=("lib",), readmes=True), ["README.md", "lib/a.py"], id="not the neighbours'"),
        pytest.param(
            SelectRequest(extensions=("py",), readmes=True),
            ["README.md", "src/readme.TXT", "src/deep/Readme", "lib/a.py", "src/deep/a.py"],
            id="filters are for the others",
        ),
        pytest.param(
            SelectRequest(paths=("src/deep",), exclude=("/README*",), readmes=True),
            ["src/readme.TXT", "src/deep/Readme", "src/deep/a.py"],
            id="exclude wins",
        ),
        pytest.param(
            SelectRequest(paths=("src/deep/Readme", "src/deep/a.py"), readmes=True),
            ["README.md", "src/readme.TXT", "src/deep/Readme", "src/deep/a.py"],
            id="one that was selected anyway comes once",
        ),
    ],
)
def test_readmes_come_first(repo: Repo, asked: SelectRequest, expected: list[str]) -> None:
    """READMEs of the directories above come before everything else, the outermost first."""
    files = ("README.md", "README.zip", "lib/a.py", "other/README.rst", "src/deep/Readme", "src/deep/a.py")
    repo.track(dict.fromkeys((*files, "src/readme.TXT", "src/READMEFIRST.md"), ""))
    repo.write("src/README.md")
    assert find(repo.root, asked).paths == expected


def test_without_readmes_order_is_by_bytes(repo: Repo) -> None:
    """Without `readmes` a README has its place among the others: by bytes, capitals first, a directory by its slash."""
    repo.track(dict.fromkeys(("a.py", "a/b.py", "a-b.py", "README.md", "é.py", "z.py"), ""))
    assert find(repo.root).paths == ["README.md", "a-b.py", "a.py", "a/b.py", "z.py", "é.py"]
