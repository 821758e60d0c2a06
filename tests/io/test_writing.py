"""Saving: the file is the old one or the new one, whole, whatever happens meanwhile."""

import fcntl
import os
import random
import resource
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.errors import LoopflowError
from loopflow.io.writing import write_atomically, write_new
from tests.support.run import environment
from tests.support.unprivileged import open_directory, ordinary_user

LARGE = 300_000


def refusal(path: Path | str, text: str = "new") -> LoopflowError:
    with pytest.raises(LoopflowError) as caught:
        write_atomically(str(path), text)
    return caught.value


def start(code: str, *arguments: object, stdout: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
    """Start a process that can call `write_atomically`, with `argv` from 1 on."""
    program = f"import fcntl, os, resource, sys\nfrom loopflow.io.writing import write_atomically\n{code}"
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=stdout, env=environment())


def wait_for(process: subprocess.Popen[bytes]) -> None:
    """Wait until a process says that it is where it should be."""
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def stopped_before_the_rename(path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Give a process that has written its temporary file and renames it when its standard input ends."""
    code = """
real = os.fsync
def fsync(handle):
    print("ready", flush=True)
    sys.stdin.read()
    os.fsync = real
os.fsync = fsync
write_atomically(sys.argv[1], "theirs")
"""
    with start(code, path) as process:
        try:
            wait_for(process)
            yield process
        finally:
            process.kill()


# --- What is written ---


@given(st.text())
def test_what_is_written_is_there(text: str) -> None:
    """Any text is in the file as UTF-8, line ends as they are, whether there was a file before or not."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "file"
        for _ in range(2):
            write_atomically(str(file), text)
            assert file.read_bytes() == text.encode()
        assert os.listdir(directory) == ["file"]


def test_bytes_that_are_no_text_are_written_as_they_were(tmp_path: Path) -> None:
    """What came in as lone surrogates goes out as the bytes that they stand for."""
    write_atomically(str(tmp_path / "file"), "caf\udce9\n")
    assert (tmp_path / "file").read_bytes() == b"caf\xe9\n"


@pytest.mark.parametrize("name", ["caf\udce9", "line\nbreak", " ", "-x", "\U0001f600", "x" * 200])
def test_any_name(tmp_path: Path, name: str) -> None:
    """Whatever the file is called, it is written, and nothing else is there afterwards."""
    for text in ("old", "new"):
        write_atomically(os.path.join(tmp_path, name), text)
    assert os.listdir(tmp_path) == [name]


def test_a_path_relative_to_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bare name is a file in the current directory."""
    monkeypatch.chdir(tmp_path)
    write_atomically("file", "new")
    assert (tmp_path / "file").read_text() == "new"


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664), (0, 0o666)])
def test_a_new_file_has_the_permissions_of_any_new_file(tmp_path: Path, mask: int, mode: int) -> None:
    """A new file is as open as the umask lets it be, and the umask is afterwards what it was."""
    with umask(mask):
        write_atomically(str(tmp_path / "file"), "new")
        assert os.umask(mask) == mask
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == mode


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o755, 0o444, 0o666])
def test_a_file_keeps_its_permissions(tmp_path: Path, mode: int) -> None:
    """A file that was there is as open as it was, whatever the umask."""
    file = tmp_path / "file"
    file.write_text("old")
    file.chmod(mode)
    with umask(0o077):
        write_atomically(str(file), "new")
    assert (file.read_text(), stat.S_IMODE(file.stat().st_mode)) == ("new", mode)


def test_who_reads_meanwhile_keeps_the_old_file(tmp_path: Path) -> None:
    """The old file is replaced, not changed: whoever has it open reads it to its end."""
    file = tmp_path / "file"
    file.write_text("old")
    with file.open() as reader:
        write_atomically(str(file), "new")
        assert reader.read() == "old"


# --- Links, pipes and devices ---


@pytest.mark.parametrize("target", ["there/file", "{}/there/file"], ids=["relative", "absolute"])
@pytest.mark.parametrize("exists", [True, False])
def test_a_link_stays(tmp_path: Path, target: str, *, exists: bool) -> None:
    """A symbolic link is followed: what it points to is replaced, or made, and the link is what it was."""
    (tmp_path / "there").mkdir()
    file = tmp_path / "there" / "file"
    if exists:
        file.write_text("old")
    link = tmp_path / "link"
    link.symlink_to(target.format(tmp_path))
    chain = tmp_path / "chain"
    chain.symlink_to("link")
    write_atomically(str(chain), "new")
    assert (chain.is_symlink(), link.is_symlink(), file.is_symlink()) == (True, True, False)
    assert file.read_text() == "new"
    assert (sorted(os.listdir(tmp_path)), os.listdir(file.parent)) == (["chain", "link", "there"], ["file"])


def test_links_in_a_circle_stay(tmp_path: Path) -> None:
    """A link that leads nowhere is an error, and is not replaced."""
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert "a cannot be written: " in refusal(tmp_path / "a").message
    assert sorted(os.listdir(tmp_path)) == ["a", "b"]
    assert (tmp_path / "a").is_symlink()


def test_a_named_pipe_is_written_to(tmp_path: Path) -> None:
    """A pipe is not replaced by a file: whoever reads it gets all of the text, more than a pipe holds."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    received: list[str] = []
    reader = Thread(target=lambda: received.append(pipe.read_text()))
    reader.start()
    write_atomically(str(pipe), "x" * LARGE)
    reader.join()
    assert received == ["x" * LARGE]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert os.listdir(tmp_path) == ["pipe"]


DESCRIPTORS = [name for name in ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1") if os.path.exists(name)]


@pytest.mark.parametrize("name", DESCRIPTORS)
def test_standard_output_that_is_a_pipe(name: str) -> None:
    """What is written to /dev/stdout goes to whoever reads it, all of it."""
    with start("write_atomically(sys.argv[1], 'x' * int(sys.argv[2]))", name, LARGE) as process:
        out, _ = process.communicate()
    assert (process.returncode, out) == (0, b"x" * LARGE)


@pytest.mark.parametrize("name", DESCRIPTORS)
@pytest.mark.parametrize("mode", ["w", "a"])
def test_standard_output_that_is_a_file(tmp_path: Path, name: str, mode: str) -> None:
    """A file that the shell opened is not replaced under its hands: what was, and is, printed to it stays there."""
    file = tmp_path / "out"
    file.write_text("old\n")
    code = "print('before', flush=True)\nwrite_atomically(sys.argv[1], 'new\\n', printed=[1])\nprint('after')"
    with file.open(mode) as out, start(code, name, stdout=out.fileno()) as process:
        process.communicate()
    assert process.returncode == 0
    assert file.read_text() == ("old\n" if mode == "a" else "") + "before\nnew\nafter\n"
    assert os.listdir(tmp_path) == ["out"]


def test_a_link_to_standard_output() -> None:
    """A link to /dev/stdout is as good as that."""
    with tempfile.TemporaryDirectory() as directory:
        link = Path(directory) / "link"
        link.symlink_to("/dev/stdout")
        with start("write_atomically(sys.argv[1], 'new')", link) as process:
            out, _ = process.communicate()
        assert (out, link.is_symlink()) == (b"new", True)


def test_a_device_is_written_to() -> None:
    """What takes everything takes this, and what is always full is an error."""
    write_atomically("/dev/null", "new")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    if os.path.exists("/dev/full"):
        assert "/dev/full cannot be written: no space left on device" in refusal("/dev/full").message


# --- What is impossible ---


def test_a_directory_that_is_not_there(tmp_path: Path) -> None:
    """No directory is made for a file that was named: the error says what is missing."""
    error = refusal(tmp_path / "no" / "file\n")
    assert error.message == f"{tmp_path}/no/file\\n cannot be written: no such file or directory"
    assert error.hint
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["there", "file/x", "", "there/"])
def test_a_place_that_is_none(tmp_path: Path, name: str) -> None:
    """A directory, something below a file, or nothing at all cannot be written, and is what it was."""
    (tmp_path / "there").mkdir()
    (tmp_path / "file").write_text("old")
    assert refusal(os.path.join(tmp_path, name) if name else "").hint
    assert sorted(os.listdir(tmp_path)) == ["file", "there"]
    assert (tmp_path / "file").read_text() == "old"


def test_a_directory_that_cannot_be_written() -> None:
    """Where nothing may be made, the old file stays, and it is an error."""
    with open_directory() as directory:
        (directory / "old").write_text("old")
        (directory / "old").chmod(0o666)
        directory.chmod(0o555)
        with ordinary_user():
            for name in ("old", "new"):
                assert refusal(directory / name).message.endswith(f"/{name} cannot be written: permission denied")
        assert (os.listdir(directory), (directory / "old").read_text()) == (["old"], "old")


@pytest.mark.parametrize("size", [2_000, LARGE])
def test_a_disk_that_is_full(tmp_path: Path, size: int) -> None:
    """When there is no room for all of the text, the old file stays as it was, and nothing else is left."""
    file = tmp_path / "file"
    file.write_text("old")
    code = """
from loopflow.errors import LoopflowError
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, resource.RLIM_INFINITY))
try:
    write_atomically(sys.argv[1], "x" * int(sys.argv[2]))
except LoopflowError as error:
    print(error.message)
"""
    with start(code, file, size) as process:
        out, _ = process.communicate()
    assert out.decode() == f"{file} cannot be written: file too large\n"
    assert (os.listdir(tmp_path), file.read_text()) == (["file"], "old")


@pytest.mark.parametrize("failing", ["os.fsync", "os.fchmod", "os.replace"])
@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), KeyboardInterrupt()])
def test_whatever_fails_the_old_file_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str, error: BaseException
) -> None:
    """Whichever step fails or is interrupted, the old file is whole and nothing is left beside it."""
    file = tmp_path / "file"
    file.write_text("old")

    def fail(*_: object) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(failing, fail)
        with pytest.raises(LoopflowError if isinstance(error, OSError) else KeyboardInterrupt):
            write_atomically(str(file), "new")
    assert (os.listdir(tmp_path), file.read_text()) == (["file"], "old")


