"""What .gitattributes files say of a path (gitattributes(5)): the nearest file that says anything, its last line first.

The lines come from the facts of the files themselves, so that nothing is read again. Patterns are those of .gitignore,
but for two things: a pattern that matches a directory says nothing of what lies in it, and none takes anything back. A
macro is followed within the file that defines it, which must be the one at the root.
"""

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias

from loopflow.analysis.facts import FactKind, read_facts
from loopflow.analysis.names import path_bytes
from loopflow.analysis.patterns import Patterns, compile_names, compile_patterns
from loopflow.errors import UsageError
from loopflow.model import FileTokens

FILE = ".gitattributes"

State: TypeAlias = bool | str | None
"""Of an attribute: set or not, a value, or nothing said."""

_WORD = re.compile(r"[^ \t\r\n]+")
_QUOTED = re.compile(r'"((?:[^"\\]|\\[abfnrtv"\\]|\\[0-3][0-7]{2})*)"')
_ESCAPE = re.compile(rb"\\([^0-7]|[0-7]{3})")
_ESCAPED = dict(zip(b'abfnrtv"\\', b'\a\b\f\n\r\t\v"\\', strict=True))
_STATE = re.compile(r"([-!]?)([A-Za-z0-9_.][A-Za-z0-9_.-]*)(?:=(.*))?", re.DOTALL)
_SIGNS: dict[str, State] = {"-": False, "!": None}
_MACRO = "[attr]"
_PROTECTED = re.compile(r"(?<!\\)(?:\\\\)*\\ \Z")


_States: TypeAlias = tuple[tuple[str, State], ...]


@dataclass(frozen=True, slots=True)
class _Line:
    below: str
    patterns: Patterns
    states: _States


class Attributes:
    """The attributes that a tree's files give their paths."""

    def __init__(self, files: Iterable[FileTokens]) -> None:
        """Take the lines from the facts of all .gitattributes files among `files`."""
        self._lines: list[_Line] = []
        self._macros: dict[str, _States] = {}
        self._patterns: list[str] = []
        found = [file for file in files if file.facts and file.path.rpartition("/")[2] == FILE]
        for file in sorted(found, key=lambda file: file.path.count("/")):
            for fact in read_facts(file.facts):
                if fact.kind is FactKind.ATTRIBUTES:
                    self._take(file.path.removesuffix(FILE), fact.evidence)
        self._lines.reverse()  # the line that decides comes first
        self._may_match = compile_names(self._patterns)

    def __bool__(self) -> bool:
        return bool(self._lines)

    def find(self, path: str) -> dict[str, bool]:
        """Return which attributes are set for a file, or for a directory that ends in a slash, and which are unset.

        What no fact speaks of is not among them.
        """
        given: dict[str, State] = {}
        for line in self._lines if self._may_match(path) else ():
            if path.startswith(line.below):
                name = path[len(line.below) :]
                if name and line.patterns.decide(name):
                    self._give(line.states, given)
        return {name: state not in {False, "false"} for name, state in given.items() if state is not None}

    def _take(self, below: str, text: str) -> None:
        """Take what a line says, nothing from one that git ignores as well."""
        pattern, words = _split(text.strip(" \t\r\n"))
        found = [_STATE.fullmatch(word) for word in words]
        states = tuple((each[2], _SIGNS.get(each[1], each[3] or True)) for each in found if each)
        if pattern.startswith(_MACRO) and pattern != _MACRO:
            if not below and all(found):
                self._macros[pattern.removeprefix(_MACRO)] = states
        elif pattern and not pattern.startswith("!") and all(found):
            with suppress(UsageError):
                self._lines.append(_Line(below, compile_patterns([pattern], FILE), states))
                self._patterns.append(pattern)

    def _give(self, states: _States, given: dict[str, State]) -> None:
        """Add `states` to what is given, the last one first; one that is a macro, and set, brings its own along."""
        waiting = [*states]
        while waiting:
            name, state = waiting.pop()
            if name not in given:
                given[name] = state
                waiting += self._macros.get(name, ()) if state is True else ()


def _split(line: str) -> tuple[str, list[str]]:
    """Return the pattern, which may be quoted, and the words after it."""
    quoted = _QUOTED.match(line)
    words = _WORD.findall(line, quoted.end() if quoted else 0)
    return (_unquote(quoted[1]) if quoted else words.pop(0) if words else ""), words


def _unquote(text: str) -> str:
    """Return the pattern that is written as `text` between quotes, where nothing is a comment and blanks stay."""
    raw = _ESCAPE.sub(lambda found: bytes([_ESCAPED.get(found[1][0]) or int(found[1], 8)]), path_bytes(text))
    pattern = raw.decode("utf-8", "surrogateescape")
    if pattern.startswith("#"):
        pattern = "\\" + pattern
    if pattern.endswith(" ") and not _PROTECTED.search(pattern):
        pattern = pattern[:-1] + "\\ "
    return pattern
