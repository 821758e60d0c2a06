"""Opener: only regular files, and no link on the way to them, with directory handles and without."""

import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from loopflow.io.read.opening import HAS_HANDLES, NotOpened, Opener
from loopflow.model import Reason, Stamp
from tests.support.builder import write_files
from tests.support.unprivileged import open_directory, ordinary_user

HANDLES = [pytest.param(True, id="handles"), pytest.param(False, id="no handles")]

LINK_ABOVE = "a directory above it is a symbolic link"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a directory with one of everything."""
    write_files(tmp_path / "outside", {"secret": "secret", "deep/secret": "secret"})
    root = write_files(tmp_path / "root", {"a": "a", "d/b": "b", "d/e/c": "c", "z": "z"})
    for name, target in {
        "link": "a",
        "out": "../outside/secret",
        "broken": "nowhere",
        "self": "self",
        "dir": "../outside",
        "d/dir": "../../outside",
        "d/up": "..",
    }.items():
        (root / name).symlink_to(target)
    os.mkfifo(root / "pipe")
    monkeypatch.chdir(root)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
    return root


def open_and_read(opener: Opener, path: str) -> bytes:
    handle, status = opener.open(path)
    with os.fdopen(handle, "rb") as file:
        data = file.read()
    assert status.st_size == len(data)
    return data


@pytest.mark.parametrize("handles", HANDLES)
def test_regular_files_are_opened(root: Path, *, handles: bool) -> None:
    """Files are opened in any order, at any depth, after failures too, and with their status."""
    with Opener(str(root), handles=handles) as opener:
        for path, data in [("d/e/c", b"c"), ("a", b"a"), ("d/b", b"b"), ("d/e/c", b"c"), ("z", b"z")] * 2:
            for wrong in ("d/e/nope", "d/dir/secret", "nope/c", "pipe"):
                with pytest.raises(NotOpened):
                    opener.open(wrong)
            assert open_and_read(opener, path) == data


@pytest.mark.parametrize(
    ("path", "reason", "detail"),
    [
        pytest.param("nope", Reason.MISSING, "", id="nothing there"),
        pytest.param("nope/a", Reason.MISSING, "", id="no directory there"),
        pytest.param("a/b", Reason.MISSING, "", id="a file for a directory"),
        pytest.param("d/b/c/d", Reason.MISSING, "", id="a file for a directory, deeper"),
        pytest.param("x" * 300, Reason.MISSING, "", id="a name too long"),
        pytest.param("x" * 300 + "/a", Reason.MISSING, "", id="a directory's name too long"),
        pytest.param("link", Reason.SYMLINK, "", id="link to a file"),
        pytest.param("out", Reason.SYMLINK, "", id="link to a file outside"),
        pytest.param("broken", Reason.SYMLINK, "", id="broken link"),
        pytest.param("self", Reason.SYMLINK, "", id="link to itself"),
        pytest.param("dir", Reason.SYMLINK, "", id="link to a directory"),
        pytest.param("dir/secret", Reason.SYMLINK, LINK_ABOVE, id="through a link"),
        pytest.param("dir/deep/secret", Reason.SYMLINK, LINK_ABOVE, id="far through a link"),
        pytest.param("d/dir/secret", Reason.SYMLINK, LINK_ABOVE, id="through a link below"),
        pytest.param("d/up/a", Reason.SYMLINK, LINK_ABOVE, id="through a link that stays inside"),
        pytest.param("broken/a", Reason.SYMLINK, LINK_ABOVE, id="through a broken link"),
        pytest.param("self/a", Reason.SYMLINK, LINK_ABOVE, id="through a link to itself"),
        pytest.param("d", Reason.SPECIAL, "directory", id="directory"),
        pytest.param("pipe", Reason.SPECIAL, "pipe", id="pipe"),
        pytest.param("pipe/a", Reason.MISSING, "", id="a pipe for a directory"),
    ],
)
@pytest.mark.parametrize("handles", HANDLES)
def test_everything_else_is_refused(root: Path, path: str, reason: Reason, detail: str, *, handles: bool) -> None:
    """What is no regular file, or lies behind a link, is not opened, and the reason is told without waiting."""
    with Opener(str(root), handles=handles) as opener, pytest.raises(NotOpened) as caught:
        opener.open(path)
    assert (caught.value.reason, caught.value.detail) == (reason, detail)


@pytest.mark.parametrize("handles", HANDLES)
def test_a_socket_is_refused(root: Path, *, handles: bool) -> None:
    """A socket is special, whether the system opens it or not."""
    with Opener(str(root), handles=handles) as opener, pytest.raises(NotOpened) as caught:
        opener.open("socket")
    assert caught.value.reason is Reason.SPECIAL


@pytest.mark.parametrize("handles", HANDLES)
def test_a_device_is_refused(*, handles: bool) -> None:
    """A device is special."""
    with Opener(os.path.dirname(os.devnull), handles=handles) as opener, pytest.raises(NotOpened) as caught:
        opener.open(os.path.basename(os.devnull))
    assert (caught.value.reason, caught.value.detail) == (Reason.SPECIAL, "device")


@pytest.mark.parametrize("locked", ["a", "d", "d/e", "d/e/c"])
@pytest.mark.parametrize("handles", HANDLES)
def test_what_may_not_be_read_is_refused(locked: str, *, handles: bool) -> None:
    """A file that may not be read, or lies in a directory that may not be entered, is unreadable."""
    with open_directory() as root:
        write_files(root, {"a": "a", "d/e/c": "c"})
        (root / locked).chmod(0)
        with ordinary_user(), Opener(str(root), handles=handles) as opener, pytest.raises(NotOpened) as caught:
            opener.open("a" if locked == "a" else "d/e/c")
    assert (caught.value.reason, caught.value.detail) == (Reason.UNREADABLE, "permission denied")


@pytest.mark.parametrize("handles", HANDLES)
def test_a_root_that_is_gone_has_no_files(tmp_path: Path, *, handles: bool) -> None:
    """Below a root that does not exist every file is missing."""
    with Opener(str(tmp_path / "gone"), handles=handles) as opener, pytest.raises(NotOpened) as caught:
        opener.open("a")
    assert caught.value.reason is Reason.MISSING


@pytest.mark.parametrize("handles", HANDLES)
def test_the_root_itself_may_be_a_link(root: Path, tmp_path: Path, *, handles: bool) -> None:
    """The root is the user's own: it may be reached through a link, and have any name."""
    (tmp_path / "new\nline").symlink_to(root)
    with Opener(str(tmp_path / "new\nline"), handles=handles) as opener:
        assert open_and_read(opener, "d/b") == b"b"


