"""A text in at most so many tokens: its first and last lines, and between them a word on what is left out."""

from collections.abc import Callable
from typing import Final

Count = Callable[[str], int]
_ENDS: Final = 12
_HEAD_SHARE: Final = 0.5
_ROUNDS: Final = 12
_LEAST: Final = 12
"""Tokens: what is cut to less says nothing."""


def shorten(text: str, limit: int, count: Count) -> str:
    """Return a text of at most `limit` tokens that begins and ends as `text`; itself if it has no more.

    Where the limit is too small for anything, that something was left out is all that is said: `[...]`.
    """
    if fits(text, limit, count):
        return text
    if limit < _LEAST:
        return "[...]"
    lines = text.split("\n")
    if len(lines) > 2 * _ENDS:
        best = _by_lines(lines, limit, count)
        if best is not None:
            return best
    return _by_characters(text, limit, count)


def fits(text: str, limit: int, count: Count) -> bool:
    """Whether a text has at most so many tokens. A token has at least one byte, so short ones are not counted."""
    return len(text) * 4 <= limit or count(text) <= limit


def _by_lines(lines: list[str], limit: int, count: Count) -> str | None:
    """Return as many of the first and the last lines as there is room for, None where that is less than two."""
    budget = limit * 4  # characters, to begin with: a token has about four
    for _ in range(_ROUNDS):
        head, tail = _take(lines, int(budget * _HEAD_SHARE)), _take(lines[::-1], int(budget * (1 - _HEAD_SHARE)))
        if not head or not tail or head + tail >= len(lines):
            return None
        text = "\n".join([*lines[:head], f"[... {len(lines) - head - tail:,} lines left out ...]", *lines[-tail:]])
        tokens = count(text)
        if tokens <= limit:
            return text
        budget = int(budget * limit / tokens * 0.95)
    return None


def _take(lines: list[str], room: int) -> int:
    taken = 0
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            return taken
        taken += 1
    return taken


def _by_characters(text: str, limit: int, count: Count) -> str:
    """Return the first and the last characters, as many as there is room for."""
    budget = limit * 4
    for _ in range(_ROUNDS):
        half = max(budget // 2, 1)
        if 2 * half < len(text):
            left_out = len(text) - 2 * half
            cut = f"{text[:half]}[... {left_out:,} characters left out ...]{text[-half:]}"
            tokens = count(cut)
            if tokens <= limit:
                return cut
            budget = int(budget * limit / tokens * 0.9)
        else:
            budget = len(text) // 2
        if budget < 2:  # noqa: PLR2004  nothing is left of either end
            break
    return "[...]"
