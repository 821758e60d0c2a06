"""Secrets become `[redacted:aws-key]` in whatever is shown or handed on: bytes in, bytes out, lines stay lines.

Logs are long and secrets are rare, so the common case is to see quickly that there are none. No regular expression
runs over a text: places are found with `bytes.find`, and a pattern is tried there and nowhere else. And most literals
are not sought in the text but in less of it. A token of a provider has many letters or digits in a row, so its prefix
is sought around such rows only; names such as `password` are sought, in all cases at once, in the text without the
characters that they have not.
"""

import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import NamedTuple

from loopflow.analysis.private_keys import ANCHOR, Inside, hide_keys
from loopflow.analysis.secret_patterns import FORMATS, LONG, LONG_FORMATS, NEAR
from loopflow.analysis.secret_values import NAMED, is_there

SHORT = b"***"
_WORD = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
_ROWS = bytes(ord("x") if byte in _WORD else ord(" ") for byte in range(256))
_ROW = b"x" * LONG
# Lower case, `_` for `-`: a text keeps its length.
_FOLD = bytes(ord("_") if byte == ord("-") else byte for byte in bytes(range(256)).lower())
# Letters in which prefixes differ, as one: fewer to look for.
_ALIKE = bytes.maketrans(b"bcdfmorsu", b"ppppppppp")
_LITERALS = [(literal.translate(_ALIKE), row, literal) for row in LONG_FORMATS for literal in row.literals]
_BY_LIKENESS = {
    alike: [(row, literal) for other, row, literal in _LITERALS if other == alike] for alike, _, _ in _LITERALS
}
# The letters and signs that tell names from other words; the others are left out, which leaves less to look through.
_TELLING = b"aceknprstwy%&\\"
_OTHERS = bytes(byte for byte in range(256) if byte not in _TELLING + _TELLING.upper())
_TOLD = {each: each.translate(_FOLD, _OTHERS) for row in NAMED for each in (row.first, *row.literals)}
_TELLS = set(_TOLD.values())
# Each with what is left of it in a line without its digits.
_LITERALS_OF_FORMATS = [
    (literal.translate(None, b"0123456789"), row, literal) for row in FORMATS for literal in row.literals
]


def redact(text: bytes, *, short: bool = False) -> bytes:
    """Return whole lines without the secrets in them, as `[redacted:KIND]`, or as `***` if `short`."""
    return Redactor(short=short).redact(text)


class Redactor:
    """Redacts a stream, block by block: a private key can begin in one block and end in another.

    Blocks end where lines end. A longer line can come in pieces that overlap by 4 KiB, which no secret but a private
    key exceeds.
    """

    def __init__(self, *, short: bool = False) -> None:
        self._short = short
        self._inside: Inside | None = None

    def redact(self, text: bytes, keys: Iterable[bytes] = ()) -> bytes:
        """Return the next lines without the secrets in them.

        `keys` are the lines without their digits, if they are at hand. Many lines have the same one, and no name has
        digits: so names are sought in each once.
        """
        if not text:
            return text
        kinds = b"\n".join(set(keys)) or text
        if self._inside is not None or ANCHOR in kinds:
            text, self._inside = hide_keys(text, self._mark(b"private-key"), self._inside)
            kinds = text
        hidden = self._hide_formats(text, kinds)
        return self._hide_named(hidden, kinds if hidden is text else hidden)

    def _hide_formats(self, text: bytes, kinds: bytes) -> bytes:
        """Replace what has the format of a provider."""
        rows = _long_rows(text)
        alike = rows.translate(_ALIKE)
        found = [(row, literal) for plain, row, literal in _LITERALS_OF_FORMATS if plain in kinds and literal in text]
        for likeness, listed in _BY_LIKENESS.items() if rows else ():
            if likeness in alike:
                found += [(row, literal) for row, literal in listed if literal in rows]
        for (kind, _, pattern, _), literal in found:
            text = _hide(text, _Places(text, literal), pattern, is_there, self._mark(kind))
        return text

    def _hide_named(self, text: bytes, kinds: bytes) -> bytes:
        """Replace what follows a name that says that it is secret."""
        telling = kinds.translate(_FOLD, _OTHERS)
        told = {tell for tell in _TELLS if tell in telling}
        folded = b""
        for kind, first, literals, pattern, judge, _ in NAMED:
            for literal in literals:
                if _TOLD[first] in told and _TOLD[literal] in told and first in text:
                    folded = folded or text.translate(_FOLD)
                    hidden = _hide(text, _Places(folded, literal), pattern, judge, self._mark(kind))
                    folded = folded if hidden is text else b""
                    text = hidden
        return text

    def _mark(self, kind: bytes) -> bytes:
        return SHORT if self._short else b"[redacted:" + kind + b"]"


def _long_rows(text: bytes) -> bytes:
    """Return the parts of a text that have LONG letters or digits in a row, each once, with what stands before it."""
    rows = text.translate(_ROWS)
    parts: set[bytes] = set()
    at = rows.find(_ROW)
    while at >= 0:
        end = rows.find(b" ", at + LONG)
        end = end if end >= 0 else len(text)
        parts.add(text[max(at - NEAR, 0) : end])
        at = rows.find(_ROW, end)
    return b" ".join(parts)


class _Places(NamedTuple):
    """Where to look: a literal in a text, or in the form of it in which the literal is written, of the same length."""

    text: bytes
    literal: bytes


@cache
def _compile(pattern: bytes) -> re.Pattern[bytes]:
    """Return a pattern of the tables, compiled once it is needed: most texts need none."""
    return re.compile(pattern)


def _hide(text: bytes, places: _Places, pattern: bytes, judge: Callable[[re.Match[bytes]], bool], mark: bytes) -> bytes:
    """Replace the secrets that `pattern` finds where the literal stands; the same text if there are none."""
    parts: list[bytes] = []
    done = 0
    at = places.text.find(places.literal)
    while at >= 0:
        after = at + len(places.literal)
        match = _compile(pattern).match(text, at)
        if match is not None and judge(match):
            start, after = match.span(match.lastgroup or 0)
            parts += [text[done:start], mark]
            done = after
        elif match is not None:
            # What was turned down can have another name in it; what was only passed over cannot.
            after = max(after, match.end() if match.lastgroup is None else match.start(match.lastgroup))
        at = places.text.find(places.literal, after)
    return b"".join([*parts, text[done:]]) if parts else text
