"""The rows of charts, and the columns that say something of a row."""

from collections.abc import Callable
from typing import NamedTuple

from loopflow.charts.hierarchy import Words
from loopflow.charts.numbers import format_growth, format_percent


class Row(NamedTuple):
    """One line of a chart. `name` is escaped; numbers are as in `Node`."""

    name: str
    tokens: int
    total_tokens: int
    items: int = 1
    parent_tokens: int = 0
    is_branch: bool = False
    before: int | None = None
    is_gone: bool = False
    churn: int = 0


class Column(NamedTuple):
    """One right-aligned column. `key` is what the script of a page knows it by; `is_change` says it is of a change."""

    key: str
    title: str
    cell: Callable[[Row], str]
    is_change: bool = False


TOKENS = Column("tokens", "tokens", lambda row: f"{row.tokens:,}")
OF_PARENT = Column("parent", "% parent", lambda row: format_percent(row.tokens, row.parent_tokens))
OF_TOTAL = Column("total", "% total", lambda row: format_percent(row.tokens, row.total_tokens))
BEFORE = Column("before", "before", lambda row: "" if row.before is None else f"{row.before:,}")
CHANGE = Column(
    "change",
    "change",
    lambda row: f"{row.tokens - (row.before or 0):+,}" if row.tokens != row.before else "0",
    is_change=True,
)
GROWTH = Column(
    "growth", "% change", lambda row: format_growth(row.before, None if row.is_gone else row.tokens), is_change=True
)
GROWTH_COLUMNS = (BEFORE, CHANGE, GROWTH)


def items_column(words: Words) -> Column:
    """Return the column that says how many items a row stands for."""
    return Column("items", words.items, lambda row: f"{row.items:,}")
