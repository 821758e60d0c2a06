"""What to leave out so that the rest fits a window: by evidence first, and no more than it takes."""

from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence

from loopflow.analysis.cuts import to_pattern
from loopflow.analysis.names import directories_above, path_bytes
from loopflow.model import Cut

Keeps = Callable[[str], bool]
"""Whether a path must stay whatever it costs."""


def leave_out(
    tokens: Mapping[str, int],
    cuts: Iterable[Cut],
    room: int,
    keeps: Keeps | None = None,
    unseen: Iterable[str] = (),
) -> tuple[str, ...]:
    """Return patterns of what to leave out of the files with these `tokens` by path, so that the rest fits `room`.

    First candidates, the largest first, ending with the smallest that suffices. Then, if they do not suffice,
    directories no larger than what is still needed, the largest first; and where each is too coarse, single files. The
    last of them may be larger than what was needed: what need not go any more then stays. No directory goes that holds
    something to keep, or one of the `unseen` files: those that are there and are not among these. What must stay may
    be too large for `room` by itself: then all the rest goes.
    """
    planner = _Planner(tokens, room, keeps or (lambda _: False), unseen)
    planner.take_cuts([(cut.at, cut.paths) for cut in cuts])
    candidates = planner.taken
    planner.take_directories()
    planner.take_files()
    planner.give_back(candidates)
    return tuple(map(to_pattern, planner.taken))


class _Planner:
    """What is left, and what was taken out of it."""

    def __init__(self, tokens: Mapping[str, int], room: int, keeps: Keeps, unseen: Iterable[str]) -> None:
        self._left = dict(tokens)
        self._room = room
        self._kept = {path for path in tokens if keeps(path)}
        self._closed = {place for path in (*self._kept, *unseen) for place in directories_above(path)}
        self._total = sum(tokens.values())
        self._taken: dict[str, dict[str, int]] = {}  # what each part took

    @property
    def taken(self) -> list[str]:
        """What is left out, in the order in which it was taken, without what lies below something else."""
        return [at for at in self._taken if not self._is_covered(at)]

    @property
    def needed(self) -> int:
        """How many tokens are still too many; 0 or less when it fits."""
        return self._total - self._room

    def take_cuts(self, cuts: Sequence[tuple[str, Sequence[str]]]) -> None:
        """Take candidates; one that holds something to keep is taken apart."""
        parts = []
        for at, paths in cuts:
            if self._kept.isdisjoint(paths):
                parts.append((at, paths))
            else:
                parts += [(path, (path,)) for path in paths if path not in self._kept]
        self._take([(sum(self._left[path] for path in paths), at, paths) for at, paths in parts])

    def take_directories(self) -> None:
        """Take directories that are not larger than what is needed, the largest first."""
        while self.needed > 0:
            sums: Counter[str] = Counter()
            for path, tokens in self._left.items():
                for place in directories_above(path):
                    sums[place] += tokens
            fitting = [
                (tokens, at) for at, tokens in sums.items() if 0 < tokens <= self.needed and at not in self._closed
            ]
            if not fitting:
                return
            largest = max(tokens for tokens, _ in fitting)
            at = min((at for tokens, at in fitting if tokens == largest), key=lambda at: (at.count("/"), at))
            self._remove(at, [path for path in self._left if path.startswith(at)])

    def take_files(self) -> None:
        """Take single files."""
        self._take([(tokens, path, (path,)) for path, tokens in self._left.items() if path not in self._kept])

    def give_back(self, candidates: Container[str]) -> None:
        """Give back what is not needed of what are no candidates, the largest first."""
        sizes = {at: sum(took.values()) for at, took in self._taken.items() if at not in candidates}
        for at in sorted(sizes, key=lambda at: -sizes[at]):
            if self.needed + sizes[at] <= 0:
                self._total += sizes[at]
                del self._taken[at]

    def _is_covered(self, at: str) -> bool:
        return any(place in self._taken for place in directories_above(at) if place != at)

    def _take(self, parts: Sequence[tuple[int, str, Sequence[str]]]) -> None:
        """Take parts, the largest first, until one suffices; then the smallest that does."""
        waiting = sorted(parts, key=lambda part: (-part[0], path_bytes(part[1])))
        for number, part in enumerate(waiting):
            if self.needed <= 0 or not part[0]:
                return
            enough = [each for each in waiting[number:] if each[0] >= self.needed] if part[0] >= self.needed else []
            _, at, paths = enough[-1] if enough else part
            self._remove(at, paths)

    def _remove(self, at: str, paths: Iterable[str]) -> None:
        took = {path: self._left.pop(path) for path in paths if path in self._left}
        self._total -= sum(took.values())
        self._taken[at] = took
