"""What a commit would record: the profile that a hook prints is that of the commit which then exists.

how a commit is made                               what the hook sees, and leaves alone
-------------------------------------------------  ----------------------------------------------------
of what is staged, amended                         .git/index
of everything (-a), of some hunks (-p)             .git/index.lock, which git holds
of some files                                      .git/next-index-PID.lock, with files that are not staged
in a linked work tree, from elsewhere (GIT_DIR)    the index of that one

Every commit here is made by git, with a real hook that profiles the index. The profile is compared with the tree of the
commit, listed and counted by git and tiktoken alone.
"""

import json
import os
import shlex
import subprocess
from collections.abc import Callable, Mapping
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from loopflow.model import CountRequest, Revision, SelectRequest
from loopflow.usecases.pipeline import profile
from tests.support.builder import Repo, write_files
from tests.support.plumbing import Cost, cost_of_tree, git_at
from tests.support.run import COMMAND

MakeRepo = Callable[..., Repo]

# What git hands to the hook and what the run leaves behind is stored, before and after.
HOOK = r"""#!/bin/sh
store={store}
index=$(git rev-parse --git-path index)
look() {{
    cp "$index" "$store/index.$1"
    ls -i "$index" > "$store/inode.$1"
    find "$(git rev-parse --absolute-git-dir)" "$(git rev-parse --git-common-dir)" -name '*.lock' > "$store/locks.$1"
}}
printf '%s' "$GIT_INDEX_FILE" > "$store/named"
look before
{command} > "$store/out" 2> "$store/err"
echo $? > "$store/code"
look after
"""


@dataclass(frozen=True, slots=True)
class Hook:
    """A hook that profiles the index, and the directory where it stores what it saw."""

    store: Path

    def install(self, git_dir: Path, name: str = "pre-commit", options: str = "") -> None:
        """Make this the hook `name` of a repository."""
        command = shlex.join([*COMMAND, "--profile", "--staged", "--format", "json"])
        text = HOOK.format(store=shlex.quote(str(self.store)), command=f"{command} {options}".rstrip())
        write_files(git_dir / "hooks", {name: text})
        (git_dir / "hooks" / name).chmod(0o755)

    def read(self, name: str) -> bytes:
        """Return what was stored under `name`."""
        return (self.store / name).read_bytes()

    @property
    def profile(self) -> dict[str, Any]:
        """The profile that was printed; the run must have succeeded, without a word on stderr."""
        assert (self.read("err"), self.read("code")) == (b"", b"0\n")
        document: dict[str, Any] = json.loads(self.read("out"))
        return document

    @property
    def cost(self) -> Cost:
        """The files that were counted, and those that were skipped."""
        printed = self.profile
        assert printed["source"] == {"kind": "index", "revision": None}
        return Cost(
            {file["path"]: (file["tokens"], file["bytes"]) for file in printed["files"]},
            {skip["path"]: skip["reason"] for skip in printed["skipped"]},
        )


