"""Revisions and repositories of every kind: what can be read, and what is refused by name."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from loopflow.model import Index, Reason, Revision, SelectRequest
from tests.support.builder import Repo, write_files
from tests.support.plumbing import git_at
from tests.support.printing import print_texts, refusal

MakeRepo = Callable[..., Repo]

STAGED = SelectRequest(source=Index())


def at(revision: str, *paths: str) -> SelectRequest:
    """Ask for a revision."""
    return SelectRequest(paths=paths, source=Revision(revision))


@pytest.fixture
def history(repo: Repo) -> Repo:
    """Return a repository of two commits, with a tag on each."""
    repo.track({"a.py": "first", "src/b.py": "b"}).commit("the first")
    repo.git("tag", "light")
    repo.track({"a.py": "second", "src/c.py": "c"}).commit("the second")
    repo.git("tag", "--annotate", "--message=x", "annotated")
    repo.git("tag", "--annotate", "--message=x", "of-a-tag", "annotated")
    repo.git("branch", "side", "HEAD~1")
    repo.track({"a.py": "staged"})
    return repo


FIRST = {"a.py": "first", "src/b.py": "b"}
SECOND = {"a.py": "second", "src/b.py": "b", "src/c.py": "c"}

REVISIONS = [
    *((name, SECOND) for name in ("HEAD", "@", "main", "refs/heads/main", "annotated", "of-a-tag", "HEAD^{/second}")),
    *((name, FIRST) for name in ("HEAD~1", "HEAD^", "annotated~1", "light", "side", "main@{1}", "HEAD^{/first}")),
]


@pytest.mark.parametrize(("revision", "texts"), REVISIONS)
def test_a_revision_is_named_as_in_git(history: Repo, revision: str, texts: dict[str, str]) -> None:
    """Branches, tags of both kinds, ancestors and searches name the commit that git says they name."""
    assert print_texts(history.root, at(revision)).texts == texts


@pytest.mark.parametrize("length", [4, 7, 12, 40])
def test_a_revision_is_an_id(history: Repo, length: int) -> None:
    """An id may be shortened as far as it stays the only one, and written in capitals."""
    commit = history.git("rev-parse", "HEAD~1").decode().strip()[:length]
    assert print_texts(history.root, at(commit)).texts == FIRST
    assert print_texts(history.root, at(commit.upper())).texts == FIRST


NO_REVISION = [
    "nowhere", "HEAD~2", "-x", "--all", "--help", "--git-dir=/", "^HEAD", "HEAD~1..HEAD", "HEAD^{tree}", "HEAD:a.py",
    ":a.py", "", "a\nb", "main\n", "@{upstream}", "0" * 40, "f" * 40, "; touch x", "$(touch x)", "\x1b[31m",
    "raw\udcff",
]  # fmt: skip


NO_COMMIT = {"HEAD^{tree}", "HEAD:a.py", ":a.py"}


@pytest.mark.parametrize("revision", NO_REVISION)
def test_what_names_no_commit_is_an_error(history: Repo, revision: str) -> None:
    """A revision that is unknown, no commit or no revision at all is refused in one line; a dash means nothing."""
    for request in (at(revision), replace(at(revision), changed=True)):
        message = refusal(history.root, request)
        of_another_kind = message.startswith(f"{revision} is a ") and f" in {history.root}, and no commit; " in message
        assert of_another_kind is (revision in NO_COMMIT)
        assert of_another_kind or message.startswith(f"no such revision in {history.root}: ")
        assert message.isprintable()
    assert sorted(path.name for path in history.root.iterdir()) == [".git", "a.py", "src"]


def test_before_the_first_commit_there_is_no_revision(repo: Repo) -> None:
    """HEAD names nothing yet, and the index is full all the same."""
    repo.track({"a.py": "a"})
    assert "no such revision" in refusal(repo.root, at("HEAD"))
    assert print_texts(repo.root, STAGED).texts == {"a.py": "a"}


def test_a_detached_head_is_a_revision_like_any_other(history: Repo) -> None:
    """HEAD need not be on a branch."""
    history.git("checkout", "--quiet", "--force", "--detach", "HEAD~1")
    assert print_texts(history.root, at("HEAD")).texts == FIRST
    assert print_texts(history.root, STAGED).texts == FIRST


def test_a_linked_worktree_has_its_own_head_and_index(history: Repo, tmp_path: Path) -> None:
    """In a linked work tree, HEAD and the index are those of that one."""
    linked = tmp_path / "linked"
    history.git("worktree", "add", "--quiet", str(linked), "side")
    write_files(linked, {"a.py": "staged in the linked one"})
    git_at(linked, "add", "a.py")
    assert print_texts(linked, at("HEAD")).texts == FIRST
    assert print_texts(linked, STAGED).texts == {**FIRST, "a.py": "staged in the linked one"}
    assert print_texts(history.root, SelectRequest(paths=("../linked",), source=Index())).texts["a.py"].endswith("one")
    assert print_texts(history.root, STAGED).texts == {**SECOND, "a.py": "staged"}


def test_a_sha256_repository_is_read(make_repo: MakeRepo) -> None:
    """Ids of 64 digits are ids: every source, before and after the first commit, with --changed as well."""
    repo = make_repo("new", "--object-format=sha256").track({"a.py": "a", "b.png": b"\0"})
    for _ in range(2):
        for request in (STAGED, SelectRequest(), replace(STAGED, changed=True)):
            printed = print_texts(repo.root, request)
            assert (printed.texts, printed.skipped) == ({"a.py": "a"}, {"b.png": Reason.BINARY})
        repo.git("commit", "--quiet", "--message=x")
        commit = repo.git("rev-parse", "HEAD").decode().strip()
        assert len(commit) == 64
        assert print_texts(repo.root, replace(at(commit[:9]), changed=True)).texts == {"a.py": "a"}
        repo.git("update-ref", "-d", "HEAD")


FORMATS = [
    pytest.param(("update-index", "--split-index"), id="split"),
    pytest.param(("update-index", "--index-version", "4"), id="version 4"),
    pytest.param(("update-index", "--untracked-cache"), id="untracked cache"),
    pytest.param(("update-index", "--skip-worktree", "a.py"), id="skip-worktree"),
    pytest.param(("update-index", "--assume-unchanged", "a.py"), id="assume-unchanged"),
    pytest.param(("sparse-checkout", "set", "--no-cone", "/src/"), id="sparse checkout"),
    pytest.param(("sparse-checkout", "set", "--cone", "src"), id="sparse checkout of directories"),
    pytest.param(("sparse-checkout", "set", "--cone", "--sparse-index", "src"), id="sparse index"),
]


@pytest.mark.parametrize("command", FORMATS)
def test_an_index_of_every_kind_is_read(repo: Repo, command: tuple[str, ...]) -> None:
    """However the index is stored, and whatever of it is not on disk, it is listed whole and left as it is."""
    files: dict[str, str | bytes] = {"a.py": "a", "src/b.py": "b", "lib/c.py": "c", "lib/deep/d.py": "d"}
    repo.track(files).commit()
    repo.git(*command)
    index = repo.root / ".git/index"
    before = index.read_bytes()
    for request in (STAGED, at("HEAD")):
        assert print_texts(repo.root, request).texts == files
        assert print_texts(repo.root, replace(request, paths=("lib",))).texts.keys() == {"lib/c.py", "lib/deep/d.py"}
    assert print_texts(repo.root, replace(STAGED, changed=True)).texts == {}
    assert index.read_bytes() == before
    on_disk = {path: text for path, text in files.items() if (repo.root / path).exists()}
    printed = print_texts(repo.root)
    assert (printed.texts, set(printed.skipped)) == (on_disk, set(files) - set(on_disk))
    repo.git(
        "update-index", "--add", "--cacheinfo", f"100644,{repo.git('rev-parse', ':a.py').decode().strip()},lib/new"
    )
    assert print_texts(repo.root, replace(STAGED, changed=True)).texts == {"lib/new": "a"}


@pytest.fixture
def bare(history: Repo, tmp_path: Path) -> Path:
    """Return a bare clone."""
    git_at(tmp_path, "clone", "--quiet", "--bare", str(history.root), "bare.git")
    return tmp_path / "bare.git"


def test_a_bare_repository_is_read_when_a_path_names_it(bare: Path, tmp_path: Path) -> None:
    """A bare repository has commits; a path to it, relative, absolute or through a link, names all of them."""
    (tmp_path / "link").symlink_to(bare)
    for path in ("bare.git", str(bare), "link", "./bare.git/"):
        assert print_texts(tmp_path, at("HEAD", path)).texts == SECOND
    assert print_texts(bare, at("light", ".")).texts == FIRST
    assert print_texts(tmp_path, replace(at("HEAD", "bare.git"), include=("src/",), changed=True)).texts == {
        "src/c.py": "c"
    }


@pytest.mark.parametrize("here", ["nowhere", "bare.git", "repo"])
def test_a_bare_repository_is_read_when_git_dir_names_it(
    bare: Path, tmp_path: Path, here: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With GIT_DIR, paths are those of the commit, wherever we are."""
    (tmp_path / "nowhere").mkdir()
    monkeypatch.setenv("GIT_DIR", str(bare))
    assert print_texts(tmp_path / here, at("HEAD")).texts == SECOND
    assert print_texts(tmp_path / here, at("HEAD~1", "src,a.py")).texts == FIRST
    assert "not in HEAD: ../x" in refusal(tmp_path / here, at("HEAD", "../x"))


