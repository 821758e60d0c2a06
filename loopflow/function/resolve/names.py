"""Names: scopes, imports, re-exports and what they end at."""

import builtins
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from loopflow.function.facts.model import (
    ANNOTATED,
    ASSIGNED,
    ATTRIBUTE,
    CLASS,
    COMPREHENSION_SCOPE,
    DEFINED,
    IF,
    IMPORTED,
    MODULE,
    NAME,
    NARROW,
    PARAMETER,
    STARRED,
    TYPE_PARAMETER,
    Binding,
    Expr,
)
from loopflow.function.resolve import values
from loopflow.function.resolve.flow import always_passed, reaching
from loopflow.function.resolve.found import Frame, Resolved, merge
from loopflow.function.resolve.outside import canonical
from loopflow.function.resolve.project import Location, Module, Node
from loopflow.function.resolve.values import UNKNOWN, Types, Value

if TYPE_CHECKING:
    from loopflow.function.resolve.evaluate import Engine

BUILTINS: Final = frozenset(dir(builtins)) | {"reveal_type", "WindowsError", "__file__", "__path__", "__builtins__"}
_END: Final = 1 << 40


class Names:
    """Finds what names mean."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._open: set[tuple[str, str]] = set()
        self._exported: dict[tuple[str, str], Resolved] = {}

    def look_up(self, frame: Frame, name: str) -> Resolved:
        """Return what a name means in a frame."""
        if frame.inner and (found := frame.inner.scope.bindings.get(name)) and found[0].kind == TYPE_PARAMETER:
            return self.of_binding(frame.inner, found[0], name)
        node: Node | None = frame.node
        pos, block, direct = frame.pos, frame.block, True
        tested: Types | None = None
        while node is not None:
            scope = node.scope
            outer = scope.outer.get(name)
            if outer == "g" or (scope.kind == MODULE and not direct):
                break
            bindings = scope.bindings.get(name, [])
            if all(each.kind == NARROW for each in bindings):  # a test binds nothing: the name is one of outside
                if direct and tested is None and (passed := always_passed(scope, bindings, pos, block)):
                    tested = merge([self.of_binding(node, each, name) for each in passed]).types
            elif outer != "n" and (direct or scope.kind != CLASS):
                reached = reaching(scope, bindings, pos, block) if direct else bindings
                return _as_tested(merge([self.of_binding(node, each, name) for each in reached]), tested)
            if scope.kind == COMPREHENSION_SCOPE or (scope.kind == CLASS and direct and scope.parent >= 0):
                pos, block = scope.at
                direct = direct and scope.kind == COMPREHENSION_SCOPE
            else:
                direct = False
            if scope.kind == MODULE:
                break
            node = node.parent
        return _as_tested(self._in_module(frame.node.module, name), tested)

    def exported(self, path: str, name: str) -> Resolved:
        """Return what `name` is in the module at `path`, a file or a directory."""
        if path.endswith("/"):
            return self._submodule(path[:-1], name) or Resolved(reason="missing")
        key = (path, name)
        if key in self._exported:
            return self._exported[key]
        if key in self._open:  # `from . import x` in a package: x is a module of it
            below = self._submodule(path.rpartition("/")[0], name) if "__init__.py" in path else None
            return below or Resolved(reason="missing")
        self._open.add(key)
        try:
            found = self._exported_anew(path, name)
        finally:
            self._open.discard(key)
        if not self._open and not self._engine.is_tainted:
            self._exported[key] = found
        return found

    def module_value(self, paths: Sequence[str]) -> Types:
        """Return the modules in files or directories."""
        found = []
        for path in paths:
            if path.endswith("/"):
                found.append(Value(values.PACKAGE, name=path[:-1]))
            elif module := self._engine.project.module(path):
                found.append(Value(values.MODULE, module.nodes[0]))
        return tuple(found)

    def of_binding(self, node: Node, binding: Binding, name: str) -> Resolved:  # noqa: PLR0911  a case a line
        """Return what a name is by one of its bindings."""
        if binding.kind == DEFINED:
            return self._defined(node.child(binding.what[0]))
        if binding.kind == IMPORTED:
            return self._imported(node, binding)
        if binding.kind in {ASSIGNED, ANNOTATED}:
            return self._assigned(node, binding, name)
        if binding.kind == PARAMETER:
            return Resolved(self._engine.calls.parameter(node, binding.what[0]), via="name")
        if binding.kind == NARROW:
            return Resolved(self._engine.root(node, binding.what[0]).types, via="name")
        if binding.kind == TYPE_PARAMETER:
            [root] = binding.what
            bound = self._engine.instances(self._engine.root(node, root).types) if root >= 0 else UNKNOWN
            return Resolved((Value(values.TYPE_VARIABLE, name=name, args=(bound,)),), via="name")
        return Resolved(via="name")

    def place(self, node: Node, name: str, line: int) -> tuple[Location, ...]:
        """Return where a variable of a module or class is; those of functions are nobody else's."""
        scope = node.scope
        if scope.kind == MODULE:
            return (Location(node.module.path, name, line, "variable"),)
        if scope.kind == CLASS:
            return (Location(node.module.path, f"{scope.qualname}.{name}", line, "field"),)
        return ()

    def _defined(self, node: Node) -> Resolved:
        place = Location(node.module.path, node.scope.qualname, node.scope.line, self._engine.members.kind_of(node))
        kind = values.CLASS if node.scope.kind == CLASS else values.FUNCTION
        return Resolved((Value(kind, node),), (place,), "name")

    def _assigned(self, node: Node, binding: Binding, name: str) -> Resolved:
        engine, places = self._engine, self.place(node, name, binding.line)
        if binding.kind == ANNOTATED:
            annotation, value = binding.what
            types = engine.instances(engine.root(node, annotation).types)
            if not types and value >= 0:
                types = engine.root(node, value).types
            return Resolved(types, places, "declared")
        root, way = binding.what
        types = engine.unpack(engine.root(node, root).types, way)
        if places and not way and self._is_name(node, root):
            places += tuple(place for value in types if (place := self._definition(value)) is not None)
        return Resolved(types, places, "name")

    def _is_name(self, node: Node, root: int) -> bool:
        """Whether a root is another name for something, or one of two."""
        expr = node.scope.roots[root].expr
        parts = expr[2:4] if expr[0] == IF else [expr]
        return any(
            part[-1][0] in {NAME, ATTRIBUTE} if part[0] == "@" else part[0] in {NAME, ATTRIBUTE} for part in parts
        )

    def _definition(self, value: Value) -> Location | None:
        if value.node is None or value.kind not in {values.CLASS, values.FUNCTION}:
            return None
        scope = value.node.scope
        if not scope.name or scope.name.startswith("<"):
            return None
        return Location(value.node.module.path, scope.qualname, scope.line, self._engine.members.kind_of(value.node))

    def _in_module(self, module: Module, name: str) -> Resolved:
        found = self.exported(module.path, name)
        if found.reason not in {"missing", "dynamic"}:  # a module's own names are not asked of its __getattr__
            return found
        if name in BUILTINS:
            return Resolved((Value(values.EXTERNAL, name=f"builtins.{name}"),), via="name", reason="builtin")
        return found

    def _exported_anew(self, path: str, name: str) -> Resolved:  # noqa: PLR0911  a case a line
        module = self._engine.project.module(path)
        if module is None:
            return Resolved(reason="unparsed")
        node = module.nodes[0]
        scope = node.scope
        bindings = scope.bindings.get(name, [])
        if any(each.kind != NARROW for each in bindings):
            reached = reaching(scope, bindings, _END, 0)
            reached = [*self._wrapped(node, bindings, reached, name), *reached]
            found = [self.of_binding(node, each, name) for each in reached]
            return merge([*found, *self._globals(node, name)])
        for star in reversed(scope.bindings.get("*", [])):
            if (found_one := self._starred(node, star, name)) is not None:
                return found_one
        if assigned := self._globals(node, name):
            return merge(assigned)
        if module.is_package and (below := self._submodule(path.rpartition("/")[0], name)):
            return below
        if "__getattr__" in scope.bindings:
            return Resolved(reason="dynamic")
        return Resolved(reason="missing")

    def _wrapped(
        self, node: Node, bindings: Sequence[Binding], reached: Sequence[Binding], name: str
    ) -> Sequence[Binding]:
        """Return the definition that a name is made anew of, as in `f = wrap(f)`: it is looked through."""
        last = reached[-1]
        if last.kind != ASSIGNED or last.what[1] or not _mentions(node.scope.roots[last.what[0]].expr, name):
            return ()
        return [each for each in bindings if each.kind in {DEFINED, IMPORTED} and each.pos < last.pos][-1:]

    def _globals(self, node: Node, name: str) -> list[Resolved]:
        """Return what functions of a module bind one of its names to."""
        found = []
        for number, root, way, _, line in node.scope.attributes.get(name, ()):
            types = self._engine.unpack(self._engine.root(node.child(number), root).types, way)
            found.append(Resolved(types, () if node.scope.bindings.get(name) else self.place(node, name, line), "name"))
        return found

    def _submodule(self, directory: str, name: str) -> Resolved | None:
        paths = self._engine.project.find_below(directory, name)
        if not paths:
            return None
        places = tuple(Location(path, "", 1, "module") for path in paths if not path.endswith("/"))
        return Resolved(self.module_value(paths), places, "import")

    def _starred(self, node: Node, binding: Binding, name: str) -> Resolved | None:
        if binding.kind != STARRED:
            return None
        module, level = binding.what
        for path in self._find(node, module, level):
            if path.endswith("/"):
                continue
            other = self._engine.project.module(path)
            if other is None:
                continue
            exports = other.facts.exports
            if name not in exports if exports is not None else name.startswith("_"):
                continue
            found = self.exported(path, name)
            if found.reason not in {"missing", "dynamic"} or found.places:
                return found._replace(via="star")
        return None

    def _find(self, node: Node, module: str, level: int) -> tuple[str, ...]:
        project, importer = self._engine.project, node.module.path
        if level:
            return project.find_relative(importer, level, module)
        return project.find_absolute(module, importer)

    def _imported(self, node: Node, binding: Binding) -> Resolved:
        module, level, name, bound = binding.what
        if not name:
            paths = self._find(node, bound, 0)
            if not paths:
                return self._elsewhere(node, bound, "")
            places = tuple(Location(path, "", 1, "module") for path in paths if not path.endswith("/"))
            return Resolved(self.module_value(paths), places, "import", "several" if len(paths) > 1 else "")
        paths = self._find(node, module, level)
        if not paths:
            return self._elsewhere(node, module, name, level)
        if len(paths) > 1:
            return Resolved(reason="several")
        found = self.exported(paths[0], name)
        if found.reason == "missing" and self._engine.project.is_compiled(f"{module}.{name}", node.module.path):
            return Resolved(reason="compiled")
        via = "reexport" if any(place.path != paths[0] for place in found.places) else "import"
        return found._replace(via=via)

    def _elsewhere(self, node: Node, module: str, name: str, level: int = 0) -> Resolved:
        """Return what is not in the tree."""
        if level or self._find(node, module.partition(".")[0], 0):
            compiled = self._engine.project.is_compiled(module, node.module.path)
            return Resolved(reason="compiled" if compiled else "missing")
        full = f"{module}.{name}" if name else module
        return Resolved((Value(values.EXTERNAL, name=canonical(full)),), via="import", reason="external")


def _mentions(expr: Expr, name: str) -> bool:
    """Whether an expression has a name in it."""
    if expr[:2] == [NAME, name]:
        return True
    return any(_mentions(each, name) for each in expr if isinstance(each, list) and each)


def _as_tested(found: Resolved, tested: Types | None) -> Resolved:
    """Return what a name is, of the types that a test on the way says."""
    return found if tested is None else found._replace(types=tested)