def test_a_file_system_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing can be locked, files are written all the same, and nothing is taken for left behind."""

    def fail(*_: object) -> None:
        raise OSError(37, "No locks available")

    with stopped_before_the_rename(tmp_path / "file"):
        monkeypatch.setattr(fcntl, "flock", fail)
        write_atomically(str(tmp_path / "file"), "new")
        assert len(os.listdir(tmp_path)) == 2
    assert (tmp_path / "file").read_text() == "new"


# --- What others do meanwhile ---


def test_what_a_kill_left_behind_goes_with_the_next_save(tmp_path: Path) -> None:
    """A temporary file whose writer was killed is removed by whoever saves the same file next, and by no other."""
    file = tmp_path / "file"
    with stopped_before_the_rename(file) as process:
        process.kill()
    [left] = os.listdir(tmp_path)
    for other in ("fil", "file.x", "other"):
        write_atomically(str(tmp_path / other), "new")
        assert left in os.listdir(tmp_path)
        (tmp_path / other).unlink()
    write_atomically(str(file), "new")
    assert (os.listdir(tmp_path), file.read_text()) == (["file"], "new")


def test_what_another_is_writing_stays(tmp_path: Path) -> None:
    """A temporary file whose writer is at work is left to it, and what it writes takes its place in the end."""
    file = tmp_path / "file"
    with stopped_before_the_rename(file) as process:
        [held] = os.listdir(tmp_path)
        write_atomically(str(file), "new")
        assert sorted(os.listdir(tmp_path)) == sorted([held, "file"])
        assert file.read_text() == "new"
        process.communicate()
        assert process.returncode == 0
    assert (os.listdir(tmp_path), file.read_text()) == (["file"], "theirs")


def test_what_only_looks_left_behind_stays(tmp_path: Path) -> None:
    """What is no regular file was left by nobody: a link, a pipe, a directory of such a name stays, and stops none."""
    with stopped_before_the_rename(tmp_path / "file") as process:
        process.kill()
    [left] = os.listdir(tmp_path)
    (tmp_path / left).rename(tmp_path / "kept")
    names = [left.replace("file.", f"file.{kind}") for kind in ("link", "pipe", "directory", "nowhere")]
    (tmp_path / names[0]).symlink_to("kept")
    os.mkfifo(tmp_path / names[1])
    (tmp_path / names[2]).mkdir()
    (tmp_path / names[3]).symlink_to("nowhere")
    write_atomically(str(tmp_path / "file"), "new")
    assert sorted(os.listdir(tmp_path)) == sorted([*names, "file", "kept"])


def test_a_temporary_file_that_is_taken_away_is_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it is locked, another writer may take it for one left behind: then it is written anew, a few times."""
    real = tempfile.mkstemp
    made: list[str] = []

    def losing(times: int) -> None:
        made.clear()

        def mkstemp(suffix: str, prefix: str, directory: str) -> tuple[int, str]:
            handle, name = real(suffix, prefix, directory)
            if len(made) < times:
                os.unlink(name)
            made.append(name)
            return handle, name

        monkeypatch.setattr(tempfile, "mkstemp", mkstemp)

    losing(3)
    write_atomically(str(tmp_path / "file"), "new")
    assert (os.listdir(tmp_path), (tmp_path / "file").read_text(), len(made)) == (["file"], "new", 4)
    losing(10**6)
    assert "others keep writing it" in refusal(tmp_path / "file", "newer").message
    assert (os.listdir(tmp_path), (tmp_path / "file").read_text()) == (["file"], "new")


