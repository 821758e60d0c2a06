r"""Bytes of a log in chunks of whole lines. Nothing larger than a few chunks is ever held.

A line's number is the number of "\\n" before it in the raw file, plus one, so that `sed -n 120,141p` agrees.
"""

import codecs
import hashlib
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, count
from operator import add
from typing import TYPE_CHECKING, Final

from loopflow.errors import LoopflowError, describe_os_error
from loopflow.logs.cleaning import name_left_out, next_character
from loopflow.logs.unpacking import BROKEN, broken

if TYPE_CHECKING:  # what it names is all that is needed of it
    from loopflow.io.read.document import ByteSource

READ_BYTES: Final = 524_288
SMALL_READ_BYTES: Final = 65_536
LONGEST_HELD: Final = 8_388_608
"""Bytes of a line that are held; of a longer one the beginning and the end."""

_SEAM_BYTES: Final = 8_192
"""Of the ends of such a line, so much at the cut goes too: a secret that is halved there is not known for one."""

_END_BYTES: Final = 1_048_576
_SAMPLE: Final = 1_024
_UTF16_MARKS: Final = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_UTF16_SHARE: Final = 0.3
_OTHER_SHARE: Final = 0.1
"""Of these NULs: so many others there may be, since some characters beyond ASCII have one."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Whole lines, the last of which may lack its end: from line `first` on, which begins at byte `offset`.

    `data` is UTF-8 or what else a log has, `size` its bytes in the original: there it is UTF-16 where `is_utf16`, and
    may begin with a `mark` of so many bytes, which belongs to the first line. Of a line that was too long to be held
    `cut` bytes are missing in `data`; such a line is a chunk of its own.
    """

    first: int
    offset: int
    data: bytes
    size: int
    is_utf16: bool = False
    mark: int = 0
    cut: int = 0

    @property
    def end(self) -> int:
        """The byte after the last one."""
        return self.offset + self.size

    def starts(self, lines: Sequence[bytes] = ()) -> Sequence[int]:
        """Return where each line begins, and at last the end of all; `lines` are those of `data`, if at hand."""
        lines = lines or self.data.removesuffix(b"\n").split(b"\n")
        sizes, end = map(len, lines), 1
        if self.is_utf16:
            sizes, end = map(_measure_utf16, lines), 2
        without_ends = accumulate(sizes, initial=self.offset + self.mark)
        places = array("q", map(add, without_ends, count(0, end)))
        places[0], places[-1] = self.offset, self.end
        return places


def _measure_utf16(text: bytes) -> int:
    """Return how many bytes UTF-8 is as UTF-16."""
    return len(text.decode().encode("utf-16-le"))


