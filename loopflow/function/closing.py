"""Follows names, references and imports to the end, for a closure: see `closure.py`."""

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from loopflow.analysis.names import path_bytes
from loopflow.function.contexts import Builder
from loopflow.function.discover import NO_REASON, Finder
from loopflow.function.extract import Keep
from loopflow.function.facts.model import CLASS, Unit
from loopflow.function.following import WORD, Names
from loopflow.function.graph import Graph
from loopflow.function.resolve.found import Mention
from loopflow.function.resolve.outside import canonical
from loopflow.function.resolve.project import Location, Module, Node, Project
from loopflow.function.sayings import registers

_PLAIN_BASES: Final = frozenset(
    {"builtins.object", "typing.Generic", "typing.Protocol", "abc.ABC", "typing.NamedTuple"}
)
_CHAIN: Final = re.compile(r"(?<![\w.])([^\W\d]\w*(?:\.[^\W\d]\w*)+)")
_TEXTS: Final = re.compile(r"""["']([^\W\d]\w*)["']""")
_PREFIXES: Final = re.compile(r"""f["']([^\W\d]\w*)\{""")
_ASKS_BY_TEXT: Final = re.compile(r"\b(?:getattr|hasattr|setattr|methodcaller|attrgetter)\b")
_COMPUTED: Final = re.compile(
    r"\b(?:import_module|__import__|globals\(|eval\(|exec\(|get_data\(|importlib\.resources|__file__|iter_modules"
    r"|getattr\([^,]+,\s*[^\s\"'f])"
)
_PLAIN_DECORATORS: Final = re.compile(
    r"@(?:property|staticmethod|classmethod|\w+\.(?:setter|getter|deleter)|(?:\w+\.)?(?:abstractmethod|cached_property|"
    r"lru_cache|cache|wraps|contextmanager|overload|override|final))\b"
)

_COMPOUND: Final = ("for ", "while ", "with ", "if ", "try:", "del ", "async ")


class Note(NamedTuple):
    """Something about a closure: a statement that is left out, or one that loads what nobody can know."""

    path: str
    line: int
    text: str


