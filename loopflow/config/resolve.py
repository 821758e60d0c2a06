"""What holds for a run: defaults < config file < environment < command line, in one function.

The config file is `loopflow.toml`, or the table `[tool.loopflow]` of `pyproject.toml` with the same keys, at the root
of the tree that is measured. Whatever is wrong with it is an error that names the key, the file and the line: a limit
that is quietly ignored holds nothing.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from loopflow.analysis.names import escape_name
from loopflow.config.sections import RESERVED, describe_unknown, find_sections
from loopflow.config.toml import Table
from loopflow.config.values import (
    clean_path,
    read_allowance,
    read_encoding,
    read_level,
    read_path,
    read_patterns,
    read_share,
    read_size,
    read_text,
    read_types,
)
from loopflow.errors import ConfigError
from loopflow.model import BASELINE_FILE, Rule, Scope

CONFIG_FILE = "loopflow.toml"
PYPROJECT = "pyproject.toml"
CONFIG_FILES = (CONFIG_FILE, PYPROJECT)
WHOLE = "budget"
"""The name of the rule for the whole selection."""
_MOST_DOTS = 1_000

_VARIABLES = {"encoding": "LOOPFLOW_ENCODING", "against": "LOOPFLOW_AGAINST", "baseline": "LOOPFLOW_BASELINE"}
_TOP = ("encoding", "include", "exclude", "against", "baseline", "budget", "rule")
_LIMITS = (*(scope.value for scope in Scope), "warn", "level")


@dataclass(frozen=True, slots=True)
class Config:
    """What holds. `origins` say for each key where its value comes from; `file` is the config file, if there is one.

    `sections` are the tables of other commands, unread; `unknown` says which of them this version does not know.
    """

    encoding: str = "o200k_base"
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    against: str | None = None
    baseline: str = BASELINE_FILE
    rules: tuple[Rule, ...] = ()
    origins: Mapping[str, str] = field(default_factory=dict)
    file: str | None = None
    sections: Mapping[str, Table] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()


def resolve(files: Mapping[str, bytes], environment: Mapping[str, str], given: Mapping[str, str | None]) -> Config:
    """Return what holds, from the config files that there are, the environment and the command line.

    `files` are contents by name: a name that ends in "pyproject.toml" has it in `[tool.loopflow]`. `given` holds the
    options "encoding", "against" and "baseline", None where they were not given. Raises ConfigError.
    """
    found = {name: table for name, data in files.items() if (table := _read_table(name, data)) is not None}
    if len(found) > 1:
        what = f"both {' and '.join(map(escape_name, sorted(found)))} configure code-context"
        raise ConfigError(what, f"keep [tool.loopflow] in {PYPROJECT}, or {CONFIG_FILE}, not both")
    config = _read_config(*found.values()) if found else Config()
    origins = dict(config.origins)
    values: dict[str, Any] = {}
    for key, variable in _VARIABLES.items():
        for value, origin in ((environment.get(variable), variable), (given.get(key), f"--{_OPTIONS.get(key, key)}")):
            if value:
                values[key], origins[key] = _check(key, value, origin), origin
    return replace(config, **values, origins=origins)


def _check(key: str, value: str, origin: str) -> str:
    """Return a value from elsewhere than the file; a baseline's path has to be one below the root there as well."""
    if key != "baseline":
        return value
    path = clean_path(value)
    if path is None:
        what = f"{origin}: '{escape_name(value)}' is not a file below the root"
        raise ConfigError(what, "write a path relative to the root")
    return path


_OPTIONS = {"baseline": "baseline-file"}


def _read_table(name: str, data: bytes) -> Table | None:
    """Return the table that configures this program; None if the file has none."""
    is_pyproject = name.endswith(PYPROJECT)
    if is_pyproject and b"loopflow" not in data:
        return None
    require_readable(name, data)
    try:
        text = data.decode("utf-8-sig")  # editors on Windows begin files with a byte order mark
        values: Any = tomllib.loads(text)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ConfigError(f"{escape_name(name)}:{line}: this is not UTF-8", "TOML files are") from error
    except (ValueError, RecursionError) as error:  # a number of too many digits is a plain ValueError
        raise ConfigError(f"{escape_name(name)} is not TOML: {escape_name(str(error))}", "correct it there") from error
    if not is_pyproject:
        return Table(name, text, (), values)
    tool = values.get("tool")
    values = tool.get("loopflow") if isinstance(tool, dict) else None
    if values is None:
        return None
    table = Table(name, text, ("tool", "loopflow"), values)
    if not isinstance(values, dict):
        raise table.error("", "[tool.loopflow] is a table", "write keys below it")
    return table


def require_readable(name: str, data: bytes) -> None:
    """Raise ConfigError for a line with very many dots: tomllib takes time for a key that grows with their square."""
    for number, line in enumerate(data.split(b"\n"), 1):
        if len(line) > _MOST_DOTS and line.count(b".") > _MOST_DOTS:
            what = f"{escape_name(name)}:{number}: this line has more than a thousand dots"
            raise ConfigError(what, "write a key of few parts")


def _read_config(table: Table) -> Config:
    table.require_known(_TOP, also=RESERVED)
    values: dict[str, Any] = {}
    readers = {
        "encoding": read_encoding,
        "include": read_patterns,
        "exclude": read_patterns,
        "against": read_text,
        "baseline": read_path,
    }
    for key, read in readers.items():
        if key in table.values:
            values[key] = read(table, key)
    budget = table.table(WHOLE)
    rules = [_read_rule(budget, WHOLE)] if budget else []
    rules += [_read_part(part) for part in table.tables("rule")]
    names = {WHOLE} if budget else set()
    for part, rule in zip(table.tables("rule"), rules[len(names) :], strict=True):
        if rule.name in names:
            what = f"there are two rules named '{escape_name(rule.name)}'"
            raise part.error("name", what, "give each rule a name of its own")
        names.add(rule.name)
    return Config(
        **values,
        rules=tuple(rules),
        origins={key: table.where(key) for key in table.values if key not in RESERVED},
        file=table.file,
        sections=find_sections(table),
        unknown=tuple(describe_unknown(table)),
    )


def _read_part(table: Table) -> Rule:
    table.require_known(("name", "paths", "types", *_LIMITS))
    if "name" not in table.values:
        raise table.error("", "this rule has no name", 'write name = "..." in it')
    rule = _read_rule(table, read_text(table, "name"))
    if rule.is_whole:
        hint = f"write paths or types in it, or its limits in [{WHOLE}]"
        raise table.error("", f"rule '{escape_name(rule.name)}' does not say what it is about", hint)
    return rule


def _read_rule(table: Table, name: str) -> Rule:
    if name == WHOLE and table.path[-1:] == (WHOLE,):
        table.require_known(_LIMITS)
    values = table.values
    if not any(scope.value in values for scope in Scope):
        what = f"'{escape_name(name)}' limits nothing"
        raise table.error("", what, "write total, file or growth in it")
    rule = Rule(name)
    return replace(
        rule,
        paths=read_patterns(table, "paths") if "paths" in values else (),
        types=read_types(table, "types") if "types" in values else (),
        total=read_size(table, "total") if "total" in values else None,
        file=read_size(table, "file") if "file" in values else None,
        growth=read_allowance(table, "growth") if "growth" in values else None,
        warn=read_share(table, "warn") if "warn" in values else rule.warn,
        level=read_level(table, "level") if "level" in values else rule.level,
        places={key: table.place(key) for key in ("", *values)},
    )
