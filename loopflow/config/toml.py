"""Tables of a TOML file, with the line that each key is written on, so that an error can name it."""

import re
import tomllib
from collections.abc import Container, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from loopflow.analysis.names import escape_name
from loopflow.errors import ConfigError
from loopflow.model import Place

_PART = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_KEY = rf"\s*({_PART}(?:\s*\.\s*{_PART})*)\s*"
_HEADER = re.compile(rf"\s*\[\[?{_KEY}\]\]?\s*(?:#.*)?")
_ENTRY = re.compile(rf"{_KEY}=")


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a TOML file: its `path` in there, and which one it is (from 0) of an array of tables."""

    file: str
    text: str
    path: tuple[str, ...]
    values: dict[str, Any]
    number: int = 0

    def table(self, key: str) -> "Table | None":
        """Return the table below `key`, None if there is none. Raises ConfigError if it is something else."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.error(key, f"{key} is a table", f"write [{key}], and below it total = ...")
        return Table(self.file, self.text, (*self.path, key), value)

    def tables(self, key: str) -> list["Table"]:
        """Return the array of tables below `key`. Raises ConfigError if it is something else."""
        value = self.values.get(key, [])
        if not (isinstance(value, list) and all(isinstance(each, dict) for each in value)):
            raise self.error(key, f"{key} is a list of tables", f"write [[{key}]] with two brackets")
        return [Table(self.file, self.text, (*self.path, key), each, number) for number, each in enumerate(value)]

    def require_known(self, keys: Iterable[str], also: Container[str] = ()) -> None:
        """Raise ConfigError for a key that is none of `keys`, suggesting one that is, and not allowed `also`."""
        known = sorted(keys)
        for key in self.values:
            if key not in known and key not in also:
                from difflib import get_close_matches  # noqa: PLC0415

                near = get_close_matches(key, known, 1)
                hint = f"did you mean {near[0]}?" if near else f"the keys here are {', '.join(known)}"
                raise self.error(key, "there is no such key", hint)

    def place(self, key: str) -> Place:
        """Return where `key` is written, or the table itself for ""."""
        return Place(self.file, _find_line(self, key))

    def where(self, key: str) -> str:
        """Return the place of `key` as "file:line"."""
        place = self.place(key)
        return escape_name(place.file) + (f":{place.line}" if place.line else "")

    def error(self, key: str, what: str, hint: str) -> ConfigError:
        """Return the error that says `what` is wrong with the value of `key`."""
        named = escape_name(".".join((*self.path, key) if key else self.path))
        return ConfigError(f"{self.where(key)}: {named}{': ' if named else ''}{what}", hint)


class _Line(NamedTuple):
    """A line that begins `table`, or sets a key in it; `path` is the table's or the key's."""

    number: int
    is_header: bool
    table: tuple[str, ...]
    path: tuple[str, ...]


def _find_line(table: Table, key: str) -> int | None:
    """Return the line (from 1) that `key` of a table, or the table itself, is written on, if that can be told.

    What is written inside of something else, such as a table on one line, is found where that begins.
    """
    wanted = (*table.path, key) if key else table.path
    begin, end = _extent(table)
    lines = _read_lines(table.text)
    inside = _best([line for line in lines[begin:end] if _is_below(line, table.path)], wanted)
    _, number = max(inside, _best_elsewhere(table.text, table.path, wanted))
    return -number or None


def _extent(table: Table) -> tuple[int, int]:
    """Return where the lines of one table of an array begin and end, so that a long array is not read for each."""
    headers = _find_headers(table.text, table.path)
    following = headers[table.number + 1 : table.number + 2]
    end = following[0] if following else len(_read_lines(table.text))
    if not table.number:
        return 0, end
    return (headers[table.number], end) if table.number < len(headers) else (0, 0)


@lru_cache(maxsize=8)
def _find_headers(text: str, path: tuple[str, ...]) -> list[int]:
    """Return which of the lines begin a table at `path`."""
    return [at for at, line in enumerate(_read_lines(text)) if line.is_header and line.path == path]


@lru_cache(maxsize=64)
def _best_elsewhere(text: str, path: tuple[str, ...], wanted: tuple[str, ...]) -> tuple[int, int]:
    """Return the best line outside of all tables at `path`: it is the same for each table of an array."""
    return _best([line for line in _read_lines(text) if not _is_below(line, path)], wanted)


def _is_below(line: _Line, path: tuple[str, ...]) -> bool:
    return line.table[: len(path)] == path


def _best(lines: Iterable[_Line], wanted: tuple[str, ...]) -> tuple[int, int]:
    """Return how many parts of `wanted` the line that has most of them has, and its number, the first one's, negative.

    Both are 0 if there is none.
    """
    best = (0, 0)
    for line in lines:
        common = min(len(line.path), len(wanted))
        if common > best[0] and line.path[:common] == wanted[:common]:
            best = common, -line.number
    return best


@lru_cache(maxsize=4)
def _read_lines(text: str) -> list[_Line]:
    """Return the lines of a TOML file that begin a table or set a key."""
    lines: list[_Line] = []
    table: tuple[str, ...] = ()
    for number, text_line in enumerate(text.split("\n"), 1):
        header, entry = _HEADER.fullmatch(text_line), _ENTRY.match(text_line)
        if header:
            table = _read_path(header[1])
            lines.append(_Line(number, is_header=True, table=table, path=table))
        elif entry:
            lines.append(_Line(number, is_header=False, table=table, path=(*table, *_read_path(entry[1]))))
    return lines


def _read_path(key: str) -> tuple[str, ...]:
    """Return the parts of a key such as `tool."a.b"`; none of one that only looks like a key, in a text of lines."""
    try:
        value: Any = tomllib.loads(f"{key} = 0")
    except tomllib.TOMLDecodeError:
        return ()
    path: list[str] = []
    while isinstance(value, dict):
        [(part, value)] = value.items()
        path.append(part)
    return tuple(path)
