"""Names that hold the hash of a content, as bundlers give them: they change with every build."""

import re

from loopflow.analysis.patterns import escape_pattern

_HEX = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?=[a-f]*[0-9])[0-9a-f]{8,64})(?![0-9A-Za-z])",
    re.IGNORECASE,
)
# As esbuild (base 32) and Rollup (base 64, with - and _) write them: eight characters before the suffix.
_DENSE = re.compile(r"(?<=[-._])[A-Za-z0-9_-]{8}(?=\.[A-Za-z])")


def glob_of(name: str) -> str:
    """Return the pattern for a name in which each hash is `*`; "" without one."""
    parts = []
    at = 0
    for begin, end in _find(name):
        parts += [escape_pattern(name[at:begin]), "*"]
        at = end
    return "".join([*parts, escape_pattern(name[at:])]) if at else ""


def shape_of(name: str) -> str:
    """Return the pattern for all names of a directory that have a hash of the same length before the same suffix."""
    found = _find(name)
    if not found:
        return ""
    begin, end = found[-1]
    separator = name[begin - 1 : begin]
    return "*" + escape_pattern(separator) + "?" * (end - begin) + escape_pattern(name[end:])


def _find(name: str) -> list[tuple[int, int]]:
    """Return where each hash begins and ends."""
    found = [match.span() for match in _HEX.finditer(name)]
    return found or [match.span() for match in _DENSE.finditer(name) if _is_dense(match[0])]


def _is_dense(text: str) -> bool:
    """Whether a text is no word: letters and digits mixed, or capitals in the middle of small letters."""
    letters = [character for character in text if character.isalpha()]
    if len(letters) < len(text) and letters and any(character.isdigit() for character in text):
        return True
    inner = text[1:]
    return text.isupper() or (any(map(str.isupper, inner)) and any(map(str.islower, inner)))
