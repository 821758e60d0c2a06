"""Lines that repeat those before them, folded: two copies stay, and a marker says how many lines more there were.

Lines that say nothing of a failure are alike if they differ in digits only; of all others each character counts.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from loopflow.logs.keys import DIGITS

LONGEST_PERIOD: Final = 16
"""Lines that are repeated together, at most."""
_MOST_HELD: Final = 64
_MOST_HELD_BYTES: Final = 4_096


class Folder:
    """Takes lines in order, and gives them back folded. `count` says how many tokens a text has."""

    def __init__(self, count: Callable[[str], int]) -> None:
        self._count = count
        self._recent: deque[bytes] = deque(maxlen=LONGEST_PERIOD)
        self._same = [0] * (LONGEST_PERIOD + 1)
        """How many lines until now were like the one so many lines before."""
        self._period = 0
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._away = 0
        """Lines that are folded and not held any more."""

    def add(self, lines: Sequence[bytes], weights: Sequence[int]) -> Iterator[bytes]:
        """Take lines; yield what is certain of them, with a line end."""
        for line, weight in zip(lines, weights, strict=True):
            yield from self._take(line, line if weight else line.translate(None, DIGITS))

    def finish(self) -> Iterator[bytes]:
        """Yield the rest."""
        yield from self._unfold()

    def _take(self, line: bytes, key: bytes) -> Iterator[bytes]:
        recent, same = self._recent, self._same
        for period, before in enumerate(reversed(recent), 1):
            same[period] = same[period] + 1 if before == key else 0
        recent.append(key)
        if self._period and same[self._period]:
            self._hold(line)
            return
        yield from self._unfold()
        yield shown(line)
        self._period = next((at for at in range(1, len(recent)) if same[at] >= at and self._says_much(at)), 0)

    def _says_much(self, period: int) -> bool:
        """Whether any of the last lines is not blank: of blank ones a marker would take more tokens."""
        recent = self._recent
        return any(recent[-at].strip() for at in range(1, period + 1))

    def _hold(self, line: bytes) -> None:
        self._held.append(line)
        self._held_bytes += len(line)
        if len(self._held) > _MOST_HELD or self._held_bytes > _MOST_HELD_BYTES:
            self._away += len(self._held) - 1
            self._held = [line]
            self._held_bytes = len(line)

    def _unfold(self) -> Iterator[bytes]:
        """Yield a marker for the lines that are held, or those where they have fewer tokens; and the last of all."""
        held, away, period = self._held, self._away, self._period
        self._held, self._held_bytes, self._away, self._period = [], 0, 0, 0
        if not held:
            return
        last = shown(held[-1]) if period == 1 else b""  # it may differ: how far something came in the end
        many = away + len(held) - bool(last)
        marker = name_folded(many, period) if many else b""
        if not away:
            plain = b"".join(map(shown, held))
            if not many or self._tokens(plain) <= self._tokens(marker + last):
                yield plain
                return
        yield marker + last

    def _tokens(self, text: bytes) -> int:
        return self._count(text.decode("utf-8", "replace"))


def shown(line: bytes) -> bytes:
    """Return a line as it is printed beside markers of ours."""
    return b" " * line.startswith(b"[") + line + b"\n"


def name_folded(lines: int, period: int) -> bytes:
    """Return the marker for lines that are like those before them."""
    like = f"the {period} above" if period > 1 else "the one above" if lines == 1 else "it"
    return f"[... {lines:,} line{'s' if lines > 1 else ''} like {like} ...]\n".encode()
