"""What a page draws and lists: branches and leaves as cells, each branch laid out as a treemap of its own.

A cell's area is its share of the tokens of its branch. Every branch has two layouts, one for boxes that are wide and
one for boxes that are tall, and whoever draws takes the one that fits the box better; so a branch looks right as part
of its parent and when it fills the screen. What is too small to be seen in its branch, and what there is no room for in
the page, is folded into one cell for "n more".

There are two views. That of size shows what is there. That of growth shows what is gone, too, as large as it was: a
branch that something is gone from has layouts of its own for it.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, NamedTuple

from loopflow.analysis.names import escape_name
from loopflow.charts.boxes import Place, lay_out
from loopflow.charts.hierarchy import Node, Words
from loopflow.charts.numbers import format_growth, format_percent

LEAST_SHARE = 4000
"""A cell has at least one part in so many of its branch: on a large screen some 15 pixels square, enough to hit."""
ROOM = 2_200_000
ROOM_FOR_BRANCHES = 1_100_000
"""Characters that cells may take in the page; the larger cells go first."""
_CELL_ROOM = 75  # what a cell takes besides its name
_GROWN_ROOM = 17  # what it takes to have a place in the view of growth besides
_LONGEST_NAME = 120


class Shape(IntEnum):
    """What a cell stands for."""

    BRANCH = 0
    LEAF = 1
    MORE = 2


class _Branch(NamedTuple):
    """A branch, the place of its parent in the list of all branches, and the leaves that are right in it.

    `gone` are the tokens that leaves had that are gone from it, and from below it.
    """

    node: Node
    parent: int
    leaves: list[Node]
    gone: int = 0

    @property
    def weight(self) -> int:
        """What it is as large as in the view of growth."""
        return self.node.tokens + self.gone


@dataclass(slots=True)
class Cell:
    """A branch, a leaf, or what was folded. `kind` is its place among the kinds, of a branch the one it has most of.

    `place` is its own number and `parent` that of its branch. `gone` are tokens of what is gone, itself or in it.
    `where` is its place in the view of size, `grown` that in the view of growth if the branch has another one there; a
    cell without any is part of what was folded.
    """

    place: int
    parent: int
    name: str
    shape: Shape
    tokens: int
    items: int
    kind: int
    before: int | None = None
    gone: int = 0
    where: Place | None = None
    grown: Place | None = None
    children: list["Cell"] = field(default_factory=list)

    @property
    def weight(self) -> int:
        """What it is as large as in the view of growth."""
        return self.tokens + self.gone

    @property
    def is_gone(self) -> bool:
        """Whether nothing of it is there any more."""
        return not self.items and self.before is not None


@dataclass(frozen=True, slots=True)
class Treemap:
    """All cells, a branch before what is in it: the branches depth first, then leaves, then the rest.

    `number` is how many branches there are, whether or not there is room for them, and `gone` how many of them only
    were there before.
    """

    cells: tuple[Cell, ...]
    number: int
    gone: int

    @property
    def root(self) -> Cell:
        """The cell of everything."""
        return self.cells[0]

    @property
    def branches(self) -> list[Cell]:
        """The branches, depth first."""
        return [cell for cell in self.cells if cell.shape is Shape.BRANCH]

    def path_of(self, cell: Cell, words: Words) -> str:
        """Return the path as it is shown, without the root; the root's own name for the root."""
        if cell is self.root:
            return cell.name
        parts = [cell.name + (words.mark if cell.shape is Shape.BRANCH else "")]
        while cell.parent:
            cell = self.cells[cell.parent]
            parts.append(cell.name + words.mark)
        return words.joint.join(reversed(parts))


def shorten_name(name: str) -> str:
    """Return `name` escaped, and its middle left out where it is longer than a page has room for."""
    shown = escape_name(name)
    half = _LONGEST_NAME // 2
    return shown if len(shown) <= _LONGEST_NAME else f"{shown[:half]}…{shown[-half:]}"


