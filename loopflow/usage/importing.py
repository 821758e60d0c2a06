"""Entries as lines of JSON: read strictly, and all of them before the first is entered."""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

from loopflow.errors import UsageError
from loopflow.usage.model import NAMES, NUMBERS, Entry, check_entry
from loopflow.usage.periods import EPOCH, read_moment

_KNOWN: Final = frozenset({"at", "exact", "key", *NUMBERS, *NAMES})
_LONGEST: Final = 100_000
"""Bytes of a line."""
_LINE_EXAMPLE = 'write for example {"tokens_in": 1200, "tokens_out": 300, "component": "api"}'


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
    read = {key: _read_value(key, value, zone) for key, value in values.items() if value is not None}
    return standard._replace(**read)


def _read_value(key: str, value: Any, zone: tzinfo) -> Any:  # noqa: ANN401  whatever stands in the line
    if key == "at":
        return _read_moment(value, zone)
    wanted = int if key in NUMBERS else bool if key == "exact" else str
    if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
        what = {int: "a whole number", bool: "true or false", str: "a text"}[wanted]
        raise UsageError(f"{key} is {what}", _LINE_EXAMPLE)
    return value


def _read_moment(value: Any, zone: tzinfo) -> datetime:  # noqa: ANN401  whatever stands in the line
    """Return a moment that is written as ISO 8601, or in seconds since 1970 as providers do."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return datetime.fromtimestamp(value, UTC)
        except (ValueError, OverflowError, OSError):
            return EPOCH  # which is refused, as any moment that cannot be
    return read_moment(value if isinstance(value, str) else "", zone, "at")
