"""What the files of a selection were at the start of a change, counted through the cache.

Only what differs is looked at: every other file is what it is now. So comparing costs little more than counting, and a
file that git calls unmodified has grown by nothing, whatever a filter makes of it on disk.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from typing import NamedTuple

from loopflow.analysis.diff import find_moves
from loopflow.analysis.filetype import file_type
from loopflow.analysis.names import sort_by_path
from loopflow.io.count.counting import Engine, count
from loopflow.io.git.output import Difference
from loopflow.model import (
    Before,
    Candidates,
    Extent,
    FileRef,
    FileTokens,
    Profile,
    Repository,
    Revision,
    Selection,
    Worktree,
    is_regular,
)

Covers = Callable[[str], bool]
"""Whether a path would be selected if a file were there."""


class Moment(NamedTuple):
    """A commit, or the empty tree, by id, what a user calls it, and what the change left there."""

    name: str
    commit: str
    branch: str | None = None


def count_before(selection: Selection, profile: Profile, covers: Covers, engine: Engine, moment: Moment) -> Before:
    """Return what was there at `moment` of a selection that was profiled.

    Raises GitError for an object that is missing.
    """
    repository = _repository(selection)
    differences = engine.git.differences(repository, selection.request.source, moment.commit)
    differences = [each for each in differences if not has_kept_content(each)]
    now = {file.path: file for file in profile.files}
    untracked = {ref.path for ref in selection.candidates if not ref.mode}
    differing = frozenset(untracked.union(difference.path for difference in differences))
    files = count_files(selection, _files(differences, covers), engine, moment.commit)
    if isinstance(selection.request.source, Worktree):
        from loopflow.io.count.converted_files import as_on_disk  # noqa: PLC0415  git lists what it stores otherwise

        files = as_on_disk(selection, profile, files, engine)
    moves = _find_moves(files, {path: now[path] for path in differing if path in now}, differences)
    files |= {old: now[new]._replace(path=old, type=files[old].type) for new, old in moves.items()}
    then = Then(now, differing, files)
    return Before("revision", moment.name, then, moves, moment.commit, differing, moment.branch)


class Then(Mapping[str, FileTokens]):
    """What is there `now`, but for the paths that are `differing`, at which there were `files`."""

    def __init__(
        self, now: Mapping[str, FileTokens], differing: frozenset[str], files: Mapping[str, FileTokens]
    ) -> None:
        self._now = now
        self._differing = differing
        self._files = files

    def __getitem__(self, path: str) -> FileTokens:
        return self._files[path] if path in self._differing else self._now[path]

    def __iter__(self) -> Iterator[str]:
        yield from (path for path in self._now if path not in self._differing)
        yield from self._files

    def __len__(self) -> int:
        return sum(1 for _ in self)


def settle(before: Before, profile: Profile, paths: Collection[str]) -> Before:
    """Return `before` as it would be if it had held what is at `paths` now."""
    now = {file.path: file for file in profile.files}
    if before.differing is None or not any(path in now for path in paths):
        return before
    differing = before.differing.difference(paths)
    return replace(
        before,
        files=Then(now, differing, {path: before.files[path] for path in differing if path in before.files}),
        differing=differing,
    )


def count_files(selection: Selection, refs: list[FileRef], engine: Engine, commit: str) -> dict[str, FileTokens]:
    """Return what `refs`, files of `commit`, cost, by path; those that are no text are left out."""
    past = Candidates(
        root=selection.root,
        source=Revision(commit),
        files=tuple(sort_by_path(refs)),
        object_format=selection.object_format,
        repository=selection.repository,
        covers=Extent.DIFFERENCE,
    )
    with closing(count(past, engine)) as counts:
        return {item.path: item for item in counts if isinstance(item, FileTokens)}


def read_stored(files: Mapping[str, int], covers: Covers, name: str) -> Before:
    """Return a stored baseline as something to compare with: what of its `files` is covered."""
    found = {path: FileTokens(path, file_type(path), tokens, 0, "") for path, tokens in files.items() if covers(path)}
    return Before("baseline", name, found)


def has_kept_content(difference: Difference) -> bool:
    """Whether no more than the mode of a file differs."""
    before, after = difference.before, difference.after
    return bool(before and after and before.blob == after.blob and is_regular(before.mode) and is_regular(after.mode))


def _find_moves(
    before: Mapping[str, FileTokens], now: Mapping[str, FileTokens], differences: list[Difference]
) -> dict[str, str]:
    """Return what moved, by the blobs in git: on disk, a file may have other line ends, for example."""
    blobs = {each.path: each.after.blob for each in differences if each.after and each.after.blob}
    gone = [file for path, file in before.items() if path not in now]
    new = [file._replace(digest=blobs.get(path, file.digest)) for path, file in now.items() if path not in before]
    return find_moves(gone, new)


def _files(differences: list[Difference], covers: Covers) -> list[FileRef]:
    befores = [difference.before for difference in differences if difference.before]
    return [ref for ref in befores if is_regular(ref.mode) and covers(ref.path)]


def _repository(selection: Selection) -> Repository:
    assert selection.repository is not None  # noqa: S101  whoever compares has found the start of the change in it
    return selection.repository
