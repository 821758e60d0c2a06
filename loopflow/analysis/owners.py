"""Who owns a file, by a CODEOWNERS file: patterns with their owners, of which the last one that matches decides.

Patterns are those of .gitignore, but for one that ends in `/*`: it is about what lies directly in a directory.
"""

import re
from collections.abc import Callable

from loopflow.analysis.patterns import compile_patterns
from loopflow.errors import UsageError

CODEOWNERS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
"""Where one can be; the first that is there counts, as on GitHub."""

_COMMENT = re.compile(r"(?<!\\)\s#")
_WORD = re.compile(r"(?:\\ |\S)+")


def parse_owners(text: str) -> Callable[[str], str | None]:
    """Return what tells the owner of a path, None where nobody is named. Lines that mean nothing are passed over."""
    rules = [rule for line in _lines(text) if (rule := _parse_line(line))]

    def owner(path: str) -> str | None:
        for matches, owners in reversed(rules):
            if matches(path):
                return owners or None
        return None

    return owner


def owned_places(text: str) -> list[str]:
    """Return the patterns with owners that have no wildcard: those of directories, and of files."""
    lines = [_split(line) for line in _lines(text)]
    owned = [words[0] for words in lines if len(words) > 1]
    return [pattern for pattern in owned if pattern.strip("/") and not set(pattern) & set("*?[\\")]


def _lines(text: str) -> list[str]:
    return text.removeprefix("\ufeff").split("\n")


def _split(line: str) -> list[str]:
    """Return a pattern and its owners; nothing for a comment, a section of GitLab, or what cannot be."""
    words = _WORD.findall(_COMMENT.split(line, maxsplit=1)[0])
    return [] if words and words[0].startswith(("#", "[", "^[", "!")) else words


def _parse_line(line: str) -> tuple[Callable[[str], bool | None], str] | None:
    """Return what tells whether a line is about a path, and its owners."""
    words = _split(line)
    if not words:
        return None
    try:
        patterns = compile_patterns(words[:1], "CODEOWNERS")
    except UsageError:
        return None
    return patterns.decide if words[0].endswith("/*") else patterns.match, " ".join(words[1:])
