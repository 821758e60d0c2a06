"""What a profile is compared with: the start of the change, or the stored baseline.

Two kinds of before. The start of the change decides who is to blame. A stored baseline shows growth since a chosen
moment; under --check it is read as it stood at the start of the change, so that saving it again forgives nothing.
"""

from loopflow.analysis.diff import compare_profile
from loopflow.analysis.names import is_full_id
from loopflow.errors import UsageError
from loopflow.io.count.start_counts import Moment, count_before
from loopflow.io.git.change_start import find_push_start, find_range_start, find_start
from loopflow.model import Before, CompareRequest, Diff, Revision, Start
from loopflow.usecases.baselines import read_baseline
from loopflow.usecases.measurement import Measured, require_one_tree


def compare_with(measured: Measured, comparing: CompareRequest) -> Diff | None:
    """Return the growth since the stored baseline or the start of the change; None where there is no start."""
    require_one_tree(measured)
    start = None if comparing.baseline else find_start_of(measured, comparing, comparing.against)
    before = read_baseline(measured, comparing, None) if comparing.baseline else count_start(measured, start)
    return compare_profile(measured.profile, before) if before else None


def find_start_of(measured: Measured, comparing: CompareRequest, against: str | None) -> Start | None:
    """Return the start of the change; None outside of git."""
    repository, source, git = measured.repository, measured.selection.request.source, measured.engine.git
    if repository is None:
        if against is not None:
            raise UsageError("this is no git repository: there is nothing to compare with", "leave out --against")
        return None
    if comparing.push is not None and isinstance(source, Revision):
        return find_push_start(git, repository, source, comparing.push, measured.config.against)
    if comparing.since is not None and isinstance(source, Revision):
        return find_range_start(git, repository, source, comparing.since)
    start = find_start(git, repository, source, against)
    is_called = start.branch is not None and comparing.against_name is not None and is_full_id(start.branch)
    return start._replace(branch=comparing.against_name) if is_called else start


def count_start(measured: Measured, start: Start | None) -> Before | None:
    """Return what was there where the change starts, or of a merge what was to be expected; nothing without a start."""
    if start is None or measured.covers is None:
        return None
    selection, profile, covers, engine = measured.selection, measured.profile, measured.covers, measured.engine
    if len(start.commits) > 1:
        from loopflow.io.count.merge_counts import count_merged  # noqa: PLC0415  only a merge has several tips

        return count_merged(selection, profile, covers, engine, start)
    [commit] = start.commits
    return count_before(selection, profile, covers, engine, Moment(start.name, commit, start.branch))
