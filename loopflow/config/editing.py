"""A key of the config file changed in place: everything else in it stays as it was written."""

import re
import tomllib

from loopflow.errors import ConfigError

_HEADER = re.compile(r"\s*\[")
_LOOPFLOW = re.compile(r"\s*\[\s*tool\s*\.\s*loopflow\s*\]\s*(?:#.*)?")


def set_text(file: str, text: str, key: str, value: str) -> str:
    """Return the text of a config file in which `key`, at its top, has a plain text as its value.

    Of a pyproject.toml it is the table [tool.loopflow]. Raises ConfigError where that is written in another way.
    """
    lines = text.split("\n")
    is_project = file.endswith("pyproject.toml")
    begin = next((at + 1 for at, line in enumerate(lines) if _LOOPFLOW.fullmatch(line)), None) if is_project else 0
    changed = text
    if begin is not None:
        end = next((at for at in range(begin, len(lines)) if _HEADER.match(lines[at])), len(lines))
        changed = "\n".join(_set(lines, begin, end, key, f'{key} = "{value}"'))
    if not _says(changed, key, value, is_project=is_project):
        raise ConfigError(f"{file} cannot be changed as it is written", f'write {key} = "{value}" in it by hand')
    return changed


def _set(lines: list[str], begin: int, end: int, key: str, line: str) -> list[str]:
    """Return the lines with one in the place of what sets the key between `begin` and `end`, or before all of them."""
    entry = re.compile(rf"\s*{re.escape(key)}\s*=\s*(?:\"[^\"]*\"|'[^']*')\s*(#.*)?")
    for at in range(begin, end):
        if found := entry.fullmatch(lines[at]):
            comment = f"  {found[1]}" if found[1] else ""
            return [*lines[:at], f"{line}{comment}", *lines[at + 1 :]]
    return [*lines[:begin], line, *lines[begin:]]


def _says(text: str, key: str, value: str, *, is_project: bool) -> bool:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    table = document.get("tool", {}).get("loopflow", {}) if is_project else document
    return isinstance(table, dict) and table.get(key) == value
