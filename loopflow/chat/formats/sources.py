"""What comes in: bytes, text, or objects of a program; and how large and how broken it may be."""

import json
import sys
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from loopflow.chat.jsontext import Value, decode_all
from loopflow.errors import UsageError

MOST_BYTES: Final = 256_000_000
EXPECTED: Final = (
    "give a conversation of Chat Completions, Responses, Anthropic or pydantic-ai, a session of Claude Code or Codex, "
    "or lines for fine-tuning"
)

_BULKY: Final = frozenset({"progress", "file-history-snapshot"})


class Line(NamedTuple):
    """A line of a file: the object on it, and where it stands in the bytes, without its end."""

    number: int
    value: Any
    start: int
    end: int


class Lines(NamedTuple):
    """The lines of a file that hold objects. `unfinished`: the last one is still being written, and was left out."""

    data: bytes
    lines: tuple[Line, ...]
    unfinished: bool


def decode(data: bytes) -> str:
    """Return bytes as text. What is no UTF-8 is carried through. Raises UsageError for what is no text at all."""
    if len(data) > MOST_BYTES:
        raise UsageError(f"it has more than {MOST_BYTES:,} bytes", "give a part of it")
    if b"\0" in data[:4096]:
        raise UsageError("it is binary, and no conversation", EXPECTED)
    return data.decode("utf-8", "surrogateescape")


def explain(error: json.JSONDecodeError, first_line: int = 1) -> UsageError:
    """Return what to say of text that is no JSON."""
    place = f"line {error.lineno + first_line - 1}, column {error.colno}"
    reason = f"{error.msg[:1].lower()}{error.msg[1:]}".removesuffix(" at")
    return UsageError(f"it is no JSON: {reason} at {place}", EXPECTED)


def read_lines(data: bytes) -> Lines:
    """Return the objects of a file of lines. Raises UsageError for a broken line that is not the last."""
    if len(data) > MOST_BYTES:
        raise UsageError(f"it has more than {MOST_BYTES:,} bytes", "give a part of it")
    decode(data[:4096])
    found: list[Line] = []
    start = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    number = 0
    while start < len(data):
        number += 1
        end = data.find(b"\n", start)
        is_last = end < 0
        end = len(data) if is_last else end
        if data[start:end].strip():
            value = _read_line(data[start:end], number, is_last=is_last)
            if value is None:
                return Lines(data, tuple(found), unfinished=True)
            found.append(Line(number, _slim(value.value), start, end))
        start = end + 1
    return Lines(data, tuple(found), unfinished=False)


def _slim(value: Any) -> Any:  # noqa: ANN401
    """Return what a line says, without the bulk of those that are no part of a conversation."""
    if str(value.get("type")) not in _BULKY:
        return value
    return {key: each for key, each in value.items() if isinstance(each, str) or each is None}


def _read_line(data: bytes, number: int, *, is_last: bool) -> Value | None:
    """Return what a line holds, None for the last one where it is cut off. Raises UsageError."""
    try:
        found = decode_all(data.decode("utf-8", "surrogateescape"))
    except json.JSONDecodeError as error:
        if is_last:
            return None
        raise explain(error, number) from error
    if not isinstance(found.value, dict):
        raise UsageError(f"line {number} is no object", EXPECTED)
    return found


def as_records(data: Any) -> Any:  # noqa: ANN401  whatever a program holds
    """Return objects of SDKs as plain ones; what is plain stays the object that it is."""
    if isinstance(data, Mapping):
        return data
    if isinstance(data, list | tuple):
        return [as_record(each) for each in data]
    return as_record(data)


def as_record(item: Any) -> Any:  # noqa: ANN401
    """Return an object of an SDK as a plain one, and a plain one with such objects in its content, too."""
    if type(item) is dict:
        content = item.get("content")
        if type(content) is list and any(type(block) is not dict for block in content):
            return {**item, "content": [as_record(block) for block in content]}
        return item
    if isinstance(item, Mapping | str | bytes | int | float | list | tuple) or item is None:
        return item
    if type(item).__module__.startswith("pydantic_ai."):  # then it is imported, and costs nothing
        adapter = sys.modules["pydantic_ai.messages"].ModelMessagesTypeAdapter
        return adapter.dump_python([item], mode="json")[0]
    if hasattr(item, "model_dump"):  # what pydantic made: the objects of openai and anthropic
        return item.model_dump(mode="json", exclude_unset=True)
    return item


def from_record(record: Any, like: Any) -> Any:  # noqa: ANN401
    """Return a plain record as an object of pydantic-ai where `like` is one; other SDKs take plain ones."""
    if type(like).__module__.startswith("pydantic_ai."):
        adapter = sys.modules["pydantic_ai.messages"].ModelMessagesTypeAdapter
        return adapter.validate_python([record])[0]
    return record
