"""Expressions of a file as facts: a tree of Python's becomes lists, without what nothing is concluded from."""

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from loopflow.function.facts.building import NOTHING, dotted
from loopflow.function.facts.model import (
    ASSIGNED,
    ASYNC_ELEMENT,
    ATTRIBUTE,
    AWAIT,
    BINARY,
    CALL,
    COMPARE,
    COMPREHENSION,
    COMPREHENSION_SCOPE,
    CONSTANT,
    DELETE,
    DICT,
    DISPLAY,
    EITHER,
    ELEMENT,
    FUNCTION,
    IF,
    IS_LAMBDA,
    JOINED,
    LAMBDA,
    LOAD,
    NAME,
    NARROW,
    NARROWED,
    STAR,
    STORE,
    SUBSCRIPT,
    UNARY,
    WALRUS,
    YIELD,
    YIELD_FROM,
    Expr,
)

if TYPE_CHECKING:
    from loopflow.function.facts.statements import Reader

_LONGEST_NAME: Final = 60
_USES: Final[Mapping[type, int]] = {ast.Load: LOAD, ast.Store: STORE, ast.Del: DELETE}
_OPERATORS: Final[Mapping[type, str]] = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.MatMult: "matmul", ast.Div: "truediv", ast.Mod: "mod",
    ast.Pow: "pow", ast.LShift: "lshift", ast.RShift: "rshift", ast.BitOr: "or", ast.BitXor: "xor",
    ast.BitAnd: "and", ast.FloorDiv: "floordiv", ast.Eq: "eq", ast.NotEq: "ne", ast.Lt: "lt", ast.LtE: "le",
    ast.Gt: "gt", ast.GtE: "ge", ast.Is: "", ast.IsNot: "", ast.In: "contains", ast.NotIn: "contains",
    ast.Invert: "invert", ast.UAdd: "pos", ast.USub: "neg", ast.Not: "bool",
}  # fmt: skip


def operator_name(operator: ast.AST) -> str:
    """Return what the special method of an operator is called, without underscores; "" for `is`."""
    return _OPERATORS[type(operator)]


