"""--changed: the paths that differ, for each source, as git's own plumbing tells them."""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.model import Index, Reason, Revision, SelectRequest, Source, Worktree
from tests.support.builder import Repo, write_files
from tests.support.examples import some
from tests.support.plumbing import git_at, list_tree, split_paths
from tests.support.printing import print_texts, refusal
from tests.support.unprivileged import open_directory

MakeRepo = Callable[..., Repo]

ON_DISK = SelectRequest(changed=True)
STAGED = SelectRequest(source=Index(), changed=True)
HEAD = SelectRequest(source=Revision("HEAD"), changed=True)
BASE: dict[str, str | bytes] = {
    ".gitattributes": "*.bat text eol=crlf\n",
    "a.py": "a text\n",
    "b.py": "b text\n",
    "README.md": "read\n",
    "run.bat": "first\r\n",
    "src/c.py": "c text\n",
    "src/README.md": "read\n",
}


def listed(here: Path, request: SelectRequest) -> set[str]:
    """Return every path that a request selects, printed or skipped."""
    printed = print_texts(here, request)
    return {*printed.texts, *printed.skipped}


@pytest.fixture
def project(repo: Repo) -> Repo:
    repo.track(BASE)
    repo.link("link", "a.py")
    repo.git("add", "link")
    repo.add_index_entry("lib", b"a commit", mode="160000")
    (repo.root / "lib").mkdir()
    repo.commit()
    return repo


def leave(_: Repo) -> None:
    """Change nothing."""


def touch(repo: Repo) -> None:
    for path in ("a.py", "run.bat"):
        os.utime(repo.root / path, (1, 1))


def rewrite(repo: Repo) -> None:
    (repo.root / "a.py").unlink()
    repo.write("a.py", BASE["a.py"])


def rewrite_line_endings(repo: Repo) -> None:
    repo.write("run.bat", "first\n")


def edit(repo: Repo) -> None:
    repo.write("a.py", "another\n")


def edit_keeping_size_and_time(repo: Repo) -> None:
    status = (repo.root / "a.py").stat()
    repo.write("a.py", "A TEXT\n")
    os.utime(repo.root / "a.py", ns=(status.st_atime_ns, status.st_mtime_ns))


def stage(repo: Repo) -> None:
    edit(repo)
    repo.git("add", "a.py")


def stage_and_put_back(repo: Repo) -> None:
    stage(repo)
    repo.write("a.py", BASE["a.py"])


def stage_and_edit_another(repo: Repo) -> None:
    stage(repo)
    repo.write("b.py", "edited")


def add_new(repo: Repo) -> None:
    repo.write("new.py", "new")
    repo.git("add", "new.py")


def intend_new(repo: Repo) -> None:
    repo.write("new.py", "new")
    repo.git("add", "--intent-to-add", "new.py")


def leave_untracked(repo: Repo) -> None:
    repo.write("new.py", "new")


def delete(repo: Repo) -> None:
    (repo.root / "a.py").unlink()


def remove(repo: Repo) -> None:
    repo.git("rm", "-q", "a.py")


def remove_from_index(repo: Repo) -> None:
    repo.git("rm", "-q", "--cached", "a.py")


def rename(repo: Repo) -> None:
    repo.git("mv", "a.py", "new.py")


def make_executable(repo: Repo) -> None:
    (repo.root / "a.py").chmod(0o755)


def stage_executable(repo: Repo) -> None:
    repo.git("update-index", "--chmod=+x", "a.py")


def make_link(repo: Repo) -> None:
    (repo.root / "a.py").unlink()
    repo.link("a.py", "b.py")


def stage_link(repo: Repo) -> None:
    make_link(repo)
    repo.git("add", "a.py")


def make_directory(repo: Repo) -> None:
    (repo.root / "a.py").unlink()
    repo.write("a.py/inside.py", "inside")


def make_file_of_directory(repo: Repo) -> None:
    shutil.rmtree(repo.root / "src")
    repo.write("src", "a file")
    repo.git("add", "--all", "src")


def move_submodule(repo: Repo) -> None:
    repo.add_index_entry("lib", b"another commit", mode="160000")


def retarget_link(repo: Repo) -> None:
    (repo.root / "link").unlink()
    repo.link("link", "b.py")


Change = Callable[[Repo], None]

