"""select() and read(): links, what stands where a file should be, and names that are not to be trusted."""

import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from loopflow.errors import UsageError
from loopflow.model import Index, Reason, Revision, SelectRequest, Source, Worktree
from tests.support.builder import Repo, write_files
from tests.support.finding import find
from tests.support.hostile import NAMES, as_text

MakeRepo = Callable[..., Repo]


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """Return a plain directory beside the repository, with what a link should not lead to."""
    return write_files(tmp_path / "outside", {"secret.py": "secret", "deep/secret.py": "secret"})


@pytest.mark.parametrize("target", ["../outside/secret.py", "../outside", "a.py", "nowhere", "self", "."])
def test_a_tracked_link_is_skipped(repo: Repo, outside: Path, target: str) -> None:
    """A tracked symbolic link is listed and skipped, wherever it points."""
    assert outside.is_dir()
    repo.link("self", target)
    repo.track({"a.py": "a"})
    found = find(repo.root)
    assert (found.texts, found.skipped) == ({"a.py": "a"}, {"self": Reason.SYMLINK})


@pytest.mark.parametrize(
    ("paths", "skipped"),
    [
        pytest.param(("file",), "file", id="to a file"),
        pytest.param(("dir",), "dir", id="to a directory"),
        pytest.param(("dir/",), "dir", id="to a directory, with a slash"),
        pytest.param(("dir/secret.py",), "dir", id="a file through it"),
        pytest.param(("dir/deep",), "dir", id="a directory through it"),
        pytest.param(("dir/deep/secret.py",), "dir", id="far through it"),
        pytest.param(("dir/..",), "dir", id="up again through it"),
        pytest.param(("dir/deep/../secret.py",), "dir", id="down and up through it"),
        pytest.param(("src/../dir/secret.py",), "dir", id="after a detour"),
        pytest.param(("src/inner/secret.py",), "src/inner", id="in a subdirectory"),
        pytest.param(("chain/secret.py",), "chain", id="a link to a link"),
        pytest.param(("via/secret.py",), "dir", id="through a link of the user's own"),
        pytest.param(("broken",), "broken", id="broken"),
        pytest.param(("self",), "self", id="to itself"),
    ],
)
def test_a_path_through_a_tracked_link_is_the_link(
    repo: Repo, outside: Path, paths: tuple[str, ...], skipped: str
) -> None:
    """A path that is or goes through a tracked link names the link, which is skipped and never followed."""
    repo.link("file", str(outside / "secret.py"))
    repo.link("dir", str(outside))
    repo.link("src/inner", str(outside))
    repo.link("chain", "dir")
    repo.link("broken", "nowhere")
    repo.link("self", "self")
    repo.track({"src/a.py": "a"})
    repo.link("via", "dir")
    found = find(repo.root, SelectRequest(paths=paths))
    assert (found.texts, found.skipped) == ({}, {skipped: Reason.SYMLINK})


@pytest.mark.parametrize("source", [Worktree(), Index(), Revision("HEAD")])
@pytest.mark.parametrize("target", ["self", "other"])
def test_a_path_through_an_endless_link_is_refused(repo: Repo, source: Source, target: str) -> None:
    """An untracked link that leads to itself is an error and no endless run, whatever is read."""
    repo.track({"a.py": "a"}).commit()
    repo.link("self", target)
    repo.link("other", "self")
    with pytest.raises(UsageError, match=r"self/x.*: too many levels of symbolic links") as caught:
        find(repo.root, SelectRequest(source=source, paths=("self/x",)))
    assert caught.value.hint == "check the path"


def test_a_tracked_link_to_another_repository_is_not_followed(repo: Repo, make_repo: MakeRepo) -> None:
    """A tracked link to a repository is a link of the one that tracks it, and no way into the other one."""
    make_repo("other").track({"secret.py": "secret"})
    repo.link("other", "../other")
    repo.track({"a.py": "a"})
    for path in ("other", "other/", "other/secret.py"):
        found = find(repo.root, SelectRequest(paths=(path,)))
        assert (found.texts, found.skipped) == ({}, {"other": Reason.SYMLINK})


