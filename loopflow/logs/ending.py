"""The end of a log, and the end of the work in it: what stands before the newest line that says that a step failed.

The reason is often there, whatever tool it was. After it a build cleans up, at times for thousands of lines.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from loopflow.logs.lines import Lines
from loopflow.logs.model import LogLine

BYTES_A_TOKEN: Final = 16
_CLEAN_UP: Final = 10
"""So many lines after the newest anchor are clean-up."""
_LAST: Final = 6
_LEAST_BYTES: Final = 65_536


class _Segment(NamedTuple):
    """Lines, which are in a file, and the place of the first of them in the order of all lines."""

    file: int
    lines: Lines
    base: int
    size: int


class Ending:
    """Holds the last lines, and those before the newest anchor, up to so many bytes each."""

    def __init__(self, fit: int) -> None:
        self._room = max(fit * BYTES_A_TOKEN, _LEAST_BYTES)
        self._recent: deque[_Segment] = deque()
        self._size = 0
        self._anchored: tuple[_Segment, ...] = ()
        self._anchor = -1
        self._count = 0

    def add(self, lines: Lines, anchors: Sequence[int], file: int = 0) -> None:
        """Take lines, of which those at `anchors` say that a step ended badly."""
        size = sum(map(len, lines.texts)) + len(lines.texts)
        self._recent.append(_Segment(file, lines, self._count, size))
        self._size += size
        if anchors:
            self._anchor = self._count + anchors[-1]
            self._anchored = tuple(self._recent)
        while self._size - self._recent[0].size >= self._room:
            self._size -= self._recent.popleft().size
        self._count += len(lines.texts)

    def lines(self) -> list[tuple[int, LogLine]]:
        """Return the lines of the end, each with the number of its file, in order."""
        if self._is_cleaned_up():
            return [*self._take(self._anchored, self._anchor + 1), *self._take(self._recent, self._count)[-_LAST:]]
        return self._take(self._recent, self._count)

    def begin(self) -> tuple[int, int] | None:
        """Return the first line after clean-up that is left out, with the number of its file; None where none is."""
        if not self._is_cleaned_up():
            return None
        file, line = self._take(self._recent, self._count)[-_LAST:][0]
        return file, line.number

    def _is_cleaned_up(self) -> bool:
        return bool(self._anchored) and self._count - 1 - self._anchor >= _CLEAN_UP

    def _take(self, segments: Iterable[_Segment], end: int) -> list[tuple[int, LogLine]]:
        """Return the lines before place `end`, as far back as there is room."""
        found: list[tuple[int, LogLine]] = []
        size = 0
        for segment in reversed(list(segments)):
            lines = segment.lines
            for at in reversed(range(min(len(lines.texts), end - segment.base))):
                size += len(lines.shown(at)) + 1
                if size > self._room:
                    return found[::-1]
                found.append((segment.file, lines.tell(at)))
        return found[::-1]
