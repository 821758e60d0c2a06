"""Entries as lines of JSON: read strictly, and all of them before the first is entered."""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, tzinfo
from functools import partial
from typing import Any, BinaryIO, Final

from loopflow.errors import UsageError
from loopflow.usage.model import NAMES, NUMBERS, Entry, check_entry
from loopflow.usage.periods import EPOCH, read_moment

_KNOWN: Final = frozenset({"at", "exact", "key", *NUMBERS, *NAMES})
_LONGEST: Final = 100_000
"""Bytes of a line."""
_LINE_EXAMPLE = 'write for example {"tokens_in": 1200, "tokens_out": 300, "component": "api"}'


def read_lines(file: BinaryIO, longest: int = _LONGEST) -> Iterator[bytes]:
    """Yield lines; one that is longer comes in pieces, the first longer than that: what has no end has no line end."""
    return iter(partial(file.readline, longest + 1), b"")


def read_entries(lines: Iterable[bytes], standard: Entry, now: datetime, zone: tzinfo, name: str) -> Iterator[Entry]:
    """Yield the entry of each line that is not blank; what a line does not say is as in `standard`.

    Raises UsageError for a line that is none, with its number and the `name` of where it stands.
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield check_entry(_read_line(line, standard, zone), now)
        except UsageError as error:
            raise UsageError(f"{name}, line {number:,}: {error.message}", error.hint) from error


def _read_line(line: bytes, standard: Entry, zone: tzinfo) -> Entry:
    try:
        values = json.loads(line) if len(line) <= _LONGEST else None
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise UsageError("it is no object of JSON", _LINE_EXAMPLE)
    for key in values:
        if key not in _KNOWN:
            raise UsageError(f"there is no {key!a}", f"the names are {', '.join(sorted(_KNOWN))}")
    given = {key: value for key, value in values.items() if value is not None}
    if "at" in given:
        given["at"] = _read_moment(given["at"], zone)
    return standard._replace(**given)


def _read_moment(value: Any, zone: tzinfo) -> datetime:  # noqa: ANN401  whatever stands in the line
    """Return a moment that is written as ISO 8601, or in seconds since 1970 as providers do."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return datetime.fromtimestamp(value, UTC)
        except (ValueError, OverflowError, OSError):
            return EPOCH  # which is refused, as any moment that cannot be
    return read_moment(value if isinstance(value, str) else "", zone, "at")