def test_a_bare_repository_is_not_read_when_it_is_only_met(bare: Path) -> None:
    """To stand in one, or below, names nothing."""
    message = f"{bare} is a bare repository, which is read only when it is named"
    assert refusal(bare, at("HEAD")) == f"{message}; name it: --rev REV ."
    assert ". is not in a git repository" in refusal(bare / "refs", at("HEAD"))
    assert "refs is not in a git repository" in refusal(bare, at("HEAD", "refs"))


def test_a_bare_repository_inside_of_another_one_is_content(repo: Repo, history: Repo) -> None:
    """Inside of a work tree, standing in a bare repository means the repository that tracks it."""
    assert repo is history
    git_at(repo.root, "clone", "--quiet", "--bare", str(repo.root), "src/evil")
    repo.git("add", "--force", "src/evil/HEAD")
    repo.git("commit", "--quiet", "--message=x")
    assert print_texts(repo.root / "src/evil", at("HEAD")).texts == {"src/evil/HEAD": "ref: refs/heads/main\n"}
    assert "src/evil/HEAD" in print_texts(repo.root / "src", at("HEAD")).texts


@pytest.mark.parametrize("named_by", ["path", "variable"])
def test_nothing_is_staged_in_a_bare_repository(bare: Path, monkeypatch: pytest.MonkeyPatch, named_by: str) -> None:
    """Nobody commits in a bare repository: to ask what would be recorded is a mistake, not an empty answer."""
    if named_by == "variable":
        monkeypatch.setenv("GIT_DIR", str(bare))
    message = refusal(bare, SelectRequest(paths=(".",) if named_by == "path" else (), source=Index()))
    assert message == f"{bare} is a bare repository: no commit is made there; read one with --rev"


