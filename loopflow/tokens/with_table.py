"""The engine for small work: a table of ranks that is read in a millisecond, and merging in Python.

It counts code at a quarter of the speed of toktok or better, and has done a small change by the time that another
engine has its vocabulary in memory. What would take it long, it leaves to another: see `TooMuchError`.
"""

from collections.abc import Callable

from loopflow.tokens.encodings import PATTERNS, ascii_pattern
from loopflow.tokens.merging import NO_RANK, count_merged

LONGEST_PIECE = 50_000
"""How many bytes one piece may have: that many take a tenth of a second, and much memory for each."""

_MOST_KNOWN = 500_000


class TooMuchError(Exception):
    """This text is for another engine: it has too long a piece, or too much in all had to be merged."""


class Table:
    """Counts with the ranks that `look_up` finds. Threads may count at once.

    `most_merged` is how many bytes it merges in all before it gives up: about a microsecond and a half for each.
    """

    def __init__(self, encoding: str, look_up: Callable[[bytes], int | None], most_merged: float) -> None:
        import re  # noqa: PLC0415

        self._encoding = encoding
        self._find_ascii = re.compile(ascii_pattern(PATTERNS[encoding]), re.ASCII).findall
        self._find_any: Callable[[str], list[str]] | None = None
        self._pieces = _Pieces(_Ranks(look_up), most_merged)

    def count(self, text: str) -> int:
        """Return the number of tokens. Raises TooMuchError where another engine should count it."""
        found = self._find_ascii(text) if text.isascii() else (self._find_any or self._load_any())(text)
        return sum(map(self._pieces.__getitem__, found))

    def _load_any(self) -> Callable[[str], list[str]]:
        import regex  # noqa: PLC0415  a text in ASCII needs none

        compiled: regex.Pattern[str] = regex.compile(PATTERNS[self._encoding])
        self._find_any = compiled.findall
        return self._find_any


class _Pieces(dict[str, int]):
    """How many tokens each piece is; what was not asked before is worked out."""

    def __init__(self, ranks: "_Ranks", most_merged: float) -> None:
        super().__init__()
        self._ranks = ranks
        self._left = most_merged

    def __missing__(self, piece: str) -> int:
        if len(self) > _MOST_KNOWN:  # of a very long run that was told to use this engine
            self.clear()
            self._ranks.clear()
        data = piece.encode()
        if len(data) > LONGEST_PIECE:
            raise TooMuchError
        count = 1
        if self._ranks.look_up(data) is None:
            self._left -= len(data)  # where threads do so at once, one of them may go unnoticed
            if self._left < 0:
                raise TooMuchError
            count = count_merged(data, self._ranks.__getitem__)
        self[piece] = count
        return count


class _Ranks(dict[bytes, int]):
    """The ranks that were asked for; of no token it is `NO_RANK`."""

    def __init__(self, look_up: Callable[[bytes], int | None]) -> None:
        super().__init__()
        self.look_up = look_up

    def __missing__(self, token: bytes) -> int:
        rank = self.look_up(token)
        self[token] = found = NO_RANK if rank is None else rank
        return found
