"""The table `[function]` of the config file."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from loopflow.config.toml import Table
from loopflow.config.values import read_names, read_path, read_patterns, read_size
from loopflow.function.model import OPTIMIZATION_CONTEXT_TOKEN_LIMIT, TESTGEN_CONTEXT_TOKEN_LIMIT

STEPS: Final = ("literals", "docstrings", "bodies", "drop")
LARGE_LITERAL: Final = 400
"""Tokens."""
DEPTHS: Final = (2, 1)
HASHES: Final = ("deep", "shallow")
_Value = TypeVar("_Value", int, str)
_KEYS: Final = (
    "roots",
    "optimization_limit",
    "testgen_limit",
    "budget",
    "steps",
    "literal",
    "depth",
    "hash",
    "exclude",
    "environment",
)


@dataclass(frozen=True, slots=True)
class FunctionConfig:
    """What holds for contexts of functions. Limits and budgets are in tokens, None for none."""

    roots: tuple[str, ...] = ()
    """Directories that modules are imported from, before those that are found."""
    optimization_limit: int | None = OPTIMIZATION_CONTEXT_TOKEN_LIMIT
    testgen_limit: int | None = TESTGEN_CONTEXT_TOKEN_LIMIT
    budget: int | None = None
    """What a function may need, for `--check`."""
    steps: tuple[str, ...] = STEPS
    """What may be done to keep a limit."""
    literal: int = LARGE_LITERAL
    """Tokens from which on a literal is large."""
    depth: int = 2
    """How many levels of helpers a context has."""
    hash: str = "deep"
    """What a hash depends on: all that a function reaches, or what it mentions itself."""
    exclude: tuple[str, ...] = ()
    """Patterns of files that are no targets of a change, and of which nothing is to be changed."""
    environment: str | None = None
    """Where packages are installed, a directory below the root, or none."""


def read_settings(table: Table) -> FunctionConfig:
    """Return what the table says. Raises ConfigError."""
    table.require_known(_KEYS)
    standard = FunctionConfig()
    return FunctionConfig(
        roots=read_names(table, "roots") if "roots" in table.values else (),
        optimization_limit=_read_limit(table, "optimization_limit", standard.optimization_limit),
        testgen_limit=_read_limit(table, "testgen_limit", standard.testgen_limit),
        budget=read_size(table, "budget") if "budget" in table.values else None,
        steps=_read_steps(table),
        literal=read_size(table, "literal") if "literal" in table.values else LARGE_LITERAL,
        depth=_read_one(table, "depth", DEPTHS),
        hash=_read_one(table, "hash", HASHES),
        environment=read_path(table, "environment") if "environment" in table.values else None,
        exclude=read_patterns(table, "exclude") if "exclude" in table.values else (),
    )


def _read_limit(table: Table, key: str, standard: int | None) -> int | None:
    if key not in table.values:
        return standard
    return None if table.values[key] == "none" else read_size(table, key)


def _read_one(table: Table, key: str, allowed: Sequence[_Value]) -> _Value:
    """Return one of some values: the first, where the table has none."""
    value = table.values.get(key, allowed[0])
    for each in allowed:
        if each == value and type(each) is type(value):
            return each
    raise table.error(key, f"there is no such {key}", f"it is {' or '.join(map(str, allowed))}")


def _read_steps(table: Table) -> tuple[str, ...]:
    if "steps" not in table.values:
        return STEPS
    steps = read_names(table, "steps")
    odd = next((each for each in steps if each not in STEPS), None)
    if odd is not None:
        raise table.error("steps", f"there is no step {odd!r}", f"they are {', '.join(STEPS)}")
    return tuple(each for each in STEPS if each in steps)
