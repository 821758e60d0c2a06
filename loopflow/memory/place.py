"""Where a memory is: the command that starts its server or its address, its file, and where runs wait for it.

What starts a program, or says where data is sent, counts from the command line, the environment and a config that is
named; in a config that was found, which may be a stranger's, it is an error. Such a config may name a file below the
root, behind no link.
"""

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final, NamedTuple

from loopflow.analysis.names import escape_name, path_bytes
from loopflow.config.sections import read_section
from loopflow.config.values import clean_path
from loopflow.console.directories import data_directory
from loopflow.errors import UsageError
from loopflow.io.mcp.typed import find_secrets, require_address
from loopflow.memory.settings import MemorySettings, read_timeout
from loopflow.model import ConfigRequest
from loopflow.usecases.find_config import find_config_here, find_root

COMMAND: Final = "LOOPFLOW_MEMORY_COMMAND"
URL: Final = "LOOPFLOW_MEMORY_URL"
TOKEN: Final = "LOOPFLOW_MEMORY_TOKEN"  # noqa: S105  where it is
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
    url: str | None = None
    file: str | None = None
    timeout: str | None = None
    config: str | None = None
    command_option: str = "--command"
    url_option: str = "--url"
    """What each was typed behind."""


class Peer(NamedTuple):
    """Who is asked: what starts a server, or a server's address and the token for it; nobody where all is empty."""

    argv: tuple[str, ...] = ()
    url: str = ""
    token: str = ""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What of it is never shown."""
        return (*filter(None, [self.token]), *find_secrets(self.url))


@dataclass(frozen=True, slots=True)
class MemoryPlace:
    """What holds. All paths are absolute."""

    peer: Peer
    file: str
    """The server's. At a url there is none here: of this one there is but the lock, of all here who ask that url."""
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
    peer = _find_peer(named, environ, here, settings)
    if peer.url:
        file = os.path.join(os.path.dirname(room), f"url-{_hash(peer.url.encode())}")
        if named.file:
            raise UsageError("--file is of a server that is started, and a url is named", "leave out one")
    timeout = named.timeout or environ.get(TIMEOUT)
    return MemoryPlace(
        peer=peer,
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
    for key, variable in (("command", COMMAND), ("url", URL), ("token", TOKEN)):
        if key in places:
            what = f"{places[key]}: memory.{key} is not taken from a config that was found"
            raise UsageError(what, f"set {variable}, or name the file with --config")
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


def _find_peer(named: Named, environ: Mapping[str, str], here: str, settings: MemorySettings) -> Peer:
    """Return who is asked: as it is typed, else as the environment says, else the config."""
    command, url, names = named.command, named.url, (named.command_option, named.url_option)
    if command is None and url is None:
        command, url, names = environ.get(COMMAND, "").strip() or None, environ.get(URL) or None, (COMMAND, URL)
    if command is not None and url is not None:
        raise UsageError(f"{names[0]} and {names[1]} name two servers", "leave one of them out")
    if url is not None:
        require_address(url, names[1])
        return Peer(url=url, token=_read_token(TOKEN, environ.get(TOKEN, "")))
    if argv := _split(command or "", names[0], here):
        return Peer(argv)
    if settings.token and settings.token not in environ:
        where = dict(settings.places)["token"]
        raise UsageError(f"{where}: there is no variable {settings.token}", "set it, or leave memory.token out")
    name = settings.token or TOKEN
    token = _read_token(name, environ.get(name, "")) if settings.url else ""
    return Peer(settings.command, settings.url, token)


def _read_token(name: str, token: str) -> str:
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise UsageError(f"{name} holds what is no token", "look for spaces and ends of lines in it")
    return token


def _split(text: str, what: str, here: str) -> tuple[str, ...]:
    """Return the words of a command; a path in it is relative to `here`."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UsageError(f"{what}: {escape_name(text[:100])} is no command: {error}", "close its quotes") from error
    if not words and text:
        raise UsageError(f"{what} names no program", "write for example 'npx -y @modelcontextprotocol/server-memory'")
    if words and "/" in words[0]:
        words[0] = os.path.join(here, words[0])
    return tuple(words)


def _name_room(root: str) -> str:
    """Return the name of the directory of a repository: what it is called, and a hash of where it is."""
    base = "".join(char if char.isalnum() and char.isascii() else "-" for char in os.path.basename(root))
    return f"{base[:_LONGEST] or 'root'}-{_hash(path_bytes(root))}"


def _hash(data: bytes) -> str:
    return blake2b(data, digest_size=_DIGITS).hexdigest()
