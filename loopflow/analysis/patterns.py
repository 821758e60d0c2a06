"""Patterns in gitignore syntax (gitignore(5)), as pathspec matches them.

pathspec's expressions end in `$`, which also matches before a final line break, and its dots match none. A line break
in a path is therefore replaced before matching by a character that no path can contain.
"""

import re
from collections.abc import Iterable, Sequence

from pathspec import GitIgnoreSpec
from pathspec.patterns.gitignore import GitIgnorePatternError

from loopflow.analysis.names import escape_name
from loopflow.errors import UsageError

_LINE_BREAK = str.maketrans("\n", "\ud80a")  # not one of the surrogates that stand for raw bytes


class Patterns:
    """A list of patterns; as in a .gitignore file, the last one that matches decides."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._spec = GitIgnoreSpec.from_lines(line.translate(_LINE_BREAK) for line in lines)

    def match(self, path: str) -> bool:
        """Whether `path` matches; that of a directory must end in a slash."""
        return self._spec.match_file(path.translate(_LINE_BREAK))

    def decide(self, path: str) -> bool | None:
        """Whether the last pattern that matches `path` takes it in (True) or out (False); None if there is none."""
        return self._spec.check_file(path.translate(_LINE_BREAK)).include


def compile_patterns(patterns: Sequence[str], option: str) -> Patterns:
    """Compile what a user wrote. Raises UsageError for what cannot match anything, naming it and `option`."""
    for pattern in patterns:
        if not _can_match(pattern):
            raise UsageError(
                f"{option}: '{escape_name(pattern)}' is not a pattern",
                "patterns have gitignore syntax, such as 'vendor/' or '*.lock'",
            )
    return Patterns(patterns)


def compile_ignore_file(text: str) -> Patterns:
    """Compile the text of a .gitignore file. As for git, a line that is no pattern matches nothing."""
    return Patterns(line for line in text.removeprefix("\ufeff").split("\n") if _can_match(line))


def _can_match(line: str) -> bool:
    try:
        spec = GitIgnoreSpec.from_lines([line.translate(_LINE_BREAK)])
    except (GitIgnorePatternError, re.error):  # the latter for a range that runs backwards, such as [z-a]
        return False
    return any(pattern.include is not None for pattern in spec.patterns)