def clone(repo: Repo, *options: str) -> Path:
    """Clone a repository as if it were far away, and return the work tree."""
    repo.git("config", "uploadpack.allowFilter", "true")
    target = repo.root.parent / "clone"
    git_at(repo.root.parent, "clone", "--quiet", *options, f"file://{repo.root}", str(target))
    return target


def test_a_shallow_clone_has_the_commits_that_it_has(history: Repo) -> None:
    """The last commit is read; one that was not fetched is refused, with the fetch to run."""
    shallow = clone(history, "--depth=1")
    assert print_texts(shallow, at("HEAD")).texts == SECOND
    assert "git fetch --unshallow" in refusal(shallow, at("HEAD~1"))
    git_at(shallow, "fetch", "--quiet", "--unshallow")
    assert print_texts(shallow, at("HEAD~1")).texts == FIRST


def test_a_blob_whose_remote_is_gone_is_named(history: Repo) -> None:
    """Without the remote the object is no less missing; what is there is read."""
    partial = clone(history, "--filter=blob:none", "--no-checkout")
    git_at(partial, "cat-file", "-p", "HEAD:src/c.py")  # this one is fetched
    git_at(partial, "config", "remote.origin.url", str(partial.parent / "gone"))
    assert print_texts(partial, at("HEAD", "src/c.py")).texts == {"src/c.py": "c"}
    assert re.search(r"of a.py (is missing|cannot be read) in", refusal(partial, at("HEAD")))


