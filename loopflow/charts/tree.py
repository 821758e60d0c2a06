"""A hierarchy as a tree of rows, and the tree as lines."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from loopflow.analysis.names import escape_name, path_bytes
from loopflow.charts.columns import Row
from loopflow.charts.hierarchy import Node, Words
from loopflow.charts.terminal import Glyphs


class Tree(NamedTuple):
    """A row and what belongs to it. The tokens of the children add up to those of the row."""

    row: Row
    children: Sequence["Tree"] = ()


def arrange(root: Node, words: Words) -> Tree:
    """Return the rows of a hierarchy, siblings largest first. The root has no mark: it is named as it is."""
    total, mark = root.tokens, words.mark
    top: list[Tree] = []
    waiting = [(root, top)]
    while waiting:
        node, below = waiting.pop()
        for child in node.children:
            row = _make_row(child, mark, node.tokens, total)
            if child.children:
                deeper: list[Tree] = []
                waiting.append((child, deeper))
                below.append(Tree(row, deeper))
            else:
                below.append(Tree(row))
        below.sort(key=_largest_first)
    return Tree(_make_row(root, "", total, total), top)


def draw_tree(root: Tree, glyphs: Glyphs) -> Iterator[tuple[str, Row]]:
    """Yield each row, depth first, with the part of the tree that is drawn before its name."""
    waiting = [("", "", root)]
    while waiting:
        branch, indent, tree = waiting.pop()
        yield branch, tree.row
        for place, child in enumerate(reversed(tree.children)):
            is_last = place == 0
            below = indent + (glyphs.gap if is_last else glyphs.line)
            waiting.append((indent + (glyphs.last if is_last else glyphs.branch), below, child))


def _make_row(node: Node, mark: str, parent_tokens: int, total_tokens: int) -> Row:
    name = escape_name(node.label)
    return Row(
        name + mark if node.is_branch else name,
        node.tokens,
        total_tokens,
        node.items,
        parent_tokens,
        node.is_branch,
        node.before,
        node.is_gone,
        node.churn,
    )


def _largest_first(tree: Tree) -> tuple[int, bytes]:
    return -tree.row.tokens, path_bytes(tree.row.name)


def walk(root: Tree) -> Iterator[Tree]:
    """Yield every row, depth first."""
    waiting = [root]
    while waiting:
        tree = waiting.pop()
        yield tree
        waiting += reversed(tree.children)


def sum_up(rows: Sequence[Row], name: str) -> Row:
    """Return one row for several that belong to the same one."""
    was = [row.before for row in rows if row.before is not None]
    return Row(
        name=name,
        tokens=sum(row.tokens for row in rows),
        total_tokens=rows[0].total_tokens,
        items=sum(row.items for row in rows),
        parent_tokens=rows[0].parent_tokens,
        before=sum(was) if was else None,
        is_gone=all(row.is_gone for row in rows),
        churn=sum(row.churn for row in rows),
    )
