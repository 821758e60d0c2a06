"""The two kinds of rows that the tables have. Patterns are of bytes, and are tried on lines with one of the stems only.

`stems` are in lower case ("^" is the beginning of a line), and are sought in many lines at once; what none of them occurs in costs nothing more. Digits
are taken out of a line before, so patterns have none, but those of a row with `digits`.
"""

from typing import NamedTuple


class Word(NamedTuple):
    """Says of a line how much it looks like the reason of a failure, 0 to 100."""

    weight: int
    pattern: bytes
    stems: str
    """One or more, divided by "|"."""
    digits: bytes = b""
    """Where digits decide: what a line without its digits looks like that may have them in the place that matters. The
    pattern is tried on each such line then, with its digits."""
    is_anchor: bool = False
    """Whether it says that a step ended badly: the reason stands before it."""


class Recogniser(NamedTuple):
    """How the lines of one kind of failure belong together."""

    name: str
    start: bytes
    """Of its first line."""
    stems: str
    weight: int
    """Of the first line."""
    goes_on: bytes = rb"\s|$"
    """Of every line that surely belongs to it."""
    ends: bytes = b""
    """Of the line before which it ends, and nothing else ends it; without one it ends as `plain` says."""
    last: bytes = b""
    """Of the line that it ends with, but for what `chain` says."""
    chain: bytes = b""
    """Of a line with which it begins again after `last`, blank lines between."""
    plain: int = 0
    """How many lines that do not go on it may have one after the other."""
    before: int = 0
    """How many lines before the first belong to it."""
    headline: bytes = b""
    """Of the line that says why; without one it is the heaviest."""
    most: int = 400
    is_high: bool = False
    """Whether it is of high priority whatever its lines weigh: what only repeats what others say."""
