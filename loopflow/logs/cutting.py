"""Names and lines of a log within our own lines: cut to a length, and without what divides names there.

The marks that stand for secrets stay whole: half of one, or one with other brackets, would be taken for a secret when
a digest is read as a log.
"""

import re
from typing import Final

_MARK: Final = re.compile(r"(\[redacted:[a-z-]{1,40}\])")
_DIVIDERS: Final = str.maketrans("|[]\n", "/() ")


def cut_text(text: str, most: int) -> str:
    """Return no more than the first `most` characters of a text."""
    if len(text) <= most:
        return text
    cut = next((found.start() for found in _MARK.finditer(text) if found.start() < most < found.end()), most)
    return text[:cut]


def as_name(text: str, most: int) -> str:
    """Return a name without what divides names in our own lines, and no more than `most` characters of it."""
    parts = _MARK.split(text)
    parts[::2] = [part.translate(_DIVIDERS) for part in parts[::2]]
    return cut_text("".join(parts).strip(), most)
