"""The tree that agents see: files, links and submodules by name. Links are resolved within the listing, never followed.

Work tree, index and revision are one to whoever asks: what differs is where a link's target and a text come from.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from loopflow.model import SUBMODULE_MODE, SYMLINK_MODE, FileRef, Skipped, is_regular
from loopflow.model.file_table import FileTable

_NO_FILES = frozenset({SYMLINK_MODE, SUBMODULE_MODE})
MOST_HOPS = 8
"""Links on the way to a file."""


class Resolved(NamedTuple):
    """Where a path leads: to a file or a directory, through links; or why it leads nowhere."""

    path: str
    is_file: bool = False
    through: tuple[str, ...] = ()
    why: str = ""


class _Files(Mapping[str, FileRef]):
    """The regular files of a sorted table, by path."""

    def __init__(self, table: FileTable) -> None:
        self._table = table
        self._others = [at for at, mode in enumerate(table.modes) if mode in _NO_FILES]
        skipped = set(self._others)
        self.paths = [path for at, path in enumerate(table.paths) if at not in skipped] if skipped else table.paths

    def others(self) -> list[FileRef]:
        """Return the links and submodules."""
        return [self._table[at] for at in self._others]

    def __getitem__(self, path: str) -> FileRef:
        paths = self._table.paths
        at = bisect_left(paths, path)
        if at < len(paths) and paths[at] == path and is_regular(self._table.modes[at]):
            return self._table[at]
        raise KeyError(path)

    def __iter__(self) -> Iterator[str]:
        return iter(self.paths)

    def __len__(self) -> int:
        return len(self.paths)


class Tree:
    """All listed paths. `read_link` returns the target of a link, "" for one that cannot be read."""

    def __init__(self, items: Iterable[FileRef | Skipped], read_link: Callable[[FileRef], str]) -> None:
        self.files: Mapping[str, FileRef]
        self.paths: Sequence[str]
        self.links: dict[str, FileRef] = {}
        self.submodules: set[str] = set()
        self.unread: dict[str, Skipped] = {}
        if isinstance(items, FileTable):
            self.files = files = _Files(items.sorted())
            for item in files.others():
                self._add_other(item)
            self.paths = files.paths
        else:
            regular: dict[str, FileRef] = {}
            for each in items:
                if isinstance(each, FileRef) and is_regular(each.mode):
                    regular[each.path] = each
                else:
                    self._add_other(each)
            self.files, self.paths = regular, sorted(regular)
        self._linked = sorted(self.links)
        self._read_link = read_link
        self._targets: dict[str, str] = {}

    def _add_other(self, item: FileRef | Skipped) -> None:
        if isinstance(item, Skipped):
            self.unread[item.path] = item
        elif item.mode == SYMLINK_MODE:
            self.links[item.path] = item
        else:
            self.submodules.add(item.path)

    def below(self, directory: str) -> Sequence[str]:
        """Return the files below a real directory, sorted."""
        return _slice(self.paths, f"{directory}/") if directory else self.paths

    def links_below(self, directory: str) -> Sequence[str]:
        """Return the links below a real directory, sorted."""
        return _slice(self._linked, f"{directory}/") if directory else self._linked

    def is_directory(self, path: str) -> bool:
        """Whether anything is listed below a real path."""
        return not path or bool(_any(self.paths, f"{path}/") or _any(self._linked, f"{path}/"))

    def resolve(self, path: str) -> Resolved:  # noqa: C901, PLR0911  each way to lead nowhere is one
        """Return where `path` leads. Why not: missing, outside, submodule, cycle."""
        real, waiting = "", path.split("/")[::-1]
        through: list[str] = []
        while waiting:
            name = waiting.pop()
            if name in {"", "."}:
                continue
            if name == "..":
                if not real:
                    return Resolved(path, through=tuple(through), why="outside")
                real = real.rpartition("/")[0]
                continue
            at = f"{real}/{name}" if real else name
            if at in self.submodules:
                return Resolved(at, through=tuple(through), why="submodule")
            if at not in self.links:
                real = at
                continue
            through.append(at)
            if len(through) > MOST_HOPS:
                return Resolved(path, through=tuple(through), why="cycle")
            target = self.target(at)
            if target.startswith(("/", "~")):
                return Resolved(at, through=tuple(through), why="outside")
            waiting += target.split("/")[::-1] if target else [""]
            if not target:
                return Resolved(at, through=tuple(through), why="missing")
        if real in self.files:
            return Resolved(real, is_file=True, through=tuple(through))
        if self.is_directory(real):
            return Resolved(real, through=tuple(through))
        return Resolved(real, through=tuple(through), why="missing")

    def target(self, link: str) -> str:
        """Return what a link says."""
        if link not in self._targets:
            self._targets[link] = self._read_link(self.links[link])
        return self._targets[link]

    def find(self, path: str) -> Resolved | None:
        """Return the file that `path` leads to, None where it leads to none that is listed."""
        if path in self.files:
            return Resolved(path, is_file=True)
        if not self.links:
            return None
        found = self.resolve(path)
        return found if found.is_file else None

    def walk(self, directory: str) -> Iterator[tuple[str, Resolved]]:
        """Yield each file below `directory`, with the name it is reached by and the real one; links are gone through.

        Each real directory is entered once.
        """
        found = self.resolve(directory)
        if found.why or found.is_file:
            return
        waiting, seen = [(directory, found)], {found.path}
        while waiting:
            shown, at = waiting.pop()
            cut = len(at.path) + 1 if at.path else 0
            for path in self.below(at.path):
                yield f"{shown}/{path[cut:]}", Resolved(path, is_file=True, through=at.through)
            for link in self.links_below(at.path):
                name, target = f"{shown}/{link[cut:]}", self.resolve(link)
                if target.is_file:
                    yield name, target._replace(through=(*at.through, *target.through))
                elif not target.why and target.path not in seen:
                    seen.add(target.path)
                    waiting.append((name, target._replace(through=(*at.through, *target.through))))


def above(directory: str) -> list[str]:
    """Return a directory and all above it, the root first."""
    found = [""]
    at = directory.find("/")
    while at > 0:
        found.append(directory[:at])
        at = directory.find("/", at + 1)
    return [*found, directory] if directory else found


def parent(path: str) -> str:
    """Return the directory that a path is in."""
    return path.rpartition("/")[0]


def join(directory: str, name: str) -> str:
    """Return a path below a directory."""
    return f"{directory}/{name}" if directory else name


def _slice(paths: Sequence[str], prefix: str) -> Sequence[str]:
    return paths[bisect_left(paths, prefix) : bisect_left(paths, prefix[:-1] + "0")]  # "0" comes after "/"


def _any(paths: Sequence[str], prefix: str) -> bool:
    at = bisect_left(paths, prefix)
    return at < len(paths) and paths[at].startswith(prefix)