ENDLESS = """
path, size = sys.argv[1], int(sys.argv[2])
while True:
    for letter in "abc":
        write_atomically(path, letter * size)
        print("ready", flush=True)
"""


@pytest.mark.crash
def test_a_kill_leaves_a_whole_file(tmp_path: Path) -> None:
    """Killed at any moment, a writer leaves one of the texts, whole; the next save leaves nothing else."""
    file = tmp_path / "file"
    chance = random.Random(6)  # noqa: S311
    texts = {letter * LARGE for letter in "abc"}
    for _ in range(12):
        with start(ENDLESS, file, LARGE) as process:
            wait_for(process)
            time.sleep(chance.random() / 20)
            process.send_signal(signal.SIGKILL)
        assert file.read_text() in texts
    write_atomically(str(file), "new")
    assert (os.listdir(tmp_path), file.read_text()) == (["file"], "new")


def test_many_writers_at_once(tmp_path: Path) -> None:
    """Ten processes that save one file leave the text of one, whole, and nothing else; so is whatever is read then."""
    file = tmp_path / "file"
    code = "for _ in range(10): write_atomically(sys.argv[1], sys.argv[2] * int(sys.argv[3]))"
    letters = "abcdefghij"
    texts = {letter * LARGE for letter in letters}
    processes = [start(code, file, letter, LARGE) for letter in letters]
    while any(process.poll() is None for process in processes):
        if file.exists():
            assert file.read_text() in texts
    for process in processes:
        process.communicate()
    assert [process.returncode for process in processes] == [0] * len(letters)
    assert file.read_text() in texts
    assert os.listdir(tmp_path) == ["file"]


