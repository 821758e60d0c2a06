"""What contexts consist of, and the code that is printed of it."""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from loopflow.analysis.names import path_bytes
from loopflow.function.discover import Finder
from loopflow.function.extract import Extracted, File, Keep, extract
from loopflow.function.facts.model import ABSTRACT, CLASS, FUNCTION, Unit
from loopflow.function.model import CodeString, CodeStringsMarkdown
from loopflow.function.resolve.evaluate import Engine
from loopflow.function.resolve.names import BUILTINS
from loopflow.function.resolve.project import Location, Node

_FIELDED: Final = ("dataclass", "NamedTuple", "TypedDict", "Enum", "BaseModel", "define", "attrs", "s")
_NEVER: Final = frozenset({"__slots__", "__doc__", "__module__", "__all__"})
WHOLE, SIGNATURE, HEAD, DOCUMENTED = "whole", "signature", "head", "documented"
LINE: Final = "line"
"""A statement by the line at which it begins, `@12`."""
TEXT: Final = "text"
"""What is in no file of the tree: see `Builder.texts`."""


class Piece(NamedTuple):
    """Something of a file that is shown: how, and as part of what."""

    path: str
    qualname: str
    mode: str
    part: str
    """target, helpers, classes, variables; of what is read only: implicit, second, annotations, bases, shown."""


@dataclass(slots=True)
class Pieces:
    """What contexts consist of."""

    target: Location
    read_writable: list[Piece] = field(default_factory=list)
    read_only: list[Piece] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Rendered:
    """Code of some files, in the order in which it is printed."""

    blocks: tuple[tuple[str, Extracted], ...]
    keeps: Mapping[str, Keep]

    @property
    def markdown(self) -> CodeStringsMarkdown:
        """The code as blocks."""
        return CodeStringsMarkdown(tuple(CodeString(made.code, path) for path, made in self.blocks))

    @property
    def shown(self) -> Iterator[tuple[str, str]]:
        """What something is printed of, by file and qualified name."""
        return ((path, name) for path, keep in self.keeps.items() for name in keep.shown())


class Body(NamedTuple):
    """What a class has in its body, by qualified name, in the order of the source."""

    fields: tuple[str, ...]
    """What it assigns."""
    described: tuple[str, ...]
    """What it assigns, and its special methods."""
    abstract: tuple[str, ...]


