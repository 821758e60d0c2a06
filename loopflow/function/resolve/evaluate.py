"""Evaluates expressions of facts: what they may give, and what they mention on the way.

Nothing is run: a value is a class, an instance of one, a function, a module. Each root is evaluated once. What was cut
short (a cycle, too deep) holds for the function at hand only, so that no answer depends on what was asked before.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from loopflow.function.facts.model import (
    ANNOTATION,
    BASE,
    DECORATOR,
    OUTSIDE,
    Expr,
)
from loopflow.function.resolve import expressions, values
from loopflow.function.resolve.calls import Calls
from loopflow.function.resolve.found import Frame, Mention
from loopflow.function.resolve.implicit import Implicit
from loopflow.function.resolve.members import Members
from loopflow.function.resolve.names import Names
from loopflow.function.resolve.outside import ITERABLES, TRANSPARENT, canonical
from loopflow.function.resolve.project import Node, Project
from loopflow.function.resolve.values import UNKNOWN, Types, Value, external, join

DEEPEST: Final = 14
"""Roots that may wait for each other."""


class Evaluated(NamedTuple):
    """What a root gives, and what it mentions."""

    types: Types
    mentions: tuple[Mention, ...]


_NOTHING: Final = Evaluated(UNKNOWN, ())


class Engine:
    """Resolves references of a project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.names: Names = Names(self)
        self.members: Members = Members(self)
        self.calls: Calls = Calls(self)
        self.implicit: Implicit = Implicit(self)
        self._known: dict[tuple[Node, int], Evaluated] = {}
        self._for_now: dict[tuple[Node, int], Evaluated] = {}
        self._open: list[tuple[Node, int]] = []
        self._hit: set[tuple[Node, int] | None] = set()
        self._returned: dict[Node, Types] = {}

    @property
    def is_tainted(self) -> bool:
        """Whether something that is evaluated at the moment was cut short."""
        return bool(self._hit)

    def begin(self) -> None:
        """Forget what holds for one function only."""
        self._for_now.clear()

    def is_lasting(self, node: Node) -> bool:
        """Whether what was found of the roots of a scope holds for every function."""
        return all((node, number) in self._known for number in range(len(node.scope.roots)))

    def root(self, node: Node, number: int) -> Evaluated:
        """Return what a root of a scope gives."""
        key = (node, number)
        known = self._known.get(key) or self._for_now.get(key)
        if known is not None:
            return known
        if key in self._open:
            self._hit.add(key)
            return _NOTHING
        if len(self._open) >= DEEPEST:
            self._hit.add(None)
            return _NOTHING
        before, self._hit = self._hit, set()
        self._open.append(key)
        try:
            found = self._evaluate(node, number)
        except RecursionError:
            self._hit.add(None)
            found = _NOTHING
        finally:
            self._open.pop()
        self._hit.discard(key)
        (self._for_now if self._hit else self._known)[key] = found
        self._hit |= before
        return found

    def _evaluate(self, node: Node, number: int) -> Evaluated:
        root = node.scope.roots[number]
        parent = node.parent
        kind = "annotation" if root.mode & ANNOTATION else "load"
        kind = "base" if root.mode & BASE else "decorator" if root.mode & DECORATOR else kind
        if root.mode & OUTSIDE and parent:
            frame = Frame(parent, *node.scope.at, node, kind)
        else:
            frame = Frame(node, root.pos, root.block, None, kind)
        types = self.evaluate(frame, root.expr)
        return Evaluated(types, tuple(frame.mentions))

    def evaluate(self, frame: Frame, expr: Expr) -> Types:
        """Return what an expression may give, and take note in the frame of what it mentions."""
        return expressions.EVALUATORS[expr[0]](self, frame, expr)

    def returned(self, node: Node) -> Types:
        """Return what a function without a declared result returns."""
        return join(self.root(node, each).types for each in node.scope.results)

    def instances(self, types: Types) -> Types:
        """Return what is of a type that an annotation names."""
        if not types:
            return types
        return join(self._instances_of(value) for value in types)

    def _instances_of(self, value: Value) -> Types:
        if value.kind == values.CLASS:
            return (value._replace(kind=values.INSTANCE, args=tuple(self.instances(each) for each in value.args)),)
        if value.kind == values.EXTERNAL:
            return self._external_instances(value)
        if value.kind in {values.TYPE_VARIABLE, values.SELF, values.CALLABLE}:
            return (value,)
        return UNKNOWN

    def _external_instances(self, value: Value) -> Types:  # noqa: PLR0911  a case a line
        name = canonical(value.name)
        if name in TRANSPARENT:
            return self.instances(value.args[0]) if value.args else UNKNOWN
        if name in {"typing.Optional", "typing.Union"}:
            return join(self.instances(each) for each in value.args)
        if name in {"typing.Any", "builtins.object", "typing.NoReturn", "builtins.None"}:
            return UNKNOWN
        if name == "typing.Self":
            return (Value(values.SELF),)
        if name == "builtins.type":
            return value.args[0] if value.args else UNKNOWN
        if name == "typing.Callable":
            return (Value(values.CALLABLE, args=(self.instances(value.args[-1]) if value.args else UNKNOWN,)),)
        if name in {"typing.Literal", "typing.LiteralString", "typing.AnyStr"}:
            return external("builtins.str")
        return external(name, *(self.instances(each) for each in value.args))

    def element(self, types: Types) -> Types:
        """Return what iterating over something gives."""
        return join(self._element_of(value) for value in types)

    def _element_of(self, value: Value) -> Types:
        if value.kind == values.EXTERNAL_INSTANCE:
            if value.name == "builtins.tuple":
                return join(value.args)
            if value.name == "builtins.str":
                return (value,)
            return value.args[0] if value.name in ITERABLES and value.args else UNKNOWN
        if value.kind == values.INSTANCE and value.node:
            return self._element_of_instance(value)
        if value.kind == values.CLASS and value.node and self.members.is_enum(value.node):
            return self.instances((value,))
        return UNKNOWN

    def _element_of_instance(self, value: Value) -> Types:
        for name in ("__iter__", "__aiter__"):
            found = self.members.find(value, name)
            iterator = join(self.calls.call(each, []) for each in found.types if each.kind == values.FUNCTION)
            if iterator == (value,) or any(each.kind == values.INSTANCE for each in iterator):
                step = "__next__" if name == "__iter__" else "__anext__"
                steps = [self.members.find(each, step) for each in iterator]
                given = join(self.calls.call(each, []) for one in steps for each in one.types)
                return self.awaited(given) if name == "__aiter__" else given
            if iterator:
                return self.element(iterator)
        assert value.node is not None  # noqa: S101  the caller looked
        for entry in self.members.order(value.node):
            if entry.node is None and entry.args:
                known = self.members.known(value, entry._replace(node=value.node))
                held = tuple(values.substitute(each, known) for each in entry.args)
                if name := canonical(entry.name):
                    return self.element(external(name, *held))
        found = self.members.find(value, "__getitem__")
        return join(self.calls.call(each, []) for each in found.types if each.kind == values.FUNCTION)

    def awaited(self, types: Types) -> Types:
        """Return what awaiting something gives."""
        found: list[Types] = []
        for value in types:
            if value.kind == values.EXTERNAL_INSTANCE and value.args:
                found.append(value.args[-1] if value.name == "typing.Coroutine" else value.args[0])
            elif value.kind == values.INSTANCE:
                method = self.members.find(value, "__await__")
                found.append(self.element(join(self.calls.call(each, []) for each in method.types)))
        return join(found)

    def unpack(self, types: Types, way: Sequence[int]) -> Types:
        """Return the part of something that is unpacked at a place: see `facts.statements`."""
        at = 0
        while at < len(way):
            step = way[at]
            if step == -1:
                types = external("builtins.list", self.element(types))
                at += 2
                continue
            index = step if step >= 0 else step + 1
            types = join(self.item(value, index) for value in types)
            at += 1
        return types

    def item(self, value: Value, index: int) -> Types:
        """Return the item at an index of a sequence."""
        if value.kind == values.EXTERNAL_INSTANCE and value.name == "builtins.tuple":
            return value.args[index] if -len(value.args) <= index < len(value.args) else UNKNOWN
        if value.kind == values.INSTANCE and value.node and index >= 0:
            fields = self._fields(value.node)
            if fields:
                return self.members.find(value, fields[index]).types if index < len(fields) else UNKNOWN
        return self._element_of(value)

    def _fields(self, node: Node) -> list[str]:
        """Return the fields of a named tuple, in their order."""
        if not any(canonical(each.name) == "typing.NamedTuple" for each in self.members.order(node)):
            return []
        return [name for name, found in node.scope.bindings.items() if found[0].kind == "a"]
