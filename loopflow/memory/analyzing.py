"""What changed between runs: failures that are new, gone, back again, or come and go.

Runs are compared with those of the same log in the same project: that a compiler's log lacks what a test's had says
nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from loopflow.memory.entities import RUN, Past
from loopflow.memory.model import Tools
from loopflow.memory.querying import Known, match, read_words

_RECENT: Final = 10
"""Runs that are looked at for what comes and goes."""
_CHANGES: Final = 3
"""So often something came or went that comes and goes: once it came, went and came again."""


@dataclass(frozen=True, slots=True)
class Series:
    """The runs of one log, and what its newest run says beside those before. References are in its order."""

    log: str
    project: str
    runs: tuple[Past, ...]
    """The oldest first."""
    new: tuple[str, ...]
    gone: tuple[str, ...]
    """What the run before had, and this one has not."""
    returning: tuple[str, ...]
    flaky: tuple[str, ...]
    still: int
    """How many failures both have."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of error over all runs: how many failures there are of it, and how often they happened."""

    name: str
    failures: int
    times: int


@dataclass(frozen=True, slots=True)
class Analysis:
    """What a memory says as a whole. `known` has each failure by its reference."""

    runs: int
    kinds: tuple[Kind, ...]
    series: tuple[Series, ...]
    known: dict[str, Known] = field(default_factory=dict)


def analyze(tools: Tools, words: Sequence[str] = ()) -> Analysis:
    """Return what changed between runs, of the failures that have all of the words."""
    entities = tools.search(f"{RUN}:")  # it is in each run's name, and in each row: what is found is all that is ours
    every = match(entities, ())
    wanted = match(entities, read_words(words)) if words else every
    known = {each.row.ref: each for each in wanted.failures}
    kinds: dict[str, Kind] = {}
    for each in wanted.failures:
        kind = kinds.get(each.kind, Kind(each.kind, 0, 0))
        kinds[each.kind] = Kind(each.kind, kind.failures + 1, kind.times + each.row.times)
    sorted_kinds = sorted(kinds.values(), key=lambda kind: (-kind.times, kind.name))
    return Analysis(len(every.runs), tuple(sorted_kinds), tuple(_compare(every.runs, set(known), bool(words))), known)


def _compare(runs: Sequence[Past], known: set[str], only_known: bool) -> Iterator[Series]:  # noqa: FBT001  one caller
    groups: dict[tuple[str, str], list[Past]] = {}
    for past in sorted(runs, key=lambda past: (past.at, past.name)):
        groups.setdefault((past.log, past.project), []).append(past)
    for (log, project), group in sorted(groups.items(), key=lambda each: each[1][-1].at, reverse=True):
        sets = [dict.fromkeys(ref for ref in past.refs if ref in known or not only_known) for past in group]
        newest, before = sets[-1], sets[-2] if len(sets) > 1 else {}
        earlier = {ref for refs in sets[:-1] for ref in refs}
        yield Series(
            log=log,
            project=project,
            runs=tuple(group),
            new=tuple(ref for ref in newest if ref not in earlier),
            gone=tuple(ref for ref in before if ref not in newest),
            returning=tuple(ref for ref in newest if ref in earlier and ref not in before),
            flaky=tuple(_find_flaky(sets[-_RECENT:])),
            still=sum(ref in before for ref in newest),
        )


def _find_flaky(sets: Sequence[dict[str, None]]) -> Iterator[str]:
    for ref in dict.fromkeys(ref for refs in reversed(sets) for ref in refs):
        if sum((ref in one) != (ref in other) for one, other in pairwise(sets)) >= _CHANGES:
            yield ref
