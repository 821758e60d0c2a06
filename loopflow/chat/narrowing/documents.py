"""JSON that stays JSON: long arrays and texts become shorter, step by step, and every key stays on its level."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from loopflow.chat.jsontext import Raw, decode_all, dump
from loopflow.chat.narrowing.model import Room
from loopflow.errors import LoopflowError

MOST_CHARACTERS: Final = 32_000_000
_ESCAPED: Final = ("\\/", "\\u")
_LEFT_OUT: Final = "[... left out ...]"


class _Step(NamedTuple):
    """How many elements and members stay, how many characters of a text, and how many levels."""

    elements: int
    members: int
    characters: int
    levels: int


_STEPS: Final = (
    _Step(100, 400, 4_000, 60),
    _Step(50, 200, 2_000, 40),
    _Step(20, 100, 1_000, 20),
    _Step(10, 60, 400, 12),
    _Step(5, 40, 200, 8),
    _Step(3, 30, 100, 6),
    _Step(2, 20, 60, 4),
    _Step(1, 10, 40, 3),
    _Step(1, 5, 30, 2),
)


def narrow_document(text: str, room: Room, hide: Callable[[str], str] = str) -> str | None:
    """Return a shorter document of at most so many tokens, None for what is none, or where there is too little room.

    `hide` takes the secrets out of what escapes had kept from being seen.
    """
    if text.lstrip()[:1] not in ("{", "[") or len(text) > MOST_CHARACTERS:
        return None
    try:
        value = decode_all(text).value
        if any(mark in text for mark in _ESCAPED):
            value = decode_all(hide(dump(value))).value
        indent = "\n" in text.strip()[:200]
        for step in _STEPS:
            shorter = _shorten(value, step, step.levels, room)
            for drawn in (_indent(shorter), dump(shorter)) if indent else (dump(shorter),):
                if drawn is not None and room.fits(drawn):
                    return drawn
        whole = {"...": _LEFT_OUT} if isinstance(value, Mapping) else [_LEFT_OUT]
        least = dump(whole)
        return least if room.fits(least) else None
    except (json.JSONDecodeError, LoopflowError, RecursionError):
        return None


def _indent(value: Any) -> str | None:  # noqa: ANN401  any JSON
    """Return a value with its levels indented, None where something in it was kept as text."""
    try:
        return json.dumps(value, ensure_ascii=False, indent=1)
    except TypeError:
        return None


def _shorten(value: Any, step: _Step, levels: int, room: Room) -> Any:  # noqa: ANN401, PLR0911  a type each
    if isinstance(value, str):
        return _cut(value, step.characters, room)
    if isinstance(value, Raw):
        return value if len(value.text) <= step.characters else _cut(value.text, step.characters, room)
    if isinstance(value, list):
        if levels <= 0 and value:
            return [room.mark(_tell(len(value), "element"))]
        kept = [_shorten(each, step, levels - 1, room) for each in value[: step.elements]]
        left = len(value) - len(kept)
        return [*kept, room.mark(_tell(left, "element"))] if left else kept
    if isinstance(value, Mapping):
        if levels <= 0 and value:
            return {"...": room.mark(_tell(len(value), "member"))}
        some = list(value.items())[: step.members]
        shorter = {key: _shorten(each, step, levels - 1, room) for key, each in some}
        left = len(value) - len(some)
        return {**shorter, "...": room.mark(_tell(left, "member"))} if left else shorter
    return value


def _cut(text: str, most: int, room: Room) -> str:
    left = len(text) - most
    mark = room._replace(kept_at="").mark(f"{left:,} characters")
    return f"{text[:most]}{mark}" if left > len(mark) else text


def _tell(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
