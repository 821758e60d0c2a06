"""Who owns a file, by a CODEOWNERS file: patterns as in .gitignore, each with its owners, the last match decides."""

from collections.abc import Callable

from loopflow.analysis.patterns import Patterns, compile_patterns
from loopflow.errors import UsageError

CODEOWNERS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
"""Where one can be; the first that is there counts, as on GitHub."""


def parse_owners(text: str) -> Callable[[str], str | None]:
    """Return what tells the owner of a path, None where nobody is named. Lines that mean nothing are passed over."""
    rules = [rule for line in text.splitlines() if (rule := _parse_line(line))]

    def owner(path: str) -> str | None:
        for patterns, owners in reversed(rules):
            if patterns.match(path):
                return owners or None
        return None

    return owner


def _parse_line(line: str) -> tuple[Patterns, str] | None:
    words = line.partition(" #")[0].strip().replace("\\ ", "\0").split()
    if not words or words[0].startswith(("#", "[", "^[", "!")):  # comments, sections of GitLab, nothing
        return None
    try:
        return compile_patterns([words[0].replace("\0", "\\ ")], "CODEOWNERS"), " ".join(words[1:])
    except UsageError:
        return None
