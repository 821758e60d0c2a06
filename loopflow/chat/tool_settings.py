"""The tables `[chat.tools.NAME]`: what a config says of how tools are narrowed. A hook reads these and nothing else."""

from typing import Final

from loopflow.chat.tools import MODES, OwnRule
from loopflow.config.toml import Table
from loopflow.config.values import read_size

_KEYS: Final = ("tokens", "lines", "characters", "mode", "never")


def read_tools(chat: Table) -> dict[str, OwnRule]:
    """Return what the table `[chat]` says of tools, by name or pattern, in its order. Raises ConfigError."""
    tools = chat.table("tools")
    found = {}
    for name in tools.values if tools else ():
        inside = tools.table(name) if tools else None
        if inside is not None:
            found[name] = _read_rule(inside)
    return found


def read_keep(chat: Table) -> bool:
    """Return whether whole outputs are kept. Raises ConfigError."""
    return _read_flag(chat, "keep") if "keep" in chat.values else True


def _read_rule(table: Table) -> OwnRule:
    table.require_known(_KEYS)
    values = table.values
    rule = OwnRule(
        tokens=_read_size(table, "tokens") if "tokens" in values else None,
        lines=_read_size(table, "lines") if "lines" in values else None,
        characters=_read_size(table, "characters") if "characters" in values else None,
        never=_read_flag(table, "never") if "never" in values else None,
    )
    if "mode" not in values:
        return rule
    mode = next((each for each in MODES if each == values["mode"]), None)
    if mode is None:
        raise table.error("mode", f"it is one of {', '.join(MODES)}", f'write for example mode = "{MODES[0]}"')
    return rule._replace(mode=mode)


def _read_size(table: Table, key: str) -> int:
    size = read_size(table, key)
    if not size:
        raise table.error(key, "nothing can be said in so little", f'write for example {key} = "3k"')
    return size


def _read_flag(table: Table, key: str) -> bool:
    value = table.values[key]
    if not isinstance(value, bool):
        raise table.error(key, "it is true or false", f"write for example {key} = true")
    return value