class Builder:
    """Builds contexts of functions of a project."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.finder = Finder(engine)
        self.texts: dict[tuple[str, str], str] = {}
        """What is printed behind the code of a file, or of one that is not in the tree, by path and name."""
        self._units: dict[str, dict[str, list[Unit]]] = {}
        self._lines: dict[str, list[str]] = {}
        self._files: dict[str, File] = {}
        self._extracted: dict[tuple[str, Hashable], Extracted] = {}
        self._variables: dict[tuple[str, str], tuple[str, ...]] = {}
        self._bodies: dict[tuple[str, str], Body] = {}

    def lines(self, path: str) -> list[str]:
        """Return the lines of a file."""
        if path not in self._lines:
            self._lines[path] = self.engine.project.tree.lines(path)
        return self._lines[path]

    def units(self, path: str) -> dict[str, list[Unit]]:
        """Return the statements of a file by the qualified names that they bind."""
        if path not in self._units:
            module = self.engine.project.module(path)
            self._units[path] = _index(module.facts.units) if module else {}
        return self._units[path]

    def variables(self, path: str, qualname: str) -> tuple[str, ...]:
        """Return the variables of the same file that the statements of a qualified name read."""
        key = path, qualname
        if key not in self._variables:
            units = self.units(path)
            used = (name for unit in units.get(qualname, ()) for name in unit.uses if name not in unit.names)
            self._variables[key] = tuple(name for name in used if any(each.kind == "v" for each in units.get(name, ())))
        return self._variables[key]

    def body(self, path: str, qualname: str) -> "Body":
        """Return what the body of a class has."""
        key = path, qualname
        if key not in self._bodies:
            nodes = [node for node in self.finder.nodes(path, qualname) if node.scope.kind == CLASS]
            self._bodies[key] = _look_into(nodes)
        return self._bodies[key]

    def source(self, path: str, qualname: str) -> str:
        """Return all definitions of a qualified name, as they stand."""
        if (path, qualname) in self.texts:
            return self.texts[path, qualname]
        found = self.units(path).get(qualname, ())
        return "".join("".join(self.lines(path)[unit.start - 1 : unit.end]) for unit in found)

    def render(
        self,
        pieces: Iterable[Piece],
        first: str,
        *,
        docstrings: bool = True,
        texts: Mapping[tuple[str, str], str] | None = None,
    ) -> Rendered:
        """Return the code of pieces, a block a file: the file `first`, then the others by path."""
        keeps: dict[str, Keep] = {}
        behind: dict[str, str] = {}
        for piece in pieces:
            if piece.mode == TEXT:
                behind[piece.path] = behind.get(piece.path, "") + self.texts[piece.path, piece.qualname]
                continue
            keep = keeps.get(piece.path)
            if keep is None:
                keep = keeps[piece.path] = Keep(docstrings=docstrings)
            self._keep(keep, piece, texts.get((piece.path, piece.qualname)) if texts else None)
        order = sorted({*keeps, *behind}, key=lambda each: (each != first, path_bytes(each)))
        blocks = ((path, self._with_text(path, keeps.get(path), behind.get(path))) for path in order)
        return Rendered(tuple((path, made) for path, made in blocks if made.pieces), keeps)

    def _with_text(self, path: str, keep: Keep | None, text: str | None) -> Extracted:
        """Return what is kept of a file, and a text behind it."""
        made = self.extract(path, keep) if keep is not None else Extracted((), frozenset())
        if text is None or not text.strip():
            return made
        last = text.rstrip("\n") + "\n"
        if not made.pieces:
            return Extracted((last,), frozenset())
        return Extracted((*made.pieces[:-1], f"{made.pieces[-1]}\n", last), made.uses)

    def free_names(self, rendered: Iterable[Rendered]) -> Iterator[tuple[str, str]]:
        """Yield the file and name of what code uses, and neither binds nor imports: it is defined in the same file."""
        shown: set[tuple[str, str]] = set()
        used: dict[str, set[str]] = {}
        for each in rendered:
            shown.update(each.shown)
            for path, made in each.blocks:
                used.setdefault(path, set()).update(made.uses)
        roots = {(path, name.partition(".")[0]) for path, name in shown}
        for path, found in used.items():
            units = self.units(path)
            for name in sorted(found):
                kinds = {unit.kind for unit in units.get(name, ())}
                if kinds and kinds != {"i"} and (path, name) not in roots:
                    yield path, name

    def extract(self, path: str, keep: Keep) -> Extracted:
        """Return code of a file; functions of a tree share most of what helps to understand them."""
        key = path, keep.key()
        if key not in self._extracted:
            self._extracted[key] = self._extract_new(path, keep)
        return self._extracted[key]

    def _extract_new(self, path: str, keep: Keep) -> Extracted:
        module = self.engine.project.module(path)
        assert module is not None  # noqa: S101  something of it was found
        if path not in self._files:
            self._files[path] = File(self.lines(path), module.facts.units)
        return extract(self._files[path], keep, _Starred(module.nodes[0].scope.bindings))

    def _keep(self, keep: Keep, piece: Piece, text: str | None) -> None:
        if text is not None:
            keep.texts[piece.qualname] = text
        elif piece.mode == WHOLE:
            keep.whole.add(piece.qualname)
        elif piece.mode == LINE:
            keep.lines.add(int(piece.qualname[1:]))
        elif piece.mode == SIGNATURE:
            keep.signatures.add(piece.qualname)
        else:
            keep.heads.add(piece.qualname)
            if piece.mode == DOCUMENTED:
                keep.documented.add(piece.qualname)


class _Starred:
    """The names that a module may have from `import *`: all that it does not bind otherwise."""

    def __init__(self, bindings: Mapping[str, object]) -> None:
        self._bindings = bindings

    def __contains__(self, name: object) -> bool:
        return "*" in self._bindings and name not in self._bindings and name not in BUILTINS


def _index(units: Iterable[Unit], prefix: str = "") -> dict[str, list[Unit]]:
    found: dict[str, list[Unit]] = {}
    for unit in units:
        if unit.kind == "b":
            for arm in unit.children:
                for name, inner in _index(arm.children, prefix).items():
                    found.setdefault(name, []).extend(inner)
            continue
        for name in unit.names:
            found.setdefault(prefix + name, []).append(unit)
        if unit.kind == "c":
            for name, inner in _index(unit.children, f"{prefix}{unit.names[0]}.").items():
                found.setdefault(name, []).extend(inner)
    return found


def _look_into(nodes: Iterable[Node]) -> Body:
    """Return what is in the definitions of a class."""
    fields: list[str] = []
    described: list[str] = []
    abstract: list[str] = []
    for node in nodes:
        for name, bindings in node.scope.bindings.items():
            kind, qualname = bindings[0].kind, f"{node.scope.qualname}.{name}"
            if kind in "=a" and name not in _NEVER and "." not in name:
                fields.append(qualname)
                described.append(qualname)
            elif kind == "d" and name.startswith("__") and name.endswith("__"):
                described.append(qualname)
        children = [node.child(number).scope for number in node.scope.children]
        abstract += [scope.qualname for scope in children if scope.kind == FUNCTION and scope.flags & ABSTRACT]
    return Body(tuple(fields), tuple(described), tuple(abstract))