def test_a_directory_link_of_the_users_own_is_followed(repo: Repo, make_repo: MakeRepo) -> None:
    """A path through an untracked link to a directory means what it points to."""
    repo.track({"src/a.py": "a", "src/deep/b.py": "b", "top.py": "t"})
    repo.link("mine", "src/deep")
    other = make_repo("other").track({"c.py": "c"})
    repo.link("elsewhere", str(other.root))
    assert find(repo.root, SelectRequest(paths=("mine",))).paths == ["src/deep/b.py"]
    assert find(repo.root, SelectRequest(paths=("mine/b.py",))).paths == ["src/deep/b.py"]
    assert find(repo.root, SelectRequest(paths=("mine/../a.py",))).paths == ["src/a.py"]
    assert find(repo.root, SelectRequest(paths=("elsewhere",))).texts == {"c.py": "c"}


def test_a_file_link_of_the_users_own_is_skipped(repo: Repo, outside: Path) -> None:
    """An untracked link to a file is a link too: named or listed, it is skipped."""
    repo.track({"a.py": "a"})
    repo.link("mine.py", str(outside / "secret.py"))
    assert find(repo.root, SelectRequest(paths=("mine.py",))).skipped == {"mine.py": Reason.SYMLINK}
    assert find(repo.root, SelectRequest(untracked=True)).skipped == {"mine.py": Reason.SYMLINK}
    assert find(repo.root).skipped == {}


def test_links_in_a_plain_directory_are_skipped(tmp_path: Path, outside: Path) -> None:
    """A walk lists links and follows none, neither to files nor to directories nor round in circles."""
    plain = write_files(tmp_path / "plain", {"sub/a.py": "a"})
    (plain / "file").symlink_to(outside / "secret.py")
    (plain / "dir").symlink_to(outside)
    (plain / "sub/circle").symlink_to("..")
    (plain / "sub/.gitignore").symlink_to(plain / "rules")
    (plain / "rules").write_text("a.py\n")
    found = find(plain)
    assert found.texts == {"rules": "a.py\n", "sub/a.py": "a"}
    assert found.skipped == dict.fromkeys(("dir", "file", "sub/.gitignore", "sub/circle"), Reason.SYMLINK)


def test_a_tracked_directory_replaced_by_a_link_is_not_followed(repo: Repo, outside: Path) -> None:
    """Files whose directory became a link are skipped, however deep they lie, and their neighbours are read."""
    repo.track({"src/deep/secret.py": "a", "src/secret.py": "b", "a.py": "c", "z.py": "d"})
    (repo.root / "src").rename(repo.root / "moved")
    (repo.root / "src").symlink_to(outside)
    found = find(repo.root)
    assert found.texts == {"a.py": "c", "z.py": "d"}
    assert found.skipped == dict.fromkeys(("src/deep/secret.py", "src/secret.py"), Reason.SYMLINK)
    assert {skip.detail for skip in found.skips} == {"a directory above it is a symbolic link"}


def test_a_tracked_file_replaced_by_a_link_is_not_followed(repo: Repo, outside: Path) -> None:
    """A tracked file that became a link is skipped as one."""
    repo.track({"a.py": "a"})
    (repo.root / "a.py").unlink()
    repo.link("a.py", str(outside / "secret.py"))
    assert find(repo.root).skipped == {"a.py": Reason.SYMLINK}


def test_a_tracked_link_replaced_by_a_file_is_read(repo: Repo) -> None:
    """The work tree counts what is on disk: a tracked link, or a submodule, that became a file is a file."""
    repo.link("link", "a.py")
    repo.link("gone", "a.py")
    repo.track()
    repo.add_index_entry("sub", mode="160000")
    for path in ("link", "gone"):
        (repo.root / path).unlink()
    for path in ("link", "sub"):
        repo.write(path, "now text")
    found = find(repo.root)
    assert (found.texts, found.skipped) == ({"link": "now text", "sub": "now text"}, {"gone": Reason.MISSING})


def test_a_submodule_replaced_by_a_link_is_a_link(repo: Repo) -> None:
    """A submodule is a directory that may be missing; a link in its place is a link."""
    for path in ("missing", "empty", "link"):
        repo.add_index_entry(path, mode="160000")
    (repo.root / "empty").mkdir()
    repo.link("link", "empty")
    skipped = {"empty": Reason.SUBMODULE, "missing": Reason.SUBMODULE, "link": Reason.SYMLINK}
    assert find(repo.root).skipped == skipped


