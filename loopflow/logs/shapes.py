"""A failure as text: whole, trimmed, as one line. It begins with "[" and ends with one line end: so counts add up."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from math import ceil
from types import MappingProxyType
from typing import Final

from loopflow.logs.cutting import as_name, cut_text
from loopflow.logs.model import Block, LogLine, Shape
from loopflow.logs.pool import Entry, find_place
from loopflow.logs.signatures import make_ref

LONGEST_HEADLINE: Final = 300
"""Characters."""
_MOST_TRIMMED: Final = 26
_LONGEST_NAME: Final = 80
_MOST_SAME: Final = 12
_SAME_SHARE: Final = 0.2
_CAPTURED: Final = re.compile(r"-{3,} ?Captured \w+|(?:Stdout|Stderr):\s*$")
_CAPTURED_END: Final = re.compile(r"[=_]{3,}|-{3,}(?! ?Captured)")
"""What pytest and unittest print around what a failing test printed."""

LIBRARIES: Final = (
    "site-packages/",
    "dist-packages/",
    "node_modules/",
    "/rustc/",
    "/usr/lib",
    "internal/",
    "node:internal",
    "java.base/",
    "org.junit.",
    "/gems/",
    "/go/src/runtime",
    "sun.reflect",
    "jdk.internal",
    "_pytest/",
    "unittest/",
)


def original(text: str) -> str:
    """Return a line of the log as it is printed: what begins with "[" is not to be taken for ours."""
    return f" {text}" if text.startswith("[") else text


def describe_lines(first: int, last: int, file: int | None) -> str:
    """Return where lines are, as "L12" or "L12-40"; of several files, with the number of the file from 1."""
    lines = f"L{first}" if first == last else f"L{first}-{last}"
    return lines if file is None else f"F{file + 1}:{lines}"


class Shapes:
    """Draws failures. `known` says since when they are, by reference; with `several` files places name the file.

    A long block that is trimmed shows a share `frames` of its frames, and `captured` of what a failing test printed.
    """

    def __init__(
        self,
        *,
        several: bool = False,
        known: Mapping[str, str] = MappingProxyType({}),
        stamps: bool = True,
        frames: float = 1,
        captured: float = 1,
    ) -> None:
        self._several = several
        self._known = known
        self._stamps = stamps
        self._frames = frames
        self._captured = captured

    @staticmethod
    def is_whole(entry: Entry, shape: Shape) -> bool:
        """Whether all lines of a failure are shown in a shape."""
        return shape is Shape.FULL or (shape is Shape.TRIMMED and len(entry.block.lines) <= _MOST_TRIMMED + 1)

    def is_short(self, entry: Entry) -> bool:
        """Whether a failure is told in one line, since earlier runs had it."""
        return make_ref(entry.signature) in self._known

    def draw(self, entry: Entry, shape: Shape) -> str:
        """Return the text of a failure in a shape."""
        if shape is Shape.LINE:
            return self._line(entry)
        block = entry.block
        is_full = shape is Shape.FULL
        chosen = range(len(block.lines)) if is_full else choose_lines(block, self._frames, self._captured)
        text = f"{self._heading(entry)}\n{_body(block, chosen)}"
        return text + self._same(entry, int(len(text) * _SAME_SHARE))

    def row(self, entry: Entry) -> str:
        """Return where a failure is and what it is called, for a table."""
        span = entry.block.span
        where = describe_lines(span.first, span.first, self._file(span.file))
        block = entry.block
        return f"{where} {as_name(find_place(block) or block.lines[block.headline].text, _LONGEST_NAME)}"

    def _file(self, file: int) -> int | None:
        return file if self._several else None

    def _line(self, entry: Entry) -> str:
        block = entry.block
        line = block.lines[block.headline]
        since = f" known since {known}" if (known := self._known.get(make_ref(entry.signature))) else ""
        where = describe_lines(line.number, line.number, self._file(block.span.file))
        times = f" x{entry.count}" if entry.count > 1 else ""
        retried = f" passed on retry L{entry.retried}" if entry.retried else ""
        ref = make_ref(entry.signature)
        return f"[{where} {ref}{times}{since}{retried}] {cut_text(line.text.strip(), LONGEST_HEADLINE)}\n"

    def _heading(self, entry: Entry) -> str:
        block = entry.block
        span = block.span
        words = [describe_lines(span.first, span.last, self._file(span.file)), make_ref(entry.signature)]
        if entry.count > 1:
            words.append(f"x{entry.count}")
        about = [f"passed on retry L{entry.retried}"] if entry.retried else []
        if block.recogniser != "generic":
            about.append(block.recogniser)
        if block.step:
            about.append(f"step {as_name(block.step, _LONGEST_NAME)}")
        if block.component:
            about.append(as_name(block.component, _LONGEST_NAME))
        if block.stamp and self._stamps:
            about.append(as_name(block.stamp, _LONGEST_NAME))
        return f"[{' '.join(words)}{' ' if about else ''}{', '.join(about)}]"

    def _same(self, entry: Entry, most: int) -> str:
        """Return where else a failure happened, in so many characters, but for the first such place."""
        places = [
            f"{describe_lines(span.first, span.first, self._file(span.file))} {as_name(place, _LONGEST_NAME)}"
            for span, place in entry.told_places()[:_MOST_SAME]
        ]
        if not places:
            return ""
        sizes = accumulate(len(place) + len(" | ") for place in places)
        shown = places[: max(sum(size <= most for size in sizes), 1)]
        more = entry.count - 1 - len(shown)
        return f"[same: {' | '.join([*shown, *([f'{more:,} more'] if more > 0 else [])])}]\n"


def choose_lines(block: Block, frames: float = 1, captured: float = 1) -> Sequence[int]:
    """Return which lines of a long block are shown: what weighs most, our own frames before a library's, both ends.

    Of the lines of its frames a share of `frames` at most is shown, and of what a test printed one of `captured`.
    """
    lines = block.lines
    if len(lines) <= _MOST_TRIMMED + 1:
        return range(len(lines))
    of_frames = _find_frames(lines)
    bounded = [({at for frame in of_frames for at in frame}, frames), (_find_captured(lines), captured)]
    left = [ceil(share * min(len(part), _MOST_TRIMMED)) for part, share in bounded]
    chosen: set[int] = set()
    for at in _by_worth(lines, block.headline, of_frames):
        inside = [number for number, (part, _) in enumerate(bounded) if at in part]
        if at == block.headline or all(left[number] > 0 for number in inside):
            chosen.add(at)
            for number in inside:
                left[number] -= 1
        if len(chosen) == _MOST_TRIMMED:
            break
    return sorted(chosen)


def _by_worth(lines: Sequence[LogLine], headline: int, frames: Sequence[range]) -> Iterable[int]:
    count = len(lines)
    heavy = sorted((at for at in range(count) if lines[at].weight), key=lambda at: -lines[at].weight)
    near = [at for at in range(headline - 3, headline + 4) if 0 <= at < count]
    own = [frame for frame in frames if not any(library in lines[frame[0]].text for library in LIBRARIES)]
    of_own = [at for frame in (*own[-6:], *own) for at in frame]
    of_libraries = {at for frame in frames for at in frame}.difference(of_own)
    ends = [at for at in (*range(6), *range(count - 6, count)) if at not in of_libraries]
    rest = sorted(range(count), key=lambda at: min(at, count - 1 - at))
    return dict.fromkeys([headline, *heavy[:8], *near, *ends, *of_own, *rest])


def _find_frames(lines: Sequence[LogLine]) -> list[range]:
    """Return the frames of traces; to one of Python the code belongs that is indented below it."""
    frames: list[range] = []
    for at, line in enumerate(lines):
        if _is_frame(line.text):
            frames.append(range(at, at + 1))
        elif frames and frames[-1].stop == at and _is_below(line.text, lines[frames[-1].start].text):
            frames[-1] = range(frames[-1].start, at + 1)
    return frames


def _is_frame(text: str) -> bool:
    return text.lstrip().startswith(("at ", "File ", "from ")) or ".py:" in text


def _is_below(text: str, frame: str) -> bool:
    indent = len(frame) - len(frame.lstrip())
    return frame.lstrip().startswith("File ") and text[: indent + 1].isspace()


def _find_captured(lines: Sequence[LogLine]) -> set[int]:
    """Return what a failing test printed, without the headings of it."""
    captured, is_inside = set(), False
    for at, line in enumerate(lines):
        if _CAPTURED.match(line.text):
            is_inside = True
        elif is_inside and _CAPTURED_END.match(line.text):
            is_inside = False
        elif is_inside:
            captured.add(at)
    return captured


def _body(block: Block, chosen: Sequence[int]) -> str:
    lines, before = block.lines, -1
    gap = min(block.gap, len(lines)) if block.cut else -1
    parts = []
    for at in (*chosen, len(lines)):
        missing = at - before - 1 + (block.cut if before < gap <= at else 0)
        if missing:
            parts.append(left_out(missing))
        if at < len(lines):
            parts.append(f"{original(lines[at].text)}\n")
        before = at
    return "".join(parts)


def left_out(lines: int) -> str:
    """Return the marker for lines that are not shown."""
    return f"[... {lines:,} line{'s' if lines > 1 else ''} ...]\n"
