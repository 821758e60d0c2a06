"""Files of settings that a user names: a profile, a saved configuration. TOML or JSON, with the number of a schema."""

import json
import tomllib
from typing import Any, Final, NoReturn

from loopflow.analysis.names import escape_name
from loopflow.config.resolve import require_readable
from loopflow.config.toml import Table
from loopflow.errors import ConfigError, UsageError, describe_os_error

SCHEMA: Final = 1
"""The newest that is known here."""
MOST_BYTES: Final = 1_048_576


def read_document(path: str, shown: str) -> Table:
    """Return the table that a file holds; its name says in what it is written, or its first character.

    Raises UsageError where there is no such file, ConfigError where it is neither TOML nor JSON.
    """
    shown_path = escape_name(shown)
    try:
        with open(path, "rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{shown_path} cannot be read: {describe_os_error(error)}", "name a file that can") from error
    if len(data) > MOST_BYTES:
        raise UsageError(f"{shown_path} has more than {MOST_BYTES:,} bytes", "name a file of settings, TOML or JSON")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ConfigError(f"{shown_path}:{line}: this is not UTF-8", "TOML and JSON are") from error
    is_json = path.endswith(".json") or (not path.endswith(".toml") and text.lstrip().startswith("{"))
    values = _read_json(text, shown_path) if is_json else _read_toml(text, data, shown)
    return Table(shown, text, (), values)


def check_schema(table: Table) -> None:
    """Raise ConfigError for a document of a newer version, whose keys could mean something else."""
    value = table.values.get("schema", SCHEMA)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise table.error("schema", "it is the number of a schema", f"write schema = {SCHEMA}")
    if value > SCHEMA:
        what = f"this is of schema {value:,}, and this version knows {SCHEMA}"
        raise table.error("schema", what, "use a newer version of loopflow")


def _read_json(text: str, shown: str) -> dict[str, Any]:
    try:
        values = json.loads(text, object_pairs_hook=_read_object, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        what = f"{shown}:{error.lineno}: this is not JSON: {escape_name(error.msg)}"
        raise ConfigError(what, "correct it there") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{shown} is not JSON: {escape_name(str(error))}", "correct it there") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{shown}: this is no JSON object", "write { ... }")
    return values


def _read_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for at, (key, _) in enumerate(pairs) if key in dict(pairs[:at]))
        raise ValueError(f"'{twice}' is there twice")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _read_toml(text: str, data: bytes, shown: str) -> dict[str, Any]:
    require_readable(shown, data)
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{escape_name(shown)} is not TOML: {escape_name(str(error))}", "correct it there") from error
