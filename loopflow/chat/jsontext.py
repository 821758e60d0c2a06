"""JSON as text: values together with the places where they stand, so that what is not touched is written as it was.

The decoder of the standard library does the work. What it cannot hold stays text: numbers that Python has no room for,
and whatever is nested too deep. Duplicate keys are as everywhere: the last one holds, and the text keeps both.
"""

import json
import math
import re
from collections.abc import Callable, Iterator
from secrets import token_hex
from typing import Any, Final, NamedTuple

from loopflow.errors import LoopflowError

DEEPEST: Final = 200
"""Levels. What is deeper stays text."""
_MOST_DIGITS: Final = 4_000
_SPACE: Final = re.compile(r"[ \t\n\r]*")
_TOKEN: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)


class Raw:
    """JSON that is kept as text. The encoder knows no such thing, and asks."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Raw) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)


class Value(NamedTuple):
    """A value, and where it stands."""

    value: Any
    start: int
    end: int


def decode(text: str, at: int = 0) -> Value:
    """Return the value that begins at `at`, after white space. Raises json.JSONDecodeError."""
    start = skip_space(text, at)
    try:
        value, end = _DECODER.raw_decode(text, start)
    except RecursionError:
        value, end = _decode_deep(text, start, 0)
    else:
        if text[start : start + 1] in "[{" and _is_deep(text, start, end):
            value, end = _decode_deep(text, start, 0)
    return Value(value, start, end)


def decode_all(text: str) -> Value:
    """Return the one value of a text. Raises json.JSONDecodeError."""
    found = decode(text)
    require_end(text, found.end)
    return found


def require_end(text: str, at: int) -> None:
    """Raise json.JSONDecodeError if there is more than white space."""
    if skip_space(text, at) != len(text):
        raise json.JSONDecodeError("Extra data", text, skip_space(text, at))


def elements(text: str, at: int) -> Iterator[Value]:
    """Yield the elements of the array whose bracket is at `at`, and at last one without a value: the array's end."""
    at = skip_space(text, at + 1)
    while text[at : at + 1] != "]":
        found = decode(text, at)
        yield found
        at = _next(text, found.end, "]")
    yield Value(None, at, at + 1)


def members(text: str, at: int, apart: frozenset[str]) -> Iterator[tuple[str, Value]]:
    """Yield keys and values of the object whose brace is at `at`.

    An array below a key that is `apart` comes as the list of its elements, each a `Value`, with the brackets around.
    """
    at = skip_space(text, at + 1)
    while text[at : at + 1] != "}":
        if text[at : at + 1] != '"':
            raise json.JSONDecodeError("Expecting property name enclosed in double quotes", text, at)
        key = decode(text, at)
        colon = skip_space(text, key.end)
        if text[colon : colon + 1] != ":":
            raise json.JSONDecodeError("Expecting ':' delimiter", text, colon)
        start = skip_space(text, colon + 1)
        if key.value in apart and text[start : start + 1] == "[":
            *inside, end = elements(text, start)
            value = Value(inside, start, end.end)
        else:
            value = decode(text, start)
        yield key.value, value
        at = _next(text, value.end, "}")
    yield "", Value(None, at, at + 1)


def dump(value: Any) -> str:  # noqa: ANN401  any JSON
    """Return `value` as compact JSON. What was kept as text stands in it as it stood. Raises LoopflowError."""
    kept: list[str] = []
    mark = ""

    def keep(found: object) -> str:
        nonlocal mark
        if not isinstance(found, Raw):
            raise LoopflowError(f"a {type(found).__name__} is no JSON", "give plain dicts, lists, texts and numbers")
        mark = mark or token_hex(16)  # nobody can have written it
        kept.append(found.text)
        return f"{mark}{len(kept) - 1}."

    try:
        text = _encode(value, keep)
    except RecursionError:
        raise LoopflowError("a value is nested too deep to be written", "give it as JSON text") from None
    for number, found in enumerate(kept):
        text = text.replace(f'"{mark}{number}."', found)
    return text


def _encode(value: Any, keep: Callable[[object], str]) -> str:  # noqa: ANN401
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=keep)
    try:
        text.encode()
    except UnicodeEncodeError:  # halves of characters, which only an escape can carry
        text = json.dumps(value, separators=(",", ":"), default=keep)
    return text


def skip_space(text: str, at: int) -> int:
    """Return where white space ends that begins at `at`."""
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _next(text: str, at: int, closing: str) -> int:
    """Return where the next element or member begins, or the bracket that ends them."""
    at = skip_space(text, at)
    found = text[at : at + 1]
    if found == closing:
        return at
    if found != ",":
        raise json.JSONDecodeError("Expecting ',' delimiter", text, at)
    at = skip_space(text, at + 1)
    if text[at : at + 1] == closing:
        raise json.JSONDecodeError("Expecting value", text, at)
    return at


def _int(digits: str) -> Any:  # noqa: ANN401
    return int(digits) if len(digits) < _MOST_DIGITS else Raw(digits)


def _float(digits: str) -> Any:  # noqa: ANN401
    value = float(digits)
    return value if math.isfinite(value) else Raw(digits)


_DECODER: Final = json.JSONDecoder(parse_int=_int, parse_float=_float)


def _is_deep(text: str, start: int, end: int) -> bool:
    """Whether brackets are nested deeper than is held. Texts with few of them are not looked at."""
    if text.count("[", start, end) + text.count("{", start, end) <= DEEPEST:
        return False
    level = 0
    for found in _TOKEN.finditer(text, start, end):
        mark = found[0]
        level += 1 if mark in "[{" else -1 if mark in "]}" else 0
        if level > DEEPEST:
            return True
    return False


def _decode_deep(text: str, at: int, level: int) -> tuple[Any, int]:
    """Return a value and its end; what is nested deeper than is held stays text."""
    opening = text[at : at + 1]
    if opening not in {"[", "{"}:
        return _DECODER.raw_decode(text, at)
    if level >= DEEPEST:
        end = _find_end(text, at)
        return Raw(text[at:end]), end
    values: list[Any] = []
    keys: list[str] = []
    closing = "]" if opening == "[" else "}"
    at = skip_space(text, at + 1)
    while text[at : at + 1] != closing:
        if closing == "}":
            if text[at : at + 1] != '"':
                raise json.JSONDecodeError("Expecting property name enclosed in double quotes", text, at)
            key, at = _DECODER.raw_decode(text, at)
            at = skip_space(text, at)
            if text[at : at + 1] != ":":
                raise json.JSONDecodeError("Expecting ':' delimiter", text, at)
            keys.append(key)
            at = skip_space(text, at + 1)
        value, at = _decode_deep(text, at, level + 1)
        values.append(value)
        at = _next(text, at, closing)
    return (dict(zip(keys, values, strict=True)) if closing == "}" else values), at + 1


def _find_end(text: str, at: int) -> int:
    level = 0
    for found in _TOKEN.finditer(text, at):
        mark = found[0]
        level += 1 if mark in "[{" else -1 if mark in "]}" else 0
        if not level:
            return found.end()
    raise json.JSONDecodeError("Expecting value", text, len(text))