class LogReader:
    """Reads a stream once, in chunks. `lines`, `bytes` and `sha256` hold once all was taken.

    If `most` is not negative, no more bytes are read: so many a log had when it was opened, and it may grow. `prepare`,
    if it is set, is given the ends of a line that is too long to be held: it hides secrets that a cut would halve.
    """

    def __init__(
        self,
        stream: "ByteSource",
        name: str,
        size: int = READ_BYTES,
        tee: Callable[[bytes], object] | None = None,
        most: int = -1,
    ) -> None:
        self._stream = stream
        self._name = name
        self._size = size
        self._tee = tee
        self._most = most
        self._hash = hashlib.sha256()
        self._lines = 0
        self._offset = 0
        self._mark = 0
        self._decoder: codecs.IncrementalDecoder | None = None
        self.prepare: Callable[[bytes], bytes] | None = None
        self.bytes = 0
        self.encoding = ""

    @property
    def sha256(self) -> str:
        """The digest of all bytes."""
        return self._hash.hexdigest()

    @property
    def lines(self) -> int:
        """How many lines there were."""
        return self._lines

    def chunks(self) -> Iterator[Chunk]:
        """Yield all of it. Raises LoopflowError where it cannot be read on."""
        head = self._read()
        while head and len(head) < _SAMPLE and (more := self._read()):
            head += more
        self.encoding, self._mark = tell_utf16(head)
        data = head[self._mark :]
        if self.encoding:
            self._decoder = codecs.getincrementaldecoder(self.encoding)("replace")
            data = self._decoder.decode(data).encode()
        yield from self._chunks(data or self._next())

    def _chunks(self, data: bytes) -> Iterator[Chunk]:
        held: list[bytes] = []
        held_size = 0
        while data:
            if held_size + (data.find(b"\n") + 1 or len(data)) > LONGEST_HELD:
                chunk, data = self._skip_line(b"".join([*held, data]))
                yield chunk
                held, held_size = [], 0
                data = data or self._next()
                continue
            if cut := data.rfind(b"\n") + 1:
                yield self._make(b"".join([*held, data[:cut]]))
                held, held_size, data = [], 0, data[cut:]
            if data:
                held.append(data)
                held_size += len(data)
            data = self._next()
        if held:
            yield self._make(b"".join(held))

    def _skip_line(self, data: bytes) -> tuple[Chunk, bytes]:
        """Read to the end of a line that is too long to be held; return its ends as a chunk, and what follows."""
        head, tail, length, size, rest = data[: next_character(data, _END_BYTES)], b"", 0, 0, b""
        while data and not tail.endswith(b"\n"):
            end = data.find(b"\n") + 1 or len(data)
            piece, rest = data[:end], data[end:]
            length += len(piece)
            size += self._measure(piece)
            tail = (tail + piece)[-_END_BYTES:]
            data = b"" if rest or piece.endswith(b"\n") else self._next()
        head, tail = self._first_part(head), self._last_part(tail[next_character(tail, 0) :])
        cut = max(length - len(head) - len(tail), 0)
        return self._make(b"%b%b%b" % (head, name_left_out(cut), tail), size, cut), rest

    def _first_part(self, data: bytes) -> bytes:
        """Return the beginning of a line that is cut behind it, without what the cut might halve."""
        if self.prepare is None:
            return data
        if b"\r" in data:
            return self.prepare(data[: data.rfind(b"\r")])
        shown = self.prepare(data)
        return shown[: next_character(shown, len(shown) - _SEAM_BYTES)]

    def _last_part(self, data: bytes) -> bytes:
        """Return the end of a line that is cut before it, without what the cut might halve."""
        if self.prepare is None:
            return data
        if b"\r" in data[:-2]:
            return self.prepare(data[data.find(b"\r") + 1 :])
        shown = self.prepare(data)
        return shown[next_character(shown, _SEAM_BYTES) :]

    def _make(self, data: bytes, size: int = 0, cut: int = 0) -> Chunk:
        """Return lines as a chunk; their size in the original is that of `data` unless it is said."""
        offset, mark = self._offset, self._mark
        size = min((size or self._measure(data)) + mark, self.bytes - offset)  # half a character may be the last byte
        chunk = Chunk(self._lines + 1, offset, data, size, is_utf16=bool(self.encoding), mark=mark, cut=cut)
        self._lines += data.count(b"\n") + (not data.endswith(b"\n"))
        self._offset, self._mark = chunk.end, 0
        return chunk

    def _measure(self, data: bytes) -> int:
        """Return how many bytes `data` is in the original."""
        return _measure_utf16(data) if self.encoding else len(data)

    def _next(self) -> bytes:
        """Return what comes next, UTF-16 as UTF-8; nothing at the end."""
        if self._decoder is None:
            return self._read()
        while data := self._read():
            if text := self._decoder.decode(data):
                return text.encode()
        return self._decoder.decode(b"", final=True).encode()

    def _read(self) -> bytes:
        size = self._size if self._most < 0 else min(self._size, self._most - self.bytes)
        if size <= 0:
            return b""
        try:
            data = self._stream.read(size)
        except BROKEN as error:
            raise broken(self._name) from error
        except OSError as error:
            if error.errno is None:  # it is the module bz2 that says so, not the system
                raise broken(self._name) from error
            raise LoopflowError(f"{self._name} cannot be read on: {describe_os_error(error)}", "try again") from error
        self.bytes += len(data)
        self._hash.update(data)
        if self._tee:
            self._tee(data)
        return data


def tell_utf16(head: bytes) -> tuple[str, int]:
    """Return the encoding of what begins with `head`, "" unless it is UTF-16, and how long its mark is."""
    if encoding := _UTF16_MARKS.get(head[:2]):
        return encoding, 2
    if head.startswith(codecs.BOM_UTF8):
        return "", 3
    sample = head[:_SAMPLE]
    even, odd = sample[::2], sample[1::2]
    for encoding, high, low in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        many, others = high.count(0), low.count(0)
        if (
            many > _UTF16_SHARE * max(len(sample) // 2, 1)
            and others < _OTHER_SHARE * many
            and high.count(10) <= low.count(10)
        ):
            return encoding, 0
    return "", 0
