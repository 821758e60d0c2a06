r"""Private keys in PEM blocks: over many lines, over the blocks of a stream, or on one line with `\n` in it.

RFC 7468 has the form (and RFC 1421 and RFC 9580 those with headers). Logs put stamps, names of containers, quotes and
colours around each line. A line belongs to a key if no more words stand before its end than stood before the BEGIN
line, and it ends in base64 that is no longer than the first line of the key. A shorter one is the last. The first line
that does not fit ends the key, whether or not an END line was seen: nothing else is swallowed.
"""

import re
from typing import NamedTuple

ANCHOR = b"PRIVATE KEY"
_BEGIN = re.compile(rb"-{4,5} ?BEGIN [A-Z0-9 ]{0,40}?PRIVATE KEY(?: BLOCK)? ?-{4,5}")
_BACK = 64
_BEFORE = 256
_MOST = 1024
_LEAST = 16
_END = re.compile(rb"-{4,5} ?END ")
# What may stand around the base64 on a line: quotes, ends of lines as code and JSON write them, bars, colours.
_CLOSER = rb"(?:\\[rn]?|[\"'`,;+|\t\r ]|\x1b\[[0-9;]{0,16}m){0,64}+"
_CLOSERS = re.compile(_CLOSER)
_TAIL = re.compile(_CLOSER + rb"\n?\Z")
_FIRST = re.compile(rb"[A-Za-z0-9+/]{16}|Proc-Type: |Version: |Comment: ")
_NEXT = re.compile(rb"[A-Za-z0-9+/=]{4,76}[\\\"'`]")
_REST = re.compile(rb"[^\n\"'`<]*")
_HEADER = re.compile(rb"(?:Proc-Type|DEK-Info|Version|Comment|Hash|Charset|MessageID|Subject): ")
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_CHECKSUM = 5


class Inside(NamedTuple):
    """What is known of a key that a stream is inside of: words before its BEGIN, length of a line, whether it ended."""

    words: int
    width: int = 0
    is_last: bool = False


def hide_keys(text: bytes, mark: bytes, inside: Inside | None) -> tuple[bytes, Inside | None]:
    """Replace what belongs to private keys in whole lines; give the text, and what its end is inside of."""
    out: list[bytes] = []
    at = 0
    while True:
        if inside is not None:
            at, inside = _hide_lines(text, at, mark, inside, out)
        begin = _find_begin(text, at)
        if begin is None:
            return b"".join([*out, text[at:]]), inside
        out.append(text[at : begin.end()])
        at, inside = _hide_rest(text, begin, mark, out)


def _find_begin(text: bytes, at: int) -> re.Match[bytes] | None:
    """Find the next BEGIN line of a private key."""
    found = text.find(ANCHOR, at)
    while found >= 0:
        start = text.rfind(b"BEGIN ", max(at, found - _BACK), found) - len(b"-----")
        begin = _BEGIN.match(text, start) if start >= at else None
        if begin is not None:
            return begin
        found = text.find(ANCHOR, found + len(ANCHOR))
    return None


def _hide_rest(text: bytes, begin: re.Match[bytes], mark: bytes, out: list[bytes]) -> tuple[int, Inside | None]:
    """Replace what is left of a key on the line of its BEGIN; give where that ends, and whether lines follow."""
    at = begin.end()
    first = _FIRST
    while True:
        start = _skip(text, at)
        if text[start : start + 1] in {b"", b"\n"} and first is _FIRST:
            out.append(text[at : start + 1])
            return start + 1, Inside(_words_before(text, begin.start()))
        if not first.match(text, start) and not _FIRST.match(text, start):
            return at, None
        rest = _REST.match(text, start)
        stop = start if rest is None else rest.end()
        end = _END.search(text, start, stop)
        out += [text[at:start], mark]
        at = stop if end is None else end.start()
        first = _NEXT


def _skip(text: bytes, at: int) -> int:
    """Return where what may stand before base64 ends."""
    closers = _CLOSERS.match(text, at)
    return at if closers is None else closers.end()


def _words_before(text: bytes, at: int) -> int:
    """Count the words before a place in its line; one that the place is within is none."""
    return len((text[max(0, at - _BEFORE) : at].rpartition(b"\n")[2] + b".").split()) - 1


def _hide_lines(text: bytes, at: int, mark: bytes, inside: Inside, out: list[bytes]) -> tuple[int, Inside | None]:
    """Replace lines as long as they belong to the key; give where the first that does not begins, or the end."""
    while at < len(text):
        end = text.find(b"\n", at) + 1 or len(text)
        after = _read_line(text[at:end], inside) if end - at <= _MOST else None
        if after is None:
            return at, None
        start, stop, inside = after
        out += [text[at : at + start], mark, text[at + stop : end]] if start < stop else [text[at:end]]
        at = end
    return at, inside


def _read_line(line: bytes, inside: Inside) -> tuple[int, int, Inside] | None:
    """Say where the base64 on a line begins and ends, and what comes next; None if the line is not the key's."""
    tail = _TAIL.search(line)
    stop = len(line) if tail is None else tail.start()
    stem = line[:stop]
    if _HEADER.search(stem) and not inside.width:
        return 0, 0, inside
    words = len(stem.split())
    if _END.search(stem) or words > inside.words + 1:
        return None
    start = len(stem.rstrip(_BASE64))
    size = stop - start
    if size < (1 if inside.width else _LEAST):
        return (0, 0, inside) if words <= inside.words else None
    if inside.is_last:
        return (start, stop, inside) if size == _CHECKSUM else None
    if inside.width and size > inside.width:
        return None
    return start, stop, Inside(inside.words, inside.width or size, size < inside.width)
