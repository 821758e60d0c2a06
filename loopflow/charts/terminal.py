"""What a terminal can show: its width, its glyphs, its colours."""

from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple

_EIGHTHS = " ▏▎▍▌▋▊▉█"


class Glyphs(NamedTuple):
    """The characters that draw trees and bars."""

    branch: str
    last: str
    line: str
    gap: str
    ellipsis: str
    is_fine: bool

    def bar(self, part: int, whole: int, cells: int) -> str:
        """Return a bar of `cells` characters, `part` of `whole` filled. What is not nothing shows."""
        steps = 8 if self.is_fine else 1
        filled = cells * steps * part // whole if whole else 0
        if part and not filled:
            filled = 1
        full, rest = divmod(filled, steps)
        bar = ("█" if self.is_fine else "#") * full + (_EIGHTHS[rest] if rest else "")
        return bar.ljust(cells)


UNICODE = Glyphs(branch="├ ", last="└ ", line="│ ", gap="  ", ellipsis="…", is_fine=True)
ASCII = Glyphs(branch="|-", last="`-", line="| ", gap="  ", ellipsis="~", is_fine=False)


class Palette:
    """Styles as functions from text to text. Without colour they leave it alone."""

    def __init__(self, *, colour: bool) -> None:
        self._colour = colour

    def bold(self, text: str) -> str:
        """Style headings and totals."""
        return self._apply("bold", text)

    def dim(self, text: str) -> str:
        """Style what only guides the eye."""
        return self._apply("dim", text)

    def bar(self, text: str) -> str:
        """Style bars."""
        return self._apply("cyan", text)

    def branch(self, text: str) -> str:
        """Style names that have others below them."""
        return self._apply("bold blue", text)

    def change(self, text: str, by: int) -> str:
        """Style what changed by some tokens: what grew stands out, what shrank is good."""
        return self._apply("red" if by > 0 else "green", text) if by else text

    def warning(self, text: str) -> str:
        """Style what needs attention."""
        return self._apply("yellow", text)

    def _apply(self, style: str, text: str) -> str:
        return self._styles(style, text) if self._colour and text else text

    @cached_property
    def _styles(self) -> Callable[[str, str], str]:
        from rich.color import ColorSystem  # noqa: PLC0415  only a terminal with colours pays for it
        from rich.style import Style  # noqa: PLC0415

        return lambda style, text: Style.parse(style).render(text, color_system=ColorSystem.STANDARD)


class Terminal(NamedTuple):
    """Where text goes: `width` in columns, `height` in rows; None where there is no end (a pipe, a file)."""

    width: int | None
    glyphs: Glyphs
    palette: Palette
    height: int | None = None


PLAIN = Terminal(width=None, glyphs=UNICODE, palette=Palette(colour=False))


def measure(text: str) -> int:
    """Return how many columns `text` takes."""
    from rich.cells import cell_len  # noqa: PLC0415  only what may not fit pays for it

    return cell_len(text)


def shorten(text: str, room: int | None, glyphs: Glyphs) -> str:
    """Cut the middle out of `text` so that it takes `room` columns at most; never less than a few."""
    if room is None or len(text) <= room // 2:  # half: no character takes more than two columns
        return text
    from rich.cells import cell_len, set_cell_size  # noqa: PLC0415  only a long name pays for it

    room = max(room, 4)
    if cell_len(text) <= room:
        return text
    tail_room = room // 2
    tail = text
    while cell_len(tail) > tail_room:
        tail = tail[max(1, (cell_len(tail) - tail_room) // 2) :]
    head = set_cell_size(text, room - cell_len(tail) - 1).rstrip()
    return f"{head}{glyphs.ellipsis}{tail}"


def wrap(text: str, room: int, glyphs: Glyphs) -> list[str]:
    """Return `text` as lines that take `room` columns at most, broken between words where that is possible."""
    lines: list[str] = []
    for word in text.split(" "):
        if lines and measure(f"{lines[-1]} {word}") <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(shorten(word, room, glyphs))
    return lines
