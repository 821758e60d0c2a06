"""Writes patterns of the command line into the config file, and leaves the rest of it as it is."""

import os
import tomllib
from collections.abc import Sequence
from typing import Any, Final

from loopflow.analysis.names import escape_name
from loopflow.config.resolve import CONFIG_FILE, PYPROJECT
from loopflow.errors import ConfigError, UsageError, describe_os_error
from loopflow.io.writing import write_atomically
from loopflow.logs.configs import inline, literal
from loopflow.logs.model import OwnPattern

_IN_PYPROJECT: Final = ("tool", "loopflow")


def save_patterns(file: str | None, root: str, patterns: Sequence[OwnPattern], drop: Sequence[str]) -> str:
    """Add patterns to `[logs]` of the config `file`, or of a new one at the root; return its name.

    Raises UsageError, ConfigError, LoopflowError.
    """
    name = file or CONFIG_FILE
    path = os.path.join(root, name)
    try:
        with open(path, encoding="utf-8-sig", newline="") as opened:
            text = opened.read()
    except FileNotFoundError:
        text = ""
    except OSError as error:
        raise UsageError(f"{escape_name(name)} cannot be read: {describe_os_error(error)}", "name another") from error
    write_atomically(path, _add(text, name, patterns, drop), root)
    return name


def _add(text: str, name: str, patterns: Sequence[OwnPattern], drop: Sequence[str]) -> str:
    """Return a config with patterns that it did not have, if they can be put there."""
    import tomlkit  # noqa: PLC0415  most runs save nothing
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415

    above = _IN_PYPROJECT if name.endswith(PYPROJECT) else ()
    wanted = [*_find(text, above)[0], *({"priority": each.priority.word, "match": each.match} for each in patterns)]
    dropped = [*_find(text, above)[1], *drop]
    try:
        document = tomlkit.parse(text)
        table: Any = document
        for part in (*above, "logs"):
            if part not in table:
                table[part] = tomlkit.table()
            table = table[part]
        _extend(table, "patterns", [inline(each) for each in patterns if not _has(table, each)])
        _extend(table, "drop", [literal(each) for each in drop if each not in table.get("drop", [])])
        made = tomlkit.dumps(document)
    except (TOMLKitError, TypeError, AttributeError, ValueError) as error:
        raise _cannot(name) from error
    if not _holds(made, above, wanted, dropped):
        raise _cannot(name)
    return made


def _extend(table: Any, key: str, new: Sequence[Any]) -> None:  # noqa: ANN401  tomlkit's
    import tomlkit  # noqa: PLC0415
    from tomlkit.items import AoT  # noqa: PLC0415

    if not new:
        return
    known = table.get(key)
    if isinstance(known, AoT):
        for each in new:
            row = tomlkit.table()
            row.update(each)
            known.append(row)
        return
    if known is None:
        table[key] = tomlkit.array().multiline(multiline=True)
        known = table[key]
    for each in new:
        known.append(each)


def _has(table: Any, pattern: OwnPattern) -> bool:  # noqa: ANN401  tomlkit's
    said = {"priority": pattern.priority.word, "match": pattern.match}
    return any(dict(each) == said for each in table.get("patterns", []))


def _find(text: str, above: Sequence[str]) -> tuple[list[Any], list[Any]]:
    """Return the patterns in a config, and those of lines that are dropped."""
    table: Any = tomllib.loads(text)
    for part in (*above, "logs"):
        table = table.get(part, {})
    return table.get("patterns", []), table.get("drop", [])


def _holds(text: str, above: Sequence[str], patterns: Sequence[Any], drop: Sequence[Any]) -> bool:
    """Whether a config has all of these, and nothing twice that it did not have twice."""
    try:
        found, dropped = _find(text, above)
    except (tomllib.TOMLDecodeError, AttributeError):
        return False
    return all(each in found for each in patterns) and all(each in dropped for each in drop)


def _cannot(name: str) -> ConfigError:
    return ConfigError(f"{escape_name(name)}: the patterns cannot be put into it", "write them below [logs] yourself")
