"""The newest session of an agent in a directory: where Claude Code and Codex keep them."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from typing import Final

from loopflow.errors import UsageError

_FIRST_LINE: Final = 2_000_000
_MOST_LOOKED_AT: Final = 300


def find_last(environ: Mapping[str, str], directories: list[str]) -> str:
    """Return the path of the newest session that was held in one of the directories. Raises UsageError."""
    home = environ.get("HOME", "")
    found = [
        *_list_claude(environ.get("CLAUDE_CONFIG_DIR") or os.path.join(home, ".claude"), directories),
        *_list_codex(environ.get("CODEX_HOME") or os.path.join(home, ".codex"), directories),
    ]
    if not found:
        raise UsageError(
            "there is no session of Claude Code or Codex of this directory",
            "change to the one it was held in, or name a file",
        )
    return max(found)[1]


def _list_claude(root: str, directories: list[str]) -> Iterator[tuple[float, str]]:
    """Yield times and paths: the name of a directory is there with a hyphen for all that is no letter or digit."""
    for directory in directories:
        folder = os.path.join(root, "projects", re.sub(r"[^A-Za-z0-9]", "-", directory))
        for name, when in _list_files(folder):
            if not os.path.basename(name).startswith("agent-"):
                yield when, name


def _list_codex(root: str, directories: list[str]) -> Iterator[tuple[float, str]]:
    """Yield times and paths of the newest sessions that say that they were held there."""
    folders = [folder for folder, _, _ in os.walk(os.path.join(root, "sessions"))]
    files = sorted((each for folder in folders for each in _list_files(folder)), key=lambda each: -each[1])
    for name, when in files[:_MOST_LOOKED_AT]:
        if _read_directory(name) in directories:
            yield when, name
            return


def _list_files(folder: str) -> list[tuple[str, float]]:
    try:
        entries = [entry for entry in os.scandir(folder) if entry.name.endswith(".jsonl") and entry.is_file()]
        return [(entry.path, entry.stat().st_mtime) for entry in entries]
    except OSError:
        return []


def _read_directory(path: str) -> str:
    try:
        with open(path, "rb") as file:
            first = json.loads(file.readline(_FIRST_LINE))
        found = first["payload"]["cwd"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ""
    return found if isinstance(found, str) else ""