CHANGES: list[tuple[Change, set[str], set[str]]] = [
    (leave, set(), set()),
    (touch, set(), set()),
    (rewrite, set(), set()),
    (rewrite_line_endings, set(), set()),
    (edit, {"a.py"}, set()),
    (edit_keeping_size_and_time, {"a.py"}, set()),
    (stage, {"a.py"}, {"a.py"}),
    (stage_and_put_back, set(), {"a.py"}),
    (stage_and_edit_another, {"a.py", "b.py"}, {"a.py"}),
    (add_new, {"new.py"}, {"new.py"}),
    (intend_new, {"new.py"}, set()),
    (leave_untracked, set(), set()),
    (delete, {"a.py"}, set()),
    (remove, set(), set()),
    (remove_from_index, set(), set()),
    (rename, {"new.py"}, {"new.py"}),
    (make_executable, {"a.py"}, set()),
    (stage_executable, set(), {"a.py"}),  # on disk the mode is still that of HEAD
    (make_link, {"a.py"}, set()),
    (stage_link, {"a.py"}, {"a.py"}),
    (make_directory, {"a.py"}, set()),
    (make_file_of_directory, {"src"}, {"src"}),
    (move_submodule, {"lib"}, {"lib"}),
    (retarget_link, {"link"}, set()),
]


@pytest.mark.parametrize(("change", "on_disk", "staged"), CHANGES, ids=[change.__name__ for change, *_ in CHANGES])
def test_what_differs_from_head(project: Repo, change: Change, on_disk: set[str], staged: set[str]) -> None:
    """The work tree and the index each differ from HEAD where their content, mode or type does, and nowhere else."""
    change(project)
    assert listed(project.root, ON_DISK) == on_disk
    assert listed(project.root, STAGED) == staged


@pytest.mark.parametrize(("change", "on_disk", "staged"), CHANGES, ids=[change.__name__ for change, *_ in CHANGES])
def test_what_a_commit_changed(project: Repo, change: Change, on_disk: set[str], staged: set[str]) -> None:  # noqa: ARG001
    """A commit differs from its first parent in what was staged for it, whatever is on disk."""
    change(project)
    project.commit()
    assert listed(project.root, HEAD) == staged
    assert listed(project.root, STAGED) == set()


def test_settings_do_not_make_a_difference(project: Repo) -> None:
    """What somebody has configured for their own `git diff` changes nothing here."""
    touch(project)
    project.write("b.py", "edited")
    settings_of_diff = {
        "autoRefreshIndex": "false",
        "external": "false",
        "ignoreSubmodules": "all",
        "noprefix": "true",
        "orderFile": "nowhere",
        "relative": "true",
        "renames": "copies",
    }
    for key, value in settings_of_diff.items():
        project.git("config", f"diff.{key}", value)
    move_submodule(project)
    assert listed(project.root / "src", replace(ON_DISK, paths=("..",))) == {"b.py", "lib"}


def test_before_the_first_commit_everything_differs(repo: Repo) -> None:
    """Without a commit to compare with, all that is tracked or staged has changed."""
    repo.track({"a.py": "a", "src/b.py": "b"})
    repo.write("a.py", "edited")
    repo.write("new.py", "new")
    assert listed(repo.root, ON_DISK) == {"a.py", "src/b.py"}
    assert listed(repo.root, STAGED) == {"a.py", "src/b.py"}
    assert listed(repo.root, replace(ON_DISK, untracked=True)) == {"a.py", "src/b.py", "new.py"}
    repo.git("add", "--intent-to-add", "new.py")
    assert listed(repo.root, ON_DISK) == {"a.py", "src/b.py", "new.py"}
    assert listed(repo.root, STAGED) == {"a.py", "src/b.py"}


def test_a_root_commit_differs_everywhere(project: Repo) -> None:
    """A commit without a parent changed all that it holds."""
    assert listed(project.root, HEAD) == {*BASE, "link", "lib"}
    project.git("commit", "--quiet", "--allow-empty", "--message=nothing")
    assert listed(project.root, HEAD) == set()


def test_a_merge_differs_from_its_first_parent(project: Repo) -> None:
    """A merge commit changed what it brought to the branch it was made on, conflicts included."""
    project.git("checkout", "--quiet", "-b", "side")
    project.track({"a.py": "side\n", "side.py": "side"}).commit()
    project.git("checkout", "--quiet", "main")
    project.track({"b.py": "main", "main.py": "main"}).commit()
    project.git("merge", "--quiet", "--no-edit", "side")
    assert listed(project.root, HEAD) == {"a.py", "side.py"}
    assert listed(project.root, replace(HEAD, source=Revision("HEAD^2"))) == {"a.py", "side.py"}
    assert listed(project.root, replace(HEAD, source=Revision("HEAD^1"))) == {"b.py", "main.py"}


def test_during_a_merge_the_disk_differs_from_head(project: Repo) -> None:
    """In the middle of a merge, conflicting files and those that the merge brought have changed."""
    project.git("checkout", "--quiet", "-b", "side")
    project.track({"a.py": "side\n", "side.py": "side"}).commit()
    project.git("checkout", "--quiet", "main")
    project.track({"a.py": "main\n"}).commit()
    with pytest.raises(AssertionError, match="failed"):
        project.git("merge", "side")
    assert listed(project.root, ON_DISK) == {"a.py", "side.py"}


