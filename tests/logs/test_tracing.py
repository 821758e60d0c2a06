"""From a reference to the original bytes: those that were read, or none."""

import bz2
import gzip
import io
import lzma
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.cli.logs_trace import trace
from loopflow.logs import originals
from loopflow.logs.numbering import number_lines
from loopflow.logs.originals import Original, Range, hash_ranges
from loopflow.logs.records import Kept
from loopflow.logs.store import FILE, Store, open_store
from loopflow.logs.tracing import Piece
from loopflow.logs.tracing import trace as trace_lines
from tests.support.digests import (
    NOW,
    archived,
    digest_of,
    failure_of,
    opened,
    remember_file,
    remember_pipe,
    source_of,
    span_of,
)
from tests.support.run import Result, environment, run
from tests.support.screen import can_act

LOG = b"".join(b"line %d\n" % number for number in range(1, 101))
FIRST, SECOND = "ERR-7K3QF2A9QX", "ERR-7K9Q0TT4M0"
HOSTILE = "\x1b[31mred\x1b]0;title\x07 \u202e\u2028 caf\xe9 \t C:\\x ##[error] \x9b\r\n".encode() + b"\xff\xfe raw\n"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Return a log of a hundred lines."""
    path = tmp_path / "app.log"
    path.write_bytes(LOG)
    return path


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Return a store that is not there yet."""
    return open_store(str(tmp_path / "data"))


def call(store: Store, *arguments: str) -> Result:
    """Call the command, with this store."""
    cwd = Path(store.directory).parent
    return run(*arguments, cwd=cwd, env={"LOOPFLOW_DATA_DIR": store.directory}, command=trace)


def sed(path: Path, first: int, last: int) -> str:
    """Return the lines as sed prints them."""
    done = subprocess.run(["sed", "-n", f"{first},{last}p", path], capture_output=True, check=True)
    return done.stdout.decode("utf-8", "surrogateescape")


@pytest.mark.parametrize("lines", [(1, 1), (3, 9), (99, 101)])
@pytest.mark.parametrize(
    "content", [LOG + b"no end", LOG.replace(b"\n", b"\r\n") + HOSTILE, b"\xef\xbb\xbf" + LOG + b"\n"]
)
def test_into_a_pipe_goes_what_sed_prints(content: bytes, lines: tuple[int, int], store: Store, log: Path) -> None:
    """Exactly the bytes of the lines, whatever they are, with a mark and without a last line end."""
    log.write_bytes(content)
    remember_file(store, log, {FIRST: [lines]})
    result = call(store, FIRST)
    assert (result.code, result.out, result.err) == (0, sed(log, *lines), "")


@pytest.mark.parametrize("around", [1, 3, 40, 10**9])
@pytest.mark.parametrize("lines", [(1, 1), (2, 3), (50, 52), (99, 100)])
def test_context_is_lines_around_it(around: int, lines: tuple[int, int], store: Store, log: Path) -> None:
    """As many as there are, before and after."""
    remember_file(store, log, {FIRST: [lines]})
    result = call(store, FIRST, "--context", str(around))
    assert result.out == sed(log, max(1, lines[0] - around), lines[1] + around)


def _zip(data: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.mkdir("build")
        file.writestr("build/1_first.txt", data[:401])
        file.writestr("build/2_second.txt", data[401:])
    return packed.getvalue()


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "two gz": lambda data: gzip.compress(data[:333]) + gzip.compress(data[333:]),
    "xz": lzma.compress,
    "bz2": bz2.compress,
    "zip": _zip,
}


@pytest.mark.parametrize("kind", PACKED)
def test_ranges_of_what_is_packed_are_of_what_comes_out(kind: str, store: Store, log: Path) -> None:
    """Members of a zip come in their order; a line never spans two."""
    unpacked = LOG * 3000
    plain = log.with_name("plain.log")
    if kind == "zip":
        unpacked = unpacked[:401] + b"\n" + unpacked[401:]
    plain.write_bytes(unpacked)
    log.write_bytes(PACKED[kind](LOG * 3000))
    remember_file(store, log, {FIRST: [(200_000, 200_005), (50, 51)], SECOND: [(52, 53)]}, unpacked)
    result = call(store, FIRST, "--all", "--context", "2")
    parts = sed(plain, 48, 53), "[L200000-200005 of app.log]\n", sed(plain, 199_998, 200_007)
    assert (result.code, result.out) == (0, "".join(parts))
    assert call(store, SECOND).out == sed(plain, 52, 53)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_lines_of_utf_16_are_those_of_the_text(encoding: str, store: Store, log: Path) -> None:
    """Byte ranges are of the original, and no half of a character is taken for a line end."""
    text = "".join(f"line {number} \u0a0a\u0d0a\n" for number in range(1, 101))
    data = text.encode(encoding)
    log.write_bytes(data)
    end = b"\0\n" if encoding == "utf-16-be" else b"\n\0"
    span = span_of(data, (20, 21), end=end)
    digest = digest_of([source_of(data, log)], [failure_of(FIRST, [span])])
    store.remember(digest, "p", NOW, [Kept(opened(log), None)])
    shown = "".join(text.splitlines(keepends=True)[18:22]).encode(
        "utf-16-be" if encoding.endswith("be") else "utf-16-le"
    )
    result = call(store, FIRST, "--context", "1")
    assert result.out.encode("utf-8", "surrogateescape") == shown
    log.write_bytes(data + "more\n".encode(encoding)[-10:])  # it has to count lines again
    assert call(store, FIRST, "--context", "1").out.encode("utf-8", "surrogateescape") == shown


