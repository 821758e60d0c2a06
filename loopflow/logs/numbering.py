"""Original lines for a terminal: each with its number, and nothing in them that could act there."""

import codecs
from collections.abc import Iterable, Iterator
from typing import Final

from loopflow.analysis.names import escape_name
from loopflow.logs.tracing import Piece

_LONGEST: Final = 4_000
"""Characters of a line that are shown; into a pipe goes all of it."""


def number_lines(piece: Piece) -> Iterator[str]:
    """Yield the lines, each with a number and an end: "12:" for those of the failure, "9-" for those around them."""
    first, last = piece.first - piece.before.lines, piece.last + piece.after.lines
    width = len(str(last))
    for number, line in enumerate(_lines(piece.read(), piece.encoding, has_mark=first == 1), first):
        mark = ":" if piece.first <= number <= piece.last else "-"
        yield f"{number:{width}}{mark} {line}\n"


def _lines(pieces: Iterable[bytes], encoding: str, *, has_mark: bool) -> Iterator[str]:
    """Yield lines that can be shown; of a long one, no more is held than is shown. A file may have a mark."""
    errors = "surrogateescape" if encoding == "utf-8" else "replace"
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    held, dropped, has_begun = "", 0, False
    for piece in pieces:
        text = decoder.decode(piece)
        if has_mark and text:
            text, has_mark = text.removeprefix("\ufeff"), False
        *ended, rest = text.split("\n")
        for line in ended:
            yield _show(held + line, dropped)
            held, dropped, has_begun = "", 0, False
        held += rest
        has_begun = has_begun or bool(rest)
        if len(held) > _LONGEST:
            dropped += len(held) - _LONGEST
            held = held[:_LONGEST]
    if has_begun:
        yield _show(held, dropped)


def _show(line: str, dropped: int) -> str:
    more = dropped + max(len(line) - _LONGEST, 0)
    shown = "\t".join(map(escape_name, line[:_LONGEST].removesuffix("\r").split("\t")))
    return f"{shown} [... {more:,} characters ...]" if more else shown
