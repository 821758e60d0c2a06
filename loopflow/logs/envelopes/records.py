"""Records of loggers that write JSON: one object a line, made into the lines that a reader wants.

`LEVEL component: message key=value ...`, then the rest of a message of several lines, then the error's lines. Nothing
is lost but what says nothing (null, "", {}): a field that is not known is printed behind the message.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from loopflow.logs.envelopes import errors
from loopflow.logs.envelopes.batch import Record
from loopflow.logs.envelopes.levels import Level, letter_level, syslog_level, telemetry_level, word_level
from loopflow.logs.envelopes.parsing import written
from loopflow.logs.model import Priority

_LEVELS: dict[str, Callable[[Any], Level | None]] = {
    "level_name": word_level,
    "levelname": word_level,
    "level": word_level,
    "severity": word_level,
    "lvl": word_level,
    "log.level": word_level,
    "loglevel": word_level,
    "@l": word_level,
    "SeverityText": word_level,
    "severityText": word_level,
    "severity_text": word_level,
    "severity_number": telemetry_level,
    "severityNumber": telemetry_level,
    "SeverityNumber": telemetry_level,
    "PRIORITY": syslog_level,
    "s": letter_level,
}
_MESSAGES = ("msg", "message", "MESSAGE", "event", "textPayload", "body", "Body", "@m", "@mt", "short_message")
_COMPONENTS = (
    *("service", "service.name", "logger", "logger_name", "loggerName", "log.logger", "name", "container"),
    *("component", "module", "target", "app", "channel", "c"),
)
_TIMES = ("time", "ts", "timestamp", "@timestamp", "@t", "t", "asctime", "datetime", "Timestamp", "eventTime", "date")
_NESTED = frozenset({"fields", "jsonPayload", "log"})
"""Objects that hold what others have outside: Rust's tracing, Google Cloud, ECS."""

_LONGEST_NAME = 200
_LONGEST_STAMP = 64
_NUMBER = re.compile(r"(\d{9,19})(?:\.\d+)?")
_LEAST, _MOST = 10**8, 10**19
"""Of 9 to 19 digits are times: seconds since 1973, and billionths of them."""

_DIGIT = re.compile(r"\d")
_PLAIN = frozenset({str, int})
_SECONDS_DIGITS = 11
_FEWEST_DIGITS = 9
_MOST_FORMS = 256


def record(found: Mapping[str, Any]) -> Record | None:
    """Tell what a logger said; None for an object that is no record: without a message, or without level and time.

    RecursionError where a field is nested too deep to be written.
    """
    names, values = tuple(found), list(found.values())
    if not _NESTED.isdisjoint(found):
        fields = list(_opened(found))
        names, values = tuple(name for name, _ in fields), [value for _, value in fields]
    form = _form(names)
    message_at, message = _first(form.messages, values)
    level_at, level = _first(form.levels, values)
    stamp_at, stamp = _first(form.times, values)
    if message is None or (level is None and stamp is None):
        return None
    component_at, component = _first(form.components, values)
    if component and names[component_at] == "c" and "s" not in found:
        component_at, component = _NONE  # "c" is that in MongoDB's records only, which have an "s"
    word, priority = level or ("", None)
    behind, below = _rest(values, form.others((message_at, level_at, stamp_at, component_at)), priority)
    head = f"{word} " if word else ""
    if component:
        head += f"{component}: "
    first, *more = message.strip("\n").split("\n")
    return Record([head + first + behind, *more, *below], priority, component or "", stamp or "")


