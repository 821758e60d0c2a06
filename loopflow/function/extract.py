"""Verbatim source of some definitions of a file: statements are printed whole or not at all.

Classes keep their head and what is kept of their body, frames (`if`, `try`) all their branches. What is left empty gets
`...` or `pass`. Imports are narrowed to the names that are used.
"""

import re
from collections.abc import Container, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from loopflow.function.facts.model import Unit

_WORD: Final = re.compile(r"[^\W\d]\w*")
_LONGEST: Final = 100


@dataclass(slots=True)
class Keep:
    """What is kept of a file, by qualified name.

    `whole` is printed as it is, `signatures` with `...` for a body, `heads` are classes of which the head is shown at
    least, `documented` those that keep their docstrings. `texts` stand in place of statements.
    """

    whole: set[str] = field(default_factory=set)
    signatures: set[str] = field(default_factory=set)
    heads: set[str] = field(default_factory=set)
    documented: set[str] = field(default_factory=set)
    texts: dict[str, str] = field(default_factory=dict)
    lines: set[int] = field(default_factory=set)
    """First lines of statements that are kept, whatever they bind."""
    names: set[str] = field(default_factory=set)
    """Names whose imports are kept, although nothing that is kept uses them."""
    docstrings: bool = True
    """Whether docstrings of functions are kept."""

    def shown(self) -> set[str]:
        """Return all that something is printed of."""
        return {*self.whole, *self.signatures, *self.heads, *self.texts}

    def key(self) -> Hashable:
        """Return what is the same for what keeps the same."""
        kept = (self.whole, self.signatures, self.heads, self.documented, self.texts.items(), self.lines, self.names)
        return self.docstrings, *map(frozenset, kept)


@dataclass(frozen=True, slots=True)
class Extracted:
    """Code of a file, and the names that it uses."""

    pieces: tuple[str, ...]
    """Whole lines: statements, and heads of what others are in. What is shown again is the same string again."""
    uses: frozenset[str]

    @property
    def code(self) -> str:
        """All of it."""
        return "".join(self.pieces)


class File:
    """The lines and statements of a file, and where its names are bound."""

    def __init__(self, lines: Sequence[str], units: Sequence[Unit]) -> None:
        self.lines = lines
        self.units = units
        self.places: dict[str, list[int]] = {}
        """Name -> the numbers of the statements at the top that bind it."""
        self.always: list[int] = []
        """Statements that are looked at whatever is kept: `from __future__`, `import *`, and frames around them."""
        self._texts: dict[tuple[int, int], str] = {}
        self._spaced: dict[str, str] = {}
        self._words: dict[int, frozenset[str]] = {}
        self._members: dict[int, dict[str, list[int]]] = {}
        for number, unit in enumerate(units):
            for name in unit.names:
                self.places.setdefault(name, []).append(number)
            if "*" in unit.names or (unit.kind == "i" and unit.imports[0][0] == "__future__"):
                self.always.append(number)

    def members(self, unit: Unit, names: Iterable[str]) -> list[Unit]:
        """Return the statements of a class that bind some names, in their order."""
        places = self._members.get(id(unit))
        if places is None:
            places = self._members[id(unit)] = {}
            for number, child in enumerate(unit.children):
                for name in child.names:
                    places.setdefault(name, []).append(number)
        numbers = {number for name in names for number in places.get(name, ())}
        return [unit.children[number] for number in sorted(numbers)]

    def text(self, start: int, end: int) -> str:
        """Return some lines, the last one with an end."""
        found = self._texts.get((start, end))
        if found is None:
            found = "".join(self.lines[start - 1 : end])
            if found and not found.endswith(("\n", "\r")):
                found += "\n"
            self._texts[start, end] = found
        return found

    def spaced(self, text: str) -> str:
        """Return a text with an empty line after it."""
        found = self._spaced.get(text)
        if found is None:
            found = self._spaced[text] = f"{text}\n"
        return found

    def words(self, unit: Unit, start: int, end: int) -> frozenset[str]:
        """Return which of the names that a statement uses are in some of its lines."""
        found = self._words.get(id(unit))
        if found is None:
            words = {word for line in self.lines[start - 1 : end] for word in _WORD.findall(line)}
            found = self._words[id(unit)] = frozenset(words & set(unit.uses) if unit.kind != "a" else words)
        return found


