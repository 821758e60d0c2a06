"""Where a text can be cut without changing what it counts as.

A text can be counted in pieces and give the same sum where no token and no part of the tokenizer's pattern reaches
across the cut. That holds for both encodings after a line break that is followed by a character that is neither white
space nor a slash; a test compares streamed with whole. Only such places are cut.
"""

import re

_LAST_LINES = 100_000
_CUT = re.compile(r"\n(?=[^\s/])")


def cut_all(text: str) -> list[str]:
    """Return `text` cut at every place where it can be: pieces whose counts add up to that of all of it."""
    *lines, last = _CUT.split(text)
    return [*(f"{each}\n" for each in lines), last]


def last_cut(before: str, text: str) -> int | None:
    """Return the last place in `text` where it can be cut, 0 being the place after `before`, or None."""
    for start in (max(0, len(text) - _LAST_LINES), 0):
        places = [found.end() for found in _CUT.finditer(text, start)]
        if places:
            return places[-1]
    return 0 if _CUT.match(before + text[:1]) else None
