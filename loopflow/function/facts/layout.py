"""The layout of a file: its statements by lines, so that some of them can be printed and others left out.

Lines that several statements share are one unit. What has a body on the line of its head is whole, too.
"""

import ast
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from loopflow.function.facts.model import Unit

_FRAMES: Final = (ast.If, ast.Try, ast.TryStar, ast.With)
_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)


class Layout:
    """Finds units. `uses` tells of a statement which names it reads."""

    def __init__(self, lines: Sequence[str], uses: Callable[[ast.stmt], list[str]]) -> None:
        self._lines = lines
        self._uses = uses

    def arrange(self, body: Sequence[ast.stmt], floor: int = 1) -> list[Unit]:
        """Return the units of a body that begins at line `floor`."""
        units: list[Unit] = []
        for at, statement in enumerate(body):
            unit = self._unit(statement, floor, is_first=not at)
            if units and units[-1].end >= unit.head:
                unit = _join(units.pop(), unit)
            units.append(unit)
            floor = unit.end + 1
        return units

    def _unit(self, node: ast.stmt, floor: int, *, is_first: bool) -> Unit:
        decorators = getattr(node, "decorator_list", ())
        head = min([node.lineno, *(each.lineno for each in decorators)])
        end = node.end_lineno or node.lineno
        start = self._attached(head, floor)
        whole = Unit("e", [], start, head, head, end, self._uses(node), [], [])
        if isinstance(node, _FUNCTIONS):
            return self._function(node, whole)
        if isinstance(node, ast.ClassDef):
            return self._class(node, whole)
        if isinstance(node, ast.Import | ast.ImportFrom):
            return whole._replace(kind="i", names=_imported(node), imports=[_import(node)])
        if is_first and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return whole._replace(kind="d")
        if isinstance(node, _FRAMES):
            return self._frame(node, whole)
        names = list(_bound(node))
        return whole._replace(kind="v" if names else "e", names=names)

    def _function(self, node: Any, whole: Unit) -> Unit:  # noqa: ANN401
        first = node.body[0]
        body = min([first.lineno, *(each.lineno for each in getattr(first, "decorator_list", ()))])
        signature = body if body > _end_of_head(node) else 0
        if signature and isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            docstring = isinstance(first.value.value, str)
        else:
            docstring = False
        children = [Unit("d", [], body, body, body, first.end_lineno or body, [], [], [])] if docstring else []
        return whole._replace(kind="f", names=[node.name], body=body, signature=signature, children=children)

    def _class(self, node: ast.ClassDef, whole: Unit) -> Unit:
        body = _first_line(node.body)
        if body <= _end_of_head(node):
            return whole._replace(kind="c", names=[node.name])
        children = self.arrange(node.body, _end_of_head(node) + 1)
        return whole._replace(kind="c", names=[node.name], body=children[0].start, children=children)

    def _frame(self, node: Any, whole: Unit) -> Unit:  # noqa: ANN401  one of _FRAMES
        arms: list[Unit] = []
        for line, body in self._arms(node):
            if not line or _first_line(body) <= line:
                return whole._replace(names=list(_bound(node)), kind="v")
            children = self.arrange(body, line + 1)
            arms.append(Unit("a", [], line, line, children[0].start, children[-1].end, [], children, []))
        for at, arm in enumerate(arms):  # what follows on the head of an arm, such as a bracket, is part of the head
            arms[at] = arm._replace(body=arm.children[0].start)
        names = [name for arm in arms for child in arm.children for name in child.names]
        kind = "m" if isinstance(node, ast.If) and _is_main(node) else "b"
        return whole._replace(kind=kind, names=names, children=arms)

    def _arms(self, node: Any) -> Iterator[tuple[int, Sequence[ast.stmt]]]:  # noqa: ANN401
        """Yield the line at which each branch begins, 0 where it was not found, and what is in it."""
        yield node.lineno, node.body
        for handler in getattr(node, "handlers", ()):
            yield handler.lineno, handler.body
        orelse = getattr(node, "orelse", [])
        if len(orelse) == 1 and isinstance(orelse[0], ast.If) and self._word(orelse[0].lineno) == "elif":
            yield from self._arms(orelse[0])
        elif orelse:
            yield self._find("else", _first_line(orelse)), orelse
        if last := getattr(node, "finalbody", None):
            yield self._find("finally", _first_line(last)), last

    def _word(self, line: int) -> str:
        return self._lines[line - 1].lstrip()[:4]

    def _find(self, word: str, line: int) -> int:
        """Return the line above, or at, `line` that begins with a word."""
        for at in range(line, 0, -1):
            text = self._lines[at - 1].lstrip()
            if text.startswith(word) and text[len(word) :].lstrip()[:1] == ":":
                return at
            if text.strip() and not text.startswith("#") and at < line:
                return 0
        return 0

    def _attached(self, head: int, floor: int) -> int:
        """Return the first line of the comments right above `head`; those at the head of a file belong to it."""
        indent = _indent(self._lines[head - 1])
        start = head
        while start > floor:
            text = self._lines[start - 2]
            if not text.lstrip().startswith("#") or _indent(text) != indent:
                break
            start -= 1
        return head if start == 1 else start


def _first_line(body: Sequence[ast.stmt]) -> int:
    first = body[0]
    decorators: Sequence[ast.expr] = getattr(first, "decorator_list", ())
    return min([first.lineno, *(each.lineno for each in decorators)])


def _end_of_head(node: Any) -> int:  # noqa: ANN401  a function or class
    parts: list[int] = [node.lineno]
    for each in ast.iter_child_nodes(node):
        if each not in node.body and not isinstance(each, ast.arguments) and each not in node.decorator_list:
            parts.append(getattr(each, "end_lineno", 0) or 0)
        if isinstance(each, ast.arguments):
            parts += [getattr(inner, "end_lineno", 0) or 0 for inner in ast.walk(each)]
    return max(parts)


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _join(first: Unit, second: Unit) -> Unit:
    """Return one unit for two that share a line: it is printed whole."""
    names = [*first.names, *second.names]
    uses = sorted({*first.uses, *second.uses, *(first.names if first.kind != "i" else ())})
    return Unit("v" if names else "e", names, first.start, first.head, first.head, second.end, uses, [], [])


def _imported(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [each.asname or each.name.partition(".")[0] for each in node.names]
    return [each.asname or each.name for each in node.names]


def _import(node: ast.Import | ast.ImportFrom) -> list[Any]:
    names = [[each.name, each.asname] for each in node.names]
    return [node.module or "", node.level, names] if isinstance(node, ast.ImportFrom) else [None, 0, names]


def _is_main(node: ast.If) -> bool:
    return any(isinstance(each, ast.Name) and each.id == "__name__" for each in ast.walk(node.test))


def _bound(node: ast.AST) -> Iterator[str]:
    """Yield the names that a statement binds, but for those inside of functions and classes."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
        return
    if isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        return
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield from _imported(node)
        return
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is_augmenting(node.func):
        yield "__all__"  # __all__.extend(...)
    for each in ast.iter_child_nodes(node):
        yield from _bound(each)


def _is_augmenting(function: ast.Attribute) -> bool:
    return isinstance(function.value, ast.Name) and function.value.id == "__all__"
