"""Like with like: what was there before, counted in the form that it has on disk.

Git stores a file otherwise than it lies in a work tree where attributes ask for it. What has grown is what git would
store now, less what it stored then; so what there was "before" is what there is, less that. Behind a filter driver,
which is not run, what git stores now is what the index holds.
"""

from collections.abc import Iterable, Mapping

from loopflow.io.count.counting import Engine
from loopflow.io.git.stored import find_filtered, read_converted
from loopflow.io.read.document import is_binary
from loopflow.model import FileTokens, Profile, Reason, Selection, Worktree


def read_stored_forms(selection: Selection, profile: Profile, paths: Iterable[str], engine: Engine) -> dict[str, bytes]:
    """Return what git would store of files of the work tree, by path, where that is other than what is on disk.

    There is nothing to tell of other sources, nor of what is no file now.
    """
    repository = selection.repository
    if repository is None or not isinstance(selection.request.source, Worktree):
        return {}
    asked = set(paths)
    ids = {file.path: file.digest for file in profile.files if file.path in asked}
    ids |= {skip.path: "" for skip in profile.skipped if skip.reason is Reason.BINARY and skip.path in asked}
    filtered = find_filtered(engine.git, repository, sorted(ids))
    stored = read_converted(engine.git, repository, {path: ids[path] for path in ids if path not in filtered})
    for ref in selection.candidates:
        if ref.path in filtered and ref.blob:
            stored[ref.path] = engine.git.read_blob(repository, ref.blob)
    return stored


def as_on_disk(
    selection: Selection, profile: Profile, before: Mapping[str, FileTokens], engine: Engine
) -> dict[str, FileTokens]:
    """Return files of the start of a change, which git calls modified, as they would have been counted on disk."""
    now = {file.path: file for file in profile.files if file.path in before}
    files = dict(before)
    for path, data in read_stored_forms(selection, profile, before, engine).items():
        if path in now:
            [tokens] = engine.counter.count(["" if is_binary(data) else data.decode("utf-8", "replace")])
            growth = tokens - before[path].tokens
            files[path] = before[path]._replace(tokens=max(now[path].tokens - growth, 0), digest="")
        elif not is_binary(data):  # it is binary on disk, as it was before, and is not counted there
            del files[path]
    return files
