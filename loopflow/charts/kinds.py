"""The chart by kind: what the leaves of a hierarchy add up to, grouped by what they are."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from loopflow.analysis.names import escape_name, path_bytes
from loopflow.charts.columns import Row
from loopflow.charts.hierarchy import Node, Words, add_up, walk
from loopflow.charts.numbers import plural


def sum_kinds(root: Node) -> list[Node]:
    """Return a node for each kind of leaf below `root`, the largest first, and those that are gone last."""
    leaves: defaultdict[str, list[Node]] = defaultdict(list)
    for node in walk(root):
        if not node.is_branch:
            leaves[node.kind].append(node)
    kinds = [add_up(kind, nodes) for kind, nodes in leaves.items()]
    return sorted(kinds, key=lambda kind: (kind.is_gone, -kind.tokens, path_bytes(escape_name(kind.label))))


def kind_rows(kinds: Sequence[Node], total_tokens: int, words: Words, top: int | None = None) -> Iterator[Row]:
    """Yield the `top` largest of `kinds` and the rest as one row, or all of them, those that are gone last."""
    there = [kind for kind in kinds if not kind.is_gone]
    gone = [kind for kind in kinds if kind.is_gone]
    shown = there[:top] + (gone if top is None else [])
    if top is not None and (rest := there[top:] + gone):
        name = f"({plural(len(rest), f'more {words.kind}')})"
        shown.append(add_up(name, rest)._replace(is_gone=False))
    for kind in shown:
        name = escape_name(kind.label)
        yield Row(name, kind.tokens, total_tokens, kind.items, before=kind.before, is_gone=kind.is_gone)