def build_treemap(root: Node, kinds: Sequence[str] = ()) -> Treemap:
    """Lay a hierarchy out. `kinds` are in the order of their places; those that are not in it share the place -1."""
    places = {kind: place for place, kind in enumerate(kinds)}
    branches = _list_branches(root)
    kept, room = _choose_branches(branches)
    drawn = _make_branches(branches, kept, _main_kinds(branches, places))
    inside = zip([branches[at] for at in sorted(kept)], drawn, strict=True)
    cells = [*drawn, *_make_leaves(inside, places, len(drawn), room)]
    for branch in drawn:
        cells += _lay_out(branch, len(cells))
        if branch.gone:
            cells += _lay_out_grown(branch, len(cells))
    return Treemap(tuple(cells), len(branches), sum(branch.node.is_gone for branch in branches))


def as_rows(treemap: Treemap, *, compared: bool) -> Iterator[list[Any]]:
    """Yield a row of plain values for each cell.

    They are the place of its branch, name, shape, tokens, items, kind, shares of its branch and of everything,
    both boxes in `DIGITS`, and where something is compared those of the view of growth, tokens before and growth.
    """
    total = treemap.root.tokens
    for cell in treemap.cells:
        whole = total if cell is treemap.root else treemap.cells[cell.parent].tokens
        row = [cell.parent, cell.name, cell.shape.value, cell.tokens, cell.items, cell.kind]
        row += [format_percent(cell.tokens, whole), format_percent(cell.tokens, total)]
        row.append(cell.where.digits if cell.where else "")
        if compared:
            row += [cell.grown.digits if cell.grown else "", cell.before, growth_of(cell)]
        yield row


def growth_of(cell: Cell) -> str:
    """Return how much a cell has grown; nothing for what was folded, whose past is not known."""
    if cell.shape is Shape.MORE:
        return ""
    return format_growth(cell.before, None if cell.is_gone else cell.tokens)


def _list_branches(root: Node) -> list[_Branch]:
    """Return the branches, depth first."""
    found: list[_Branch] = []
    waiting = [(root, 0)]
    while waiting:
        node, parent = waiting.pop()
        place = len(found)
        found.append(_Branch(node, parent, [child for child in node.children if not child.is_branch]))
        waiting += [(child, place) for child in reversed(node.children) if child.is_branch]
    gone = [sum([leaf.before or 0 for leaf in branch.leaves if leaf.is_gone]) for branch in found]
    for at in range(len(found) - 1, 0, -1):  # what is below comes after
        gone[found[at].parent] += gone[at]
    return [branch._replace(gone=tokens) for branch, tokens in zip(found, gone, strict=True)]


def _main_kinds(branches: Sequence[_Branch], places: Mapping[str, int]) -> list[int]:
    """Return the place of the kind that most tokens of each branch are of."""
    sums: list[defaultdict[str, int]] = [defaultdict(int) for _ in branches]
    for counts, branch in zip(sums, branches, strict=True):
        for leaf in branch.leaves:
            if not leaf.is_gone:
                counts[leaf.kind] += leaf.tokens
    for at in range(len(branches) - 1, 0, -1):  # what is below comes after
        above = sums[branches[at].parent]
        for kind, tokens in sums[at].items():
            above[kind] += tokens
    return [_main_kind(counts, places) for counts in sums]


def _main_kind(counts: Mapping[str, int], places: Mapping[str, int]) -> int:
    return places.get(min(counts, key=lambda kind: (-counts[kind], kind)), -1) if counts else -1


def _choose_branches(branches: Sequence[_Branch]) -> tuple[set[int], int]:
    """Return which are the largest branches that there is room for, and the room that is left in all."""
    kept: set[int] = set()
    room = ROOM_FOR_BRANCHES
    largest = sorted(range(len(branches)), key=lambda at: (at != 0, -branches[at].weight))
    for at in largest:  # a stable sort: a parent before its child
        folded = _CELL_ROOM + (_CELL_ROOM + _GROWN_ROOM if branches[at].gone else 0)
        room -= _room_for(shorten_name(branches[at].node.label), branches[0].gone) + folded
        if room < 0 and kept:
            break
        kept.add(at)
    return kept, ROOM - ROOM_FOR_BRANCHES + max(room, 0)


