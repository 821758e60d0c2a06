"""What a logger's level says, as words and as numbers.

Numbers: syslog's 0 to 7 (RFC 5424, 6.2.1, and systemd.journal-fields(7)); pino's and bunyan's 10 to 60 (their
documentation); OpenTelemetry's 1 to 24 (its logs data model, SeverityNumber), where 17 and up is an error. One letter:
MongoDB's structured log and glog.
"""

from functools import lru_cache
from typing import Any

from loopflow.logs.model import Priority

_WORDS = {
    "EMERG": Priority.CRITICAL,
    "EMERGENCY": Priority.CRITICAL,
    "ALERT": Priority.CRITICAL,
    "FATAL": Priority.CRITICAL,
    "PANIC": Priority.CRITICAL,
    "DPANIC": Priority.CRITICAL,
    "F": Priority.CRITICAL,
    "CRIT": Priority.HIGH,
    "CRITICAL": Priority.HIGH,
    "SEVERE": Priority.HIGH,
    "ERROR": Priority.HIGH,
    "ERR": Priority.HIGH,
    "EROR": Priority.HIGH,
    "E": Priority.HIGH,
    "WARNING": Priority.MEDIUM,
    "WARN": Priority.MEDIUM,
    "WRN": Priority.MEDIUM,
    "W": Priority.MEDIUM,
    "NOTICE": None,
    "INFO": None,
    "INFORMATION": None,
    "INFORMATIONAL": None,
    "INF": None,
    "I": None,
    "DEFAULT": None,
    "LOG": None,
    "CONFIG": None,
    "DEBUG": Priority.VERBOSE,
    "DBG": Priority.VERBOSE,
    "FINE": Priority.VERBOSE,
    "FINER": Priority.VERBOSE,
    "FINEST": Priority.VERBOSE,
    "VERBOSE": Priority.VERBOSE,
    "SILLY": Priority.VERBOSE,
    "TRACE": Priority.VERBOSE,
    "D": Priority.VERBOSE,
    "T": Priority.VERBOSE,
}
_SYSLOG = ("EMERG", "ALERT", "CRIT", "ERROR", "WARNING", "NOTICE", "INFO", "DEBUG")
_TENS = {1: "TRACE", 2: "DEBUG", 3: "INFO", 4: "WARN", 5: "ERROR", 6: "FATAL"}
_TELEMETRY = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
_LETTERS = frozenset("FEWIDT")
_LARGEST = 999
_MOST_TEXTS = 256

Level = tuple[str, Priority | None]
"""The word that is printed, and what it says."""


def word_level(value: Any) -> Level | None:  # noqa: ANN401 - whatever JSON can hold
    """Give the level of a word in any case ("warn", "ERROR2", "level=error" is none), or of a number of pino's kind."""
    if isinstance(value, str):
        return _text_level(value) if len(value) <= len("INFORMATIONAL") else None
    return number_level(value) if isinstance(value, int) and not isinstance(value, bool) else None


@lru_cache(_MOST_TEXTS)
def _text_level(text: str) -> Level | None:
    word = text.strip().upper()
    if word not in _WORDS:
        word = word.rstrip("0123456789")
    if word in _WORDS:
        return word, _WORDS[word]
    return number_level(int(text)) if text.isascii() and text.isdigit() and len(text) < len("1000") else None


def number_level(value: int) -> Level | None:
    """Give the level of pino's and bunyan's numbers; those between two steps belong to the lower one."""
    word = _TENS.get(value // 10) if 0 < value <= _LARGEST else None
    return (word, _WORDS[word]) if word else None


def syslog_level(value: Any) -> Level | None:  # noqa: ANN401 - whatever JSON can hold
    """Give the level of syslog's numbers, as journald writes them ("3") or as a number."""
    word = _SYSLOG[int(value)] if str(value) in {"0", "1", "2", "3", "4", "5", "6", "7"} else None
    return (word, _WORDS[word]) if word else None


def telemetry_level(value: Any) -> Level | None:  # noqa: ANN401 - whatever JSON can hold
    """Give the level of OpenTelemetry's SeverityNumber."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 4 * len(_TELEMETRY):
        return None
    word = _TELEMETRY[(value - 1) // 4]
    return word, _WORDS[word]


def letter_level(value: Any) -> Level | None:  # noqa: ANN401 - whatever JSON can hold
    """Give the level of one letter, or of "D1" to "D5"."""
    return word_level(value) if isinstance(value, str) and value[:1] in _LETTERS and len(value) <= len("D5") else None
