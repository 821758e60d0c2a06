"""What a page draws and lists: branches and leaves as cells, each branch laid out as a treemap of its own.

A cell's area is its share of the tokens of its branch. Every branch has two layouts, one for boxes that are wide and
one for boxes that are tall, and whoever draws takes the one that fits the box better; so a branch looks right as part
of its parent and when it fills the screen. What is too small to be seen in its branch, and what there is no room for in
the page, is folded into one cell for "n more".
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, NamedTuple

import squarify

from loopflow.analysis.names import escape_name
from loopflow.charts.hierarchy import Node, Words
from loopflow.charts.numbers import format_growth, format_percent

GRID = 4095
"""Coordinates are whole numbers from 0 to this, in both directions: two digits to the base 64."""
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"
WIDE, TALL = 2.0, 0.8
"""Width by height of the boxes that the two layouts are made for."""
LEAST_SHARE = 4000
"""A cell has at least one part in so many of its branch: on a large screen some 15 pixels square, enough to hit."""
ROOM = 2_200_000
ROOM_FOR_BRANCHES = 1_100_000
"""Characters that cells may take in the page; the larger cells go first."""
_CELL_ROOM = 75  # what a cell takes besides its name
_LONGEST_NAME = 120


class Shape(IntEnum):
    """What a cell stands for."""

    BRANCH = 0
    LEAF = 1
    MORE = 2


class _Branch(NamedTuple):
    """A branch, the place of its parent in the list of all branches, and the leaves that are right in it."""

    node: Node
    parent: int
    leaves: list[Node]


class Box(NamedTuple):
    """Where a cell is within its branch: left, top, right, bottom."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(slots=True)
class Cell:
    """A branch, a leaf, or what was folded. `kind` is its place among the kinds, of a branch the one it has most of.

    `place` is its own number and `parent` that of its branch. A cell without boxes is part of what was folded.
    """

    place: int
    parent: int
    name: str
    shape: Shape
    tokens: int
    items: int
    kind: int
    before: int | None = None
    wide: Box | None = None
    tall: Box | None = None
    children: list["Cell"] = field(default_factory=list)

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
    return Treemap(tuple(cells), len(branches), sum(branch.node.is_gone for branch in branches))


def as_rows(treemap: Treemap, *, compared: bool) -> Iterator[list[Any]]:
    """Yield a row of plain values for each cell.

    They are the place of its branch, name, shape, tokens, items, kind, shares of its branch and of everything,
    both boxes in `DIGITS`, and where something is compared tokens before and growth.
    """
    total = treemap.root.tokens
    for cell in treemap.cells:
        whole = total if cell is treemap.root else treemap.cells[cell.parent].tokens
        row = [cell.parent, cell.name, cell.shape.value, cell.tokens, cell.items, cell.kind]
        row += [format_percent(cell.tokens, whole), format_percent(cell.tokens, total)]
        row.append(_digits(cell.wide + cell.tall) if cell.wide and cell.tall else "")
        if compared:
            row += [cell.before, growth_of(cell)]
        yield row


def growth_of(cell: Cell) -> str:
    """Return how much a cell has grown; nothing for what was folded, whose past is not known."""
    if cell.shape is Shape.MORE:
        return ""
    return format_growth(cell.before, None if cell.is_gone else cell.tokens)


def _digits(numbers: Iterable[int]) -> str:
    return "".join([DIGITS[number >> 6] + DIGITS[number & 63] for number in numbers])


def _list_branches(root: Node) -> list[_Branch]:
    """Return the branches, depth first."""
    found: list[_Branch] = []
    waiting = [(root, 0)]
    while waiting:
        node, parent = waiting.pop()
        place = len(found)
        found.append(_Branch(node, parent, [child for child in node.children if not child.is_branch]))
        waiting += [(child, place) for child in reversed(node.children) if child.is_branch]
    return found


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
    largest = sorted(range(len(branches)), key=lambda at: (at != 0, -branches[at].node.tokens))
    for at in largest:  # a stable sort: a parent before its child
        room -= _room_for(shorten_name(branches[at].node.label)) + _CELL_ROOM  # and one for what is folded in it
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
        (leaf, parent)
        for branch, parent in branches
        for leaf in branch.leaves
        if leaf.tokens and _can_be_seen(leaf.tokens, parent)
    ]
    seen.sort(key=lambda pair: -pair[0].tokens)
    for place, (leaf, parent) in enumerate(seen, first):
        name = shorten_name(leaf.label)
        room -= _room_for(name)
        if room < 0:
            return
        kind = places.get(leaf.kind, -1)
        cell = Cell(place, parent.place, name, Shape.LEAF, leaf.tokens, leaf.items, kind, leaf.before)
        parent.children.append(cell)
        yield cell


def _lay_out(branch: Cell, place: int) -> Iterator[Cell]:
    """Give what can be seen in `branch` its boxes, and yield the cell for the rest if there is one."""
    shown = [cell for cell in branch.children if cell.tokens and _can_be_seen(cell.tokens, branch)]
    tokens = branch.tokens - sum(cell.tokens for cell in shown)
    shown.sort(key=lambda cell: (-cell.tokens, cell.place))
    if tokens:  # it stays last, however much it is: the eye falls on the first
        items = branch.items - sum(cell.items for cell in shown)
        more = Cell(place, branch.place, "", Shape.MORE, tokens, items, -1)
        shown.append(more)
        yield more
    tokens_shown = [cell.tokens for cell in shown]
    for cell, wide, tall in zip(shown, _boxes(tokens_shown, WIDE), _boxes(tokens_shown, TALL), strict=True):
        cell.wide, cell.tall = wide, tall


def _can_be_seen(tokens: int, branch: Cell) -> bool:
    return tokens * LEAST_SHARE >= branch.tokens


def _boxes(tokens: list[int], ratio: float) -> Iterator[Box]:
    """Yield boxes whose areas are in proportion to `tokens`, as nearly square as can be in a box of `ratio`."""
    total = sum(tokens)
    sizes = [count * ratio / total for count in tokens]
    across = GRID / ratio
    for rectangle in squarify.squarify(sizes, 0, 0, ratio, 1):
        left, top = rectangle["x"], rectangle["y"]
        right, bottom = left + rectangle["dx"], top + rectangle["dy"]
        edges = (left * across, top * GRID, right * across, bottom * GRID)
        yield Box(*(min(round(edge), GRID) for edge in edges))  # next to nothing can come out a little beyond the edge


def _room_for(name: str) -> int:
    return _CELL_ROOM + len(json.dumps(name))
