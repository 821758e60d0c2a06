"""Which files a rule's globs match, by each agent's own kind of glob. Matching is linear: see analysis/wildmatch.py.

A literal beginning is looked up in the sorted paths, a literal end is compared; an expression is run on what is left.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from loopflow.analysis.wildmatch import compile_glob

MOST_EXPANDED = 1_000
"""Patterns that the braces of one rule may become; one that would be more stays as it is, and matches no file."""

_WILD = re.compile(r"[*?\[\\]")
_EVERYTHING = frozenset({"**", "**/*", "/**", "**/**"})


class Glob(NamedTuple):
    """A pattern: what matches begins with `prefix`, ends with `suffix`, and matches `expression` if there is one."""

    prefix: str
    suffix: str
    expression: re.Pattern[str] | None

    def find(self, paths: Sequence[str]) -> Sequence[int]:
        """Return the places in the sorted `paths` that match."""
        start = bisect_left(paths, self.prefix)
        end = bisect_left(paths, self.prefix + "\U0010ffff") if self.prefix else len(paths)
        suffix, expression = self.suffix, self.expression
        if not suffix and expression is None:
            return range(start, end)
        found = [at for at, path in enumerate(paths[start:end], start) if path.endswith(suffix)]
        return found if expression is None else [at for at in found if expression.match(_as_bytes(paths[at]))]


def compile_globs(patterns: Sequence[str], base: str = "", *, bare_anywhere: bool = False) -> list[Glob]:
    """Return what matches files below the directory `base`. With `bare_anywhere` a pattern without "/" has any depth.

    A pattern that can match nothing is left out.
    """
    globs, budget = [], MOST_EXPANDED
    for pattern in patterns:
        expanded = list(expand(pattern, budget))
        budget -= len(expanded) if len(expanded) > 1 else 0
        for each in expanded:
            glob = _compile(each, base, bare_anywhere=bare_anywhere)
            if glob is not None:
                globs.append(glob)
    return globs


def is_everything(pattern: str) -> bool:
    """Whether a pattern matches every file there can be."""
    return pattern.strip().removeprefix("./") in _EVERYTHING


def expand(pattern: str, most: int) -> Iterator[str]:
    """Yield what the braces of a pattern stand for; the pattern itself where that is more than `most`."""
    found = [""]
    for part in _alternatives(pattern):
        found = [before + each for before in found for each in part]
        if len(found) > most:
            yield pattern
            return
    yield from found


def _alternatives(pattern: str) -> list[list[str]]:
    """Split a pattern into parts that each are one of several texts; braces within braces are taken as they are."""
    parts: list[list[str]] = []
    at = 0
    while (start := pattern.find("{", at)) >= 0:
        end = pattern.find("}", start)
        inner = pattern[start + 1 : end] if end > 0 else ""
        if end < 0 or "," not in inner or "{" in inner:
            parts.append([pattern[at : start + 1]])
            at = start + 1
            continue
        parts += [[pattern[at:start]], inner.split(",")]
        at = end + 1
    return [*parts, [pattern[at:]]]


def _compile(pattern: str, base: str, *, bare_anywhere: bool) -> Glob | None:  # noqa: PLR0911  each is a kind of glob
    pattern = pattern.strip().removeprefix("./").removeprefix("/")
    if not pattern:
        return None
    if bare_anywhere and "/" not in pattern:
        pattern = f"**/{pattern}"
    if pattern.endswith("/"):
        pattern += "**"
    below = f"{base}/" if base else ""
    if is_everything(pattern):
        return Glob(below, "", None)
    first = _WILD.search(pattern)
    if first is None:
        return Glob(below + pattern, pattern, re.compile(re.escape(_as_bytes(below + pattern)) + r"\Z"))
    literal = pattern[: first.start()]
    prefix, rest = below + literal, pattern[first.start() :]
    is_whole = not literal or literal.endswith("/")
    if rest in _EVERYTHING and is_whole:
        return Glob(prefix, "", None)
    last = list(_WILD.finditer(rest))[-1]
    suffix = "" if last[0] in "[\\" else rest[last.end() :].removeprefix("/")  # "**/" may stand for nothing
    if is_whole and rest == f"**/*{suffix}" and not _WILD.search(suffix) and "/" not in suffix:
        return Glob(prefix, suffix, None)
    try:
        return Glob(prefix, suffix, compile_glob(_as_bytes(_WILD.sub(r"\\\g<0>", below) + pattern)))
    except ValueError:
        return None


def _as_bytes(path: str) -> str:
    """Return a path with one character for each byte, as the expressions want it."""
    return path if path.isascii() else path.encode("utf-8", "surrogateescape").decode("latin-1")
