"""JSON files that are committed and merged by hand: what can be wrong with them, said with line and remedy."""

import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from loopflow.analysis.names import escape_name
from loopflow.errors import LoopflowError

_MARKER = re.compile(r"^(?:<{7}|>{7}|\|{7}|={7})(?: |$)", re.MULTILINE)


class StoredKind(NamedTuple):
    """A kind of such files: what it is called, how one is written again, and the error for what is wrong."""

    word: str
    again: str
    error: Callable[[str, str], LoopflowError]


class StoredDocument:
    """The JSON of such a file, and where in it something is. Raises the error of its kind for what is none."""

    def __init__(self, data: bytes, name: str, kind: StoredKind) -> None:
        self._name = name
        self._kind = kind
        try:
            self._text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise self._at(data[: error.start].count(b"\n") + 1, "it is not UTF-8", self._kind.again) from error
        marker = _MARKER.search(self._text)
        if marker:
            raise self._at(
                self._line(marker.start()), "it holds a merge conflict", f"{self._kind.again}; then git add it"
            )
        try:
            values = json.loads(self._text, object_pairs_hook=self._unique)
        except json.JSONDecodeError as error:
            raise self._at(error.lineno, f"it is not JSON: {error.msg.lower()}", self._kind.again) from error
        except (RecursionError, ValueError) as error:
            raise self._at(None, f"it is not a {self._kind.word}", self._kind.again) from error
        if not isinstance(values, dict):
            raise self._at(1, f"it is not a {self._kind.word}", self._kind.again)
        self.values: dict[str, Any] = values

    def complain(self, text: str, what: str, hint: str) -> LoopflowError:
        """Return the error that says `what` is wrong where `text` stands."""
        return self._at(self._line(self._text.find(text)), what, hint)

    def error_of(self, path: str, what: str) -> LoopflowError:
        """Return the error that says `what` is wrong with a path, which may be called as a key above all paths is."""
        return self._at(self._line(self._text.rfind(json.dumps(path))), what, self._kind.again)

    def _line(self, at: int) -> int | None:
        return self._text.count("\n", 0, at) + 1 if at >= 0 else None

    def _at(self, line: int | None, what: str, hint: str) -> LoopflowError:
        where = f"{escape_name(self._name)}:{line}" if line else escape_name(self._name)
        return self._kind.error(f"the {self._kind.word} {where} cannot be used: {what}", hint)

    def _unique(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            seen: set[str] = set()
            twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
            raise self.error_of(twice, f"it names {escape_name(twice)} twice")
        return found
