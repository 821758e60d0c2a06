"""From a function to its contexts: everything in order."""

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from loopflow.function.contexts import Builder, Pieces
from loopflow.function.counting import Tally
from loopflow.function.discover import CALLABLES, Discovery, Use
from loopflow.function.facts.model import Unit
from loopflow.function.facts.read import UnparsedError, parse, split_lines
from loopflow.function.fingerprint import digest, normalise
from loopflow.function.fit import Fitted, Fitter
from loopflow.function.model import (
    CodeOptimizationContext,
    CodeString,
    CodeStringsMarkdown,
    FunctionSource,
    FunctionToOptimize,
    Location,
    Part,
    Reference,
    Refused,
    Tokens,
)
from loopflow.function.resolve.evaluate import Engine
from loopflow.function.resolve.found import Mention
from loopflow.function.resolve.project import Project
from loopflow.function.settings import FunctionConfig
from loopflow.function.trees import SourceTree
from loopflow.tokens.protocol import TokenCounter

_DEEP = 400
"""Columns: deeper than any head."""
_PARTS = ("target", "helpers", "classes", "variables")


@dataclass(frozen=True, slots=True)
class Found:
    """What was found for a function, and the pieces of its contexts."""

    target: FunctionToOptimize
    discovery: Discovery
    pieces: Pieces


class Workshop:
    """Makes contexts of the functions of a tree."""

    def __init__(self, tree: SourceTree, config: FunctionConfig, counter: TokenCounter) -> None:
        self.tree = tree
        self.config = config
        self.project = Project(tree, config.roots)
        self.builder = Builder(Engine(self.project))
        self.tally = Tally(counter)
        self._said_known: dict[tuple[str, str], str] = {}
        self.fitter = Fitter(self.builder, self.tally, config)

    def find(self, target: FunctionToOptimize) -> Found:
        """Return what a function needs."""
        found = self.builder.finder.discover(target.path, target.qualname)
        return Found(target, found, self.builder.choose(found))

    def make(
        self, target: FunctionToOptimize, limit: int | None = None, testgen_limit: int | None = None
    ) -> CodeOptimizationContext | Refused:
        """Return the contexts of a function, at most `limit` tokens of what is printed, or why there are none."""
        found = self.find(target)
        fitted = self.fitter.fit(found.pieces, target.path, limit)
        if not fitted.fits:
            return self.refuse(found, fitted, limit or 0)
        tests = self.fitter.fit(found.pieces, target.path, testgen_limit, count=self.tally.count_together)
        return self._context(found, fitted, tests if tests.fits else None)

    def measure(
        self, target: FunctionToOptimize, limit: int | None, *, hashes: bool = False
    ) -> CodeOptimizationContext | Refused:
        """Return what the contexts of a function cost, and nothing else that is known of it."""
        found = self.find(target)
        fitted = self.fitter.fit(found.pieces, target.path, limit)
        if not fitted.fits:
            return self.refuse(found, fitted, limit or 0)
        nothing = CodeStringsMarkdown()
        tokens = self._tokens(fitted, None)
        hashed = self.hash(found) if hashes else ""
        return CodeOptimizationContext(
            target, nothing, nothing, nothing, "", hashed, (), (), (), (), fitted.steps, (), tokens
        )

    def refuse(self, found: Found, fitted: Fitted, limit: int) -> Refused:
        """Return why a function has no contexts: it does not fit."""
        costs = [
            (piece, self.tally.count(self.builder.source(piece.path, piece.qualname)))
            for piece in fitted.pieces.read_writable
            if piece.mode == "whole"
        ]
        largest = sorted(
            ((f"{piece.path}:{piece.qualname}", tokens) for piece, tokens in costs), key=lambda each: -each[1]
        )
        what = f"it needs {fitted.tokens:,} tokens, more than {limit:,}"
        return Refused(found.target, "too_large", what, fitted.tokens, tuple(largest[:3]))

    def combine(self, all_found: Sequence[Found]) -> Pieces:
        """Return the pieces of several functions together, each once."""
        writable = dict.fromkeys(piece for found in all_found for piece in found.pieces.read_writable)
        shown = {(piece.path, piece.qualname) for piece in writable if piece.mode == "whole"}
        readable = dict.fromkeys(
            piece
            for found in all_found
            for piece in found.pieces.read_only
            if (piece.path, piece.qualname) not in shown
        )
        return Pieces(all_found[0].pieces.target, list(writable), list(readable))

    def hash(self, found: Found) -> str:
        """Return the hash of a function: it changes with what the function and its helpers say, and where they are."""
        uses = found.discovery.uses.values()
        places = [(found.target.path, found.target.qualname), *(use.key for use in uses)]
        lost = [(f"? {mention.text}", mention.reason) for mention in found.discovery.unresolved]
        return digest(
            found.target.name, [*((f"{path}:{name}", self._said(path, name)) for path, name in places), *lost]
        )

    def _said(self, path: str, qualname: str) -> str:
        key = path, qualname
        if key not in self._said_known:
            units = self.builder.units(path).get(qualname, ())
            lines = self.builder.lines(path)
            ends = [(unit.head, unit.body - 1 if unit.kind == "c" and unit.children else unit.end) for unit in units]
            said = ["".join(lines[head - 1 : end]) + _body(unit) for unit, (head, end) in zip(units, ends, strict=True)]
            self._said_known[key] = "\n".join(map(normalise, said))
        return self._said_known[key]

    def _context(self, found: Found, fitted: Fitted, tests: Fitted | None) -> CodeOptimizationContext:
        uses = list(found.discovery.uses.values())
        helpers = [self._source(use) for use in uses if use.place.kind in CALLABLES or use.place.kind == "class"]
        hashing = strip_docstrings(self.builder.render(found.pieces.read_writable, found.target.path).markdown)
        together_blocks = together(tests.writable.markdown, tests.readable.markdown) if tests else CodeStringsMarkdown()
        return CodeOptimizationContext(
            target=found.target,
            read_writable=fitted.writable.markdown,
            read_only=fitted.readable.markdown,
            testgen=together_blocks,
            hashing_code_context=hashing.markdown,
            hashing_code_context_hash=self.hash(found),
            helpers=tuple(each for each in helpers if each.level == 1),
            helpers_of_helpers=tuple(each for each in helpers if each.level != 1),
            unresolved=tuple(_reference(each) for each in found.discovery.unresolved),
            parts=self.parts(fitted),
            steps=fitted.steps,
            variables=tuple(self._source(use) for use in uses if use.place.kind in {"variable", "field"}),
            tokens=self._tokens(fitted, tests),
            beyond=tuple(
                f"{path}:{name}" for path, name in self.builder.free_names([fitted.writable, fitted.readable])
            ),
        )

    def _tokens(self, fitted: Fitted, tests: Fitted | None) -> Tokens:
        writable, readable = (self.tally.count_blocks(each) for each in (fitted.writable, fitted.readable))
        return Tokens(writable, readable, tests.tokens if tests else 0, fitted.needed, fitted.tokens)

    def parts(self, fitted: Fitted) -> tuple[Part, ...]:
        """Return what parts cost. What is left of what is writable are imports, heads of classes and fences."""
        found = []
        left = self.tally.count_blocks(fitted.writable)
        for name in _PARTS:
            pieces = [piece for piece in fitted.pieces.read_writable if piece.part == name]
            tokens = sum(
                self.tally.count(self.builder.source(piece.path, piece.qualname))
                for piece in pieces
                if piece.mode == "whole"
            )
            tokens = min(tokens, left)
            left -= tokens
            if pieces:
                found.append(Part(name, tokens, len({piece.path for piece in pieces}), len(pieces)))
        found.append(Part("imports", left, len(fitted.writable.blocks), 0))
        readable = fitted.readable
        found.append(
            Part("read_only", self.tally.count_blocks(readable), len(readable.blocks), len(fitted.pieces.read_only))
        )
        return tuple(found)

    def _source(self, use: Use) -> FunctionSource:
        place, mention = use.place, use.mention
        units = self.builder.units(place.path).get(place.qualname, ())
        start, end = (units[0].start, units[-1].end) if units else (place.line, place.line)
        by = f"{use.by.path}:{use.by.qualname}"
        source = self.builder.source(place.path, place.qualname)
        return FunctionSource(
            place.path,
            place.qualname,
            place.kind,
            source,
            start,
            end,
            mention.via,
            use.level,
            mention.line,
            mention.kind,
            by,
        )


