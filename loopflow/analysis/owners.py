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
    lines = text.removeprefix("\ufeff").split("\n")
    rules = [rule for line in lines if (rule := _parse_line(line))]

    def owner(path: str) -> str | None:
        for matches, owners in reversed(rules):
            if matches(path):
                return owners or None
        return None

    return owner


def _parse_line(line: str) -> tuple[Callable[[str], bool | None], str] | None:
    """Return what tells whether a line is about a path, and its owners."""
    words = _WORD.findall(_COMMENT.split(line, maxsplit=1)[0])
    if not words or words[0].startswith(("#", "[", "^[", "!")):  # comments, sections of GitLab, nothing
        return None
    try:
        patterns = compile_patterns(words[:1], "CODEOWNERS")
    except UsageError:
        return None
    return patterns.decide if words[0].endswith("/*") else patterns.match, " ".join(words[1:])
