"""Patterns of the user's own, tried on lines: what they say goes before what the tables know.

They are of Python's `re`. They are run by `regex`, which can be stopped: a pattern that backtracks ends the run with an
error, since a line that was silently not looked at would be a failure that nobody sees.
"""

import re
import warnings
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from time import thread_time
from typing import TYPE_CHECKING, Final

from loopflow.analysis.names import escape_name
from loopflow.errors import UsageError
from loopflow.logs.literals import count_repetitions, find_literals

if TYPE_CHECKING:
    import regex

LONGEST_PATTERN: Final = 500
"""Characters."""
MOST_PATTERNS: Final = 200
_MOST_REPETITIONS: Final = 4_000
"""`regex` makes as many copies of what is repeated."""

_SECONDS: Final = 2.0
_LEAST_SECONDS: Final = 0.01
_SECONDS_A_BYTE: Final = 1e-6
"""A pattern that takes more for each byte that it sees, and those seconds, is stopped. `re` needs a hundredth of it."""
_WINDOW: Final = 2_000
"""Bytes before and after a text that is sought, in a line that is too long to be looked at whole."""
_MOST_WINDOWS: Final = 16
_LONGEST_SHOWN: Final = 60
_BRACE: Final = re.compile(r"\\.|\{(?!\d+(?:,\d*)?\}|,\d*\})", re.DOTALL)
"""One that repeats nothing: to `re` it is a plain character, to `regex` it may be more."""
_FOLDED: Final = (
    ("\u0130".encode(), b"i"),
    ("\u0131".encode(), b"i"),
    ("\u017f".encode(), b"s"),
    ("\u212a".encode(), b"k"),
)
"""What is a letter of ASCII where case is ignored."""


def check_pattern(pattern: str) -> str:
    """Return what is wrong with a pattern, "" if nothing is."""
    if not 0 < len(pattern) <= LONGEST_PATTERN:
        return f"it has more than {LONGEST_PATTERN} characters" if pattern else "it is empty"
    if "\n" in pattern or "\0" in pattern:
        return "it has a line end in it, and lines have none"
    if any("\ud800" <= char <= "\udfff" for char in pattern):
        return "it is not UTF-8"
    try:
        return _try_pattern(pattern)
    except (re.error, ValueError, OverflowError, RecursionError, Warning) as error:
        return escape_name(f"{error}")
    except Exception as error:  # `regex` has an exception of its own
        if type(error).__module__.partition(".")[0] != "regex":
            raise
        return escape_name(f"{error}")


def _try_pattern(pattern: str) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("error", FutureWarning)  # of what a later Python, and `regex`, read otherwise
        found = re.compile(pattern)
    if count_repetitions(pattern) > _MOST_REPETITIONS:
        return f"it repeats something more than {_MOST_REPETITIONS:,} times"
    _compile(pattern)
    return "it matches a line that is empty, and so every line" if found.search("") else ""


def shown_pattern(pattern: str) -> str:
    """Return a pattern as a message has it."""
    return f"'{escape_name(pattern[:_LONGEST_SHOWN])}{'...' if len(pattern) > _LONGEST_SHOWN else ''}'"


def has_literal(pattern: str) -> bool:
    """Whether there is a text that lines are first searched for. Without one, each line is looked at by itself."""
    return bool(_literals(re.compile(pattern)))


