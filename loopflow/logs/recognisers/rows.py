"""The two kinds of rows that the tables have. Patterns are of bytes, and are tried on lines with one of the stems only.

`stems` are in lower case ("^" is the beginning of a line), and are sought in many lines at once; what none of them occurs in costs nothing more. Digits
are taken out of a line before, so patterns have none, but those of a row with `digits`.
"""

from typing import NamedTuple

from loopflow.logs.model import Priority


class Word(NamedTuple):
    """Says of a line how much it looks like the reason of a failure, 0 to 100."""

    weight: int
    pattern: bytes
    stems: str
    """One or more, divided by "|"."""
    digits: bytes = b""
    """Where digits decide: what a line without its digits looks like that may have them in the place that matters. The
    pattern is tried on each such line then, with its digits."""
    number: bytes = b""
    """The number that decides, with what stands before it: where it is not in a line, the pattern is not tried."""
    is_anchor: bool = False
    """Whether it says that a step ended badly: the reason stands before it."""


class Recogniser(NamedTuple):
    """How the lines of one kind of failure belong together. All patterns but `start` see lines with their digits."""

    name: str
    start: bytes
    """Of its first line."""
    stems: str
    weight: int
    """Of the first line."""
    confirm: bytes = b""
    """Of its first line with its digits, where they decide."""
    goes_on: bytes = rb"\s|$"
    """Of every line that surely belongs to it."""
    ends: bytes = b""
    """Of the line before which it ends. With one, what begins something else does not end it."""
    last: bytes = b""
    """Of the line that it ends with, but for what `chain` says."""
    chain: bytes = b""
    """Of a line with which it begins again after `last`, blank lines between."""
    plain: int = 0
    """How many lines that do not go on it may have one after the other."""
    before: int = 0
    """How many lines before the first belong to it, at most."""
    back: bytes = b""
    """Of these lines, where not any will do."""
    headline: bytes = b""
    """Of the line that says why; without one it is the heaviest."""
    most: int = 400
    at_most: Priority = Priority.CRITICAL
    """Whatever its lines weigh: what only repeats what others say is high, and what is not meant is verbose."""
