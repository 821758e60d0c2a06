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
    known: dict[str, bool] = {}  # rows of a table have the same keys
    waiting = [value]
    while waiting:  # however deep it is
        each = waiting.pop()
        if isinstance(each, list):
            waiting += each
        elif isinstance(each, dict):
            waiting += each.values()
            joined = "\n".join(each)
            if joined not in known:
                known[joined] = hide(joined) != joined
            if known[joined]:
                _rename(each, {key: hide(key) for key in each})
    return any(known.values())


def _rename(entries: dict[str, Any], hidden: Mapping[str, str]) -> None:
    names = _Names({key: None for key in entries if hidden[key] == key})
    named = [(key if hidden[key] == key else names.give(hidden[key]), kept) for key, kept in entries.items()]
    entries.clear()
    entries.update(named)