def _make_branches(branches: Sequence[_Branch], kept: set[int], kinds: Sequence[int]) -> list[Cell]:
    cells: dict[int, Cell] = {}
    for at in sorted(kept):
        node = branches[at].node
        parent = cells.get(branches[at].parent)
        cell = Cell(
            place=len(cells),
            parent=parent.place if parent else 0,
            name=shorten_name(node.label),
            shape=Shape.BRANCH,
            tokens=node.tokens,
            items=node.items,
            kind=kinds[at],
            before=node.before,
            gone=branches[at].gone,
        )
        cells[at] = cell
        if parent:
            parent.children.append(cell)
    return list(cells.values())


def _make_leaves(
    branches: Iterable[tuple[_Branch, Cell]], places: Mapping[str, int], first: int, room: int
) -> Iterator[Cell]:
    """Yield the leaves that can be seen in their branches, the largest first, as long as there is room."""
    seen = [
        (_weight(leaf), leaf, parent)
        for branch, parent in branches
        for leaf in branch.leaves
        if _can_be_seen(_weight(leaf), parent.weight if leaf.is_gone else parent.tokens)
    ]
    seen.sort(key=lambda found: -found[0])
    for place, (weight, leaf, parent) in enumerate(seen, first):
        name = shorten_name(leaf.label)
        room -= _room_for(name, parent.gone)
        if room < 0:
            return
        kind = places.get(leaf.kind, -1)
        gone = weight - leaf.tokens
        cell = Cell(place, parent.place, name, Shape.LEAF, leaf.tokens, leaf.items, kind, leaf.before, gone)
        parent.children.append(cell)
        yield cell


def _lay_out(branch: Cell, place: int) -> Iterator[Cell]:
    """Give what can be seen in `branch` its place, and yield the cell for the rest if there is one."""
    shown = [cell for cell in branch.children if _can_be_seen(cell.tokens, branch.tokens)]
    tokens = branch.tokens - sum(cell.tokens for cell in shown)
    shown.sort(key=lambda cell: (-cell.tokens, cell.place))
    if tokens:  # it stays last, however much it is: the eye falls on the first
        items = branch.items - sum(cell.items for cell in shown)
        more = Cell(place, branch.place, "", Shape.MORE, tokens, items, -1)
        shown.append(more)
        yield more
    for cell, where in zip(shown, lay_out([cell.tokens for cell in shown]), strict=True):
        cell.where = where


def _lay_out_grown(branch: Cell, place: int) -> Iterator[Cell]:
    """Do the same for the view of growth; what is gone and folded is what the rest was before."""
    shown = [cell for cell in branch.children if _can_be_seen(cell.weight, branch.weight)]
    gone = branch.gone - sum(cell.gone for cell in shown)
    tokens = branch.tokens - sum(cell.tokens for cell in shown)
    shown.sort(key=lambda cell: (-cell.weight, cell.place))
    if tokens + gone:
        items = branch.items - sum(cell.items for cell in shown)
        more = Cell(place, branch.place, "", Shape.MORE, tokens, items, -1, gone or None, gone)
        shown.append(more)
        yield more
    for cell, where in zip(shown, lay_out([cell.weight for cell in shown]), strict=True):
        cell.grown = where


def _weight(leaf: Node) -> int:
    return leaf.before or 0 if leaf.is_gone else leaf.tokens


def _can_be_seen(tokens: int, whole: int) -> bool:
    return tokens > 0 and whole <= tokens * LEAST_SHARE


def _room_for(name: str, gone: int) -> int:
    """Return the characters that a cell takes, with another place where something is gone beside it."""
    return _CELL_ROOM + (_GROWN_ROOM if gone else 0) + len(json.dumps(name))
