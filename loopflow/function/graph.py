"""The hash of a function: it changes whenever what the function says does, or anything that it reaches.

Definitions are nodes, what they mention are edges. What reaches each other is one, and its digest is made of what its
members say and of the digests of what they reach. So each definition is read once, however many functions reach it.
"""

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any, Final, NamedTuple

from loopflow.function.contexts import Builder
from loopflow.function.discover import CONSTRUCTORS, NO_REASON
from loopflow.function.facts.model import CLASS
from loopflow.function.facts.read import UnparsedError
from loopflow.function.resolve.found import Mention
from loopflow.function.resolve.project import Location, Node, Project
from loopflow.function.sayings import EFFECT, IMPORT, VARIABLE, Said, Sayings, Statement

VERSION: Final = "2"
"""Of the hashes: another one whenever the same function would have another hash."""


class Key(NamedTuple):
    """A definition; of a class, `is_head` is its head alone."""

    path: str
    qualname: str
    is_head: bool = False


class Point(NamedTuple):
    """A definition as a node: what it says, without docstrings and with them, whether it asks for them, and edges."""

    lines: tuple[str, ...]
    documented: tuple[str, ...]
    asks: bool
    edges: tuple[Key, ...]


class Digest(NamedTuple):
    """What is reached from a definition, itself included: without docstrings, and with them."""

    plain: str
    documented: str
    asks: bool

    @property
    def holds(self) -> str:
        """The one that counts: docstrings do where something that is reached asks for them."""
        return self.documented if self.asks else self.plain


class Graph:
    """What the definitions of a tree say and mention."""

    def __init__(self, project: Project, builder: Builder) -> None:
        self._project = project
        self._builder = builder
        self._finder = builder.finder
        self._sayings: dict[str, Sayings | None] = {}
        self._points: dict[Key, Point] = {}
        self._digests: dict[Key, Digest] = {}

    def hash(self, path: str, qualname: str) -> str:
        """Return the hash of a function by all that it reaches."""
        name = f"{path}:{qualname}"
        return f"deep-{VERSION}:{_digest([name, self.digest(Key(path, qualname)).holds])}"

    def hash_shallow(self, path: str, qualname: str, keys: Iterable[tuple[str, str]]) -> str:
        """Return the hash of a function by itself and the definitions that it mentions."""
        points = [self.point(Key(*key)) for key in dict.fromkeys([(path, qualname), *keys])]
        asks = any(point.asks for point in points)
        lines = sorted(line for point in points for line in (point.documented if asks else point.lines))
        return f"shallow-{VERSION}:{_digest([f'{path}:{qualname}', *lines])}"

    def known(self) -> Mapping[Key, Point]:
        """Return the definitions that were made so far."""
        return self._points

    def sayings(self, path: str) -> Sayings | None:
        """Return the statements of a file, None for one that cannot be read."""
        if path not in self._sayings:
            try:
                self._sayings[path] = Sayings(self._project.tree.text(path))
            except (UnparsedError, KeyError):
                self._sayings[path] = None
        return self._sayings[path]

    def point(self, key: Key) -> Point:
        """Return a definition."""
        if key not in self._points:
            self._points[key] = self._make(key)
        return self._points[key]

    def digest(self, key: Key) -> Digest:
        """Return the digest of all that is reached from a definition."""
        if key not in self._digests:
            for members in self._components(key):
                self._close(members)
        return self._digests[key]

    def _close(self, members: list[Key]) -> None:
        points = [self.point(key) for key in members]
        inside = set(members)
        outer = {edge for point in points for edge in point.edges} - inside
        below = [self._digests[edge] for edge in outer]
        plain = _digest(sorted([*{each.plain for each in below}, *(line for each in points for line in each.lines)]))
        texts = sorted([*{each.documented for each in below}, *(line for each in points for line in each.documented)])
        asks = any(each.asks for each in points) or any(each.asks for each in below)
        for key in members:
            self._digests[key] = Digest(plain, _digest(texts), asks)

    def _components(self, start: Key) -> Iterator[list[Key]]:
        """Yield what reaches each other, what is reached before what reaches it (Tarjan's way, without recursion)."""
        index: dict[Key, int] = {}
        low: dict[Key, int] = {}
        waiting: list[Key] = []
        on_stack: set[Key] = set()
        work = [(start, iter(self.point(start).edges))]
        index[start] = low[start] = 0
        waiting.append(start)
        on_stack.add(start)
        while work:
            key, edges = work[-1]
            below = next((each for each in edges if each not in self._digests), None)
            if below is None:
                work.pop()
                if work:
                    above = work[-1][0]
                    low[above] = min(low[above], low[key])
                if low[key] == index[key]:
                    at = waiting.index(key) if waiting[-1] != key else len(waiting) - 1
                    members, waiting[at:] = waiting[at:], []
                    on_stack.difference_update(members)
                    yield members
            elif below not in index:
                index[below] = low[below] = len(index)
                waiting.append(below)
                on_stack.add(below)
                work.append((below, iter(self.point(below).edges)))
            elif below in on_stack:
                low[key] = min(low[key], index[below])

    def _make(self, key: Key) -> Point:
        sayings = self.sayings(key.path)
        if sayings is None:
            return Point((f"? {key.path}",), (f"? {key.path}",), asks=False, edges=())
        made = _Making(key, sayings)
        nodes = self._finder.nodes(key.path, key.qualname)
        classes = [node for node in nodes if node.scope.kind == CLASS]
        if classes:
            self._make_class(made, classes)
        elif nodes and key.qualname:
            self._make_function(made, nodes)
        elif nodes:
            self._make_module(made, nodes)
        else:
            self._make_variable(made)
        return made.finish()

    def _make_function(self, made: "_Making", nodes: list[Node]) -> None:
        key = made.key
        made.say_named(key.qualname)
        for node in nodes:
            made.mention(self._fresh(node))
            if node.owner:
                made.edges[Key(key.path, node.owner.scope.qualname, is_head=True)] = None
        self._add_imports(made, key.qualname)

    def _make_class(self, made: "_Making", nodes: list[Node]) -> None:
        key = made.key
        made.say_named(key.qualname)
        for node in nodes:
            mentions = list(self._finder.head_mentions(node))
            made.mention(mentions, heads=key.is_head)
        self._add_imports(made, key.qualname)
        if key.is_head:
            return
        made.edges[Key(key.path, key.qualname, is_head=True)] = None
        inside = f"{key.qualname}."
        for statement in made.sayings.statements:
            if statement.owner != key.qualname:
                continue
            if statement.kind in {VARIABLE, EFFECT, IMPORT, "class"}:
                made.say(statement)
            for name in statement.names:
                last = name.removeprefix(inside)
                if statement.kind == VARIABLE:
                    made.mention(self._variable(key.path, name))
                    self._add_imports(made, name)
                elif last in CONSTRUCTORS or (last.startswith("__") and last.endswith("__")):
                    made.edges[Key(key.path, name)] = None

    def _make_variable(self, made: "_Making") -> None:
        key = made.key
        if not made.say_named(key.qualname):
            owner = key.qualname.rpartition(".")[0]
            if owner:  # an attribute that a constructor sets
                made.edges[Key(key.path, f"{owner}.__init__")] = None
            return
        made.mention(self._variable(key.path, key.qualname))
        self._add_imports(made, key.qualname)

    def _make_module(self, made: "_Making", nodes: list[Node]) -> None:
        for statement in made.sayings.statements:
            if not statement.owner and statement.kind in {VARIABLE, EFFECT}:
                made.say(statement)
        for node in nodes:
            made.mention(self._fresh(node))

    def _fresh(self, node: Node) -> tuple[Mention, ...]:
        self._finder.begin()
        return self._finder.mentions(node)

    def _variable(self, path: str, qualname: str) -> list[Mention]:
        self._finder.begin()
        return list(self._finder.variable_mentions(Location(path, qualname, 0, "variable")))

    def _add_imports(self, made: "_Making", qualname: str) -> None:
        """Add what names mean that are imported from outside of the tree."""
        used = {name for unit in self._builder.units(made.key.path).get(qualname, ()) for name in unit.uses}
        for name in sorted(used):
            for origin in origins(made.sayings, name):
                level, module, _ = origin
                if not level and not self._project.find_absolute(module, made.key.path):
                    made.add(f"import {name} {origin}")


