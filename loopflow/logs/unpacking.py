"""A log as a stream of bytes, whatever it is packed in; told by its first bytes, never by its name."""

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable
from typing import BinaryIO, Final, cast

from loopflow.errors import LoopflowError, UsageError, describe_os_error

_LONGEST_MAGIC: Final = 6

BROKEN: Final = (EOFError, lzma.LZMAError, zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, RuntimeError)
"""What a packed file raises that is damaged; the module bz2 raises OSError, and zipfile the last for a password."""


def open_log(path: str, shown: str) -> tuple[BinaryIO, BinaryIO]:
    """Open the log at `path`; return what gives its bytes unpacked, and the file as it lies there.

    Raises LoopflowError that calls it `shown` where it cannot be read.
    """
    try:
        file = open(path, "rb")  # noqa: SIM115  whoever asked closes it
    except IsADirectoryError as error:
        raise UsageError(f"{shown} is a directory", "name the files in it") from error
    except OSError as error:
        raise UsageError(f"{shown} cannot be read: {describe_os_error(error)}", "check the path") from error
    try:
        return unpack(file), file
    except BROKEN as error:
        file.close()
        raise broken(shown) from error


def unpack(file: BinaryIO) -> BinaryIO:
    """Return what gives the bytes that are packed in `file`, or `file` itself."""
    buffered = file if isinstance(file, io.BufferedReader) else io.BufferedReader(cast("io.RawIOBase", file))
    head = buffered.peek(_LONGEST_MAGIC)[:_LONGEST_MAGIC]
    for magic, opener in _openers():
        if head.startswith(magic):
            return cast("BinaryIO", opener(cast("BinaryIO", buffered)))
    return cast("BinaryIO", buffered)


def _openers() -> tuple[tuple[bytes, Callable[[BinaryIO], object]], ...]:
    return (
        (b"\x1f\x8b", lambda file: gzip.GzipFile(fileobj=file)),
        (b"\xfd7zXZ\x00", lzma.LZMAFile),
        (b"BZh", bz2.BZ2File),
        (b"PK\x03\x04", _Members),
        (b"PK\x05\x06", _Members),  # without any member
    )


def broken(shown: str) -> LoopflowError:
    """Return what to raise for a packed log that is cut short or damaged."""
    return LoopflowError(f"{shown} is packed, and damaged", "unpack it, and pass what comes out on standard input")


class _Members:
    """The members of a zip file one after the other, as GitHub packs the logs of a run: a line never spans two."""

    def __init__(self, file: BinaryIO) -> None:
        self._outer = file
        self._zip = zipfile.ZipFile(file if file.seekable() else io.BytesIO(file.read()))
        self._waiting = [each for each in self._zip.infolist() if not each.is_dir()]
        self._member: BinaryIO | None = None
        self._is_line_open = False

    def read(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes; none at the end."""
        while True:
            if self._member is None:
                if not self._waiting:
                    return b""
                self._member = cast("BinaryIO", self._zip.open(self._waiting.pop(0)))
            if data := self._member.read(size):
                self._is_line_open = not data.endswith(b"\n")
                return data
            self._member.close()
            self._member = None
            if self._is_line_open:
                self._is_line_open = False
                return b"\n"

    def close(self) -> None:
        """Give back what was held."""
        self._zip.close()
        self._outer.close()
