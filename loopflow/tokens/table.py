"""A vocabulary as a hash table that is there as soon as its file is read: no token is unpacked before it is asked for.

The file is a header, the slots, the place where each token's bytes begin, and those bytes, in the order of the ranks.
All numbers are little-endian, 32 bits. A slot holds the rank of a token in its lower 18 bits, and above it the upper
14 of the token's CRC-32, so that hardly ever a wrong token's bytes are looked at. A token whose slot is taken goes to
the next free one.

The build of the package runs this file by itself, so it imports nothing but the standard library.
"""

import sys
from array import array
from collections.abc import Callable
from itertools import accumulate
from zlib import crc32

# Size in bytes and SHA-256 of each table. It has the same bytes wherever it is made.
TABLES = {
    "o200k_base": (4_294_838, "41641f8373143ba0d852b51bda0ace1adc7a07c0f83fc09d9d6b3eb26eeb8277"),
    "cl100k_base": (3_142_030, "72918223e7df8686cfb049ab4ce9a987dec7efc412fd5796e4e189b79e587348"),
}

_MAGIC = b"loopflow table 1"
_SLOTS = 1 << 19  # less than half of them taken: most of what is asked for is no token, and meets a free one at once
_RANK_BITS = 18
_RANK = (1 << _RANK_BITS) - 1
_EMPTY = 0xFFFF_FFFF
_HASH = 0xFFFF_FFFF ^ _RANK
_NUMBER_BYTES = 4


def make_table(packed: bytes) -> bytes:
    """Return the table of a vocabulary that is given as it is packaged: lines of base64 and rank, in xz."""
    import base64  # noqa: PLC0415  reading a table needs neither
    import lzma  # noqa: PLC0415

    lines = [line.partition(b" ") for line in lzma.decompress(packed).splitlines()]
    ranks = {int(rank): base64.b64decode(token) for token, _, rank in lines}
    tokens = [ranks.get(rank, b"") for rank in range(max(ranks) + 1)]  # there may be ranks that no token has
    slots = array("I", [_EMPTY]) * _SLOTS
    for rank, token in enumerate(tokens):
        if token:
            check = crc32(token)
            slot = check % _SLOTS
            while slots[slot] != _EMPTY:
                slot = (slot + 1) % _SLOTS
            slots[slot] = _HASH & check | rank
    starts = array("I", accumulate(map(len, tokens), initial=0))
    header = _MAGIC + len(tokens).to_bytes(_NUMBER_BYTES, "little")
    return b"".join((header, _little(slots).tobytes(), _little(starts).tobytes(), *tokens))


def open_table(data: bytes) -> Callable[[bytes], int | None]:
    """Return what looks up the rank of a token in a table whose bytes are as they were made."""
    number = int.from_bytes(data[len(_MAGIC) : (slots_at := len(_MAGIC) + _NUMBER_BYTES)], "little")
    starts_at = slots_at + _SLOTS * _NUMBER_BYTES
    tokens_at = starts_at + (number + 1) * _NUMBER_BYTES
    slots = _numbers(data[slots_at:starts_at])
    starts = _numbers(data[starts_at:tokens_at])
    tokens = data[tokens_at:]

    def look_up(token: bytes) -> int | None:
        check = crc32(token)
        slot = check % _SLOTS
        check &= _HASH
        while (held := slots[slot]) != _EMPTY:
            if held & _HASH == check:
                rank = held & _RANK
                if tokens[starts[rank] : starts[rank + 1]] == token:
                    return rank
            slot = (slot + 1) % _SLOTS
        return None

    return look_up


def _numbers(data: bytes) -> "array[int]":
    numbers = array("I")
    numbers.frombytes(data)
    return _little(numbers)


def _little(numbers: "array[int]") -> "array[int]":
    """Turn the processor's order of bytes into that of the file, or back."""
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
