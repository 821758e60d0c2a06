"""Statements that hold others: which of them may run, how often, and what holds in each branch."""

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from loopflow.function.facts.building import NOTHING, dotted, ends
from loopflow.function.facts.model import (
    ASSIGNED,
    ASYNC_ELEMENT,
    ASYNC_ENTERED,
    CAUGHT,
    DELETED,
    ELEMENT,
    ENTERED,
    LEAVES,
    LOOP,
    MODULE,
    NARROW,
    NARROWED,
    RETURNS,
)

if TYPE_CHECKING:
    from loopflow.function.facts.statements import Reader


def _arm(reader: "Reader", body: Sequence[ast.stmt], group: int, arms: int, begin: Callable[[], object] = bool) -> None:
    """Read a branch; `begin` binds what holds in it."""
    statements = list(body)
    flags = RETURNS if ends(statements, leaves=False) else 0
    before = reader.scope.open_block(group, flags | (LEAVES if ends(statements, leaves=True) else 0), arms)
    begin()
    reader.read_body(body)
    reader.scope.block = before


def _if(reader: "Reader", node: ast.If) -> None:
    known = _decide(node.test)
    if known is not None:
        skipped = node.orelse if known else node.body  # it may be printed all the same, and needs its names then
        for part in (node.test, *skipped):
            reader.scope.loads |= {each.id for each in ast.walk(part) if isinstance(each, ast.Name)}
        for each, holds in ((node.body, known), (node.orelse, not known)):
            if holds:
                reader.read_body(each)
        return
    if reader.scope.kind == MODULE and _is_main(node.test):
        return
    reader.scope.add_root(reader.expressions.read(node.test))
    group = reader.scope.new_group()
    arms = 2
    _arm(reader, node.body, group, arms, lambda: reader.expressions.narrow(node.test, positive=True))
    _arm(reader, node.orelse, group, arms, lambda: reader.expressions.narrow(node.test, positive=False))
    for branch, positive in ((node.body, False), (node.orelse, True)):
        if ends(branch, leaves=True):
            reader.expressions.narrow(node.test, positive)


def _loop(reader: "Reader", body: Sequence[ast.stmt], begin: Callable[[], object], orelse: Sequence[ast.stmt]) -> None:
    before = reader.scope.open_block(0, LOOP)
    begin()
    reader.read_body(body)
    reader.scope.block = before
    reader.read_body(orelse)


def _for(reader: "Reader", node: ast.For | ast.AsyncFor) -> None:
    tag = ASYNC_ELEMENT if isinstance(node, ast.AsyncFor) else ELEMENT
    root = reader.scope.add_root([tag, reader.expressions.read(node.iter), node.iter.lineno])
    _loop(reader, node.body, lambda: reader.assign(node.target, root, []), node.orelse)


def _while(reader: "Reader", node: ast.While) -> None:
    def begin() -> None:
        reader.scope.add_root(reader.expressions.read(node.test))
        reader.expressions.narrow(node.test, positive=True)

    _loop(reader, node.body, begin, node.orelse)


def _with(reader: "Reader", node: ast.With | ast.AsyncWith) -> None:
    tag = ASYNC_ENTERED if isinstance(node, ast.AsyncWith) else ENTERED
    for item in node.items:
        line = item.context_expr.lineno
        root = reader.scope.add_root([tag, reader.expressions.read(item.context_expr), line])
        if item.optional_vars:
            reader.assign(item.optional_vars, root, [])
    reader.read_body(node.body)


def _try(reader: "Reader", node: Any) -> None:  # noqa: ANN401  Try or TryStar
    before = reader.scope.open_block(0, 0)
    reader.read_body(node.body)
    reader.scope.block = before
    group = reader.scope.new_group()
    for handler in node.handlers:
        _arm(reader, handler.body, group, 0, lambda handler=handler: _catch(reader, handler))  # type: ignore[misc]
    _arm(reader, node.orelse, 0, 0)
    reader.read_body(node.finalbody)


def _catch(reader: "Reader", handler: ast.ExceptHandler) -> None:
    if handler.type:
        root = reader.scope.add_root([CAUGHT, reader.expressions.read(handler.type), handler.lineno])
        if handler.name:
            reader.scope.bind(handler.name, handler.lineno, ASSIGNED, [root, []])


def _match(reader: "Reader", node: ast.Match) -> None:
    subject = reader.expressions.read(node.subject)
    reader.scope.add_root(subject)
    group = reader.scope.new_group()
    for case in node.cases:
        _arm(reader, case.body, group, 0, lambda case=case: _case(reader, case, node.subject))  # type: ignore[misc]


def _case(reader: "Reader", case: ast.match_case, subject: ast.expr) -> None:
    for pattern in ast.walk(case.pattern):
        if isinstance(pattern, ast.MatchClass):
            kind = reader.expressions.read(pattern.cls)
            root = reader.scope.add_root([NARROWED, NOTHING, kind, True])
            if pattern is case.pattern and (name := dotted(subject)):
                narrowed = [NARROWED, reader.expressions.read(subject), kind, True]
                reader.scope.bind(name, pattern.lineno, NARROW, [reader.scope.add_root(narrowed)])
            captured = next((each for each in ast.walk(case.pattern) if _captures(each, pattern)), None)
            if isinstance(captured, ast.MatchAs) and captured.name:
                reader.scope.bind(captured.name, pattern.lineno, ASSIGNED, [root, []])
        elif isinstance(pattern, ast.MatchValue):
            reader.scope.add_root(reader.expressions.read(pattern.value))
        elif isinstance(pattern, ast.MatchAs | ast.MatchStar) and pattern.name:
            if not (isinstance(pattern, ast.MatchAs) and isinstance(pattern.pattern, ast.MatchClass)):
                reader.scope.bind(pattern.name, pattern.lineno, DELETED, [])
        elif isinstance(pattern, ast.MatchMapping) and pattern.rest:
            reader.scope.bind(pattern.rest, pattern.lineno, DELETED, [])
    if case.guard:
        reader.scope.add_root(reader.expressions.read(case.guard))
        reader.expressions.narrow(case.guard, positive=True)


def _captures(node: ast.AST, pattern: ast.pattern) -> bool:
    return isinstance(node, ast.MatchAs) and node.pattern is pattern


def _decide(test: ast.expr) -> bool | None:
    """Return whether a test holds that is the same in every run: what only type checkers read counts as read."""
    if dotted(test).rpartition(".")[2] == "TYPE_CHECKING":
        return True
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = _decide(test.operand)
        return None if inner is None else not inner
    return None


def _is_main(test: ast.expr) -> bool:
    """Whether a test asks if the file is run as a program."""
    return isinstance(test, ast.Compare) and "__name__" in {dotted(test.left), *map(dotted, test.comparators)}


READERS: Final[Mapping[type, Callable[["Reader", Any], None]]] = {
    ast.If: _if,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.While: _while,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Try: _try,
    ast.TryStar: _try,
    ast.Match: _match,
}
