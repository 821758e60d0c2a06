"""What each part of a log may have of a digest, so that no part of it takes all the room for what matters less."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Final

_SHARE: Final = 0.9
_MOST_PARTS: Final = 256
_SIZES: Final = ((10_000, 1_000), (5_000, 500), (1_000, 200), (0, 100))


def choose_chunk_size(lines: int) -> int:
    """Return how many lines a part of a log of so many lines has."""
    return next(size for least, size in _SIZES if lines > least or not least)


class ChunkShares:
    """Gives out nine tenths of `budget` tokens by place in the logs; what a part leaves goes to later ones.

    `lines` are those of each log, `size` those of a part, 0 for as many as suit all of them.
    """

    def __init__(self, budget: int, lines: Sequence[int], size: int = 0) -> None:
        total = max(sum(lines), 1)
        wanted = size or choose_chunk_size(total)
        self._bases = list(accumulate(lines, initial=0))
        self._size = max(wanted, -(-total // _MOST_PARTS))
        parts = -(-total // self._size)
        self._left = [int(budget * _SHARE * min((part + 1) * self._size / total, 1)) for part in range(parts)]

    def take(self, file: int, line: int, tokens: int) -> bool:
        """Take `tokens` for what stands at a line, if its part and those before it have so many left."""
        part = min((self._bases[file] + line - 1) // self._size, len(self._left) - 1)
        if any(left < tokens for left in self._left[part:]):
            return False
        for at in range(part, len(self._left)):
            self._left[at] -= tokens
        return True
