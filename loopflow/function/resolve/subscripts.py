"""Subscripts: items of what is held, and type arguments of classes."""

from typing import TYPE_CHECKING

from loopflow.function.facts import model as facts
from loopflow.function.facts.model import Expr
from loopflow.function.resolve import values
from loopflow.function.resolve.found import Frame, Mention
from loopflow.function.resolve.outside import MAPPINGS, canonical
from loopflow.function.resolve.values import UNKNOWN, Types, Value, join

if TYPE_CHECKING:
    from loopflow.function.resolve.evaluate import Engine


def evaluate_subscript(engine: "Engine", frame: Frame, expr: Expr) -> Types:
    """Return what `x[i]` is: an item, a slice, or a class with its type arguments."""
    _, owner, index, line, use = expr
    given = engine.evaluate(frame, owner)
    if any(_is_generic(value) for value in given):
        return join(_parametrise(engine, frame, value, index) for value in given)
    inner = engine.evaluate(frame, index)
    name = ("__getitem__", "__setitem__", "__delitem__")[use]
    results = [engine.implicit.mention(frame, given, name, line, [inner])]
    is_slice = (index[0] == facts.CONSTANT and index[1] == "slice") or _has_slice(index)
    for value in given:
        if value.kind == values.EXTERNAL_INSTANCE:
            results.append((value,) if is_slice else _item(engine, value, index))
        elif value.kind == values.INSTANCE and not results[0]:
            results.append(_item(engine, value, index))
    return join(results)


def _has_slice(index: Expr) -> bool:
    return bool(index[0] == facts.EITHER and index[1] and index[1][0][:2] == [facts.CONSTANT, "slice"])


def _item(engine: "Engine", value: Value, index: Expr) -> Types:
    if canonical(value.name) in MAPPINGS:
        return value.args[1] if len(value.args) > 1 else UNKNOWN
    if index[0] == facts.CONSTANT and isinstance(index[2], int):
        return engine.item(value, index[2])
    return engine.element((value,)) if value.kind == values.EXTERNAL_INSTANCE else UNKNOWN


def _is_generic(value: Value) -> bool:
    if value.kind == values.EXTERNAL:
        return value.bound is None
    return value.kind == values.CLASS and value.node is not None


def _parametrise(engine: "Engine", frame: Frame, value: Value, index: Expr) -> Types:
    """Return a type with what stands in brackets after it."""
    name = canonical(value.name)
    if value.kind == values.CLASS and value.node and engine.members.is_enum(value.node):
        engine.evaluate(frame, index)
        return engine.instances((value,))
    parts = index[2] if index[0] == facts.DISPLAY and index[1] == "tuple" else [index]
    if name == "typing.Literal":
        return (Value(values.EXTERNAL, name=name),)
    args = [_type_argument(engine, frame, each) for each in parts]
    is_open = parts and parts[-1][0] == facts.CONSTANT and parts[-1][1] == "ellipsis"
    if name == "builtins.tuple" and is_open:
        return (Value(values.EXTERNAL, name="builtins.list", args=(args[0],)),)
    if name == "typing.Annotated":
        args = args[:1]
    return (value._replace(args=tuple(args), name=name),)


def _type_argument(engine: "Engine", frame: Frame, expr: Expr) -> Types:
    if expr[0] == facts.CONSTANT and expr[1] == "str" and isinstance(expr[2], str):
        found = engine.names.look_up(frame, expr[2])
        if found.places:
            frame.mentions.append(Mention(expr[2], 0, 0, "annotation", found.places, found.via, ""))
        return found.types
    return engine.evaluate(frame, expr)