def test_a_log_that_only_grew_is_traced(store: Store, log: Path) -> None:
    """What is appended changes nothing of the lines before."""
    remember_file(store, log, {FIRST: [(3, 4)]})
    log.write_bytes(LOG + b"more\n")
    assert call(store, FIRST).out == sed(log, 3, 4)


def _replace(path: Path, make: Callable[[Path], object]) -> None:
    path.unlink()
    make(path)


CHANGES: dict[str, Callable[[Path], object]] = {
    "gone": lambda path: path.unlink(),
    "other bytes there": lambda path: path.write_bytes(LOG.replace(b"line 3\n", b"LINE 3\n")),
    "shorter": lambda path: path.write_bytes(LOG[:15]),
    "the same bytes on another line": lambda path: path.write_bytes(LOG.replace(b"line 1\n", b"\nine 1\n")),
    "a directory": lambda path: _replace(path, Path.mkdir),
    "a pipe that nobody writes": lambda path: _replace(path, os.mkfifo),
    "packed": lambda path: path.write_bytes(gzip.compress(LOG)[:-9]),
    "a link to nowhere": lambda path: _replace(path, lambda at: at.symlink_to("nowhere")),
}


@pytest.mark.parametrize("change", CHANGES)
def test_wrong_lines_are_never_printed(change: str, store: Store, log: Path) -> None:
    """Where the file is not what it was, nothing is printed, and what is still known is said."""
    remember_file(store, log, {FIRST: [(3, 4)]}, headline="3 left, \x1b5 asked")
    CHANGES[change](log)
    result = call(store, FIRST)
    known = f"{FIRST} was on lines 3-4 of {log} at 2025-03-01 23:59 UTC (run 1), which changed or are gone"
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
    assert known in result.err
    assert "3 left, \\x1b5 asked; reduce the log again" in result.err


@pytest.mark.parametrize("change", CHANGES)
def test_the_archive_takes_the_place_of_a_file_that_changed(change: str, store: Store, log: Path) -> None:
    """The lines are the same, with those around them."""
    digest = digest_of([source_of(LOG, log)], [failure_of(FIRST, [span_of(LOG, (3, 4))])])
    store.remember(digest, "p", NOW, [Kept(opened(log), archived(Path(store.directory), LOG))])
    CHANGES[change](log)
    assert call(store, FIRST, "--context", "1").out == "line 2\nline 3\nline 4\nline 5\n"


def test_what_came_through_a_pipe_is_traced_from_its_archive(store: Store) -> None:
    """Until the archive is gone, damaged, or somebody else's; then it is said."""
    remember_pipe(store, LOG, {FIRST: [(30, 31)]})
    assert call(store, FIRST).out == "line 30\nline 31\n"
    [archive] = Path(store.directory, "logs").iterdir()
    whole = archive.read_bytes()
    for damaged in (whole[:-20], whole[:30] + b"\0\0\0" + whole[33:], gzip.compress(LOG[::-1]), b""):
        archive.write_bytes(damaged)
        result = call(store, FIRST)
        assert (result.code, result.out) == (2, ""), damaged
    archive.unlink()
    assert call(store, FIRST).code == 2


def test_what_was_never_kept_is_said_to_be(store: Store) -> None:
    """A pipe without an archive: the failure is known, its lines are not."""
    digest = digest_of([source_of(LOG)], [failure_of(FIRST, [span_of(LOG, (3, 4))])])
    store.remember(digest, "p", NOW, [Kept(None, None)])
    result = call(store, FIRST)
    assert result.code == 2
    assert "lines 3-4 of - at" in result.err
    assert "whose original was not kept: it failed" in result.err


