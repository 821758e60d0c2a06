"""The functions of the wing for programs."""

from collections.abc import Iterable, Iterator
from functools import cache

from loopflow.analysis.names import escape_name
from loopflow.function.contexts import WHOLE, Piece, Pieces
from loopflow.function.discover import CALLABLES
from loopflow.function.environment import find_environment
from loopflow.function.model import (
    OPTIMIZATION_CONTEXT_TOKEN_LIMIT,
    TESTGEN_CONTEXT_TOKEN_LIMIT,
    CodeContextType,
    CodeOptimizationContext,
    CodeStringsMarkdown,
    ContextTooLargeError,
    FunctionSource,
    FunctionToOptimize,
    Helpers,
    Refused,
)
from loopflow.function.resolve.project import Location
from loopflow.function.settings import FunctionConfig
from loopflow.function.target import find_targets
from loopflow.function.trees import Tree, open_tree
from loopflow.function.working import Workshop, check_blocks, strip_docstrings, together
from loopflow.tokens import create_counter
from loopflow.tokens.encodings import DEFAULT_ENCODING
from loopflow.tokens.protocol import TokenCounter

_STANDARD = FunctionConfig()


def get_code_optimization_context(
    target: FunctionToOptimize | str,
    tree: Tree,
    *,
    optimization_limit: int | None = OPTIMIZATION_CONTEXT_TOKEN_LIMIT,
    testgen_limit: int | None = TESTGEN_CONTEXT_TOKEN_LIMIT,
    config: FunctionConfig = _STANDARD,
) -> CodeOptimizationContext:
    """Return what a model must read to work on a function, "PATH:QUALNAME" or what that is. Limits are in tokens.

    Raises NoSuchFunctionError, ContextTooLargeError, and LoopflowError where the tree cannot be read.
    """
    workshop = _open(tree, config)
    made = workshop.make(_one(workshop, target), optimization_limit, testgen_limit)
    if isinstance(made, Refused):
        name = escape_name(made.target.name)
        raise ContextTooLargeError(name, made.tokens, optimization_limit or 0, made.largest)
    check_blocks([made.read_writable, made.read_only, made.testgen])
    return made


def iter_contexts(
    targets: Iterable[FunctionToOptimize | str],
    tree: Tree,
    *,
    optimization_limit: int | None = OPTIMIZATION_CONTEXT_TOKEN_LIMIT,
    testgen_limit: int | None = TESTGEN_CONTEXT_TOKEN_LIMIT,
    config: FunctionConfig = _STANDARD,
) -> Iterator[CodeOptimizationContext | Refused]:
    """Yield the contexts of each function, or why there are none. Files are read once for all."""
    workshop = _open(tree, config)
    for target in targets:
        yield workshop.make(_one(workshop, target), optimization_limit, testgen_limit)


def find_helpers(target: FunctionToOptimize | str, tree: Tree) -> tuple[Helpers, Helpers]:
    """Return the helpers of a function and the helpers of these, by path. Classes count as helpers."""
    workshop = _open(tree, _STANDARD)
    found = workshop.make(_one(workshop, target))
    assert isinstance(found, CodeOptimizationContext)  # noqa: S101  nothing is too large without a limit
    return _by_path(found.helpers), _by_path(found.helpers_of_helpers)


def build_testgen_context(  # noqa: PLR0913
    helpers: Helpers,
    helpers_of_helpers: Helpers,
    tree: Tree,
    *,
    target: FunctionToOptimize | None = None,
    remove_docstrings: bool = False,
    enrich: bool = True,
) -> CodeStringsMarkdown:
    """Return one context for tests: a function, its helpers and theirs.

    With `enrich`, also classes that are imported, in full, and how objects are made that nobody wrote a constructor of.
    """
    own = [Piece(target.path, target.qualname, WHOLE, "target")] if target else []
    pieces = [*own, *_pieces(helpers), *_pieces(helpers_of_helpers)]
    workshop, first = _open(tree, _STANDARD), target.path if target else ""
    if enrich and pieces:
        at = Location(first or pieces[0].path, target.qualname if target else "", 0, "function")
        rich = workshop.enricher.enrich(Pieces(at, pieces))
        pieces = [*rich.read_writable, *rich.read_only]
    code = workshop.builder.render(pieces, first).markdown
    return strip_docstrings(code) if remove_docstrings else code


def extract_code_markdown_context_from_files(
    helpers: Helpers,
    helpers_of_helpers: Helpers,
    tree: Tree,
    *,
    context_type: CodeContextType = CodeContextType.READ_ONLY,
    remove_docstrings: bool = False,
) -> CodeStringsMarkdown:
    """Return code of helpers, a block a file: of those of the first level for what is writable, else of the second."""
    if context_type is CodeContextType.TESTGEN:
        return build_testgen_context(helpers, helpers_of_helpers, tree, remove_docstrings=remove_docstrings)
    if context_type is CodeContextType.READ_ONLY:
        first = {(each.path, each.qualname) for found in helpers.values() for each in found}
        pieces = [each for each in _pieces(helpers_of_helpers) if (each.path, each.qualname) not in first]
    else:
        pieces = _pieces(helpers)
    code = _extract(pieces, "", tree, docstrings=not remove_docstrings)
    return strip_docstrings(code) if context_type is CodeContextType.HASHING else code


def encoded_tokens_len(text: str, encoding: str = DEFAULT_ENCODING) -> int:
    """Return how many tokens a text has."""
    [tokens] = create_counter(encoding).count([text])
    return tokens


def _extract(pieces: list[Piece], first: str, tree: Tree, *, docstrings: bool) -> CodeStringsMarkdown:
    workshop = _open(tree, _STANDARD)
    code = workshop.builder.render(pieces, first).markdown
    return code if docstrings else strip_docstrings(code)


@cache
def _counter() -> TokenCounter:
    return create_counter()  # its vocabulary is loaded once


def _open(tree: Tree, config: FunctionConfig) -> Workshop:
    source = open_tree(tree)
    environment = find_environment(source.root, config.environment, source.root)
    return Workshop(source, config, _counter(), environment)


def _one(workshop: Workshop, target: FunctionToOptimize | str) -> FunctionToOptimize:
    name = target if isinstance(target, str) else f"{target.path}:{target.qualname or '<module>'}"
    return find_targets(workshop, name, workshop.tree.root)[0]


def _pieces(helpers: Helpers) -> list[Piece]:
    found = sorted((each for sources in helpers.values() for each in sources), key=lambda each: (each.path, each.start))
    return [Piece(each.path, each.qualname, WHOLE if each.kind in CALLABLES else "head", "helpers") for each in found]


def _by_path(sources: Iterable[FunctionSource]) -> Helpers:
    found: dict[str, set[FunctionSource]] = {}
    for each in sources:
        found.setdefault(each.path, set()).add(each)
    return {path: frozenset(inside) for path, inside in found.items()}


__all__ = [
    "CodeContextType", "build_testgen_context", "encoded_tokens_len", "extract_code_markdown_context_from_files",
    "find_helpers", "get_code_optimization_context", "iter_contexts", "together",
]  # fmt: skip
