"""Facts of one file, in a form that is JSON: scopes with what they bind and evaluate, and the layout of statements.

An expression is a list whose first item is its tag, one of the names below; the others are operands. Lists are what
JSON gives back, so facts that were kept are used as they are read.
"""

from typing import Any, Final, NamedTuple, TypeAlias

VERSION: Final = 2
"""Of the facts: one more whenever a file would give others."""

Expr: TypeAlias = list[Any]

# name, line, column | value, attribute, line, column, use | callee, arguments, keywords, line
NAME, ATTRIBUTE, CALL = "N", "A", "C"
# value, index, line, use | type, index or None | type, items | keys, values
SUBSCRIPT, CONSTANT, DISPLAY, DICT = "S", "K", "T", "D"
# alternatives | test, two branches | operator, left, right, line | left, others, operators, line | operator, operand
EITHER, IF, BINARY, COMPARE, UNARY = "O", "I", "B", "M", "U"
# value | value | value | items | type, scope | scope
AWAIT, YIELD, YIELD_FROM, JOINED, COMPREHENSION, LAMBDA = "W", "Y", "YF", "F", "G", "L"
# all but the last are only evaluated | value
WALRUS, STAR = "X", "*"
# value, line: an element, what a `with` gives, an instance of an exception that is caught
ELEMENT, ASYNC_ELEMENT, ENTERED, ASYNC_ENTERED, CAUGHT = "E", "EA", "V", "VA", "Q"
# value, class, whether it is one
NARROWED = "R"

LOAD, STORE, DELETE = 0, 1, 2
"""Uses of an attribute or a subscript."""

MODULE, CLASS, FUNCTION, COMPREHENSION_SCOPE = 0, 1, 2, 3
"""Kinds of scope. A lambda is a function without a name."""

ANNOTATION, OUTSIDE, DECORATOR, DEFAULT, BASE = 1, 2, 4, 8, 16
"""What a root is, added up. One that is OUTSIDE is evaluated in the scope around."""

ASYNC, GENERATOR, IS_LAMBDA, ABSTRACT = 1, 2, 4, 8
"""What a function is, added up."""

LOOP, RETURNS, LEAVES = 1, 2, 4
"""What a block is, added up: a loop; it ends in return or raise; it ends in these, continue or break."""

DEFINED, IMPORTED, STARRED, ASSIGNED, ANNOTATED, PARAMETER, TYPE_PARAMETER, NARROW, DELETED = "dis=aptnx"
"""Kinds of binding."""


class Root(NamedTuple):
    """An expression of a scope that is evaluated by itself: where, in which order, and what it is."""

    pos: int
    block: int
    expr: Expr
    mode: int


class Binding(NamedTuple):
    """What a name is bound to: a kind, and what belongs to it.

    DEFINED has the number of a scope; IMPORTED module, level, name and bound module; STARRED module and level; ASSIGNED
    a root and the way into what is unpacked; ANNOTATED the root of the annotation and of the value, or -1; PARAMETER
    the number; TYPE_PARAMETER and NARROW a root.
    """

    pos: int
    block: int
    line: int
    kind: str
    what: list[Any]


class Block(NamedTuple):
    """A stretch of statements. Those of one group exclude each other; `arms` of them are all there are, or 0."""

    parent: int
    group: int
    flags: int
    arms: int


class Parameter(NamedTuple):
    """A parameter: `kind` is "", "*" or "**"; annotation and default are roots or -1."""

    name: str
    kind: str
    annotation: int
    default: int


class Scope(NamedTuple):
    """What a module, class, function or comprehension binds and evaluates. `at` is where it stands in its parent."""

    kind: int
    name: str
    qualname: str
    parent: int
    at: tuple[int, int]
    line: int
    end: int
    flags: int
    blocks: list[Block]
    roots: list[Root]
    bindings: dict[str, list[Binding]]
    parameters: list[Parameter]
    outer: dict[str, str]
    returns: int
    results: list[int]
    yields: list[int]
    attributes: dict[str, list[tuple[int, int, list[int], int, int]]]
    """Of a class: what its methods assign to attributes of self: scope, root, way, annotation, line."""
    children: list[int]


class Unit(NamedTuple):
    """A statement, or several on the same lines: what is printed whole or not at all, but for classes and frames.

    `kind` is f, c, v (binds variables), i (imports), b (a frame: if, try, with), e (anything else) or d (a docstring).
    `start` has decorators and comments that are attached, `head` is the first line of the statement itself, `body` the
    first line of a body. `uses` are names that are loaded and not bound inside. Lines are from 1.
    """

    kind: str
    names: list[str]
    start: int
    head: int
    body: int
    end: int
    uses: list[str]
    children: list["Unit"]
    imports: list[list[Any]]
    """Of an import: module, level, and name and alias of each; a plain import has None for the module."""
    signature: int = 0
    """Of a function: the line at which its body begins, 0 where that shares a line with the head."""


class Facts(NamedTuple):
    """What is known of a file."""

    scopes: list[Scope]
    units: list[Unit]
    exports: list[str] | None
    """`__all__`, where it is a literal."""


def revive(data: list[Any]) -> Facts:
    """Return facts that were kept. Raises TypeError, ValueError or IndexError for what are none."""
    scopes, units, exports = data
    return Facts([_revive_scope(each) for each in scopes], [_revive_unit(each) for each in units], exports)


def _revive_scope(data: list[Any]) -> Scope:
    scope = Scope(*data)
    return scope._replace(
        at=(scope.at[0], scope.at[1]),
        blocks=[Block(*each) for each in scope.blocks],
        roots=[Root(*each) for each in scope.roots],
        bindings={name: [Binding(*each) for each in found] for name, found in scope.bindings.items()},
        parameters=[Parameter(*each) for each in scope.parameters],
    )


def _revive_unit(data: list[Any]) -> Unit:
    unit = Unit(*data)
    children: list[Any] = list(unit.children)
    return unit._replace(children=[_revive_unit(each) for each in children]) if children else unit
