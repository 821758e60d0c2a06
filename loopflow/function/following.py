"""Follows names and imports over files, for a closure: what a name means, and the imports that it came by."""

import re
from collections.abc import Iterable
from typing import Final, Protocol

from loopflow.function.contexts import Builder
from loopflow.function.extract import Keep
from loopflow.function.facts.model import IMPORTED
from loopflow.function.graph import Graph, origins
from loopflow.function.resolve.project import Node, Project

WORD: Final = re.compile(r"[^\W\d]\w*")


class Reaching(Protocol):
    """What takes note of what is reached."""

    keeps: dict[str, Keep]
    """What is kept of each file."""
    seen: set[tuple[str, str]]
    """Definitions, by path and qualified name."""

    def need(self, path: str, qualname: str, *, is_used: bool = True) -> None:
        """Add a definition."""

    def reach(self, path: str) -> None:
        """Add a module."""


class Names:
    """Follows names, each once."""

    def __init__(self, project: Project, builder: Builder, graph: Graph, reaching: Reaching) -> None:
        self._project = project
        self._builder = builder
        self._graph = graph
        self._reaching = reaching
        self._seen: set[tuple[str, str]] = set()

    def keep_order(self) -> None:
        """Let packages import what they export, of that which is there, so that modules are made in the same order."""
        is_more = True
        while is_more:
            kept = len(self._seen)
            for path in [each for each in self._reaching.keeps if each.endswith("__init__.py")]:
                for name in list(self._builder.units(path)):
                    if ("=", f"{path}:{name}") not in self._seen and self._exports(path, name):
                        self.need_name(path, name)
            is_more = len(self._seen) > kept

    def _exports(self, path: str, name: str) -> bool:
        """Whether a package imports a name from a module of the closure that has it."""
        sayings = self._graph.sayings(path)
        return any(
            (other, original) in self._reaching.seen or ("=", f"{other}:{original}") in self._seen
            for level, module, original in (origins(sayings, name) if sayings else ())
            if original
            for other in self.find(path, level, module)
        )

    def need_name(self, path: str, name: str) -> None:
        """Add what a name means at the top of a file, and what decides whether it means that."""
        if ("?", f"{path}:{name}") not in self._seen:
            self._seen.add(("?", f"{path}:{name}"))
            for word in self._deciding(path, name):
                self.need_name(path, word)
        units = self._builder.units(path).get(name, ())
        if any(unit.kind != "i" for unit in units):
            self._reaching.need(path, name, is_used=False)  # what it resolves to says more
        imported = [unit for unit in units if unit.kind == "i"]
        sayings = self._graph.sayings(path)
        if (imported or not units) and sayings and ("=", f"{path}:{name}") not in self._seen:
            self._seen.add(("=", f"{path}:{name}"))
            self._reaching.reach(path)
            self._reaching.keeps[path].names.add(name)
            for level, module, original in origins(sayings, name):
                self.follow_import(path, level, module, original)
            if not units:
                for level, module, _ in origins(sayings, "*"):
                    for other in self.find(path, level, module):
                        self._need_exported(other, name)

    def _deciding(self, path: str, name: str) -> set[str]:
        """Return the names in heads of the frames in which a name is bound."""
        module = self._project.module(path)
        lines = self._builder.lines(path) if module else []
        found: set[str] = set()
        waiting = [unit for unit in (module.facts.units if module else ()) if unit.kind == "b" and name in unit.names]
        while waiting:
            unit = waiting.pop()
            for arm in unit.children:
                found.update(WORD.findall("".join(lines[arm.start - 1 : arm.body - 1])))
                waiting += [child for child in arm.children if child.kind == "b" and name in child.names]
        return found

    def _need_exported(self, path: str, name: str) -> None:
        """Add what a module exports under a name: its own, a module below it, or something that it imports all of."""
        if path.endswith("/"):
            self._reach_all(self._project.find_below(path[:-1], name))
            return
        self._reaching.reach(path)
        if name in self._builder.units(path):
            self.need_name(path, name)
            return
        below = self._project.find_below(path.rpartition("/")[0], name) if "__init__.py" in path else ()
        if below:
            self._reach_all(below)
        elif "__getattr__" in self._builder.units(path):
            self._reaching.need(path, "__getattr__")
        elif "*" in self._builder.units(path):
            self.need_name(path, name)

    def follow_import(self, path: str, level: int, module: str, original: str) -> None:
        """Add what an import brings; `original` is "" for a module as a whole."""
        if not original and not level:  # import a.b.c
            parts = module.split(".")
            for at in range(1, len(parts) + 1):
                self._reach_all(self.find(path, 0, ".".join(parts[:at])))
            return
        for other in self.find(path, level, module):
            if original == "*":
                self._reach_all([other])
            else:
                self._need_exported(other, original)

    def follow_local(self, node: Node) -> None:
        """Follow the imports inside of a function, and of what is nested in it."""
        for bindings in node.scope.bindings.values():
            for binding in bindings:
                if binding.kind == IMPORTED:
                    module, level, name, _ = binding.what
                    self.follow_import(node.module.path, level, module, name)
        for number in node.scope.children:
            self.follow_local(node.child(number))

    def follow_chain(self, path: str, parts: list[str]) -> None:
        """Add what `module.name` means, where it begins with a module: re-exports on the way stay."""
        sayings = self._graph.sayings(path)
        at: list[str] = []
        for level, module, original in origins(sayings, parts[0]) if sayings else ():
            if not original:
                is_whole = any(parts[0] == each for each in (module.partition(".")[0],))
                at += self.find(path, 0, parts[0] if is_whole else module)
            else:
                joined = f"{module}.{original}" if module else original
                at += self.find(path, level, joined)
        for name in parts[1:]:
            below: list[str] = []
            for each in at:
                if each.endswith("/"):
                    below += self._project.find_below(each[:-1], name)
                elif name in self._builder.units(each):
                    self.need_name(each, name)
                    inner = self._graph.sayings(each)
                    for level, module, original in origins(inner, name) if inner else ():
                        below += self.find(each, level, f"{module}.{original}".strip(".") if original else module)
                elif "__init__.py" in each:
                    below += self._project.find_below(each.rpartition("/")[0], name)
            self._reach_all(below)
            at = below

    def find(self, path: str, level: int, module: str) -> tuple[str, ...]:
        """Return the files that a module is, or may be, seen from one."""
        if level:
            return self._project.find_relative(path, level, module)
        return self._project.find_absolute(module, path) if module else ()

    def _reach_all(self, paths: Iterable[str]) -> None:
        for path in paths:
            if not path.endswith("/"):
                self._reaching.reach(path)
