"""Values of `[logs]`, of saved configurations and of profiles: each is read strictly, and an error says where."""

from collections.abc import Sequence
from typing import Final

from loopflow.analysis.names import escape_name
from loopflow.config.toml import Table
from loopflow.config.values import read_text
from loopflow.logs.model import OwnPattern, Priority
from loopflow.logs.patterns import MOST_PATTERNS, check_pattern, shown_pattern

PRIORITIES: Final = tuple(priority.word for priority in Priority)
LONGEST_NAME: Final = 40
"""Characters of the name of a profile, of a saved configuration."""
_SIGNS: Final = frozenset("._-")


def read_number(table: Table, key: str, least: int, most: int) -> int:
    """Return a whole number."""
    value = table.values[key]
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise table.error(
            key, f"it is a whole number from {least} to {most:,}", f"write for example {key} = {max(least, 4)}"
        )
    return value


def read_share(table: Table, key: str) -> float:
    """Return a share, 0 to 1."""
    value = table.values[key]
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 1:
        raise table.error(key, "it is a share from 0 to 1", f"write for example {key} = 0.5")
    return float(value)


def read_choice(table: Table, key: str, choices: Sequence[str]) -> str:
    """Return one of some words."""
    value = read_text(table, key)
    if value not in choices:
        raise table.error(key, f"it is one of {', '.join(choices)}", f'write for example {key} = "{choices[0]}"')
    return value


def read_flag(table: Table, key: str) -> bool:
    """Return whether something is so."""
    value = table.values[key]
    if not isinstance(value, bool):
        raise table.error(key, "it is true or false", f"write {key} = true")
    return value


def read_name(table: Table, key: str) -> str:
    """Return the name of something that the user made."""
    value = table.values[key]
    if not isinstance(value, str) or not is_name(value):
        raise table.error(key, "it is a name of letters, digits, '.', '_' and '-'", f'write for example {key} = "mine"')
    return value


def is_name(value: str) -> bool:
    """Whether something can be called so, and a file after it."""
    letters = "".join(value.split("-")).replace("_", "").replace(".", "")
    return value[:1] not in _SIGNS and len(value) <= LONGEST_NAME and letters.isascii() and letters.isalnum()


def read_own_patterns(table: Table) -> tuple[OwnPattern, ...]:
    """Return the patterns below `patterns`: in each an expression, and how much what it matches matters."""
    tables = table.tables("patterns")
    if len(tables) > MOST_PATTERNS:
        raise table.error("patterns", f"there are more than {MOST_PATTERNS}", "join some with |")
    return tuple(_read_own_pattern(each) for each in tables)


def read_drop(table: Table) -> tuple[str, ...]:
    """Return the patterns of lines that are dropped."""
    value = table.values["drop"]
    if not (isinstance(value, list) and all(isinstance(each, str) for each in value)):
        raise table.error("drop", "it is a list of patterns", 'write for example drop = ["^DEBUG"]')
    if len(value) > MOST_PATTERNS:
        raise table.error("drop", f"there are more than {MOST_PATTERNS}", "join some with |")
    for each in value:
        _check(table, "drop", each)
    return tuple(value)


def read_match(table: Table, key: str) -> str:
    """Return an expression of Python's `re`."""
    value = table.values[key]
    if not isinstance(value, str):
        raise table.error(key, "it is a pattern", f'write for example {key} = "payment declined"')
    _check(table, key, value)
    return value


def _read_own_pattern(table: Table) -> OwnPattern:
    table.require_known(("priority", "match"))
    if "match" not in table.values:
        raise table.error("", "this pattern matches nothing", 'write match = "..." in it')
    priority = read_choice(table, "priority", PRIORITIES) if "priority" in table.values else PRIORITIES[-1]
    return OwnPattern(Priority[priority.upper()], read_match(table, "match"))


def _check(table: Table, key: str, pattern: str) -> None:
    if wrong := check_pattern(pattern):
        raise table.error(key, f"{shown_pattern(pattern)} is no pattern: {wrong}", _HOW_TO_WRITE)


_HOW_TO_WRITE: Final = "write an expression of Python's re"


def describe_name(value: str) -> str:
    """Return a name that somebody typed, as a message has it."""
    return f"'{escape_name(value[: 2 * LONGEST_NAME])}'"
