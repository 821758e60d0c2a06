"""Which pieces the contexts of a function have."""

from collections.abc import Iterable, Sequence

from loopflow.function.contexts import DOCUMENTED, HEAD, SIGNATURE, WHOLE, Builder, Piece, Pieces
from loopflow.function.discover import CALLABLES, CONSTRUCTORS, Discovery, Use
from loopflow.function.resolve.project import Location


def choose(builder: Builder, found: Discovery, instead: Sequence[Piece] = ()) -> Pieces:
    """Return the pieces of the contexts of a function; of a module, some of its statements `instead`."""
    chosen = _Chosen(builder, found)
    chosen.choose(instead)
    return Pieces(found.target, list(chosen.writable), list(chosen.readable))


class _Chosen:
    """Pieces while they are chosen, each once: what is writable is never shown a second time."""

    def __init__(self, builder: Builder, found: Discovery) -> None:
        self._builder = builder
        self._found = found
        self.writable: dict[Piece, None] = {}
        self.readable: dict[Piece, None] = {}
        self._written: set[tuple[str, str]] = set()
        self._headed: set[tuple[str, str]] = set()
        self._read: set[tuple[str, str]] = set()
        self._shown: set[tuple[str, str]] = set()

    def choose(self, instead: Sequence[Piece]) -> None:
        """Choose all."""
        target = self._found.target
        for piece in instead or (Piece(target.path, target.qualname or "<module>", WHOLE, "target"),):
            self._write(piece.path, piece.qualname, "target", piece.mode)
        level = self._found.of_level(1)
        for use in level:
            if use.place.kind in CALLABLES and use.rules != {"implicit"}:
                self._write(*use.key, "classes" if use.rules == {"constructor"} else "helpers")
        for use in level:
            if use.place.kind == "class" and use.rules - {"annotation"}:
                self._write_class(use.place)
            elif use.place.kind in {"variable", "field"}:
                self._write_variable(use.place)
        owners = self._owners([target, *(use.place for use in level if use.rules - {"implicit", "constructor"})])
        for owner in owners:
            self._write_constructor(owner)
        classes = [use.place for use in level if use.place.kind == "class" and use.rules - {"annotation"}]
        self._read_implicit(level)
        self._read_second()
        self._read_annotations()
        self._read_shown([*owners, *classes])
        self._read_variables()

    def _write(self, path: str, qualname: str, part: str, mode: str = WHOLE) -> None:
        if mode == WHOLE:
            if (path, qualname) in self._written or not self._is_there(path, qualname):
                return
            self._written.add((path, qualname))
            self._headed.add((path, qualname.rpartition(".")[0]))
        else:
            self._headed.add((path, qualname))
        self.writable[Piece(path, qualname, mode, part)] = None

    def _show(self, path: str, qualname: str, part: str, mode: str = WHOLE) -> None:
        key = path, qualname
        if key in self._written:
            return
        if mode in {WHOLE, SIGNATURE}:
            if key in self._read or not self._is_there(path, qualname):
                return
            self._read.add(key)
        elif self._is_headed(path, qualname) and not self._has_docstring(path, qualname, mode):
            return
        self._shown.add(key)
        self.readable[Piece(path, qualname, mode, part)] = None

    def _is_there(self, path: str, qualname: str) -> bool:
        return qualname in self._builder.units(path) or qualname == "<module>"

    def _is_headed(self, path: str, qualname: str) -> bool:
        """Whether the head of a class is among what is writable."""
        return (path, qualname) in self._headed

    def _has_docstring(self, path: str, qualname: str, mode: str) -> bool:
        units = self._builder.units(path).get(qualname, ())
        return mode == DOCUMENTED and any(child.kind == "d" for unit in units for child in unit.children)

    def _owners(self, places: Iterable[Location]) -> list[Location]:
        """Return the classes whose methods are shown."""
        found: dict[Location, None] = {}
        for place in places:
            owner = place.qualname.rpartition(".")[0]
            if place.kind in {"method", "property"} and owner:
                found[Location(place.path, owner, 0, "class")] = None
        return list(found)

    def _write_class(self, place: Location) -> None:
        self._write(place.path, place.qualname, "classes", HEAD)
        self._write_constructor(place)
        has_constructor = any(
            f"{place.qualname}.{name}" in self._builder.units(place.path) for name in CONSTRUCTORS[:2]
        )
        if not has_constructor:
            for name in self._builder.body(place.path, place.qualname).fields:
                self._write(place.path, name, "classes")

    def _write_constructor(self, place: Location) -> None:
        for name in CONSTRUCTORS:
            self._write(place.path, f"{place.qualname}.{name}", "classes")

    def _write_variable(self, place: Location) -> None:
        if self._is_there(place.path, place.qualname):
            self._write(place.path, place.qualname, "variables")
        elif place.kind == "field":
            owner = place.qualname.rpartition(".")[0]
            self._show(place.path, owner, "annotations", HEAD)
            self._show(place.path, f"{owner}.__init__", "annotations", SIGNATURE)

    def _read_implicit(self, level: Iterable[Use]) -> None:
        for use in level:
            if use.rules == {"implicit"}:
                self._show(*use.key, "implicit")

    def _read_second(self) -> None:
        for use in self._found.of_level(2):
            place = use.place
            if place.kind in CALLABLES:
                self._show(*use.key, "implicit" if use.rules == {"implicit"} else "second")
            elif place.kind == "class" and use.rules - {"annotation", "base"}:
                self._show(*use.key, "second", HEAD)
                for name in CONSTRUCTORS:
                    self._show(place.path, f"{place.qualname}.{name}", "second")
            elif place.kind == "variable" or (place.kind == "field" and self._is_shown(place)):
                self._show(*use.key, "second")

    def _is_shown(self, place: Location) -> bool:
        """Whether the class of a field is among the pieces."""
        owner = place.qualname.rpartition(".")[0]
        return (place.path, owner) in self._shown or self._is_headed(place.path, owner)

    def _read_variables(self) -> None:
        """Show the variables of the same file that what is shown reads, and what those read."""
        waiting = [*self.writable, *self.readable]
        while waiting:
            piece = waiting.pop()
            for name in self._builder.variables(piece.path, piece.qualname) if piece.mode == WHOLE else ():
                if (piece.path, name) not in self._read and (piece.path, name) not in self._written:
                    self._show(piece.path, name, "second")
                    waiting.append(Piece(piece.path, name, WHOLE, "second"))

    def _read_annotations(self) -> None:
        for use in self._found.uses.values():
            if use.place.kind == "class" and use.rules == {"annotation"}:
                place = use.place
                self._show(*use.key, "annotations", HEAD)
                for name in self._builder.body(place.path, place.qualname).fields:
                    self._show(place.path, name, "annotations")
                self._show(place.path, f"{place.qualname}.__init__", "annotations", SIGNATURE)

    def _read_shown(self, places: Iterable[Location]) -> None:
        """Show what else is to know of classes that are shown: docstrings, attributes, special methods, bases."""
        for place in dict.fromkeys(places):
            self._show(place.path, place.qualname, "shown", DOCUMENTED)
            for name in self._builder.body(place.path, place.qualname).described:
                self._show(place.path, name, "shown")
            for base in self._builder.finder.order_of(place.path, place.qualname):
                self._read_base(base)

    def _read_base(self, place: Location) -> None:
        self._show(place.path, place.qualname, "bases", HEAD)
        body = self._builder.body(place.path, place.qualname)
        for name in (*body.fields, *body.abstract):
            self._show(place.path, name, "bases")
