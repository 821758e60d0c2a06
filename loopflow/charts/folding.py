"""A tree that fits: as many rows as there is room for, the heaviest, each below its parent, and sums of the rest.

The order of the tree stays. Of a branch with some rows shown, the rest is one more row, "and N more", so that the rows
below an open branch always add up to it.
"""

from heapq import heappop, heappush
from itertools import count

from loopflow.charts.columns import Row
from loopflow.charts.tree import Tree, sum_up, walk


def fold(root: Tree, rows: int) -> tuple[Tree, int]:
    """Return the tree with `rows` rows at most, and how many of its rows are left out.

    Rows come in by weight, the root first, then always the heaviest whose parent is shown, until one no longer fits.
    The weight is the share of all tokens, or of all change if that is more. So what few rows show, more rows show too.
    """
    number = sum(1 for _ in walk(root))
    if number <= rows:
        return root, 0
    shown = _choose(root, rows)
    folded = _copy(root, shown)  # which may add the last one of a branch
    return folded, number - len(shown)


def join_chains(root: Tree) -> Tree:
    """Return the tree in which a branch that holds one branch and nothing else is one row with it; never the root."""
    top: list[Tree] = []
    waiting = [(root, top)]
    while waiting:
        tree, below = waiting.pop()
        for child in tree.children:
            name, last = child.row.name, child
            while len(last.children) == 1 and last.children[0].row.is_branch:
                last = last.children[0]
                name += last.row.name
            deeper: list[Tree] = []
            below.append(Tree(child.row._replace(name=name), deeper))
            waiting.append((last, deeper))
    return Tree(root.row, top)


def _choose(root: Tree, rows: int) -> set[int]:
    """Return the ids of the rows to show."""
    total, churn = root.row.tokens, root.row.churn
    shown = {id(root)}
    opened: dict[int, int] = {}  # how many children of a branch are shown
    order = count()
    waiting: list[tuple[float, int, Tree, Tree]] = []

    def weigh(row: Row) -> float:
        return max(row.tokens / total if total else 0.0, row.churn / churn if churn else 0.0)

    def open_(tree: Tree) -> None:
        for child in tree.children:
            heappush(waiting, (-weigh(child.row), next(order), child, tree))

    open_(root)
    used = 1
    while waiting:
        _, _, tree, parent = heappop(waiting)
        number, there = len(parent.children), opened.get(id(parent), 0)
        used += _rows(there + 1, number) - _rows(there, number)
        if used > rows:
            break
        opened[id(parent)] = there + 1
        shown.add(id(tree))
        open_(tree)
    return shown


def _rows(shown: int, number: int) -> int:
    """Return how many rows a branch with `number` children takes where so many are shown."""
    if not shown:
        return 0
    return number if shown >= number - 1 else shown + 1


def _copy(root: Tree, shown: set[int]) -> Tree:
    top: list[Tree] = []
    waiting = [(root, top)]
    while waiting:
        tree, below = waiting.pop()
        stay = [child for child in tree.children if id(child) in shown]
        rest = [child for child in tree.children if id(child) not in shown]
        if len(rest) == 1 and stay:  # "and 1 more" takes no less room than what it is
            shown.add(id(rest[0]))
            stay, rest = list(tree.children), []
        for child in stay:
            deeper: list[Tree] = []
            below.append(Tree(child.row, deeper))
            waiting.append((child, deeper))
        if stay and rest:
            below.append(Tree(sum_up([child.row for child in rest], f"and {len(rest):,} more")))
    return Tree(root.row, top)
