"""A log is unpacked by what it begins with, whatever it is called."""

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from loopflow.errors import LoopflowError, UsageError
from loopflow.logs.reading import LogReader
from loopflow.logs.unpacking import open_log, unpack

LOG = b"one\ntwo\n" * 5_000


def zip_of(members: Mapping[str, bytes]) -> bytes:
    """Return a zip file."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        for name, data in members.items():
            packed.writestr(name, data)
    return file.getvalue()


PACKERS: Mapping[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "gzip twice": lambda data: gzip.compress(data[:7]) + gzip.compress(data[7:]),
    "xz": lzma.compress,
    "bzip2": bz2.compress,
    "zip": lambda data: zip_of({"1.txt": data}),
}


def read_all(stream: BinaryIO) -> bytes:
    """Return all of it, as a log is read."""
    return b"".join(chunk.data for chunk in LogReader(stream, "a.log", 1_000).chunks())


def read_file(path: Path) -> bytes:
    """Return all of the log in a file."""
    stream, file = open_log(str(path), path.name)
    with file:
        return read_all(stream)


class _Pipe(io.RawIOBase):
    """Gives little at a time, and cannot go back."""

    def __init__(self, data: bytes) -> None:
        self._left = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:  # noqa: ANN401  whatever can be written to
        data = self._left.read(min(len(buffer), 997))
        buffer[: len(data)] = data
        return len(data)


@pytest.mark.parametrize("packer", PACKERS)
def test_a_packed_log_is_read(packer: str, tmp_path: Path) -> None:
    """From a file and from a pipe."""
    packed = PACKERS[packer](LOG)
    (tmp_path / "a.log").write_bytes(packed)
    assert read_file(tmp_path / "a.log") == LOG
    assert read_all(unpack(io.BufferedReader(_Pipe(packed)))) == LOG


@pytest.mark.parametrize("data", [b"", b"\x1f", b"B", b"BZ", b"PK\x03", b"\xfd7zXZ"])
def test_less_than_a_magic_number_is_a_plain_log(data: bytes) -> None:
    """It is given as it is."""
    assert unpack(io.BytesIO(data)).read() == data


@pytest.mark.parametrize(
    ("members", "log"),
    [
        ({"1.txt": b"one\n", "2.txt": b"two\n"}, b"one\ntwo\n"),
        ({"1.txt": b"one", "2.txt": b"two"}, b"one\ntwo\n"),
        ({"b": b"one\n", "dir/": b"", "a": b"", "c": b"two\n"}, b"one\ntwo\n"),
        ({}, b""),
    ],
)
def test_members_of_a_zip_come_in_order(members: Mapping[str, bytes], log: bytes) -> None:
    """Folders and empty members are nothing, and the last line of one does not go on in the next."""
    assert read_all(unpack(io.BytesIO(zip_of(members)))) == log


@pytest.mark.parametrize("packer", sorted(PACKERS.keys() - {"plain"}))
@pytest.mark.parametrize("damage", [lambda data: data[: len(data) // 2], lambda data: data[:20] + b"\xff" * 60])
def test_a_damaged_log_is_one_error(packer: str, damage: Callable[[bytes], bytes], tmp_path: Path) -> None:
    """Cut short or overwritten, it says which and what to do, wherever in it the damage shows."""
    (tmp_path / "a.log").write_bytes(damage(PACKERS[packer](LOG)))
    with pytest.raises(LoopflowError) as raised:
        read_file(tmp_path / "a.log")
    assert raised.value.message == "a.log is packed, and damaged"


@pytest.mark.parametrize(
    ("name", "message"), [("missing.log", "x cannot be read: no such file or directory"), ("", "x is a directory")]
)
def test_what_cannot_be_opened_is_named(name: str, message: str, tmp_path: Path) -> None:
    """By what the user called it."""
    with pytest.raises(UsageError) as raised:
        open_log(str(tmp_path / name), "x")
    assert raised.value.message == message
