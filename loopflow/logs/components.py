"""Parts of a system that a log tells of: each is told by a pattern or by paths, and may be guaranteed tokens.

A failure is of the first component of which the pattern, or a path, is in one of its lines; else of the one that the
record names which it stands in, or of its step.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from loopflow.analysis.names import escape_name
from loopflow.errors import UsageError
from loopflow.logs.model import Block, Component
from loopflow.logs.patterns import Matcher, check_pattern, shown_pattern
from loopflow.logs.pool import Entry

if TYPE_CHECKING:  # a reduction for another wing reads no config
    from loopflow.config.toml import Table

MOST_COMPONENTS: Final = 100
_LONGEST_NAME: Final = 80
_SHOWN: Final = 60
_EXAMPLE: Final = """write for example --component-budgets '{"api": 20000}'"""


def read_components(table: "Table") -> tuple[Component, ...]:
    """Return the components in the table `components` of another. Raises ConfigError."""
    found = table.table("components")
    if found is None:
        return ()
    if len(found.values) > MOST_COMPONENTS:
        raise table.error("components", f"there are more than {MOST_COMPONENTS}", "join some")
    return tuple(_read_component(found, name) for name in found.values)


def _read_component(components: "Table", name: str) -> Component:
    from loopflow.config.values import read_names, read_size  # noqa: PLC0415
    from loopflow.logs.reading_values import read_match  # noqa: PLC0415

    if not _is_name(name):
        raise components.error(name, "this cannot be the name of a component", "write a short name")
    table = components.table(name)
    if table is None:
        raise components.error(name, "it is a table", f'write {name} = {{ match = "...", tokens = "20k" }}')
    table.require_known(("match", "paths", "tokens"))
    if not table.values:
        raise table.error("", "this component says nothing", "write match, paths or tokens in it")
    paths = read_names(table, "paths") if "paths" in table.values else ()
    return Component(
        name,
        read_match(table, "match") if "match" in table.values else "",
        paths,
        read_size(table, "tokens") if "tokens" in table.values else 0,
    )


def read_component_option(value: str) -> Component:
    """Return the component that `--component NAME=PATTERN` says. Raises UsageError."""
    name, _, pattern = value.partition("=")
    if not _is_name(name) or not pattern:
        raise UsageError(
            f"--component: '{escape_name(value[:_SHOWN])}' names no component and pattern", "write NAME=PATTERN"
        )
    if wrong := check_pattern(pattern):
        what = f"--component {escape_name(name)}: {shown_pattern(pattern)} is no pattern: {wrong}"
        raise UsageError(what, "write an expression of Python's re")
    return Component(name, pattern)


def read_budgets_option(value: str) -> dict[str, int]:
    """Return the tokens of components that `--component-budgets` says, in JSON. Raises UsageError."""
    try:
        found = json.loads(value, object_pairs_hook=_read_pairs)
    except json.JSONDecodeError as error:
        what = f"--component-budgets is not JSON: {escape_name(error.msg)} at character {error.pos + 1}"
        raise UsageError(what, _EXAMPLE) from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"--component-budgets: {escape_name(str(error))}", _EXAMPLE) from error
    if not isinstance(found, dict) or len(found) > MOST_COMPONENTS:
        raise UsageError("--component-budgets is no JSON object of a few names", _EXAMPLE)
    return {name: _read_tokens(name, tokens) for name, tokens in found.items()}


def _read_tokens(name: str, tokens: object) -> int:
    shown = f"--component-budgets: {escape_name(name[:_SHOWN])}"
    if not _is_name(name):
        raise UsageError(f"{shown} cannot be the name of a component", _EXAMPLE)
    if isinstance(tokens, bool) or not isinstance(tokens, int | str):
        raise UsageError(f"{shown} has no number of tokens", _EXAMPLE)
    from loopflow.config.values import read_size_option  # noqa: PLC0415

    return read_size_option(str(tokens), shown)


def _read_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name is there twice")
    return found


def _is_name(name: str) -> bool:
    return 0 < len(name) <= _LONGEST_NAME and name.isprintable() and name == name.strip()


def join_components(
    first: Iterable[Component], then: Iterable[Component], budgets: dict[str, int]
) -> tuple[Component, ...]:
    """Return components by name: what `first` says of one goes before, and `budgets` before both."""
    joined: dict[str, Component] = {}
    for each in (*first, *then):
        known = joined.get(each.name)
        joined[each.name] = replace_missing(known, each) if known else each
    for name, tokens in budgets.items():
        joined[name] = joined.get(name, Component(name))._replace(tokens=tokens)
    return tuple(joined.values())


def replace_missing(one: Component, other: Component) -> Component:
    """Return a component with what another of its name says, where it says nothing itself."""
    is_told = bool(one.match or one.paths)
    return Component(
        one.name,
        one.match if is_told else other.match,
        one.paths if is_told else other.paths,
        one.tokens or other.tokens,
    )


def check_budgets(components: Iterable[Component], total: int) -> None:
    """Raise UsageError where components are guaranteed more than there is."""
    wanted = sum(each.tokens for each in components)
    if wanted > total:
        what = f"the components' budgets are {wanted:,} tokens, and there are {total:,}"
        raise UsageError(what, "lower them, or raise --fit")


def budgets_within(components: Iterable[Component], room: int) -> dict[str, int]:
    """Return what components are guaranteed of `room` tokens: less of each where all together need more."""
    wanted = {each.name: each.tokens for each in components if each.tokens}
    total = sum(wanted.values())
    return wanted if total <= room else {name: tokens * room // total for name, tokens in wanted.items()}


def assign_components(entries: Iterable[Entry], components: Sequence[Component]) -> None:
    """Write into failures which component they are of, where patterns and paths say it."""
    told = [(at, pattern) for at, each in enumerate(components) for pattern in _patterns(each)]
    if not told:
        return
    matcher = Matcher([pattern for _, pattern in told])
    for entry in entries:
        found = [told[number][0] for _, number in matcher.find(*_lines(entry.block))]
        if found:
            entry.block = replace(entry.block, component=components[min(found)].name)


def _patterns(component: Component) -> list[str]:
    paths = [rf"(?<![\w.-]){re.escape(path)}" for path in component.paths]
    return [*([component.match] if component.match else []), *paths]


def _lines(block: Block) -> tuple[bytes, list[bytes]]:
    lines = [line.text.encode("utf-8", "replace") for line in block.lines]
    return b"".join(line + b"\n" for line in lines), lines