def test_all_places_are_printed_with_a_line_between(store: Store, log: Path) -> None:
    """That line begins with [, and is on a line of its own even after a last line without an end."""
    other = log.with_name("b]\n.log")
    texts = [LOG + b"end", LOG]
    for path, text in zip((log, other), texts, strict=True):
        path.write_bytes(text)
    spans = [span_of(texts[0], (2, 2)), span_of(texts[0], (101, 101)), span_of(texts[1], (5, 6), 1)]
    digest = digest_of([source_of(texts[0], log), source_of(texts[1], other)], [failure_of(FIRST, spans)])
    store.remember(digest, "p", NOW, [Kept(opened(log), None), Kept(opened(other), None)])
    expected = "line 2\n[L101-101 of app.log]\nend\n[L5-6 of b]\\n.log]\nline 5\nline 6\n"
    assert call(store, FIRST, "--all").out == expected
    assert call(store, FIRST).out == "line 2\n"
    other.unlink()
    assert (call(store, FIRST, "--all").code, call(store, FIRST, "--all").out) == (2, "")


def test_the_newest_run_is_traced_unless_one_is_named(store: Store, log: Path) -> None:
    """And the error of one that is gone names an older one."""
    other = log.with_name("other.log")
    other.write_bytes(LOG)
    runs = [remember_file(store, path, {FIRST: [lines]}) for path, lines in [(log, (1, 1)), (other, (2, 2))]]
    assert call(store, FIRST).out == "line 2\n"
    assert call(store, FIRST, "--run", str(runs[0])).out == "line 1\n"
    other.unlink()
    assert "an earlier run may have it: --run 1" in call(store, FIRST).err
    wrong = call(store, FIRST, "--run", "77")
    assert (wrong.code, wrong.err) == (
        2,
        f"trace: error: run 77 has no {FIRST}; of the runs that have it, the newest are 2, 1\n",
    )


@pytest.mark.parametrize("typed", [FIRST, "ERR-7K3", "7K3", "err-7k3qf", " 7k3 "])
def test_the_beginning_of_a_reference_will_do(typed: str, store: Store, log: Path) -> None:
    """However it is written."""
    remember_file(store, log, {FIRST: [(3, 3)], SECOND: [(4, 4)]})
    assert call(store, typed).out == "line 3\n"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("ERR-7K", f"ERR-7K is the beginning of {FIRST}, {SECOND}; write more of it"),
        ("ERR-8", "no run that is remembered has ERR-8"),
        ("nothing%", "nothing% is no reference"),
        ("\x1b[1m", "\\x1b[1m is no reference"),
        ("", " is no reference"),
    ],
)
def test_a_reference_that_names_none_or_several_is_an_error(typed: str, said: str, store: Store, log: Path) -> None:
    """It says what it could be, on one line."""
    remember_file(store, log, {FIRST: [(3, 3)], SECOND: [(4, 4)]})
    result = call(store, typed)
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
    assert said in result.err


def test_a_store_that_is_damaged_is_an_error(store: Store, log: Path) -> None:
    """It names the file."""
    remember_file(store, log, {FIRST: [(3, 3)]})
    Path(store.directory, FILE).write_bytes(b"no database\n" * 1000)
    result = call(store, FIRST)
    assert result.code == 2
    assert f"what is remembered cannot be read: {store.directory}/{FILE}: file is not a database" in result.err


def test_help_says_that_nothing_is_redacted(store: Store) -> None:
    """Whoever shares what it prints should know."""
    result = call(store, "--help")
    assert (result.code, "Nothing is redacted" in " ".join(result.out.split())) == (0, True)


# --- On a terminal ---


def shown(store: Store, reference: str, context: int) -> list[str]:
    """Return the lines as a terminal gets them."""
    with trace_lines(store, reference, None, context) as pieces:
        return [line for piece in pieces for line in number_lines(piece)]


def test_a_terminal_gets_numbers_and_nothing_that_acts(store: Store, log: Path) -> None:
    """Controls, reordering and raw bytes are shown as escapes; lines are numbered as in the file."""
    log.write_bytes(LOG[:56] + HOSTILE + LOG)
    remember_file(store, log, {FIRST: [(8, 9)]})
    lines = shown(store, FIRST, 2)
    assert not any(can_act(line.removesuffix("\n").replace("\t", "")) for line in lines)
    assert [line[:4] for line in lines] == [" 7- ", " 8: ", " 9: ", "10- ", "11- "] or lines[0].startswith(" 6- ")
    assert "\\x1b[31mred\\x1b]0;title\\x07 \\u202e\\u2028 caf\xe9 \t C:\\\\x ##\\x5berror]" in "".join(lines)
    assert "\\xff\\xfe raw\n" in "".join(lines)


