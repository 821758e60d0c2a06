"""What a function mentions, and what that mentions: helpers, helpers of helpers, variables and types."""

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from loopflow.function.facts.model import CLASS, FUNCTION, MODULE
from loopflow.function.resolve.evaluate import Engine
from loopflow.function.resolve.found import Mention
from loopflow.function.resolve.project import Location, Node

CONSTRUCTORS: Final = ("__init__", "__new__", "__post_init__")
NO_REASON: Final = frozenset({"", "external", "builtin"})
CALLABLES: Final = frozenset({"function", "method", "property"})


@dataclass(slots=True)
class Use:
    """A definition that is needed: which, from which level on, how it was found, and how it is mentioned first."""

    place: Location
    level: int
    mention: Mention
    by: Location
    rules: set[str] = field(default_factory=set)

    @property
    def key(self) -> tuple[str, str]:
        """What it is: a file and a qualified name."""
        return self.place.path, self.place.qualname


@dataclass(slots=True)
class Discovery:
    """What was found for a function. `uses` are in the order in which they were found, by file and qualified name."""

    target: Location
    uses: dict[tuple[str, str], Use] = field(default_factory=dict)
    unresolved: list[Mention] = field(default_factory=list)

    def of_level(self, level: int) -> list[Use]:
        """Return the definitions of a level."""
        return [use for use in self.uses.values() if use.level == level]


