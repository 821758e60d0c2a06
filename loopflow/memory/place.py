"""Where a memory is: the command that starts its server, the server's file, and the directory of what waits for it.

What starts a program counts from the command line, the environment and a config that is named; in a config that was
found, which may be a stranger's, it is an error. Such a config may name a file below the root, behind no link.
"""

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from loopflow.analysis.names import escape_name, path_bytes
from loopflow.config.sections import read_section
from loopflow.config.values import clean_path
from loopflow.console.directories import data_directory
from loopflow.errors import UsageError
from loopflow.memory.settings import MemorySettings, read_timeout
from loopflow.model import ConfigRequest
from loopflow.usecases.find_config import find_config_here, find_root

COMMAND: Final = "LOOPFLOW_MEMORY_COMMAND"
FILE: Final = "LOOPFLOW_MEMORY_FILE"
TIMEOUT: Final = "LOOPFLOW_MEMORY_TIMEOUT"
NAME: Final = "memory.jsonl"
_ROOM: Final = "memory"
_DIGITS: Final = 4
"""Bytes of a hash in the name of a repository's directory."""
_LONGEST: Final = 40


@dataclass(frozen=True, slots=True)
class Named:
    """What the command line names: texts as they were typed, None where nothing was."""

    command: str | None = None
    file: str | None = None
    timeout: str | None = None
    config: str | None = None
    command_option: str = "--command"
    """What the command was typed behind."""


@dataclass(frozen=True, slots=True)
class MemoryPlace:
    """What holds. `argv` is empty where no server is named. All paths are absolute."""

    argv: tuple[str, ...]
    file: str
    directory: str
    server_directory: str
    """Where the server runs: ours, whatever a config says. Below the root npx would run what a repository ships."""
    timeout: float
    store: bool
    project: str
    encoding: str


def find_place(named: Named, environ: Mapping[str, str], here: str) -> MemoryPlace:
    """Return where the memory is. Nothing is made or started. Raises UsageError, ConfigError."""
    config_file = named.config or environ.get("LOOPFLOW_CONFIG") or None
    config = find_config_here(here, ConfigRequest({}, environ, config_file))
    settings: MemorySettings = read_section(config.sections, "memory")
    root = find_root(here) or here
    if config_file is None:
        _refuse_found(settings, root)
    room = os.path.join(data_directory(environ, here), _ROOM, _name_room(root))
    directory = os.path.join(root, settings.fallback_dir) if settings.fallback_dir else room
    file = os.path.join(root, settings.file) if settings.file else os.path.join(directory, NAME)
    if given := named.file or environ.get(FILE):
        file = os.path.join(here, given)
    timeout = named.timeout or environ.get(TIMEOUT)
    return MemoryPlace(
        argv=_find_command(named, environ, here) or settings.command,
        file=os.path.normpath(file),
        directory=os.path.normpath(directory),
        server_directory=os.path.normpath(room),
        timeout=read_timeout(timeout, "--timeout" if named.timeout else TIMEOUT) if timeout else settings.timeout,
        store=settings.store,
        project=os.path.basename(root),
        encoding=config.encoding,
    )


def _refuse_found(settings: MemorySettings, root: str) -> None:
    """Raise UsageError for what a config that was found may not say."""
    places = dict(settings.places)
    if settings.command:
        what = f"{places['command']}: memory.command is not taken from a config that was found"
        raise UsageError(what, f"set {COMMAND}, or name the file with --config")
    for key, path in (("file", settings.file), ("fallback_dir", settings.fallback_dir)):
        if not path:
            continue
        above = os.path.dirname(os.path.join(root, path)) if key == "file" else os.path.join(root, path)
        if clean_path(path) is None or not _is_below(above, root):
            what = f"{places[key]}: memory.{key}: {escape_name(path)} is not below the root"
            raise UsageError(what, "name one that is, behind no link, or name the config with --config")


def _is_below(path: str, root: str) -> bool:
    inner = os.path.realpath(root)
    return f"{os.path.realpath(path)}/".startswith(f"{inner.rstrip('/')}/")


def _find_command(named: Named, environ: Mapping[str, str], here: str) -> tuple[str, ...]:
    """Return the words of the command that is typed or in the environment; a path in it is relative to `here`."""
    typed = named.command
    text, what = (typed, named.command_option) if typed is not None else (environ.get(COMMAND, ""), COMMAND)
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UsageError(f"{what}: {escape_name(text[:100])} is no command: {error}", "close its quotes") from error
    if not words and typed:
        raise UsageError(f"{what} names no program", "write for example 'npx -y @modelcontextprotocol/server-memory'")
    if words and "/" in words[0]:
        words[0] = os.path.join(here, words[0])
    return tuple(words)


def _name_room(root: str) -> str:
    """Return the name of the directory of a repository: what it is called, and a hash of where it is."""
    base = "".join(char if char.isalnum() and char.isascii() else "-" for char in os.path.basename(root))
    return f"{base[:_LONGEST] or 'root'}-{blake2b(path_bytes(root), digest_size=_DIGITS).hexdigest()}"
