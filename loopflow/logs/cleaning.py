"""Cleaning: what a terminal would not show, or should not be sent, is taken out of lines. Their number stays.

All of it works on a block of many lines at once, and only where the byte in question occurs: most blocks cost a few
searches. The codes are those of ECMA-48 and of xterm's control sequences.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

_ESCAPE: Final = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*[@-~]?"  # CSI
    rb"|[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)?"  # OSC, DCS, SOS, PM, APC
    rb"|[ -/]*[0-~]?)"  # two characters
)
_C1: Final = re.compile(rb"\xc2[\x80-\x9f]")
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")
_CONTROLS: Final = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]+")
_BACKSPACES: Final = re.compile("(\b+)")
_REPLACEMENT: Final = "\ufffd".encode()
_NOT_CONTROLS: Final = bytes(set(range(256)) - set(range(9)) - set(range(11, 32)) - {127})

LONGEST_LINE: Final = 4_000
"""Bytes. A longer line keeps its beginning, its end, and what is around a strong word."""

_KEPT_HEAD, _KEPT_TAIL, _KEPT_AROUND = 1_400, 400, 200
_MOST_STRONG: Final = 5
_LONGEST_MARKER: Final = 40
"""Bytes, about: as many are rather shown than left out."""
_TOLD: Final = 20
"""What a part of a line that was written over has to weigh to be shown: high priority, or more."""


Weigher = Callable[[Sequence[bytes]], Sequence[int]]
"""Returns what each of some lines weighs."""


def clean(block: bytes, weigh: Weigher | None = None, *, brief: bool = False) -> bytes:
    r"""Return `block`, whole lines, as UTF-8 without controls but tabs and line ends.

    Of a line with carriage returns the last segment that is not blank stays, as on a screen, and every other one that
    `weigh` gives 20 or more: an error that a progress bar wrote over. Controls become their numbers, as `\x00`, or if
    `brief` one U+FFFD for all in a row.
    """
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n")
    if b"\x1b" in block:
        block = _ESCAPE.sub(b"", block)
    if not block.isascii():
        block = _make_utf8(block)
        if b"\xc2" in block:
            block = _C1.sub(b"", block)
    if b"\r" in block:
        block = _replace_lines(block, b"\r", lambda lines: _apply_returns(lines, weigh))
    if b"\x08" in block:
        block = _replace_lines(block, b"\x08", lambda lines: map(_apply_backspaces, lines))
    if block.translate(None, _NOT_CONTROLS):
        block = (
            _CONTROLS.sub(_REPLACEMENT, block) if brief else _CONTROL.sub(lambda found: b"\\x%02x" % found[0][0], block)
        )
    return block


def is_lossy(block: bytes) -> bool:
    """Whether `block` has bytes that are not UTF-8."""
    if block.isascii():
        return False
    try:
        block.decode()
    except UnicodeDecodeError:
        return True
    return False


def shorten_line(line: bytes, find_strong: Callable[[bytes], list[int]], cut: int = 0) -> bytes:
    """Return a line of more than `LONGEST_LINE` bytes with what is left out named; cuts are between characters.

    `find_strong` returns the places of words that say that something failed. If `cut` bytes were left out when the line
    was read, their marker is one with that of what is left out around it.
    """
    size = len(line)
    kept = [(0, _KEPT_HEAD), (size - _KEPT_TAIL, size)]
    kept += [(place - _KEPT_AROUND, place + _KEPT_AROUND) for place in find_strong(line)[:_MOST_STRONG]]
    marker = name_left_out(cut) if cut else b""
    hole = line.find(marker) if cut else size
    pieces, at = [], 0
    for begin, end in sorted(_keep_whole(kept, hole, hole + len(marker))):
        start = next_character(line, begin)
        missing = start - at + (cut - len(marker) if at <= hole < start else 0)
        if missing > _LONGEST_MARKER:
            pieces.append(name_left_out(missing))
        else:
            start = at
        at = max(at, next_character(line, min(end, size)))
        pieces.append(line[start:at])
    return b"".join(pieces)


def name_left_out(count: int) -> bytes:
    """Return the marker for bytes of a line that are not shown."""
    return f" [... {count:,} bytes ...] ".encode()


def next_character(text: bytes, place: int) -> int:
    """Return the first place from `place` on at which a character of UTF-8 begins."""
    place = max(place, 0)
    while place < len(text) and text[place] & 0xC0 == 0x80:  # noqa: PLR2004  a byte that goes on a character
        place += 1
    return place


def _keep_whole(ranges: Iterable[tuple[int, int]], begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the ranges, so that each has all or nothing of what is from `begin` to `end`."""
    for first, last in ranges:
        yield (min(first, begin), max(last, end)) if first < end and begin < last else (first, last)


def _make_utf8(block: bytes) -> bytes:
    try:
        block.decode()
    except UnicodeDecodeError:
        return block.decode("utf-8", "replace").encode()
    return block


def _replace_lines(block: bytes, byte: bytes, change: Callable[[list[bytes]], Iterable[bytes]]) -> bytes:
    """Return `block` with what `change` makes of the lines that have `byte`."""
    pieces, lines, at = [], [], 0
    place = block.find(byte)
    while place >= 0:
        begin = block.rfind(b"\n", at, place) + 1 or at
        end = block.find(b"\n", place)
        end = len(block) if end < 0 else end
        pieces.append(block[at:begin])
        lines.append(block[begin:end])
        at = end
        place = block.find(byte, at)
    return b"".join(part for pair in zip(pieces, change(lines), strict=True) for part in pair) + block[at:]


def _apply_returns(lines: Sequence[bytes], weigh: Weigher | None) -> Iterator[bytes]:
    split = [[part for part in line.split(b"\r") if part.strip()] for line in lines]
    told = _find_told(split, weigh) if weigh else set()
    for parts in split:
        yield b" ".join([*(part for part in dict.fromkeys(parts[:-1]) if part in told), *parts[-1:]])


def _find_told(lines: Sequence[Sequence[bytes]], weigh: Weigher) -> set[bytes]:
    """Return the overwritten parts of lines that say that something went wrong."""
    parts = list({part for line in lines for part in line[:-1]})
    return {part for part, weight in zip(parts, weigh(parts), strict=True) if weight >= _TOLD or _is_mark(part)}


def _is_mark(part: bytes) -> bool:
    """Whether it says where a step of a build begins or ends, as GitLab and Travis write it before the step's name."""
    return part.startswith((b"section_start:", b"section_end:", b"travis_fold:"))


def _apply_backspaces(line: bytes) -> bytes:
    """Return a line as a screen shows it: each backspace takes a character away."""
    kept: list[tuple[str, int]] = []  # pieces, and how much of each is left: a long one is not copied again and again
    for piece in _BACKSPACES.split(line.decode("utf-8", "replace")):
        if not piece.startswith("\b"):
            kept.append((piece, len(piece)))
            continue
        away = len(piece)
        while kept and away >= kept[-1][1]:
            away -= kept.pop()[1]
        if kept and away:
            kept[-1] = kept[-1][0], kept[-1][1] - away
    return "".join(piece[:left] for piece, left in kept).encode()
