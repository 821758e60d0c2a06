"""select() over several trees, whole ones and other sources: what is listed, and in which words it is refused."""

import os
from pathlib import Path

import pytest

from loopflow.errors import UsageError
from loopflow.io.file import choose, coverage, list_all, select
from loopflow.io.git.repository import Git
from loopflow.model import Criteria, Index, Reason, Revision, SelectRequest, Worktree
from tests.support.builder import Repo, write_files
from tests.support.finding import find


@pytest.fixture
def project(repo: Repo) -> Repo:
    repo.track({"README.md": "r\n", "src/a.py": "a\n", "src/in/b.md": "b\n"}).commit()
    return repo


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """Return a plain directory with two repositories in it."""
    root = write_files(tmp_path / "plain", {"own.py": "o\n"})
    for name in ("one", "two"):
        Repo(root / name).track({f"{name}.py": "x\n", "README.md": "r\n"}).commit()
    return root


def refused(here: Path, request: SelectRequest) -> tuple[str, str]:
    """Return what is said about a request that cannot be met, and the advice."""
    with pytest.raises(UsageError) as caught:
        select(request, Git(), os.fspath(here))
    return caught.value.message, caught.value.hint


# --- Trees ---


@pytest.mark.parametrize("here", [".", "src", "src/in"])
def test_the_whole_tree(project: Repo, here: str) -> None:
    """The whole tree is the same from everywhere in it, and nothing in it is unmatched."""
    found = find(project.root / here, SelectRequest(whole=True))
    assert found.paths == ["README.md", "src/a.py", "src/in/b.md"]
    assert found.selection.unmatched == ()


def test_the_whole_of_an_empty_tree(repo: Repo) -> None:
    """Where nothing is tracked, the whole tree is unmatched, as the directory is when it is named."""
    assert find(repo.root, SelectRequest(whole=True)).selection.unmatched == (".",)


def test_a_repository_far_below(plain: Path) -> None:
    """A repository several directories below the common one keeps its place."""
    Repo(plain / "in" / "there").track({"src/x.py": "x\n"})
    assert find(plain, SelectRequest(paths=("in/there", "one/one.py"))).paths == ["in/there/src/x.py", "one/one.py"]


def test_two_repositories(plain: Path) -> None:
    """Files of two repositories are listed below their common directory, with the READMEs of each that are above."""
    found = find(plain, SelectRequest(paths=("one/one.py", "two/two.py"), readmes=True))
    assert found.paths == ["one/README.md", "two/README.md", "one/one.py", "two/two.py"]


def test_nothing_is_listed_twice(plain: Path) -> None:
    """What its repository lists, and the directory around that, is there once."""
    assert find(plain, SelectRequest(paths=("one", "."))).paths == [
        "one/README.md",
        "one/one.py",
        "own.py",
        "two/README.md",
        "two/two.py",
    ]


def test_paths_with_nothing_below(plain: Path) -> None:
    """Every empty directory that is named is said, whichever repository it is in."""
    for name in ("one/none", "two/none"):
        (plain / name).mkdir()
    listed = list_all(SelectRequest(paths=("one/none", "two/none", "two/two.py")), Git(), os.fspath(plain))
    assert [want.argument for want in listed.unmatched] == ["one/none", "two/none"]


def test_readmes_of_all_directories_above(project: Repo) -> None:
    """The READMEs of every directory above come first, the outermost before the others; others' do not come."""
    readmes = {"src/README": "s\n", "src/in/readme.txt": "i\n", "other/README.md": "o\n"}
    project.track({**readmes, "src/in/deep/er/x.py": "x\n"})
    found = find(project.root, SelectRequest(paths=("src/in/deep",), readmes=True))
    assert found.paths == ["README.md", "src/README", "src/in/readme.txt", "src/in/deep/er/x.py"]


def test_no_readme_above_nothing(project: Repo) -> None:
    """Where nothing has changed, no README is above it; where something has, those above that are."""
    request = SelectRequest(changed=True, readmes=True)
    assert find(project.root, request).paths == []
    project.write("src/a.py", "other\n")
    assert find(project.root, request).paths == ["README.md", "src/a.py"]


@pytest.mark.parametrize("source", [Worktree(), Index(), Revision("HEAD")])
def test_links_and_submodules(project: Repo, source: Worktree | Index | Revision) -> None:
    """In the index and in a commit they are known as what they are; on disk, another thing may stand there."""
    project.link("link.py", "src/a.py")
    project.git("add", "link.py")
    project.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub")
    project.commit()
    selection = select(SelectRequest(source=source), Git(), os.fspath(project.root))
    known = {skip.path: skip.reason for skip in selection.skipped}
    listed = {"link.py", "sub"} & {ref.path for ref in selection.candidates}
    if source == Worktree():
        assert (known, listed) == ({}, {"link.py", "sub"})
    else:
        assert (known, listed) == ({"link.py": Reason.SYMLINK, "sub": Reason.SUBMODULE}, set())


