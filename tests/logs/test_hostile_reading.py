"""Bytes that are hostile: however a log is stored, packed, encoded or cut, it is read whole, or refused in one line."""

import bz2
import gzip
import io
import lzma
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from _pytest.mark.structures import ParameterSet

from loopflow.cli.logs import logs
from loopflow.logs.gathering import Input
from loopflow.logs.model import LogRequest
from loopflow.logs.running import reduce_logs
from tests.support.hostile_logs import counter, make_log, reduced, require_contract
from tests.support.run import Result, environment, run

LOG = b"".join(b"line %d says nothing\n" % number for number in range(400)) + b"error: it broke\nlast\n"
PROGRAM = (sys.executable, "-c", "from loopflow.cli.main import main; main()", "logs")


def call(*arguments: str, cwd: Path, stdin: bytes = b"") -> Result:
    """Call the command."""
    return run(*arguments, cwd=cwd, stdin=stdin, command=logs)


def zipped(data: bytes) -> bytes:
    """Pack as the logs of a run are packed: in several members, in the middle of the log."""
    file = io.BytesIO()
    cut = data.index(b"\n", len(data) // 2) + 1
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("1_build.txt", data[:cut])
        made.writestr("2_test.txt", data[cut:])
    return file.getvalue()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gz": gzip.compress,
    "xz": lzma.compress,
    "bz2": bz2.compress,
    "zip": zipped,
}
LARGE = b"".join(b"error: cannot open file %d of %d\n" % (number * 7919, number) for number in range(5_000))


@pytest.mark.parametrize("packer", PACKERS)
def test_the_same_text_of_a_file_and_a_pipe_packed_or_not(packer: str, tmp_path: Path) -> None:
    """A file by any name, and standard input, whatever it is packed in."""
    data = make_log(7, 300)
    data = data if data.endswith(b"\n") else data + b"\n"
    packed = PACKERS[packer](data)
    (tmp_path / "a.log").write_bytes(packed)
    wanted = reduced(data, LogRequest(900)).text
    assert call("a.log", "--fit", "900", cwd=tmp_path).out == wanted
    assert call("-", "--fit", "900", cwd=tmp_path, stdin=packed).out == wanted


@pytest.mark.parametrize("packer", PACKERS)
def test_the_writer_of_a_pipe_may_be_slow(packer: str, tmp_path: Path) -> None:
    """What a log is packed in is told by its first bytes, even if they come one by one."""
    packed = PACKERS[packer](LOG)
    with subprocess.Popen(
        [*PROGRAM, "-"], cwd=tmp_path, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin
        assert process.stdout
        written: list[bytes] = []
        reader = threading.Thread(target=lambda out: written.append(out.read()), args=(process.stdout,))
        reader.start()
        for byte in packed[:8]:
            os.write(process.stdin.fileno(), bytes([byte]))
            threading.Event().wait(0.05)
        process.stdin.write(packed[8:])
        process.stdin.close()
        reader.join()
    assert written == [LOG]


@pytest.mark.parametrize("way", ["cut", "changed"])
@pytest.mark.parametrize("packer", ["gz", "xz", "bz2", "zip"])
def test_what_is_packed_and_damaged_is_refused(packer: str, way: str, tmp_path: Path) -> None:
    """In one line, from a file and from a pipe, and nothing is printed before it."""
    packed = bytearray(PACKERS[packer](LARGE))
    middle = len(packed) // 3
    if way == "cut":
        del packed[middle:]
    else:
        packed[middle : middle + 8] = bytes(byte ^ 0x55 for byte in packed[middle : middle + 8])
    (tmp_path / "a.log").write_bytes(packed)
    for result in (call("a.log", cwd=tmp_path), call("-", cwd=tmp_path, stdin=bytes(packed))):
        assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
        assert "is packed, and damaged; unpack it" in result.err


def test_a_zip_with_a_password_is_refused(tmp_path: Path) -> None:
    """In one line."""
    packed = bytearray(zipped(LOG))
    for header, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = packed.find(header)
        while at >= 0:
            packed[at + flags] |= 1
            at = packed.find(header, at + 4)
    (tmp_path / "a.zip").write_bytes(packed)
    result = call("a.zip", cwd=tmp_path)
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)


def test_a_tar_named_gz_is_read_as_it_is(tmp_path: Path) -> None:
    """What it is packed in is told by its bytes: a tar is text with NULs, and of what is in it nothing is lost."""
    tar = b"a.log".ljust(512, b"\0") + LOG.ljust(9_216, b"\0") + bytes(1024)
    (tmp_path / "a.tar.gz").write_bytes(tar)
    result = call("a.tar.gz", "--fit", "500", cwd=tmp_path)
    assert result.code == 0
    assert "error: it broke" in result.out
    assert "\0" not in result.out


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("nothing", 2, "nothing cannot be read: no such file or directory; check the path"),
        (".", 2, ". is a directory; name the files in it"),
        ("", 2, "'' is a directory; name the files in it"),
        ("a.log/b", 2, "a.log/b cannot be read: not a directory; check the path"),
        ("/proc/self/mem", 2, "/proc/self/mem cannot be read: input/output error; check where it comes from"),
    ],
)
def test_what_cannot_be_read_is_refused(name: str, code: int, said: str, tmp_path: Path) -> None:
    """In one line, with what to do."""
    (tmp_path / "a.log").write_bytes(LOG)
    result = call(name, cwd=tmp_path)
    assert (result.code, result.out, result.err) == (code, "", f"logs: error: {said}\n")


