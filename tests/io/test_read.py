"""read(): what a file turns out to be when it is opened."""

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.errors import UsageError
from loopflow.io.file import read, select
from loopflow.io.git.repository import Git
from loopflow.io.read.document import LARGE_BYTES, LargeText, blob_id
from loopflow.io.read.opening import Opener
from loopflow.model import Document, FileRef, ObjectFormat, Reason, SelectRequest, Skipped
from tests.support.builder import Repo, write_files
from tests.support.finding import find
from tests.support.unprivileged import NOBODY, open_directory, ordinary_user


def read_bytes(directory: Path, data: bytes) -> Document | Skipped:
    """Write `data` to a file and read it."""
    write_files(directory, {"file": data})
    with Opener(str(directory)) as opener:
        found = read(opener, FileRef("file"))
    assert not isinstance(found, LargeText)
    return found


@pytest.mark.parametrize(
    ("data", "binary"),
    [
        pytest.param(b"", False, id="empty"),
        pytest.param(b"\0", True, id="first byte"),
        pytest.param(b"a" * 7999 + b"\0", True, id="last byte that git looks at"),
        pytest.param(b"a" * 8000 + b"\0", False, id="the byte after"),
        pytest.param(b"a" * 7999 + b"\0" + b"a" * 200_000, True, id="last byte, large file"),
        pytest.param(b"a" * 8000 + b"\0" + b"a" * 200_000, False, id="the byte after, large file"),
        pytest.param("text".encode("utf-16"), True, id="UTF-16"),
        pytest.param(b"\xff\xfe\x01\x02", False, id="no text, but no NUL either"),
    ],
)
def test_binary_is_what_git_takes_for_binary(repo: Repo, data: bytes, *, binary: bool) -> None:
    """A NUL in the first 8,000 bytes is binary and nothing else is, as `git diff --numstat` says."""
    repo.track({"file": data})
    empty_tree = repo.git("hash-object", "-t", "tree", "--stdin", data=b"").decode().strip()
    assert repo.git("diff", "--cached", "--numstat", empty_tree, "--").startswith(b"-\t-") is binary
    assert read_bytes(repo.root, data) == Skipped("file", Reason.BINARY) if binary else find(repo.root).paths


def test_a_large_binary_is_not_read_whole(tmp_path: Path) -> None:
    """Of a large file that is binary, only the first bytes are read."""
    path = tmp_path / "file"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with Opener(str(tmp_path)) as opener:
        assert read(opener, FileRef("file")) == Skipped("file", Reason.BINARY)


@pytest.mark.parametrize(
    ("data", "text", "lossy"),
    [
        pytest.param(b"plain\n", "plain\n", False, id="ascii"),
        pytest.param("naïve 😀\n".encode(), "naïve 😀\n", False, id="UTF-8"),
        pytest.param(b"\xef\xbb\xbfmark", "\ufeffmark", False, id="a byte order mark is text"),
        pytest.param(b"one\r\ntwo\rthree\n", "one\r\ntwo\rthree\n", False, id="line endings stay"),
        pytest.param("\ufffd".encode(), "\ufffd", False, id="a replacement character of its own"),
        pytest.param(b"na\xefve", "na\ufffdve", True, id="Latin-1"),
        pytest.param(b"\xff\xfe", "\ufffd\ufffd", True, id="no UTF-8 at all"),
        pytest.param(b"\xed\xa0\x80", "\ufffd\ufffd\ufffd", True, id="a surrogate"),
        pytest.param(b"\xc0\xaf", "\ufffd\ufffd", True, id="an overlong slash"),
        pytest.param(b"cut \xe2\x82", "cut \ufffd", True, id="cut short"),
    ],
)
def test_text_is_decoded_as_utf_8(tmp_path: Path, data: bytes, text: str, *, lossy: bool) -> None:
    """Text is UTF-8 to the letter; bytes that are not become U+FFFD, and the document says so."""
    document = read_bytes(tmp_path, data)
    assert isinstance(document, Document)
    assert (document.text, document.lossy, document.size) == (text, lossy, len(data))


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
@pytest.mark.parametrize("data", [b"", b"text\n", b"one\r\n", b"\xff\xfe", b"x" * 300_000], ids=len)
def test_ids_are_those_of_git(tmp_path: Path, object_format: ObjectFormat, data: bytes) -> None:
    """A document's id is the one that `git hash-object` gives to the bytes on disk, in both formats."""
    repo = Repo(tmp_path / "repo", init=(f"--object-format={object_format}",))
    repo.write(".gitattributes", "* text=auto eol=lf\n")
    repo.write("file", data)
    expected = repo.git("hash-object", "--no-filters", "file").decode().strip()
    with Opener(str(repo.root)) as opener:
        document = read(opener, FileRef("file"), object_format)
    assert isinstance(document, Document)
    assert document.digest == expected == blob_id(data, object_format)


@given(st.binary(max_size=200))
def test_decoding_says_when_it_loses_something(data: bytes) -> None:
    """A document is lossy exactly when its text cannot be turned back into its bytes."""
    with open_directory() as directory:
        document = read_bytes(directory, data)
    if b"\0" in data:
        assert document == Skipped("file", Reason.BINARY)
    else:
        assert isinstance(document, Document)
        assert document.lossy is (document.text.encode() != data)


