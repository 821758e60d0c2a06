"""What contexts cost as a hierarchy that charts can draw: files, functions, parts."""

from collections.abc import Iterable, Iterator
from typing import Final

from loopflow.charts.folding import fold
from loopflow.charts.hierarchy import Node, Words, build_hierarchy
from loopflow.charts.kinds import kind_rows, sum_kinds
from loopflow.charts.numbers import plural
from loopflow.charts.page import Page, render_page
from loopflow.charts.terminal import Terminal
from loopflow.charts.text import draw_branches, draw_kinds
from loopflow.charts.tree import arrange, draw_tree
from loopflow.function.model import CodeOptimizationContext

WORDS: Final = Words(item="part", branch="function", kind="part")
_ROWS: Final = 60


def make_hierarchy(contexts: Iterable[CodeOptimizationContext]) -> Node:
    """Return the hierarchy. What two contexts share counts in both: each is what one function needs by itself."""
    entries = [
        ((*context.target.path.split("/"), context.target.qualname or "<module>", part.name), part.name, part.tokens)
        for context in contexts
        for part in context.parts
        if part.tokens
    ]
    return build_hierarchy(entries, WORDS)


def render_text(contexts: Iterable[CodeOptimizationContext], terminal: Terminal, *, verbose: bool) -> Iterator[str]:
    """Yield lines without line ends."""
    root = make_hierarchy(contexts)
    tree, left_out = arrange(root, WORDS), 0
    if not verbose:
        tree, left_out = fold(tree, _ROWS)
    yield from draw_branches(list(draw_tree(tree, terminal.glyphs)), WORDS, terminal)
    if left_out:
        yield terminal.palette.dim(f"{left_out:,} smaller rows are folded; -v shows them")
    yield ""
    if root.tokens:
        yield from draw_kinds(kind_rows(sum_kinds(root), root.tokens, WORDS, None), WORDS, terminal)


def render_html(contexts: Iterable[CodeOptimizationContext], encoding: str) -> Iterator[str]:
    """Yield the page in pieces."""
    made = list(contexts)
    root = make_hierarchy(made)
    page = Page(
        root=root,
        kinds=sum_kinds(root),
        words=WORDS,
        heading="Contexts of functions",
        of=made[0].target.name if len(made) == 1 else "",
        about=[(plural(len(made), "function"), "")],
        note=f"Made by loopflow function. Every number is exact: tokens of {encoding}.",
    )
    yield from render_page(page)
