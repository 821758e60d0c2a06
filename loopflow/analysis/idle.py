"""Patterns that match nothing: each is looked at by itself, against every name there is.

A pattern that takes in nothing, or leaves out nothing, is one that somebody relies on and that does nothing: a name was
misspelt, or a directory has moved. To look for those must cost nearly nothing where there are many names, and mostly a
pattern matches one of the first. For the others all names are one text, in which what is literal in a pattern is found
at once; only names that have it are held against the pattern.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property

from loopflow.analysis.patterns import GitPattern, by_bytes

_FIRST = 64
_MANY = 50
"""How many literals are looked for in the text before an index of all paths pays."""


class Names:
    """Names of files, and of directories, which end in a slash. `make` returns the first so many, or all for None."""

    def __init__(self, make: Callable[[int | None], Sequence[str]]) -> None:
        self._make = make
        self._looked = 0

    def match(self, line: str) -> bool:
        """Whether a valid pattern, with or without a `!`, matches one of the names or a directory that one lies in."""
        pattern = GitPattern(by_bytes(line))
        return any(_matches(pattern, name) for name in self._first) or self._find(pattern)

    @cached_property
    def _first(self) -> list[str]:
        return [by_bytes(name) for name in self._make(_FIRST)]

    @cached_property
    def _text(self) -> str:
        """All names, with a NUL around each."""
        return by_bytes("\0".join(["", *self._make(None), ""]))

    @cached_property
    def _index(self) -> tuple[set[str], set[str]]:
        """All paths of files and of directories, and the names of both, those of directories with a slash."""
        paths: set[str] = set()
        for name in self._text.split("\0"):
            paths.add(name)
            directory = name.removesuffix("/").rpartition("/")[0]
            while directory and directory + "/" not in paths:
                paths.add(directory + "/")
                directory = directory.rpartition("/")[0]
        return paths, {path[path.rfind("/", 0, -1) + 1 :] for path in paths}

    def _find(self, pattern: GitPattern) -> bool:
        if pattern.literal is None:
            return any(_matches(pattern, name) for name in self._having(pattern.piece))
        literal, is_name, needs_directory = pattern.literal
        self._looked += 1
        if self._looked > _MANY:
            among = self._index[is_name]
            return literal + "/" in among or (not needs_directory and literal in among)
        before = ("\0", "/") if is_name else ("\0",)
        after = ("/",) if needs_directory else ("/", "\0")
        return any(f"{one}{literal}{other}" in self._text for one in before for other in after)

    def _having(self, piece: str) -> Iterator[str]:
        """Yield the names that have `piece` in them."""
        text, at = self._text, 1
        while (found := text.find(piece, at)) >= 0 and at < len(text):
            at = text.find("\0", found) + 1
            yield text[text.rfind("\0", 0, found) + 1 : at - 1]


def find_idle(patterns: Iterable[str], names: Names) -> list[str]:
    """Return the patterns that match nothing."""
    return [pattern for pattern in patterns if not names.match(pattern)]


def split_list(pattern: str, names: Names) -> list[str]:
    """Return the parts of a pattern that matches nothing, if it is a list of such that do; nothing if it is none."""
    parts = [part.strip() for part in pattern.split(",")]
    usable = [part for part in parts if _is_pattern(part)]
    return usable if len(usable) > 1 and any(map(names.match, usable)) else []


def _is_pattern(line: str) -> bool:
    try:
        GitPattern(by_bytes(line))
    except ValueError:
        return False
    return True


def _matches(pattern: GitPattern, name: str) -> bool:
    """Whether a pattern matches a name or a directory above it."""
    if pattern.literal is None:
        ends = [found.end() for found in re.finditer("/", name)]
        return any(pattern.match_file(name[:end]) for end in ends) or pattern.match_file(name) is True
    literal, is_name, needs_directory = pattern.literal
    found = f"/{name}" if name.endswith("/") or needs_directory else f"/{name}/"
    found = found[: found.rfind("/") + 1]
    return f"/{literal}/" in found if is_name else found.startswith(f"/{literal}/")
