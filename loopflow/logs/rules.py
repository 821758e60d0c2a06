"""The patterns by which the lines of one kind of failure belong together, made of the rows of the tables."""

import re
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Final

from loopflow.logs.recognisers.generic import BEFORE, FRAME, MOST, PLAIN
from loopflow.logs.recognisers.rows import Recogniser

GENERIC: Final = Recogniser("generic", rb"", "", 0, goes_on=FRAME, plain=PLAIN, before=BEFORE, most=MOST)


def _lazily(read: Callable[[Recogniser], bytes]) -> "cached_property[re.Pattern[bytes] | None]":
    """Return a pattern of a recogniser's row, None where it has none."""
    return cached_property(lambda rules: re.compile(pattern) if (pattern := read(rules.row)) else None)


class Rules:
    """The patterns of a recogniser. Each is compiled when it is first asked for: a log needs those of few."""

    def __init__(self, row: Recogniser, number: int) -> None:
        self.row = row
        self.number = number

    @cached_property
    def goes_on(self) -> re.Pattern[bytes]:
        """Of every line that surely belongs to the block."""
        return re.compile(self.row.goes_on)

    confirm = _lazily(lambda row: row.confirm)
    ends = _lazily(lambda row: row.ends)
    last = _lazily(lambda row: row.last)
    chain = _lazily(lambda row: row.chain)
    back = _lazily(lambda row: row.back)
    headline = _lazily(lambda row: row.headline)


def make_rules(recognisers: Sequence[Recogniser]) -> list[Rules]:
    """Return the rules of each recogniser, and at the end those of the generic one."""
    return [Rules(row, number) for number, row in enumerate([*recognisers, GENERIC])]
