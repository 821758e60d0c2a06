"""select() and read() in every kind of work tree, and under the variables that git sets for its hooks."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from loopflow.errors import GitError
from loopflow.io.git.repository import Git
from loopflow.model import Reason, SelectRequest
from tests.support.builder import Repo, write_files
from tests.support.finding import find

MakeRepo = Callable[..., Repo]


@pytest.fixture
def project(repo: Repo) -> Repo:
    repo.track({"src/a.py": "a", "src/deep/b.py": "b", "top.py": "t"}).commit()
    return repo


@pytest.fixture
def other(make_repo: MakeRepo) -> Repo:
    return make_repo("other").track({"x.py": "x", "sub/y.py": "y"})


@pytest.fixture
def alternative(project: Repo) -> str:
    """Return the path of a second index of the project, in which only src/a.py is tracked."""
    index = str(project.root / ".git/next-index-1.lock")
    project.git("update-index", "--add", "src/a.py", env={"GIT_INDEX_FILE": index})
    return index


def test_a_subdirectory_selects_itself(project: Repo) -> None:
    """From a subdirectory, paths are relative to it and printed relative to the root."""
    here = project.root / "src"
    assert find(here).paths == ["src/a.py", "src/deep/b.py"]
    assert find(here, SelectRequest(paths=("deep", "../top.py"))).paths == ["src/deep/b.py", "top.py"]


def test_a_linked_worktree_has_its_own_files(project: Repo, tmp_path: Path) -> None:
    """In a linked work tree its own index and files count, not those of the main one."""
    project.git("worktree", "add", "--quiet", str(tmp_path / "linked"))
    linked = tmp_path / "linked"
    write_files(linked, {"src/a.py": "changed", "new.py": "n"})
    subprocess.run(["git", "add", "new.py"], cwd=linked, check=True)
    assert find(linked).texts == {"new.py": "n", "src/a.py": "changed", "src/deep/b.py": "b", "top.py": "t"}
    assert find(linked / "src").paths == ["src/a.py", "src/deep/b.py"]
    assert find(project.root).texts == {"src/a.py": "a", "src/deep/b.py": "b", "top.py": "t"}


def test_a_checkout_reached_through_a_link_is_the_same(project: Repo, tmp_path: Path) -> None:
    """A link to a checkout, or to a directory in it, means what it points to."""
    (tmp_path / "checkout").symlink_to(project.root)
    (tmp_path / "part").symlink_to(project.root / "src")
    for here in (tmp_path / "checkout", tmp_path / "checkout/src/.."):
        assert find(here).paths == ["src/a.py", "src/deep/b.py", "top.py"]
    for here in (tmp_path / "part", tmp_path / "checkout/src"):
        assert find(here).paths == ["src/a.py", "src/deep/b.py"]
    named = SelectRequest(paths=("checkout/top.py", "part/deep"))
    assert find(tmp_path, named).paths == ["src/deep/b.py", "top.py"]


def test_a_submodule_is_skipped_and_one_that_is_named_is_not(project: Repo, other: Repo) -> None:
    """A submodule is skipped where it lies, and is a repository of its own when it is named."""
    other.commit()
    project.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other.root), "lib/other")
    project.add_index_entry("not-checked-out", mode="160000")
    (project.root / "not-checked-out").mkdir()
    found = find(project.root)
    assert found.paths == [".gitmodules", "src/a.py", "src/deep/b.py", "top.py"]
    assert found.skipped == {"lib/other": Reason.SUBMODULE, "not-checked-out": Reason.SUBMODULE}
    assert find(project.root, SelectRequest(paths=("lib/other",))).paths == ["sub/y.py", "x.py"]
    empty = find(project.root, SelectRequest(paths=("not-checked-out",)))
    assert (empty.listed, empty.selection.unmatched) == ({"not-checked-out"}, ())
    assert find(project.root, SelectRequest(exclude=("lib/other/", "not-checked-out"))).skipped == {}
    assert find(project.root, SelectRequest(extensions=("py",))).skipped == {}


def test_a_conflict_is_counted_once(project: Repo) -> None:
    """A file with three stages in the index is one file, read from disk and known by no blob."""
    trees = {}
    for side in ("base", "theirs", "ours"):
        project.track({"top.py": side})
        trees[side] = project.git("write-tree").decode().strip()
    project.git("read-tree", "-m", "-i", trees["base"], trees["ours"], trees["theirs"])
    project.write("top.py", "<<<<<<< ours\n")
    assert project.tracked().count("top.py") == 3
    git = Git()
    repository = git.find_repository(str(project.root))
    assert repository is not None
    assert [ref.path for ref in git.list_tracked(repository)] == ["src/a.py", "src/deep/b.py", "top.py"]
    found = find(project.root)
    assert found.texts == {"src/a.py": "a", "src/deep/b.py": "b", "top.py": "<<<<<<< ours\n"}
    assert [ref.path for ref in found.selection.candidates if ref.blob is None] == ["top.py"]


def test_the_work_tree_counts_what_is_on_disk(project: Repo) -> None:
    """Line endings, an encoding of the work tree, filters and unstaged changes are read as they lie on disk."""
    project.write(".gitattributes", "*.bat eol=crlf\n*.w text working-tree-encoding=UTF-16LE\n*.lfs filter=x\n")
    project.git("config", "filter.x.clean", "printf pointer")
    files: dict[str, str | bytes] = {
        "a.bat": "one\r\ntwo\r\n",
        "b.w": "wide".encode("utf-16-le"),
        "c.lfs": "the large file",
    }
    project.track(files)
    project.write("top.py", "unstaged")
    found = find(project.root)
    assert found.texts["a.bat"] == "one\r\ntwo\r\n"
    assert found.texts["c.lfs"] == "the large file"
    assert found.texts["top.py"] == "unstaged"
    assert found.skipped == {"b.w": Reason.BINARY}


def test_a_sha256_repository_is_listed_by_its_own_ids(make_repo: MakeRepo) -> None:
    """A repository with SHA-256 ids works like any other, and documents get its kind of id."""
    repo = make_repo("sha256", "--object-format=sha256").track({"a.py": "a", "sub/b.py": "b"})
    found = find(repo.root)
    assert found.selection.object_format == "sha256"
    assert [document.digest for document in found.documents] == [ref.blob for ref in found.selection.candidates]
    assert {len(document.digest) for document in found.documents} == {64}


def test_repositories_of_two_formats_get_the_same_kind_of_ids(make_repo: MakeRepo, tmp_path: Path) -> None:
    """Where formats differ, every document gets a SHA-1 id, so that ids can be compared."""
    make_repo("one").track({"a.py": "a"})
    make_repo("two", "--object-format=sha256").track({"a.py": "a"})
    found = find(tmp_path, SelectRequest(paths=("one", "two")))
    assert len({document.digest for document in found.documents}) == 1
    assert found.selection.object_format == "sha1"


def test_git_index_file_holds_for_the_current_repository_only(
    project: Repo, other: Repo, alternative: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a hook, the index that git names is read for the repository we are in, and for no other."""
    monkeypatch.chdir(project.root)
    for index in (alternative, os.path.relpath(alternative, project.root)):
        monkeypatch.setenv("GIT_INDEX_FILE", index)
        assert find(project.root).paths == ["src/a.py"]
        assert find(project.root, SelectRequest(paths=(str(other.root),))).paths == ["sub/y.py", "x.py"]
        both = find(project.root, SelectRequest(paths=(".", "../other/sub")))
        assert both.paths == ["other/sub/y.py", "repo/src/a.py"]


