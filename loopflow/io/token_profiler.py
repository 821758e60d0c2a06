"""TokenProfiler: token counts in, hierarchical profile out. It alone adds up.

A profiler of the hierarchical kind, with tokens for seconds: every node has a total that includes what is below it, and
its share of its parent and of everything. Nodes come from the parts of paths, never from string prefixes, so that `src`
does not contain `src2`.
"""

from collections import defaultdict
from dataclasses import dataclass, field

from loopflow.analysis.filetype import file_type
from loopflow.analysis.names import path_bytes
from loopflow.model import DirectoryStats, Total, TypeStats

ROOT = "."


@dataclass(frozen=True, slots=True)
class Stats:
    """What was added: every directory depth-first, every type largest first, and all of it."""

    directories: tuple[DirectoryStats, ...]
    types: tuple[TypeStats, ...]
    total: Total


@dataclass(slots=True)
class _Sum:
    tokens: int = 0
    files: int = 0
    bytes: int = 0

    def add(self, tokens: int, files: int, size: int) -> None:
        self.tokens += tokens
        self.files += files
        self.bytes += size


@dataclass(slots=True)
class _Node:
    own: _Sum = field(default_factory=_Sum)
    total: _Sum = field(default_factory=_Sum)


class TokenProfiler:
    """Adds up tokens by directory and by file type."""

    def __init__(self) -> None:
        self._nodes: dict[str, _Node] = {ROOT: _Node()}
        self._types: defaultdict[str, _Sum] = defaultdict(_Sum)

    def add(self, path: str, tokens: int, size: int = 0, type_name: str | None = None) -> None:
        """Add one file at `path` (POSIX, relative) with its `tokens`, its `size` in bytes and its type, if known."""
        self._node(path.rpartition("/")[0] or ROOT).own.add(tokens, 1, size)
        self._types[type_name or file_type(path)].add(tokens, 1, size)

    def get_stats(self) -> Stats:
        """Return the sums of everything added so far."""
        order = self._depth_first()
        for path in order:
            node = self._nodes[path]
            node.total = _Sum(node.own.tokens, node.own.files, node.own.bytes)
        for path in reversed(order[1:]):
            below = self._nodes[path].total
            self._nodes[_parent(path)].total.add(below.tokens, below.files, below.bytes)
        everything = self._nodes[ROOT].total
        return Stats(
            directories=tuple(self._directory(path, everything.tokens) for path in order),
            types=self._type_stats(everything.tokens),
            total=Total(everything.tokens, everything.files, everything.bytes),
        )

    def _node(self, path: str) -> _Node:
        at = path
        while at not in self._nodes:  # upwards, in a loop: a path can be thousands of directories deep
            self._nodes[at] = _Node()
            at = _parent(at)
        return self._nodes[path]

    def _depth_first(self) -> list[str]:
        children = defaultdict(list)
        for path in self._nodes:
            if path != ROOT:
                children[_parent(path)].append(path)
        order, waiting = [], [ROOT]
        while waiting:
            path = waiting.pop()
            order.append(path)
            waiting += sorted(children[path], key=path_bytes, reverse=True)
        return order

    def _directory(self, path: str, total_tokens: int) -> DirectoryStats:
        node = self._nodes[path]
        return DirectoryStats(
            path=path,
            tokens=node.total.tokens,
            files=node.total.files,
            bytes=node.total.bytes,
            own_tokens=node.own.tokens,
            own_files=node.own.files,
            parent_tokens=self._nodes[_parent(path)].total.tokens,
            total_tokens=total_tokens,
        )

    def _type_stats(self, total_tokens: int) -> tuple[TypeStats, ...]:
        stats = [TypeStats(name, own.tokens, own.files, own.bytes, total_tokens) for name, own in self._types.items()]
        return tuple(sorted(stats, key=lambda each: (-each.tokens, path_bytes(each.type))))


def _parent(path: str) -> str:
    return path.rpartition("/")[0] or ROOT
