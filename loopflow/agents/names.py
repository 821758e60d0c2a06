"""Which listed paths can matter to an agent, by name alone. A repository without any costs one look at each name."""

import re
from collections.abc import Iterable, Iterator

from loopflow.model import FileRef, Skipped
from loopflow.model.file_table import FileTable

INSTRUCTIONS = (
    "AGENTS.md",
    "AGENTS.override.md",
    "AGENT.md",
    "CLAUDE.md",
    "CLAUDE.local.md",
    "GEMINI.md",
    ".cursorrules",
    ".windsurfrules",
    ".clinerules",
    ".rules",
)
SETTINGS = (".claude/settings.json", ".codex/config.toml", ".gemini/settings.json", "opencode.json")
"""Tracked settings of agents that change what is loaded; at the root alone."""

_NAMES = frozenset({*(name.lower() for name in INSTRUCTIONS), "opencode.json", "skill.md"})
_SUFFIXES = (".mdc", ".instructions.md")
_DIRECTORY = re.compile(
    r"(?:^|/)\.(?:claude|agents|codex|cursor|windsurf|gemini|junie|clinerules"
    r"|github/(?:copilot-instructions\.md|instructions|skills|prompts))(?:/|$)",
    re.IGNORECASE,
)
_CASED = {name.lower(): name for name in INSTRUCTIONS} | {"skill.md": "SKILL.md"}


def is_candidate(path: str) -> bool:
    """Whether an agent could look for a path of this name."""
    name = path[path.rfind("/") + 1 :].lower()
    if name in _NAMES or name.endswith(_SUFFIXES):
        return True
    return ("/." in path or path[:1] == ".") and _DIRECTORY.search(path) is not None


def has_candidates(items: Iterable[FileRef | Skipped]) -> bool:
    """Whether any of the listed paths could matter."""
    return any(map(is_candidate, items.paths if isinstance(items, FileTable) else (item.path for item in items)))


def misspelt(paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each path whose name differs from an agent's by case alone, and the name that is meant."""
    for path in paths:
        name = path[path.rfind("/") + 1 :]
        meant = _CASED.get(name.lower())
        if meant is not None and meant != name:
            yield path, meant
