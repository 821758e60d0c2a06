"""What a digest is chosen from, and small steps of choosing."""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from loopflow.logs.chunk_shares import ChunkShares
from loopflow.logs.model import LogLine, Priority, Template
from loopflow.logs.pool import Entry
from loopflow.logs.shapes import original


@dataclass(frozen=True, slots=True)
class Material:
    """What a digest can be made of. `scores` are by signature, `end` is the end of the log, line by line."""

    entries: Sequence[Entry]
    scores: Mapping[bytes, float]
    end: Sequence[tuple[int, LogLine]]
    shares: ChunkShares
    templates: Sequence[Template] = ()
    missed: Mapping[Priority, int] = field(default_factory=dict)
    several: bool = False
    drops: bool = False
    """Whether lines may be missing that the user does not want to see: what is around them belongs together."""
    begin: tuple[int, int] | None = None
    """The line of the end before which others are missing, with the number of its file before it."""


@dataclass(slots=True)
class Item:
    """A part of the digest, and where it stands in it."""

    place: tuple[int, int, int]
    text: str
    tokens: int


def split_causes(ranked: Sequence[Entry]) -> tuple[list[Entry], list[Entry]]:
    """Return the first failure of each cause in the order of the log, by rank of the cause; and all others."""
    first: dict[str, Entry] = {}
    for entry in ranked:
        known = first.setdefault(entry.cause, entry)
        if entry.block.span < known.block.span:
            first[entry.cause] = entry
    firsts = list(first.values())
    chosen = {entry.signature for entry in firsts}
    return firsts, [entry for entry in ranked if entry.signature not in chosen]


def largest(most: int, fits: Callable[[int], bool]) -> int:
    """Return the largest number up to `most` that fits, where all that are smaller do.

    Small ones are tried first: to try a number takes as long as it is large.
    """
    low, high, step = 0, most, 1
    while low < high:
        middle = min(low + step, (low + high + 1) // 2)
        if fits(middle):
            low, step = middle, 2 * step
        else:
            high = middle - 1
    return low


Numbered = tuple[int, LogLine]
"""A line with the number of its file."""


def runs_of(lines: Sequence[Numbered], material: Material, told: AbstractSet[tuple[int, int]]) -> list[list[Numbered]]:
    """Return lines of the end in runs that follow each other there; `told` are those that are told elsewhere."""
    runs: list[list[Numbered]] = []
    for file, line in lines:
        if runs and _follows(runs[-1][-1], (file, line), material, told):
            runs[-1].append((file, line))
        else:
            runs.append([(file, line)])
    return [run for run in runs if any(line.text.strip() for _, line in run)]


def _follows(one: Numbered, other: Numbered, material: Material, told: AbstractSet[tuple[int, int]]) -> bool:
    (file, first), (other_file, second) = one, other
    if file != other_file:
        return False
    if second.number - first.number in {0, 1}:
        return True
    if not material.drops or (file, second.number) == material.begin:
        return False
    return not any((file, between) in told for between in range(first.number + 1, second.number))


def join(run: Sequence[tuple[int, LogLine]]) -> str:
    """Return lines as they are printed."""
    return "".join(f"{original(line.text)}\n" for _, line in run)
