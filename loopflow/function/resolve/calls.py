"""What calls give: instances, declared results, and what is returned where nothing is declared."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from loopflow.function.facts.model import (
    ASYNC,
    CLASS,
    CONSTANT,
    DEFINED,
    GENERATOR,
    Expr,
)
from loopflow.function.resolve import values
from loopflow.function.resolve.outside import (
    CONTAINERS,
    ELEMENTS,
    MAPPINGS,
    SAME,
    canonical,
    first,
    method_result,
    second,
)
from loopflow.function.resolve.project import Node
from loopflow.function.resolve.values import UNKNOWN, Types, Value, external, join, substitute

if TYPE_CHECKING:
    from loopflow.function.resolve.evaluate import Engine

_OF_CLASSES: Final = frozenset({"__new__", "__init_subclass__", "__class_getitem__"})
DYNAMIC: Final = frozenset(
    {
        "builtins.globals",
        "builtins.locals",
        "builtins.vars",
        "builtins.__import__",
        "importlib.import_module",
        "builtins.getattr",
        "builtins.eval",
    }
)


class Calls:
    """Finds what calls give."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine

    def call(self, value: Value, args: Sequence[Types], keywords: Mapping[str, Types] | None = None) -> Types:  # noqa: PLR0911  a case a line
        """Return what calling a value gives."""
        kind = value.kind
        if kind == values.CLASS:
            return self._construct(value)
        if kind == values.FUNCTION:
            return self.returned(value, args)
        if kind == values.INSTANCE:
            found = self._engine.members.find(value, "__call__")
            return join(self.call(each, args) for each in found.types if each.kind == values.FUNCTION)
        if kind == values.CALLABLE:
            return first(value.args)
        if kind == values.NEW:
            return join(self._engine.instances((each,)) for each in first(args))
        if kind == values.EXTERNAL:
            return self._call_external(value, args, keywords or {})
        if kind == values.EXTERNAL_INSTANCE:
            return first(value.args) if canonical(value.name) in {"weakref.ref", "weakref.ReferenceType"} else UNKNOWN
        return UNKNOWN

    def returned(self, value: Value, args: Sequence[Types]) -> Types:
        """Return what a function gives."""
        node = value.node
        assert node is not None  # noqa: S101  a function has a scope
        how = self._engine.members.decorated(node)
        overloads = self._overloads(node)
        found = join(self._one_returned(each, value, args) for each in overloads or [node])
        if how.context:
            return external(how.context, self._engine.element(found))
        return found

    def parameter(self, node: Node, number: int) -> Types:
        """Return what a parameter may be."""
        parameter = node.scope.parameters[number]
        owner = node.owner
        types = UNKNOWN
        if parameter.annotation >= 0:
            types = self._engine.instances(self._engine.root(node, parameter.annotation).types)
        if number == 0 and owner and not self._engine.members.decorated(node).is_static:
            known = self._own(node, owner)
            if not types or all(each.kind in {values.TYPE_VARIABLE, values.SELF} for each in types):
                types = known or types
        elif not types and parameter.default >= 0:
            types = self._engine.root(node, parameter.default).types
        elif types and owner:
            types = substitute(types, {"Self": (Value(values.INSTANCE, owner),)}) if _has_self(types) else types
        if parameter.kind == "*":
            return external("builtins.list", types)
        if parameter.kind == "**":
            return external("builtins.dict", external("builtins.str"), types)
        return types

    def _own(self, node: Node, owner: Node) -> Types:
        """Return what the first parameter of a method is."""
        members = self._engine.members
        args = tuple((Value(values.TYPE_VARIABLE, name=each),) for each in members.parameters(owner))
        is_class = members.decorated(node).is_class_method or node.scope.name in _OF_CLASSES
        return (Value(values.CLASS if is_class else values.INSTANCE, owner, args=args),)

    def _construct(self, value: Value) -> Types:
        return (value._replace(kind=values.INSTANCE, args=tuple(self._engine.instances(each) for each in value.args)),)

    def _overloads(self, node: Node) -> list[Node]:
        parent = node.parent
        bindings = parent.scope.bindings.get(node.scope.name, []) if parent else []
        nodes = [node.child(each.what[0]) for each in bindings if each.kind == DEFINED]
        return [each for each in nodes if each.scope.kind != CLASS and self._engine.members.decorated(each).is_overload]

    def _one_returned(self, node: Node, value: Value, args: Sequence[Types]) -> Types:
        engine, scope = self._engine, node.scope
        known = self._known(node, value, args)
        if scope.returns >= 0:
            types = substitute(engine.instances(engine.root(node, scope.returns).types), known)
        elif scope.flags & GENERATOR:
            inner = join(engine.root(node, each).types for each in scope.yields)
            return external("typing.AsyncIterator" if scope.flags & ASYNC else "typing.Iterator", inner)
        else:
            types = substitute(engine.returned(node), known)
        return external("typing.Awaitable", types) if scope.flags & ASYNC and not scope.flags & GENERATOR else types

    def _known(self, node: Node, value: Value, args: Sequence[Types]) -> dict[str, Types]:
        """Return what type variables are in a call."""
        engine = self._engine
        known: dict[str, Types] = {}
        given = list(args)
        if value.bound is not None:
            owner = node.owner
            order = engine.members.order(value.bound.node) if value.bound.node else ()
            entry = next((each for each in order if each.node is owner), None)
            known = engine.members.known(value.bound, entry) if entry else {"Self": (value.bound,)}
            if not engine.members.decorated(node).is_static:
                given = [(value.bound,), *given]
        for parameter, types in zip(node.scope.parameters, given, strict=False):
            if parameter.kind:
                break
            if parameter.annotation >= 0:
                self._unify(engine.root(node, parameter.annotation).types, types, known)
        return known

    def _unify(self, declared: Types, given: Types, known: dict[str, Types]) -> None:  # noqa: C901  a case a line
        """Learn what type variables are from what is declared and what is given."""
        for value in declared:
            if value.kind == values.TYPE_VARIABLE:
                known.setdefault(value.name, given)
            elif canonical(value.name) == "builtins.type" and value.args:
                self._unify(value.args[0], self._engine.instances(given), known)
            elif value.name in {"typing.Optional", "typing.Union"}:
                for each in value.args:
                    self._unify(each, given, known)
            elif value.name == "typing.Callable" and value.args:
                made = join(
                    self.call(each, [])
                    for each in given
                    if each.kind in {values.FUNCTION, values.CLASS, values.CALLABLE}
                )
                self._unify(value.args[-1], made, known)
            elif value.args and value.kind == values.EXTERNAL:
                inner = self._engine.element(given)
                if len(value.args) > 1:
                    held = [each.args for each in given if len(each.args) > 1]
                    for at, each in enumerate(value.args):
                        self._unify(each, join(args[at] for args in held if at < len(args)), known)
                elif inner:
                    self._unify(value.args[0], inner, known)

    def _call_external(self, value: Value, args: Sequence[Types], keywords: Mapping[str, Types]) -> Types:  # noqa: PLR0911  a case a line
        name = canonical(value.name)
        if value.bound is not None:
            owner = canonical(value.bound.name)
            return method_result(owner, value.bound.args, name.rpartition(".")[2]) or self._unknown(value, name)
        if name in DYNAMIC:
            return UNKNOWN
        if special := _SPECIAL.get(name):
            return special(self._engine, args, keywords)
        if name in CONTAINERS:
            held = [self._engine.element(each) for each in args]
            return external(
                "builtins.list",
                join(held)
                if name == "itertools.chain"
                else (held[-1] if held else value.args[0] if value.args else UNKNOWN),
            )
        if name in ELEMENTS:
            return self._engine.element(first(args)) if len(args) == 1 else join(args)
        if name in SAME:
            return first(args)
        return self._unknown(value, name)

    def _unknown(self, value: Value, name: str) -> Types:
        held = tuple(self._engine.instances(each) for each in value.args)
        return (Value(values.EXTERNAL_INSTANCE, name=name, args=held),)