def test_a_terminal_is_told_of_what_is_cut(store: Store, log: Path) -> None:
    """A line of megabytes is shown up to 4,000 characters; lines of UTF-16 are shown as text, without the mark."""
    log.write_bytes(b"a" * 3_000_000 + b"\nb\n")
    remember_file(store, log, {FIRST: [(1, 1)]})
    assert shown(store, FIRST, 1) == [f"1: {'a' * 4000} [... 2,996,000 characters ...]\n", "2- b\n"]
    data = "caf\xe9\r\nb".encode("utf-16")
    log.write_bytes(data)
    span = span_of(data, (1, 1), end=b"\n\0")
    digest = digest_of([source_of(data, log)], [failure_of(FIRST, [span])])
    store.remember(digest, "p", NOW, [Kept(opened(log), None)])
    assert shown(store, FIRST, 3) == ["1: caf\xe9\n", "2- b\n"]


TRACE = """
import sys
from loopflow.cli.logs_trace import trace
from loopflow.console.command import run_process
run_process(trace)
"""


def test_a_real_terminal_has_three_lines_around(store: Store, log: Path) -> None:
    """And a pipe none."""
    remember_file(store, log, {FIRST: [(50, 50)]})
    env = environment({"LOOPFLOW_DATA_DIR": store.directory})
    command = [sys.executable, "-c", TRACE, FIRST]
    ours, theirs = os.openpty()
    with subprocess.Popen(command, stdout=theirs, env=env):
        os.close(theirs)
        seen = b""
        try:
            while data := os.read(ours, 4096):
                seen += data
        except OSError:
            pass
    os.close(ours)
    assert seen.decode().splitlines() == [f"{n}{':' if n == 50 else '-'} line {n}" for n in range(47, 54)]
    assert subprocess.run(command, capture_output=True, env=env, check=True).stdout == b"line 50\n"


# --- Properties ---


@given(
    st.binary(max_size=400),
    st.lists(st.tuples(st.integers(0, 420), st.integers(1, 60)), max_size=12),
    st.sampled_from([bytes, *PACKED.values()]),
    st.sampled_from([2, 20, 1_000]),
)
def test_ranges_are_hashed_in_one_pass(
    data: bytes, ranges: list[tuple[int, int]], pack: Callable[[bytes], bytes], piece: int
) -> None:
    """However they overlap, and in whatever pieces it is read; one that is not all there is left out."""
    if pack is bytes and data[:6] != data[:6].strip(b"\x1f\xfdBP"):
        data = b"x" + data
    asked = [Range(start, start + size) for start, size in ranges]
    with (
        patch.object(originals, "PIECE_BYTES", piece),
        Original(io.BufferedReader(io.BytesIO(pack(data)))) as original,
    ):
        whole = b"".join(original.read(Range(0, 10_000)))
        found = hash_ranges(original, asked)
        read = {each: b"".join(original.read(each)) for each in reversed(asked)}
    assert read == {each: whole[slice(*each)] for each in asked}
    assert found == {each: sha256(whole[slice(*each)]).digest() for each in asked if each.end <= len(whole)}


@given(st.lists(st.sampled_from(["", "a", "\r", "\u0a0a", "x" * 70_000]), min_size=1, max_size=9), st.data())
def test_lines_are_counted_and_found_in_every_encoding(texts: list[str], data: st.DataObject) -> None:
    """Before and after any line stand the lines that stand there, however long they are."""
    encoding = data.draw(st.sampled_from(["utf-8", "utf-16"]))
    lines = [f"{text}\n" for text in texts]
    marked = "\ufeff".encode("utf-16-le") if encoding == "utf-16" else b""
    encoded = [line.encode("utf-16-le" if marked else encoding) for line in lines]
    at, around = data.draw(st.integers(0, len(lines))), data.draw(st.integers(0, 4))
    encoded[0] = marked + encoded[0]
    start = sum(map(len, encoded[:at]))
    with Original(io.BufferedReader(io.BytesIO(b"".join(encoded)))) as original:
        assert original.count_lines(start) == at
        before, after = original.before(start, around), original.after(start, around)
    assert before == (b"".join(encoded[max(0, at - around) : at]), min(at, around))
    assert after == (b"".join(encoded[at : at + around]), min(len(lines) - at, around))


def test_a_piece_can_be_read_twice(store: Store, log: Path) -> None:
    """It gives the same bytes each time."""
    remember_file(store, log, {FIRST: [(3, 4)]})
    with trace_lines(store, FIRST) as [piece]:
        assert isinstance(piece, Piece)
        assert b"".join(piece.read()) == b"".join(piece.read()) == b"line 3\nline 4\n"
