"""Diffs that lose whole hunks only: half a hunk can be applied nowhere, and reads as if lines were not there."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from loopflow.chat.narrowing.model import Room

_HUNK: Final = re.compile(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_BEGINS: Final = re.compile(r"^\+\+\+ .*\n@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@", re.MULTILINE)
_PLAIN: Final = re.compile(r"^\d+(?:,\d+)?[acd]\d+(?:,\d+)?\n(?:[<>] |---\n)", re.MULTILINE)
_LOOKED_AT: Final = 100_000
"""Characters in which a diff has begun."""
_MOST_NAMED: Final = 8


class _Piece(NamedTuple):
    """Lines of a diff: a hunk, or what stands between hunks. `file` is the one that it is of."""

    text: str
    lines: int
    is_hunk: bool
    file: str


def is_diff(text: str) -> bool:
    """Whether a text is a diff, unified or plain: what looks like errors in there are lines of files."""
    return _BEGINS.search(text, 0, _LOOKED_AT) is not None or _PLAIN.match(text) is not None


def narrow_diff(text: str, room: Room) -> str | None:
    """Return a diff without the hunks that there is no room for, None for what is no unified diff."""
    if _BEGINS.search(text, 0, _LOOKED_AT) is None:
        return None
    pieces = list(_split(text))
    kept = [piece for piece in pieces if not piece.is_hunk]
    room_left = room.limit - sum(room.count(piece.text) for piece in kept) - room.count(_tell(pieces, room))
    chosen: set[int] = set()
    for place, piece in enumerate(pieces):
        if piece.is_hunk and (cost := room.count(piece.text)) <= room_left:
            room_left -= cost
            chosen.add(place)
    while True:
        drawn = _draw(pieces, chosen, room)
        if room.fits(drawn):
            return drawn
        if not chosen:
            return None
        chosen.discard(max(chosen))


def _split(text: str) -> Iterator[_Piece]:
    lines = text.split("\n")
    between: list[str] = []
    file = ""
    at = 0
    while at < len(lines):
        line = lines[at]
        if line.startswith("+++ "):
            file = line[4:].split("\t")[0].removeprefix("b/")
        found = _HUNK.match(line)
        if found is None:
            between.append(line)
            at += 1
            continue
        end = _find_end(lines, at + 1, int(found[1] or 1), int(found[2] or 1))
        if between:
            yield _Piece("\n".join(between), len(between), is_hunk=False, file=file)
            between = []
        yield _Piece("\n".join(lines[at:end]), end - at, is_hunk=True, file=file)
        at = end
    if between:
        yield _Piece("\n".join(between), len(between), is_hunk=False, file=file)


def _find_end(lines: list[str], at: int, old: int, new: int) -> int:
    """Return where a hunk ends whose header promises so many lines of either side."""
    while at < len(lines) and (old > 0 or new > 0 or lines[at].startswith("\\")):
        sign = lines[at][:1]
        if sign not in ("", " ", "-", "+", "\\"):
            break
        old -= sign in ("", " ", "-")
        new -= sign in ("", " ", "+")
        at += 1
    return at


def _draw(pieces: list[_Piece], chosen: set[int], room: Room) -> str:
    drawn: list[str] = []
    gone: list[_Piece] = []
    for place, piece in enumerate(pieces):
        if piece.is_hunk and place not in chosen:
            gone.append(piece)
        else:
            drawn.append(piece.text)
    return "\n".join([*drawn, *([_tell(gone, room)] if gone else [])])


def _tell(gone: list[_Piece], room: Room) -> str:
    hunks = [piece for piece in gone if piece.is_hunk]
    files = list(dict.fromkeys(piece.file for piece in hunks))
    named = ", ".join([name[:80] for name in files[:_MOST_NAMED]] + ["others"] * (len(files) > _MOST_NAMED))
    lines = sum(piece.lines for piece in hunks)
    return room.mark(f"{len(hunks):,} whole hunk{'' if len(hunks) == 1 else 's'} ({lines:,} lines) of {named}")
