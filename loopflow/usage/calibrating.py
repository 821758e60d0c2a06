"""How counts compare with what a provider reported of a model whose encoding is not known: a range, never a count.

The range is that of the pairs themselves: from the smallest ratio that was seen to the largest. It is kept in
millionths, so that what fits by its upper end can be computed in whole numbers.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from math import ceil, floor
from statistics import median
from typing import Final, NamedTuple, TypeGuard

from sqlalchemy import select

from loopflow.errors import UsageError
from loopflow.usage.database import Database
from loopflow.usage.ledger import insert_into
from loopflow.usage.model import MOST
from loopflow.usage.schema import calibrations

LEAST_PAIRS: Final = 20
WIDEST: Final = Fraction(30, 100)
"""Of the median: from here on, texts differ too much for a range to say much."""
_UNIT: Final = 1_000_000
_SHOWN: Final = _UNIT // 1_000
_PAIR_EXAMPLE = 'write for example {"text": "Hello", "tokens": 2}'


class Pair(NamedTuple):
    """A text, and how many tokens the provider reported for it."""

    text: str
    tokens: int


class Calibration(NamedTuple):
    """What the tokens of a model are by those of an encoding: ratios, in millionths."""

    model: str
    encoding: str
    pairs: int
    low: int
    median: int
    high: int

    @property
    def spread(self) -> Fraction:
        """How far the ends of the range are apart, as a share of the median."""
        return Fraction(self.high - self.low, self.median)

    @property
    def is_wide(self) -> bool:
        """Whether the range says little."""
        return self.spread > WIDEST

    def find_range(self, tokens: int) -> tuple[int, int]:
        """Return between how many tokens of the model so many of the encoding are."""
        return tokens * self.low // _UNIT, -(-tokens * self.high // _UNIT)

    def find_most(self, fit: int) -> int:
        """Return how many tokens of the encoding are at most `fit` of the model, by the upper end of the range."""
        return fit * _UNIT // self.high

    def describe(self) -> str:
        """Return the range as people read it, rounded to the outside."""
        rounded = self.low // _SHOWN * _SHOWN, self.median, -(-self.high // _SHOWN) * _SHOWN
        low, middle, high = (f"{value / _UNIT:.3f}" for value in rounded)
        return f"{low} to {high} tokens for each of {self.encoding}, in the middle {middle}"


def read_pairs(lines: Iterable[bytes], name: str) -> Iterator[Pair]:
    """Yield the pair of each line that is not blank. Raises UsageError for one that is none, with its number."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except (ValueError, RecursionError):
            values = None
        value = values if isinstance(values, dict) else {}
        text, tokens = value.get("text"), value.get("tokens")
        if not (_is_text(text) and isinstance(tokens, int) and 0 < tokens <= MOST and tokens is not True):
            raise UsageError(f"{name}, line {number:,}: it is no pair of a text and its tokens", _PAIR_EXAMPLE)
        yield Pair(text, tokens)


def _is_text(value: object) -> TypeGuard[str]:
    """Whether it is a text that a provider can have counted: half of a character is none."""
    return isinstance(value, str) and bool(value) and not any("\ud800" <= char <= "\udfff" for char in value)


def calibrate(model: str, encoding: str, pairs: Sequence[Pair], counts: Sequence[int]) -> Calibration:
    """Return the range of a model; `counts` are the tokens of each text. Raises UsageError for too few pairs."""
    if len(pairs) < LEAST_PAIRS:
        what = f"{len(pairs)} pairs are too few to tell a range"
        raise UsageError(what, f"give {LEAST_PAIRS} or more, of texts like those that you send")
    ratios = [Fraction(pair.tokens, count) for pair, count in zip(pairs, counts, strict=True)]
    low, middle, high = min(ratios), median(ratios), max(ratios)
    return Calibration(
        model, encoding, len(pairs), max(1, floor(low * _UNIT)), max(1, round(middle * _UNIT)), ceil(high * _UNIT)
    )


def find_exact_encoding(model: str) -> str | None:
    """Return the encoding of a model whose counts are exact, None for any other."""
    from tiktoken.model import encoding_name_for_model  # noqa: PLC0415  the table, which is the provider's own

    try:
        return encoding_name_for_model(model)
    except KeyError:
        return None


def store(database: Database, calibration: Calibration) -> None:
    """Keep a range; it replaces the one of its model and encoding. Raises LedgerError."""
    values = calibration._asdict()
    with database.writing() as connection:
        statement = insert_into(connection, calibrations).values(values)
        connection.execute(statement.on_conflict_do_update(index_elements=["model", "encoding"], set_=values))


def load(database: Database, model: str = "", encoding: str = "") -> list[Calibration]:
    """Return what is kept, of one model or encoding where they are named. Raises LedgerError."""
    query = select(*(calibrations.c[name] for name in Calibration._fields))
    query = query.where(calibrations.c.model == model) if model else query
    query = query.where(calibrations.c.encoding == encoding) if encoding else query
    with database.reading() as connection:
        if connection is None:
            return []
        return [Calibration(*row) for row in connection.execute(query.order_by(calibrations.c.model))]
