"""Modules of the tree: which file a name means, and the definitions in it."""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from types import MappingProxyType
from typing import Final, NamedTuple

from loopflow.function.facts.model import CLASS, FUNCTION, Facts, Scope
from loopflow.function.trees import Sources

_STANDARD: Final = frozenset(sys.stdlib_module_names) | {"distutils", "imp", "asyncore", "asynchat", "smtpd"}
_COMPILED: Final = (".so", ".pyd", ".c", ".pyx", ".rs")


class Location(NamedTuple):
    """A definition: `kind` is function, method, property, class, variable, field, parameter or module."""

    path: str
    qualname: str
    line: int
    kind: str


@dataclass(eq=False, slots=True)
class Module:
    """A file, with its scopes."""

    path: str
    facts: Facts
    nodes: "list[Node]" = field(default_factory=list)
    named: "dict[str, list[Node]]" = field(default_factory=dict)
    """Qualified name -> its functions and classes; the module itself has none."""

    @property
    def is_package(self) -> bool:
        """Whether it is what a directory is imported as."""
        return self.path.rpartition("/")[2] in {"__init__.py", "__init__.pyi"}


@dataclass(eq=False, slots=True)
class Node:
    """A scope of a file."""

    module: Module
    number: int
    scope: Scope
    parent: "Node | None" = None
    """The scope around."""
    owner: "Node | None" = None
    """The class that a function is a method of."""

    def child(self, number: int) -> "Node":
        """Return another scope of the file."""
        return self.module.nodes[number]

    def around(self) -> "Iterable[Node]":
        """Yield the scopes around, the nearest first."""
        at = self.parent
        while at is not None:
            yield at
            at = at.parent


class Project:
    """The modules of a tree.

    `roots` are the configured ones, before those that are found; `named` those of settings, by the directory of these.
    """

    def __init__(
        self, tree: Sources, roots: Iterable[str] = (), named: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    ) -> None:
        self.tree = tree
        self._modules: dict[str, Module | None] = {}
        self._directories = _directories(tree.files)
        self._packages = {
            path.rpartition("/")[0] for path in tree.files if path.endswith(("__init__.py", "__init__.pyi"))
        }
        self._configured = tuple(root.strip("/") if root != "." else "" for root in roots)
        self._named = named
        self._usual = self._usual_roots()
        everything = [*self._configured, *chain(*named.values()), *self._usual, *self._found_roots(), ""]
        self._all_roots = tuple(dict.fromkeys(everything))
        self._found: dict[tuple[str, str], tuple[str, ...]] = {}

    def module(self, path: str) -> Module | None:
        """Return the module in a file, None where that cannot be parsed."""
        if path not in self._modules:
            facts = self.tree.facts(path)
            module = Module(path, facts) if facts else None
            if module:
                for number, scope in enumerate(module.facts.scopes):
                    parent = module.nodes[scope.parent] if scope.parent >= 0 else None
                    owner = parent if parent and parent.scope.kind == CLASS and scope.kind == FUNCTION else None
                    module.nodes.append(Node(module, number, scope, parent, owner))
                for node in module.nodes:
                    if node.scope.kind in {CLASS, FUNCTION} or not node.scope.qualname:
                        module.named.setdefault(node.scope.qualname, []).append(node)
            self._modules[path] = module
        return self._modules[path]

    def find_absolute(self, name: str, importer: str) -> tuple[str, ...]:
        """Return the files or directories that the module `name` may be, seen from the file `importer`."""
        root = self._root_of(importer)
        key = (name, root)
        if key not in self._found:
            self._found[key] = self._find(name, root)
        return self._found[key]

    def find_relative(self, importer: str, level: int, name: str) -> tuple[str, ...]:
        """Return what `from ..name` means in the file `importer`."""
        directory = importer.rpartition("/")[0]
        for _ in range(level - 1):
            if not directory:
                return ()
            directory = directory.rpartition("/")[0]
        return self._at(_below(directory, name))

    def find_below(self, directory: str, name: str) -> tuple[str, ...]:
        """Return the file or directory of a module in a package."""
        return self._at(_below(directory, name))

    @staticmethod
    def is_standard(name: str) -> bool:
        """Whether a module is of the standard library."""
        return name in _STANDARD

    def is_compiled(self, name: str, importer: str) -> bool:
        """Whether there is something of that name that is no source of Python's."""
        directory = importer.rpartition("/")[0]
        stem = _below(directory, name.rpartition(".")[2]) + "."
        return any(path.startswith(stem) and path.endswith(_COMPILED) for path in self.tree.others)

    def _find(self, name: str, root: str) -> tuple[str, ...]:
        near = [root]
        if name.partition(".")[0] not in _STANDARD:
            up = [root, *_above(root)]
            near = [*self._configured, *up, *chain(*(self._named.get(home, ()) for home in up)), *self._usual]
        for each in dict.fromkeys(near):
            if found := self._at(_below(each, name)):
                return found
        if name.partition(".")[0] in _STANDARD:
            return ()
        far = [found for each in self._all_roots if (found := self._at(_below(each, name)))]
        return tuple(dict.fromkeys(path for found in far for path in found))

    def _at(self, stem: str) -> tuple[str, ...]:
        """Return the module whose path without suffix is `stem`: a package, a file, a stub or a plain directory."""
        files = self.tree.files
        for path in (f"{stem}/__init__.py", f"{stem}.py", f"{stem}/__init__.pyi", f"{stem}.pyi"):
            if path.lstrip("/") in files:
                return (path.lstrip("/"),)
        return (stem + "/",) if stem in self._directories and stem else ()

    def _root_of(self, path: str) -> str:
        directory = path.rpartition("/")[0]
        while directory in self._packages:
            directory = directory.rpartition("/")[0]
        return directory

    def _found_roots(self) -> list[str]:
        return sorted({self._root_of(path) for path in self.tree.files})

    def _usual_roots(self) -> tuple[str, ...]:
        """Return `src` and the like: directories above packages that are no packages, the shallowest first."""
        return tuple(sorted({each for each in self._directories if each.rpartition("/")[2] == "src"}))


def _directories(files: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for path in files:
        directory = path.rpartition("/")[0]
        while directory not in found:
            found.add(directory)
            directory = directory.rpartition("/")[0]
    return found


def _above(directory: str) -> list[str]:
    found = []
    while directory:
        directory = directory.rpartition("/")[0]
        found.append(directory)
    return found


def _below(directory: str, name: str) -> str:
    path = name.replace(".", "/")
    return f"{directory}/{path}" if directory and path else directory or path