def make_fifo(path: Path) -> None:
    os.mkfifo(path)


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path.name)  # relative: the whole path may be too long for a socket


def make_directory(path: Path) -> None:
    write_files(path, {"inside": "not tracked"})


@pytest.mark.parametrize(
    ("make", "why"),
    [
        pytest.param(make_fifo, (Reason.SPECIAL, "pipe"), id="pipe"),
        pytest.param(make_socket, (Reason.SPECIAL, ""), id="socket"),
        pytest.param(make_directory, (Reason.SPECIAL, "directory"), id="directory"),
        pytest.param(lambda _: None, (Reason.MISSING, ""), id="nothing"),
    ],
)
@pytest.mark.parametrize("path", ["in its place", "sub/in its place"])
def test_what_stands_in_the_place_of_a_tracked_file(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, path: str, make: Callable[[Path], None], why: tuple[Reason, str]
) -> None:
    """What is no regular file any more is skipped with its reason, without waiting for anybody to write to it."""
    repo.track({path: "text", "a.py": "a"})
    target = repo.root / path
    target.unlink()
    monkeypatch.chdir(target.parent)
    make(target)
    found = find(repo.root)
    assert found.texts == {"a.py": "a"}
    assert [(skip.path, skip.reason, skip.detail) for skip in found.skips] == [(path, *why)]


def test_a_missing_directory_is_missing_files(repo: Repo) -> None:
    """Files below a directory that is gone, or that a file replaced, are missing."""
    repo.track({"src/a.py": "a", "src/deep/b.py": "b", "z.py": "z"})
    (repo.root / "src").rename(repo.root.parent / "moved")
    gone = dict.fromkeys(("src/a.py", "src/deep/b.py"), Reason.MISSING)
    assert find(repo.root).skipped == gone
    repo.write("src", "now a file")
    assert find(repo.root).skipped == gone


def test_a_special_file_named_explicitly_is_skipped(repo: Repo) -> None:
    """A pipe that is named is selected like any other file, and skipped."""
    repo.track({"a.py": "a"})
    make_fifo(repo.root / "pipe")
    assert find(repo.root, SelectRequest(paths=("pipe",))).skipped == {"pipe": Reason.SPECIAL}


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_hostile_names_are_names(repo: Repo, tmp_path: Path) -> None:
    """Whatever bytes a name has, its file is listed and read: tracked, untracked, in a plain directory, alone."""
    files = {as_text(name): name.hex() for name in NAMES}
    plain = write_files(tmp_path / "plain", files)
    in_order = [as_text(name) for name in sorted(NAMES)]
    assert find(plain).paths == in_order
    for name, content in files.items():
        repo.write(name, content)
    assert find(repo.root, SelectRequest(untracked=True)).paths == in_order
    repo.track()
    found = find(repo.root)
    assert (found.paths, found.texts) == (in_order, files)
    for name in files:
        assert find(repo.root, SelectRequest(paths=(f"./{name}",))).paths == [name]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
@pytest.mark.parametrize("name", ["new\nline", "trailing\n", "\nleading", as_text(b"not-utf-8-\xff"), "*[a]?", "a,b"])
@pytest.mark.parametrize("kind", ["repository", "plain directory"])
def test_a_root_may_have_a_hostile_name(make_repo: MakeRepo, tmp_path: Path, name: str, kind: str) -> None:
    """The root of a repository or of a plain directory may itself have any name."""
    if kind == "repository":
        make_repo(name).track({"src/a.py": "a"})
    else:
        write_files(tmp_path / name, {"src/a.py": "a"})
    root = tmp_path / name
    assert find(root).texts == {"src/a.py": "a"}
    assert find(root / "src").selection.root == os.path.realpath(root if kind == "repository" else root / "src")
    assert find(tmp_path, SelectRequest(paths=(f"./{name}",))).texts == {"src/a.py": "a"}
    assert find(tmp_path).texts == {f"{name}/src/a.py": "a"}
