r"""JSON of a log, read so that nothing is lost and nothing breaks.

Numbers with a point keep the digits they were written with; of a name that stands twice in an object, both values stay
(RFC 8259, 4, leaves that open; Python's parser drops the first); NaN and Infinity are the words they are. Nested so
deep that the parser gives up, or digits beyond what Python converts (4,300): no JSON, so the line stays as it is.
"""

import json
from typing import Any


class _Twin(str):
    """A name that stood in the object already: looks like it, and is another key."""

    __slots__ = ()

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __ne__(self, other: object) -> bool:
        return self is not other


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    found = {}
    for name, value in pairs:
        found[_Twin(name) if name in found else name] = value
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=str, parse_constant=str)
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_BLANKS = " \t\r\n"


def parsed(line: bytes) -> dict[str, Any] | None:
    """Read the object that a line is as a whole, or None."""
    if not (line.startswith(b"{") and line.rstrip().endswith(b"}")):
        return None
    try:
        text = line.decode("utf-8", "replace")
        found, end = _DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        return None
    return found if not text[end:].strip(_BLANKS) else None


def written(value: Any) -> str:  # noqa: ANN401 - whatever JSON can hold
    """Write a value on one line: a text as it is, else compact JSON. RecursionError where it is nested too deep."""
    if isinstance(value, str):
        return value
    return str(value) if type(value) is int else _ENCODER.encode(value)
