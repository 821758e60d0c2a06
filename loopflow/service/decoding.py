"""The body of an answer into text: unpacked within bounds, and refused where it is none."""

import zlib
from collections.abc import AsyncIterable, Mapping
from typing import Final

from loopflow.io.read.document import is_binary
from loopflow.service.errors import BinaryReference, ReferenceTooLarge, Unreachable

MOST_BYTES: Final = 8_000_000
"""Of a body, once it is unpacked."""
_AT_ONCE: Final = 1 << 20
_TEXT: Final = ("text/", "application/json", "application/xml", "application/javascript", "application/yaml")
_TEXT_SUFFIXES: Final = ("+json", "+xml", "+yaml")
_TEXT_TYPES: Final = frozenset({"application/x-ndjson", "application/toml", "application/x-yaml", "application/sql"})
_CHARSETS: Final = {"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin1", "windows-1252", "utf-16"}
_WINDOW: Final = {"gzip": 31, "x-gzip": 31, "deflate": 15}


async def read_body(chunks: AsyncIterable[bytes], headers: Mapping[str, str], shown: str) -> bytes:
    """Return a body, unpacked. Raises ReferenceTooLarge as soon as it is; Unreachable for one that is damaged."""
    packing = headers.get("content-encoding", "identity").strip().lower()
    if packing not in {"identity", "", *_WINDOW}:
        raise Unreachable(f"{shown} is packed as nobody asked for", "ask whoever serves it", retryable=False)
    unpack = zlib.decompressobj(_WINDOW[packing]) if packing in _WINDOW else None
    pieces: list[bytes] = []
    size = 0
    async for chunk in chunks:
        left = chunk
        while left:
            if unpack is None:
                piece, left = left, b""
            else:
                try:
                    piece = unpack.decompress(left, _AT_ONCE)  # a few bytes may stand for millions
                except zlib.error as error:
                    raise Unreachable(f"{shown} is damaged", "ask whoever serves it") from error
                left = unpack.unconsumed_tail
            size += len(piece)
            if size > MOST_BYTES:
                raise ReferenceTooLarge(f"{shown} has more than {MOST_BYTES:,} bytes", "refer to less")
            pieces.append(piece)
    if unpack is not None and not unpack.eof:
        raise Unreachable(f"{shown} was cut off", "try again")
    return b"".join(pieces)


def decode_body(body: bytes, headers: Mapping[str, str], shown: str) -> tuple[str, bool]:
    """Return the text of a body, and whether bytes of it were replaced. Raises BinaryReference."""
    kind, _, parameters = headers.get("content-type", "text/plain").lower().partition(";")
    kind = kind.strip()
    is_text = kind.startswith(_TEXT) or kind.endswith(_TEXT_SUFFIXES) or kind in _TEXT_TYPES
    charset = next(
        (each.partition("=")[2].strip(' "') for each in parameters.split(";") if each.strip().startswith("charset=")),
        "utf-8",
    )
    if charset not in _CHARSETS or not is_text or (charset != "utf-16" and is_binary(body)):
        raise BinaryReference(f"{shown} is no text", "refer to what answers with text")
    try:
        return body.decode(charset), False
    except UnicodeDecodeError:
        return body.decode(charset, "replace"), True
