"""What changed between two moments: file by file, directory by directory, type by type.

For every row, before + change = after. Content that is found again at another path, byte for byte, has moved: it is
neither new nor gone, and a directory of which everything has moved is one change.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from loopflow.analysis.names import directories_above, path_bytes, sort_by_path
from loopflow.model import Before, Delta, Diff, FileTokens, Kind, Profile, Total

ROOT = "."
_LEAST_MOVED = 2
"""How many files make a directory that moved: with one it is the file that did."""


def find_moves(before: Iterable[FileTokens], after: Iterable[FileTokens]) -> dict[str, str]:
    """Return where each file whose content moved unchanged was before, by its path after.

    `before` are the files that are gone, `after` those that are new. Files with the same content are paired in the
    order of their names' bytes, those that kept their name first. Empty files are alike for no reason, and no move.
    """
    gone = sort_by_path([file for file in before if file.bytes and file.digest])
    digests = {file.digest for file in gone}
    new = sort_by_path([file for file in after if file.digest in digests])
    moves: dict[str, str] = {}
    for name_of in (_name, lambda _: ""):
        left = set(moves.values())
        waiting: defaultdict[tuple[str, str], deque[str]] = defaultdict(deque)
        for file in gone:
            if file.path not in left:
                waiting[file.digest, name_of(file.path)].append(file.path)
        for file in new:
            places = waiting.get((file.digest, name_of(file.path)))
            if places and file.path not in moves:
                moves[file.path] = places.popleft()
    return moves


def compare_profile(profile: Profile, before: Before) -> Diff:
    """Compare `profile` with `before`: from what differs alone, since all the rest adds up to the same."""
    now = {file.path: file for file in profile.files}
    paths = now.keys() | before.files.keys() if before.differing is None else before.differing
    pairs = [(path, before.files.get(path), now.get(path)) for path in sorted(paths, key=path_bytes)]
    files = _compare_files(pairs, before)
    directories, types = _Sums(), _Sums()
    for stats in profile.directories:
        directories.start(stats.path, stats.tokens, stats.files)
    for kind in profile.types:
        types.start(kind.type, kind.tokens, kind.files)
    size = profile.total.bytes
    for path, old, new in pairs:
        for above in (ROOT, *_above(path)):
            directories.take_back(above, old, new)
        types.take_back((old or new or _NOBODY).type, old, new)
        size += (old.bytes if old else 0) - (new.bytes if new else 0)
    tokens, number = directories.before.get(ROOT, (0, 0))
    return Diff(
        before=before,
        total=Total(tokens, number, size),
        files=tuple(files),
        directories=tuple(directories.deltas(_depth_first, always=ROOT)),
        types=tuple(types.deltas(path_bytes)),
        largest=tuple(_largest(files, before)),
    )


_NOBODY = FileTokens("", "", 0, 0, "")


class _Sums:
    """Tokens and numbers of files by name, after; and before, which is that without what differs."""

    def __init__(self) -> None:
        self._after: dict[str, int] = {}
        self.before: dict[str, tuple[int, int]] = {}

    def start(self, name: str, tokens: int, files: int) -> None:
        """Take note of what there is."""
        self._after[name] = tokens
        self.before[name] = tokens, files

    def take_back(self, name: str, old: FileTokens | None, new: FileTokens | None) -> None:
        """Put a file as it was in the place of the file as it is."""
        tokens, files = self.before.get(name, (0, 0))
        change = (old.tokens if old else 0) - (new.tokens if new else 0)
        self.before[name] = tokens + change, files + (old is not None) - (new is not None)

    def deltas(self, order: Callable[[str], Any], always: str | None = None) -> Iterator[Delta]:
        """Yield what became of each name that holds a file, or held one."""
        for name in sorted({*self._after, *self.before}, key=order):
            tokens, files = self.before[name]
            was = tokens if files or name == always else None
            if was is not None or name in self._after:
                yield _delta(name, was, self._after.get(name))


def _compare_files(pairs: Iterable[tuple[str, FileTokens | None, FileTokens | None]], before: Before) -> list[Delta]:
    left = set(before.moves.values())
    deltas = []
    for path, old, new in pairs:
        if new and path in before.moves:
            deltas.append(Delta(path, new.tokens, new.tokens, Kind.MOVED, before.moves[path]))
        elif (new or path not in left) and (old and old.tokens) != (new and new.tokens):
            deltas.append(_delta(path, old and old.tokens, new and new.tokens))
    return deltas


def _delta(path: str, before: int | None, after: int | None) -> Delta:
    if before is None:
        return Delta(path, None, after, Kind.ADDED)
    if after is None:
        return Delta(path, before, None, Kind.REMOVED)
    if before == after:
        return Delta(path, before, after, Kind.SAME)
    return Delta(path, before, after, Kind.GROWN if after > before else Kind.SHRUNK)


def _largest(files: Iterable[Delta], before: Before) -> list[Delta]:
    """Return all changes, the largest first, and then what moved, with moved directories as one each."""
    moved = [delta for delta in files if delta.kind is Kind.MOVED]
    changed = [delta for delta in files if delta.kind is not Kind.MOVED]
    directories = find_moved_directories(before)
    sums: dict[str, tuple[int, int]] = {}
    single = []
    for delta in moved:
        new = next((above for above in _above(delta.path) if above in directories), None)
        if new is None or directories[new] not in _above(delta.came_from or ""):  # several may have moved to one place
            single.append(delta)
        else:
            tokens, number = sums.get(new, (0, 0))
            sums[new] = tokens + (delta.after or 0), number + 1
    rows = [
        Delta(f"{new}/", tokens, tokens, Kind.MOVED, f"{directories[new]}/", number)
        for new, (tokens, number) in sums.items()
    ]
    rows += single
    changed.sort(key=lambda delta: (-abs(delta.change), path_bytes(delta.path)))
    rows.sort(key=lambda delta: (-(delta.after or 0), path_bytes(delta.path)))
    return changed + rows


def find_moved_directories(before: Before) -> dict[str, str]:
    """Return where each directory was of which every file moved, by where it is; only the uppermost ones."""
    if not before.moves:
        return {}
    sizes = Counter(above for path in before.files for above in _above(path))
    pairs: Counter[tuple[str, str]] = Counter()
    for new, old in before.moves.items():
        pairs.update(_directories_of_move(old, new))
    whole = {new: old for (old, new), number in pairs.items() if number == sizes[old] and number >= _LEAST_MOVED}
    return {new: old for new, old in whole.items() if not any(above in whole for above in _above(new))}


def _above(path: str) -> list[str]:
    return [above.removesuffix("/") for above in directories_above(path)]


def _directories_of_move(old: str, new: str) -> Iterable[tuple[str, str]]:
    """Yield the pairs of directories that could have moved when a file did, the innermost first."""
    while _name(old) == _name(new):
        old, new = old.rpartition("/")[0], new.rpartition("/")[0]
        if not (old and new) or old == new:
            return
        yield old, new


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _depth_first(path: str) -> tuple[bytes, ...]:
    return () if path == ROOT else tuple(path_bytes(path).split(b"/"))