class Expressions:
    """Turns expressions into facts of the scope that `reader` is in."""

    def __init__(self, reader: "Reader") -> None:
        self._reader = reader

    def read(self, node: ast.expr | None) -> Expr:
        """Return the facts of an expression."""
        if node is None:
            return NOTHING
        made = _READERS.get(type(node))
        return made(self, node) if made else self._read_others(node)

    def read_all(self, nodes: Sequence[ast.expr]) -> list[Expr]:
        """Return the facts of several."""
        return [self.read(node) for node in nodes]

    def annotation(self, node: ast.expr | None) -> Expr:  # noqa: PLR0911  a case a line
        """Return the facts of an annotation: strings in it are parsed."""
        if node is None:
            return NOTHING
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return self._parse(node)
        if isinstance(node, ast.Subscript):
            if dotted(node.value).rpartition(".")[2] == "Literal":
                return self.read(node.value)
            inner = node.slice
            if dotted(node.value).rpartition(".")[2] == "Annotated" and isinstance(inner, ast.Tuple) and inner.elts:
                first, rest = self.annotation(inner.elts[0]), self.read_all(inner.elts[1:])
                return [SUBSCRIPT, self.read(node.value), [DISPLAY, "tuple", [first, *rest]], node.lineno, LOAD]
            return [SUBSCRIPT, self.read(node.value), self.annotation(inner), node.lineno, LOAD]
        if isinstance(node, ast.Tuple | ast.List):
            kind = "tuple" if isinstance(node, ast.Tuple) else "list"
            return [DISPLAY, kind, [self.annotation(each) for each in node.elts]]
        if isinstance(node, ast.BinOp):
            return [BINARY, "or", self.annotation(node.left), self.annotation(node.right), node.lineno]
        return self.read(node)

    def narrowings(self, test: ast.expr, positive: bool) -> Iterator[tuple[str, Expr]]:  # noqa: FBT001  told by position
        """Yield which names are narrowed where a test holds, or where it does not, and to what."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            yield from self.narrowings(test.operand, not positive)
        elif isinstance(test, ast.BoolOp):
            if isinstance(test.op, ast.And) is positive:
                for value in test.values:
                    yield from self.narrowings(value, positive)
        elif isinstance(test, ast.Call) and dotted(test.func) == "isinstance" and len(test.args) == 2:  # noqa: PLR2004
            subject = test.args[0].target if isinstance(test.args[0], ast.NamedExpr) else test.args[0]
            if name := dotted(subject):
                yield name, [NARROWED, self.read(subject), self.read(test.args[1]), positive]

    def narrow(self, test: ast.expr, positive: bool) -> None:  # noqa: FBT001
        """Bind what a test says of names, from here on."""
        scope = self._reader.scope
        for name, narrowed in self.narrowings(test, positive):
            scope.bind(name, test.lineno, NARROW, [scope.add_root(narrowed)])

    def _parse(self, node: ast.Constant) -> Expr:
        try:
            parsed = ast.parse(str(node.value).strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return NOTHING
        for each in ast.walk(parsed):  # in a string, lines and columns are those of the string
            if hasattr(each, "lineno"):
                each.lineno, each.col_offset = node.lineno, node.col_offset  # type: ignore[attr-defined]
                each.end_lineno, each.end_col_offset = node.lineno, node.col_offset  # type: ignore[attr-defined]
        return self.annotation(parsed)

    def _name(self, node: ast.Name) -> Expr:
        self._reader.load(node.id)
        return [NAME, node.id, node.lineno, node.col_offset]

    def _attribute(self, node: ast.Attribute) -> Expr:
        line = node.end_lineno or node.lineno
        column = max((node.end_col_offset or 0) - len(node.attr), 0)
        return [ATTRIBUTE, self.read(node.value), node.attr, line, column, _USES[type(node.ctx)]]

    def _call(self, node: ast.Call) -> Expr:
        function = node.func
        if isinstance(function, ast.Name) and function.id in {"getattr", "hasattr"} and len(node.args) > 1:
            name = node.args[1]
            if isinstance(name, ast.Constant) and isinstance(name.value, str) and function.id == "getattr":
                self._reader.load(function.id)
                got: Expr = [ATTRIBUTE, self.read(node.args[0]), name.value, name.lineno, name.col_offset, LOAD]
                rest = self.read_all(node.args[2:])
                return [EITHER, [got, *rest]] if rest else got
        if isinstance(function, ast.Name) and function.id == "cast" and len(node.args) == 2:  # noqa: PLR2004
            return [
                CALL,
                self.read(function),
                [self.annotation(node.args[0]), self.read(node.args[1])],
                {},
                node.lineno,
            ]
        keywords = {each.arg or "**": self.read(each.value) for each in node.keywords}
        return [CALL, self.read(function), self.read_all(node.args), keywords, node.lineno]

    def _constant(self, node: ast.Constant) -> Expr:
        value = node.value
        kept = value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 31 else None
        if isinstance(value, str) and len(value) < _LONGEST_NAME and value.isidentifier():
            kept = value  # type: ignore[assignment]
        return [CONSTANT, type(value).__name__, kept]

    def _subscript(self, node: ast.Subscript) -> Expr:
        index = NOTHING if isinstance(node.slice, ast.Slice) else self.read(node.slice)
        if isinstance(node.slice, ast.Slice):
            bounds = [self.read(each) for each in (node.slice.lower, node.slice.upper, node.slice.step) if each]
            index = [CONSTANT, "slice", None] if not bounds else [EITHER, [[CONSTANT, "slice", None], *bounds]]
        return [SUBSCRIPT, self.read(node.value), index, node.lineno, _USES[type(node.ctx)]]

    def _bool(self, node: ast.BoolOp) -> Expr:
        scope = self._reader.scope
        first = self.read(node.values[0])
        before = scope.block
        values = [first]
        for test, value in zip(node.values, node.values[1:], strict=False):
            if any(True for _ in _tests(test)):
                scope.open_block(0, 0)
                self.narrow(test, isinstance(node.op, ast.And))
            values.append(self._placed(value))
        scope.block = before
        return [EITHER, values] if isinstance(node.op, ast.Or) else [EITHER, values, "and"]

    def _if(self, node: ast.IfExp) -> Expr:
        scope = self._reader.scope
        test = self.read(node.test)
        if not any(True for _ in _tests(node.test)):
            return [IF, test, self.read(node.body), self.read(node.orelse)]
        group, arms = scope.new_group(), []
        for branch, positive in ((node.body, True), (node.orelse, False)):
            before = scope.open_block(group, 0, 2)
            self.narrow(node.test, positive)
            arms.append(self._placed(branch))
            scope.block = before
        return [IF, test, *arms]

    def _placed(self, node: ast.expr) -> Expr:
        """Return facts that know that they stand in the block that is open now."""
        scope = self._reader.scope
        scope.pos += 1
        place = scope.pos, scope.block
        return ["@", *place, self.read(node)]

    def _comprehension(self, node: Any) -> Expr:  # noqa: ANN401  four types that have no base
        reader = self._reader
        kind = _COMPREHENSIONS[type(node)]
        first = self.read(node.generators[0].iter)  # evaluated in the scope around
        number = reader.enter(COMPREHENSION_SCOPE, f"<{kind}>", node)
        scope = reader.scope
        for at, generator in enumerate(node.generators):
            iterated = [["^", first]] if not at else [self.read(generator.iter)]
            tag = ASYNC_ELEMENT if generator.is_async else ELEMENT
            reader.assign(generator.target, scope.add_root([tag, iterated[0], generator.iter.lineno]), [])
            for test in generator.ifs:
                scope.add_root(self.read(test))
                self.narrow(test, positive=True)
        parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        scope.results = [scope.add_root(self.read(part)) for part in parts]
        reader.leave(number)
        return [COMPREHENSION, kind, number]

    def _lambda(self, node: ast.Lambda) -> Expr:
        reader = self._reader
        number = reader.enter(FUNCTION, "<lambda>", node, IS_LAMBDA)
        reader.read_parameters(node.args)
        reader.scope.results.append(reader.scope.add_root(self.read(node.body)))
        reader.leave(number)
        return [LAMBDA, number]

    def _walrus(self, node: ast.NamedExpr) -> Expr:
        scope = self._reader.scope
        root = scope.add_root(self.read(node.value))
        self._reader.bind_around(node.target.id, node.lineno, ASSIGNED, [root, []])
        return [WALRUS, root]

    def _yield(self, node: ast.Yield) -> Expr:
        return self._yielded(YIELD, self.read(node.value))

    def _yield_from(self, node: ast.YieldFrom) -> Expr:
        return self._yielded(YIELD_FROM, [ELEMENT, self.read(node.value), node.lineno])

    def _yielded(self, tag: str, value: Expr) -> Expr:
        scope = self._reader.scope
        root = scope.add_root(value)
        scope.yields.append(root)
        return [tag, root]

    def _read_others(self, node: ast.expr) -> Expr:
        parts = [self.read(each) for each in ast.iter_child_nodes(node) if isinstance(each, ast.expr)]
        return [JOINED, parts]


def _tests(test: ast.expr) -> Iterator[ast.Call]:
    """Yield the calls of isinstance in a test."""
    if isinstance(test, ast.UnaryOp):
        yield from _tests(test.operand)
    elif isinstance(test, ast.BoolOp):
        for value in test.values:
            yield from _tests(value)
    elif isinstance(test, ast.Call) and dotted(test.func) == "isinstance":
        yield test


_COMPREHENSIONS: Final[Mapping[type, str]] = {
    ast.ListComp: "list",
    ast.SetComp: "set",
    ast.GeneratorExp: "generator",
    ast.DictComp: "dict",
}
_READERS: Final[Mapping[type, Callable[[Expressions, Any], Expr]]] = {
    ast.Name: Expressions._name,  # noqa: SLF001  its own
    ast.Attribute: Expressions._attribute,  # noqa: SLF001
    ast.Call: Expressions._call,  # noqa: SLF001
    ast.Constant: Expressions._constant,  # noqa: SLF001
    ast.Subscript: Expressions._subscript,  # noqa: SLF001
    ast.BoolOp: Expressions._bool,  # noqa: SLF001
    ast.IfExp: Expressions._if,  # noqa: SLF001
    ast.ListComp: Expressions._comprehension,  # noqa: SLF001
    ast.SetComp: Expressions._comprehension,  # noqa: SLF001
    ast.GeneratorExp: Expressions._comprehension,  # noqa: SLF001
    ast.DictComp: Expressions._comprehension,  # noqa: SLF001
    ast.Lambda: Expressions._lambda,  # noqa: SLF001
    ast.NamedExpr: Expressions._walrus,  # noqa: SLF001
    ast.Yield: Expressions._yield,  # noqa: SLF001
    ast.YieldFrom: Expressions._yield_from,  # noqa: SLF001
    ast.Await: lambda self, node: [AWAIT, self.read(node.value)],
    ast.Starred: lambda self, node: [STAR, self.read(node.value)],
    ast.Tuple: lambda self, node: [DISPLAY, "tuple", self.read_all(node.elts)],
    ast.List: lambda self, node: [DISPLAY, "list", self.read_all(node.elts)],
    ast.Set: lambda self, node: [DISPLAY, "set", self.read_all(node.elts)],
    ast.Dict: lambda self, node: [DICT, self.read_all([key for key in node.keys if key]), self.read_all(node.values)],
    ast.BinOp: lambda self, node: [
        BINARY, operator_name(node.op), self.read(node.left), self.read(node.right), node.lineno,
    ],
    ast.UnaryOp: lambda self, node: [UNARY, operator_name(node.op), self.read(node.operand), node.lineno],
    ast.Compare: lambda self, node: [
        COMPARE, self.read(node.left), self.read_all(node.comparators), [operator_name(each) for each in node.ops],
        node.lineno,
    ],
}  # fmt: skip
