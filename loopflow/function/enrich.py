"""What tests need besides: imported classes in full, constructors that are generated, and those of other packages."""

import ast
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from loopflow.function.constructors import write_constructor
from loopflow.function.contexts import HEAD, SIGNATURE, TEXT, WHOLE, Builder, Piece, Pieces
from loopflow.function.environment import Environment
from loopflow.function.facts.model import CLASS, FUNCTION
from loopflow.function.facts.read import UnparsedError, parse
from loopflow.function.graph import origins
from loopflow.function.resolve import values
from loopflow.function.resolve.evaluate import Engine
from loopflow.function.resolve.project import Location, Node, Project
from loopflow.function.sayings import Sayings, Statement

if TYPE_CHECKING:
    from loopflow.function.working import Workshop

PART: Final = "enrichment"
_LEVELS: Final = 2
_MOST_HOPS: Final = 5
_SHOWN: Final = ("__init__", "__new__", "__post_init__")


class _Class(NamedTuple):
    """A class of another package."""

    package: "_Package"
    node: Node


class _Package:
    """A package of the environment, with what resolves in it."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.engine = Engine(project)
        self.builder = Builder(self.engine)


class Enricher:
    """Finds what is added to a context for tests."""

    def __init__(self, workshop: "Workshop", environment: Environment | None) -> None:
        self._workshop = workshop
        self._environment = environment
        self._packages: dict[str, _Package | None] = {}
        self.unknown: set[str] = set()
        """Names from outside of the tree that are not in the environment."""

    def enrich(self, pieces: Pieces) -> Pieces:
        """Return the pieces of a context with what is added to it."""
        classes = self._imported_classes(pieces)
        added = [piece for node in classes for piece in self._in_full(node, pieces)]
        shown = [*classes, *self._shown_classes(pieces)]
        added += self._constructors(dict.fromkeys(shown))
        added += self._external(pieces.target, list(dict.fromkeys(shown)))
        return Pieces(pieces.target, pieces.read_writable, [*pieces.read_only, *dict.fromkeys(added)])

    def _imported_classes(self, pieces: Pieces) -> list[Node]:
        """Return the classes of the tree that the code imports, bases before what inherits from them."""
        workshop = self._workshop
        first = pieces.target.path
        all_pieces = [*pieces.read_writable, *pieces.read_only]
        engine, found = workshop.builder.engine, dict[Node, None]()
        for path, made in workshop.builder.render(all_pieces, first).blocks:
            units = workshop.builder.units(path)
            for name in sorted(made.uses):
                if any(unit.kind == "i" for unit in units.get(name, ())):
                    for value in engine.names.exported(path, name).types:
                        if value.kind == values.CLASS and value.node:
                            order = [each.node for each in reversed(engine.members.order(value.node)) if each.node]
                            found.update(dict.fromkeys(order))
        return list(found)

    def _in_full(self, node: Node, pieces: Pieces) -> Iterator[Piece]:
        """Yield the members of a class that are not shown."""
        path, name = node.module.path, node.scope.qualname
        shown = {
            (each.path, each.qualname) for each in (*pieces.read_writable, *pieces.read_only) if each.mode == WHOLE
        }
        units = self._workshop.builder.units(path)
        members = [each for unit in units.get(name, ()) for child in unit.children for each in _bound(child)]
        if not members:
            yield Piece(path, name, HEAD, PART)
        for member in dict.fromkeys(members):
            if (path, f"{name}.{member}") not in shown:
                yield Piece(path, f"{name}.{member}", WHOLE, PART)

    def _shown_classes(self, pieces: Pieces) -> Iterator[Node]:
        """Yield the classes of which something is shown."""
        for piece in (*pieces.read_writable, *pieces.read_only):
            module = self._workshop.project.module(piece.path)
            for name in (piece.qualname, piece.qualname.rpartition(".")[0]):
                yield from (node for node in (module.named if module else {}).get(name, ()) if node.scope.kind == CLASS)

    def _constructors(self, nodes: Iterable[Node]) -> Iterator[Piece]:
        """Yield the constructors that are made of fields."""
        engine = self._workshop.builder.engine
        for node in nodes:
            order = engine.members.order(node)
            classes = [found for each in order if each.node and (found := self._definition(each.node))]
            others = [each.name for each in order if not each.node]
            for name in others:
                if known := self._find(name):
                    classes += [found for found in [_definition_in(known)] if found]
            text = write_constructor(node.scope.qualname, classes, others)
            if text:
                yield self._text(node.module.path, f"#{node.scope.qualname}", text)

    def _definition(self, node: Node) -> ast.ClassDef | None:
        sayings = self._workshop.graph.sayings(node.module.path)
        return _class_in(sayings, node.scope.qualname) if sayings else None

    def _text(self, path: str, name: str, text: str) -> Piece:
        self._workshop.builder.texts[path, name] = text
        return Piece(path, name, TEXT, PART)

    def _external(self, target: Location, shown: Sequence[Node]) -> list[Piece]:
        """Return stubs of classes of other packages that are bases, or named in annotations and calls."""
        engine = self._workshop.builder.engine
        wanted = [each.name for node in shown for each in engine.members.order(node)[1:] if not each.node and each.name]
        wanted += self._named_by(target)
        pieces: dict[Piece, None] = {}
        seen: set[str] = set()
        for _ in range(_LEVELS + 1):
            waiting = [each for each in dict.fromkeys(wanted) if each not in seen]
            seen.update(waiting)
            wanted = []
            for name in waiting:
                known = self._find(name)
                if known:
                    pieces[self._stub(known)] = None
                    wanted += _annotated_in(known)
        return list(pieces)

    def _named_by(self, target: Location) -> list[str]:
        """Return the names from outside that annotations and calls of a function and its class have."""
        sayings = self._workshop.graph.sayings(target.path)
        if sayings is None:
            return []
        owner = target.qualname.rpartition(".")[0]
        wanted = {target.qualname, *(f"{owner}.{name}" for name in _SHOWN if owner)}
        statements = [each for name in wanted for each in sayings.named.get(name, ())]
        return [full for each in statements for full in _full_names(sayings, _dotted_in(each.node))]

    def _find(self, name: str, hops: int = 0) -> _Class | None:
        """Return a class of another package by its dotted name."""
        top, _, _ = name.partition(".")
        package = self._package(top) if top and hops < _MOST_HOPS else None
        if package is None:
            return None
        parts = name.split(".")
        for at in range(len(parts) - 1, 0, -1):
            paths = package.project.find_absolute(".".join(parts[:at]), "")
            for path in paths:
                for value in package.engine.names.exported(path, parts[at]).types:
                    if value.kind == values.CLASS and value.node:
                        return _Class(package, value.node)
                    if value.kind == values.EXTERNAL and value.name != name:
                        return self._find(value.name, hops + 1)
        return None

    def _package(self, top: str) -> _Package | None:
        if top not in self._packages:
            is_standard = self._workshop.project.is_standard(top)
            tree = self._environment.package(top) if self._environment and not is_standard else None
            self._packages[top] = _Package(Project(tree)) if tree else None
            if tree is None and not is_standard and not self._workshop.project.find_absolute(top, ""):
                self.unknown.add(top)
        return self._packages[top]

    def _stub(self, known: _Class) -> Piece:
        """Return a class as a piece: its head, its constructors and properties without their bodies."""
        node, builder = known.node, known.package.builder
        path, name = node.module.path, node.scope.qualname
        pieces = [Piece(path, name, HEAD, PART)]
        definition = _definition_in(known)
        generated = write_constructor(name, [definition], ()) if definition else None
        for number in node.scope.children:
            child = node.child(number)
            is_property = child.scope.kind == FUNCTION and known.package.engine.members.kind_of(child) == "property"
            if child.scope.name in _SHOWN or is_property:
                pieces.append(Piece(path, child.scope.qualname, SIGNATURE, PART))
        code = "".join(each.code for each in builder.render(pieces, path).markdown.code_strings)
        return self._text(f"site-packages/{path}", name, f"{code}{generated or ''}\n")


def _bound(unit: object) -> Iterator[str]:
    names: Sequence[str] = getattr(unit, "names", ())
    yield from names


def _class_in(sayings: Sayings, qualname: str) -> ast.ClassDef | None:
    found = sayings.named.get(qualname, ())
    return next((each.node for each in found if isinstance(each.node, ast.ClassDef)), None)


def _definition_in(known: _Class) -> ast.ClassDef | None:
    try:
        sayings = Sayings(known.package.project.tree.text(known.node.module.path))
    except UnparsedError:
        return None
    return _class_in(sayings, known.node.scope.qualname)


def _annotated_in(known: _Class) -> list[str]:
    """Return the names that annotations of constructors of a class have."""
    try:
        sayings = Sayings(known.package.project.tree.text(known.node.module.path))
    except UnparsedError:
        return []
    name = known.node.scope.qualname
    definition = _class_in(sayings, name)
    bases = [_dotted(each) for each in (definition.bases if definition else ())]
    constructors: list[Statement] = [each for last in _SHOWN for each in sayings.named.get(f"{name}.{last}", ())]
    package = (
        known.node.module.path.removesuffix(".py").removesuffix(".pyi").replace("/", ".").removesuffix(".__init__")
    )
    dotted = [*filter(None, bases), *(each for one in constructors for each in _annotations_in(one.node))]
    local = [f"{package}.{each}" for each in dotted if each in sayings.named and not list(origins(sayings, each))]
    return [*_full_names(sayings, dotted, package), *local]


def _full_names(sayings: Sayings, dotted: Iterable[str], package: str = "") -> Iterator[str]:
    """Yield names by where they are imported from."""
    for name in dotted:
        first, _, rest = name.partition(".")
        for level, module, original in origins(sayings, first):
            if level and not package:
                continue
            base = package.rsplit(".", level)[0] if level else ""
            start = ".".join(each for each in (base, module if original else first, original) if each)
            yield f"{start}.{rest}" if rest else start


def _dotted_in(node: ast.AST) -> list[str]:
    """Return what annotations and calls name."""
    calls = [_dotted(each.func) for each in ast.walk(node) if isinstance(each, ast.Call)]
    return [each for each in (*_annotations_in(node), *calls) if each]


def _annotations_in(node: ast.AST) -> list[str]:
    found: list[str] = []
    for each in ast.walk(node):
        for name in ("annotation", "returns"):
            annotation = getattr(each, name, None)
            for part in ast.walk(annotation) if isinstance(annotation, ast.AST) else ():
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    found += _annotations_of(part.value)
                elif isinstance(part, ast.Name | ast.Attribute):
                    found.append(_dotted(part))
    return [each for each in dict.fromkeys(found) if each]


def _annotations_of(text: str) -> list[str]:
    try:
        tree = parse(text)
    except UnparsedError:
        return []
    return [_dotted(each) for each in ast.walk(tree) if isinstance(each, ast.Name | ast.Attribute)]


def _dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        inner = _dotted(node.value)
        return f"{inner}.{node.attr}" if inner else ""
    return node.id if isinstance(node, ast.Name) else ""