def test_what_may_not_be_read_is_refused(tmp_path: Path, unprivileged: tuple[str, ...]) -> None:
    """A file without permission."""
    (tmp_path / "a.log").write_bytes(LOG)
    (tmp_path / "a.log").chmod(0)
    program = [*unprivileged[: unprivileged.index(sys.executable)], *PROGRAM]
    done = subprocess.run(
        [*program, "a.log"], cwd=tmp_path, env=environment(), capture_output=True, check=False, text=True
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "loopflow logs: error: a.log cannot be read: permission denied; check the path\n"


@pytest.mark.parametrize("name", ["/dev/null", "empty"])
def test_nothing_is_no_failure(name: str, tmp_path: Path) -> None:
    """Nothing is printed, and standard error says so."""
    (tmp_path / "empty").touch()
    result = call(name, "--fit", "50", cwd=tmp_path)
    assert (result.code, result.out, result.err) == (0, "", "logs: [0 lines]\n")


def test_a_file_that_says_that_it_is_empty_is_read(tmp_path: Path) -> None:
    """As those of /proc do."""
    assert "Name:" in call("/proc/self/status", cwd=tmp_path).out


def test_only_line_ends(tmp_path: Path) -> None:
    """They are lines like others, and their digest has no failure."""
    (tmp_path / "a.log").write_bytes(b"\n" * 5_000)
    result = call("a.log", "--fit", "100", "--format", "json", cwd=tmp_path)
    assert (result.code, result.json["sources"][0]["lines"], result.json["errors"]) == (0, 5_000, [])


def test_a_fifo_is_read_to_its_end(tmp_path: Path) -> None:
    """It cannot be read twice, and need not be."""
    os.mkfifo(tmp_path / "fifo")
    writer = threading.Thread(target=(tmp_path / "fifo").write_bytes, args=(LOG,))
    writer.start()
    result = call("fifo", cwd=tmp_path)
    writer.join()
    assert (result.code, result.out) == (0, LOG.decode())


class Changing(io.BytesIO):
    """A stream that does something when it is read first."""

    def __init__(self, data: bytes, change: Callable[["Changing"], None]) -> None:
        super().__init__(data)
        self._change = change

    def read(self, size: int | None = -1, /) -> bytes:
        """Return what is there, and change."""
        data = super().read(size)
        self._change(self)
        return data


def test_a_log_that_grows_is_read_to_its_length_when_it_was_opened() -> None:
    """What is written meanwhile is not part of it."""

    def grow(stream: Changing) -> None:
        at = stream.tell()
        stream.seek(0, io.SEEK_END)
        stream.write(b"error: later\n" * 100)
        stream.seek(at)

    digest = reduce_logs([Input("a.log", "", Changing(LOG, grow), len(LOG))], LogRequest(4_000), counter())
    assert (digest.text, digest.complete, digest.sources[0].complete) == (LOG.decode(), True, True)


def test_a_log_that_shrinks_is_not_complete() -> None:
    """It says so, in the first line too."""
    inputs = [Input("a.log", "", Changing(LOG, lambda _: None), len(LOG) + 1)]
    digest = reduce_logs(inputs, LogRequest(4_000), counter())
    assert (digest.complete, digest.sources[0].complete) == (False, False)
    assert "it became shorter while it was read" in digest.head


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("mark", ["\ufeff", ""])
@pytest.mark.parametrize("size", [1, 997, 0])
def test_utf16_is_text_with_or_without_a_mark(encoding: str, mark: str, size: int) -> None:
    """Its lines are those of the text, and ranges of bytes those of the original."""
    text = "first ééé of some\n" + "plain words\n" * 200 + "error: it broke at 😀\nlast of all"
    data = (mark + text).encode(encoding)
    digest = reduced(data, LogRequest(2_000, read_size=size))
    assert (digest.text, digest.sources[0].lossy) == (text, False)
    block = digest.outcomes[0].failure.block
    assert block.lines[block.headline].number == 202
    assert "\nerror: it broke at 😀\n" in "\n" + data[block.span.start : block.span.end].decode(encoding)


def test_a_long_line_of_utf16_is_one_line() -> None:
    """Also where it is too long to be held: the lines after it have the numbers that they have."""
    data = ("one\n" + "x" * 9_000_000 + "\nerror: after\n").encode("utf-16")
    digest = reduced(data, LogRequest(2_000))
    [failure] = [each.failure for each in digest.outcomes]
    assert (digest.sources[0].lines, failure.block.span.last, failure.block.span.end) == (3, 3, len(data))


def test_other_encodings_are_flagged() -> None:
    """What is not UTF-8 becomes U+FFFD, and the digest says so."""
    digest = reduced("première erreur: café\n".encode("latin-1"), LogRequest(1_000))
    assert (digest.text, digest.sources[0].lossy) == ("premi\ufffdre erreur: caf\ufffd\n", True)


def test_lines_that_end_with_a_return_alone_are_one() -> None:
    """As on a screen the last is seen, and what says that something failed."""
    digest = reduced(b"first\rerror: it broke\rlast\r", LogRequest(1_000))
    assert digest.text == "error: it broke last"


def test_nuls_are_told_by_their_number() -> None:
    """They do not cut a line, and do not reach a terminal; where that makes a log larger, they are one mark."""
    data = b"plain words of a log\n" * 50 + b"error: a\0b\n"
    assert "error: a\\x00b\n" in reduced(data, LogRequest(60)).text
    assert reduced(data, LogRequest(1_000)).text.endswith("error: a\ufffdb\n")


LONG = 20 * 1_048_576


def slow(value: int) -> ParameterSet:
    """Return a parameter that is tried with the slow kinds of tests."""
    return pytest.param(value, marks=pytest.mark.long)


@pytest.mark.parametrize("size", [65_521, 1_048_576])
@pytest.mark.parametrize("length", [8_388_608, *map(slow, (8_388_607, 8_388_609, LONG))])
def test_a_line_that_is_too_long_is_named(length: int, size: int) -> None:
    """How many bytes of it are left out is told truly, and the same for any size of reads."""
    data = b"one\n" + b"begin " + b"x" * (length - 11) + b" end\n" + b"error: after\n"
    digest = reduced(data, LogRequest(2_000, read_size=size))
    require_contract(digest)
    _, line, after, _ = digest.text.split("\n")
    assert (after, digest.sources[0].lines) == ("error: after", 3)
    assert line.startswith("begin xxx")
    assert line.endswith("xxx end")
    left_out = int(line.partition(" [... ")[2].partition(" bytes")[0].replace(",", ""))
    shown = len(line) - len(f" [... {left_out:,} bytes ...] ")
    assert left_out + shown == length - 1


@pytest.mark.parametrize("offset", [*range(1_380, 1_412, 2), *range(200_000 - 420, 200_000 - 380, 2)])
def test_a_secret_at_the_cut_of_a_long_line_is_hidden(offset: int) -> None:
    """Redaction comes before cutting."""
    secret = b"AKIAIOSFODNN7EXAMPLE"
    line = b"a " * 100_000
    data = b"log\n" + line[:offset] + secret + b" " + line[offset + 21 :] + b"\n"
    require_hidden(reduced(data, LogRequest(5_000)).text, secret)


@pytest.mark.parametrize("shift", [12, *map(slow, range(17, 40, 5))])
@pytest.mark.parametrize("near_end", [False, True])
def test_a_secret_where_a_line_of_many_megabytes_is_cut_is_hidden(shift: int, *, near_end: bool) -> None:
    """Even if a word that is kept with its surroundings stands beside it."""
    secret = b"AKIAIOSFODNN7EXAMPLE"
    size, end, seam = 9_000_000, 1_048_576, 8_192
    for edge in (end, end - seam):
        at = size - edge if near_end else edge
        part = b"fatal error: it broke " + secret + b" fatal error: it broke "
        begin = at - len(b"fatal error: it broke ") - shift + 12
        data = b"a " * (begin // 2) + part
        data += b"b " * ((size - len(data)) // 2) + b"\n"
        require_hidden(reduced(b"log\n" + data, LogRequest(50_000)).text, secret)


def test_a_secret_in_colours_where_a_line_is_cut_is_hidden() -> None:
    """Its parts stand together only once the line is cleaned."""
    secret = b"AKIAIOSFODNN7EXAMPLE"
    coloured = b"".join(b"\x1b[3%dm%c" % (at % 8, byte) for at, byte in enumerate(secret))
    for shift in (0, 40, 80):
        for edge in (1_048_576, 1_048_576 - 8_192):
            head = b"a " * ((edge - 60 - shift) // 2) + b"fatal error: it broke " + coloured + b" "
            data = head + b"b " * ((9_000_000 - len(head)) // 2) + b"\n"
            require_hidden(reduced(data, LogRequest(50_000)).text, secret)


def require_hidden(text: str, secret: bytes) -> None:
    """Hold that no eight characters of a secret are in a text."""
    parts = [secret[at : at + 8].decode() for at in range(len(secret) - 7)]
    assert [part for part in parts if part in text] == []
