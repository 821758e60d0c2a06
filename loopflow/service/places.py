"""Which files may be referred to, and what a reference to one means, before anything is opened."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from loopflow.analysis.names import escape_name
from loopflow.analysis.patterns import Patterns, compile_patterns
from loopflow.service.errors import BadReference, ForbiddenReference

DENIED: Final = (".git/", ".env*", "*.pem", "*.key", "id_*")
"""What is never read unless a line of the config lifts it."""
FILE_MOST: Final = 512_000_000
_LINES = re.compile(r"#L([1-9]\d{0,8})(?:-L?([1-9]\d{0,8}))?\Z")


@dataclass(frozen=True, slots=True)
class FileRules:
    """What may be read: files below the roots (absolute, without links), but for what is denied."""

    roots: tuple[str, ...] = ()
    deny: tuple[str, ...] = DENIED
    most: int = FILE_MOST
    environ: Mapping[str, str] | None = None
    """For git, which lists what a directory has."""

    def denies(self, path: str) -> bool:
        """Whether a path below a root may not be read. Case makes no difference, as on some file systems."""
        patterns, folded = _compile(self.deny), _fold(path)
        # One by one: asked for all of a path, the patterns would remember every directory that anybody names.
        above = (folded[:at] for at, sign in enumerate(folded) if sign == "/")
        return any(patterns.decide(f"{each}/") is True for each in above) or patterns.decide(folded) is True


class Place(NamedTuple):
    """A file below a root, or some of its lines (from 1)."""

    root: str
    path: str
    lines: tuple[int, int] | None = None

    @property
    def name(self) -> str:
        """By which its state is known."""
        return self.path if self.lines is None else f"{self.path}#L{self.lines[0]}-L{self.lines[1]}"


def locate(target: str, rules: FileRules) -> Place:
    """Return what a target means, unopened. Raises BadReference and ForbiddenReference."""
    if "\0" in target:
        raise BadReference("a NUL is in no name of a file", "leave it out")
    lines = None
    if found := _LINES.search(target):
        target = target[: found.start()]
        lines = int(found[1]), int(found[2] or found[1])
        if lines[0] > lines[1]:
            raise BadReference(f"{escape_name(found[0])} ends before it begins", "write the first line first")
    if not target:
        raise BadReference("no file is named", "write @[file:PATH]")
    if not rules.roots:
        raise ForbiddenReference("no file may be read", "name a directory with --root")
    path = path_below(target, rules)
    if path is None or rules.denies(path[1]):
        raise forbidden(target)
    return Place(*path, lines)


def path_below(target: str, rules: FileRules) -> tuple[str, str] | None:
    """Return the root and the path below it, None where the target lies outside of all."""
    root, rest = rules.roots[0], target
    if target.startswith("/"):
        above = next((each for each in rules.roots if f"{target}/".startswith(f"{each.rstrip('/')}/")), None)
        if above is None:
            return None
        root, rest = above, target[len(above) :]
    parts = [part for part in rest.split("/") if part not in {"", "."}]
    return None if ".." in parts else (root, "/".join(parts))


def means_lines(name: str) -> bool:
    """Whether the end of a name is taken for lines, so that no reference can mean a file of this name."""
    return _LINES.search(name) is not None


def forbidden(target: str) -> ForbiddenReference:
    """Return the error for what may not be read."""
    return ForbiddenReference(f"{escape_name(target)} may not be read", "name a file below a root that is not denied")


@lru_cache(maxsize=8)
def _compile(deny: tuple[str, ...]) -> Patterns:
    return compile_patterns(tuple(map(_fold, deny)), "deny")


def _fold(path: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())
