"""`[memory]` of the config."""

import re
from dataclasses import dataclass
from typing import Final

from loopflow.config.toml import Table
from loopflow.config.values import read_names, read_text
from loopflow.errors import UsageError
from loopflow.io.mcp.typed import require_address

_KEYS: Final = ("command", "url", "token", "file", "timeout", "store", "fallback_dir")
STANDARD_TIMEOUT: Final = 10.0
_DURATION: Final = re.compile(r"(\d{1,4})(?:\.(\d))? ?(s|m)?")
_MOST_SECONDS: Final = 600
_MINUTE: Final = 60
_VARIABLE: Final = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)")


@dataclass(frozen=True, slots=True)
class MemorySettings:
    """What holds for `loopflow memory` where the command line and the environment say nothing else.

    `places` has the file and line of each key that is set: what holds depends on whose config it is.
    """

    command: tuple[str, ...] = ()
    url: str = ""
    token: str = ""
    """The variable that has the token for the url."""
    file: str = ""
    timeout: float = STANDARD_TIMEOUT
    store: bool = False
    """Whether `loopflow logs` keeps what failed without being asked."""
    fallback_dir: str = ""
    places: tuple[tuple[str, str], ...] = ()


def read_settings(table: Table) -> MemorySettings:
    """Return what the table says. Raises ConfigError."""
    table.require_known(_KEYS)
    values = table.values
    return MemorySettings(
        command=_read_command(table) if "command" in values else (),
        url=_read_url(table) if "url" in values else "",
        token=_read_token(table) if "token" in values else "",
        file=read_text(table, "file") if "file" in values else "",
        timeout=_read_timeout(table) if "timeout" in values else STANDARD_TIMEOUT,
        store=_read_flag(table, "store"),
        fallback_dir=read_text(table, "fallback_dir") if "fallback_dir" in values else "",
        places=tuple((key, table.where(key)) for key in values),
    )


def _read_command(table: Table) -> tuple[str, ...]:
    command = read_names(table, "command")
    if not command or any("\0" in word for word in command):
        raise table.error("command", "it names no program", 'write for example command = ["mcp-server-memory"]')
    return command


def _read_url(table: Table) -> str:
    url = read_text(table, "url")
    if "command" in table.values:
        raise table.error("url", "there is a command, too", "leave one of them out")
    try:
        require_address(url, "url")
    except UsageError as error:
        raise table.error("url", error.message.removeprefix("url "), error.hint) from error
    return url


def _read_token(table: Table) -> str:
    found = _VARIABLE.fullmatch(read_text(table, "token"))
    if not found or "url" not in table.values:
        raise table.error("token", "it names the variable that has the token for url", 'write token = "env:NAME"')
    return found[1]


def _read_flag(table: Table, key: str) -> bool:
    value = table.values.get(key, False)
    if not isinstance(value, bool):
        raise table.error(key, "it is true or false", f"write {key} = true")
    return value


def _read_timeout(table: Table) -> float:
    try:
        return read_timeout(read_text(table, "timeout"), "timeout")
    except UsageError as error:
        raise table.error("timeout", error.message.removeprefix("timeout: "), error.hint) from error


def read_timeout(text: str, what: str) -> float:
    """Return the seconds that a text such as "10s" or "1m" means. Raises UsageError."""
    found = _DURATION.fullmatch(text)
    seconds = float(f"{found[1]}.{found[2] or 0}") * (_MINUTE if found[3] == "m" else 1) if found else 0.0
    if not 0 < seconds <= _MOST_SECONDS:
        raise UsageError(f"{what}: it is no time up to ten minutes", 'write for example "10s"')
    return seconds
