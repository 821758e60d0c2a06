"""What changed between two moments: file by file, directory by directory, type by type.

For every row, before + change = after. Content that is found again at another path, byte for byte, has moved: it is
neither new nor gone, and a directory of which everything has moved is one change.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping

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


def compare(
    profile: Profile, before: Before, directories: Mapping[str, int], types: Mapping[str, int], total: Total
) -> Diff:
    """Compare `profile` with `before`, of which `directories`, `types` and `total` are the sums in tokens."""
    files = _compare_files(profile, before)
    after = {stats.path: stats.tokens for stats in profile.directories}
    order = sorted({*after, *directories}, key=_depth_first)
    after_types = {stats.type: stats.tokens for stats in profile.types}
    return Diff(
        before=before,
        total=total,
        files=tuple(files),
        directories=tuple(_delta(path, directories.get(path), after.get(path)) for path in order),
        types=tuple(
            _delta(name, types.get(name), after_types.get(name))
            for name in sorted({*types, *after_types}, key=path_bytes)
        ),
        largest=tuple(_largest(files, before)),
    )


def _compare_files(profile: Profile, before: Before) -> list[Delta]:
    after = {file.path: file.tokens for file in profile.files}
    left = set(before.moves.values())
    deltas = []
    for path, tokens in after.items():
        old = before.files.get(path)
        if path in before.moves:
            deltas.append(Delta(path, tokens, tokens, Kind.MOVED, before.moves[path]))
        elif old is None or old.tokens != tokens:
            deltas.append(_delta(path, old and old.tokens, tokens))
    deltas += [
        _delta(path, old.tokens, None) for path, old in before.files.items() if path not in after and path not in left
    ]
    return sorted(deltas, key=lambda delta: path_bytes(delta.path))


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
