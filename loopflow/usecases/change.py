"""The change of what is selected, as text: since the start that `--changed` compares with."""

from collections.abc import Callable, Container, Mapping
from typing import NamedTuple

from loopflow.errors import UsageError
from loopflow.io.file import coverage
from loopflow.io.git.change_start import find_start
from loopflow.io.git.patches import read_patches
from loopflow.model import Criteria, Selection, is_regular
from loopflow.usecases.run import Run


class Change(NamedTuple):
    """What was changed: `since` is what a user calls the start, `patches` are git's, by path.

    `left_out` are paths whose patches did not fit.
    """

    since: str
    patches: Mapping[str, str]
    left_out: tuple[str, ...] = ()


def read_change(run: Run, selection: Selection) -> Change:
    """Return the change of the files that are selected, and of those that are gone and would have been.

    Raises UsageError where there is no one repository, GitError where the start is not there.
    """
    if len(run.listed.trees) > 1:
        raise UsageError("several trees were read, and a diff is that of one", "name paths of one repository")
    repository, git, request = run.listed.repository, run.engine.git, run.request
    if repository is None:
        raise UsageError("this is no git repository: there is nothing to compare with", "leave out --diff")
    start = find_start(git, repository, request.source, request.against)
    kept = _keeper(run, selection, run.criteria)
    paths = [
        each.path
        for each in git.differences(repository, request.source, start.commits[0])
        if kept(each.path) and any(side and is_regular(side.mode) for side in (each.before, each.after))
    ]
    return Change(start.name, dict(read_patches(git, repository, request.source, start.commits[0], paths)))


def narrow_change(run: Run, change: Change, selection: Selection, criteria: Criteria, unfit: Container[str]) -> Change:
    """Return what is left of the change where a plan has left files out, without the patches that are `unfit`."""
    kept = _keeper(run, selection, criteria)
    patches = {path: patch for path, patch in change.patches.items() if kept(path)}
    left_out = tuple(path for path in patches if path in unfit)
    return Change(change.since, {path: patches[path] for path in patches if path not in unfit}, left_out)


def _keeper(run: Run, selection: Selection, criteria: Criteria) -> Callable[[str], bool]:
    """Return what tells whether a path is selected, or would be if it were still there."""
    selected = {ref.path for ref in selection.candidates}
    there = {item.path for listing in run.listed.everything for item in listing.items}
    covers = coverage(run.listed, criteria)
    return lambda path: path in selected or (path not in there and covers(path))
