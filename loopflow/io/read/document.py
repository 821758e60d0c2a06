"""Bytes into text: what is binary, what is lossy, and a text that is too large to hold.

Text or binary is decided as git does: a NUL among the first 8,000 bytes. Everything else is UTF-8, with U+FFFD for what
is not, so that every engine counts the same characters.
"""

import codecs
import hashlib
from collections.abc import Generator, Iterator
from typing import Protocol

from loopflow.errors import TooLargeError, UnreadableError, describe_os_error
from loopflow.model import Document, FileRef, ObjectFormat, Reason, Skipped
from loopflow.tokens.safe_cuts import last_cut

BINARY_HEAD = 8000
"""How many bytes git looks at for a NUL to tell binary from text (`buffer_is_binary` in git's xdiff-interface.c)."""

LARGE_BYTES = 8_000_000
"""A larger file is streamed."""

PIECE_BYTES = 250_000
"""How many bytes are read at once. Decoding, joining and counting need some hundred times as many."""

LONGEST_STRETCH = 256_000_000
"""How many bytes without a place to cut are held before giving up."""

_REPLACEMENT = "\ufffd".encode()


def blob_id(data: bytes, object_format: ObjectFormat = "sha1") -> str:
    """Return the id that git gives a blob of `data` (gitformat-pack(5), "hash-object")."""
    digest = start_blob_id(len(data), object_format)
    digest.update(data)
    return digest.hexdigest()


def is_binary(head: bytes) -> bool:
    """Whether a file that begins with `head` is binary to git."""
    return b"\0" in head[:BINARY_HEAD]


def make_document(ref: FileRef, data: bytes, object_format: ObjectFormat) -> Document | Skipped:
    """Return what a candidate's bytes are."""
    if is_binary(data):
        return Skipped(ref.path, Reason.BINARY)
    try:
        text, lossy = data.decode("utf-8"), False
    except UnicodeDecodeError:
        text, lossy = data.decode("utf-8", "replace"), True
    return Document(ref, text, len(data), blob_id(data, object_format), lossy)


class ByteSource(Protocol):
    """What bytes are read from: an open file, or a blob on a pipe."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes; none at the end."""
        ...

    def close(self) -> object:
        """Give back what was held."""
        ...


class LargeText:
    """A text that is read, hashed, decoded and cut on the way, once.

    `size` is in bytes. The first of them, `head`, were read already; `file` gives the others. `digest` and `lossy` hold
    once all pieces were taken.
    """

    def __init__(self, ref: FileRef, size: int, head: bytes, file: ByteSource, object_format: ObjectFormat) -> None:
        self.ref = ref
        self.size = size
        self._head = head
        self._file = file
        self._replaced = 0
        self._hash = start_blob_id(size, object_format)

    @property
    def digest(self) -> str:
        """The git blob id of what was read."""
        return self._hash.hexdigest()

    @property
    def lossy(self) -> bool:
        """Whether bytes that are not UTF-8 became U+FFFD."""
        return self._replaced > 0

    def pieces(self) -> Generator[str, None, None]:
        """Yield the text in pieces whose counts add up to that of the whole.

        Raises UnreadableError when the file is cut short meanwhile, TooLargeError when there is no place to cut.
        """
        try:
            yield from self._pieces()
        finally:
            self._file.close()

    def _pieces(self) -> Iterator[str]:
        held: list[str] = []
        held_bytes = 0
        for text in self._decoded():
            held_bytes += PIECE_BYTES
            held.append(text)
            if (cut := last_cut(held[-2][-1:] if len(held) > 1 else "", text)) is not None:
                held[-1] = text[:cut]
                yield "".join(held)
                held, held_bytes = [text[cut:]], 0
            elif held_bytes >= LONGEST_STRETCH:
                raise TooLargeError(f"more than {LONGEST_STRETCH:,} bytes without a line that it can be cut at")
        yield "".join(held)

    def _decoded(self) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        left = self.size
        data, tail = self._head, b""
        while left:
            data = data or self._read(min(PIECE_BYTES, left))
            if not data:
                raise UnreadableError("it became shorter while it was read")
            self._hash.update(data)
            left -= len(data)
            text = decoder.decode(data, final=not left)
            # A file can hold U+FFFD itself, as three bytes that may lie across two reads.
            self._replaced += text.count("\ufffd") - (tail + data).count(_REPLACEMENT)
            data, tail = b"", (tail + data)[-2:]
            yield text

    def _read(self, size: int) -> bytes:
        try:
            return self._file.read(size)
        except OSError as error:
            raise UnreadableError(describe_os_error(error)) from error


def start_blob_id(size: int, object_format: ObjectFormat) -> "hashlib._Hash":
    """Return a hash that becomes the id of a blob of `size` bytes once it is given them."""
    return hashlib.new(object_format, b"blob %d\0" % size, usedforsecurity=False)
