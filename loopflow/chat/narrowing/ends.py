"""Texts cut by lines: the beginning alone, for what is read in order, or both ends.

What is read is cut at its end only: an agent edits by the numbers of lines, and a gap would shift them.
"""

import re
from collections import Counter
from collections.abc import Callable
from typing import Final

from loopflow.chat.narrowing.model import Room
from loopflow.chat.shorten import shorten

_FEW: Final = 30
_ENDS: Final = 12
_LONGEST_TOKEN: Final = 32
"""Characters: a text with more of them for each token that it may have is taken as too long, uncounted."""
_NARROWEST: Final = 40
_MOST_NAMED: Final = 8
_NUMBERED: Final = re.compile(r"\s*(\d{1,9})(?:→|\t|\|)")
_FOUND: Final = re.compile(r"(.{1,300}?)(?::\d|-\d+-|:)")
_BELOW: Final = re.compile(r"(?:\./|/)?([^/\s]{1,100}/[^/\s]{1,100})/")


def keep_ends(text: str, room: Room) -> str:
    """Return the first and the last lines, and of lines that are too long their ends."""
    lines = text.split("\n")
    has_gap = len(lines) > _FEW
    head, tail = (lines[:_ENDS], lines[-_ENDS:]) if has_gap else (lines, [])
    gap = [room.mark(f"{len(lines) - 2 * _ENDS:,} lines")] if has_gap else []
    width = min(max(map(len, (*head, *tail))), room.limit * _LONGEST_TOKEN)
    while width >= _NARROWEST:
        name = "" if has_gap else room.kept_at
        cut = [_cut(line, width, room, name) for line in head]
        whole = "\n".join([*cut, *gap, *(_cut(line, width, room, "") for line in tail)])
        if room.fits(whole):
            return whole
        width = width * 3 // 4
    return shorten(text, room.limit, room.count)


def _cut(line: str, width: int, room: Room, kept_at: str) -> str:
    if len(line) <= width:
        return line
    mark = room._replace(kept_at=kept_at).mark(f"{len(line) - width:,} characters")
    return f"{line[: width // 2]}{mark}{line[len(line) - width // 2 :]}"


def keep_read(text: str, most: int, room: Room, start: int, *, by_offset: bool) -> str:
    """Return the first lines, at most `most` if it is not 0, and from where to read on.

    `start` is the number of the first line, where lines do not begin with their own. With `by_offset` whoever reads can
    say where to begin.
    """
    lines = text.split("\n")

    def describe(kept: int) -> str:
        numbers = [_NUMBERED.match(line) for line in (lines[kept], _last_line(lines))]
        first, last = (
            int(found[1]) if found else start + place
            for found, place in zip(numbers, (kept, len(lines) - 1 - (not lines[-1])), strict=True)
        )
        named = f"lines {first:,}-{last:,}".replace(",", "")
        return f"[... {named} left out: read with offset={first} ...]" if by_offset else room.mark(named)

    return _keep_beginning(lines, most, room, describe)


def keep_listed(text: str, most: int, room: Room, *, has_lines: bool) -> str:
    """Return the first lines of what was found, and where the others were found: in files, where lines of them were."""
    place = _FOUND if has_lines else _BELOW
    lines = text.split("\n")

    def describe(kept: int) -> str:
        left = [line for line in lines[kept:] if line]
        files = Counter(found[1] if (found := place.match(line)) else "" for line in left)
        files.pop("", None)
        if not 1 < len(files) < len(left):
            return room.mark(f"{len(left):,} lines")
        named = [f"{name[:60]} {many:,}" for name, many in files.most_common(_MOST_NAMED)]
        more = [f"{len(files) - _MOST_NAMED:,} places more"] if len(files) > _MOST_NAMED else []
        return room.mark(f"{len(left):,} lines (of {', '.join([*named, *more])})")

    return _keep_beginning(lines, most, room, describe)


def _last_line(lines: list[str]) -> str:
    return lines[-1] or (lines[-2] if len(lines) > 1 else "")


def _keep_beginning(lines: list[str], most: int, room: Room, describe: Callable[[int], str]) -> str:
    """Return as many of the first lines as there is room for, with words for the others."""
    all_of_it = len(lines) - (not lines[-1])
    low, high = 0, min(most or all_of_it, all_of_it)
    size = 0
    for place in range(high):
        size += len(lines[place]) + 1
        if size > room.limit * _LONGEST_TOKEN:
            high = place
            break

    def draw(kept: int) -> str:
        return "\n".join([*lines[:kept], *([describe(kept)] if kept < all_of_it else [])])

    while low < high:
        middle = (low + high + 1) // 2
        if room.fits(draw(middle)):
            low = middle
        else:
            high = middle - 1
    if low:
        return draw(low)
    return _keep_characters("\n".join(lines), room)


def _keep_characters(text: str, room: Room) -> str:
    """Return the first characters of a text whose first line has no room."""
    kept = room.limit * 4
    while kept > _NARROWEST:
        cut = f"{text[:kept]}{room.mark(f'{len(text) - kept:,} characters')}"
        if len(text) > kept and room.fits(cut):
            return cut
        kept = kept * 3 // 4
    return shorten(text, room.limit, room.count)
