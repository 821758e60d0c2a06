"""Rows in at most N tokens, exactly. Each begins with `[` and ends its line, where no token reaches across."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from loopflow.errors import ExitCode, LoopflowError
from loopflow.tokens.protocol import TokenCounter

_FEWEST: Final = 3
"""Tokens that a row has at least: of more rows than fit by that, none is counted."""


class Fitted(NamedTuple):
    """What is printed: its tokens, and how many of the rows are in it."""

    text: str
    tokens: int
    shown: int


def fit_rows(head: Callable[[int], str], rows: Sequence[str], fit: int, counter: TokenCounter) -> Fitted:
    """Return the first line, as `head` makes it for a number of rows, and as many rows behind it as fit.

    Raises LoopflowError (exit 1) where not even the first line does.
    """
    tried = rows[: fit // _FEWEST + 1]
    widest = max(counter.count([head(len(rows)), head(0), head(max(len(rows) - 1, 0))]))
    used, shown = widest, 0
    for tokens in counter.count(tried):
        if used + tokens > fit:
            break
        used += tokens
        shown += 1
    while True:
        text = head(shown) + "".join(rows[:shown])
        [tokens] = counter.count([text])
        if tokens <= fit:
            return Fitted(text, tokens, shown)
        if not shown:
            raise LoopflowError(f"--fit {fit:,} is too small", f"at least {tokens:,} works", ExitCode.OVER_BUDGET)
        shown -= 1


def fit_lines(head: str, lines: Sequence[str], fit: int, counter: TokenCounter) -> str:
    """Return a block of lines behind a heading, as many as fit, and a mark of how many do not; "" where none does."""
    low, high, best = 1, len(lines), ""
    while low <= high:
        middle = (low + high) // 2
        left = len(lines) - middle
        mark = f"[... {left:,} lines ...]\n" if left else ""
        text = f"{head}\n" + "".join(f"{line}\n" for line in lines[:middle]) + mark
        if counter.count([text])[0] <= fit:
            best, low = text, middle + 1
        else:
            high = middle - 1
    return best
