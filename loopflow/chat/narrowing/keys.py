"""Keys whose secrets were hidden: those that became equal are numbered, so that no entry is lost.

In a text only what has the mark of what was hidden is ever numbered, within each object by itself.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

MARK: Final = "[redacted:"
_TOKEN: Final = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"(\s*:)?|[\[\]{}]', re.DOTALL)


class _Names:
    """The keys of one object: each is given once."""

    def __init__(self, taken: Mapping[str, Any]) -> None:
        self._numbers = dict.fromkeys(taken, 1)

    def give(self, key: str) -> str:
        """Return the key, with a number where another one is called so."""
        name = key
        while name in self._numbers:
            self._numbers[key] += 1
            name = f"{key} ({self._numbers[key]})"
        self._numbers[name] = 1
        return name


def tell_apart(text: str) -> str:
    """Return JSON, or lines of it, in which secrets were hidden, with no two keys that are equal for that."""
    if MARK not in text or text.lstrip()[:1] not in ("{", "["):
        return text
    parts: list[str] = []
    levels = [_Names({})]
    done = 0
    for found in _TOKEN.finditer(text):
        token = found[0]
        if token in {"{", "["}:
            levels.append(_Names({}))
        elif token in {"}", "]"}:
            levels = levels[:-1] or [_Names({})]
        elif found[2] and MARK in token:
            parts += [text[done : found.start(1)], levels[-1].give(found[1])]
            done = found.end(1)
    return "".join([*parts, text[done:]])


def hide_keys(value: Any, hide: Callable[[str], str]) -> bool:  # noqa: ANN401  any JSON
    """Hide the secrets in all keys of a value, where they stand; return whether there were any."""
    objects = _find_objects(value)
    keys = dict.fromkeys(key for each in objects for key in each)
    joined = "\n".join(keys)
    if hide(joined) == joined:  # nearly always, and far quicker than one by one
        return False
    hidden = {key: name for key in keys if (name := hide(key)) != key}
    for each in objects:
        if not hidden.keys().isdisjoint(each):
            names = _Names({key: None for key in each if key not in hidden})
            entries = [(names.give(hidden[key]) if key in hidden else key, kept) for key, kept in each.items()]
            each.clear()
            each.update(entries)
    return bool(hidden)


def _find_objects(value: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    """Return all objects in a value, however deep it is: no function calls itself here."""
    found: list[dict[str, Any]] = []
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            found.append(each)
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
    return found
