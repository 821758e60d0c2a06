"""From what there is to what is loaded where: the places of an agent, and what it leaves out in each.

A place is the root, a directory that adds something of its own, or one whose files match other rules than those above.
Every other directory costs at the start what the nearest place above it costs, and no more where no rule matches.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from loopflow.agents.losing import cut_chain
from loopflow.agents.model import Finding, Kind, Load, Lost, Place, When
from loopflow.agents.seen import Outlined, Seen
from loopflow.agents.tree import above, parent


class _Masks(NamedTuple):
    """For each directory with files of its own: which rules its files match, each combination as bits."""

    by_directory: Mapping[str, frozenset[int]]

    def of(self, directory: str) -> frozenset[int]:
        """Return the combinations of a directory; none where it has no files."""
        return self.by_directory.get(directory, frozenset())


_NO_MASKS = _Masks({})


def find_places(seen: Seen, out: Outlined) -> tuple[list[Place], list[Lost]]:
    """Return the places of an agent, the root first, and what is left out there."""
    masks = _match(seen, out) if out.rules else _NO_MASKS
    directories = _choose(seen, out, masks)
    places, lost = [], []
    root_loads, _ = _start(seen, out, "")
    for directory in directories:
        place, rows = _measure(seen, out, masks, directory, root_loads)
        places.append(place)
        lost += rows
    return places, lost


def _choose(seen: Seen, out: Outlined, masks: _Masks) -> list[str]:
    """Return the directories that are places, sorted."""
    found = {"", *out.chain}
    found |= {each for each in out.fallback if _uses_fallback(seen, out, each)}
    matched = {each: _union(of) for each, of in masks.by_directory.items()}
    for directory in sorted(matched):
        nearest = directory
        while nearest not in found and nearest:
            nearest = parent(nearest)
        if nearest != directory and matched[directory] and matched[directory] != matched.get(nearest, 0):
            found.add(directory)
    return sorted(found, key=lambda each: each.split("/") if each else [])


def _union(masks: Iterable[int]) -> int:
    union = 0
    for mask in masks:
        union |= mask
    return union


def _match(seen: Seen, out: Outlined) -> _Masks:
    """Match every rule; one that matches no file is a finding."""
    paths = seen.tree.paths
    bits: defaultdict[int, int] = defaultdict(int)
    for number, rule in enumerate(out.rules):
        bit = 1 << number
        matches = [at for glob in rule.globs for at in glob.find(paths)]
        for at in matches:
            bits[at] |= bit
        if not matches and rule.load.part.kind is Kind.RULE:
            what = "its paths match no file of this tree"
            out.findings.append(Finding("never", rule.load.part.path, 2, seen.spec.name, what))
    found: defaultdict[str, set[int]] = defaultdict(set)
    for at, path in enumerate(paths):
        found[path[: max(path.rfind("/"), 0)]].add(bits.get(at, 0))
    return _Masks({each: frozenset(of) for each, of in found.items()})


def _uses_fallback(seen: Seen, out: Outlined, directory: str) -> bool:
    """Whether whoever starts in a directory gets the fallback: nothing of the agent's own is on the way."""
    return seen.settings.agents_md == "both" or not any(each in out.claimed for each in above(directory))


def _start(seen: Seen, out: Outlined, directory: str) -> tuple[list[Load], list[Lost]]:
    """Return what is loaded where the agent is started in a directory, each text once, and what is cut of it."""
    falls_back = _uses_fallback(seen, out, directory)
    loads: list[Load] = []
    for each in above(directory):
        instead = out.fallback.get(each, []) if falls_back else []
        own = out.chain.get(each, [])
        loads += [*own, *instead] if each in out.claimed else [*instead, *own]
    loads = _once(loads)
    most = seen.settings.max_bytes or seen.spec.max_bytes
    if not most:
        return loads, []
    texts = [load for load in loads if load.part.kind is Kind.INSTRUCTIONS]
    kept, lost = cut_chain(seen, directory, texts, most)
    return [*kept, *(load for load in loads if load.part.kind is not Kind.INSTRUCTIONS)], lost


def _once(loads: Iterable[Load]) -> list[Load]:
    seen: dict[tuple[str, str, str], Load] = {}
    for load in loads:
        seen.setdefault(load.part.key, load)
    return list(seen.values())


def _measure(
    seen: Seen, out: Outlined, masks: _Masks, directory: str, root_loads: Sequence[Load]
) -> tuple[Place, list[Lost]]:
    loads, lost = _start(seen, out, directory)
    start = sum(load.tokens for load in loads)
    from_root = _with_files(seen, out, directory, root_loads, start_at="")
    nested = sum(load.tokens for load in from_root)
    rules, files = _most(out, masks.of(directory), [*root_loads, *from_root])
    files += nested
    there = _with_files(seen, out, directory, loads, start_at=directory)
    _, files_there = _most(out, masks.of(directory), [*loads, *there])
    root_start = sum(load.tokens for load in root_loads)
    place = Place(
        agent=out.spec.name,
        directory=directory,
        start=start,
        files=files,
        here=max(root_start + files, start + files_there + sum(load.tokens for load in there)),
        loads=(*loads, *rules, *(load for load in from_root if load.part.key not in {each.part.key for each in loads})),
        lost=sum(row.tokens for row in lost),
        own=tuple(dict.fromkeys(load.part.path for load in _own(out, directory))),
    )
    return place, lost


def _own(out: Outlined, directory: str) -> Iterator[Load]:
    yield from out.chain.get(directory, ())
    yield from out.fallback.get(directory, ())


def _with_files(seen: Seen, out: Outlined, directory: str, loads: Sequence[Load], *, start_at: str) -> list[Load]:
    """Return what comes with a file of `directory` for whoever started above it: what is nested on the way."""
    if not out.spec.nested:
        return []
    known = {load.part.key for load in loads}
    falls_back = _uses_fallback(seen, out, start_at)
    found: list[Load] = []
    for each in above(directory):
        if each in set(above(start_at)):
            continue
        found += out.chain.get(each, ())
        if falls_back and (each not in out.claimed or seen.settings.agents_md == "both"):
            found += out.fallback.get(each, ())
    return [load._replace(when=When.FILES) for load in _once(found) if load.part.key not in known]


def _most(out: Outlined, masks: Iterable[int], loads: Sequence[Load]) -> tuple[list[Load], int]:
    """Return the rules of the file that brings most of them, and what they cost."""
    known = {load.part.key for load in loads}
    best: list[Load] = []
    most = 0
    for mask in sorted(masks):
        rules = _once(rule.load for number, rule in enumerate(out.rules) if mask >> number & 1)
        rules = [load for load in rules if load.part.key not in known]
        tokens = sum(load.tokens for load in rules)
        if tokens > most:
            best, most = rules, tokens
    return best, most
