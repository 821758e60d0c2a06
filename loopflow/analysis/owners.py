"""Who owns a file, by a CODEOWNERS file: patterns with their owners, of which the last one that matches decides.

Patterns are those of .gitignore, but for one that ends in `/*`: it is about what lies directly in a directory.

GitLab's files can have sections (docs.gitlab.com, "Syntax of CODEOWNERS file"). Each decides by itself, so that a file
may have owners of several; entries without owners have those of the heading, and what stands before the first heading
is a section without a name. Where there is a heading, two more things are GitLab's: a path without a slash before it
lies at any depth, and `!` takes out, for good, what its section says of a path.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from loopflow.analysis.patterns import compile_patterns
from loopflow.errors import UsageError

CODEOWNERS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
"""Where one can be; the first that is there counts: as on GitHub, and the last three as on GitLab."""

_COMMENT = re.compile(r"(?<!\\)\s#")
_WORD = re.compile(r"(?:\\ |\S)+")
_HEADING = re.compile(r"\s*\^?\[([^\]]*[^\]\s][^\]]*)\](?:\[\d*\])?(?:\s+(.*))?")


@dataclass(slots=True)
class _Section:
    """Entries, each a pattern and its owners, with those that hold for entries without any."""

    defaults: list[str] = field(default_factory=list)
    entries: list[tuple[str, list[str]]] = field(default_factory=list)

    def add(self, words: list[str]) -> None:
        """Add an entry."""
        self.entries.append((words[0], words[1:] or self.defaults))


def parse_owners(text: str) -> Callable[[str], str | None]:
    """Return what tells the owner of a path, None where nobody is named. Lines that mean nothing are passed over.

    Those of several sections are all of them, in the order of the sections, each once.
    """
    deciders = [_decider(section, is_gitlab=is_gitlab) for section, is_gitlab in _sections(text)]

    def owner(path: str) -> str | None:
        return " ".join(dict.fromkeys(name for decide in deciders for name in decide(path))) or None

    return owner


def owned_places(text: str) -> list[str]:
    """Return the patterns with owners that have no wildcard: those of directories, and of files."""
    entries = [entry for section, _ in _sections(text) for entry in section.entries]
    owned = dict.fromkeys(pattern for pattern, owners in entries if owners and not pattern.startswith("!"))
    return [pattern for pattern in owned if pattern.strip("/") and not set(pattern) & set("*?[\\")]


def _sections(text: str) -> Iterator[tuple[_Section, bool]]:
    """Yield the sections in the order of their first headings, each with whether the file is one of GitLab."""
    current = _Section()
    sections = {"": current}
    for line in text.removeprefix("\ufeff").split("\n"):
        heading = _HEADING.fullmatch(line)
        defaults = _words(" " + (heading[2] or "")) if heading else []
        if heading and all("@" in word for word in defaults):
            current = sections.setdefault(heading[1].strip().casefold(), _Section())
            current.defaults = defaults
        elif (words := _words(line)) and not words[0].startswith(("#", "[", "^[")):
            current.add(words)
    yield from ((section, len(sections) > 1) for section in sections.values())


def _words(line: str) -> list[str]:
    """Return what stands before a comment: a pattern and its owners, or owners."""
    return _WORD.findall(_COMMENT.split(line, maxsplit=1)[0])


def _decider(section: _Section, *, is_gitlab: bool) -> Callable[[str], list[str]]:
    """Return what tells whom a section names for a path."""
    entries = [(matches, owners) for pattern, owners in section.entries if (matches := _matcher(pattern, is_gitlab))]
    out = [
        matches
        for pattern, _ in section.entries
        if is_gitlab and pattern.startswith("!") and (matches := _matcher(pattern[1:], is_gitlab))
    ]

    def decide(path: str) -> list[str]:
        if any(matches(path) for matches in out):
            return []
        return next((owners for matches, owners in reversed(entries) if matches(path)), [])

    return decide


def _matcher(pattern: str, is_gitlab: bool) -> Callable[[str], bool | None] | None:  # noqa: FBT001
    """Return what tells whether an entry is about a path; None for what is no pattern, or takes something out."""
    if pattern.startswith("!"):
        return None
    is_relative = is_gitlab and not pattern.startswith("/")
    try:
        patterns = compile_patterns([f"**/{pattern}" if is_relative else pattern], "CODEOWNERS")
    except UsageError:
        return None
    return patterns.decide if pattern.endswith("/*") else patterns.match
