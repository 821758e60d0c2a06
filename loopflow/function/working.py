"""From a function to its contexts: everything in order."""

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from loopflow.analysis.patterns import compile_patterns
from loopflow.function.choosing import choose
from loopflow.function.closure import Closure, close
from loopflow.function.contexts import HEAD, LINE, WHOLE, Builder, Piece, Pieces
from loopflow.function.counting import Tally
from loopflow.function.discover import CALLABLES, Discovery, Use
from loopflow.function.enrich import Enricher
from loopflow.function.environment import Environment
from loopflow.function.facts.read import UnparsedError, parse, split_lines
from loopflow.function.fit import Fitted, Fitter
from loopflow.function.graph import Graph
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
from loopflow.function.resolve.declared import read_roots
from loopflow.function.resolve.evaluate import Engine
from loopflow.function.resolve.found import Mention
from loopflow.function.resolve.project import Project
from loopflow.function.sayings import CLASS, VARIABLE, Statement
from loopflow.function.settings import FunctionConfig
from loopflow.function.trees import SourceTree
from loopflow.tokens.protocol import TokenCounter

_MOST_FOUND = 1000
"""Functions of which it is remembered what they need."""
_PARTS = ("target", "helpers", "classes", "variables")


@dataclass(frozen=True, slots=True)
class Found:
    """What was found for a function, and the pieces of its contexts."""

    target: FunctionToOptimize
    discovery: Discovery
    pieces: Pieces


class Workshop:
    """Makes contexts of the functions of a tree."""

    def __init__(
        self,
        tree: SourceTree,
        config: FunctionConfig,
        counter: TokenCounter,
        environment: Environment | None = None,
    ) -> None:
        self.tree = tree
        self.environment = environment
        self.config = config
        self.counter = counter
        self.project = Project(tree, config.roots, read_roots(tree.settings()))
        self.builder = Builder(Engine(self.project))
        self.tally = Tally(counter)
        self._excluded = compile_patterns(config.exclude, "exclude") if config.exclude else None
        self._graph: Graph | None = None
        self._enricher: Enricher | None = None
        self._found: dict[FunctionToOptimize, Found] = {}
        self.statements: dict[FunctionToOptimize, Sequence[Statement]] = {}
        """Of modules that are targets: the statements that are meant."""
        self.fitter = Fitter(self.builder, self.tally, config)

    def find(self, target: FunctionToOptimize) -> Found:
        """Return what a function needs."""
        if target not in self._found:
            if len(self._found) >= _MOST_FOUND:
                self._found.clear()
            self._found[target] = self._find(target)
        return self._found[target]

    def _find(self, target: FunctionToOptimize) -> Found:
        statements = self.statements.get(target)
        if statements is None:
            found = self.builder.finder.discover(target.path, target.qualname, self.config.depth)
            return Found(target, found, self._keep_excluded(choose(self.builder, found)))
        lines = {line for each in statements for line in range(each.start, each.end + 1)}
        found = self.builder.finder.discover(target.path, "", self.config.depth, lines)
        pieces = choose(self.builder, found, self._pieces_of(target.path, statements))
        return Found(target, found, self._keep_excluded(pieces))

    def _keep_excluded(self, pieces: Pieces) -> Pieces:
        """Return pieces with those of excluded files among what is only to be read."""
        excluded = self._excluded
        if excluded is None:
            return pieces
        moved = [each for each in pieces.read_writable if each.part != "target" and excluded.match(each.path)]
        left = [each for each in pieces.read_writable if each not in moved]
        return Pieces(pieces.target, left, [*(each._replace(part="second") for each in moved), *pieces.read_only])

    def _pieces_of(self, path: str, statements: Iterable[Statement]) -> list[Piece]:
        """Return the pieces that some statements of a module and of its classes are."""
        units = self.builder.units(path)
        found: dict[Piece, None] = {}
        for each in statements:
            if each.kind == CLASS:
                found[Piece(path, each.names[0], HEAD, "target")] = None
            elif each.kind == VARIABLE and all(name in units for name in each.names):
                found.update((Piece(path, name, WHOLE, "target"), None) for name in each.names)
            elif each.owner:  # it shares a line with the head of its class, or binds nothing
                found[Piece(path, each.owner, HEAD, "target")] = None
            else:
                found[Piece(path, f"@{each.start}", LINE, "target")] = None
        return list(found)

    def make(
        self,
        target: FunctionToOptimize,
        limit: int | None = None,
        testgen_limit: int | None = None,
        *,
        hashes: bool = True,
        tests: bool = True,
    ) -> CodeOptimizationContext | Refused:
        """Return the contexts of a function, at most `limit` tokens of what is printed, or why there are none."""
        found = self.find(target)
        fitted = self.fitter.fit(found.pieces, target.path, limit)
        if not fitted.fits:
            return self.refuse(found, fitted, limit or 0)
        for_tests = self.fit_tests([found], testgen_limit) if tests else None
        return self._context(found, fitted, for_tests if for_tests and for_tests.fits else None, hashes=hashes)

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

    def fit_all(self, found: Sequence[Found], limit: int | None) -> Fitted:
        """Return one context of several functions, at most `limit` tokens."""
        return self.fitter.fit(self.combine(found), found[0].target.path, limit)

    def fit_tests(self, found: Sequence[Found], limit: int | None) -> Fitted:
        """Return one context for tests of several functions, with what is added to it, at most `limit` tokens."""
        rich = [replace(each, pieces=self.enricher.enrich(each.pieces)) for each in found]
        return self.fitter.fit(self.combine(rich), found[0].target.path, limit, count=self.tally.count_together)

    def close(self, targets: Iterable[FunctionToOptimize]) -> Closure:
        """Return all that functions reach, as files that can be imported."""
        return close([(each.path, each.qualname) for each in targets], self.project, self.builder, self.graph)

    @property
    def enricher(self) -> Enricher:
        """What finds what tests need besides."""
        if self._enricher is None:
            self._enricher = Enricher(self, self.environment)
        return self._enricher

    @property
    def graph(self) -> Graph:
        """What definitions say and mention, for hashes."""
        if self._graph is None:
            self._graph = Graph(self.project, self.builder)
        return self._graph

    def hash(self, found: Found) -> str:
        """Return the hash of a function: it changes with what the function and all that it reaches say."""
        target = found.target
        if self.config.hash == "deep":
            return self.graph.hash(target.path, target.qualname)
        keys = [use.key for use in found.discovery.uses.values() if use.level == 1 or use.place.kind == "variable"]
        return self.graph.hash_shallow(target.path, target.qualname, keys)

    def _context(self, found: Found, fitted: Fitted, tests: Fitted | None, *, hashes: bool) -> CodeOptimizationContext:
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
            hashing_code_context_hash=self.hash(found) if hashes else "",
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