@pytest.mark.skipif(not HAS_HANDLES, reason="needs directory handles")
def test_a_directory_that_is_replaced_by_a_link_meanwhile_is_not_followed(root: Path) -> None:
    """A directory that was open and is replaced leads to what it was, never to what a link in its place points to."""
    with Opener(str(root)) as opener:
        assert open_and_read(opener, "d/e/c") == b"c"
        (root / "d/e").rename(root / "d/moved")
        (root / "d/e").symlink_to("../../outside")
        assert open_and_read(opener, "d/e/c") == b"c"
        with pytest.raises(NotOpened):
            opener.open("d/e/secret")
        assert open_and_read(opener, "a") == b"a"
        with pytest.raises(NotOpened, match=LINK_ABOVE):
            opener.open("d/e/secret")


DIRECTORY = "directory"


def make_deep(root: Path, depth: int) -> str:
    """Make directories one in another, deeper than a path can say, with a file and a link in the last one."""
    at = os.open(root, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir(DIRECTORY, dir_fd=at)
        at = step(at, DIRECTORY)
    with os.fdopen(os.open("f", os.O_WRONLY | os.O_CREAT, 0o644, dir_fd=at), "wb") as file:
        file.write(b"deep")
    os.symlink("/", "up", dir_fd=at)
    os.close(at)
    return f"{DIRECTORY}/" * depth


def step(at: int, name: str) -> int:
    """Close a directory's handle and return that of one next to it."""
    beside = os.open(name, os.O_RDONLY, dir_fd=at)
    os.close(at)
    return beside


@pytest.mark.skipif(not HAS_HANDLES, reason="needs directory handles")
def test_a_path_may_be_deeper_than_there_are_handles(tmp_path: Path) -> None:
    """A file hundreds of directories deep is opened with few handles, and links are still not followed."""
    write_files(tmp_path, {"a": "a"})
    before = len(os.listdir("/dev/fd"))
    path = make_deep(tmp_path, 600)
    assert len(path) > os.pathconf("/", "PC_PATH_MAX")
    with Opener(str(tmp_path)) as opener:
        for _ in range(2):
            assert open_and_read(opener, "a") == b"a"
            handle, _ = opener.open(f"{path}f")
            with os.fdopen(handle, "rb") as file:
                assert file.read() == b"deep"
                assert len(os.listdir("/dev/fd")) < before + 40
            with pytest.raises(NotOpened, match=LINK_ABOVE):
                opener.open(f"{path}up/etc/passwd")
            with pytest.raises(NotOpened) as caught:
                opener.open(f"{path}nope")
            assert caught.value.reason is Reason.MISSING


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
@pytest.mark.parametrize("handles", HANDLES)
def test_no_handle_is_left_open(root: Path, *, handles: bool) -> None:
    """After the block no handle is open, whatever was opened or refused in it."""
    before = os.listdir("/proc/self/fd")
    with Opener(str(root), handles=handles) as opener:
        for path in ("d/e/c", "d/dir/secret", "pipe", "nope/x", "d", "d/b/c", "d/" * 40 + "x"):
            close_quietly(opener.open, path)
    assert os.listdir("/proc/self/fd") == before


def close_quietly(open_file: Callable[[str], tuple[int, os.stat_result]], path: str) -> None:
    """Open a file and close it, if it can be opened."""
    try:
        handle, _ = open_file(path)
    except NotOpened:
        return
    os.close(handle)


@pytest.mark.parametrize("handles", HANDLES)
def test_an_opener_can_be_entered_without_being_used(root: Path, *, handles: bool) -> None:
    """Nothing is opened before the first file is, and leaving without one is fine."""
    before = os.listdir("/proc/self/fd")
    with Opener(str(root), handles=handles):
        assert os.listdir("/proc/self/fd") == before
    assert os.listdir("/proc/self/fd") == before


def test_states_of_a_directory_are_told_one_by_one_where_one_is_no_file(tmp_path: Path) -> None:
    """Ordinary files have states; a link, a pipe and what is gone have reasons, wherever they stand among them."""
    write_files(tmp_path, {"in/a.py": "a", "in/b.py": "bb"})
    (tmp_path / "in/link.py").symlink_to("a.py")
    os.mkfifo(tmp_path / "in/pipe.py")
    with Opener(str(tmp_path)) as opener:
        a, link, pipe, gone, b = opener.stamps("in", ["a.py", "link.py", "pipe.py", "gone.py", "b.py"])
        assert [a, b] == list(opener.stamps("in", ["a.py", "b.py"]))
    assert (getattr(a, "size", 0), getattr(b, "size", 0)) == (1, 2)
    reasons = [each.reason for each in (link, pipe, gone) if isinstance(each, NotOpened)]
    assert reasons == [Reason.SYMLINK, Reason.SPECIAL, Reason.MISSING]


def test_a_state_is_one_that_the_cache_can_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some file systems have inodes of more bits than SQLite's numbers."""
    write_files(tmp_path, {"a.py": "a"})
    found = os.stat(tmp_path / "a.py")
    names = ("st_mode", "st_size", "st_mtime_ns", "st_ctime_ns")
    large = SimpleNamespace(**{name: getattr(found, name) for name in names}, st_ino=2**64 - 5)
    with Opener(str(tmp_path)) as opener, monkeypatch.context() as patch:
        patch.setattr(os, "stat", lambda *_, **__: large)
        [stamp] = opener.stamps("", ["a.py"])
    assert isinstance(stamp, Stamp)
    assert 0 <= stamp.inode < 2**63