def test_a_tree_that_a_partial_clone_lacks_is_an_error(history: Repo) -> None:
    """Without its trees a commit cannot be listed, and is not an empty one."""
    partial = clone(history, "--filter=tree:0", "--no-checkout")
    git_at(partial, "config", "remote.origin.url", str(partial.parent / "gone"))
    message = refusal(partial, at("HEAD"))
    assert "git ls-tree failed" in message


NAMES_THAT_GIT_NEVER_WRITES = ["..", ".", ".git", ".GIT", ".Git", "a/../../b", "/etc/passwd", "a//b", "x/.git/config"]


@pytest.mark.parametrize("name", NAMES_THAT_GIT_NEVER_WRITES)
@pytest.mark.parametrize("below", ["", "dir/", "dir/deep/"])
def test_a_name_that_git_never_writes_is_refused(repo: Repo, name: str, below: str) -> None:
    """A tree made by hand can hold names that lead elsewhere: the run stops, and says which."""
    commit = commit_of(repo, name, below)
    message = refusal(repo.root, at(commit))
    assert message == f"the tree holds a name that git never writes: {below}{name}; do not trust it"
    assert "git never writes" in refusal(repo.root, replace(at(commit), changed=True, paths=("other.py",)))


@pytest.mark.parametrize("below", ["", "dir/"])
def test_an_empty_name_is_refused(repo: Repo, below: str) -> None:
    """A name without any character is not one."""
    assert "empty filename" in refusal(repo.root, at(commit_of(repo, "", below)))


HARMLESS = ["...", ".gitignore", ".git2", "..a", "a..", ".github/x", "git", ".github"]


@pytest.mark.parametrize("name", HARMLESS)
def test_a_name_that_only_looks_like_one_is_read(repo: Repo, name: str) -> None:
    """Only the names themselves are refused, not what begins or ends like them."""
    repo.add_index_entry(name, b"text")
    repo.add_index_entry(f"dir/{name}", b"text")
    assert print_texts(repo.root, at(repo.commit())).texts == {name: "text", f"dir/{name}": "text"}


def commit_of(repo: Repo, name: str, below: str) -> str:
    """Commit a tree with `name` in it, in the directory `below`, and a harmless file beside it."""
    blob = repo.git("hash-object", "-w", "--stdin", data=b"text").decode().strip()
    entries = [b"100644 " + path.encode() + b"\0" + bytes.fromhex(blob) for path in (name, "other.py")]
    tree = repo.git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", data=b"".join(entries)).decode()
    for directory in reversed(below.split("/")[:-1]):
        tree = repo.git("mktree", data=f"040000 tree {tree.strip()}\t{directory}\n".encode()).decode()
    return repo.git("commit-tree", "-m", "x", tree.strip()).decode().strip()