class Closing:
    """A closure while it is made."""

    def __init__(self, project: Project, builder: Builder, graph: Graph) -> None:
        self._project = project
        self._builder = builder
        self._graph = graph
        self._finder: Finder = builder.finder
        self.keeps: dict[str, Keep] = {}
        self._waiting: list[tuple[str, str]] = []
        self.seen: set[tuple[str, str]] = set()
        self._classes: dict[tuple[str, str], None] = {}
        """Those of which there may be objects; of others, which annotations name, the head is enough."""
        self._attributes: set[str] = set()
        self._prefixes: set[str] = set()
        self._dynamic: dict[Note, None] = {}
        self._names = Names(project, builder, graph, self)

    def begin(self, path: str, qualname: str) -> None:
        """Add a function, or all that a module defines."""
        if qualname:
            self.need(path, qualname)
            return
        self.reach(path)
        for name in [*self._builder.units(path)]:
            if "." not in name:
                self._names.need_name(path, name)

    def work(self) -> None:
        """Follow everything until there is nothing new."""
        while self._waiting:
            while self._waiting:
                self._take(*self._waiting.pop())
            for path, name in list(self._classes):
                for base in self._finder.order_of(path, name):
                    self.need(base.path, base.qualname)
                self._add_members(path, name)
            if not self._waiting:
                self._names.keep_order()

    def finish(self) -> tuple[dict[str, str], list[Note], list[Note]]:
        """Return the files, what is left out, and what is loaded by a name that is computed."""
        files: dict[str, str] = {}
        for path in sorted(self.keeps, key=path_bytes):
            files[path] = self._builder.extract(path, self.keeps[path]).code
        dropped = [note for path in files for note in self._dropped(path)]
        return files, dropped, sorted(self._dynamic)

    def need(self, path: str, qualname: str, *, is_used: bool = True) -> None:
        """Add a definition; of a class that is only named, `is_used` is False."""
        if is_used and self._is_class(path, qualname):
            self._classes[path, qualname] = None
        if (path, qualname) not in self.seen and path in self._project.tree.files:
            self.seen.add((path, qualname))
            self._waiting.append((path, qualname))

    def _is_class(self, path: str, qualname: str) -> bool:
        if path not in self._project.tree.files:
            return False
        return any(node.scope.kind == CLASS for node in self._finder.nodes(path, qualname))

    def _take(self, path: str, qualname: str) -> None:
        self.reach(path)
        nodes = self._finder.nodes(path, qualname)
        if any(node.scope.kind == CLASS for node in nodes):
            self._take_class(path, qualname, nodes)
            return
        units = self._builder.units(path).get(qualname, [])
        if not units and nodes:  # what is nested is a part of what it is nested in
            self.need(path, qualname.rpartition(".")[0])
            return
        owner = qualname.rpartition(".")[0]
        if owner:
            self.need(path, owner)
        if not units:
            return
        self.keeps[path].whole.add(qualname)
        for unit in units:
            self._read(path, unit)
        self._take_loops(path, qualname)
        self._finder.begin()
        for node in nodes:
            self._mention(self._finder.mentions(node))
            self._names.follow_local(node)
        if not nodes:
            self._mention(self._finder.variable_mentions(Location(path, qualname, 0, "variable")))

    def _take_loops(self, path: str, name: str) -> None:
        """Add the loops at the top of a file that fill what a name is bound to."""
        module, sayings = self._project.module(path), self._graph.sayings(path)
        loops = {each.end for each in sayings.effects(name)} if sayings else set()
        for unit in _at_top(module.facts.units, "v") if module and loops else ():
            if unit.end in loops and unit.head not in self.keeps[path].lines:
                self.keeps[path].lines.add(unit.head)
                self._read(path, unit)

    def _take_class(self, path: str, qualname: str, nodes: list[Node]) -> None:
        keep = self.keeps[path]
        keep.heads.add(qualname)
        keep.documented.add(qualname)
        if owner := qualname.rpartition(".")[0]:
            self.need(path, owner)
        self._finder.begin()
        for unit in self._builder.units(path).get(qualname, ()):
            is_plain = unit.children and all(each.kind in "fvcid" for each in unit.children)
            if not is_plain:  # it does something while it is made: it is there as a whole
                keep.whole.add(qualname)
                for node in nodes:
                    self._mention(self._finder.mentions(node))
            self._read(path, unit._replace(end=unit.body - 1) if is_plain else unit)
        is_used = (path, qualname) in self._classes
        for node in nodes:
            mentions = list(self._finder.head_mentions(node))
            self._mention(
                each._replace(kind="annotation") if not is_used and each.kind == "base" else each for each in mentions
            )

    def _add_members(self, path: str, name: str) -> None:
        """Add the fields of a class, and the methods that something may call."""
        bases = [(each.path, each.qualname) for each in self._finder.order_of(path, name)]
        is_called_elsewhere = self._has_other_base(path, name)
        for unit in self._builder.units(path).get(name, ()):
            for child in unit.children:
                for member in child.names:
                    is_over = any((base, f"{each}.{member}") in self.seen for base, each in bases)
                    if child.kind != "f" or is_over or is_called_elsewhere or self._is_asked(path, member, child):
                        self.need(path, f"{name}.{member}")

    def _has_other_base(self, path: str, name: str) -> bool:
        """Whether a class inherits from one that is not in the tree, which may call any of its methods."""
        members = self._builder.engine.members
        nodes = [node for node in self._finder.nodes(path, name) if node.scope.kind == CLASS]
        names = {each.name for node in nodes for each in members.order(node) if not each.node and each.name}
        return not {canonical(each) for each in names} <= _PLAIN_BASES

    def _is_asked(self, path: str, member: str, unit: Unit) -> bool:
        if member.startswith("__") and member.endswith("__"):
            return True
        if member in self._attributes or any(member.startswith(each) for each in self._prefixes):
            return True
        first = self._builder.lines(path)[unit.head - 1].strip()
        return first.startswith("@") and not _PLAIN_DECORATORS.match(first)

    def _read(self, path: str, unit: Unit) -> None:
        """Follow the names of a statement, and take note of the attributes that it names."""
        lines = self._builder.lines(path)[unit.start - 1 : unit.end]
        text = "".join(lines)
        for name in unit.uses:
            self._names.need_name(path, name)
        if _ASKS_BY_TEXT.search(text):
            self._attributes.update(_TEXTS.findall(text))
            self._prefixes.update(_PREFIXES.findall(text))
        for chain in set(_CHAIN.findall(text)):
            self._names.follow_chain(path, chain.split("."))
        for number, line in enumerate(lines, unit.start):
            if _COMPUTED.search(line):
                self._dynamic[Note(path, number, line.strip())] = None

    def _mention(self, mentions: Iterable[Mention]) -> None:
        for mention in mentions:
            if mention.reason not in NO_REASON:  # it may be anything of that name
                self._attributes.update(WORD.findall(mention.text))
            for place in mention.places:
                if place.kind == "module":
                    self.reach(place.path)
                else:
                    self.need(place.path, place.qualname, is_used=mention.kind != "annotation")

    def reach(self, path: str) -> None:
        """Add a module, with the packages that it is in, and what it does when it is imported."""
        if path in self.keeps or path not in self._project.tree.files:
            return
        self.keeps[path] = Keep()
        directory = path.rpartition("/")[0]
        while directory:
            self.reach(f"{directory}/__init__.py")
            directory = directory.rpartition("/")[0]
        module = self._project.module(path)
        if module is not None:
            self._take_registrations(path)
            self._take_effects(path, module)
            self._take_plain_imports(path, module)

    def _take_registrations(self, path: str) -> None:
        sayings = self._graph.sayings(path)
        for statement in sayings.statements if sayings else ():
            if not statement.owner and registers(statement):
                self.need(path, statement.names[0])

    def _take_effects(self, path: str, module: Module) -> None:
        """Add the statements that bind nothing, and what the frames around them ask."""
        lines, keep = self._builder.lines(path), self.keeps[path]
        for head in _heads_of_effects(module.facts.units):
            for word in WORD.findall("".join(lines[head.start - 1 : head.body - 1])):
                self._names.need_name(path, word)
        self._finder.begin()
        mentions = self._finder.own_mentions(module.nodes[0])
        for unit in _at_top(module.facts.units, "e"):
            keep.lines.add(unit.head)
            self._read(path, unit)
            self._mention(each for each in mentions if unit.head <= each.line <= unit.end)

    def _take_plain_imports(self, path: str, module: Module) -> None:
        plain = (unit for unit in module.facts.units if unit.kind == "i" and unit.imports[0][0] is None)
        for unit in plain:
            for name, alias in unit.imports[0][2]:
                if not alias and self._names.find(path, 0, name):
                    self.keeps[path].names.add(name.partition(".")[0])
                    self._names.follow_import(path, 0, name, "")

    def _dropped(self, path: str) -> Iterator[Note]:
        """Yield the statements that do something when a module is imported, and are left out."""
        module, keep = self._project.module(path), self.keeps[path]
        lines = self._builder.lines(path) if module else []
        for unit in module.facts.units if module else ():
            first = lines[unit.head - 1].strip()
            is_kept = any(name in keep.whole for name in unit.names) or unit.head in keep.lines
            if not is_kept and (unit.kind == "m" or (unit.kind == "v" and first.startswith(_COMPOUND))):
                yield Note(path, unit.head, first)


def _at_top(units: Iterable[Unit], kind: str) -> Iterator[Unit]:
    """Yield the statements of a kind at the top, those in frames included."""
    for unit in units:
        if unit.kind == kind:
            yield unit
        elif unit.kind in {"b", "a"}:
            yield from _at_top(unit.children, kind)


def _heads_of_effects(units: Iterable[Unit]) -> Iterator[Unit]:
    """Yield the branches that have a statement in them that binds nothing, with all others of their frame."""
    for unit in units:
        if unit.kind == "b" and any(True for _ in _at_top([unit], "e")):
            yield from unit.children
            for arm in unit.children:
                yield from _heads_of_effects(arm.children)