def test_the_parent_that_a_shallow_clone_lacks_is_an_error(project: Repo, tmp_path: Path) -> None:
    """At the end of a shallow history nothing tells what changed: the fetch to run is named, and then it works."""
    project.track({"a.py": "second"}).commit()
    project.track({"b.py": "third"}).commit()
    git_at(tmp_path, "clone", "--quiet", "--depth=1", f"file://{project.root}", "shallow")
    shallow = tmp_path / "shallow"
    commit = project.git("rev-parse", "HEAD").decode()[:12]
    message = refusal(shallow, HEAD)
    assert message == f"the parent of {commit} is not in {shallow}, which is a shallow clone; git fetch --deepen=1"
    assert listed(shallow, STAGED) == set()
    git_at(shallow, "fetch", "--quiet", "--deepen=1")
    assert listed(shallow, HEAD) == {"b.py"}


def test_untracked_files_have_changed(project: Repo) -> None:
    """What git does not know yet differs from HEAD: with -u it is listed, beside what was edited."""
    project.write("new.py", "new")
    project.write("src/new.py", "new")
    edit(project)
    assert listed(project.root, replace(ON_DISK, untracked=True)) == {"a.py", "new.py", "src/new.py"}
    assert listed(project.root, replace(ON_DISK, paths=("new.py", "b.py"))) == {"new.py"}


def test_nothing_changed_is_an_empty_selection(project: Repo) -> None:
    """That nothing differs is an answer, with paths and filters, too; a path or filter without files is an error."""
    for request in (ON_DISK, STAGED):
        assert listed(project.root, request) == set()
        assert listed(project.root, replace(request, paths=("src",), extensions=("py",))) == set()
        assert "nothing is left to select" in refusal(project.root, replace(request, extensions=("rs",)))
    project.commit()
    assert listed(project.root, HEAD) == set()


ABOVE_SRC_C = {"README.md", "src/README.md", "src/c.py"}

NARROWED = [
    pytest.param(SelectRequest(paths=("src",)), {"src/c.py", "src/new.md"}, id="path"),
    pytest.param(SelectRequest(extensions=("md",)), {"new.md", "src/new.md"}, id="extension"),
    pytest.param(SelectRequest(include=("/*.py",)), {"a.py"}, id="include"),
    pytest.param(SelectRequest(exclude=("*.md",)), {"a.py", "src/c.py"}, id="exclude"),
    pytest.param(SelectRequest(paths=("a.py,b.py",)), {"a.py"}, id="files"),
    pytest.param(SelectRequest(paths=("src/c.py",), readmes=True), ABOVE_SRC_C, id="readmes"),
]


@pytest.mark.parametrize(("asked", "expected"), NARROWED)
def test_changes_are_narrowed_like_everything(project: Repo, asked: SelectRequest, expected: set[str]) -> None:
    """Paths and filters hold among what has changed; READMEs above it are shown changed or not."""
    project.track({"a.py": "1", "src/c.py": "2", "new.md": "3", "src/new.md": "4"})
    asked = replace(asked, changed=True)
    assert listed(project.root, asked) == expected
    assert listed(project.root, replace(asked, source=Index())) == expected
    project.commit()
    assert listed(project.root, replace(asked, source=Revision("HEAD"))) == expected


def test_each_repository_is_compared_with_its_own_head(project: Repo, make_repo: MakeRepo) -> None:
    """With paths in several repositories, each is asked for itself."""
    other = make_repo("other").track({"a.py": "other", "b.py": "other"})
    other.commit()
    project.write("a.py", "edited")
    other.write("b.py", "edited")
    found = print_texts(project.root.parent, replace(ON_DISK, paths=("repo", "other")))
    assert found.texts == {"repo/a.py": "edited", "other/b.py": "edited"}


@pytest.mark.parametrize("paths", [("plain",), ("repo", "plain"), ("plain/a.py",), ()])
def test_nothing_can_have_changed_outside_of_git(project: Repo, paths: tuple[str, ...]) -> None:
    """Plain directories have nothing to differ from, so that the question is refused and not passed over."""
    write_files(project.root.parent, {"plain/a.py": "a"})
    message = refusal(project.root.parent, replace(ON_DISK, paths=paths))
    named = next((path for path in paths if path.startswith("plain")), ".")
    assert message.startswith(f"{named} is not in a git repository: nothing tells what has changed there")


