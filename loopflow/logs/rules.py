"""The patterns by which the lines of one kind of failure belong together, made of the rows of the tables."""

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Final

from loopflow.logs.recognisers.generic import BEFORE, FRAME, MOST, PLAIN
from loopflow.logs.recognisers.rows import Recogniser

GENERIC: Final = Recogniser("generic", rb"", "", 0, goes_on=FRAME, plain=PLAIN, before=BEFORE, most=MOST)


class Rules:
    """The patterns of a recogniser. Each is compiled when it is first asked for: a log needs those of few."""

    def __init__(self, row: Recogniser, number: int) -> None:
        self.row = row
        self.number = number

    @cached_property
    def goes_on(self) -> re.Pattern[bytes]:
        """Of a line that belongs to the block."""
        return re.compile(self.row.goes_on)

    @cached_property
    def confirm(self) -> re.Pattern[bytes] | None:
        """Of a line without which it is no block."""
        return _compile(self.row.confirm)

    @cached_property
    def ends(self) -> re.Pattern[bytes] | None:
        """Of the line before which it ends."""
        return _compile(self.row.ends)

    @cached_property
    def last(self) -> re.Pattern[bytes] | None:
        """Of the line with which it ends."""
        return _compile(self.row.last)

    @cached_property
    def chain(self) -> re.Pattern[bytes] | None:
        """Of a line behind it that says that it goes on."""
        return _compile(self.row.chain)

    @cached_property
    def back(self) -> re.Pattern[bytes] | None:
        """Of lines before it that belong to it."""
        return _compile(self.row.back)

    @cached_property
    def headline(self) -> re.Pattern[bytes] | None:
        """Of the line that says what it is about."""
        return _compile(self.row.headline)


def _compile(pattern: bytes) -> re.Pattern[bytes] | None:
    return re.compile(pattern) if pattern else None


def make_rules(recognisers: Sequence[Recogniser]) -> list[Rules]:
    """Return the rules of each recogniser, and at the end those of the generic one."""
    return [Rules(row, number) for number, row in enumerate([*recognisers, GENERIC])]