def origins(sayings: Sayings, name: str) -> Iterator[tuple[int, str, str]]:
    """Yield what imports of a module bind a name to: level, module, and the name there."""
    for statement in sayings.named.get(name, ()):
        if statement.kind == IMPORT:
            node: Any = statement.node
            module, level, is_from = getattr(node, "module", None), getattr(node, "level", 0), hasattr(node, "module")
            for alias in node.names:
                bound = alias.asname or (alias.name if is_from else alias.name.partition(".")[0])
                if bound == name:
                    yield (level, module or "", alias.name) if is_from else (0, alias.name, "")


class _Making:
    """A definition while it is made."""

    def __init__(self, key: Key, sayings: Sayings) -> None:
        self.key = key
        self.sayings = sayings
        self.edges: dict[Key, None] = {}
        self._lines: list[str] = []
        self._documented: list[str] = []
        self._asks = False

    def add(self, line: str) -> None:
        """Add a line that docstrings change nothing of."""
        self._lines.append(line)
        self._documented.append(line)

    def say(self, statement: Statement) -> None:
        """Add what a statement says."""
        said: Said = self.sayings.say(statement)
        name = f"{self.key.path}:{','.join(statement.names) or statement.owner}"
        self._lines.append(f"{name} {said.text}")
        self._documented.append(f"{name} {said.documented}")
        self._asks |= said.asks

    def say_named(self, qualname: str) -> bool:
        """Add all statements that bind a name, or do something to its value, and return whether there are any."""
        found = self.sayings.named.get(qualname, [])
        for statement in (*found, *(self.sayings.effects(qualname) if "." not in qualname else ())):
            self.say(statement)
        return bool(found)

    def mention(self, mentions: Iterable[Mention], *, heads: bool = False) -> None:
        """Add what is mentioned: as edges, and as texts where it was not found."""
        for mention in mentions:
            if mention.reason not in NO_REASON:
                self.add(f"? {mention.text} {mention.reason}")
            for place in mention.places:
                if place.kind != "module":
                    is_head = heads and place.kind == "class" and mention.kind == "base"
                    self.edges[Key(place.path, place.qualname, is_head)] = None

    def finish(self) -> Point:
        """Return the definition."""
        edges = tuple(edge for edge in self.edges if edge != self.key)
        return Point(tuple(sorted(self._lines)), tuple(sorted(self._documented)), self._asks, edges)


def _digest(lines: Iterable[str]) -> str:
    return sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()