class Finder:
    """Finds what functions need."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._mentions: dict[Node, tuple[Mention, ...]] = {}
        self._for_now: dict[Node, tuple[Mention, ...]] = {}

    def nodes(self, path: str, qualname: str) -> list[Node]:
        """Return all definitions of a qualified name in a file."""
        module = self._engine.project.module(path)
        return module.named.get(qualname, []) if module else []

    def begin(self) -> None:
        """Forget what holds for one function only."""
        self._engine.begin()
        self._for_now.clear()

    def discover(self, path: str, qualname: str, depth: int = 2, lines: Container[int] | None = None) -> Discovery:
        """Return what a function, class or module needs, or what some `lines` of it mention; `depth` is of helpers."""
        self.begin()
        nodes = self.nodes(path, qualname)
        at = Location(path, qualname, nodes[0].scope.line, self._kind(nodes[0]))
        found = Discovery(at)
        if lines is None:
            mentions = [(mention, at) for node in nodes for mention in self.mentions(node)]
        else:
            mentions = [(mention, at) for mention in self._in_lines(nodes[0], lines)]
        found.unresolved = [mention for mention, _ in mentions if mention.reason not in NO_REASON]
        self._add(found, mentions, 1)
        self._add(found, list(self._next(found, nodes)), 2)
        found.uses = {key: use for key, use in found.uses.items() if use.level <= depth or _is_variable(use.place)}
        return found

    def mentions(self, node: Node) -> tuple[Mention, ...]:
        """Return what a function or class mentions, what is nested in it included."""
        known = self._mentions.get(node) or self._for_now.get(node)
        if known is not None:
            return known
        children = list(_inside(node))
        roots = (self._engine.root(node, number) for number in range(len(node.scope.roots)))
        found = [mention for root in roots for mention in root.mentions]
        found += (mention for child in children for mention in self.mentions(child))
        order = tuple(sorted(dict.fromkeys(found), key=lambda each: (each.line, each.column)))
        is_lasting = self._engine.is_lasting(node) and all(child in self._mentions for child in children)
        (self._mentions if is_lasting else self._for_now)[node] = order
        return order

    def own_mentions(self, node: Node) -> list[Mention]:
        """Return what a scope mentions itself."""
        return [each for number in range(len(node.scope.roots)) for each in self._engine.root(node, number).mentions]

    def _in_lines(self, module: Node, lines: Container[int]) -> Iterator[Mention]:
        """Yield what statements of a module and of its classes mention in some lines."""
        for node in module.module.nodes:
            if node.scope.kind in {CLASS, MODULE}:
                yield from (each for each in self.own_mentions(node) if each.line in lines)

    def head_mentions(self, node: Node) -> Iterator[Mention]:
        """Yield what the head of a class mentions: decorators and bases."""
        for number, root in enumerate(node.scope.roots):
            if root.mode:
                for mention in self._engine.root(node, number).mentions:
                    if mention.kind in {"base", "decorator", "load", "call"}:
                        yield mention

    def variable_mentions(self, place: Location) -> Iterator[Mention]:
        """Yield what the statements mention that bind a variable of a module or class."""
        owner, _, name = place.qualname.rpartition(".")
        for node in self.nodes(place.path, owner):
            if node.scope.kind == FUNCTION:
                continue
            for binding in node.scope.bindings.get(name, ()):
                if binding.kind in "=a":
                    for root in binding.what:
                        if isinstance(root, int) and root >= 0:
                            yield from self._engine.root(node, root).mentions

    def order_of(self, path: str, qualname: str) -> list[Location]:
        """Return the classes of the tree that a class inherits from, the nearest first."""
        for node in self.nodes(path, qualname):
            if node.scope.kind == CLASS:
                found = [each.node for each in self._engine.members.order(node)[1:] if each.node]
                return [Location(each.module.path, each.scope.qualname, each.scope.line, "class") for each in found]
        return []

    def _next(self, found: Discovery, nodes: Iterable[Node]) -> Iterator[tuple[Mention, Location]]:
        """Yield what helpers mention, and constructors of the classes whose methods are shown."""
        owners = [node.owner for node in nodes if node.owner]
        for use in list(found.uses.values()):
            if use.place.kind in {"variable", "field"}:
                yield from ((mention, use.place) for mention in self.variable_mentions(use.place))
                continue
            for node in self.nodes(use.place.path, use.place.qualname):
                if node.scope.kind == CLASS:
                    yield from ((mention, use.place) for mention in self.head_mentions(node))
                    if use.rules - {"annotation"}:
                        owners.append(node)
                elif use.rules != {"implicit"}:
                    is_brought = use.rules == {"constructor"}  # what its signature names is not what the function needs
                    for mention in self.mentions(node):
                        if not (is_brought and mention.kind == "annotation"):
                            yield mention, use.place
                    owners += [node.owner] if node.owner else []
        for owner in dict.fromkeys(owners):
            yield from self._of_owner(owner)

    def _of_owner(self, owner: Node) -> Iterator[tuple[Mention, Location]]:
        at = Location(owner.module.path, owner.scope.qualname, owner.scope.line, "class")
        yield from ((mention, at) for mention in self.head_mentions(owner))
        for name in CONSTRUCTORS:
            for node in self.nodes(owner.module.path, f"{owner.scope.qualname}.{name}"):
                place = Location(node.module.path, node.scope.qualname, node.scope.line, "method")
                mentioned = self.mentions(node)
                yield from ((mention, place) for mention in mentioned if mention.kind != "annotation")

    def _add(self, found: Discovery, mentions: list[tuple[Mention, Location]], level: int) -> None:
        """Add what is mentioned; variables bring what they are made of, of the same level."""
        waiting = mentions
        while waiting:
            more: list[tuple[Mention, Location]] = []
            for mention, by in waiting:
                for place in _definitions_first(mention.places):
                    if self._is_new(found, place, mention, by, level) and place.kind in {"variable", "field"}:
                        more += [
                            (each, place)
                            for each in self.variable_mentions(place)
                            if all(at.kind in {"variable", "field"} for at in each.places)
                        ]
            waiting = more

    def _is_new(self, found: Discovery, place: Location, mention: Mention, by: Location, level: int) -> bool:
        if place.kind == "module" or _is_within(place, found.target):
            return False
        key = place.path, place.qualname
        known = found.uses.get(key)
        if known is not None:
            if known.level == level:
                known.rules.add(mention.kind)
            return False
        found.uses[key] = Use(place, level, mention, by, {mention.kind})
        return True

    def _kind(self, node: Node) -> str:
        return "module" if node.scope.kind == MODULE else self._engine.members.kind_of(node)


def _definitions_first(places: tuple[Location, ...]) -> Sequence[Location]:
    """Return what one name means in the order in which it is taken: rather what it defines."""
    return sorted(places, key=_is_variable) if len(places) > 1 else places


def _is_variable(place: Location) -> bool:
    return place.kind in {"variable", "field"}


def _inside(node: Node) -> Iterator[Node]:
    """Yield the functions and classes in a scope; for a module only what its statements are: they have their own."""
    if node.scope.kind == MODULE:
        return
    for number in node.scope.children:
        child = node.child(number)
        if child.scope.kind in {FUNCTION, CLASS} and child.scope.name != "<lambda>":
            yield child


def _is_within(place: Location, target: Location) -> bool:
    if place.path != target.path:
        return False
    return place.qualname == target.qualname or (
        place.qualname.startswith(target.qualname + ".") and bool(target.qualname)
    )