def _opened(found: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the fields, with those of an inner object that has the message or the level in their places beside them."""
    for name, value in found.items():
        if name in _NESTED and isinstance(value, dict):
            if name == "log":
                yield from ((f"log.{inner}", item) for inner, item in value.items())
            else:
                yield from value.items()
        else:
            yield name, value


_Read = tuple[int, Callable[[Any], Any]]
"""The place of a field in the record, and what reads it."""

_NONE = (-1, None)


def _first(fields: list[_Read], values: list[Any]) -> tuple[int, Any]:
    """Give the place of the first field that can be read, and what was read."""
    for place, read in fields:
        if (found := read(values[place])) is not None:
            return place, found
    return _NONE


class _Others(NamedTuple):
    """Fields that are no parts. `text` is what is printed of them where all are plain, "" where one may never be."""

    fields: list[tuple[int, str]]
    places: list[int]
    text: str


class _Form:
    """Which of the fields of some names may be what, each in the order of its table."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names
        self._others: dict[tuple[int, ...], _Others] = {}
        known = [(_ROLES[name], place) for place, name in enumerate(names) if name in _ROLES]
        known.sort(key=lambda each: each[0][1])
        reads: dict[str, list[_Read]] = {kind: [] for kind in ("message", "level", "time", "component")}
        for (kind, _, read), place in known:
            reads[kind].append((place, read))
        self.messages, self.levels, self.times, self.components = reads.values()

    def others(self, taken: tuple[int, ...]) -> _Others:
        """Give the fields that are not `taken`."""
        if taken not in self._others:
            self._others[taken] = self._make_others(taken)
        return self._others[taken]

    def _make_others(self, taken: tuple[int, ...]) -> _Others:
        fields = [(place, name) for place, name in enumerate(self._names) if place not in taken]
        is_plain = all(
            name not in _LEVELS and name not in errors.KEYS and not name.startswith(errors.FLAT) for _, name in fields
        )
        text = "".join(f" {name}=".replace("%", "%%") + "%s" for _, name in fields) if is_plain else ""
        return _Others(fields, [place for place, _ in fields], text)


_form = lru_cache(_MOST_FORMS)(_Form)
"""A logger writes the same names again and again."""


def _message(value: Any) -> str | None:  # noqa: ANN401 - whatever JSON can hold
    if isinstance(value, dict) and isinstance(value.get("stringValue"), str) and len(value) == 1:
        value = value["stringValue"]  # OpenTelemetry's protocol as JSON
    if isinstance(value, str):
        return value if value.strip() else None
    return None if value is None or value in ({}, []) or isinstance(value, bool) else written(value)


def _name(value: Any) -> str | None:  # noqa: ANN401 - whatever JSON can hold
    return value if isinstance(value, str) and 0 < len(value) <= _LONGEST_NAME and value.isprintable() else None


def stamp_of(value: Any) -> str | None:  # noqa: ANN401 - whatever JSON can hold
    """Give a time as it is written; numbers are seconds since 1970, or thousandths, millionths, billionths of them."""
    if isinstance(value, dict) and len(value) == 1:
        value = value.get("$date")  # MongoDB's structured log
    if isinstance(value, int) and not isinstance(value, bool):
        if _LEAST <= value < _MOST:
            return _clock(str(value))
        value = str(value)
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_STAMP or not value.isprintable():
        return None
    if value[:_FEWEST_DIGITS].isdecimal() and (number := _NUMBER.fullmatch(value)):
        return _clock(number[1])
    return value if value[0].isdecimal() or _DIGIT.search(value) else None


def _clock(digits: str) -> str:
    while len(digits) >= _SECONDS_DIGITS + 1:
        digits = digits[:-3]
    return _clock_of_second(digits)


@lru_cache(_MOST_FORMS)
def _clock_of_second(digits: str) -> str:
    return datetime.fromtimestamp(int(digits), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _rest(values: list[Any], others: _Others, level: Priority | None) -> tuple[str, list[str]]:
    """Make what is printed behind the message, and the lines below it."""
    chosen = [values[place] for place in others.places]
    if others.text and "" not in chosen and _PLAIN.issuperset(map(type, chosen)):
        text = others.text % tuple(chosen)
        if "\n" not in text:
            return text, []
    behind: list[str] = []
    below: list[str] = []
    flat: dict[str, dict[str, Any]] = {}
    for (_, name), value in zip(others.fields, chosen, strict=True):
        if value is not None and value != "" and not (name in _LEVELS and _says_again(name, value, level)):
            _add(name, value, behind, below, flat)
    for name, fields in flat.items():
        below += errors.error_lines(name, fields)
    if below:
        below = "\n".join(below).split("\n")
    return "".join(behind).replace("\n", " "), below


def _add(name: str, value: Any, behind: list[str], below: list[str], flat: dict[str, dict[str, Any]]) -> None:  # noqa: ANN401 - whatever JSON can hold
    """Put a field where it belongs."""
    if start := next((start for start in errors.FLAT if name.startswith(start)), ""):
        flat.setdefault(start[:-1], {})[name[len(start) :]] = value
    elif name in errors.KEYS:
        below += errors.error_lines(name, value)
    elif isinstance(value, str) and "\n" in value.strip("\n"):
        below += [f"{name}:", *value.strip("\n").split("\n")]
    elif value not in ({}, []):
        behind.append(f" {name}={written(value)}")


def _says_again(name: str, value: Any, level: Priority | None) -> bool:  # noqa: ANN401 - whatever JSON can hold
    """Tell whether a field says the level once more, as a number beside the word."""
    found = _LEVELS[name](value)
    return found is not None and found[1] == level


def _roles() -> dict[str, tuple[str, int, Callable[[Any], Any]]]:
    tables: tuple[tuple[str, Iterable[tuple[str, Callable[[Any], Any]]]], ...] = (
        ("level", _LEVELS.items()),
        ("message", ((name, _message) for name in _MESSAGES)),
        ("component", ((name, _name) for name in _COMPONENTS)),
        ("time", ((name, stamp_of) for name in _TIMES)),
    )
    return {name: (kind, rank, read) for kind, table in tables for rank, (name, read) in enumerate(table)}


_ROLES = _roles()
"""What each name is, and its place among those of its kind."""
