"""Byte pair merging: how many tokens a piece becomes, given the ranks of tokens.

Of all neighbours in a piece that make a token together, those with the lowest rank are joined, the leftmost first,
until no neighbours make one. A heap holds what can be joined, so that a long piece takes hardly more time for each
byte than a short one.
"""

from collections.abc import Callable
from heapq import heapify, heappop, heappush

NO_RANK = 1 << 30
"""More than any rank: these bytes are no token."""


def count_merged(piece: bytes, rank_of: Callable[[bytes], int]) -> int:
    """Return how many tokens `piece` is merged into; `rank_of` returns `NO_RANK` for bytes that are no token."""
    size = len(piece)
    ends = list(range(1, size + 1))  # where the part that begins at a place ends
    befores = list(range(-1, size))  # where the part before that begins
    ranks = [*(rank_of(piece[at : at + 2]) for at in range(size - 1)), NO_RANK]  # of the part joined to the next one
    heap = [(rank, at) for at, rank in enumerate(ranks) if rank != NO_RANK]
    heapify(heap)
    count = size
    while heap:
        rank, at = heappop(heap)
        if ranks[at] != rank:
            continue  # one of the two was joined to another meanwhile
        count -= 1
        gone = ends[at]
        ranks[gone] = NO_RANK
        ends[at] = end = ends[gone]
        ranks[at] = NO_RANK
        if end < size:
            befores[end] = at
            if (rank := rank_of(piece[at : ends[end]])) != NO_RANK:
                ranks[at] = rank
                heappush(heap, (rank, at))
        if (before := befores[at]) >= 0:
            ranks[before] = rank = rank_of(piece[before:end])
            if rank != NO_RANK:
                heappush(heap, (rank, before))
    return count