def extract(file: File, keep: Keep, starred: Container[str] = ()) -> Extracted:
    """Return what `keep` says of a file. `starred` are names that come from its `import *`."""
    extraction = _Extraction(file, keep)
    numbers = {number for name in keep.shown() for number in file.places.get(name.partition(".")[0], ())}
    if "<module>" in keep.whole:
        numbers = set(range(len(file.units)))
    if keep.lines:
        ends = [(unit.start, unit.end) for unit in file.units]
        numbers |= {at for at, (start, end) in enumerate(ends) if any(start <= line <= end for line in keep.lines)}
    extraction.collect([file.units[number] for number in sorted(numbers)], "")
    extraction.uses |= keep.names
    numbers.update(file.always)
    used = {number for name in extraction.uses for number in file.places.get(name, ())}
    for number in used:
        extraction.use_frame(file.units[number])
    numbers.update(number for name in extraction.uses for number in file.places.get(name, ()))
    imports = _Imports(file, extraction.uses, any(name in starred for name in extraction.uses), keep.lines)
    body = extraction.render([file.units[number] for number in sorted(numbers)], "", imports)
    return Extracted(tuple(body), frozenset(extraction.uses))


class _Extraction:
    def __init__(self, file: File, keep: Keep) -> None:
        self._file = file
        self._lines = file.lines
        self._keep = keep
        self._kept = {*keep.whole, *keep.signatures, *keep.texts}
        self._above: dict[str, set[str]] = {}
        """Of a class: the names in it that something is kept of."""
        for name in {*self._kept, *keep.heads}:
            for parent, child in _parents(name):
                self._above.setdefault(parent, set()).add(child)
        self.uses: set[str] = set()

    def collect(self, units: Iterable[Unit], prefix: str) -> bool:
        """Collect which names what is kept uses, and return whether anything is kept."""
        kept = [self._collect_one(unit, prefix) for unit in units]
        return any(kept)

    def _collect_one(self, unit: Unit, prefix: str) -> bool:
        kind = unit.kind
        if kind in {"i", "d"} or (kind == "m" and unit.head not in self._keep.lines):
            return False
        if kind == "a":
            return self.collect(unit.children, prefix)
        if kind == "b":
            kept = self.collect(unit.children, prefix)
            if kept:
                for arm in unit.children:
                    self.uses |= self._file.words(arm, arm.start, arm.body - 1) & set(unit.uses)
            return kept
        if kind == "c" and unit.children and prefix + unit.names[0] not in self._keep.whole:
            return self._collect_class(unit, prefix)
        if self._is_kept(unit, prefix):
            text = self._replacement(unit, prefix)
            is_short = self._is_short(unit, prefix)
            if text is None and not is_short:
                self.uses.update(unit.uses)
            elif text is not None:
                self.uses |= set(_WORD.findall(text)) & set(unit.uses)
            else:
                self.uses |= self._file.words(unit, unit.start, unit.signature - 1)
            return True
        return False

    def use_frame(self, unit: Unit) -> None:
        """Collect which names the heads of a frame use that is shown for an import in it."""
        if unit.kind != "b" or not any(name in self.uses for name in _imported_in(unit)):
            return
        for arm in unit.children:
            self.uses |= self._file.words(arm, arm.start, arm.body - 1) & set(unit.uses)
            for child in arm.children:
                self.use_frame(child)

    def _is_short(self, unit: Unit, prefix: str) -> bool:
        """Whether a function is shown without its body."""
        if unit.kind != "f" or not unit.signature:
            return False
        name = prefix + unit.names[0]
        return name in self._keep.signatures and name not in self._keep.whole

    def _collect_class(self, unit: Unit, prefix: str) -> bool:
        name = prefix + unit.names[0]
        inside = self._above.get(name)
        kept = bool(inside) and self.collect(self._file.members(unit, inside or ()), name + ".")
        if kept or name in self._keep.heads:
            self.uses |= self._file.words(unit, unit.start, unit.body - 1)
            return True
        return False

    def _is_kept(self, unit: Unit, prefix: str) -> bool:
        for name in unit.names:
            qualname = prefix + name
            if qualname in self._kept:
                return True
            if unit.kind in "vec" and (qualname in self._keep.heads or qualname in self._above):
                return True  # a class on one line has what was asked for somewhere in it
        if unit.head in self._keep.lines and unit.kind in "vem":
            return True
        return unit.kind in "ve" and not prefix and "<module>" in self._keep.whole

    def _replacement(self, unit: Unit, prefix: str) -> str | None:
        return next((self._keep.texts[prefix + name] for name in unit.names if prefix + name in self._keep.texts), None)

    def render(self, units: Iterable[Unit], prefix: str, imports: "_Imports") -> list[str]:
        """Return what is kept, in pieces."""
        found: list[str] = []
        for unit in units:
            made = self._render_one(unit, prefix, imports)
            if made and found and unit.start > 1 and not self._lines[unit.start - 2].strip():
                found[-1] = self._file.spaced(found[-1])  # where there were blank lines, there is one
            found += made
        return found

    def _render_one(self, unit: Unit, prefix: str, imports: "_Imports") -> list[str]:  # noqa: PLR0911  a case a line
        if unit.kind == "i":
            return imports.narrow(unit)
        if unit.kind == "d":
            return []
        if unit.kind == "b":
            return self._render_frame(unit, prefix, imports)
        if unit.kind == "c" and unit.children and prefix + unit.names[0] not in self._keep.whole:
            return self._render_class(unit, prefix, imports)
        if (unit.kind == "m" and unit.head not in self._keep.lines) or not self._is_kept(unit, prefix):
            return []
        text = self._replacement(unit, prefix)
        if text is not None:
            return [text]
        if unit.kind == "f":
            return self._render_function(unit, prefix)
        return self._slice(unit.start, unit.end)

    def _render_function(self, unit: Unit, prefix: str) -> list[str]:
        if self._is_short(unit, prefix):
            return [*self._slice(unit.start, unit.signature - 1), f"{self._indent(unit.signature)}...\n"]
        if not self._keep.docstrings and unit.children:
            docstring = unit.children[0]
            head = self._slice(unit.start, docstring.start - 1)
            if docstring.end >= unit.end:
                return [*head, f"{self._indent(docstring.start)}...\n"]
            return [*head, *self._slice(docstring.end + 1, unit.end)]
        return self._slice(unit.start, unit.end)

    def _render_class(self, unit: Unit, prefix: str, imports: "_Imports") -> list[str]:
        name = prefix + unit.names[0]
        if name not in self._above and name not in self._keep.heads:
            return []
        inside: list[str] = []
        if name in self._keep.documented and unit.children[0].kind == "d":
            inside += self._slice(unit.children[0].start, unit.children[0].end)
        if name in self._above:
            inside += self.render(self._file.members(unit, self._above[name]), name + ".", imports)
        if not inside and name not in self._keep.heads:
            return []
        head = self._slice(unit.start, unit.body - 1)
        return [*head, *(inside or [f"{self._indent(unit.children[0].head)}...\n"])]

    def _render_frame(self, unit: Unit, prefix: str, imports: "_Imports") -> list[str]:
        arms = [self.render(arm.children, prefix, imports) for arm in unit.children]
        if not any(arms):
            return []
        found: list[str] = []
        for number, (arm, inside) in enumerate(zip(unit.children, arms, strict=True)):
            start = unit.start if not number else arm.start
            head = self._slice(start, arm.body - 1)
            found += [*head, *(inside or [f"{self._indent(arm.children[0].head)}pass\n"])]
        return found

    def _slice(self, start: int, end: int) -> list[str]:
        return [self._file.text(start, end)] if start <= end else []

    def _indent(self, line: int) -> str:
        text = self._lines[line - 1]
        return text[: len(text) - len(text.lstrip())]