@pytest.mark.parametrize("locked", ["a.py", "src", "src/deep/b.py", "src/deep"])
def test_what_may_not_be_read_is_a_gap(locked: str) -> None:
    """A file that may not be read, itself or its directory, is skipped as unreadable, and its neighbours are read."""
    with open_directory() as directory:
        repo = Repo(directory / "repo").track({"a.py": "a", "src/deep/b.py": "b", "z.py": "z"})
        selection = select(SelectRequest(), Git(), str(repo.root))
        (repo.root / locked).chmod(0)
        with ordinary_user(), Opener(selection.root) as opener:
            items = [read(opener, ref) for ref in selection.candidates]
    skipped = [item for item in items if isinstance(item, Skipped)]
    hidden = [path for path in ("a.py", "src/deep/b.py") if f"{path}/".startswith(f"{locked}/")]
    assert skipped == [Skipped(path, Reason.UNREADABLE, "permission denied") for path in hidden]
    assert all(skip.reason.leaves_a_gap for skip in skipped)
    assert len(items) == 3


def test_a_directory_that_may_only_be_entered_hides_nothing() -> None:
    """A tracked file in a directory that may be entered but not listed is read, as git and any editor can."""
    with open_directory() as directory:
        repo = Repo(directory / "repo").track({"src/a.py": "a"})
        (repo.root / "src").chmod(0o711)
        with ordinary_user(), Opener(str(repo.root)) as opener:
            document = read(opener, FileRef("src/a.py"))
    assert isinstance(document, Document)


def test_a_plain_directory_that_may_not_be_listed_is_a_gap() -> None:
    """A directory that a walk may not list is itself reported, unless it is excluded."""
    with open_directory() as directory:
        plain = write_files(directory / "plain", {"a.py": "a", "locked/b.py": "b"})
        (plain / "locked").chmod(0)
        with ordinary_user():
            found = find(plain)
            narrowed = find(plain, SelectRequest(extensions=("py",)))
            excluded = find(plain, SelectRequest(exclude=("locked/",)))
    assert (found.paths, found.skips) == (["a.py"], (Skipped("locked", Reason.UNREADABLE, "permission denied"),))
    assert narrowed.skipped == {"locked": Reason.UNREADABLE}
    assert excluded.skipped == {}


def test_a_plain_directory_that_is_named_must_be_readable() -> None:
    """A directory that was asked for and may not be listed, or lies in one that may not be entered, stops the run."""
    with open_directory() as directory:
        write_files(directory, {"locked/inner/a.py": "a"})
        (directory / "locked").chmod(0)
        with ordinary_user():
            with pytest.raises(UsageError, match=r"^this directory cannot be read: locked$"):
                find(directory, SelectRequest(paths=("locked",)))
            with pytest.raises(UsageError, match=r"^this path cannot be used: locked/inner: permission denied$"):
                find(directory, SelectRequest(paths=("locked/inner",)))


@pytest.mark.skipif(not os.path.exists("/proc/self/mem"), reason="needs a file that opens and cannot be read")
def test_a_file_that_fails_while_it_is_read_is_a_gap() -> None:
    """A file that can be opened and not read is unreadable, with what the system says about it."""
    with Opener("/proc/self") as opener:
        assert read(opener, FileRef("mem")) == Skipped("mem", Reason.UNREADABLE, "input/output error")


def test_a_file_with_nothing_to_give_is_special(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that would make the reader wait, as some in /proc do, is skipped and not taken for an empty one."""

    def wait(handle: int, size: int) -> bytes:
        raise BlockingIOError(errno.EAGAIN, f"nothing yet on {handle}, of {size}")

    write_files(tmp_path, {"file": ""})
    monkeypatch.setattr(os, "read", wait)
    with Opener(str(tmp_path)) as opener:
        assert read(opener, FileRef("file")) == Skipped("file", Reason.SPECIAL, "it has nothing to read")


def test_an_untracked_directory_that_git_cannot_read_is_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where untracked files are asked for, a directory that git passes over with a warning is listed as unreadable."""
    with open_directory() as root:
        monkeypatch.setenv("HOME", str(root))
        monkeypatch.setenv("XDG_CONFIG_HOME", str(root / "config"))
        repo = Repo(root / "repo").track({"a.py": ""})
        repo.write("closed/b.py", "")
        repo.write("open/c.py", "")
        (repo.root / "closed").chmod(0o000)
        for path in (repo.root, *repo.root.rglob("*")):
            if os.geteuid() == 0:
                os.chown(path, NOBODY, NOBODY)
        with ordinary_user():
            found = find(repo.root, SelectRequest(untracked=True))
        (repo.root / "closed").chmod(0o700)
    assert found.paths == ["a.py", "open/c.py"]
    assert found.skips == (Skipped("closed", Reason.UNREADABLE, "permission denied"),)


def test_a_large_text_is_read_in_pieces(repo: Repo) -> None:
    """A text that is larger than LARGE_BYTES is not read at once; its pieces are all of it."""
    line = b"some words in a line\n"
    data = line * (LARGE_BYTES // len(line) + 1)
    repo.write("large.txt", data)
    repo.write("just.txt", data[:LARGE_BYTES])
    with Opener(str(repo.root)) as opener:
        large = read(opener, FileRef("large.txt"))
        assert isinstance(large, LargeText)
        assert large.ref == FileRef("large.txt")
        assert "".join(large.pieces()).encode() == data
        assert large.digest == blob_id(data, "sha1")
        assert isinstance(read(opener, FileRef("just.txt")), Document)
