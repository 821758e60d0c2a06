"""Some tokens of a text: their ids and where each ends, without splitting all the others."""

from bisect import bisect_left, bisect_right
from itertools import accumulate
from typing import Final, NamedTuple

from loopflow.service.background import next_piece
from loopflow.service.errors import TextTooLarge
from loopflow.tokens.protocol import TokenCounter
from loopflow.tokens.with_tiktoken import Tiktoken

MOST_TOLD: Final = 20_000
LONGEST_PIECE: Final = 1_000_000
"""Characters without a place to cut that are split: the reference takes seconds for so many that are one word."""


class Split(NamedTuple):
    """How many tokens a text has, the number of the first of these, their ids, and the byte at which each ends."""

    tokens: int
    first: int
    ids: list[int]
    ends: list[int]


def split(text: str, start: int, end: int | None, counter: TokenCounter, reference: Tiktoken) -> Split:
    """Return the tokens between two places in bytes; the others are counted. Raises TextTooLarge, UncountableError."""
    place = size = tokens = 0
    first: int | None = None
    ids: list[int] = []
    ends: list[int] = []
    while place < len(text):
        piece = next_piece(text, place)
        place += len(piece)
        before, size = size, size + len(piece.encode())
        is_over = len(ids) >= MOST_TOLD or (end is not None and first is not None and bool(ends) and ends[-1] >= end)
        if size <= start or is_over:
            tokens += counter.count([piece])[0]
            continue
        if len(piece) > LONGEST_PIECE:
            what = f"{LONGEST_PIECE:,} characters without a line that it could be cut at are too many to be split"
            raise TextTooLarge(what, "count it, or send less")
        found, stops = _split(piece, before, reference)
        begin = bisect_right(stops, start)
        stop = len(stops) if end is None else min(bisect_left(stops, end) + 1, len(stops))
        first = tokens + begin if first is None else first
        ids += found[begin:stop]
        ends += stops[begin:stop]
        tokens += len(found)
    return Split(tokens, tokens if first is None else first, ids[:MOST_TOLD], ends[:MOST_TOLD])


def _split(piece: str, before: int, reference: Tiktoken) -> tuple[list[int], list[int]]:
    ids = reference.encode(piece)
    loaded = reference.load()
    ends = accumulate(map(len, map(loaded.decode_single_token_bytes, ids)))
    return ids, [before + end for end in ends]
