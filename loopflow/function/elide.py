"""Large literals, cut to their first entries: what is left parses, and says what is missing."""

import ast
from typing import Final

from loopflow.function.facts.read import UnparsedError, parse

FIRST: Final = 2
"""Entries that are kept."""
_KEPT: Final = 40
"""Characters of a text that are kept."""


def elide(source: str) -> str | None:
    """Return a statement with its literal cut, None where it has none that can be."""
    try:
        [statement] = parse(source).body
    except (UnparsedError, ValueError):
        return None
    value = getattr(statement, "value", None)
    if isinstance(value, ast.Call) and len(value.args) == 1 and not value.keywords:
        value = value.args[0]  # frozenset({...})
    if isinstance(value, ast.Dict):
        parts = list(zip(value.keys, value.values, strict=True))
        if len(parts) <= FIRST:
            return None
        last = parts[FIRST - 1][1]
        rest = ", ...: ..."
    elif isinstance(value, ast.List | ast.Tuple | ast.Set):
        parts = [(None, each) for each in value.elts]
        if len(parts) <= FIRST:
            return None
        last = value.elts[FIRST - 1]
        rest = ", ..."
    elif isinstance(value, ast.Constant) and isinstance(value.value, str | bytes):
        return _elide_text(source, value)
    else:
        return None
    data = source.encode("utf-8")
    start = _offset(data, last.end_lineno or 1, last.end_col_offset or 0)
    end = _offset(data, value.end_lineno or 1, (value.end_col_offset or 0)) - (1 if _closes(value) else 0)
    made = (data[:start] + rest.encode() + data[end:]).decode("utf-8").rstrip("\n")
    return f"{made}  # {len(parts) - FIRST:,} entries left out by loopflow\n"


def _closes(value: ast.expr) -> bool:
    """Whether a literal ends in a bracket of its own: a tuple need not."""
    return not isinstance(value, ast.Tuple) or value.end_col_offset != value.elts[-1].end_col_offset


def _elide_text(source: str, value: ast.Constant) -> str | None:
    data = source.encode("utf-8")
    start = _offset(data, value.lineno, value.col_offset)
    end = _offset(data, value.end_lineno or 1, value.end_col_offset or 0)
    text = value.value
    if not isinstance(text, str | bytes) or len(text) <= _KEPT:
        return None
    kept = repr(text[:_KEPT])
    made = (data[:start] + kept.encode() + data[end:]).decode("utf-8").rstrip("\n")
    return f"{made}  # {len(text) - _KEPT:,} characters left out by loopflow\n"


def _offset(data: bytes, line: int, column: int) -> int:
    at = 0
    for _ in range(line - 1):
        at = data.index(b"\n", at) + 1
    return at + column
