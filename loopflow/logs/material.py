"""What a digest is chosen from, and small steps of choosing."""

from collections.abc import Callable, Mapping, Sequence
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
    """Return the largest number up to `most` that fits, where all that are smaller do."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle):
            low = middle
        else:
            high = middle - 1
    return low


def runs_of(lines: Sequence[tuple[int, LogLine]]) -> list[list[tuple[int, LogLine]]]:
    """Return lines of the logs, each with the number of its file, in runs that follow each other there."""
    runs: list[list[tuple[int, LogLine]]] = []
    for file, line in lines:
        if runs and runs[-1][-1][0] == file and line.number - runs[-1][-1][1].number in {0, 1}:
            runs[-1].append((file, line))
        else:
            runs.append([(file, line)])
    return [run for run in runs if any(line.text.strip() for _, line in run)]


def join(run: Sequence[tuple[int, LogLine]]) -> str:
    """Return lines as they are printed."""
    return "".join(f"{original(line.text)}\n" for _, line in run)
