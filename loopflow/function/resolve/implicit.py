"""Calls that no name shows: operators, `with`, `for`, `in`, subscripts, functions that ask a method."""

from typing import TYPE_CHECKING

from loopflow.function.resolve import values
from loopflow.function.resolve.found import Frame, Mention
from loopflow.function.resolve.values import Types, Value, join

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loopflow.function.resolve.evaluate import Engine


class Implicit:
    """Takes note of such calls, and says what they give."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine

    def mention(self, frame: Frame, types: Types, name: str, line: int, args: "Sequence[Types]" = ()) -> Types:
        """Note that a method of what is in the tree is called, and return what it gives."""
        found: list[Types] = []
        for value in types:
            if value.kind not in {values.INSTANCE, values.CLASS} or value.node is None:
                continue
            at = self._receiver(value)
            member = self._engine.members.find(at, name) if at else None
            if member and member.places:
                frame.mentions.append(Mention(name, line, 0, "implicit", member.places, "implicit", ""))
                found.append(join(self._engine.calls.call(each, args) for each in member.types))
        return join(found)

    def _receiver(self, value: Value) -> Value | None:
        """Return what a special method is looked up on: the class of a value, never the value itself."""
        if value.kind == values.INSTANCE:
            return value
        meta = self._engine.members.metaclass(value.node) if value.node else None
        return Value(values.INSTANCE, meta.node) if meta else None

    def entered(self, frame: Frame, types: Types, line: int, *, is_async: bool) -> Types:
        """Return what `with` binds."""
        enter, leave = ("__aenter__", "__aexit__") if is_async else ("__enter__", "__exit__")
        given = self.mention(frame, types, enter, line)
        self.mention(frame, types, leave, line)
        found = [self._engine.awaited(given) or given if is_async else given]
        for value in types:
            if value.kind == values.EXTERNAL_INSTANCE:
                is_context = value.name in {"typing.ContextManager", "typing.AsyncContextManager"}
                found.append(value.args[0] if is_context and value.args else () if is_context else (value,))
            elif value.kind == values.INSTANCE and not given:
                found.append((value,) if self._is_external(value, enter) else ())
        return join(found)

    def _is_external(self, value: Value, name: str) -> bool:
        return self._engine.members.find(value, name).reason in {"external", "builtin"}

    def iterated(self, frame: Frame, types: Types, line: int, *, is_async: bool) -> Types:
        """Return an element of what is iterated over."""
        first, step = ("__aiter__", "__anext__") if is_async else ("__iter__", "__next__")
        iterators = self.mention(frame, types, first, line)
        self.mention(frame, iterators, step, line)
        if not is_async and not any(mention.text == first and mention.line == line for mention in frame.mentions):
            self.mention(frame, types, "__getitem__", line)
        return self._engine.element(types)

    def operated(self, frame: Frame, operator: str, left: Types, right: Types, line: int) -> Types:
        """Return what a binary operator gives."""
        found: Types = ()
        if operator[0] == "i" and operator != "invert":
            found = self.mention(frame, left, f"__{operator}__", line, [right])
            operator = operator[1:]
        if not found:
            found = self.mention(frame, left, f"__{operator}__", line, [right])
        if not found:
            found = self.mention(frame, right, f"__r{operator}__", line, [left])
        known = tuple(each for each in (*left, *right) if each.kind == values.EXTERNAL_INSTANCE)
        return found or known
