"""Where cells are within their branch: boxes whose areas are in proportion, once for wide places and once for tall."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import squarify

GRID = 4095
"""Coordinates are whole numbers from 0 to this, in both directions: two digits to the base 64."""
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"
WIDE, TALL = 2.0, 0.8
"""Width by height of the boxes that the two layouts are made for."""


class Box(NamedTuple):
    """Where a cell is within its branch: left, top, right, bottom."""

    left: int
    top: int
    right: int
    bottom: int


class Place(NamedTuple):
    """The box of a cell in either layout."""

    wide: Box
    tall: Box

    @property
    def digits(self) -> str:
        """All edges, two of `DIGITS` each."""
        return "".join([DIGITS[edge >> 6] + DIGITS[edge & 63] for edge in self.wide + self.tall])


def lay_out(sizes: Sequence[int]) -> Iterable[Place]:
    """Return a place for each size, none of them 0, in their order."""
    return map(Place, _boxes(sizes, WIDE), _boxes(sizes, TALL))


def _boxes(sizes: Sequence[int], ratio: float) -> Iterator[Box]:
    """Yield boxes whose areas are in proportion to `sizes`, as nearly square as can be in a box of `ratio`."""
    total = sum(sizes)
    areas = [size * ratio / total for size in sizes]
    across = GRID / ratio
    for rectangle in squarify.squarify(areas, 0, 0, ratio, 1):
        left, top = rectangle["x"], rectangle["y"]
        right, bottom = left + rectangle["dx"], top + rectangle["dy"]
        edges = (left * across, top * GRID, right * across, bottom * GRID)
        yield Box(*(min(round(edge), GRID) for edge in edges))  # next to nothing can come out a little beyond the edge