NAMES = ("a.py", "b c.md", "src/c.py", "src/d\n.py", "src/deep/\udcff.py", "é.py", "-x", ":(top)")
STEPS = ("edit", "same size", "touch", "delete", "link", "chmod", "stage", "unstage", "remove", "intend", "put back")

histories = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(STEPS)), max_size=12)


@some(8)
@given(st.sets(st.sampled_from(NAMES)), histories, st.booleans())
def test_what_differs_is_what_git_says(first: set[str], steps: list[tuple[str, str]], committed: bool) -> None:  # noqa: FBT001
    """After any edits, staged or not, each source lists what it holds of what git's plumbing calls different."""
    with open_directory() as directory:
        repo = Repo(directory / "repo")
        repo.track({name: f"the text of {name}\n".encode("utf-8", "surrogateescape") for name in first})
        if committed:
            repo.commit()
        for name, step in steps:
            take(repo, name, step)
        check_against_git(repo, committed=committed)


def take(repo: Repo, name: str, step: str) -> None:
    """Do something to a path, if it can be done."""
    if step in {"stage", "intend", "unstage", "remove"}:
        take_in_index(repo, name, step)
        return
    path = repo.root / name
    if step in {"delete", "link", "put back"}:
        path.unlink(missing_ok=True)
    match step:
        case "edit":
            write_over(repo, name, f"{path.is_file() and path.read_bytes()!r}, edited\n".encode())
        case "same size":
            write_over(repo, name, path.read_bytes().swapcase() if path.is_file() else b"")
        case "put back":
            repo.write(name, f"the text of {name}\n".encode("utf-8", "surrogateescape"))
        case "link":
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to("nowhere")
        case "touch" if path.exists():
            os.utime(path, (1, 1))
        case "chmod" if path.exists():
            path.chmod(path.stat().st_mode ^ 0o111)


def take_in_index(repo: Repo, name: str, step: str) -> None:
    """Do something to a path in the index, if it can be done."""
    path = repo.root / name
    git = ("--literal-pathspecs",)
    if step == "stage" and (path.exists() or path.is_symlink() or name in repo.tracked()):
        repo.git(*git, "add", "--all", "--", name)
    elif step == "intend" and path.exists():
        repo.git(*git, "add", "--intent-to-add", "--", name)
    elif step in {"unstage", "remove"} and name in repo.tracked():
        repo.git(*git, "rm", "--quiet", "--cached", "--force", "--", name)
        if step == "remove":
            path.unlink(missing_ok=True)


def write_over(repo: Repo, name: str, data: bytes) -> None:
    """Write a file, in the place of a link if there is one."""
    if (repo.root / name).is_symlink():
        (repo.root / name).unlink()
    repo.write(name, data)


def check_against_git(repo: Repo, *, committed: bool) -> None:
    """Compare each source with what git says, and then the commit that results."""
    tracked = set(repo.tracked())
    written = set(list_tree(repo.root, repo.git("write-tree").decode().strip()))
    base = "HEAD" if committed else repo.git("hash-object", "-t", "tree", "--stdin", data=b"").decode().strip()
    compare = ("--name-only", "-z", "--no-renames", base)
    on_disk = split_paths(repo.git("diff", *compare))
    staged = split_paths(repo.git("diff", "--cached", *compare))
    assert listed(repo.root, ON_DISK) == tracked & on_disk
    assert listed(repo.root, STAGED) == written & staged
    commit = repo.commit()
    differences = repo.git("diff-tree", "-r", "--root", "--no-commit-id", "--name-only", "-z", "--no-renames", commit)
    assert listed(repo.root, HEAD) == set(list_tree(repo.root, commit)) & split_paths(differences)


def test_gaps_are_no_changes_that_are_lost(project: Repo) -> None:
    """A file that has changed into something that cannot be read is listed with the reason."""
    delete(project)
    (project.root / "b.py").unlink()
    os.mkfifo(project.root / "b.py")
    printed = print_texts(project.root, ON_DISK)
    assert printed.texts == {}
    assert printed.skipped == {"a.py": Reason.MISSING, "b.py": Reason.SPECIAL}


@pytest.mark.parametrize("source", [Worktree(), Index(), Revision("HEAD")], ids=lambda source: source.kind)
def test_a_missing_base_is_an_error(project: Repo, source: Source) -> None:
    """Where the tree to compare with is damaged, the run stops; it does not call everything changed, or nothing."""
    project.track({"a.py": "second"}).commit()
    tree = project.git("rev-parse", f"HEAD{'~1' if source.kind == 'revision' else ''}^{{tree}}").decode().strip()
    (project.root / ".git/objects" / tree[:2] / tree[2:]).unlink()
    (project.root / "a.py").write_text("third")
    message = refusal(project.root, SelectRequest(source=source, changed=True))
    assert "failed in" in message
