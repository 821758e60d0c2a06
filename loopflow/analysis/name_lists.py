"""Names of files as other programs print them: one a line, or each ended by a NUL.

`git` writes a name that holds a control character, a quote, a backslash or a byte that is not ASCII as a string of C
(core.quotePath in git-config(1)), unless its names end in NUL. A name in quotes that holds none of these is not git's:
another program has found a file that is called so.
"""

import re

from loopflow.errors import UsageError

_QUOTED = re.compile(rb'"((?:[^"\\]|\\(?:[abtnvfr"\\]|[0-3][0-7]{2}))*)"')
_ESCAPE = re.compile(rb"\\(?:([0-3][0-7]{2})|(.))")
_CHARS = {b"a": b"\a", b"b": b"\b", b"t": b"\t", b"n": b"\n", b"v": b"\v", b"f": b"\f", b"r": b"\r"}


def parse_names(data: bytes, *, null: bool) -> tuple[str, ...]:
    """Return the names in `data`, each once, in their order; with `null` they end in NUL, and are as they are.

    Bytes that are not UTF-8 are lone surrogates. Raises UsageError where names are separated by something else, and
    where there are none.
    """
    if null:
        if b"\0" not in data and b"\n" in data:
            raise UsageError("no name on standard input ends in NUL, as -0 expects", "leave out -0")
        found = data.split(b"\0")
    else:
        if b"\0" in data:
            raise UsageError("names on standard input end in NUL, and not one a line", "add -0")
        found = [_unquote(line.removesuffix(b"\r")) for line in data.split(b"\n") if line.strip()]
    names = tuple(dict.fromkeys(name.decode("utf-8", "surrogateescape") for name in found if name))
    if not names:
        raise UsageError(
            "no names on standard input", "the program before has found nothing; leave out --stdin to read all"
        )
    return names


def _unquote(name: bytes) -> bytes:
    quoted = _QUOTED.fullmatch(name) if b"\\" in name else None
    return _ESCAPE.sub(_unescape, quoted[1]) if quoted else name


def _unescape(found: re.Match[bytes]) -> bytes:
    return bytes([int(found[1], 8)]) if found[1] else _CHARS.get(found[2], found[2])
