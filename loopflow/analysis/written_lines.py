"""What was written in a merge: the lines of a file that none of its sources has, and those that it dropped.

Lines are multisets: a line that stands twice where each source has it once was written once. What was added is counted
as one text, in its order, and so is what was dropped, so that a line costs what it costs beside its neighbours.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

_LINE = re.compile(r"[^\n]*\n|[^\n]+")

Count = Callable[[Sequence[str]], Sequence[int]]
"""Returns the tokens of each text."""


class Sources(NamedTuple):
    """What a file can have come from: what git makes of it by itself, None where that is nothing, and all others.

    The others are in the order in which they are preferred: the tips' versions, then what else a conflict lists.
    """

    automatic: str | None
    others: tuple[str, ...]


def own_tokens(text: str, sources: Sources, count: Count) -> int:
    """Return the tokens that were written into `text`, less those that were dropped from what git would have made."""
    lines = _LINE.findall(text)
    held = [Counter(_LINE.findall(source)) for source in _all(sources)]
    most: Counter[str] = Counter()
    for source in held:
        most |= source
    added = "".join(_between(lines, most))
    dropped = ""
    if sources.automatic is not None:
        nearest = _nearest(Counter(lines), sources, count)
        kept = Counter(_LINE.findall(nearest)) & Counter(_LINE.findall(sources.automatic))
        dropped = "".join(_between(_LINE.findall(nearest), Counter(lines), kept))
    plus, minus = count([added, dropped])
    return plus - minus


def without_markers(text: str, labels: Iterable[str]) -> tuple[str, str, str]:
    """Return a text with conflicts as git writes them (git-merge(1)): with all sides, the first one's, the other's.

    `labels` are what stands behind the markers of the two sides.
    """
    named = "|".join(map(re.escape, labels))
    opening, closing = (re.compile(rf"({sign}+) (?:{named})\r?\n?") for sign in "<>")
    both: list[str] = []
    sides: tuple[list[str], list[str]] = ([], [])
    within: list[tuple[int, int]] = []  # of each conflict around a line: the length of its markers, and which side
    for line in _LINE.findall(text):
        if found := opening.fullmatch(line):
            within.append((len(found[1]), 0))
        elif within and closing.fullmatch(line):
            within.pop()
        elif within and within[-1][1] == 0 and line.rstrip("\r\n") == "=" * within[-1][0]:
            within[-1] = within[-1][0], 1
        else:
            both.append(line)
            for number, side in enumerate(sides):
                if all(at == number for _, at in within):
                    side.append(line)
    return "".join(both), "".join(sides[0]), "".join(sides[1])


def _all(sources: Sources) -> tuple[str, ...]:
    return sources.others if sources.automatic is None else (sources.automatic, *sources.others)


def _nearest(lines: Counter[str], sources: Sources, count: Count) -> str:
    """Return the source with the fewest tokens in lines that differ; of equals, the first."""
    texts = _all(sources)
    distances = []
    for text in texts:
        held = Counter(_LINE.findall(text))
        distances.append(sum(count(["".join((lines - held).elements()), "".join((held - lines).elements())])))
    return texts[distances.index(min(distances))]


def _between(lines: Iterable[str], least: Counter[str], most: Counter[str] | None = None) -> Iterator[str]:
    """Yield the lines beyond as many of each as there are in `least`, and up to as many as in `most`."""
    seen: Counter[str] = Counter()
    for line in lines:
        seen[line] += 1
        if seen[line] > least[line] and (most is None or seen[line] <= most[line]):
            yield line