# --- What a selection would hold ---


@pytest.mark.parametrize(
    ("request_", "path", "is_covered"),
    [
        (SelectRequest(), "new/x.py", True),
        (SelectRequest(whole=True), "new/x.py", True),
        (Criteria(SelectRequest(), baseline="b.json"), "b.json", False),
        (SelectRequest(paths=("src",)), "src/x.py", True),
        (SelectRequest(paths=("src",)), "src/new/x.py", True),
        (SelectRequest(paths=("src",)), "srcs/x.py", False),
        (SelectRequest(paths=("src",)), "x.py", False),
        (SelectRequest(paths=("src/a.py",)), "src/a.py", True),
        (SelectRequest(extensions=("md",)), "x.py", False),
        (SelectRequest(extensions=("md",)), "x.md", True),
        (Criteria(SelectRequest(), exclude=("gone/",)), "gone/x.py", False),
        (SelectRequest(changed=True), "src/a.py", True),
        (SelectRequest(changed=True), "src/in/b.md", False),
        (SelectRequest(changed=True, extensions=("md",)), "src/a.py", False),
    ],
)
def test_coverage(project: Repo, request_: SelectRequest | Criteria, path: str, is_covered: bool) -> None:  # noqa: FBT001
    """Whether a file would be selected is known without the file: it decides what a growth is about."""
    project.write("src/a.py", "other\n")
    criteria = request_ if isinstance(request_, Criteria) else Criteria(request_)
    listed = list_all(criteria.request, Git(), os.fspath(project.root))
    assert coverage(listed, criteria)(path) == is_covered


# --- Refusals ---


@pytest.mark.parametrize(
    ("request_", "message", "hint"),
    [
        (
            SelectRequest(source=Index(), untracked=True),
            "untracked files are in no index and in no commit",
            "leave out -u",
        ),
        (
            SelectRequest(source=Revision("HEAD"), untracked=True),
            "untracked files are in no index and in no commit",
            "leave out -u",
        ),
        (
            SelectRequest(source=Index(), paths=("a\n.py", "src", "b.py")),
            "not in the index: a\\n.py, b.py",
            "check the path; git ls-files and git ls-tree list them",
        ),
        (
            SelectRequest(source=Revision("HEAD"), paths=("b.py",)),
            "not in HEAD: b.py",
            "check the path; git ls-files and git ls-tree list them",
        ),
        (
            SelectRequest(paths=("src",), extensions=("x",), include=("i*",), exclude=("e\n",)),
            "nothing is left to select: src --extension x --include i* --exclude e\\n",
            "only tracked files are listed unless -u is given",
        ),
        (
            SelectRequest(extensions=("x", "y"), untracked=True),
            "nothing is left to select: --extension x --extension y",
            "check the paths and filters",
        ),
        (
            SelectRequest(source=Index(), exclude=("*",)),
            "nothing is left to select: --exclude *",
            "check the paths and filters",
        ),
    ],
)
def test_refusals(project: Repo, request_: SelectRequest, message: str, hint: str) -> None:
    """What cannot be met is refused with the cause and what to do."""
    assert refused(project.root, request_) == (message, hint)


def test_nothing_changes_outside_of_git(plain: Path) -> None:
    """What changed is not known for files outside of git; the first of them is named."""
    message = "own.py is not in a git repository: nothing tells what has changed there"
    assert refused(plain, SelectRequest(paths=("one", "own.py", "."), changed=True)) == (message, "leave out --changed")


def test_nothing_is_staged_in_a_bare_repository(project: Repo, tmp_path: Path) -> None:
    """A bare repository has commits to read and nothing that is staged."""
    bare = tmp_path / "bare.git"
    project.git("clone", "--quiet", "--bare", ".", os.fspath(bare))
    message, hint = refused(bare, SelectRequest(source=Index(), paths=(".",)))
    assert message == f"{tmp_path}/bare.git is a bare repository: no commit is made there"
    assert hint == "read one with --rev"
    assert select(SelectRequest(source=Revision("HEAD"), paths=(".",)), Git(), os.fspath(bare)).candidates


def test_an_empty_selection_may_be_asked_for(project: Repo) -> None:
    """Where nothing may be left, nothing is refused."""
    request = SelectRequest(exclude=("*",))
    listed = list_all(request, Git(), os.fspath(project.root))
    assert choose(listed, Criteria(request), may_be_empty=True).candidates == ()
