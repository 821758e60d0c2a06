"""What a record of a logger says of an error: as lines of their own, a stack as its own lines."""

from collections.abc import Mapping
from typing import Any

from loopflow.logs.envelopes.parsing import written

KEYS = frozenset(
    {"error", "err", "exception", "exc", "stack", "stacktrace", "stack_trace", "stackTrace", "exc_info", "exc_text"}
    | {"cause", "thrown", "traceback", "backtrace", "@x", "@exception"}
)
"""Fields of an error: zap, zerolog, logrus, pino, bunyan, structlog, python-json-logger, logback, log4j 2, Serilog."""

FLAT = ("error.", "exception.", "err.")
"""Beginnings of fields that together are one: ECS (`error.stack_trace`), OpenTelemetry (`exception.type`)."""

_TYPES = ("type", "name", "class", "kind", "exc_type")
_MESSAGES = ("message", "msg", "localizedMessage", "reason", "exc_value")
_STACKS = ("stack", "stack_trace", "stacktrace", "stackTrace", "extendedStackTrace", "backtrace", "traceback")
_DEEPEST = 8


def error_lines(key: str, value: Any, depth: int = 0) -> list[str]:  # noqa: ANN401 - whatever JSON can hold
    """Make the lines of one field. Nothing for null, "", 0, false and what is empty: those are no error."""
    if not value:
        return []
    if isinstance(value, str):
        lines = value.strip("\n").split("\n")
        return lines if len(lines) > 1 else [f"{key}: {lines[0]}"]
    if isinstance(value, list) and depth < _DEEPEST:
        if all(isinstance(item, str) for item in value):
            return "\n".join(value).split("\n")
        return [line for item in value for line in error_lines(key, item, depth + 1)]
    if isinstance(value, dict) and depth < _DEEPEST:
        return _object_lines(key, value, depth)
    return [f"{key}: {written(value)}"]


def _object_lines(key: str, value: Mapping[str, Any], depth: int) -> list[str]:
    """`TYPE: MESSAGE` (unless the stack begins with it), the other fields behind it, the stack, and the cause."""
    used: set[int] = set()
    kind, message = _text(value, _TYPES, used), _text(value, _MESSAGES, used)
    stack = _stack(value, used)
    causes: list[str] = []
    extra = ""
    for name, item in value.items():
        if id(name) in used or item is None or item in ("", {}, []):
            continue
        if name in KEYS or isinstance(item, (dict, list)) or (isinstance(item, str) and "\n" in item):
            causes += error_lines(name, item, depth + 1)
        else:
            extra += f" {name}={written(item)}"
    head = ": ".join(part for part in (kind, message) if part)
    if stack and (not head or (message or kind) in stack[0]):
        head, stack = stack[0], stack[1:]
    first = (head or f"{key}:") + extra
    return [*(first.split("\n") if head or extra else []), *stack, *causes]


def _text(value: Mapping[str, Any], names: tuple[str, ...], used: set[int]) -> str:
    for name in value:
        if name in names and isinstance(value[name], (str, int)) and value[name] != "":
            used.add(id(name))
            return written(value[name])
    return ""


def _stack(value: Mapping[str, Any], used: set[int]) -> list[str]:
    for name in value:
        item = value[name]
        if name in _STACKS and item and (isinstance(item, str) or _is_texts(item)):
            used.add(id(name))
            return (item if isinstance(item, str) else "\n".join(item)).strip("\n").split("\n")
    return []


def _is_texts(value: Any) -> bool:  # noqa: ANN401 - whatever JSON can hold
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
