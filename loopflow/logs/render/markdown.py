"""A digest as Markdown: what it is of, a table of what failed, and the digest in a block of code.

The finished document is counted, and made smaller until it has at most as many tokens as are allowed: the table gets a
part of them, and the digest within is reduced once more to what is left.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from loopflow.errors import ExitCode, LoopflowError
from loopflow.logs.heading import tell_counts
from loopflow.logs.model import Digest, Outcome
from loopflow.logs.render.rows import (
    describe_numbers,
    describe_range,
    describe_remarks,
    headline,
    name_logs,
    rank_failures,
)
from loopflow.logs.render.visible import disarm, show_line
from loopflow.logs.running import Reduced
from loopflow.render.markdown_text import Column, block, code, shorten_name, table

Count = Callable[[str], int]
"""Returns the tokens of a text."""

_MOST_ROWS: Final = 50
_LONGEST_HEADLINE: Final = 160
_TABLE_SHARE: Final = 4
"""The table may take one part in so many of what is allowed."""
_MOST_TRIES: Final = 10
"""How often the digest within is made smaller, with a table and once more without."""
_MOST_NAMINGS: Final = 6
_COLUMNS: Final = (
    Column("Reference"),
    Column("Priority"),
    Column("Lines"),
    Column("Times", is_number=True),
    Column("What"),
)


@dataclass(frozen=True, slots=True)
class Document:
    """A digest in another form, and the digest that it tells."""

    text: str
    digest: Digest


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a document may have: tokens, and bytes if it is to be that short."""

    count: Count
    tokens: int
    bytes: int | None = None

    def exceed(self, text: str, tokens: int) -> int:
        """Return how many tokens are too many, 0 if it fits."""
        over = max(tokens - self.tokens, 0)
        size = len(text.encode("utf-8", "replace"))
        if self.bytes is not None and size > self.bytes:
            over = max(over, 1 + tokens * (size - self.bytes) // size)
        return over


def fit_markdown(reduced: Reduced, bounds: Bounds) -> Document:
    """Return a document within the bounds. Raises LoopflowError where they are too narrow for any."""
    failures = rank_failures(reduced.digest)
    rows = _choose_rows(reduced.digest, failures, bounds)
    for shown in dict.fromkeys((rows, 0)):
        if document := _shrink(reduced, failures, shown, bounds):
            return document
    what = f"{bounds.tokens:,} tokens are too few for Markdown"
    raise LoopflowError(what, "raise --fit, or print it as text", ExitCode.OVER_BUDGET)


def _choose_rows(digest: Digest, failures: Sequence[Outcome], bounds: Bounds) -> int:
    """Return how many rows the table may have for its share."""
    low, high = 0, min(len(failures), _MOST_ROWS)
    while low < high:
        middle = (low + high + 1) // 2
        text = "\n".join(_table(digest, failures, middle))
        tokens = bounds.count(text) * _TABLE_SHARE
        size = len(text.encode("utf-8", "replace")) * _TABLE_SHARE
        if tokens <= bounds.tokens and (bounds.bytes is None or size <= bounds.bytes):
            low = middle
        else:
            high = middle - 1
    return low


def _shrink(reduced: Reduced, failures: Sequence[Outcome], rows: int, bounds: Bounds) -> Document | None:
    """Reduce the digest within until the document fits; None if it does not come to that."""
    digest, slack = reduced.digest, 0
    for _ in range(_MOST_TRIES):
        text, tokens = _name_tokens(digest, failures, rows, bounds)
        over = bounds.exceed(text, tokens)
        if not over:
            return Document(text, digest)
        room = digest.tokens_after - over - slack
        slack = 2 * slack + 1
        if room <= 0:
            return None
        try:
            digest = reduced.to(room)
        except LoopflowError as error:
            if error.exit_code is not ExitCode.OVER_BUDGET:
                raise
            return None
    return None


def _name_tokens(digest: Digest, failures: Sequence[Outcome], rows: int, bounds: Bounds) -> tuple[str, int]:
    """Name the tokens of the document in it, if there is a number that is true."""
    named = digest.tokens_after
    for _ in range(_MOST_NAMINGS):
        text = _draw(digest, failures, rows, describe_numbers(digest, named, bounds.tokens))
        tokens = bounds.count(text)
        if tokens == named:
            return text, tokens
        named = tokens
    text = _draw(digest, failures, rows, describe_numbers(digest, None, None))
    return text, bounds.count(text)


def _draw(digest: Digest, failures: Sequence[Outcome], rows: int, numbers: str) -> str:
    return "\n".join(_lines(digest, failures, rows, numbers)) + "\n"


def _lines(digest: Digest, failures: Sequence[Outcome], rows: int, numbers: str) -> Iterator[str]:
    told = "".join(tell_counts(digest.priorities))
    yield f"### {code(disarm(shorten_name(name_logs(digest))))}{': ' if told else ''}{told}"
    yield ""
    yield "; ".join([numbers, digest.log_type, *describe_remarks(digest)]) + "."
    if rows:
        yield ""
        yield from _table(digest, failures, rows)
    if shown := _digest_lines(digest):
        yield ""
        yield from block(shown)


def _table(digest: Digest, failures: Sequence[Outcome], rows: int) -> list[str]:
    more = len(failures) - rows
    cells = [_cells(outcome, digest) for outcome in failures[:rows]]
    return [*table(_COLUMNS, cells), *(["", f"and {more:,} more"] if more else [])]


def _cells(outcome: Outcome, digest: Digest) -> Sequence[str]:
    failure = outcome.failure
    said = headline(outcome, _LONGEST_HEADLINE)
    shown = code(disarm(said)) if said else ""
    return code(failure.ref), failure.block.priority.word, describe_range(outcome, digest), f"{failure.count:,}", shown


def _digest_lines(digest: Digest) -> list[str]:
    """Return the digest line by line, without its first one, which stands above."""
    text = digest.text if digest.is_whole else digest.text.removeprefix(f"{digest.head}\n")
    return [disarm(show_line(line)) for line in text.removesuffix("\n").split("\n")] if text else []
