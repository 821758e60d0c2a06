"""What others do with a log that is too long, each cut to a number of tokens, counted exactly.

All of them are given the log without colours and progress bars, so that none of them pays for those.
"""

import subprocess
from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import cache

from loopflow.logs.cleaning import clean
from loopflow.tokens import create_counter
from loopflow.tokens.protocol import TokenCounter

PATTERN = "error|fail|exception|fatal|panic|traceback"


@cache
def counter() -> TokenCounter:
    """Return what counts, loaded once for each process."""
    return create_counter()


def count(text: str) -> int:
    """Return the tokens of a text."""
    return counter().count([text])[0]


def clean_lines(data: bytes) -> list[str]:
    """Return the lines of a log as they are read, each with its end."""
    return clean(data if data.endswith(b"\n") else data + b"\n").decode("utf-8", "replace").splitlines(keepends=True)


def most_that_fits(fit: int, most: int, make: Callable[[int], str]) -> str:
    """Return the longest of the texts `make(0)` to `make(most)`, which grow, that has at most `fit` tokens."""
    if count(make(most)) <= fit:
        return make(most)
    return make(bisect_right(range(1, most + 1), fit, key=lambda many: count(make(many))))


def bound(lines: Sequence[str], fit: int) -> int:
    """Return how many lines cannot fit: each is a token at least, but for runs of empty ones."""
    return min(len(lines), 2 * fit)


def tail(lines: Sequence[str], fit: int) -> str:
    """Return as many of the last lines as fit."""
    return most_that_fits(fit, bound(lines, fit), lambda many: "".join(lines[len(lines) - many :]))


def head(lines: Sequence[str], fit: int) -> str:
    """Return as many of the first lines as fit."""
    return most_that_fits(fit, bound(lines, fit), lambda many: "".join(lines[:many]))


def head_and_tail(lines: Sequence[str], fit: int) -> str:
    """Return the first and the last lines, half of the tokens each; all where that fits."""
    if len(lines) <= fit and count("".join(lines)) <= fit:
        return "".join(lines)
    first = head(lines, fit // 2)
    return first + tail(lines, fit - fit // 2 - 1)  # counts of two texts may be one more when they are joined


def grep(lines: Sequence[str], fit: int) -> str:
    """Return what grep finds with three lines around it, from the first on."""
    found = subprocess.run(
        ["grep", "-a", "-i", "-E", "-C", "3", PATTERN], input="".join(lines).encode(), capture_output=True, check=False
    ).stdout
    return head(found.decode("utf-8", "replace").splitlines(keepends=True), fit)


Cut = Callable[[Sequence[str], int], str]

PLAIN: dict[str, Cut] = {"`tail`": tail, "head and tail": head_and_tail, "`grep -i -C 3`": grep}