def _has_self(types: Types) -> bool:
    return any(each.kind == values.SELF for each in types)


def _mapping(engine: "Engine", args: Sequence[Types], keywords: Mapping[str, Types]) -> Types:
    given = [each for each in first(args) if canonical(each.name) in MAPPINGS]
    if given:
        return tuple(given)
    pairs = engine.element(first(args))
    held = engine.unpack(pairs, [1]) if pairs else join(keywords.values())
    return external("builtins.dict", external("builtins.str"), held)


def _zip(engine: "Engine", args: Sequence[Types], _: Mapping[str, Types]) -> Types:
    return external("builtins.list", external("builtins.tuple", *(engine.element(each) for each in args)))


def _enumerate(engine: "Engine", args: Sequence[Types], _: Mapping[str, Types]) -> Types:
    return external("builtins.list", external("builtins.tuple", external("builtins.int"), engine.element(first(args))))


def _map(engine: "Engine", args: Sequence[Types], _: Mapping[str, Types]) -> Types:
    elements = [engine.element(each) for each in args[1:]]
    return external("builtins.list", join(engine.calls.call(each, elements) for each in first(args)))


def _type(engine: "Engine", args: Sequence[Types], _: Mapping[str, Types]) -> Types:  # noqa: ARG001  as all of these
    if len(args) != 1:
        return UNKNOWN
    kinds = {values.INSTANCE: values.CLASS, values.EXTERNAL_INSTANCE: values.EXTERNAL}
    return tuple(each._replace(kind=kinds[each.kind]) for each in args[0] if each.kind in kinds)


