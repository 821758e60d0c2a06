"""What .gitattributes files say of a path (gitattributes(5)): the nearest file that says anything, its last line first.

The lines come from the facts of the files themselves, so that nothing is read again. Patterns are those of .gitignore,
but for two things: a pattern that matches a directory says nothing of what lies in it, and none takes anything back.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from loopflow.analysis.facts import FactKind, read_facts
from loopflow.analysis.names import path_bytes
from loopflow.analysis.patterns import Patterns, compile_patterns
from loopflow.errors import UsageError
from loopflow.model import FileTokens

FILE = ".gitattributes"
SEPARATOR = "\x1f"

_WORD = re.compile(r"[^ \t\r\n]+")
_QUOTED = re.compile(r'"((?:[^"\\]|\\[abfnrtv"\\]|\\[0-3][0-7]{2})*)"')
_ESCAPE = re.compile(rb"\\([^0-7]|[0-7]{3})")
_ESCAPED = dict(zip(b'abfnrtv"\\', b'\a\b\f\n\r\t\v"\\', strict=True))
_PROTECTED = re.compile(r"(?<!\\)(?:\\\\)*\\ \Z")


@dataclass(frozen=True, slots=True)
class _Line:
    below: str
    patterns: Patterns
    states: Mapping[str, bool | None]


class Attributes:
    """The attributes that a tree's files give their paths."""

    def __init__(self, files: Iterable[FileTokens]) -> None:
        """Take the lines from the facts of all .gitattributes files among `files`."""
        self._lines: list[_Line] = []
        found = [file for file in files if file.facts and file.path.rpartition("/")[2] == FILE]
        for file in sorted(found, key=lambda file: file.path.count("/")):
            below = file.path.removesuffix(FILE)
            for fact in read_facts(file.facts):
                if fact.kind is FactKind.ATTRIBUTES:
                    self._lines += [line for text in fact.evidence.split(SEPARATOR) if (line := _parse(below, text))]
        self._lines.reverse()  # the line that decides comes first

    def __bool__(self) -> bool:
        return bool(self._lines)

    def get(self, path: str, attribute: str) -> bool:
        """Whether `attribute` is set for the file at `path`, or for a directory that ends in a slash."""
        for line in self._lines:
            if attribute in line.states and path.startswith(line.below):
                name = path[len(line.below) :]
                if name and line.patterns.decide(name):
                    return line.states[attribute] is True
        return False


def _parse(below: str, text: str) -> _Line | None:
    """Return what a line says, None for one that git ignores as well."""
    pattern, words = _split(text.strip(" \t\r\n"))
    if not pattern or pattern.startswith(("!", "[attr]")):
        return None
    try:
        patterns = compile_patterns([pattern], FILE)
    except UsageError:
        return None
    return _Line(below, patterns, dict(map(_state, words)))


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


def _state(word: str) -> tuple[str, bool | None]:
    name, _, value = word.lstrip("-!").partition("=")
    if word.startswith("!"):
        return name, None
    return name, not (word.startswith("-") or value == "false")
