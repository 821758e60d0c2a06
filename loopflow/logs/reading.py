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

_HEAD_BYTES: Final = 1_048_576
_SAMPLE: Final = 1_024
_UTF16_MARKS: Final = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_UTF16_SHARE: Final = 0.3


class Chunk:
    """Whole lines, the last of which may lack its end: from line `first` on, which begins at byte `offset`.

    `data` is UTF-8 or what else a log has; `unit` is 2 where the bytes of the original are UTF-16. `size` is that of
    the original; of a line that was shortened while it was read it is more than `data` has.
    """

    __slots__ = ("data", "first", "offset", "size", "unit")

    def __init__(self, first: int, offset: int, data: bytes, size: int, unit: int = 1) -> None:
        self.first = first
        self.offset = offset
        self.data = data
        self.size = size
        self.unit = unit

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

    If `most` is not negative, no more bytes are read: so many a log had when it was opened, and it may grow.
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
        self._size = size
        self._tee = tee
        self._most = most
        self._hash = hashlib.sha256()
        self._lines = 0
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
        self.encoding, mark = _tell_utf16(head)
        if self.encoding:
            yield from self._utf16_chunks(head[mark:], mark)
        else:
            mark = 3 if head.startswith(codecs.BOM_UTF8) else 0
            yield from self._chunks(head[mark:], mark)

    def _chunks(self, data: bytes, offset: int) -> Iterator[Chunk]:
        held: list[bytes] = []
        held_size = 0
        while data:
            cut = data.rfind(b"\n") + 1
            if cut:
                whole = b"".join([*held, data[:cut]]) if held else data[:cut]
                yield self._make(offset, whole, len(whole))
                offset += len(whole)
                held, held_size = [], 0
                data = data[cut:]
            if data:
                held.append(data)
                held_size += len(data)
            if held_size > LONGEST_HELD:
                head, after, size = self._skip_line(b"".join(held))
                yield self._make(offset, head, size)
                offset += size
                held, held_size, data = [], 0, after
                if data:
                    continue
            data = self._read()
        if held:
            whole = b"".join(held)
            yield self._make(offset, whole, len(whole))

    def _skip_line(self, data: bytes) -> tuple[bytes, bytes, int]:
        """Read to the end of a line that is too long to be held; return its ends, what follows, and its size."""
        head, tail, size = data[:_HEAD_BYTES], data[-_HEAD_BYTES:], len(data)
        while more := self._read():
            cut = more.find(b"\n") + 1
            piece = more[:cut] if cut else more
            size += len(piece)
            tail = (tail + piece)[-_HEAD_BYTES:]
            if cut:
                return self._join(head, tail, size), more[cut:], size
        return self._join(head, tail, size), b"", size

    @staticmethod
    def _join(head: bytes, tail: bytes, size: int) -> bytes:
        return b"%b [... %d bytes ...] %b" % (head, size - len(head) - len(tail), tail)

    def _utf16_chunks(self, data: bytes, offset: int) -> Iterator[Chunk]:
        decoder = codecs.getincrementaldecoder(self.encoding)("replace")
        held = ""
        while data:
            held += decoder.decode(data)
            cut = held.rfind("\n") + 1
            if not cut and len(held) > LONGEST_HELD:
                cut = len(held)
            if cut:
                yield (chunk := self._make_utf16(offset, held[:cut]))
                offset, held = chunk.end, held[cut:]
            data = self._read()
        if held := held + decoder.decode(b"", final=True):
            yield self._make_utf16(offset, held)

    def _make_utf16(self, offset: int, text: str) -> Chunk:
        size = len(text.encode("utf-16-le", "surrogatepass"))
        chunk = self._make(offset, text.encode("utf-8", "replace"), size)
        chunk.unit = 2
        return chunk

    def _make(self, offset: int, data: bytes, size: int) -> Chunk:
        chunk = Chunk(self._lines + 1, offset, data, size)
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
            raise LoopflowError(f"{self._name} cannot be read on: {describe_os_error(error)}", "try again") from error
        self.bytes += len(data)
        self._hash.update(data)
        if self._tee:
            self._tee(data)
        return data


def _tell_utf16(head: bytes) -> tuple[str, int]:
    """Return the encoding of what begins with `head`, "" unless it is UTF-16, and how long its mark is."""
    if encoding := _UTF16_MARKS.get(head[:2]):
        return encoding, 2
    sample = head[:_SAMPLE]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    half = max(len(sample) // 2, 1)
    if odd > _UTF16_SHARE * half and not even:
        return "utf-16-le", 0
    if even > _UTF16_SHARE * half and not odd:
        return "utf-16-be", 0
    return "", 0
