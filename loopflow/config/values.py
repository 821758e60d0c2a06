"""Values of the config file: each is read strictly, and an error says which key, file and line it is about."""

import re
from fractions import Fraction

from loopflow.analysis.names import escape_name
from loopflow.analysis.patterns import compile_patterns
from loopflow.config.toml import Table
from loopflow.errors import UsageError
from loopflow.model import MOST_TOKENS, Allowance, Level
from loopflow.tokens.encodings import VOCABULARY_DIGESTS

_SIZE = re.compile(r"(\d[\d_]*(?:\.\d+)?) ?([kKmM]?)")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?) ?%")
_UNITS = {"": 1, "k": 1_000, "m": 1_000_000}
_LONGEST = 60
"""Characters of a number, and of what an error shows of a value."""
_HUNDRED = 100


def read_text(table: Table, key: str) -> str:
    """Return a text that is not empty."""
    value = table.values[key]
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise table.error(key, f"{_show(value)} is not a text", f'write for example {key} = "..."')
    return value


def read_encoding(table: Table, key: str) -> str:
    """Return the name of an encoding."""
    value = read_text(table, key)
    if value not in VOCABULARY_DIGESTS:
        raise table.error(key, f"there is no encoding {_show(value)}", f"known are {', '.join(VOCABULARY_DIGESTS)}")
    return value


def read_path(table: Table, key: str) -> str:
    """Return the path of a file below the root, relative to it."""
    value = read_text(table, key)
    path = clean_path(value)
    if path is None:
        raise table.error(key, f"{_show(value)} is not a file below the root", "write a path relative to the root")
    return path


def clean_path(value: str) -> str | None:
    """Return the path of a file below the root as git would write it; None if `value` is none."""
    parts = value.split("/")
    if value.startswith("/") or ".." in parts or parts[-1] in {"", "."}:
        return None
    return "/".join(part for part in parts if part not in {"", "."})


def read_names(table: Table, key: str) -> tuple[str, ...]:
    """Return a list of texts."""
    value = table.values[key]
    if not (isinstance(value, list) and all(isinstance(each, str) and each for each in value)):
        raise table.error(key, f"{_show(value)} is not a list of texts", f'write for example {key} = ["..."]')
    return tuple(value)


def read_patterns(table: Table, key: str) -> tuple[str, ...]:
    """Return a list of patterns in gitignore syntax."""
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


def read_window_option(value: str, option: str) -> tuple[int, str]:
    """Return the tokens of a window from the command line, and the model if one is named. Raises UsageError."""
    size = _parse_size(value)
    if size:
        return size, ""
    if not value[:1].isalpha():
        return read_size_option(value, option), ""
    from loopflow.analysis.windows import DATE, find_window, suggest_windows  # noqa: PLC0415  few name a model

    row = find_window(value)
    if row is None:
        near = ", ".join(suggest_windows(value))
        what = f"{option}: {_show(value)} is no number of tokens, and no model of the table of {DATE}"
        table = 'write for example "200k"; the table is docs/reference/windows.md'
        raise UsageError(what, f"try {near}, or {table}" if near else table)
    return row.tokens, row.name


def read_share_option(value: str, option: str) -> Fraction:
    """Return a share below 1 from the command line. Raises UsageError."""
    share = _parse_percent(value)
    if share is None or share >= 1:
        raise UsageError(f"{option}: {_show(value)} is no share of a window", 'write for example "25%"')
    return share


def read_percent_option(value: str, option: str) -> Fraction:
    """Return a share above 0 and up to 1 from a percentage on the command line: "90", "90%". Raises UsageError."""
    share = _parse_percent(value if value.endswith("%") else f"{value}%")
    if share is None or not 0 < share <= 1:
        raise UsageError(
            f"{option}: {_show(value)} is no percentage of a budget", "write for example 90; 100 is the most"
        )
    return share


def _parse_size(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value if 0 <= value <= MOST_TOKENS else None
    found = _match(_SIZE, value)
    if not found:
        return None
    size = Fraction(found[1].replace("_", "")) * _UNITS[found[2].lower()]
    return int(size) if size.denominator == 1 and size <= MOST_TOKENS else None


def _parse_percent(value: object) -> Fraction | None:
    found = _match(_PERCENT, value)
    return Fraction(found[1]) / _HUNDRED if found else None


def _match(pattern: re.Pattern[str], value: object) -> re.Match[str] | None:
    if not isinstance(value, str) or not value.isascii() or len(value) > _LONGEST:
        return None
    return pattern.fullmatch(value)


def _show(value: object) -> str:
    if isinstance(value, str):
        return f"'{escape_name(value[:_LONGEST])}{'...' if len(value) > _LONGEST else ''}'"
    if isinstance(value, bool):
        return str(value).lower()
    is_short = isinstance(value, float) or (isinstance(value, int) and abs(value) < MOST_TOKENS**2)
    return repr(value) if is_short else "this"
