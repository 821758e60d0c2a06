"""Members of classes, instances and modules: along the method resolution order, by declared types only."""

from typing import TYPE_CHECKING, Final, NamedTuple

from loopflow.function.facts.model import (
    ANNOTATION,
    ATTRIBUTE,
    BASE,
    CLASS,
    DECORATOR,
    DEFINED,
    FUNCTION,
    TYPE_PARAMETER,
    Binding,
)
from loopflow.function.resolve import values
from loopflow.function.resolve.flow import reaching
from loopflow.function.resolve.found import NOT_FOUND, Resolved, merge
from loopflow.function.resolve.mro import merge_orders
from loopflow.function.resolve.outside import PROPERTIES, canonical
from loopflow.function.resolve.project import Location, Node
from loopflow.function.resolve.values import EXTERNAL, UNKNOWN, Types, Value, has_variables, join, substitute

if TYPE_CHECKING:
    from loopflow.function.resolve.evaluate import Engine

_END: Final = 1 << 40
_MOST_DOTS: Final = 8
_PLAIN_BASES: Final = frozenset(
    {"builtins.object", "typing.Generic", "typing.Protocol", "abc.ABC", "typing.NamedTuple"}
)
_ENUMS: Final = frozenset({"enum.Enum", "enum.IntEnum", "enum.StrEnum", "enum.Flag", "enum.IntFlag"})
_TYPED: Final = frozenset({"typing.Generic", "typing.Protocol"})


class Decorated(NamedTuple):
    """What decorators make of a function."""

    is_property: bool = False
    is_static: bool = False
    is_class_method: bool = False
    is_overload: bool = False
    context: str = ""
    """What a context manager that is written as a generator is a value of."""


