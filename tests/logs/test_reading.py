"""Bytes of a log in chunks of whole lines: every line in its place, whatever the encoding and the size of a read."""

import codecs
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.errors import LoopflowError
from loopflow.logs import reading
from loopflow.logs.cleaning import name_left_out
from loopflow.logs.reading import Chunk, LogReader

LINES = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=30), max_size=30)
MARKS = {"utf-8": codecs.BOM_UTF8, "utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}


def read(data: bytes, size: int = 1 << 20, most: int = -1) -> tuple[LogReader, list[Chunk]]:
    """Read all of it."""
    reader = LogReader(io.BytesIO(data), "a.log", size, most=most)
    return reader, list(reader.chunks())


def ranges(chunks: list[Chunk]) -> list[tuple[int, int]]:
    """Return where each line lies in the original."""
    return [pair for chunk in chunks for pair in zip(chunk.starts(), chunk.starts()[1:], strict=False)]


def split(text: str, encoding: str) -> list[bytes]:
    """Return the lines of a file with this text and a mark, each with its end."""
    end = "\n".encode(encoding)
    lines = [line.encode(encoding) + end for line in text.split("\n")]
    lines[-1] = lines[-1].removesuffix(end)
    lines = [line for line in lines if line]
    return [MARKS[encoding] + lines[0], *lines[1:]] if lines else []


@given(lines=LINES, size=st.integers(1, 40), encoding=st.sampled_from(sorted(MARKS)))
def test_each_line_is_where_it_was(lines: list[str], size: int, encoding: str) -> None:
    """The ranges of lines cover the original, a mark and a missing last end included, whatever the size of a read."""
    text = "\n".join(lines)
    data = MARKS[encoding] + text.encode(encoding)
    reader, chunks = read(data, size)
    assert b"".join(chunk.data for chunk in chunks).decode() == text
    assert [data[begin:end] for begin, end in ranges(chunks)] == split(text, encoding)
    assert reader.lines == len(split(text, encoding))


@given(lines=LINES.filter(bool), encoding=st.sampled_from(sorted(MARKS)))
def test_where_lines_begin_is_the_same_where_they_are_at_hand(lines: list[str], encoding: str) -> None:
    """They are those of the chunk, in UTF-8."""
    _, chunks = read(MARKS[encoding] + "\n".join(lines).encode(encoding) + "\n".encode(encoding))
    assert [chunk.starts([line.encode() for line in lines]) for chunk in chunks] == [each.starts() for each in chunks]


@given(
    data=st.lists(st.sampled_from([b"\n", b"a", b"\xff", b"\xe9b"]), max_size=200).map(b"".join), size=st.integers(1, 9)
)
def test_chunks_are_whole_lines_in_order(data: bytes, size: int) -> None:
    """Each begins where the one before ends, at the line that its number says; all but the last end with a line."""
    _, chunks = read(data, size)
    assert b"".join(chunk.data for chunk in chunks) == data
    assert [chunk.first for chunk in chunks] == [data[: chunk.offset].count(b"\n") + 1 for chunk in chunks]
    assert all(chunk.data.endswith(b"\n") for chunk in chunks[:-1])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
@pytest.mark.parametrize("end", ["\n", "\nafter\nlast", ""])
@pytest.mark.parametrize("size", [1 << 20, 3_000_001])
def test_a_line_that_is_too_long_keeps_its_ends(encoding: str, end: str, size: int) -> None:
    """The marker between says how many bytes are missing; the lines after it are where they were."""
    line = "é" * (reading.LONGEST_HELD // 2 + 1_500_000)
    text = f"first\n{line}{end}"
    data = MARKS[encoding] + text.encode(encoding)
    reader, chunks = read(data, size)
    [cut] = [chunk for chunk in chunks if chunk.cut]
    head, tail = cut.data.decode().strip("\n").split(name_left_out(cut.cut).decode())
    assert len((head + tail).encode()) + cut.cut == len(line.encode())
    assert line.startswith(head)
    assert line.endswith(tail)
    assert min(len(head), len(tail)) > 500_000
    assert [data[begin:end] for begin, end in ranges(chunks)] == split(text, encoding)
    assert reader.lines == text.count("\n") + (not text.endswith("\n"))


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        ("one\ntwo\n".encode("utf-16-le"), "utf-16-le"),
        ("one\ntwo\n".encode("utf-16-be"), "utf-16-be"),
        ("é\nß ok\n".encode("utf-16-le"), "utf-16-le"),
        (b"one\ntwo\n", ""),
        (b"a\0b\0c d e f\n\0\n", ""),
        (b"\0" * 64, ""),
        (b"a\0b\n" * 9, ""),
        (b"one\n" * 300 + b"\0e\0" * 300, ""),
        (b"\xff\xfe", "utf-16-le"),
        (b"", ""),
    ],
)
def test_utf16_is_told_without_a_mark(data: bytes, encoding: str) -> None:
    """By zero bytes in one half of the first KiB only."""
    assert read(data, 7)[0].encoding == encoding


def test_half_a_character_at_the_end_is_no_byte_more() -> None:
    """A UTF-16 file that is cut within a character ends where it ends."""
    data = codecs.BOM_UTF16_LE + "one\ntwo".encode("utf-16-le") + b"x"
    _, chunks = read(data)
    assert chunks[-1].end == len(data)
    assert b"".join(chunk.data for chunk in chunks).decode() == "one\ntwo\ufffd"


@given(most=st.integers(0, 60), size=st.integers(1, 50))
def test_no_more_is_read_than_there_was(most: int, size: int) -> None:
    """A log that grows while it is read ends where it ended when it was opened."""
    data = b"line\n" * 10
    reader, chunks = read(data, size, most)
    assert b"".join(chunk.data for chunk in chunks) == data[:most]
    assert reader.bytes == min(most, len(data))


def test_what_is_read_is_handed_on() -> None:
    """All bytes as they came, a mark included, before they are decoded."""
    data, taken = codecs.BOM_UTF16_LE + "né\n".encode("utf-16-le") * 9, io.BytesIO()
    list(LogReader(io.BytesIO(data), "a.log", 5, taken.write).chunks())
    assert taken.getvalue() == data


class _Broken(io.RawIOBase):
    def __init__(self, error: Exception) -> None:
        self._error = error

    def read(self, size: int = -1, /) -> bytes:  # noqa: ARG002  as a stream is read
        raise self._error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(5, "Input/output error"), "a.log cannot be read on: input/output error"),
        (EOFError("short"), "a.log is packed, and damaged"),
    ],
)
def test_what_cannot_be_read_on_is_one_error(error: Exception, said: str) -> None:
    """It names the log and says why."""
    with pytest.raises(LoopflowError) as raised:
        list(LogReader(_Broken(error), "a.log").chunks())
    assert raised.value.message == said
