"""Draw the imports of the package: floors, arrows between rooms, and circles.

Usage: python benchmarks/house.py [PACKAGE_PARENT]

A room is a folder without folders in it, or a module that lies beside folders; an arrow says that something in one room
imports something in the other. With a directory, the package there is drawn, such as that of an older commit.
"""

import sys
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

import grimp  # what import-linter draws with

PACKAGE = "loopflow"


def draw() -> dict[str, set[str]]:
    """Return for each room those that it imports from."""
    graph = grimp.build_graph(PACKAGE, cache_dir=None)
    folders = {module for module in graph.modules if graph.find_children(module)}
    halls = {folder for folder in folders if not folders.isdisjoint(graph.find_children(folder))}
    rooms = (folders - halls) | {module for hall in halls for module in graph.find_children(hall)} - halls

    def room_of(module: str) -> str:
        while module not in rooms and "." in module:
            module = module.rpartition(".")[0]
        return module

    arrows: dict[str, set[str]] = {room: set() for room in rooms}
    for module in graph.modules - {PACKAGE}:
        here = room_of(module)
        for imported in graph.find_modules_directly_imported_by(module):
            there = room_of(imported)
            if here != there and {here, there} <= rooms:
                arrows[here].add(there)
    return arrows


def floors(arrows: Mapping[str, set[str]]) -> list[list[str]]:
    """Return the rooms by floor, the uppermost first: each imports only from floors below."""
    sorter = TopologicalSorter(arrows)
    sorter.prepare()
    found = []
    while sorter.is_active():
        floor = sorted(sorter.get_ready())
        found.append(floor)
        sorter.done(*floor)
    return found[::-1]


def _short(room: str) -> str:
    return room.removeprefix(f"{PACKAGE}.")


def main() -> None:
    """Print the drawing."""
    sys.path[:0] = sys.argv[1:]
    arrows = draw()
    for room, below in sorted(arrows.items()):
        print(f"{_short(room):18} -> {', '.join(sorted(map(_short, below)))}")
    number = sum(map(len, arrows.values()))
    try:
        layers = floors(arrows)
    except CycleError as error:
        print(f"{len(arrows)} rooms, {number} arrows; a circle: {' -> '.join(error.args[1])}")
        return
    print(f"{len(arrows)} rooms on {len(layers)} floors, {number} arrows, no circle")


if __name__ == "__main__":
    main()