def _body(unit: Unit) -> str:
    """Return what stands in place of the body of a class: members speak for themselves."""
    return f"{' ' * _DEEP}...\n" if unit.kind == "c" and unit.children else ""


def together(one: CodeStringsMarkdown, two: CodeStringsMarkdown) -> CodeStringsMarkdown:
    """Return the blocks of both, those of the first before those of the second."""
    return CodeStringsMarkdown((*one.code_strings, *two.code_strings))


def _reference(mention: Mention) -> Reference:
    places = tuple(Location(*place) for place in mention.places)
    return Reference(mention.text, mention.line, mention.column, places, mention.via or None, mention.reason or None)


def check_blocks(blocks: Iterable[CodeStringsMarkdown]) -> None:
    """Parse every block. Raises ValueError for one that does not parse: it would be a bug."""
    for block in _all(blocks):
        try:
            parse(block.code)
        except UnparsedError as error:
            raise ValueError(f"a block of {block.path} does not parse: {error.detail}") from error


def strip_docstrings(blocks: CodeStringsMarkdown) -> CodeStringsMarkdown:
    """Return blocks without the docstrings of functions and classes; what is left empty has `...`."""
    return CodeStringsMarkdown(tuple(CodeString(_strip(each.code), each.path) for each in blocks.code_strings))


def _strip(code: str) -> str:
    lines = split_lines(code)
    for node in sorted(_documented(parse(code)), key=lambda each: -each.body[0].lineno):
        first = node.body[0]
        text = lines[first.lineno - 1]
        if first.lineno == node.lineno or text[: first.col_offset].strip():
            continue  # on the line of its head
        rest = [f"{text[: first.col_offset]}...\n"] if len(node.body) == 1 else []
        lines[first.lineno - 1 : first.end_lineno] = rest
    return "".join(lines)


def _documented(tree: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return [
        node for node in ast.walk(tree) if isinstance(node, kinds) and ast.get_docstring(node, clean=False) is not None
    ]


def _all(blocks: Iterable[CodeStringsMarkdown]) -> Iterator[CodeString]:
    for each in blocks:
        yield from each.code_strings
