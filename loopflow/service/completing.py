"""Names of files that a reference may go on with: those that may be read, and nothing else of what lies there."""

from collections.abc import Iterator
from itertools import islice
from typing import Final, NamedTuple

from loopflow.io.read.opening import NotOpened, Opener
from loopflow.service.parsing import LONGEST_TARGET
from loopflow.service.places import FileRules, means_lines, path_below

MOST_NAMES: Final = 100
"""That are told at once."""
_MOST_LOOKED_AT: Final = 100_000
"""Entries of one directory; names that come later are not found."""


class Completions(NamedTuple):
    """Paths as a reference names them, a directory with a slash at its end; and whether there are more."""

    paths: list[str]
    more: bool


def complete(prefix: str, rules: FileRules) -> Completions:
    """Return the paths that begin with `prefix`, in one directory. It blocks.

    What is outside of the roots, denied, or not there has one answer: nothing.
    """
    above, slash, begun = prefix.rpartition("/")
    above += slash
    found = path_below(above or ".", rules) if rules.roots and _can_be_named(prefix) else None
    if found is None or (found[1] and rules.denies(f"{found[1]}/")):
        return Completions([], more=False)
    root, directory = found
    base = f"{directory}/" if directory else ""
    names = sorted(_names(root, directory, begun))
    allowed = (f"{above}{name}" for name in names if not rules.denies(base + name))
    paths = list(islice((path for path in allowed if _fits(path)), MOST_NAMES + 1))
    return Completions(paths[:MOST_NAMES], len(paths) > MOST_NAMES)


def _names(root: str, directory: str, begun: str) -> Iterator[str]:
    """Yield names of regular files and, with a slash, of directories; never of links."""
    try:
        with Opener(root) as opener, opener.scan(directory) as entries:
            for entry in islice(entries, _MOST_LOOKED_AT):
                name = entry.name
                if not name.startswith(begun) or not _can_be_named(name):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    yield f"{name}/"
                elif entry.is_file(follow_symlinks=False) and not means_lines(name):
                    yield name
    except (NotOpened, OSError):
        return


def _fits(path: str) -> bool:
    """Whether it is short enough for a marker, where brackets and backslashes are escaped."""
    return len(path) + path.count("]") + path.count("\\") <= LONGEST_TARGET


def _can_be_named(text: str) -> bool:
    """Whether it may stand in a marker: on one line, and in UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return not any(sign in text for sign in "\0\n\r")
