"""Tables of the config file that belong to one command each: reserved by name, and read by that command alone.

A table that this version does not know is skipped, so that an older installation is not stopped by a newer config;
anything else that is unknown stays an error.
"""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any

from loopflow.config.toml import Table

RESERVED = ("agents", "chat", "fleet", "function", "history", "logs", "mcp", "memory", "service", "usage")

READERS: Mapping[str, str] = MappingProxyType(
    {
        "agents": "loopflow.agents.settings:read_settings",
        "chat": "loopflow.chat.settings:read_settings",
        "function": "loopflow.function.settings:read_settings",
        "logs": "loopflow.logs.settings:read_settings",
        "memory": "loopflow.memory.settings:read_settings",
        "service": "loopflow.service.settings:read_settings",
        "usage": "loopflow.usage.settings:read_settings",
    }
)
"""Where each table that this version knows is read: "module:function", which takes the `Table` and returns settings."""


def read_section(tables: Mapping[str, Table], name: str, readers: Mapping[str, str] = READERS) -> Any:  # noqa: ANN401
    """Return the settings of the section `name`, those that hold without a table if there is none.

    The reader is imported now: a command loads no other command's code. Raises ConfigError for a wrong value.
    """
    module, _, function = readers[name].partition(":")
    table = tables.get(name) or Table("", "", (name,), {})
    return getattr(import_module(module), function)(table)


def find_sections(table: Table) -> dict[str, Table]:
    """Return the reserved tables in `table`, unread. Raises ConfigError for what has such a name and is no table."""
    found = {}
    for name in RESERVED:
        value = table.values.get(name, {})
        if not isinstance(value, dict | list):
            raise table.error(name, f"{name} is a table", f"write [{name}] on a line of its own")
        if value and isinstance(value, dict):  # a list of tables is for another version
            found[name] = Table(table.file, table.text, (*table.path, name), value)
    return found


def describe_unknown(table: Table) -> list[str]:
    """Say which reserved tables this version does not know, and where they are."""
    unknown = [name for name in RESERVED if name in table.values and name not in READERS]
    return [f"{table.where(name)}: [{name}] is for another version, and is skipped" for name in unknown]
