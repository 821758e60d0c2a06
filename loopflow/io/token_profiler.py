"""TokenProfiler: token counts in, hierarchical profile out. It alone adds up.

A profiler of the hierarchical kind, with tokens for seconds: every node has a total that includes what is below it, and
its share of its parent and of everything. Nodes come from the parts of paths, never from string prefixes, so that `src`
does not contain `src2`.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

from loopflow.analysis.filetype import file_type
from loopflow.analysis.names import path_bytes
from loopflow.model import DirectoryStats, FileTokens, Total, TypeStats

ROOT = "."


class Stats(NamedTuple):
    """What was added: every directory depth-first, every type largest first, and all of it."""

    directories: tuple[DirectoryStats, ...]
    types: tuple[TypeStats, ...]
    total: Total


_Sum: TypeAlias = list[int]  # tokens, files, bytes: a list, because every file adds to two of them


class TokenProfiler:
    """Adds up tokens by directory and by file type."""

    def __init__(self) -> None:
        self._own: defaultdict[str, _Sum] = defaultdict(_nothing)
        self._types: defaultdict[str, _Sum] = defaultdict(_nothing)

    def add(self, path: str, tokens: int, size: int = 0, type_name: str | None = None) -> None:
        """Add one file at `path` (POSIX, relative) with its `tokens`, its `size` in bytes and its type, if known."""
        directory = self._own[path.rpartition("/")[0] or ROOT]
        directory[0] += tokens
        directory[1] += 1
        directory[2] += size
        of_type = self._types[type_name or file_type(path)]
        of_type[0] += tokens
        of_type[1] += 1
        of_type[2] += size

    def add_all(self, files: Iterable[FileTokens]) -> None:
        """Add many files: those of a directory, and those of a type, are summed up together."""
        by_directory: defaultdict[str, list[FileTokens]] = defaultdict(list)
        by_type: defaultdict[str, list[FileTokens]] = defaultdict(list)
        for file in files:
            by_directory[file.path.rpartition("/")[0] or ROOT].append(file)
            by_type[file.type].append(file)
        for groups, sums in ((by_directory, self._own), (by_type, self._types)):
            for name, group in groups.items():
                of_group = sums[name]
                of_group[0] += sum([file.tokens for file in group])
                of_group[1] += len(group)
                of_group[2] += sum([file.bytes for file in group])

    def get_stats(self) -> Stats:
        """Return the sums of everything added so far."""
        totals = self._own_sums()
        order = _depth_first(totals)
        for path in reversed(order[1:]):
            above, below = totals[_parent(path)], totals[path]
            for at, number in enumerate(below):
                above[at] += number
        tokens, files, size = totals[ROOT]
        return Stats(
            directories=tuple(self._directory(path, totals) for path in order),
            types=self._type_stats(tokens),
            total=Total(tokens, files, size),
        )

    def _own_sums(self) -> dict[str, _Sum]:
        """Return the sums of the files in every directory that has files, and nothing for those above them."""
        sums = {ROOT: _nothing()} | {path: list(own) for path, own in self._own.items()}
        for path in self._own:
            at = _parent(path)
            while at not in sums:  # upwards, in a loop: a path can be thousands of directories deep
                sums[at] = _nothing()
                at = _parent(at)
        return sums

    def _directory(self, path: str, totals: dict[str, _Sum]) -> DirectoryStats:
        tokens, files, size = totals[path]
        own_tokens, own_files, _ = self._own.get(path) or _nothing()
        return DirectoryStats(
            path=path,
            tokens=tokens,
            files=files,
            bytes=size,
            own_tokens=own_tokens,
            own_files=own_files,
            parent_tokens=totals[_parent(path)][0],
            total_tokens=totals[ROOT][0],
        )

    def _type_stats(self, total_tokens: int) -> tuple[TypeStats, ...]:
        stats = [
            TypeStats(name, tokens, files, size, total_tokens) for name, (tokens, files, size) in self._types.items()
        ]
        return tuple(sorted(stats, key=lambda each: (-each.tokens, path_bytes(each.type))))


def _nothing() -> _Sum:
    return [0, 0, 0]


def _depth_first(paths: Iterable[str]) -> list[str]:
    children: dict[str, list[str]] = {}
    for path in paths:
        if path != ROOT:
            children.setdefault(_parent(path), []).append(path)
    order, waiting = [], [ROOT]
    while waiting:
        path = waiting.pop()
        order.append(path)
        waiting += sorted(children.get(path, ()), key=path_bytes, reverse=True)
    return order


def _parent(path: str) -> str:
    return path.rpartition("/")[0] or ROOT