class Members:
    """Finds members."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._orders: dict[Node, tuple[Value, ...]] = {}
        self._decorated: dict[Node, Decorated] = {}
        self._parameters: dict[Node, tuple[str, ...]] = {}
        self._metaclasses: dict[Node, Value | None] = {}

    def find(self, value: Value, name: str) -> Resolved:  # noqa: PLR0911  a case a line
        """Return what the member `name` of a value is."""
        kind = value.kind
        if kind == values.MODULE and value.node:
            return self._engine.names.exported(value.node.module.path, name)
        if kind == values.PACKAGE:
            return self._engine.names.exported(f"{value.name}/", name)
        if kind == values.INSTANCE:
            return self._of_instance(value, name)
        if kind == values.CLASS:
            return self._of_class(value, name)
        if kind == values.SUPER:
            return self._of_super(value, name)
        if kind == values.TYPE_VARIABLE:
            return (
                merge([self.find(each, name) for each in value.args[0]]) if value.args and value.args[0] else NOT_FOUND
            )
        if kind in {EXTERNAL, values.EXTERNAL_INSTANCE}:
            return self._of_external(value, name)
        if kind == values.FUNCTION and name == "__wrapped__":
            return Resolved((value,))
        return Resolved(reason="builtin")

    def order(self, node: Node) -> tuple[Value, ...]:
        """Return the method resolution order of a class: classes with their arguments, external ones among them."""
        if node not in self._orders:
            self._orders[node] = (Value(values.CLASS, node),)  # while its bases are looked for
            bases = self.bases(node)
            orders = [self._order_of(base) for base in bases]
            merged = merge_orders([*orders, tuple(bases)])
            own = Value(
                values.CLASS,
                node,
                args=tuple((Value(values.TYPE_VARIABLE, name=each),) for each in self.parameters(node)),
            )
            found = (own, *(each for each in merged if each.node is not node))
            if self._engine.is_tainted:
                del self._orders[node]
                return found
            self._orders[node] = found
        return self._orders[node]

    def bases(self, node: Node) -> list[Value]:
        """Return the bases of a class."""
        found: list[Value] = []
        for number, root in enumerate(node.scope.roots):
            if root.mode & BASE and root.mode & ANNOTATION:
                for value in self._engine.root(node, number).types:
                    if value.kind in {values.CLASS, EXTERNAL}:
                        args = tuple(self._engine.instances(each) for each in value.args)
                        found.append(value._replace(args=args))
        return found

    def metaclass(self, node: Node) -> Value | None:
        """Return the class of a class, where it is in the tree."""
        if node in self._metaclasses:
            return self._metaclasses[node]
        found = self._find_metaclass(node)
        if not self._engine.is_tainted:
            self._metaclasses[node] = found
        return found

    def _find_metaclass(self, node: Node) -> Value | None:
        for entry in self.order(node):
            for number, root in enumerate(entry.node.scope.roots if entry.node else ()):
                if root.mode & BASE and not root.mode & ANNOTATION and entry.node:
                    for value in self._engine.root(entry.node, number).types:
                        if value.kind == values.CLASS:
                            return value
        return None

    def parameters(self, node: Node) -> tuple[str, ...]:
        """Return the names of the type parameters of a class, in their order."""
        if node not in self._parameters:
            own = [name for name, found in node.scope.bindings.items() if found[0].kind == TYPE_PARAMETER]
            bases = self.bases(node) if not own else []
            typed = [base for base in bases if base.name in _TYPED and base.args] or bases
            used = [
                each.name for base in typed for arg in base.args for each in arg if each.kind == values.TYPE_VARIABLE
            ]
            self._parameters[node] = tuple(dict.fromkeys([*own, *used]))
        return self._parameters[node]

    def known(self, receiver: Value, owner: Value) -> dict[str, Types]:
        """Return what type variables of the class `owner` are for a receiver, an instance or a class."""
        found: dict[str, Types] = {
            "Self": (receiver,) if receiver.kind == values.INSTANCE else self._engine.instances((receiver,))
        }
        if owner.node is None or receiver.node is None:
            return found
        given = dict(zip(self.parameters(receiver.node), receiver.args, strict=False))
        args = [substitute(each, given) for each in owner.args] if owner.args else []
        found.update({name: arg for name, arg in zip(self.parameters(owner.node), args, strict=False) if arg})
        return found

    def is_enum(self, node: Node) -> bool:
        """Whether a class is an enumeration."""
        return any(entry.name in _ENUMS for entry in self.order(node))

    def kind_of(self, node: Node) -> str:
        """Return what kind of definition a scope is."""
        if node.scope.kind == CLASS:
            return "class"
        if node.owner is None:
            return "function"
        return "property" if self.decorated(node).is_property else "method"

    def decorated(self, node: Node) -> Decorated:
        """Return what decorators make of a function."""
        if node not in self._decorated:
            self._decorated[node] = Decorated()  # while they are looked for
            self._decorated[node] = self._find_decorated(node)
        return self._decorated[node]

    def _find_decorated(self, node: Node) -> Decorated:
        found = Decorated()
        for number, root in enumerate(node.scope.roots):
            if not root.mode & DECORATOR:
                continue
            if root.expr[0] == ATTRIBUTE and root.expr[2] in {"setter", "getter", "deleter"}:
                found = found._replace(is_property=True)
                continue
            for value in self._engine.root(node, number).types:
                found = self._apply(found, value)
        return found

    def _apply(self, found: Decorated, value: Value) -> Decorated:  # noqa: PLR0911  a case a line
        name = canonical(value.name)
        if name in PROPERTIES:
            return found._replace(is_property=True)
        if name in {"builtins.staticmethod", "abc.abstractstaticmethod"}:
            return found._replace(is_static=True)
        if name in {"builtins.classmethod", "abc.abstractclassmethod"}:
            return found._replace(is_class_method=True)
        if name == "typing.overload":
            return found._replace(is_overload=True)
        if name in {"contextlib.contextmanager", "contextlib.asynccontextmanager"}:
            kind = "typing.AsyncContextManager" if name.endswith("asynccontextmanager") else "typing.ContextManager"
            return found._replace(context=kind)
        if value.kind in {values.CLASS, values.INSTANCE} and value.node:
            order = self.order(value.node)
            if any(canonical(each.name) in PROPERTIES for each in order) or self.own(value.node, "__get__"):
                return found._replace(is_property=True)
            if any(each.name == "builtins.classmethod" for each in order):
                return found._replace(is_class_method=True)
        return found

    def own(self, node: Node, name: str) -> tuple[Value, list[Binding]] | None:
        """Return the class of the order of `node` that has `name` in its body, and the bindings there."""
        for entry in self.order(node):
            if entry.node and (bindings := entry.node.scope.bindings.get(name)):
                return entry, bindings
        return None

    def _order_of(self, base: Value) -> tuple[Value, ...]:
        if base.node is None:
            return (base,)
        given = dict(zip(self.parameters(base.node), base.args, strict=False))
        return tuple(
            each._replace(args=tuple(substitute(arg, given) for arg in each.args)) if each.args else each
            for each in self.order(base.node)
        )

    def _of_instance(self, value: Value, name: str) -> Resolved:
        assert value.node is not None  # noqa: S101  an instance has a class
        if name == "__class__":
            return Resolved((value._replace(kind=values.CLASS),), reason="builtin")
        found = self._along(self.order(value.node), name, value)
        if found.reason == "missing" and self.own(value.node, "__getattr__"):
            return Resolved(reason="dynamic")
        return found

    def _of_class(self, value: Value, name: str) -> Resolved:
        assert value.node is not None  # noqa: S101  as above
        found = self._along(self.order(value.node), name, value)
        if found.reason in {"missing", "builtin", "external"} and (meta := self.metaclass(value.node)) and meta.node:
            instance = Value(values.INSTANCE, meta.node)
            other = self._along(self.order(meta.node), name, instance)
            if other.places:
                return other
        if found.reason == "missing" and name in _OF_EVERY_CLASS:
            return Resolved(reason="builtin")
        return found

    def _of_super(self, value: Value, name: str) -> Resolved:
        assert value.node is not None and value.bound is not None  # noqa: S101, PT018  as it is made
        found = self._along(self.order(value.node)[1:], name, value.bound)
        return found._replace(via="super") if found.places else found

    def _of_external(self, value: Value, name: str) -> Resolved:
        reason = "builtin" if value.name.startswith("builtins.") else "external"
        full = canonical(f"{value.name}.{name}") if value.name.count(".") < _MOST_DOTS else value.name
        if value.kind == EXTERNAL:
            return Resolved((Value(EXTERNAL, name=full),), reason=reason)
        return Resolved((Value(EXTERNAL, name=full, bound=value),), reason=reason)

    def _along(self, order: tuple[Value, ...], name: str, receiver: Value) -> Resolved:
        """Return the first of an order that has a member."""
        outside = ""
        for entry in order:
            if entry.node is None:
                outside = outside or ("" if canonical(entry.name) in _PLAIN_BASES else entry.name)
                continue
            scope = entry.node.scope
            bindings, attributes = scope.bindings.get(name), scope.attributes.get(name)
            if bindings or attributes:
                return self._of_entry(entry, name, receiver)
        if name == "__new__":
            return Resolved((Value(values.NEW, receiver.node, bound=receiver),), reason="builtin")
        if outside:
            at = next((entry for entry in order if entry.name == outside), None)
            instance = Value(values.EXTERNAL_INSTANCE, name=canonical(outside), args=at.args if at else ())
            return self._of_external(instance, name)._replace(reason="external")
        if name in _OF_EVERY_OBJECT:
            return Resolved(reason="builtin")
        return Resolved(reason="missing")

    def _of_entry(self, entry: Value, name: str, receiver: Value) -> Resolved:
        node = entry.node
        assert node is not None  # noqa: S101  the caller looked
        scope = node.scope
        found: list[Resolved] = []
        if bindings := scope.bindings.get(name):
            reached = reaching(scope, bindings, _END, 0)
            found += [self._of_binding(entry, binding, name, receiver) for binding in reached]
        for number, root, way, annotation, line in scope.attributes.get(name, ()):
            method = node.child(number)
            if annotation >= 0:
                types = self._engine.instances(self._engine.root(method, annotation).types)
            else:
                types = self._engine.unpack(self._engine.root(method, root).types, way) if root >= 0 else UNKNOWN
            types = self._substitute(types, receiver, entry)
            at: tuple[Location, ...] = (
                ()
                if scope.bindings.get(name)
                else (Location(node.module.path, f"{scope.qualname}.{name}", line, "field"),)
            )
            found.append(Resolved(types, at))
            if annotation >= 0 and types:
                found = [each for each in found if each.places or each.types is types]
        places = tuple(dict.fromkeys(place for each in found for place in each.places))
        if len({place.qualname for place in places}) == 1:
            places = places[:1]
        return Resolved(join(each.types for each in found), places)

    def _of_binding(self, entry: Value, binding: Binding, name: str, receiver: Value) -> Resolved:
        node = entry.node
        assert node is not None  # noqa: S101  the caller looked
        if binding.kind == DEFINED:
            inner = node.child(binding.what[0])
            if inner.scope.kind == FUNCTION:
                return self._method(inner, receiver, entry)
        found = self._engine.names.of_binding(node, binding, name)
        types = self._substitute(found.types, receiver, entry)
        if self.is_enum(node) and binding.kind == "=" and receiver.kind == values.CLASS and not name.startswith("_"):
            types = (Value(values.INSTANCE, receiver.node),)
        bound = [self._descend(value, receiver) for value in types]
        return found._replace(types=join(bound))

    def _substitute(self, types: Types, receiver: Value, owner: Value) -> Types:
        """Return types with type variables of the class `owner` as they are for a receiver."""
        return substitute(types, self.known(receiver, owner) if has_variables(types) else {})

    def _method(self, inner: Node, receiver: Value, entry: Value) -> Resolved:
        how = self.decorated(inner)
        place = Location(inner.module.path, inner.scope.qualname, inner.scope.line, self.kind_of(inner))
        if how.is_property and receiver.kind == values.INSTANCE:
            value = Value(values.FUNCTION, inner, bound=receiver)
            return Resolved(self._substitute(self._engine.calls.returned(value, []), receiver, entry), (place,))
        bound = None if how.is_static else receiver
        return Resolved((Value(values.FUNCTION, inner, bound=bound),), (place,))

    def _descend(self, value: Value, receiver: Value) -> Types:
        """Return what a class-level value is when it is got from an instance: descriptors answer for themselves."""
        if value.kind == values.FUNCTION and value.bound is None and value.node and value.node.owner:
            return (value._replace(bound=receiver),)
        if value.kind == values.INSTANCE and value.node and (found := self.own(value.node, "__get__")):
            owner, bindings = found
            got = [self._of_binding(owner, each, "__get__", value) for each in bindings[-1:]]
            return join(self._engine.calls.call(each, []) for one in got for each in one.types)
        return (value,)


_OF_EVERY_OBJECT: Final = frozenset(dir(object)) | {"__dict__", "__module__", "__slots__", "__weakref__"}
_OF_EVERY_CLASS: Final = frozenset(dir(type))