def test_git_index_file_does_not_reach_a_neighbour_of_a_longer_name(
    project: Repo, make_repo: MakeRepo, alternative: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repository or a plain directory whose path begins with that of the current repository is not in it."""
    make_repo(f"{project.root.name}2").track({"x.py": "x"})
    monkeypatch.chdir(project.root)
    monkeypatch.setenv("GIT_INDEX_FILE", alternative)
    write_files(project.root.parent / f"{project.root.name}3", {"y.py": "y"})
    assert find(project.root, SelectRequest(paths=("../repo2",))).paths == ["x.py"]
    assert find(project.root, SelectRequest(paths=("../repo3",))).paths == ["y.py"]


def test_git_names_the_repository_that_we_stand_in(
    project: Repo, make_repo: MakeRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a directory with a .git of its own, git's variables still say whose work tree it is, as they do for git."""
    project.add_index_entry("vendored/tracked.py", b"v")
    vendored = make_repo("repo/vendored").track({"tracked.py": "v", "own.py": "o"})
    monkeypatch.setenv("GIT_DIR", str(project.root / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(project.root))
    monkeypatch.chdir(vendored.root)
    assert find(vendored.root).paths == ["vendored/tracked.py"]
    monkeypatch.chdir(project.root)
    assert find(project.root, SelectRequest(paths=("vendored",))).paths == ["own.py", "tracked.py"]


def test_git_index_file_does_not_reach_nested_repositories(
    project: Repo, alternative: str, monkeypatch: pytest.MonkeyPatch, make_repo: MakeRepo
) -> None:
    """A submodule or a repository met on a walk keeps its own index while git names another one."""
    inner = make_repo("repo/inner").track({"i.py": "i"})
    write_files(project.root.parent / "plain", {"p.py": "p"})
    make_repo("plain/met").track({"m.py": "m"})
    monkeypatch.chdir(project.root)
    monkeypatch.setenv("GIT_INDEX_FILE", alternative)
    assert find(project.root, SelectRequest(paths=("inner",))).paths == ["i.py"]
    assert find(project.root, SelectRequest(paths=("../plain",))).paths == ["met/m.py", "p.py"]
    monkeypatch.chdir(inner.root)
    assert find(inner.root).listed == {"src/a.py"}, "git itself reads the index it is told to"


@pytest.mark.usefixtures("other")
def test_git_index_file_outside_of_any_repository(
    tmp_path: Path, alternative: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where we are in no repository, the variable holds for none."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_INDEX_FILE", alternative)
    assert find(tmp_path, SelectRequest(paths=("other",))).paths == ["sub/y.py", "x.py"]
    assert find(tmp_path, SelectRequest(paths=("repo",))).paths == ["src/a.py", "src/deep/b.py", "top.py"]


@pytest.mark.parametrize("relative", [True, False])
@pytest.mark.usefixtures("other")
def test_git_dir_holds_for_the_current_repository_only(
    project: Repo, monkeypatch: pytest.MonkeyPatch, *, relative: bool
) -> None:
    """GIT_DIR, as git sets it for a hook, names the repository we are in and reaches no other."""
    monkeypatch.chdir(project.root)
    monkeypatch.setenv("GIT_DIR", ".git" if relative else str(project.root / ".git"))
    assert find(project.root).paths == ["src/a.py", "src/deep/b.py", "top.py"]
    assert find(project.root, SelectRequest(paths=("src/deep",))).paths == ["src/deep/b.py"]
    assert find(project.root, SelectRequest(paths=("../other",))).paths == ["sub/y.py", "x.py"]


def test_git_dir_and_git_work_tree_may_lie_apart(
    project: Repo, other: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A work tree without a .git is a repository when git's variables say so, from inside and from outside."""
    home = write_files(tmp_path / "home", {"top.py": "home", "untracked.py": "u"})
    monkeypatch.setenv("GIT_DIR", str(project.root / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(home))
    for here in (home, tmp_path):
        monkeypatch.chdir(here)
        found = find(here, SelectRequest(paths=(str(home),)))
        assert found.texts == {"top.py": "home"}
        assert found.skipped == dict.fromkeys(("src/a.py", "src/deep/b.py"), Reason.MISSING)
        assert find(here, SelectRequest(paths=(str(other.root),))).paths == ["sub/y.py", "x.py"]


def test_a_linked_worktree_keeps_its_index_while_git_names_another_one(
    project: Repo, tmp_path: Path, alternative: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a hook in the main work tree, a path in a linked one means that one's own index."""
    project.git("worktree", "add", "--quiet", str(tmp_path / "linked"))
    monkeypatch.chdir(project.root)
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("GIT_INDEX_FILE", alternative)
    linked = SelectRequest(paths=("../linked/src",))
    assert find(project.root, linked).paths == ["src/a.py", "src/deep/b.py"]
    assert find(project.root, SelectRequest(paths=("src",))).paths == ["src/a.py"]


def test_a_broken_repository_is_refused_while_git_names_another_one(
    project: Repo, other: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repository that git cannot use is refused under git's variables, too."""
    (other.root / ".git/HEAD").unlink()
    monkeypatch.chdir(project.root)
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/index")
    assert find(project.root).paths == ["src/a.py", "src/deep/b.py", "top.py"]
    with pytest.raises(GitError, match="git cannot use it"):
        find(project.root, SelectRequest(paths=("../other",)))


def test_a_hook_in_a_linked_worktree_reads_its_index(
    project: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variables that git sets for a hook in a linked work tree mean that work tree and the index of the commit."""
    project.git("worktree", "add", "--quiet", str(tmp_path / "linked"))
    linked = write_files(tmp_path / "linked", {"new.py": "n"})
    git_dir = project.root / ".git/worktrees/linked"
    index = str(git_dir / "next-index-1.lock")
    subprocess.run(["git", "add", "new.py"], cwd=linked, check=True, env={**os.environ, "GIT_INDEX_FILE": index})
    monkeypatch.chdir(linked)
    monkeypatch.setenv("GIT_DIR", str(git_dir))
    monkeypatch.setenv("GIT_INDEX_FILE", index)
    assert find(linked).paths == ["new.py"]
    assert find(linked, SelectRequest(paths=(str(project.root),))).paths == ["src/a.py", "src/deep/b.py", "top.py"]


LIST_PATHS = """\
import os
from loopflow.io.file import select
from loopflow.io.git.repository import Git
from loopflow.errors import GitError
from loopflow.model import SelectRequest
print(*[ref.path for ref in select(SelectRequest(), Git(), os.getcwd()).candidates], sep="\\n")
"""


@pytest.mark.parametrize(
    ("options", "tracked"),
    [
        pytest.param((), ["src/deep/b.py", "staged.py", "top.py"], id="commit"),
        pytest.param(("--all",), ["src/deep/b.py", "staged.py", "top.py"], id="all"),
        pytest.param(("--amend",), ["src/deep/b.py", "staged.py", "top.py"], id="amend"),
        pytest.param(("top.py",), ["src/a.py", "src/deep/b.py", "top.py"], id="one file"),
    ],
)
@pytest.mark.parametrize("place", ["main", "linked"])
def test_a_hook_lists_what_is_about_to_be_committed(
    project: Repo, tmp_path: Path, options: tuple[str, ...], tracked: list[str], place: str
) -> None:
    """In a pre-commit hook, whatever index git hands it, we list what git lists there."""
    write_files(project.root / ".git", {"list.py": LIST_PATHS})
    command = f"git ls-files > '{tmp_path}/git'\n'{sys.executable}' '{project.root}/.git/list.py' > '{tmp_path}/ours'\n"
    project.write(".git/hooks/pre-commit", f"#!/bin/sh\n{command}exit 1\n").chmod(0o755)
    root = project.root
    if place == "linked":
        root = tmp_path / "linked"
        project.git("worktree", "add", "--quiet", str(root))
    write_files(root, {"top.py": "changed", "staged.py": "s"})
    for step in (["add", "staged.py"], ["rm", "-q", "--cached", "src/a.py"], ["commit", "-qm", "x", *options]):
        subprocess.run(["git", *step], cwd=root, check=False)
    assert (tmp_path / "git").read_text().split() == tracked
    assert (tmp_path / "ours").read_text().split() == tracked