# --- New files ---


def test_a_new_file(tmp_path: Path) -> None:
    """A new file holds the text as it is, line ends and bytes that are no UTF-8 included."""
    write_new(str(tmp_path / "new"), "a\nb\r\n\udcff")
    assert (tmp_path / "new").read_bytes() == b"a\nb\r\n\xff"


def test_a_file_that_is_there_is_not_new(tmp_path: Path) -> None:
    """What is there stays as it is, a link to nothing too."""
    (tmp_path / "file").write_text("old")
    (tmp_path / "link").symlink_to("nowhere")
    for name in ("file", "link"):
        with pytest.raises(FileExistsError):
            write_new(str(tmp_path / name), "new")
    assert (tmp_path / "file").read_text() == "old"
    assert not (tmp_path / "nowhere").exists()


def test_a_file_that_cannot_be_opened_is_not_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the process may open no more files, one that is there is left alone, whatever its name."""
    (tmp_path / "file").write_text("old")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    monkeypatch.chdir(tmp_path)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        with pytest.raises(LoopflowError) as caught:
            write_new("file", "new")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert caught.value.message == "file cannot be written: too many open files"
    assert (tmp_path / "file").read_text() == "old"


def test_no_part_of_a_new_file_stays(tmp_path: Path) -> None:
    """Where the disk takes only a part, nothing is left."""
    process = start(
        "import signal\n"
        "from loopflow.io.writing import write_new\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n"
        "    write_new(sys.argv[1], 'x' * 5000)\n"
        "except Exception as error:\n"
        "    print(error)\n",
        tmp_path / "new",
    )
    said, _ = process.communicate()
    assert said.decode() == f"{tmp_path}/new cannot be written: file too large\n"
    assert not (tmp_path / "new").exists()