class Matcher:
    """Finds the lines that patterns match, which were checked. Raises UsageError where one takes too long."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = [_Pattern(each) for each in patterns]

    def __bool__(self) -> bool:
        """Whether there is any pattern."""
        return bool(self._patterns)

    def find(self, text: bytes, lines: Sequence[bytes]) -> Iterator[tuple[int, int]]:
        """Yield the place of each line that matches, and the number of the pattern; `text` is all of the lines."""
        folded: _Searched | None = None
        plain: _Searched | None = None
        for number, pattern in enumerate(self._patterns):
            if pattern.ignores_case:
                searched = folded = folded or _Searched(_fold(text))
            else:
                searched = plain = plain or _Searched(text)
            for at in searched.lines_with(pattern.literals) if pattern.literals else range(len(lines)):
                if pattern.matches(lines[at]):
                    yield at, number

    def matches(self, lines: Sequence[str]) -> bool:
        """Whether any of the patterns matches any of the lines."""
        encoded = [line.encode("utf-8", "replace") for line in lines]
        return next(self.find(b"".join(line + b"\n" for line in encoded), encoded), None) is not None

    def places(self, line: bytes) -> list[int]:
        """Return where in a very long line the patterns match, at most once each: they see what is near their texts."""
        return [place for pattern in self._patterns if (place := pattern.place(line)) is not None]


class _Pattern:
    """A compiled pattern, and how long it took until now."""

    def __init__(self, pattern: str) -> None:
        compiled = re.compile(pattern)
        self.ignores_case = bool(compiled.flags & re.IGNORECASE)
        self.literals = [text.encode() for text in sorted(_literals(compiled))]
        self._text = pattern
        self._compiled = _compile(pattern)
        self._left = _SECONDS

    def matches(self, line: bytes) -> bool:
        """Whether it matches a line."""
        return self._search(line) is not None

    def place(self, line: bytes) -> int | None:
        """Return where it matches in a line, near one of its texts."""
        low = _fold(line) if self.ignores_case else line
        for literal in self.literals:
            at = low.find(literal)
            for _ in range(_MOST_WINDOWS):
                if at < 0:
                    break
                begin = max(at - _WINDOW, 0)
                if (found := self._search(line[begin : at + len(literal) + _WINDOW])) is not None:
                    return begin + found
                at = low.find(literal, at + _WINDOW)
        return None

    def _search(self, line: bytes) -> int | None:
        begun = thread_time()
        text = line.decode("utf-8", "replace")
        try:
            found = self._compiled.search(text, timeout=max(min(self._left, _SECONDS), _LEAST_SECONDS))
        except TimeoutError:
            raise self._too_slow() from None
        self._left += _SECONDS_A_BYTE * len(line) - (thread_time() - begun)
        if self._left < 0:
            raise self._too_slow()
        return None if found is None else len(text[: found.start()].encode("utf-8", "replace"))

    def _too_slow(self) -> UsageError:
        what = f"the pattern {shown_pattern(self._text)} takes too long: it tries the same line in very many ways"
        return UsageError(what, "write it without repetitions inside of repetitions, such as (a+)+")


class _Searched:
    """Lines in one text, in which others are sought."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._starts: list[int] = []

    def lines_with(self, literals: Sequence[bytes]) -> list[int]:
        """Return the places of the lines that have one of these in them."""
        found: set[int] = set()
        for literal in literals:
            at = self._text.find(literal)
            while at >= 0:
                line = self._line(at)
                found.add(line)
                at = self._text.find(literal, self._starts[line + 1])
        return sorted(found)

    def _line(self, at: int) -> int:
        if not self._starts:
            self._starts = [*accumulate((len(line) + 1 for line in self._text.split(b"\n")), initial=0)]
        return bisect_right(self._starts, at) - 1


def _fold(text: bytes) -> bytes:
    """Return text in lower case, as far as that is ASCII: lines stay, places in them may not."""
    text = text.lower()
    if not text.isascii():
        for letter, plain in _FOLDED:
            text = text.replace(letter, plain)
    return text


def _literals(compiled: re.Pattern[str]) -> frozenset[str]:
    flags = compiled.flags
    return find_literals(
        compiled.pattern, is_verbose=bool(flags & re.VERBOSE), ignores_case=bool(flags & re.IGNORECASE)
    )


def _compile(pattern: str) -> "regex.Pattern[str]":
    import regex  # noqa: PLC0415  most runs have no pattern of their own

    return regex.compile(_BRACE.sub(_escape_brace, pattern), regex.VERSION0)


def _escape_brace(found: re.Match[str]) -> str:
    return found[0] if found[0].startswith("\\") else "\\{"
