"""What is known of what an expression gives: a few values, none where nothing is known."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from loopflow.function.resolve.project import Node

CLASS, INSTANCE, FUNCTION, MODULE, PACKAGE = "class", "instance", "function", "module", "package"
EXTERNAL, EXTERNAL_INSTANCE = "external", "external instance"
TYPE_VARIABLE, SUPER, SELF, CALLABLE, NEW = "type variable", "super", "self", "callable", "new"

MOST_VALUES: Final = 8


class Value(NamedTuple):
    """One thing that an expression may give.

    `node` is the class, function or module in the tree, `name` that of something outside of it, `args` what it holds,
    `bound` what a method is bound to.
    """

    kind: str
    node: "Node | None" = None
    name: str = ""
    args: "tuple[Types, ...]" = ()
    bound: "Value | None" = None


Types: TypeAlias = tuple[Value, ...]
"""What an expression may give; nothing where that is unknown."""

UNKNOWN: Final[Types] = ()


def join(alternatives: Iterable[Types]) -> Types:
    """Return all values of several, each once, and no more than a few."""
    found = [types for types in alternatives if types]
    if len(found) < 2:  # noqa: PLR2004  mostly there is one
        return found[0][:MOST_VALUES] if found else UNKNOWN
    return tuple(dict.fromkeys(value for types in found for value in types))[:MOST_VALUES]


def external(name: str, *args: Types) -> Types:
    """Return an instance of something outside of the tree."""
    return (Value(EXTERNAL_INSTANCE, name=name, args=args),)


def substitute(types: Types, known: "dict[str, Types]") -> Types:
    """Return types with their type variables replaced; those that nothing is known of are what bounds them."""
    if not has_variables(types):
        return types if len(types) < 2 else tuple(dict.fromkeys(types))[:MOST_VALUES]  # noqa: PLR2004  as above
    found: list[Types] = []
    for value in types:
        if value.kind == TYPE_VARIABLE:
            found.append(known.get(value.name, value.args[0] if value.args else UNKNOWN))
        elif value.kind == SELF:
            found.append(known.get("Self", UNKNOWN))
        elif value.args:
            found.append((value._replace(args=tuple([substitute(each, known) for each in value.args])),))
        else:
            found.append((value,))
    return join(found)


def has_variables(types: Types) -> bool:
    """Whether there are type variables in types."""
    for value in types:
        if value.kind == TYPE_VARIABLE or value.kind == SELF:  # noqa: PLR1714  asked of each part of each type
            return True
        if value.args:
            for each in value.args:
                if each and has_variables(each):
                    return True
    return False
