"""What the page draws and lists: directories and files as cells, each directory laid out as a treemap of its own.

A cell's area is its share of the tokens of its directory. Every directory has two layouts, one for boxes that are wide
and one for boxes that are tall, and whoever draws takes the one that fits the box better; so a directory looks right as
part of its parent and when it fills the screen. What is too small to be seen in its directory, and what there is no
room for in the page, is folded into one cell for "n more files".
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, NamedTuple

import squarify

from loopflow.analysis.names import escape_name
from loopflow.charts.numbers import format_growth, format_percent
from loopflow.model import Diff, DirectoryStats, Profile
from loopflow.render.tree import all_directories

GRID = 4095
"""Coordinates are whole numbers from 0 to this, in both directions: two digits to the base 64."""
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"
WIDE, TALL = 2.0, 0.8
"""Width by height of the boxes that the two layouts are made for."""
LEAST_SHARE = 4000
"""A cell has at least one part in so many of its directory: on a large screen some 15 pixels square, enough to hit."""
ROOM = 2_200_000
ROOM_FOR_DIRECTORIES = 1_100_000
"""Characters that cells may take in the page; the larger cells go first."""
_CELL_ROOM = 75  # what a cell takes besides its name
_LONGEST_NAME = 120


class Shape(IntEnum):
    """What a cell stands for."""

    DIRECTORY = 0
    FILE = 1
    MORE = 2


class Box(NamedTuple):
    """Where a cell is within its directory: left, top, right, bottom."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(slots=True)
class Cell:
    """A directory, a file, or what was folded. `type` is its place among the types, of a directory the one it has most.

    `place` is its own number and `parent` that of its directory. A cell without boxes is part of what was folded.
    """

    place: int
    parent: int
    name: str
    shape: Shape
    tokens: int
    files: int
    type: int
    before: int | None = None
    wide: Box | None = None
    tall: Box | None = None
    children: list["Cell"] = field(default_factory=list)

    @property
    def is_gone(self) -> bool:
        """Whether nothing of it is there any more."""
        return not self.files and self.before is not None


@dataclass(frozen=True, slots=True)
class Treemap:
    """All cells, a directory before what is in it: the directories as a tree shows them, then files, then the rest.

    `number` is how many directories there are, whether or not there is room for them.
    """

    cells: tuple[Cell, ...]
    number: int

    @property
    def root(self) -> Cell:
        """The cell of everything."""
        return self.cells[0]

    @property
    def directories(self) -> list[Cell]:
        """The directories, depth-first, siblings in the order of their bytes."""
        return [cell for cell in self.cells if cell.shape is Shape.DIRECTORY]

    def path_of(self, cell: Cell) -> str:
        """Return the path as it is shown, that of a directory with a slash; "." for the root."""
        parts = [cell.name + ("/" if cell.shape is Shape.DIRECTORY else "")]
        while cell.parent:
            cell = self.cells[cell.parent]
            parts.append(f"{cell.name}/")
        return "".join(reversed(parts)) if cell.place else "."


def shorten_name(name: str) -> str:
    """Return `name` escaped, and its middle left out where it is longer than a page has room for."""
    shown = escape_name(name)
    half = _LONGEST_NAME // 2
    return shown if len(shown) <= _LONGEST_NAME else f"{shown[:half]}…{shown[-half:]}"


def build_treemap(profile: Profile, types: Mapping[str, int], diff: Diff | None = None) -> Treemap:
    """Lay `profile` out. `types` are the places of the types; those that are not in it share the place -1."""
    stats = list(all_directories(profile, diff))
    kept, room = _choose_directories(stats)
    directories = _make_directories([each for each in stats if each.path in kept], _main_types(profile, types), diff)
    cells = list(directories.values())
    cells += _make_files(profile, directories, types, diff, room)
    for directory in directories.values():
        cells += _lay_out(directory, len(cells))
    return Treemap(tuple(cells), len(stats))


def as_rows(treemap: Treemap, *, compared: bool) -> Iterator[list[Any]]:
    """Yield a row of plain values for each cell.

    They are the place of its directory, name, shape, tokens, files, type, shares of its directory and of everything,
    both boxes in `DIGITS`, and where something is compared tokens before and growth.
    """
    total = treemap.root.tokens
    for cell in treemap.cells:
        whole = total if cell is treemap.root else treemap.cells[cell.parent].tokens
        row = [cell.parent, cell.name, cell.shape.value, cell.tokens, cell.files, cell.type]
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


