"""Where a change began, and the files that differ: as they are, and as they were in each commit that they came from."""

from collections.abc import Iterable, Iterator
from typing import Final

from loopflow.analysis.names import path_bytes
from loopflow.errors import UsageError
from loopflow.function.facts.read import UnparsedError, decode
from loopflow.function.sayings import Sayings
from loopflow.function.trees import SourceTree, Unread
from loopflow.io.git.automatic_merge import merge_automatically
from loopflow.io.git.change_start import find_start
from loopflow.model import FileRef, Repository, Start, Worktree, is_regular

_SUFFIX: Final = ".py"


def start_of(tree: SourceTree, against: str | None) -> Start:
    """Return where the change began that made a tree. Raises UsageError outside of git."""
    return find_start(tree.git, repository_of(tree), tree.source, against)


def repository_of(tree: SourceTree) -> Repository:
    """Return the repository of a tree. Raises UsageError where there is none."""
    repository = tree.listed.repository
    if repository is None:
        what = "this is no git repository: there is nothing to compare with"
        raise UsageError(what, "name functions, such as src/shop/cart.py:Cart.total, instead of --changed")
    return repository


class Versions:
    """The files that differ, as they are and as they were in each commit that the tree came from."""

    def __init__(self, tree: SourceTree, start: Start) -> None:
        self._tree = tree
        self._start = start
        self.unread: list[Unread] = []
        self.paths: tuple[str, ...] = ()
        self._repository = repository_of(tree)
        self._now: dict[str, Sayings | None] = {}
        self._gone: set[str] = set()

    def read(self) -> Iterator[tuple[str, list[Sayings | None]]]:
        """Yield the path of each, and the statements that it had; None where there was no such file."""
        sides = [self._differences(commit) for commit in self._start.commits]
        paths = set(sides[0]).intersection(*sides[1:])
        if isinstance(self._tree.source, Worktree):
            paths |= {path for path, ref in self._tree.files.items() if not ref.mode and path.endswith(_SUFFIX)}
        merged = self._merged(paths) if len(sides) > 1 and paths else {}
        self.paths = tuple(sorted(paths, key=path_bytes))
        for path in self.paths:
            befores = [self._was(side.get(path)) for side in sides]
            if path in merged:
                befores.append(merged[path])
            yield path, befores

    def now(self, path: str) -> Sayings | None:
        """Return the statements that a file has; None where there is none, or where it cannot be read."""
        if path not in self._now:
            self._now[path] = None
            if path in self._gone:
                return None
            if path in self._tree.files and self._tree.facts(path) is not None:
                self._now[path] = Sayings(self._tree.text(path))
            elif path in self._tree.unread:
                self.unread.append(self._tree.unread[path])
        return self._now[path]

    def _differences(self, commit: str) -> dict[str, FileRef | None]:
        found = self._tree.git.differences(self._repository, self._tree.source, commit)
        self._gone |= {each.path for each in found if each.after is None}
        return {
            each.path: each.before
            for each in found
            if each.path.endswith(_SUFFIX)
            and not (each.before and each.after and each.before.blob == each.after.blob)
            and (each.path in self._tree.files or each.after is None)
        }

    def _was(self, ref: FileRef | None) -> Sayings | None:
        if ref is None or not ref.blob or not is_regular(ref.mode):
            return None
        return _read(self._tree.git.read_blob(self._repository, ref.blob))

    def _merged(self, paths: Iterable[str]) -> dict[str, Sayings | None]:
        """Return what git makes of the files by itself, where it can."""
        with merge_automatically(self._tree.git, self._repository, self._start.commits) as merge:
            refs = {path: merge.files[path] for path in paths if path in merge.files and path not in merge.conflicts}
            return {path: _read(merge.read(ref.blob)) for path, ref in refs.items() if ref.blob}


def _read(data: bytes) -> Sayings | None:
    """Return the statements of a file that was; one that did not parse had none."""
    try:
        return Sayings(decode(data))
    except UnparsedError:
        return None
