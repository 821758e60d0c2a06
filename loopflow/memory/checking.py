"""Whether each line of a server's file is one: a single line that is none makes the server refuse everything.

It writes no end of the last line, so that a program which appends makes one line of two; and it drops, when it writes
next, whatever is JSON and neither an entity nor a relation.
"""

import json
from collections.abc import Iterator
from typing import Final, NamedTuple

from loopflow.analysis.names import escape_name
from loopflow.memory.files import read_file
from loopflow.memory.graph import read_item
from loopflow.memory.model import Entity, Relation

Item = Entity | Relation
_DECODER: Final = json.JSONDecoder()


class Line(NamedTuple):
    """A line of a file that is not empty: what it holds, nothing where it is none of the server's."""

    number: int
    data: bytes
    items: tuple[Item, ...]

    @property
    def is_good(self) -> bool:
        """Whether the server can read it."""
        return len(self.items) == 1


def read_lines(data: bytes) -> Iterator[Line]:
    """Yield the lines of a file."""
    for number, line in enumerate(data.split(b"\n"), 1):
        if line.strip():
            yield Line(number, line, tuple(_read_items(line)))


def describe_damage(path: str) -> str:
    """Return which lines of a file the server cannot read, or would drop, "" if none. Raises MemoryFileError."""
    bad = [line.number for line in read_lines(read_file(path)) if not line.is_good]
    if not bad:
        return ""
    more = f", and {len(bad) - 1:,} more" if len(bad) > 1 else ""
    return f"{escape_name(path)}:{bad[0]} is no line of a memory{more}"


def _read_items(line: bytes) -> list[Item]:
    """Return what is on a line: one thing, or several behind each other; nothing if that is not all."""
    try:
        text = line.decode().strip()
    except UnicodeDecodeError:
        return []
    items: list[Item] = []
    at = 0
    while at < len(text):
        try:
            value, at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            return []
        item = read_item(value)
        if item is None:
            return []
        items.append(item)
    return items
