"""Patterns in gitignore syntax, as git reads them (gitignore(5); dir.c and wildmatch.c for the fine print).

pathspec keeps a list of many and finds the pattern that decides. The patterns it asks are our own, because its own
differ from git's: there `dir/**` matches `dir` itself, `!*/` takes in what lies below a directory, all white space is
trimmed, named sets such as `[[:digit:]]` are not known, and a pattern such as `a/**/b/**/c` can take exponential time.

Most patterns in long lists name one path: those are looked up, and only the others are held against a path one by one.

Git matches bytes. Paths and patterns are therefore turned into text that has one character for each byte.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, cast

from loopflow.analysis.names import escape_name, path_bytes
from loopflow.analysis.wildmatch import compile_glob
from loopflow.errors import UsageError

if TYPE_CHECKING:
    from pathspec.pattern import Pattern

_LITERAL = re.compile(r"(?:[^*?\[\\]|\\.)*", re.DOTALL)
_WILD = re.compile("[*?/]+")
_FEW = 16
_SPECIAL = re.compile(r"([\\*?\[])")
_NOT_UTF8 = re.compile("[\udc80-\udcff]")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class GitPattern:
    """One pattern: a literal, to be looked up, or a glob, to be tried.

    It is about a path, not what lies below it; that of a directory ends in a slash. `include` and `match_file` are what
    pathspec asks of a pattern.
    """

    def __init__(self, line: str) -> None:
        """Read a line, one character for each byte. Raises ValueError for one that is no pattern."""
        text = _trim(line)
        self.include = not text.startswith("!")
        text = text.removeprefix("!")
        self._needs_directory = text.endswith("/")
        text = text.removesuffix("/")
        self._is_name = "/" not in text
        text = self._text = text.removeprefix("/")
        if not text or line.startswith("#"):
            raise ValueError(line)
        self._literal = _ESCAPED.sub(r"\1", text) if _LITERAL.fullmatch(text) else None
        self._glob = compile_glob(text) if self._literal is None else None

    @property
    def literal(self) -> tuple[str, bool, bool] | None:
        """The one path, or the one name, that it matches, whether it is a name, and whether only a directory's."""
        return None if self._literal is None else (self._literal, self._is_name, self._needs_directory)

    @property
    def piece(self) -> str:
        """The longest stretch, without a slash, that is in every path that it matches; mostly all that is literal."""
        return max(_WILD.split(self._text.partition("[")[0].partition("\\")[0]), key=len)

    def match_file(self, file: str) -> bool | None:
        """Match a path, one character for each byte, if this is a glob."""
        path = file.removesuffix("/")
        if self._needs_directory and path == file:
            return None
        path = path.rpartition("/")[2] if self._is_name else path
        return (self._glob is not None and self._glob.match(path) is not None) or None


class Patterns:
    """A list of patterns, the last one that matches decides, as in a .gitignore file."""

    def __init__(self, patterns: Iterable[GitPattern]) -> None:
        listed = list(patterns)
        self._includes = [pattern.include for pattern in listed]
        self._numbers = [number for number, pattern in enumerate(listed) if pattern.literal is None]
        self._globs = _join([listed[number] for number in self._numbers]) if self._numbers else None
        # The last pattern for each path or name that one is for.
        self._literals = {pattern.literal: number for number, pattern in enumerate(listed) if pattern.literal}
        self._directories: dict[str, bool] = {}

    def decide(self, path: str) -> bool | None:
        """Whether the pattern that decides about `path` itself takes it in (True) or out (False); None without one."""
        raw = by_bytes(path)
        found = self._globs(raw) if self._globs is not None else None
        last = -1 if found is None else self._numbers[found]
        if self._literals:
            name = raw.removesuffix("/")
            for text, is_name in ((name, False), (name[name.rfind("/") + 1 :], True)):
                last = max(last, self._literals.get((text, is_name, False), -1))
                if name != raw:
                    last = max(last, self._literals.get((text, is_name, True), -1))
        return None if last < 0 else self._includes[last]

    def match(self, path: str) -> bool:
        """Whether `path` or a directory above it matches; what lies in one that does cannot be taken out again."""
        above = path.removesuffix("/").rpartition("/")[0]
        return (bool(above) and self._match_directory(above)) or self.decide(path) is True

    def _match_directory(self, directory: str) -> bool:
        """Whether `directory` or one above it matches, remembered for the next file in it."""
        if directory not in self._directories:
            is_match = False
            for at in [*(found.start() for found in re.finditer("/", directory)), len(directory)]:
                above = directory[:at]
                if above not in self._directories:
                    self._directories[above] = is_match or self.decide(above + "/") is True
                is_match = self._directories[above]
        return self._directories[directory]


def _join(patterns: Sequence[GitPattern]) -> Callable[[str], int | None]:
    """Return what finds the last pattern that matches a path."""
    if len(patterns) <= _FEW:
        tried = [*enumerate(patterns)][::-1]
        return lambda path: next((number for number, pattern in tried if pattern.match_file(path)), None)
    from pathspec import PathSpec  # noqa: PLC0415  0.02 s to import, which a hook with a few rules need not pay

    listed = PathSpec(cast("Sequence[Pattern]", patterns), backend="simple")
    return lambda path: listed.check_file(path, separators=()).index


def compile_patterns(patterns: Sequence[str], option: str) -> Patterns:
    """Compile what a user wrote. Raises UsageError for what cannot match anything, naming it and `option`."""
    compiled = []
    for pattern in patterns:
        try:
            compiled.append(GitPattern(by_bytes(pattern)))
        except ValueError as error:
            raise UsageError(
                f"{option}: '{escape_name(pattern)}' is not a pattern",
                "patterns have gitignore syntax, such as 'vendor/' or '*.lock'",
            ) from error
    return Patterns(compiled)


def compile_ignore_file(text: str) -> Patterns:
    """Compile the text of a .gitignore file. As for git, a NUL ends a line, and what is no pattern is passed over."""
    compiled = []
    for line in text.removeprefix("\ufeff").split("\n"):
        try:
            compiled.append(GitPattern(by_bytes(line.removesuffix("\r").partition("\0")[0])))
        except ValueError:
            continue
    return Patterns(compiled)


def escape_pattern(text: str) -> str:
    """Return a piece of a pattern in gitignore syntax that matches `text` alone.

    A byte that is not UTF-8 cannot be written into a config file: it is any that is no printable character of ASCII.
    """
    escaped = _NOT_UTF8.sub("[! -~]", _SPECIAL.sub(r"\\\1", text))
    return escaped[:-1] + "\\ " if escaped.endswith(" ") else escaped


def to_pattern(path: str) -> str:
    """Return the pattern that matches `path` alone; that of a directory ends in a slash."""
    return "/" + escape_pattern(path)


def _trim(line: str) -> str:
    """Leave out blanks at the end, but not one that a backslash protects."""
    kept = line.rstrip(" ")
    is_protected = (len(kept) - len(kept.rstrip("\\"))) % 2
    return line[: len(kept) + is_protected]


def by_bytes(path: str) -> str:
    """Return a text as one that has a character for each byte."""
    return path if path.isascii() else path_bytes(path).decode("latin-1")
