"""Settings that are saved under a name: `.loopflow/logs/NAME.toml` at the root of a repository."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from loopflow.analysis.names import escape_name
from loopflow.errors import LoopflowError, UsageError, describe_os_error
from loopflow.io.writing import write_atomically
from loopflow.logs.custom_profiles import CustomProfile
from loopflow.logs.documents import SCHEMA, check_schema, read_document
from loopflow.logs.model import Component, OwnPattern
from loopflow.logs.reading_values import describe_name, is_name
from loopflow.logs.settings import LogSettings, read_values

if TYPE_CHECKING:
    from tomlkit.items import InlineTable, String

DIRECTORY: Final = ".loopflow/logs"
_SUFFIXES: Final = (".toml", ".json")


class Saved(NamedTuple):
    """A configuration that is there. `values` are its settings, `problem` says why it cannot be used, if so."""

    name: str
    values: Mapping[str, Any]
    problem: str = ""


def save_config(name: str, settings: LogSettings, root: str) -> str:
    """Write settings under a name; return the path, relative to `root`. Raises UsageError, LoopflowError."""
    require_name(name)
    directory = os.path.join(root, DIRECTORY)
    try:
        os.makedirs(directory, exist_ok=True)
    except OSError as error:
        raise LoopflowError(f"{DIRECTORY} cannot be made: {describe_os_error(error)}", "make it writable") from error
    path = f"{DIRECTORY}/{name}.toml"
    if os.path.realpath(os.path.join(root, path)) != os.path.join(os.path.realpath(root), path):
        raise UsageError(f"{path} is behind a link", "remove the link: what is saved stays below the root")
    write_atomically(path, render_settings(settings), root)
    return path


def load_config(name: str, root: str, here: str) -> dict[str, Any]:
    """Return the settings that were saved under a name, or are in a file. Raises UsageError, ConfigError."""
    if "/" in name or name.endswith(_SUFFIXES):
        return _read(os.path.join(here, name), name)
    require_name(name)
    for suffix in _SUFFIXES:
        shown = f"{DIRECTORY}/{name}{suffix}"
        if os.path.lexists(path := os.path.join(root, shown)):
            return _read_regular(path, shown)
    there = ", ".join(each.name for each in list_configs(root))
    hint = f"there are {there}" if there else "save one with --save-config NAME"
    raise UsageError(f"there is no saved configuration {describe_name(name)}", hint)


def list_configs(root: str) -> Iterator[Saved]:
    """Yield the configurations that are saved, by name. Raises LoopflowError where that cannot be told."""
    directory = os.path.join(root, DIRECTORY)
    try:
        found = sorted(os.listdir(directory))
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise LoopflowError(f"{DIRECTORY} cannot be read: {describe_os_error(error)}", "make it readable") from error
    for file in found:
        name, suffix = os.path.splitext(file)
        if suffix in _SUFFIXES and is_name(name):
            yield _try(name, os.path.join(directory, file), f"{DIRECTORY}/{file}")


def _try(name: str, path: str, shown: str) -> Saved:
    try:
        return Saved(name, _read_regular(path, shown))
    except LoopflowError as error:
        return Saved(name, {}, error.message)


def _read_regular(path: str, shown: str) -> dict[str, Any]:
    """Read what was found, and not named: it may be a pipe, which nobody writes into."""
    if not os.path.isfile(path):
        raise UsageError(f"{shown} is no file", "remove it")
    return _read(path, shown)


def _read(path: str, shown: str) -> dict[str, Any]:
    table = read_document(path, shown)
    check_schema(table)
    return read_values(table, also=("schema",))


def require_name(name: str) -> None:
    """Raise UsageError for what cannot be the name of a configuration."""
    if not is_name(name):
        what = f"{describe_name(name)} cannot be the name of a configuration"
        raise UsageError(what, "write up to 40 letters, digits, '.', '_' and '-'")


def describe_values(values: Mapping[str, Any]) -> str:
    """Return what is otherwise than without a configuration, in short."""
    standard = LogSettings()
    told = [_describe(key, value) for key, value in values.items() if value != getattr(standard, key)]
    return escape_name("; ".join(told)) or "as without it"


def _describe(key: str, value: Any) -> str:  # noqa: ANN401  any setting
    if isinstance(value, CustomProfile):
        return f"{key} {value.name}"
    if isinstance(value, tuple):
        return f"{key} {len(value)}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{key} {value:,}"
    return f"{key} {str(value).lower()}"


def render_settings(settings: LogSettings) -> str:
    """Return settings as TOML: all of them, so that what holds elsewhere changes nothing."""
    import tomlkit  # noqa: PLC0415  most runs save nothing

    document = tomlkit.document()
    document["schema"] = SCHEMA
    tables: dict[str, Any] = {}
    for field in fields(settings):
        value = getattr(settings, field.name)
        if field.name == "components":
            tables[field.name] = {each.name: _component(each) for each in value}
        elif isinstance(value, CustomProfile):
            tables[field.name] = _profile(value)
        elif value is not None and (field.name != "profile" or value):
            document[field.name] = _patterns(value) if field.name == "patterns" else _plain(value)
    for name, table in tables.items():
        if table:
            document[name] = table
    return tomlkit.dumps(document)


def _plain(value: Any) -> Any:  # noqa: ANN401  any setting
    return [literal(each) for each in value] if isinstance(value, tuple) else value


def _patterns(patterns: tuple[OwnPattern, ...]) -> Any:  # noqa: ANN401  what tomlkit has for an array
    import tomlkit  # noqa: PLC0415

    array = tomlkit.array()
    for pattern in patterns:
        array.append(inline(pattern))
    return array.multiline(multiline=bool(patterns))


def inline(pattern: OwnPattern) -> "InlineTable":
    """Return a pattern as a table on one line."""
    import tomlkit  # noqa: PLC0415

    table = tomlkit.inline_table()
    table["priority"] = pattern.priority.word
    table["match"] = literal(pattern.match)
    return table


def literal(text: str) -> "String":
    """Return a text in single quotes, in which a backslash is itself, if it can stand there."""
    import tomlkit  # noqa: PLC0415

    return tomlkit.string(text, literal="'" not in text and text.isprintable())


def _component(component: Component) -> dict[str, Any]:
    values: dict[str, Any] = {"match": component.match and literal(component.match), "paths": [*component.paths]}
    values["tokens"] = component.tokens
    return {key: value for key, value in values.items() if value or key == "tokens"}


def _profile(profile: CustomProfile) -> dict[str, Any]:
    values: dict[str, Any] = {"name": profile.name, "base": profile.base, **dict(profile.shares)}
    values["patterns"] = _patterns(profile.patterns) if profile.patterns else None
    values["drop"] = [literal(each) for each in profile.drop]
    return {key: value for key, value in values.items() if value not in (None, "", [])}
