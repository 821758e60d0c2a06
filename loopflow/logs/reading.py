r"""Bytes of a log in chunks of whole lines. Nothing larger than a few chunks is ever held.

A line's number is the number of "\\n" before it in the raw file, plus one, so that `sed -n 120,141p` agrees.
"""

import codecs
import hashlib
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Final

from loopflow.errors import LoopflowError, describe_os_error
from loopflow.io.read.document import ByteSource
from loopflow.logs.unpacking import BROKEN, broken

READ_BYTES: Final = 1_048_576
SMALL_READ_BYTES: Final = 262_144
LONGEST_HELD: Final = 8_388_608
"""Bytes of a line that are held; of a longer one the beginning and the end."""

_END_BYTES: Final = 1_048_576
_SEAM_BYTES: Final = 8_192
"""At a cut: more than any secret has that is told by its form."""

_SAMPLE: Final = 1_024
_UTF16_MARKS: Final = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_UTF16_SHARE: Final = 0.3
_OTHER_SHARE: Final = 0.1
"""Of these NULs: so many others there may be, since some characters beyond ASCII have one."""


class Chunk:
    """Whole lines, the last of which may lack its end: from line `first` on, which begins at byte `offset`.

    `data` is UTF-8 or what else a log has; `unit` is 2 where the bytes of the original are UTF-16. `size` is that of
    the original. A line that is too long to be held is a chunk of its own, without `left_out` bytes of it.
    """

    __slots__ = ("data", "first", "left_out", "offset", "size", "unit")

    def __init__(self, first: int, offset: int, data: bytes, size: int, unit: int = 1) -> None:
        self.first = first
        self.offset = offset
        self.data = data
        self.size = size
        self.unit = unit
        self.left_out = 0

    @property
    def end(self) -> int:
        """The byte after the last one."""
        return self.offset + self.size

    def starts(self) -> list[int]:
        """Return where each line begins, and at last the end of all."""
        lines = self.data.split(b"\n")
        if not lines[-1]:
            lines.pop()
        if self.unit == 1:
            sizes = [len(line) + 1 for line in lines]
        else:
            sizes = [
                len(line.decode("utf-8", "surrogatepass").encode("utf-16-le", "surrogatepass")) + 2 for line in lines
            ]
        places = list(accumulate(sizes, initial=self.offset))
        places[-1] = self.end
        return places


