"""Which plain texts a line must hold for a pattern to match it: they are sought in all lines at once.

A pattern of Python's `re` is read from left to right, and what is not surely a plain text is taken for none: so a text
may be shorter than it could be, but a line without any of them never matches.
"""

import re
from typing import Final

_COMMENT: Final = re.compile(r"\(\?#(?:\\.|[^)\\])*\)", re.DOTALL)
_QUANTIFIER: Final = re.compile(r"(?:[*+?]|\{(\d*)(?:,(\d*))?\})[?+]?")
_TRANSPARENT: Final = re.compile(r"\((?:\?:|\?P<\w+>|(?!\?))")
"""How a group begins whose text stands in the line as it is."""
_CLASS: Final = re.compile(r"\[\^?\]?(?:[^\]\\]|\\.)*\]", re.DOTALL)
_MOST: Final = 32
"""Alternatives."""

_PART: Final = re.compile(rf"\\.|{_CLASS.pattern}|\(|(\))?\{{(\d*)(,?)(\d*)\}}|\)", re.DOTALL)
"""What matters of a pattern to count by: groups, and numbers of repetitions, those of a group with its end."""

Texts = frozenset[str]
"""One of these is in each line that matches; none says that nothing is known."""
_UNKNOWN: Final[Texts] = frozenset()


def find_literals(pattern: str, *, is_verbose: bool = False, ignores_case: bool = False) -> Texts:
    """Return texts one of which is in each line that `pattern` matches, none if there are no such texts.

    Where case is ignored they are in lower case, and of ASCII.
    """
    if is_verbose:  # blanks and comments are no part of such a pattern
        return _UNKNOWN
    reader = _Reader(pattern, ignores_case=ignores_case)
    return reader.read_alternatives()


def count_repetitions(pattern: str) -> int:
    """Return how often the innermost part of nested `{N}` is repeated, at most."""
    inside = [1]
    for found in _PART.finditer(pattern):
        if found[0] == "(":
            inside.append(1)
            continue
        many = max((int(number) for number in (found[2], found[4]) if number), default=1)
        if found[0].startswith(")") and len(inside) > 1:
            many *= inside.pop()
        inside[-1] = max(inside[-1], many)
    return max(inside)


class _Reader:
    """Reads a pattern that `re` has accepted."""

    def __init__(self, pattern: str, *, ignores_case: bool) -> None:
        self._pattern = pattern
        self._ignores_case = ignores_case
        self._at = 0

    def read_alternatives(self) -> Texts:
        """Read up to the end of the group, or of the pattern."""
        found: list[Texts] = [self._read_sequence()]
        while self._peek() == "|":
            self._at += 1
            found.append(self._read_sequence())
        if not all(found):
            return _UNKNOWN
        texts = frozenset().union(*found)
        return texts if len(texts) <= _MOST else _UNKNOWN

    def _read_sequence(self) -> Texts:
        best: Texts = _UNKNOWN
        run = ""
        self._skip_comments()
        while self._peek() not in {"", "|", ")"}:
            plain, inner = self._read_item()
            least, is_repeated = self._read_quantifier()
            if plain and least:
                run += plain
            if plain and not is_repeated:
                continue
            best = _better(best, frozenset({run}) if run else _UNKNOWN)
            best = _better(best, inner if least else _UNKNOWN)
            run = ""
        return _better(best, frozenset({run}) if run else _UNKNOWN)

    def _read_item(self) -> tuple[str, Texts]:
        """Read one item; return the character that it is, or what is known of a group."""
        char = self._pattern[self._at]
        if char == "(":
            return "", self._read_group()
        if char == "[":
            found = _CLASS.match(self._pattern, self._at)
            self._at = found.end() if found else len(self._pattern)
            return "", _UNKNOWN
        if char == "\\":
            char = self._pattern[self._at + 1]
            self._at += 2
            return "" if char.isalnum() else self._plain(char), _UNKNOWN
        self._at += 1
        return "" if char in ".^$" else self._plain(char), _UNKNOWN

    def _plain(self, char: str) -> str:
        """Return a character as it stands in lines; where case is ignored it is known of ASCII alone."""
        if not self._ignores_case:
            return char
        return char.lower() if char.isascii() else ""

    def _read_group(self) -> Texts:
        opening = _TRANSPARENT.match(self._pattern, self._at)
        if opening:
            self._at = opening.end()
        else:  # looks around, has flags of its own, refers to another group: it is only read past
            self._at += 1
            while self._peek() == "?" or self._pattern.startswith(("P=", "P>"), self._at):
                self._at += 1
        inner = self.read_alternatives()
        self._at += 1
        return inner if opening else _UNKNOWN

    def _read_quantifier(self) -> tuple[bool, bool]:
        """Return whether what stands before occurs at least once, and whether it is said how often."""
        self._skip_comments()
        found = _QUANTIFIER.match(self._pattern, self._at)
        if found is None or found[0].startswith("{}"):
            return True, False
        self._at = found.end()
        self._skip_comments()
        return found[0][0] == "+" or int(found[1] or 0) > 0, True

    def _skip_comments(self) -> None:
        """Read past comments, which may stand between an item and how often it occurs."""
        while found := _COMMENT.match(self._pattern, self._at):
            self._at = found.end()

    def _peek(self) -> str:
        return self._pattern[self._at : self._at + 1]


def _better(one: Texts, other: Texts) -> Texts:
    """Return the texts of which the shortest is longer."""
    return max(one, other, key=lambda texts: min(map(len, texts), default=0))
