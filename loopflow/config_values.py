"""Values of the config file: each is read strictly, and an error says which key, file and line it is about."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from fractions import Fraction
from typing import Any

from loopflow.analysis.names import escape_name
from loopflow.errors import ConfigError, UsageError
from loopflow.model import Allowance, Level, Place

_SIZE = re.compile(r"(\d[\d_]*(?:\.\d+)?) ?([kKmM]?)")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?) ?%")
_UNITS = {"": 1, "k": 1_000, "m": 1_000_000}
_MOST = 10**15
_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?")
_HUNDRED = 100


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

    def require_known(self, keys: Iterable[str]) -> None:
        """Raise ConfigError for a key that is none of `keys`, suggesting one that is."""
        known = sorted(keys)
        for key in self.values:
            if key not in known:
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


def read_text(table: Table, key: str) -> str:
    """Return a text that is not empty."""
    value = table.values[key]
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise table.error(key, f"{_show(value)} is not a text", f'write for example {key} = "..."')
    return value


def read_path(table: Table, key: str) -> str:
    """Return the path of a file below the root, relative to it."""
    value = read_text(table, key)
    parts = value.split("/")
    if value.startswith("/") or ".." in parts or parts[-1] in {"", "."}:
        raise table.error(key, f"{_show(value)} is not a file below the root", "write a path relative to the root")
    return "/".join(part for part in parts if part not in {"", "."})


def read_names(table: Table, key: str) -> tuple[str, ...]:
    """Return a list of texts."""
    value = table.values[key]
    if not (isinstance(value, list) and all(isinstance(each, str) and each for each in value)):
        raise table.error(key, f"{_show(value)} is not a list of texts", f'write for example {key} = ["..."]')
    return tuple(value)


def read_patterns(table: Table, key: str) -> tuple[str, ...]:
    """Return a list of patterns in gitignore syntax."""
    from loopflow.analysis.patterns import compile_patterns  # noqa: PLC0415  pathspec takes 0.03 s to import

    patterns = read_names(table, key)
    try:
        compile_patterns(patterns, key)
    except UsageError as error:
        raise table.error(key, error.message.removeprefix(f"{key}: "), error.hint) from error
    return patterns


def read_types(table: Table, key: str) -> tuple[str, ...]:
    """Return a list of file types, as the chart by file type names them."""
    types = read_names(table, key)
    return tuple(name.lower() if name.startswith(".") else name for name in types)


def read_size(table: Table, key: str) -> int:
    """Return a number of tokens: 400_000, "400k" or "1.5M"."""
    value = table.values[key]
    size = _parse_size(value)
    if size is None:
        raise table.error(
            key, f"{_show(value)} is no number of tokens", 'write whole tokens such as 400_000, "400k" or "1.5M"'
        )
    return size


def read_allowance(table: Table, key: str) -> Allowance:
    """Return how much something may grow: "2%", or a number of tokens."""
    value = table.values[key]
    share = _parse_percent(value)
    if share is not None:
        return Allowance(share=share)
    size = _parse_size(value)
    if size is None:
        raise table.error(
            key, f"{_show(value)} is no allowance", 'write a share such as "2%", or tokens such as "5k" or 5_000'
        )
    return Allowance(tokens=size)


def read_share(table: Table, key: str) -> Fraction:
    """Return a share of a limit, above 0 and up to 1."""
    value = table.values[key]
    share = _parse_percent(value)
    if share is None or not 0 < share <= 1:
        raise table.error(key, f"{_show(value)} is no share of a limit", 'write "1%" to "100%"')
    return share


def read_level(table: Table, key: str) -> Level:
    """Return what a broken rule does."""
    value = table.values[key]
    if value not in list(Level):
        raise table.error(key, f"{_show(value)} is no level", 'write "fail" or "warn"')
    return Level(value)


def read_size_option(value: str, option: str) -> int:
    """Return a number of tokens from the command line. Raises UsageError."""
    size = _parse_size(value)
    if not size:
        raise UsageError(f"{option}: {_show(value)} is no number of tokens", 'write for example "200k" or 128000')
    return size


def read_share_option(value: str, option: str) -> Fraction:
    """Return a share below 1 from the command line. Raises UsageError."""
    share = _parse_percent(value)
    if share is None or share >= 1:
        raise UsageError(f"{option}: {_show(value)} is no share of a window", 'write for example "25%"')
    return share


def _parse_size(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if 0 <= value <= _MOST else None
    found = _SIZE.fullmatch(value) if isinstance(value, str) and value.isascii() else None
    if not found:
        return None
    size = Fraction(found[1].replace("_", "")) * _UNITS[found[2].lower()]
    return int(size) if size.denominator == 1 and size <= _MOST else None


def _parse_percent(value: object) -> Fraction | None:
    found = _PERCENT.fullmatch(value) if isinstance(value, str) and value.isascii() else None
    return Fraction(found[1]) / _HUNDRED if found else None


def _show(value: object) -> str:
    if isinstance(value, str):
        return f"'{escape_name(value)}'"
    if isinstance(value, bool):
        return str(value).lower()
    return escape_name(repr(value)) if isinstance(value, int | float) else "this"


def _find_line(table: Table, key: str) -> int | None:
    """Return the line (from 1) that `key` of a table, or the table itself, is written on, if that can be told."""
    wanted, seen, is_inside = ".".join(table.path), -1, not table.path
    names = re.compile(rf"""\s*["']?{re.escape(key)}["']?\s*[=.]""") if key else None
    begin: int | None = None
    for number, line in enumerate(table.text.splitlines(), 1):
        header = _HEADER.fullmatch(line)
        if header:
            name = re.sub(r"""["'\s]""", "", header[2])
            seen += name == wanted
            is_inside = name == wanted and seen == table.number
            begin = begin or (number if is_inside else None)
            if key and name == ".".join((*table.path, key)):
                return number
        elif is_inside and names and names.match(line):
            return number
    return begin
