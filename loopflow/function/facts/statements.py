"""Statements of a file as facts: what they bind, in which block, and what they evaluate."""

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from loopflow.function.facts.branching import READERS
from loopflow.function.facts.building import OUTER_ANNOTATION, ScopeBuilder, dotted
from loopflow.function.facts.expressions import Expressions, operator_name
from loopflow.function.facts.model import (
    ABSTRACT,
    ANNOTATED,
    ANNOTATION,
    ASSIGNED,
    ASYNC,
    BASE,
    BINARY,
    CLASS,
    COMPREHENSION_SCOPE,
    DECORATOR,
    DEFAULT,
    DEFINED,
    DELETED,
    FUNCTION,
    GENERATOR,
    IMPORTED,
    MODULE,
    OUTSIDE,
    PARAMETER,
    STARRED,
    TYPE_PARAMETER,
    Parameter,
    Scope,
)

_REST: Final = -1
"""In a way into what is unpacked: all that is left of it."""


class Reader:
    """Reads the statements of a file."""

    def __init__(self, end: int) -> None:
        self.scope = ScopeBuilder(MODULE, "", "", -1, (0, 0), 1, end)
        self._open = [0]
        self._scopes: list[ScopeBuilder | Scope] = [self.scope]
        self._builders = [self.scope]
        self.expressions = Expressions(self)
        self._names: dict[int, set[str]] = {}

    def finish(self) -> list[Scope]:
        """Return all scopes, the module's first."""
        return [each.finish() if isinstance(each, ScopeBuilder) else each for each in self._scopes]

    def load(self, name: str) -> None:
        """Take note that a name is read."""
        self.scope.loads.add(name)

    def enter(self, kind: int, name: str, node: Any, flags: int = 0) -> int:  # noqa: ANN401  any node with a place
        """Begin a scope, and return its number."""
        parent = self.scope
        above = f"{parent.qualname}." if parent.qualname else ""
        scope = ScopeBuilder(
            kind, name, above + name, self._open[-1], (parent.pos, parent.block), node.lineno, node.end_lineno, flags
        )
        self._scopes.append(scope)
        number = len(self._scopes) - 1
        parent.children.append(number)
        self._open.append(number)
        self._builders.append(scope)
        self.scope = scope
        return number

    def leave(self, number: int) -> None:
        """End the scope of that number."""
        inner = self._builders.pop()
        self._open.pop()
        self.scope = self._builders[-1]
        free = inner.free_names()
        if inner.kind == COMPREHENSION_SCOPE:
            self.scope.loads |= free
        else:
            self.scope.nested |= free - inner.outside
            self.scope.loads |= inner.outside
        if inner.yields:
            inner.flags |= GENERATOR
        for name in [name for name, kind in inner.outer.items() if kind == "g"]:
            self._assign_global(name, inner, number)
        self._scopes[number] = inner.finish()

    def _assign_global(self, name: str, inner: ScopeBuilder, number: int) -> None:
        """Tell the module what a function binds one of its names to."""
        for binding in inner.bindings.get(name, ()):
            if binding.kind == ASSIGNED:
                root, way = binding.what
                place = (number, root, way, -1, binding.line)
                self._builders[0].attributes.setdefault(name, []).append(place)

    def bind_around(self, name: str, line: int, kind: str, what: list[Any]) -> None:
        """Bind a name in the scope that a walrus binds in."""
        scope = self.scope
        if scope.kind == COMPREHENSION_SCOPE:  # its root belongs to another scope: what it is stays unknown there
            outer = next(each for each in reversed(self._builders) if each.kind != COMPREHENSION_SCOPE)
            outer.bind(name, line, DELETED, [])
        scope.bind(name, line, kind, what)

    def read_body(self, body: Sequence[ast.stmt]) -> None:
        """Read statements."""
        for statement in body:
            self.read_statement(statement)

    def read_statement(self, node: ast.stmt) -> None:
        """Read a statement."""
        read, scope = _READERS.get(type(node)), self.scope
        if not read:
            return
        if scope.kind not in {MODULE, CLASS}:
            read(self, node)
            return
        loads, nested = scope.loads, scope.nested
        scope.loads, scope.nested = set(), set()
        read(self, node)
        self._names[id(node)] = scope.loads | scope.nested
        loads |= scope.loads
        nested |= scope.nested
        scope.loads, scope.nested = loads, nested

    def names_of(self, node: ast.stmt) -> set[str]:
        """Return the names that a statement of the module or of a class reads of what is around it."""
        return self._names.get(id(node), set())

    def read_parameters(self, arguments: ast.arguments) -> None:
        """Read the parameters of the function that was entered."""
        scope = self.scope
        plain = [*arguments.posonlyargs, *arguments.args]
        defaults = [None] * (len(plain) - len(arguments.defaults)) + list(arguments.defaults)
        all_of_them = [
            *((each, "", default) for each, default in zip(plain, defaults, strict=True)),
            *(((arguments.vararg, "*", None),) if arguments.vararg else ()),
            *((each, "", default) for each, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)),
            *(((arguments.kwarg, "**", None),) if arguments.kwarg else ()),
        ]
        for each, kind, default in all_of_them:
            annotation = self._outside(each.annotation, OUTER_ANNOTATION) if each.annotation else -1
            value = self._outside(default, OUTSIDE | DEFAULT) if default else -1
            scope.parameters.append(Parameter(each.arg, kind, annotation, value))
            scope.bind(each.arg, each.lineno, PARAMETER, [len(scope.parameters) - 1])

    def assign(self, target: ast.expr, root: int, way: list[int]) -> None:
        """Bind what a target names to a root, or to a part of it."""
        scope = self.scope
        if isinstance(target, ast.Name):
            scope.bind(target.id, target.lineno, ASSIGNED, [root, way])
        elif isinstance(target, ast.Tuple | ast.List):
            starred = next((at for at, each in enumerate(target.elts) if isinstance(each, ast.Starred)), None)
            for at, each in enumerate(target.elts):
                step = at if starred is None or at < starred else at - len(target.elts)
                if isinstance(each, ast.Starred):
                    self.assign(each.value, root, [*way, _REST, at])
                else:
                    self.assign(each, root, [*way, step if step >= 0 else step - 1])
        else:
            scope.add_root(self.expressions.read(target))
            if isinstance(target, ast.Attribute):
                self._assign_attribute(target, root, way, -1)

    def _assign_attribute(self, target: ast.Attribute, root: int, way: list[int], annotation: int) -> None:
        name = dotted(target)
        if not name:
            return
        what, kind = ([annotation, root], ANNOTATED) if annotation >= 0 else ([root, way], ASSIGNED)
        self.scope.bind(name, target.lineno, kind, what)
        owner = self._owner()
        first, _, attribute = name.partition(".")
        if owner and "." not in attribute and self.scope.parameters and self.scope.parameters[0].name == first:
            place = (self._open[-1], root, way, annotation, target.lineno)
            owner.attributes.setdefault(attribute, []).append(place)

    def _owner(self) -> ScopeBuilder | None:
        """Return the class whose method is read."""
        at = self.scope
        outer = self._builders[-2] if len(self._builders) > 1 else None
        return outer if outer and outer.kind == CLASS and at.kind == FUNCTION else None

    def _outside(self, node: ast.expr | None, mode: int) -> int:
        """Read what stands at a definition and is evaluated around it."""
        scope = self.scope
        kept, scope.loads = scope.loads, set()
        read = self.expressions.annotation if mode & ANNOTATION else self.expressions.read
        root = scope.add_root(read(node), mode)
        scope.outside |= scope.loads
        scope.loads = kept
        return root

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        flags = ASYNC if isinstance(node, ast.AsyncFunctionDef) else 0
        number = self.enter(FUNCTION, node.name, node, flags)
        scope = self.scope
        scope.line = min([node.lineno, *(each.lineno for each in node.decorator_list)])
        self._type_parameters(node)
        for decorator in node.decorator_list:
            self._outside(decorator, OUTSIDE | DECORATOR)
            scope.flags |= ABSTRACT if dotted(decorator).endswith("abstractmethod") else 0
        self.read_parameters(node.args)
        if node.returns:
            scope.returns = self._outside(node.returns, OUTER_ANNOTATION)
        self.read_body(node.body)
        self.leave(number)
        self.scope.bind(node.name, node.lineno, DEFINED, [number])

    def _class(self, node: ast.ClassDef) -> None:
        number = self.enter(CLASS, node.name, node)
        scope = self.scope
        scope.line = min([node.lineno, *(each.lineno for each in node.decorator_list)])
        self._type_parameters(node)
        for decorator in node.decorator_list:
            self._outside(decorator, OUTSIDE | DECORATOR)
        for base in node.bases:
            self._outside(base, OUTSIDE | BASE | ANNOTATION)
        for keyword in node.keywords:
            self._outside(keyword.value, OUTSIDE | (DEFAULT if keyword.arg != "metaclass" else BASE))
        self.read_body(node.body)
        self.leave(number)
        self.scope.bind(node.name, node.lineno, DEFINED, [number])

    def _type_parameters(self, node: Any) -> None:  # noqa: ANN401  Python 3.11 knows none
        for each in getattr(node, "type_params", ()):
            bound = getattr(each, "bound", None)
            root = self.scope.add_root(self.expressions.annotation(bound), ANNOTATION) if bound else -1
            self.scope.bind(each.name, each.lineno, TYPE_PARAMETER, [root])

    def _assign(self, node: ast.Assign) -> None:
        root = self.scope.add_root(self.expressions.read(node.value))
        for target in node.targets:
            self.assign(target, root, [])

    def _annotated(self, node: ast.AnnAssign) -> None:
        scope = self.scope
        annotation = scope.add_root(self.expressions.annotation(node.annotation), ANNOTATION)
        is_alias = dotted(node.annotation).endswith("TypeAlias")
        read = self.expressions.annotation if is_alias else self.expressions.read
        value = scope.add_root(read(node.value)) if node.value else -1
        if isinstance(node.target, ast.Name):
            what = [value, []] if is_alias else [annotation, value]
            scope.bind(node.target.id, node.target.lineno, ASSIGNED if is_alias else ANNOTATED, what)
        elif isinstance(node.target, ast.Attribute):
            scope.add_root(self.expressions.read(node.target))
            self._assign_attribute(node.target, value, [], annotation)

    def _augmented(self, node: ast.AugAssign) -> None:
        before: Any = ast.copy_location(
            ast.Name(node.target.id, ast.Load())
            if isinstance(node.target, ast.Name)
            else ast.Attribute(node.target.value, node.target.attr, ast.Load())
            if isinstance(node.target, ast.Attribute)
            else ast.Subscript(node.target.value, node.target.slice, ast.Load()),
            node.target,
        )
        left, right = self.expressions.read(before), self.expressions.read(node.value)
        root = self.scope.add_root([BINARY, "i" + operator_name(node.op), left, right, node.lineno])
        if isinstance(node.target, ast.Name):
            self.scope.bind(node.target.id, node.lineno, ASSIGNED, [root, []])

    def _type_alias(self, node: Any) -> None:  # noqa: ANN401  of Python 3.12
        root = self.scope.add_root(self.expressions.annotation(node.value))
        self.scope.bind(node.name.id, node.lineno, ASSIGNED, [root, []])

    def _import(self, node: ast.Import) -> None:
        for each in node.names:
            top = each.name.partition(".")[0]
            what = [each.name, 0, "", each.name if each.asname else top]
            self.scope.bind(each.asname or top, node.lineno, IMPORTED, what)

    def _import_from(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        for each in node.names:
            if each.name == "*":
                self.scope.bind("*", node.lineno, STARRED, [module, node.level])
            else:
                self.scope.bind(each.asname or each.name, node.lineno, IMPORTED, [module, node.level, each.name, ""])

    def _outer(self, node: ast.Global | ast.Nonlocal) -> None:
        self.scope.outer |= dict.fromkeys(node.names, "g" if isinstance(node, ast.Global) else "n")
        self.scope.loads |= set(node.names)

    def _delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.load(target.id)
            else:
                self.scope.add_root(self.expressions.read(target))

    def _evaluate(self, node: Any) -> None:  # noqa: ANN401  statements that hold expressions
        for each in ast.iter_child_nodes(node):
            if isinstance(each, ast.expr):
                self.scope.add_root(self.expressions.read(each))

    def _expression(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):
            self.scope.add_root(self.expressions.read(node.value))

    def _return(self, node: ast.Return) -> None:
        if node.value:
            self.scope.results.append(self.scope.add_root(self.expressions.read(node.value)))

    def _assert(self, node: ast.Assert) -> None:
        self._evaluate(node)
        self.expressions.narrow(node.test, positive=True)


_READERS: Final[Mapping[type, Callable[[Reader, Any], None]]] = {
    ast.FunctionDef: Reader._function,  # noqa: SLF001  its own
    ast.AsyncFunctionDef: Reader._function,  # noqa: SLF001
    ast.ClassDef: Reader._class,  # noqa: SLF001
    ast.Assign: Reader._assign,  # noqa: SLF001
    ast.AnnAssign: Reader._annotated,  # noqa: SLF001
    ast.AugAssign: Reader._augmented,  # noqa: SLF001
    ast.Import: Reader._import,  # noqa: SLF001
    ast.ImportFrom: Reader._import_from,  # noqa: SLF001
    ast.Global: Reader._outer,  # noqa: SLF001
    ast.Nonlocal: Reader._outer,  # noqa: SLF001
    ast.Delete: Reader._delete,  # noqa: SLF001
    ast.Expr: Reader._expression,  # noqa: SLF001
    ast.Return: Reader._return,  # noqa: SLF001
    ast.Raise: Reader._evaluate,  # noqa: SLF001
    ast.Assert: Reader._assert,  # noqa: SLF001
    **READERS,
    **({ast.TypeAlias: Reader._type_alias} if hasattr(ast, "TypeAlias") else {}),  # noqa: SLF001
}
