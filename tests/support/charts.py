"""Texts of a known cost, trees of rows walked, and charts read back from what was printed."""

import re
from collections.abc import Iterator

from loopflow.charts.tree import Tree

_BAR = 12  # the cells of a bar, and two blanks
_TREE = " │├└"


def words(tokens: int, word: str = "a") -> str:
    """Return a text of so many tokens, in each encoding; `word` is one letter. Other words are another content."""
    return f" {word}" * tokens


def read_chart(printed: str, title: str) -> dict[str, dict[str, str]]:
    """Return the rows of the chart below `title`, by name, and each as its cells by column."""
    lines = printed.split("\n")
    header, *rows = lines[lines.index(title) + 1 :]
    columns = [(column[0], column.end()) for column in re.finditer(r"\S+(?: \S+)*", header)]
    if title == "Budget":  # its last column has a title
        columns.pop()
    bar = _BAR if title.startswith("By ") else 0
    chart = {}
    for row in rows[: rows.index("")]:
        cells, start = {}, 0
        for column, end in columns:
            cells[column] = row[start:end].strip()
            start = end + 2
        name = row[start + bar :].lstrip(_TREE)
        assert name not in chart
        chart[name] = cells
    return chart


def walk_tree(root: Tree) -> Iterator[tuple[int, Tree]]:
    """Yield every node with its level, depth first."""
    waiting = [(0, root)]
    while waiting:
        level, node = waiting.pop()
        yield level, node
        waiting += [(level + 1, child) for child in reversed(node.children)]