class LogReader:
    """Reads a stream once, in chunks. `lines`, `bytes` and `sha256` hold once all was taken.

    If `most` is not negative, no more bytes are read: so many a log had when it was opened, and it may grow. `prepare`,
    if it is set, is given the ends of a line that is too long to be held: it hides secrets that a cut would halve.
    """

    def __init__(
        self,
        stream: ByteSource,
        name: str,
        size: int = READ_BYTES,
        tee: Callable[[bytes], object] | None = None,
        most: int = -1,
    ) -> None:
        self._stream = stream
        self._name = name
        self._size = min(size, READ_BYTES)
        self._tee = tee
        self._most = most
        self._hash = hashlib.sha256()
        self._lines = 0
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
        self.encoding, mark = tell_utf16(head)
        if self.encoding:
            self._decoder = codecs.getincrementaldecoder(self.encoding)("replace")
            yield from self._chunks(self._decoder.decode(head[mark:]).encode(), mark)
        else:
            mark = len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0
            yield from self._chunks(head[mark:], mark)

    def _chunks(self, data: bytes, offset: int) -> Iterator[Chunk]:
        held: list[bytes] = []
        held_size = 0
        data = data or self._more()
        while data:
            first = data.find(b"\n") + 1 or len(data)
            if held_size + first > LONGEST_HELD:
                chunk, data = self._cut_line(offset, held, data)
                yield chunk
                offset = chunk.end
                held, held_size = [], 0
            elif cut := data.rfind(b"\n") + 1:
                yield (chunk := self._make(offset, b"".join([*held, data[:cut]]) if held else data[:cut]))
                offset = chunk.end
                data = data[cut:]
                held, held_size = ([data], len(data)) if data else ([], 0)
                data = self._more()
            else:
                held.append(data)
                held_size += len(data)
                data = self._more()
        if held:
            yield self._make(offset, b"".join(held))

    def _cut_line(self, offset: int, held: list[bytes], data: bytes) -> tuple[Chunk, bytes]:
        """Read to the end of a line that is too long to be held; return its beginning and its end, and what follows."""
        end = data.find(b"\n") + 1 or len(data)
        line, after = b"".join([*held, data[:end]]), data[end:]
        head, tail, size = line[:_END_BYTES], bytearray(line[-_END_BYTES:]), self._measure(line)
        while not tail.endswith(b"\n") and (more := self._more()):
            end = more.find(b"\n") + 1 or len(more)
            piece, after = more[:end], more[end:]
            size += self._measure(piece)
            tail += piece
            if len(tail) > 2 * _END_BYTES:
                del tail[:-_END_BYTES]
        first, last = self._first_part(head), self._last_part(bytes(tail[-_END_BYTES:]))
        left_out = max(size - len(first) - len(last), 0)
        chunk = self._make(offset, first + left_out_mark(left_out) + last, size)
        chunk.left_out = left_out
        return chunk, after or self._more()

    def _first_part(self, data: bytes) -> bytes:
        """Return the beginning of a line that is cut there, without what the cut might halve."""
        if self.prepare is None:
            return data[: _before_character(data, len(data) - 1)]
        if b"\r" in data:
            return self.prepare(data[: data.rfind(b"\r")])
        shown = self.prepare(data)
        return shown[: _before_character(shown, len(shown) - _SEAM_BYTES)]

    def _last_part(self, data: bytes) -> bytes:
        """Return the end of a line that is cut before it, without what the cut might halve."""
        if self.prepare is None:
            return data[_before_character(data, 4) :]
        if b"\r" in data[:-2]:
            return self.prepare(data[data.find(b"\r") + 1 :])
        shown = self.prepare(data)
        return shown[_before_character(shown, _SEAM_BYTES) :]

    def _more(self) -> bytes:
        """Return what comes next, as UTF-8 where it is UTF-16; nothing at the end."""
        while True:
            data = self._read()
            if self._decoder is None:
                return data
            text = self._decoder.decode(data, final=not data)
            if text or not data:
                return text.encode()

    def _measure(self, data: bytes) -> int:
        """Return how many bytes of the original are `data`."""
        return len(data) if self._decoder is None else len(data.decode("utf-8", "replace").encode("utf-16-le"))

    def _make(self, offset: int, data: bytes, size: int = -1) -> Chunk:
        unit = 1 if self._decoder is None else 2
        chunk = Chunk(self._lines + 1, offset, data, self._measure(data) if size < 0 else size, unit)
        self._lines += data.count(b"\n") + (not data.endswith(b"\n"))
        return chunk

    def _read(self) -> bytes:
        size = self._size if self._most < 0 else min(self._size, self._most - self.bytes)
        if size <= 0:
            return b""
        try:
            data = self._stream.read(size)
        except BROKEN as error:
            raise broken(self._name) from error
        except OSError as error:
            if error.errno is None:  # the module bz2 says so that data are damaged
                raise broken(self._name) from error
            raise LoopflowError(f"{self._name} cannot be read on: {describe_os_error(error)}", "try again") from error
        self.bytes += len(data)
        self._hash.update(data)
        if self._tee:
            self._tee(data)
        return data


def left_out_mark(size: int) -> bytes:
    """Return what stands in a line in the place of so many bytes of it."""
    return f" [... {size:,} bytes ...] ".encode()


def _before_character(data: bytes, place: int) -> int:
    """Return the last place up to `place` at which a character of UTF-8 begins."""
    place = least = max(place, 0)
    while place > max(least - 3, 0) and data[place : place + 1] and data[place] & 0xC0 == 0x80:  # noqa: PLR2004
        place -= 1
    return place


def tell_utf16(head: bytes) -> tuple[str, int]:
    """Return the encoding of what begins with `head`, "" unless it is UTF-16, and how long its mark is.

    Without a mark, NULs tell: every second byte of plain words is one.
    """
    if encoding := _UTF16_MARKS.get(head[:2]):
        return encoding, 2
    sample = head[:_SAMPLE]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    half = max(len(sample) // 2, 1)
    if odd > _UTF16_SHARE * half and even < _OTHER_SHARE * odd:
        return "utf-16-le", 0
    if even > _UTF16_SHARE * half and odd < _OTHER_SHARE * even:
        return "utf-16-be", 0
    return "", 0