class _Imports:
    """Narrows imports to what is used."""

    def __init__(
        self,
        file: File,
        uses: Container[str],
        has_starred: bool,  # noqa: FBT001
        kept: Container[int] = (),
    ) -> None:
        self._file = file
        self._uses = uses
        self._has_starred = has_starred
        self._kept = kept

    def narrow(self, unit: Unit) -> list[str]:
        module, level, names = unit.imports[0]
        kept = [each for each in names if unit.head in self._kept or self._is_used(module, each)]
        if len(kept) == len(names):
            return [self._file.text(unit.head, unit.end)]
        if not kept:
            return []
        text = self._file.lines[unit.head - 1]
        indent = text[: len(text) - len(text.lstrip())]
        remark = text.rstrip().partition("  #")[2] if unit.head == unit.end else ""
        return [_write_import(indent, module, level, kept) + (f"  #{remark}" if remark else "") + "\n"]

    def _is_used(self, module: str | None, name: Sequence[Any]) -> bool:
        if module == "__future__":
            return True
        if name[0] == "*":
            return self._has_starred
        bound = name[1] or (name[0].partition(".")[0] if module is None else name[0])
        return bound in self._uses


def _imported_in(unit: Unit) -> Iterator[str]:
    """Yield the names that are imported in a frame."""
    for child in unit.children:
        if child.kind == "i":
            yield from child.names
        elif child.kind in {"a", "b"}:
            yield from _imported_in(child)


def _parents(name: str) -> Iterator[tuple[str, str]]:
    """Yield each class that a qualified name is in, and what it is in there."""
    while "." in name:
        name, _, last = name.rpartition(".")
        yield name, last


def _write_import(indent: str, module: str | None, level: int, names: Sequence[Sequence[Any]]) -> str:
    listed = [f"{name} as {alias}" if alias else name for name, alias in names]
    if module is None:
        return f"{indent}import {', '.join(listed)}"
    line = f"{indent}from {'.' * level}{module} import {', '.join(listed)}"
    if len(line) <= _LONGEST:
        return line
    inner = "".join(f"\n{indent}    {each}," for each in listed)
    return f"{indent}from {'.' * level}{module} import ({inner}\n{indent})"