def _main_types(profile: Profile, types: Mapping[str, int]) -> dict[str, int]:
    """Return the type that most tokens of each directory are of."""
    sums: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for file in profile.files:
        sums[_parent(file.path)][file.type] += file.tokens
    for stats in reversed(profile.directories):  # what is below comes after
        if stats.path != ".":
            above = sums[_parent(stats.path)]
            for name, tokens in sums[stats.path].items():
                above[name] += tokens
    return {
        path: types.get(min(counts, key=lambda name: (-counts[name], name)), -1)
        for path, counts in sums.items()
        if counts
    }


def _choose_directories(stats: Iterable[DirectoryStats]) -> tuple[set[str], int]:
    """Return the paths of the largest directories that there is room for, and the room that is left in all."""
    kept: set[str] = set()
    room = ROOM_FOR_DIRECTORIES
    for each in sorted(stats, key=lambda each: (each.path != ".", -each.tokens)):  # stable: a parent before its child
        room -= _room_for(shorten_name(each.path.rpartition("/")[2])) + _CELL_ROOM  # and one for what is folded in it
        if room < 0 and kept:
            break
        kept.add(each.path)
    return kept, ROOM - ROOM_FOR_DIRECTORIES + max(room, 0)


def _make_directories(
    stats: Iterable[DirectoryStats], main_types: Mapping[str, int], diff: Diff | None
) -> dict[str, Cell]:
    before = {delta.path: delta.before for delta in diff.directories} if diff else {}
    cells: dict[str, Cell] = {}
    for place, each in enumerate(stats):
        parent = cells.get(_parent(each.path))
        cell = Cell(
            place=place,
            parent=parent.place if parent else 0,
            name=shorten_name(each.path.rpartition("/")[2]),
            shape=Shape.DIRECTORY,
            tokens=each.tokens,
            files=each.files,
            type=main_types.get(each.path, -1),
            before=before.get(each.path),
        )
        cells[each.path] = cell
        if parent:
            parent.children.append(cell)
    return cells


def _make_files(
    profile: Profile, directories: Mapping[str, Cell], types: Mapping[str, int], diff: Diff | None, room: int
) -> Iterator[Cell]:
    """Yield the files that can be seen in their directories, the largest first, as long as there is room."""
    changed = {delta.path: delta for delta in diff.files} if diff else {}
    place = len(directories)
    for file in sorted(profile.files, key=lambda file: -file.tokens):
        parent = directories.get(_parent(file.path))
        if parent is None or not file.tokens or not _can_be_seen(file.tokens, parent):
            continue
        name = shorten_name(file.path.rpartition("/")[2])
        room -= _room_for(name)
        if room < 0:
            return
        delta = changed.get(file.path)
        before = delta.before if delta else file.tokens
        cell = Cell(place, parent.place, name, Shape.FILE, file.tokens, 1, types.get(file.type, -1), before)
        parent.children.append(cell)
        place += 1
        yield cell


def _lay_out(directory: Cell, place: int) -> Iterator[Cell]:
    """Give what can be seen in `directory` its boxes, and yield the cell for the rest if there is one."""
    shown = [cell for cell in directory.children if cell.tokens and _can_be_seen(cell.tokens, directory)]
    tokens = directory.tokens - sum(cell.tokens for cell in shown)
    shown.sort(key=lambda cell: (-cell.tokens, cell.place))
    if tokens:  # it stays last, however much it is: the eye falls on the first
        files = directory.files - sum(cell.files for cell in shown)
        more = Cell(place, directory.place, "", Shape.MORE, tokens, files, -1)
        shown.append(more)
        yield more
    tokens_shown = [cell.tokens for cell in shown]
    for cell, wide, tall in zip(shown, _boxes(tokens_shown, WIDE), _boxes(tokens_shown, TALL), strict=True):
        cell.wide, cell.tall = wide, tall


def _can_be_seen(tokens: int, directory: Cell) -> bool:
    return tokens * LEAST_SHARE >= directory.tokens


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


def _parent(path: str) -> str:
    return path.rpartition("/")[0] or "."
