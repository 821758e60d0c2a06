"""A failure as text: whole, trimmed, as one line. It begins with "[" and ends with one line end: so counts add up."""

from collections.abc import Iterable, Sequence
from typing import Final

from loopflow.logs.model import Block, LogLine, Shape
from loopflow.logs.pool import Entry, find_place
from loopflow.logs.signatures import make_ref

LONGEST_HEADLINE: Final = 300
"""Characters."""
_ENDS: Final = 13
_LONGEST_NAME: Final = 80
_MOST_SAME: Final = 12
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
    """Draws failures. `known` says since when they are, by reference; with `several` files places name the file."""

    def __init__(self, *, several: bool = False, known: dict[str, str] | None = None, stamps: bool = True) -> None:
        self._several = several
        self._known = known or {}
        self._stamps = stamps

    def is_short(self, entry: Entry) -> bool:
        """Whether a failure is told in one line, since earlier runs had it."""
        return make_ref(entry.signature) in self._known

    def draw(self, entry: Entry, shape: Shape) -> str:
        """Return the text of a failure in a shape."""
        if shape is Shape.LINE:
            return self._line(entry)
        lines = entry.block.lines
        chosen = range(len(lines)) if shape is Shape.FULL else choose_lines(entry.block)
        return f"{self._heading(entry)}\n{_body(lines, chosen, entry.block.cut)}{self._same(entry)}"

    def row(self, entry: Entry) -> str:
        """Return where a failure is and what it is called, for a table."""
        span = entry.block.span
        where = describe_lines(span.first, span.first, self._file(span.file))
        return f"{where} {_plain(find_place(entry.block))[:_LONGEST_NAME]}"

    def _file(self, file: int) -> int | None:
        return file if self._several else None

    def _line(self, entry: Entry) -> str:
        block = entry.block
        line = block.lines[block.headline]
        since = f" known since {known}" if (known := self._known.get(make_ref(entry.signature))) else ""
        where = describe_lines(line.number, line.number, self._file(block.span.file))
        times = f" x{entry.count}" if entry.count > 1 else ""
        return f"[{where} {make_ref(entry.signature)}{times}{since}] {line.text.strip()[:LONGEST_HEADLINE]}\n"

    def _heading(self, entry: Entry) -> str:
        block = entry.block
        span = block.span
        words = [describe_lines(span.first, span.last, self._file(span.file)), make_ref(entry.signature)]
        if entry.count > 1:
            words.append(f"x{entry.count}")
        about = [block.recogniser] if block.recogniser != "generic" else []
        if block.step:
            about.append(f"step {_plain(block.step)[:_LONGEST_NAME]}")
        if block.component:
            about.append(_plain(block.component)[:_LONGEST_NAME])
        if block.stamp and self._stamps:
            about.append(block.stamp)
        return f"[{' '.join(words)}{' ' if about else ''}{', '.join(about)}]"

    def _same(self, entry: Entry) -> str:
        places = [
            f"{describe_lines(span.first, span.first, self._file(span.file))} {_plain(place)[:_LONGEST_NAME]}"
            for span, place in sorted(entry.places)
        ]
        if not places:
            return ""
        shown = places[:_MOST_SAME]
        more = entry.count - 1 - len(shown)
        return f"[same: {' | '.join([*shown, *([f'{more} more'] if more > 0 else [])])}]\n"


def choose_lines(block: Block) -> Sequence[int]:
    """Return which lines of a long block are shown: what weighs most, our own frames before a library's, both ends."""
    count, most = len(block.lines), 2 * _ENDS
    if count <= most + 1:
        return range(count)
    chosen: set[int] = set()
    for at in _by_worth(block.lines, block.headline):
        if len(chosen) >= most:
            break
        chosen.add(at)
    return sorted(chosen)


def _by_worth(lines: Sequence[LogLine], headline: int) -> Iterable[int]:
    count = len(lines)
    heavy = sorted((at for at in range(count) if lines[at].weight), key=lambda at: -lines[at].weight)
    near = [at for at in range(headline - 3, headline + 4) if 0 <= at < count]
    ends = [*range(6), *range(count - 6, count)]
    own = [at for at in range(count) if _is_own_frame(lines[at].text)]
    rest = sorted(range(count), key=lambda at: min(at, count - 1 - at))
    return dict.fromkeys([headline, *heavy[:8], *near, *ends, *own[-6:], *own, *rest])


def _is_own_frame(text: str) -> bool:
    is_frame = text.lstrip().startswith(("at ", "File ", "from ")) or (":" in text and ".py:" in text)
    return is_frame and not any(library in text for library in LIBRARIES)


def _body(lines: Sequence[LogLine], chosen: Sequence[int], cut: int) -> str:
    parts, before = [], -1
    for at in chosen:
        if at > before + 1:
            parts.append(left_out(at - before - 1))
        parts.append(original(lines[at].text) + "\n")
        before = at
    if (missing := len(lines) - 1 - before + cut) > 0:
        parts.append(left_out(missing))
    return "".join(parts)


def left_out(lines: int) -> str:
    """Return the marker for lines that are not shown."""
    return f"[... {lines:,} line{'s' if lines > 1 else ''} ...]\n"


def _plain(text: str) -> str:
    """Return a name without what divides names in our own lines."""
    return text.replace("|", "/").replace("[", "(").replace("]", ")").strip()
