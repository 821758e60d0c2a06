"""Sizes in bytes, as people write them: `5MB`, `500k`, `1.5 GiB`, `800_000 bytes`."""

import re
from fractions import Fraction
from typing import Final

from loopflow.analysis.names import escape_name
from loopflow.config.toml import Table
from loopflow.errors import UsageError

_SIZE: Final = re.compile(r"(\d[\d_]{0,20}(?:\.\d{1,9})?) ?([kmg]?)(i?)(?:b| ?bytes?)?", re.IGNORECASE | re.ASCII)
_POWERS: Final = {"": 0, "k": 1, "m": 2, "g": 3}
LEAST: Final = 1_000
"""Fewer bytes would make more files than lines."""
MOST: Final = 1 << 40
_LONGEST_SHOWN: Final = 60


def parse_size(value: object) -> int | None:
    """Return bytes, None for what is no size from 1,000 bytes to a tebibyte."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    found = _SIZE.fullmatch(text.strip()) if isinstance(text, str) else None
    if not found or (found[3] and not found[2]):
        return None
    unit = (1024 if found[3] else 1000) ** _POWERS[found[2].lower()]
    size = int(Fraction(found[1].replace("_", "")) * unit)
    return size if LEAST <= size <= MOST else None


def read_bytes(table: Table, key: str) -> int:
    """Return the size that a key of the config has. Raises ConfigError."""
    size = parse_size(table.values[key])
    if size is None:
        raise table.error(key, "it is a size of 1 kB or more", f'write for example {key} = "5MB"')
    return size


def read_bytes_option(value: str, option: str) -> int:
    """Return a size from the command line; a bare number that would be too few bytes is one of megabytes.

    Raises UsageError.
    """
    is_few = value.isascii() and value.isdecimal() and int(value[:9]) < LEAST
    size = parse_size(f"{value}MB" if is_few else value)
    if size is None:
        raise UsageError(
            f"{option}: '{escape_name(value[:60])}' is no size of 1 kB or more", 'write for example "5MB", or "500k"'
        )
    return size
