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
_DIGIT = re.compile(r"\d")
_SECONDS_DIGITS = 11
_MOST_FORMS = 256


class Record(NamedTuple):
    """`lines` as they are printed, at least one."""

    lines: list[str]
    level: Priority | None
    component: str
    stamp: str


def record(found: Mapping[str, Any]) -> Record | None:
    """Tell what a logger said; None for an object that is no record: without a message, or without level and time.

    RecursionError where a field is nested too deep to be written.
    """
    fields = list(found.items() if _NESTED.isdisjoint(found) else _opened(found))
    best = _parts(fields)
    if "message" not in best or not ("level" in best or "time" in best):
        return None
    if "component" in best and fields[best["component"][0]][0] == "c" and "s" not in found:
        del best["component"]  # "c" is that in MongoDB's records only, which have an "s"
    component: str = best.get("component", _NONE)[1]
    word, level = best["level"][1] if "level" in best else ("", None)
    head = " ".join(part for part in (word, component and f"{component}:") if part)
    first, *more = best["message"][1].strip("\n").split("\n")
    behind, below = _rest(fields, {place for place, _ in best.values()}, level)
    text = f"{head} {first}{behind}" if head else first + behind
    return Record([text, *more, *below], level, component, best.get("time", _NONE)[1])


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


_Part = tuple[int, Any]
"""The place in the record, and what was read."""

_NONE: _Part = (0, "")


def _parts(fields: list[tuple[str, Any]]) -> dict[str, _Part]:
    """Find level, time, component and message: for each the field that stands first in its table and can be read."""
    best: dict[str, _Part] = {}
    for kind, place, read in _plan(tuple([name for name, _ in fields])):
        if kind not in best and (found := read(fields[place][1])) is not None:
            best[kind] = place, found
    return best


@lru_cache(_MOST_FORMS)
def _plan(names: tuple[str, ...]) -> list[tuple[str, int, Callable[[Any], Any]]]:
    """Give the places of the fields that may be parts, with what reads them, in the order of their tables.

    A logger writes the same names again and again.
    """
    known = [(_ROLES[name], place) for place, name in enumerate(names) if name in _ROLES]
    return [(kind, place, read) for (kind, _, read), place in sorted(known, key=lambda each: each[0][1])]


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
        value = str(value)
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_STAMP or not value.isprintable():
        return None
    if (number := _NUMBER.fullmatch(value)) is not None:
        return _clock(number[1])
    return value if _DIGIT.search(value) else None


def _clock(digits: str) -> str:
    while len(digits) >= _SECONDS_DIGITS + 1:
        digits = digits[:-3]
    return _clock_of_second(digits)


@lru_cache(_MOST_FORMS)
def _clock_of_second(digits: str) -> str:
    return datetime.fromtimestamp(int(digits), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _rest(fields: list[tuple[str, Any]], taken: set[int], level: Priority | None) -> tuple[str, list[str]]:
    """Make what is printed behind the message, and the lines below it."""
    behind: list[str] = []
    below: list[str] = []
    flat: dict[str, dict[str, Any]] = {}
    for place, (name, value) in enumerate(fields):
        if place in taken or value is None or value == "" or (name in _LEVELS and _says_again(name, value, level)):
            continue
        start = next((start for start in errors.FLAT if name.startswith(start)), "") if "." in name else ""
        if start:
            flat.setdefault(start[:-1], {})[name[len(start) :]] = value
        elif name in errors.KEYS:
            below += errors.error_lines(name, value)
        elif isinstance(value, str) and "\n" in value.strip("\n"):
            below += [f"{name}:", *value.strip("\n").split("\n")]
        elif value not in ({}, []):
            behind.append(f" {name}={written(value)}")
    for name, value in flat.items():
        below += errors.error_lines(name, value)
    if below:
        below = "\n".join(below).split("\n")
    return "".join(behind).replace("\n", " "), below


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
