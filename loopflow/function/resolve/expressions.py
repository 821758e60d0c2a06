"""How each kind of expression is evaluated."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from loopflow.function.facts import model as facts
from loopflow.function.facts.model import CLASS, COMPREHENSION_SCOPE, FUNCTION, Expr
from loopflow.function.resolve import values
from loopflow.function.resolve.calls import name_type_variable
from loopflow.function.resolve.flow import always_passed
from loopflow.function.resolve.found import Frame, Mention, Resolved, merge
from loopflow.function.resolve.outside import IMPLICIT_CALLS, canonical
from loopflow.function.resolve.project import Node
from loopflow.function.resolve.subscripts import evaluate_subscript
from loopflow.function.resolve.values import UNKNOWN, Types, Value, external, join

if TYPE_CHECKING:
    from loopflow.function.resolve.evaluate import Engine

_LONGEST_TEXT: Final = 120
_GENERATORS: Final = frozenset({"typing.Generator", "typing.AsyncGenerator"})


def write(expr: Expr) -> str:
    """Return a reference as text, what is not a name in it as `()`, `[]` or `…`."""
    tag = expr[0]
    if tag == "@":
        return write(expr[3])
    if tag == facts.NAME:
        return str(expr[1])
    if tag == facts.ATTRIBUTE:
        return f"{write(expr[1])}.{expr[2]}"
    if tag == facts.CALL:
        return f"{write(expr[1])}()"
    return f"{write(expr[1])}[]" if tag == facts.SUBSCRIPT else "…"


def _name(engine: "Engine", frame: Frame, expr: Expr) -> Types:
    _, name, line, column = expr
    found = engine.names.look_up(frame, name)
    if found.places or found.reason:
        kind = frame.kind
        frame.mentions.append(Mention(name, line, column, kind, found.places, found.via, found.reason))
    return found.types


def _attribute(engine: "Engine", frame: Frame, expr: Expr) -> Types:
    _, owner, name, line, column, use = expr
    given = engine.evaluate(frame, owner)
    alternatives = [engine.members.find(value, name) for value in given]
    definite = [each for each in alternatives if each.places or each.types or each.reason not in {"missing", "dynamic"}]
    found = merge(definite or alternatives) if alternatives else Resolved(reason="dynamic")
    text = write(expr)[-_LONGEST_TEXT:]
    via = found.via or _how(frame, owner)
    frame.mentions.append(Mention(text, line, column, frame.kind, found.places, via, found.reason))
    if use == facts.LOAD and (narrowed := _narrowed(engine, frame, text)) is not None:
        return narrowed or found.types
    return found.types


def _how(frame: Frame, owner: Expr) -> str:
    """Return how the type of what a member is asked of is known."""
    if owner[0] == facts.NAME:
        node: Node | None = frame.node
        while node is not None and not node.owner:
            node = node.parent
        parameters = node.scope.parameters if node else []
        return "self" if parameters and parameters[0].name == owner[1] else "declared"
    return {facts.CALL: "returned", facts.SUBSCRIPT: "element"}.get(owner[0], "declared")


def _narrowed(engine: "Engine", frame: Frame, text: str) -> Types | None:
    """Return what is bound to `a.b` itself, by an assignment or a test, on the way here."""
    node: Node | None = frame.node
    pos, block = frame.pos, frame.block
    while node is not None:
        bindings = node.scope.bindings.get(text)
        if bindings:
            passed = always_passed(node.scope, bindings, pos, block)
            return merge([engine.names.of_binding(node, each, text) for each in passed]).types if passed else None
        if node.scope.kind != COMPREHENSION_SCOPE:
            return None
        pos, block = node.scope.at
        node = node.parent
    return None


def _call(engine: "Engine", frame: Frame, expr: Expr) -> Types:
    _, callee, args, keywords, line = expr
    if callee[0] == facts.NAME and callee[1] == "super" and (found := _super(engine, frame, args)):
        return found
    before = len(frame.mentions)
    called = engine.evaluate(frame, callee)
    if len(frame.mentions) > before and frame.mentions[-1].kind == "load":
        frame.mentions[-1] = frame.mentions[-1]._replace(kind="call")
    given = [engine.evaluate(frame, each) for each in args]
    named = {name: engine.evaluate(frame, each) for name, each in keywords.items()}
    results: list[Types] = []
    for value in called:
        if value.kind == values.EXTERNAL and canonical(value.name) in {"typing.TypeVar", "typing.ParamSpec"}:
            results.append(name_type_variable(expr, named, engine))
            continue
        _mention_call(engine, frame, value, given, line)
        results.append(engine.calls.call(value, given, named))
    return join(results)


def _mention_call(engine: "Engine", frame: Frame, value: Value, given: list[Types], line: int) -> None:
    """Note what a call calls besides what is named: constructors, `__call__`, methods that builtins ask."""
    if value.kind == values.CLASS and value.node:
        for name in ("__init__", "__new__", "__post_init__"):
            if found := engine.members.own(value.node, name):
                place = merge([engine.names.of_binding(found[0].node or value.node, each, name) for each in found[1]])
                frame.mentions.append(Mention(name, line, 0, "constructor", place.places, "constructed", ""))
        if (meta := engine.members.metaclass(value.node)) and meta.node:
            engine.implicit.mention(frame, (value,), "__call__", line)
    elif value.kind == values.INSTANCE:
        engine.implicit.mention(frame, (value,), "__call__", line)
    elif value.kind == values.EXTERNAL and value.bound is None and given:
        asked = IMPLICIT_CALLS.get(canonical(value.name))
        if asked:
            iterators = engine.implicit.mention(frame, given[0], asked, line)
            if asked == "__iter__":
                engine.implicit.mention(frame, iterators, "__next__", line)


def _super(engine: "Engine", frame: Frame, args: list[Expr]) -> Types:
    """Return what `super()` is in a method, or `super(C, x)`."""
    method = frame.node
    while method.parent and not (method.scope.kind == FUNCTION and method.owner):
        method = method.parent
    owner = method.owner
    if owner is None or not method.scope.parameters:
        return UNKNOWN
    given = engine.evaluate(frame, args[1]) if len(args) > 1 else engine.calls.parameter(method, 0)
    if len(args) > 1:
        named = [each.node for each in engine.evaluate(frame, args[0]) if each.kind == values.CLASS and each.node]
        owner = named[0] if named else owner
    bound = next((each for each in given if each.node), Value(values.INSTANCE, owner))
    return (Value(values.SUPER, owner, bound=bound),)


def _constant(engine: "Engine", _: Frame, expr: Expr) -> Types:  # noqa: ARG001  as all of these
    return external(f"builtins.{expr[1]}") if expr[1] and expr[1] not in {"NoneType", "ellipsis"} else UNKNOWN


def _display(engine: "Engine", frame: Frame, expr: Expr) -> Types:
    _, kind, items = expr
    given = [engine.evaluate(frame, each) for each in items]
    if frame.kind == "annotation":
        return join(given)
    if kind == "tuple" and not any(each[0] == facts.STAR for each in items):
        return external("builtins.tuple", *given)
    held = [engine.element(each) if item[0] == facts.STAR else each for item, each in zip(items, given, strict=True)]
    return external("builtins.list" if kind == "tuple" else f"builtins.{kind}", join(held))


def _dict(engine: "Engine", frame: Frame, expr: Expr) -> Types:
    keys = [engine.evaluate(frame, each) for each in expr[1]]
    held = [engine.evaluate(frame, each) for each in expr[2]]
    return external("builtins.dict", join(keys), join(held))


def _either(engine: "Engine", frame: Frame, expr: Expr) -> Types:
    given = [engine.evaluate(frame, each) for each in expr[1]]
    return given[-1] if len(expr) > 2 and given else join(given)  # noqa: PLR2004  the mark of `and`


def _if(engine: "Engine", frame: Frame, expr: Expr) -> Types:
    engine.evaluate(frame, expr[1])
    return join([engine.evaluate(frame, expr[2]), engine.evaluate(frame, expr[3])])


def _binary(engine: "Engine", frame: Frame, expr: Expr) -> Types:
    _, operator, left, right, line = expr
    first, second = engine.evaluate(frame, left), engine.evaluate(frame, right)
    classes = {values.CLASS, values.EXTERNAL, values.TYPE_VARIABLE}
    if operator == "or" and (frame.kind == "annotation" or any(each.kind in classes for each in (*first, *second))):
        return join([first, second])
    return engine.implicit.operated(frame, operator, first, second, line)


def _compare(engine: "Engine", frame: Frame, expr: Expr) -> Types:
    _, left, others, operators, line = expr
    before = engine.evaluate(frame, left)
    for operator, other in zip(operators, others, strict=True):
        after = engine.evaluate(frame, other)
        if operator == "contains":
            engine.implicit.mention(frame, after, "__contains__", line)
        elif operator:
            engine.implicit.mention(frame, before, f"__{operator}__", line)
        before = after
    return external("builtins.bool")


def _unary(engine: "Engine", frame: Frame, expr: Expr) -> Types:
    _, operator, operand, line = expr
    given = engine.evaluate(frame, operand)
    if operator == "bool":
        return external("builtins.bool")
    return engine.implicit.mention(frame, given, f"__{operator}__", line) or given


def _comprehension(engine: "Engine", frame: Frame, expr: Expr) -> Types:
    _, kind, number = expr
    node = frame.node.child(number)
    for at in range(len(node.scope.roots)):
        frame.mentions += engine.root(node, at).mentions
    held = [engine.root(node, each).types for each in node.scope.results]
    if kind == "dict":
        return external("builtins.dict", *held)
    return external("typing.Iterator" if kind == "generator" else f"builtins.{kind}", *held)


def _lambda(engine: "Engine", frame: Frame, expr: Expr) -> Types:
    node = frame.node.child(expr[1])
    for at in range(len(node.scope.roots)):
        frame.mentions += engine.root(node, at).mentions
    return (Value(values.FUNCTION, node),)


def _placed(engine: "Engine", frame: Frame, expr: Expr) -> Types:
    _, pos, block, inner = expr
    before = frame.pos, frame.block
    frame.pos, frame.block = pos, block
    found = engine.evaluate(frame, inner)
    frame.pos, frame.block = before
    return found


def _around(engine: "Engine", frame: Frame, expr: Expr) -> Types:
    """Evaluate what stands in a comprehension, and is evaluated in the scope around it."""
    parent = frame.node.parent
    assert parent is not None  # noqa: S101  a comprehension stands in something
    outer = Frame(parent, *frame.node.scope.at, None, frame.kind, frame.mentions)
    return engine.evaluate(outer, expr[1])


def _narrow(engine: "Engine", frame: Frame, expr: Expr) -> Types:
    _, subject, kind, positive = expr
    quiet = Frame(frame.node, frame.pos, frame.block, None, "load")
    given = engine.evaluate(quiet, subject)
    classes = engine.evaluate(quiet, kind)
    named = [each for value in classes for each in (join(value.args) if value.name == "builtins.tuple" else (value,))]
    wanted = engine.instances(tuple(named))
    if not positive:
        names = {(each.node, each.name) for each in wanted}
        return tuple(each for each in given if (each.node, each.name) not in names)
    nodes = {each.node for each in wanted if each.node}
    names_of = {each.name for each in wanted if not each.node}
    kept = tuple(each for each in given if _is_one_of(engine, each, nodes) or (each.name in names_of and not each.node))
    return kept or wanted


def _is_one_of(engine: "Engine", value: Value, nodes: set[Node]) -> bool:
    if value.node is None or value.node.scope.kind != CLASS:
        return False
    return any(each.node in nodes for each in engine.members.order(value.node))


def _caught(engine: "Engine", frame: Frame, expr: Expr) -> Types:
    given = engine.evaluate(frame, expr[1])
    flat = [each for value in given for each in (join(value.args) if value.name == "builtins.tuple" else (value,))]
    return engine.instances(tuple(flat))


def _rooted(engine: "Engine", frame: Frame, expr: Expr) -> Types:
    return engine.root(frame.inner or frame.node, expr[1]).types


def _yield(engine: "Engine", frame: Frame, expr: Expr) -> Types:
    """Return what is sent to a generator, as far as its declared result says."""
    _rooted(engine, frame, expr)
    node = frame.node
    if node.scope.kind != FUNCTION or node.scope.returns < 0:
        return UNKNOWN
    declared = engine.instances(engine.root(node, node.scope.returns).types)
    sent = [each.args[1] for each in declared if each.name in _GENERATORS and len(each.args) > 1]
    return join(sent)


def _joined(engine: "Engine", frame: Frame, expr: Expr) -> Types:
    for each in expr[1]:
        given = engine.evaluate(frame, each)
        if each[0] in {facts.NAME, facts.ATTRIBUTE, facts.CALL}:
            line = each[2] if each[0] == facts.NAME else each[3] if each[0] == facts.ATTRIBUTE else each[4]
            engine.implicit.mention(frame, given, "__format__", line)
            engine.implicit.mention(frame, given, "__str__", line)
    return external("builtins.str")


def _star(engine: "Engine", frame: Frame, expr: Expr) -> Types:
    return engine.evaluate(frame, expr[1])


EVALUATORS: Final[Mapping[str, Callable[[Any, Frame, Expr], Types]]] = {
    facts.NAME: _name,
    facts.ATTRIBUTE: _attribute,
    facts.CALL: _call,
    facts.SUBSCRIPT: evaluate_subscript,
    facts.CONSTANT: _constant,
    facts.DISPLAY: _display,
    facts.DICT: _dict,
    facts.EITHER: _either,
    facts.IF: _if,
    facts.BINARY: _binary,
    facts.COMPARE: _compare,
    facts.UNARY: _unary,
    facts.AWAIT: lambda engine, frame, expr: engine.awaited(engine.evaluate(frame, expr[1])),
    facts.YIELD: _yield,
    facts.YIELD_FROM: lambda engine, frame, expr: (_rooted(engine, frame, expr), UNKNOWN)[1],
    facts.WALRUS: _rooted,
    facts.JOINED: _joined,
    facts.COMPREHENSION: _comprehension,
    facts.LAMBDA: _lambda,
    facts.STAR: _star,
    facts.NARROWED: _narrow,
    facts.CAUGHT: _caught,
    facts.ELEMENT: lambda engine, frame, expr: engine.implicit.iterated(
        frame, engine.evaluate(frame, expr[1]), expr[2], is_async=False
    ),
    facts.ASYNC_ELEMENT: lambda engine, frame, expr: engine.implicit.iterated(
        frame, engine.evaluate(frame, expr[1]), expr[2], is_async=True
    ),
    facts.ENTERED: lambda engine, frame, expr: engine.implicit.entered(
        frame, engine.evaluate(frame, expr[1]), expr[2], is_async=False
    ),
    facts.ASYNC_ENTERED: lambda engine, frame, expr: engine.implicit.entered(
        frame, engine.evaluate(frame, expr[1]), expr[2], is_async=True
    ),
    "@": _placed,
    "^": _around,
}
