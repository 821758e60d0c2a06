"""A scope while its file is read."""

import ast
from dataclasses import dataclass, field
from typing import Any, Final

from loopflow.function.facts.model import (
    ANNOTATION,
    CLASS,
    CONSTANT,
    NARROW,
    OUTSIDE,
    TYPE_PARAMETER,
    Binding,
    Block,
    Expr,
    Parameter,
    Root,
    Scope,
)

NOTHING: Final[Expr] = [CONSTANT, "", None]


@dataclass(slots=True)
class ScopeBuilder:
    """Collects what is known of a scope. `loads` are names that it reads, `nested` what scopes inside read of it."""

    kind: int
    name: str
    qualname: str
    parent: int
    at: tuple[int, int]
    line: int
    end: int
    flags: int = 0
    pos: int = 0
    block: int = 0
    blocks: list[Block] = field(default_factory=lambda: [Block(-1, 0, 0, 0)])
    roots: list[Root] = field(default_factory=list)
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    parameters: list[Parameter] = field(default_factory=list)
    outer: dict[str, str] = field(default_factory=dict)
    returns: int = -1
    results: list[int] = field(default_factory=list)
    yields: list[int] = field(default_factory=list)
    attributes: dict[str, list[tuple[int, int, list[int], int, int]]] = field(default_factory=dict)
    children: list[int] = field(default_factory=list)
    loads: set[str] = field(default_factory=set)
    nested: set[str] = field(default_factory=set)
    outside: set[str] = field(default_factory=set)
    groups: int = 0

    def add_root(self, expr: Expr, mode: int = 0) -> int:
        """Keep an expression, and return its number."""
        self.pos += 1
        self.roots.append(Root(self.pos, self.block, expr, mode))
        return len(self.roots) - 1

    def bind(self, name: str, line: int, kind: str, what: list[Any]) -> None:
        """Keep what a name is bound to from here on."""
        self.pos += 1
        self.bindings.setdefault(name, []).append(Binding(self.pos, self.block, line, kind, what))

    def open_block(self, group: int, flags: int, arms: int = 0) -> int:
        """Begin a block inside of the one that is open, and return the latter."""
        before = self.block
        self.blocks.append(Block(before, group, flags, arms))
        self.block = len(self.blocks) - 1
        return before

    def new_group(self) -> int:
        """Return the number of a group of blocks that exclude each other."""
        self.groups += 1
        return self.groups

    def free_names(self) -> set[str]:
        """Return the names that are read and not bound here."""
        outside = self.outside
        if any(found[0].kind == TYPE_PARAMETER for found in self.bindings.values()):
            outside = {name for name in outside if not self._is_type_parameter(name)}
        own = {
            name
            for name, found in self.bindings.items()
            if "." not in name and name not in self.outer and any(each.kind != NARROW for each in found)
        }
        if self.kind == CLASS:
            return (self.loads - own) | self.nested | outside
        return ((self.loads | self.nested) - own) | outside

    def _is_type_parameter(self, name: str) -> bool:
        return name in self.bindings and self.bindings[name][0].kind == TYPE_PARAMETER

    def finish(self) -> Scope:
        """Return what was found."""
        return Scope(
            self.kind, self.name, self.qualname, self.parent, self.at, self.line, self.end, self.flags, self.blocks,
            self.roots, self.bindings, self.parameters, self.outer, self.returns, self.results, self.yields,
            self.attributes, self.children,
        )  # fmt: skip


OUTER_ANNOTATION: Final = ANNOTATION | OUTSIDE


def ends(body: list[ast.stmt], *, leaves: bool) -> bool:
    """Whether control never comes to the end of `body`: it returns or raises, or `leaves` the turn of a loop."""
    last = body[-1] if body else None
    if isinstance(last, ast.Return | ast.Raise):
        return True
    if isinstance(last, ast.Continue | ast.Break):
        return leaves
    if isinstance(last, ast.If):
        return ends(last.body, leaves=leaves) and ends(last.orelse, leaves=leaves)
    if isinstance(last, ast.With | ast.AsyncWith):
        return ends(last.body, leaves=leaves)
    return False


def dotted(node: ast.expr) -> str:
    """Return `a.b.c` for what is just that, "" for anything else."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(names)]) if isinstance(node, ast.Name) else ""
