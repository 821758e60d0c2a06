"""What narrowing is told, and what it says."""

from collections.abc import Callable
from typing import Literal, NamedTuple

from loopflow.chat.tools import Mode
from loopflow.errors import UncountableError
from loopflow.tokens.protocol import TokenCounter

Category = Literal["full", "summarized", "truncated", "error-only"]
Keep = Callable[[str], str | None]
"""Keeps a whole text, and returns where; None where it could not."""


class Narrowed(NamedTuple):
    """The output of a tool as a model shall read it.

    `stderr` is what there is of that, where it came apart. `tokens` are those of both. `kept_at` is the file with all
    of it, "" if there is none; `hidden` is how many secrets are not shown.
    """

    text: str
    category: Category
    mode: Mode | None
    tokens: int
    kept_at: str = ""
    stderr: str = ""
    hidden: int = 0


class Room(NamedTuple):
    """How many tokens a text may have, and where all of it is kept.

    `known` counts in place of `counter` where the same texts come again, as those of a history do.
    """

    limit: int
    counter: TokenCounter
    kept_at: str = ""
    known: Callable[[str], int] | None = None

    def fits(self, text: str) -> bool:
        """Whether a text has at most so many tokens. A token has at least one byte: short ones are not counted."""
        return len(text) * 4 <= self.limit or self.count(text) <= self.limit

    def count(self, text: str) -> int:
        """Return the tokens of a text; of one that no engine can count, as many as it has bytes."""
        if self.known is not None:
            return self.known(text)
        data = text.encode("utf-8", "replace")  # half a character has no count
        try:
            return self.counter.count([data.decode()])[0]
        except UncountableError:
            return len(data)

    @property
    def where(self) -> str:
        """Words for where all of it is kept."""
        return f"; all of it: {self.kept_at}" if self.kept_at else ""

    def mark(self, what: str) -> str:
        """Return the words for what is left out."""
        return f"[... {what} left out{self.where} ...]"