@pytest.fixture
def hook(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Hook:
    """Return a hook. All hooks keep their counts in one place, as somebody's hooks do."""
    monkeypatch.setenv("LOOPFLOW_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "counts"))
    store = tmp_path / "store"
    store.mkdir()
    return Hook(store)


@pytest.fixture
def project(repo: Repo) -> Repo:
    """Return a repository in which everything that can be pending is pending."""
    files: dict[str, str | bytes] = {
        "both.py": "first = 1\n\n\n\n\n\n\nlast = 1\n",
        "edited.py": "edited = 0\n",
        "gone.py": "gone = 0\n",
        "lost.py": "lost = 0\n",
        "old_name.py": "a file that is renamed and not changed\n",
        "run.sh": "#!/bin/sh\n",
        "src/deep/notes.md": "# Notes\n",
        "src/module.py": "module = 0\n",
        "logo.png": b"\x89PNG\0",
    }
    repo.track(files)
    repo.link("latest", "src/module.py")
    repo.git("add", "latest")
    repo.add_index_entry("vendor/lib", mode="160000")
    repo.commit()
    (repo.root / "vendor/lib").mkdir(parents=True)
    make_pending(repo.root)
    return repo


def make_pending(root: Path) -> None:
    """Stage, edit, delete, rename, and change modes in a work tree of the project."""
    write_files(root, {"both.py": "first = 2\n\n\n\n\n\n\nlast = 1\n", "staged.py": "staged = 1\n"})
    git_at(root, "add", "both.py", "staged.py")
    write_files(root, {"both.py": "first = 2\n\n\n\n\n\n\nlast = 2  # and more\n"})
    write_files(root, {"edited.py": "edited = 'not staged'\n", "src/module.py": "module = 'not staged'\n"})
    write_files(root, {"intended.py": "intended = True\n", "untracked.py": "untracked = True\n"})
    git_at(root, "add", "--intent-to-add", "intended.py")
    git_at(root, "rm", "-q", "gone.py")
    git_at(root, "mv", "old_name.py", "new_name.py")
    git_at(root, "update-index", "--chmod=+x", "run.sh")
    (root / "lost.py").unlink()


def commit(
    directory: Path,
    *arguments: str,
    answers: str = "",
    environment: Mapping[str, str] | None = None,
    command: str = "commit",
) -> None:
    """Run `git commit`, which must succeed."""
    done = subprocess.run(
        ["git", command, *arguments],
        cwd=directory,
        input=answers.encode(),
        capture_output=True,
        check=False,
        env={**os.environ, **(environment or {})},
    )
    assert done.returncode == 0, done.stderr


def check(hook: Hook, directory: Path) -> Cost:
    """Compare what the hook printed with the commit that now exists; return its cost."""
    recorded = cost_of_tree(directory, "HEAD")
    assert hook.cost == recorded
    assert cost_of_head(directory) == recorded
    assert hook.read("index.before") == hook.read("index.after"), "the index was written"
    assert hook.read("inode.before") == hook.read("inode.after"), "the index was replaced"
    assert hook.read("locks.before") == hook.read("locks.after"), "a lock was taken or released"
    assert not list(hook.store.parent.rglob("*.lock"))
    return recorded


def cost_of_head(directory: Path) -> Cost:
    """Profile the commit that now exists with --rev."""
    with chdir(directory):
        found = profile(SelectRequest(source=Revision("HEAD")), CountRequest(jobs=2)).profile
    return Cost(
        {file.path: (file.tokens, file.bytes) for file in found.files},
        {skip.path: str(skip.reason) for skip in found.skipped},
    )


MESSAGE = ("--quiet", "--message=work")

EVERY_WAY = [
    pytest.param((), "", ".git/index", id="what is staged"),
    pytest.param(("--all",), "", ".git/index.lock", id="all"),
    pytest.param(("edited.py",), "", ".git/next-index-", id="a file"),
    pytest.param(("--only", "edited.py", "both.py"), "", ".git/next-index-", id="only two files"),
    pytest.param(("--include", "edited.py"), "", ".git/index.lock", id="including a file"),
    pytest.param(("src",), "", ".git/next-index-", id="a directory"),
    pytest.param(("lost.py",), "", ".git/next-index-", id="a file that is gone"),
    pytest.param(("intended.py",), "", ".git/next-index-", id="a file that was intended"),
    pytest.param(("--patch",), "y\ny\nn\nn\ny\n", ".git/index.lock", id="some hunks"),
    pytest.param(("--patch",), "q\n", ".git/index.lock", id="no hunks"),
    pytest.param(("--patch", "edited.py"), "y\n", ".git/index.lock", id="the hunks of a file"),
    pytest.param(("--amend",), "", ".git/index", id="amend"),
    pytest.param(("--amend", "--all"), "", ".git/index.lock", id="amend with all"),
    pytest.param(("--amend", "--only"), "", ".git/next-index-", id="amend with nothing"),
    pytest.param(("--amend", "both.py"), "", ".git/next-index-", id="amend with a file"),
]


@pytest.mark.parametrize(("options", "answers", "index"), EVERY_WAY)
def test_the_profile_is_that_of_the_commit(
    hook: Hook, project: Repo, options: tuple[str, ...], answers: str, index: str
) -> None:
    """However a commit is made, its hook counts exactly the tree it gets, from the index that git names."""
    hook.install(project.root / ".git")
    commit(project.root, *MESSAGE, *options, answers=answers)
    check(hook, project.root)
    assert index in os.fsdecode(hook.read("named"))


@pytest.mark.parametrize("options", [(), ("--all",), ("edited.py",)], ids=["staged", "all", "file"])
def test_a_commit_in_a_linked_worktree(hook: Hook, project: Repo, tmp_path: Path, options: tuple[str, ...]) -> None:
    """In a linked work tree the hook counts what that one commits, whatever is pending in the main one."""
    linked = tmp_path / "linked"
    project.git("worktree", "add", "--quiet", str(linked), "HEAD")
    make_pending(linked)
    write_files(linked, {"linked.py": "linked = True\n"})
    git_at(linked, "add", "linked.py")
    hook.install(project.root / ".git")
    commit(linked, *MESSAGE, *options)
    assert ("linked.py" in check(hook, linked).files) is (options != ("edited.py",))
    assert b"worktrees/linked/" in hook.read("named")


@pytest.mark.parametrize("options", [(), ("module.py", "deep")], ids=["staged", "files"])
def test_a_commit_from_a_subdirectory(hook: Hook, project: Repo, options: tuple[str, ...]) -> None:
    """A commit that is made further down is counted whole."""
    hook.install(project.root / ".git")
    commit(project.root / "src", *MESSAGE, *options)
    assert "run.sh" in check(hook, project.root).files


@pytest.mark.parametrize("options", [(), ("--all",)], ids=["staged", "all"])
def test_a_commit_with_git_dir_and_work_tree_set(
    hook: Hook, project: Repo, tmp_path: Path, options: tuple[str, ...]
) -> None:
    """GIT_DIR and GIT_WORK_TREE, set by whoever commits from elsewhere, hold in the hook, too."""
    hook.install(project.root / ".git")
    variables = {"GIT_DIR": str(project.root / ".git"), "GIT_WORK_TREE": str(project.root)}
    commit(tmp_path, *MESSAGE, *options, environment=variables)
    check(hook, project.root)


def test_a_commit_with_git_dir_set(hook: Hook, project: Repo) -> None:
    """A relative GIT_DIR names the repository that the hook stands in."""
    hook.install(project.root / ".git")
    commit(project.root, *MESSAGE, environment={"GIT_DIR": ".git"})
    check(hook, project.root)


@pytest.mark.parametrize("options", [(), ("--all",)], ids=["staged", "all"])
def test_a_commit_from_another_index(hook: Hook, project: Repo, tmp_path: Path, options: tuple[str, ...]) -> None:
    """Who commits with an index of their own, as some tools do, gets that one counted."""
    mine = {"GIT_INDEX_FILE": str(tmp_path / "mine")}
    project.git("read-tree", "HEAD", env=mine)
    project.git("update-index", "--force-remove", "run.sh", env=mine)
    hook.install(project.root / ".git")
    commit(project.root, *MESSAGE, *options, environment=mine)
    assert "run.sh" not in check(hook, project.root).files


@pytest.mark.parametrize("options", [(), ("--all",), ("edited.py",)], ids=["staged", "all", "file"])
def test_a_commit_with_a_git_directory_elsewhere(
    hook: Hook, project: Repo, tmp_path: Path, options: tuple[str, ...]
) -> None:
    """A work tree whose .git is a file, as in a submodule, is counted like any other."""
    project.git("init", "--quiet", "--separate-git-dir", str(tmp_path / "elsewhere"))
    hook.install(tmp_path / "elsewhere")
    commit(project.root, *MESSAGE, *options)
    check(hook, project.root)


def test_the_first_commit(hook: Hook, repo: Repo) -> None:
    """Before there is any commit, the hook counts what the first one holds."""
    repo.track({"a.py": "staged = 1\n", "logo.png": b"\0", "src/b.py": "b = 1\n"})
    repo.write("a.py", "not staged\n")
    repo.write("untracked.py", "untracked\n")
    hook.install(repo.root / ".git")
    commit(repo.root, *MESSAGE)
    assert set(check(hook, repo.root).files) == {"a.py", "src/b.py"}


def test_an_empty_commit(hook: Hook, repo: Repo) -> None:
    """A commit without any file is an empty profile, and no reason to fail."""
    repo.write("untracked.py", "untracked\n")
    hook.install(repo.root / ".git")
    commit(repo.root, *MESSAGE, "--allow-empty")
    assert json.loads(hook.read("out"))["files"] == []
    assert hook.read("code") == b"0\n"
    assert hook.read("err") == b"code-context: warning: nothing is listed below .\n"


@pytest.fixture
def branches(repo: Repo) -> Repo:
    """Return a repository with a branch `side` that changes other lines, and other files, than main."""
    lines = [f"line {number}\n" for number in range(9)]
    repo.track({"both.py": "".join(lines), "same.py": "same\n", "side.py": "old\n"}).commit()
    repo.git("checkout", "--quiet", "-b", "side")
    repo.track({"both.py": "".join(["changed by side\n", *lines[1:]]), "side.py": "a longer new one\n"}).commit()
    repo.git("checkout", "--quiet", "main")
    repo.track({"both.py": "".join([*lines[:-1], "main\n"]), "main.py": "main\n"}).commit()
    return repo


def test_a_merge_commit(hook: Hook, branches: Repo) -> None:
    """In a pre-merge-commit hook, the merged tree is counted, and not what else is on disk."""
    branches.write("same.py", "edited, and no part of the merge\n")
    hook.install(branches.root / ".git", "pre-merge-commit")
    commit(branches.root, *MESSAGE, "side", command="merge")
    recorded = check(hook, branches.root)
    assert set(recorded.files) == {"both.py", "main.py", "same.py", "side.py"}
    assert recorded.files["same.py"][1] == len("same\n")


@pytest.mark.parametrize("options", [(), ("--all",)], ids=["staged", "all"])
def test_a_merge_commit_after_conflicts(hook: Hook, branches: Repo, options: tuple[str, ...]) -> None:
    """A merge that is concluded by hand is counted as it was resolved; git allows no unresolved one."""
    branches.track({"side.py": "and main changed it as well\n"}).commit()
    with pytest.raises(AssertionError, match="failed"):
        branches.git("merge", "side")
    branches.write("side.py", "resolved\n")
    branches.git("add", "side.py")
    branches.write("side.py", "resolved, and edited again\n")
    hook.install(branches.root / ".git")
    commit(branches.root, *MESSAGE, *options)
    check(hook, branches.root)


@pytest.mark.parametrize("options", [(), ("--all",), ("words.txt",)], ids=["staged", "all", "file"])
def test_a_commit_through_filters(hook: Hook, repo: Repo, options: tuple[str, ...]) -> None:
    """Line endings and clean filters change what is recorded, and what is recorded is counted."""
    repo.git("config", "filter.shorten.clean", "cut -c 1-5")
    repo.git("config", "filter.shorten.smudge", "cat")
    attributes = "*.txt filter=shorten\n*.bat text eol=crlf\n*.utf16 text working-tree-encoding=UTF-16\n"
    repo.track({".gitattributes": attributes, "run.bat": "first\r\n", "words.txt": "long lines are cut\n"}).commit()
    repo.track({"run.bat": "first\r\nsecond\r\n", "words.txt": "long lines are cut\nand so are these\n"})
    repo.track({"a.utf16": "in two bytes\n".encode("utf-16")})
    repo.write("words.txt", "long lines are cut\nand so are these\nand this one\n")
    hook.install(repo.root / ".git")
    commit(repo.root, *MESSAGE, *options)
    recorded = check(hook, repo.root).files
    assert recorded["words.txt"][1] == (6 * 2 if not options else 6 * 3)
    assert recorded["run.bat"][1] == len("first\nsecond\n" if options != ("words.txt",) else "first\n")


def test_a_commit_with_a_file_system_monitor(hook: Hook, project: Repo, tmp_path: Path) -> None:
    """A monitor that is configured tells git what to look at, and us nothing."""
    monitor = write_files(tmp_path, {"monitor": "#!/bin/sh\nprintf 'token\\0/\\0'\n"}) / "monitor"
    monitor.chmod(0o755)
    project.git("config", "core.fsmonitor", str(monitor))
    project.git("update-index", "--fsmonitor")
    hook.install(project.root / ".git")
    commit(project.root, *MESSAGE, "--all")
    check(hook, project.root)


def test_a_hook_may_narrow_the_profile(hook: Hook, project: Repo) -> None:
    """Paths and filters in a hook narrow the index that git names; untouched files are left out with --changed."""
    hook.install(project.root / ".git", options="--changed -e py")
    commit(project.root, *MESSAGE, "edited.py", "both.py")
    assert set(hook.cost.files) == {"both.py", "edited.py"}
