"""Functions of packages, what they mention, and which definition a line belongs to, by nobody's engine."""

import ast
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

LEAST = 12
"""Mentions that a function must have to be drawn."""


class Mention(NamedTuple):
    """A name in source: line from 1, column from 0, and what it is."""

    line: int
    column: int
    text: str


@dataclass(frozen=True)
class Function:
    """A function that engines are asked about."""

    package: str
    path: str
    qualname: str
    mentions: tuple[Mention, ...]
    lines: tuple[int, int]

    @property
    def name(self) -> str:
        """PATH:QUALNAME."""
        return f"{self.path}:{self.qualname}"


def draw(root: Path, package: str, number: int, seed: int) -> list[Function]:
    """Return functions drawn at random, the same for the same seed."""
    files = sorted(path.relative_to(root).as_posix() for path in root.rglob("*.py"))
    found = [each for path in files for each in functions(root, package, path) if len(each.mentions) >= LEAST]
    return random.Random(f"{seed}:{package}").sample(found, min(number, len(found)))


def functions(root: Path, package: str, path: str) -> Iterator[Function]:
    """Yield the functions of a file, those that are nested in none."""
    for qualname, node in _walk(_parse(root / path).body, ""):
        yield Function(package, path, qualname, tuple(sorted(_mentions(node))), _lines(node))


def _walk(body: list[ast.stmt], prefix: str) -> Iterator[tuple[str, ast.AST]]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield prefix + node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from _walk(node.body, f"{prefix}{node.name}.")


def _lines(node: ast.AST) -> tuple[int, int]:
    return getattr(node, "lineno", 0), getattr(node, "end_lineno", 0)


def _mentions(node: ast.AST) -> Iterator[Mention]:
    for each in ast.walk(node):
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load):
            yield Mention(each.lineno, each.col_offset, each.id)
        elif isinstance(each, ast.Attribute) and each.end_lineno and each.end_col_offset:
            yield Mention(each.end_lineno, each.end_col_offset - len(each.attr), each.attr)


@cache
def _parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


class Definition(NamedTuple):
    """What a line defines: `kind` is helper (a function or class) or variable."""

    name: str
    kind: str


@cache
def definitions(path: Path, shown: str) -> dict[int, Definition]:
    """Return what each line of a file defines; a constructor counts as its class."""
    found: dict[int, Definition] = {}
    _define(_parse(path).body, "", shown, found)
    return found


def _define(body: list[ast.stmt], prefix: str, shown: str, found: dict[int, Definition]) -> None:
    for node in body:
        if isinstance(node, ast.ClassDef):
            found[node.lineno] = Definition(f"{shown}:{prefix}{node.name}", "helper")
            _define(node.body, f"{prefix}{node.name}.", shown, found)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            is_constructor = prefix and node.name in {"__init__", "__new__", "__post_init__"}
            name = prefix.rstrip(".") if is_constructor else prefix + node.name
            found[node.lineno] = Definition(f"{shown}:{name}", "helper")
            _fields(node, prefix, shown, found)
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name):
                    found[target.lineno] = Definition(f"{shown}:{prefix}{target.id}", "variable")
        else:
            for name in ("body", "orelse", "finalbody"):
                _define(getattr(node, name, []), prefix, shown, found)
            for handler in getattr(node, "handlers", []):
                _define(handler.body, prefix, shown, found)


def _fields(
    node: ast.FunctionDef | ast.AsyncFunctionDef, prefix: str, shown: str, found: dict[int, Definition]
) -> None:
    for each in ast.walk(node):
        is_own = (
            isinstance(each, ast.Attribute) and isinstance(each.ctx, ast.Store) and isinstance(each.value, ast.Name)
        )
        if prefix and is_own and each.value.id == "self":  # type: ignore[attr-defined]
            found.setdefault(each.lineno, Definition(f"{shown}:{prefix}{each.attr}", "variable"))  # type: ignore[attr-defined]