def _awaited(engine: "Engine", args: Sequence[Types], _: Mapping[str, Types]) -> Types:
    return engine.awaited(first(args))


def _cast(engine: "Engine", args: Sequence[Types], _: Mapping[str, Types]) -> Types:
    return engine.instances(first(args))


_SPECIAL: Final[Mapping[str, Callable[["Engine", Sequence[Types], Mapping[str, Types]], Types]]] = {
    "builtins.dict": _mapping,
    "collections.OrderedDict": _mapping,
    "builtins.zip": _zip,
    "itertools.zip_longest": _zip,
    "builtins.enumerate": _enumerate,
    "builtins.map": _map,
    "builtins.type": _type,
    "asyncio.run": _awaited,
    "asyncio.wait_for": _awaited,
    "typing.cast": _cast,
    "builtins.tuple": lambda engine, args, _: external("builtins.list", engine.element(first(args))),
    "collections.defaultdict": lambda engine, args, _: external(
        "builtins.dict", UNKNOWN, join(engine.calls.call(each, []) for each in first(args))
    ),
    "functools.partial": lambda _, args, __: first(args),
    "typing.NewType": lambda _, args, __: second(args),
    "contextlib.closing": lambda _, args, __: external("typing.ContextManager", first(args)),
    "contextlib.nullcontext": lambda _, args, __: external("typing.ContextManager", first(args)),
    "weakref.ref": lambda _, args, __: external("weakref.ref", first(args)),
    "builtins.str": lambda _, __, ___: external("builtins.str"),
    "builtins.staticmethod": lambda _, args, __: first(args),
    "builtins.classmethod": lambda _, args, __: first(args),
    "builtins.property": lambda engine, args, _: join(engine.calls.call(each, []) for each in first(args)),
    "functools.lru_cache": lambda _, args, __: (
        tuple(each for each in first(args) if each.kind == values.FUNCTION)
        or (Value(values.EXTERNAL_INSTANCE, name="functools.lru_cache"),)
    ),
    "functools.wraps": lambda _, __, ___: (Value(values.EXTERNAL_INSTANCE, name="functools.wraps"),),
}


def name_type_variable(expr: Expr, keywords: Mapping[str, Types], engine: "Engine") -> Types:
    """Return the type variable that a call of TypeVar makes."""
    args = expr[2]
    if not args or args[0][0] != CONSTANT or not isinstance(args[0][2], str):
        return UNKNOWN
    bound = engine.instances(keywords.get("bound", UNKNOWN))
    return (Value(values.TYPE_VARIABLE, name=args[0][2], args=(bound,)),)
