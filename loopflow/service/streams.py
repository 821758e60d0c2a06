"""A stream of bytes into a count, in pieces whose counts add up to that of the whole."""

import codecs
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from loopflow.errors import TooLargeError
from loopflow.io.read.document import LONGEST_STRETCH, PIECE_BYTES
from loopflow.tokens.safe_cuts import last_cut

if TYPE_CHECKING:
    from hashlib import _Hash

_REPLACEMENT: Final = "\ufffd".encode()


class Streamed(NamedTuple):
    """What a stream was."""

    tokens: int
    bytes: int
    characters: int
    lossy: bool


def whole_text(text: str) -> str:
    """Return what tiktoken makes of a text: half a character of UTF-16 becomes U+FFFD, two halves become one."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def count_stream(
    read: Callable[[int], bytes], count: Callable[[str], int], digest: "_Hash | None" = None, most: int | None = None
) -> Streamed:
    """Read to the end and count. `digest` is given the text, in UTF-8.

    Raises what `read` and `count` raise, and TooLargeError: where there is no place to cut for too long a stretch, or
    where more than `most` bytes come.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    held: list[str] = []
    size = characters = tokens = replaced = held_size = 0
    tail, is_open = b"", True
    while is_open:
        data = read(PIECE_BYTES)
        is_open = bool(data)
        size += len(data)
        if most is not None and size > most:
            raise TooLargeError(f"it has more than {most:,} bytes")
        text = decoder.decode(data, final=not is_open)
        # The stream can hold U+FFFD itself, as three bytes that may lie across two reads.
        replaced += text.count("\ufffd") - (tail + data).count(_REPLACEMENT)
        tail = (tail + data)[-2:]
        characters += len(text)
        if digest is not None:
            digest.update(text.encode())
        held.append(text)
        held_size += len(text)
        cut = last_cut(held[-2][-1:] if len(held) > 1 else "", text) if size > PIECE_BYTES and is_open else None
        if cut is not None:
            held[-1] = text[:cut]
            tokens += count("".join(held))
            held, held_size = [text[cut:]], len(text) - cut
        elif held_size > LONGEST_STRETCH:
            raise TooLargeError(f"more than {LONGEST_STRETCH:,} characters without a line that it can be cut at")
    return Streamed(tokens + count("".join(held)), size, characters, replaced > 0)
