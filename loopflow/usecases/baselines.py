"""The stored baseline: written from a profile, and read as it stands or as it stood where the change began."""

import os
from collections.abc import Iterable, Mapping, Sequence

from loopflow.analysis.names import escape_name
from loopflow.errors import BaselineError, UsageError, describe_os_error
from loopflow.io.count.start_counts import read_stored
from loopflow.io.tree_files import read_named
from loopflow.model import Before, CompareRequest, Repository, Start
from loopflow.tokens.encodings import encoding_id
from loopflow.usecases.find_config import find_former_config
from loopflow.usecases.measurement import Measured, require_complete


def write_baseline(measured: Measured, file: str | None, printed: Iterable[int] = ()) -> str:
    """Write the profile as the stored baseline, the configured one or `file`; return its path.

    `printed` are handles that are printed to, such as one behind /dev/stdout: nothing there is replaced.
    """
    from loopflow.io.baseline import Baseline, dump  # noqa: PLC0415  each mode imports what it alone needs
    from loopflow.io.writing import write_atomically  # noqa: PLC0415

    require_complete(measured.profile, "--save-baseline")
    if measured.covers is None:
        raise UsageError("a baseline belongs to one tree, and several were read", "run in one of them")
    baseline = Baseline(
        encoding_id(measured.profile.encoding), {file.path: file.tokens for file in measured.profile.files}
    )
    path = file or os.path.join(measured.selection.root, measured.config.baseline)
    if measured.repository and measured.repository.bare and not file:
        raise UsageError("a bare repository has no place for a baseline", "name one with --baseline-file")
    root = os.path.realpath(measured.selection.root)
    if not file and os.path.commonpath([root, os.path.realpath(path)]) != root:  # the repository chose it, not the user
        what = f"a link leads from the baseline {escape_name(measured.config.baseline)} out of {escape_name(root)}"
        raise UsageError(what, "remove the link, or name the file with --baseline-file")
    write_atomically(path, dump(baseline), measured.engine.git.surroundings.root, printed)
    return path


def read_baseline(measured: Measured, comparing: CompareRequest, start: Start | None) -> Before:
    """Read the stored baseline: where the change has a start, as it stood there, or in a merge at each, if it did."""
    from shlex import quote  # noqa: PLC0415

    from loopflow.io.baseline import parse  # noqa: PLC0415

    name = comparing.file or measured.config.baseline
    found = _baselines_at(measured, comparing, start) if start else []
    if not found:
        data = _read_here(measured, comparing)
        if data is None:
            what = f"there is no baseline {escape_name(name)}"
            option = f" --baseline-file {quote(escape_name(name))}" if comparing.file else ""
            raise BaselineError(what, f"code-context --profile --save-baseline{option} writes one")
        found = [data]
    covers, encoding = measured.covers, encoding_id(measured.profile.encoding)
    assert covers is not None  # noqa: S101  the caller looked
    stored = [parse(data, name, encoding).files for data in found]
    if len(stored) == 1:
        return read_stored(stored[0], covers, name)
    here = _read_here(measured, comparing)
    now = parse(here, name, encoding).files if here is not None else {}
    return read_stored(_settle(stored, now), covers, name)


def _settle(stored: Sequence[Mapping[str, int]], now: Mapping[str, int]) -> dict[str, int]:
    """Return what the baselines of several tips say together: an entry that one has as it is now, else the lowest."""
    paths = set().union(*stored)
    entries = {path: [each[path] for each in stored if path in each] for path in paths}
    return {path: now[path] if now.get(path) in found else min(found) for path, found in entries.items()}


def _read_here(measured: Measured, comparing: CompareRequest) -> bytes | None:
    return _read_file(measured, comparing.file) if comparing.file else measured.files.read(measured.config.baseline)


def _read_file(measured: Measured, path: str) -> bytes | None:
    try:
        return read_named(measured.locate(path))
    except OSError as error:
        what = f"the baseline {escape_name(path)} cannot be read: {describe_os_error(error)}"
        raise BaselineError(what, "check what --baseline-file names") from error


def _baselines_at(measured: Measured, comparing: CompareRequest, start: Start) -> list[bytes]:
    repository = measured.repository
    path: str | None = measured.config.baseline
    if comparing.file and repository:
        relative = os.path.relpath(os.path.realpath(measured.locate(comparing.file)), repository.root).replace(
            os.sep, "/"
        )
        path = None if relative.startswith("../") else relative
    if repository is None or path is None:
        return []
    found = [_baseline_at(measured, repository, commit, path) for commit in start.commits]
    return list(dict.fromkeys(data for data in found if data is not None))


def _baseline_at(measured: Measured, repository: Repository, commit: str, path: str) -> bytes | None:
    """Read the baseline at `path` in a commit, or where its config had it then: a new name forgives nothing."""
    git = measured.engine.git
    data = git.read_file(repository, commit, path)
    if data is None and path == measured.config.baseline:
        former = find_former_config(git, repository, commit, measured.files)
        data = git.read_file(repository, commit, former.baseline) if former else None
    return data
