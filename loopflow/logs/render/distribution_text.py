"""Where the tokens of logs are, for a terminal: by priority, by recogniser, by tenth, and the total."""

from collections.abc import Iterator, Mapping
from typing import Final

from loopflow.charts.columns import OF_TOTAL, TOKENS, Column, Row
from loopflow.charts.folding import fold
from loopflow.charts.kinds import kind_rows
from loopflow.charts.numbers import format_bytes, plural
from loopflow.charts.terminal import Terminal
from loopflow.charts.text import draw_branches, draw_chart, draw_kinds
from loopflow.charts.tree import Tree, arrange, draw_tree
from loopflow.logs.distribution import Distribution, Part
from loopflow.logs.model import Priority
from loopflow.logs.render.hierarchy import WORDS, build_hierarchy, list_kinds

_SCREENS: Final = 2
_AROUND: Final = 4  # lines of the chart that are no rows, and the prompt
_LEAST_ROWS: Final = 12
_ROWS: Final = 100  # where there is no terminal: a log has thousands of templates
_KINDS: Final = 10
_TELLING: Final = (Priority.CRITICAL, Priority.HIGH, Priority.MEDIUM)


def render_text(distribution: Distribution, terminal: Terminal, *, verbose: bool = False) -> Iterator[str]:
    """Yield lines without line ends. Where not `verbose`, the smallest templates are folded."""
    rest = list(_render_rest(distribution, terminal, verbose=verbose))
    yield from _render_tree(distribution, terminal, None if verbose else _find_room(terminal, len(rest)))
    yield from rest


def _find_room(terminal: Terminal, others: int) -> int:
    """Return how many rows the hierarchy may have, so that with all other lines it is two screens long."""
    if terminal.height is None:
        return _ROWS
    return max(_SCREENS * terminal.height - others - _AROUND, _LEAST_ROWS)


def _render_tree(distribution: Distribution, terminal: Terminal, room: int | None) -> Iterator[str]:
    tree, left_out = arrange(build_hierarchy(distribution), WORDS), 0
    if room is not None:
        tree, left_out = fold(_keep_priorities(tree), room)
    yield from draw_branches(list(draw_tree(tree, terminal.glyphs)), WORDS, terminal)
    if left_out:
        yield terminal.palette.dim(f"{left_out:,} smaller rows are folded; -v shows them")
    yield ""


def _keep_priorities(root: Tree) -> Tree:
    """Return the tree with priorities that stay whatever is folded: they weigh as if everything had changed in each."""
    below = [Tree(child.row._replace(churn=1), child.children) for child in root.children]
    return Tree(root.row._replace(churn=1), below)


def _render_rest(distribution: Distribution, terminal: Terminal, *, verbose: bool) -> Iterator[str]:
    kinds, total = list_kinds(distribution), distribution.tokens
    top = None if verbose or len(kinds) <= _KINDS + 1 else _KINDS
    if distribution.lines:
        yield from draw_kinds(kind_rows(kinds, total, WORDS, top), WORDS, terminal)
        yield ""
        yield from _draw_tenths(distribution, terminal)
        yield ""
    size = format_bytes(sum(source.bytes for source in distribution.sources))
    lines = f"{plural(distribution.lines, 'line')}, {size}, {distribution.encoding}"
    yield terminal.palette.bold(f"Total: {plural(total, 'token')}") + f" in {lines}"
    if not distribution.complete:
        yield terminal.palette.warning("Incomplete: it became shorter while it was read")


def _draw_tenths(distribution: Distribution, terminal: Terminal) -> Iterator[str]:
    """Yield the chart of tenths: which lines each has, and how many of its tokens are of what matters."""
    parts, several = distribution.tenths, len(distribution.sources) > 1
    names = [f"L{part.first:,}-{part.last:,}" if part.last > part.first else f"L{part.first:,}" for part in parts]
    named = dict(zip(names, parts, strict=True))
    columns = [_priority_column(each, named) for each in _TELLING if any(part.by_priority[each] for part in parts)]
    rows = [("", Row(name, part.tokens, distribution.tokens)) for name, part in named.items()]
    yield terminal.palette.bold("By tenth of all lines, one log after the other" if several else "By tenth")
    yield from draw_chart(rows, (TOKENS, OF_TOTAL, *columns), terminal)


def _priority_column(priority: Priority, parts: Mapping[str, Part]) -> Column:
    """Return the column that says how many tokens of a tenth are of a priority, nothing for none."""
    return Column(priority.word, priority.word, lambda row: _cell(parts[row.name].by_priority[priority]))


def _cell(tokens: int) -> str:
    return f"{tokens:,}" if tokens else ""
