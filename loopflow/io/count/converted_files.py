"""Like with like: what was there before, counted in the form that it has on disk.

Git stores a file otherwise than it lies in a work tree where attributes ask for it. What has grown is what git would
store now, less what it stored then; so what there was "before" is what there is, less that. Behind a filter driver,
which is not run, what git stores now is what the index holds.
"""

from collections.abc import Mapping

from loopflow.io.count.counting import Engine
from loopflow.io.git.stored import find_filtered, read_converted
from loopflow.io.read.document import is_binary
from loopflow.model import FileTokens, Profile, Reason, Selection


def as_on_disk(
    selection: Selection, profile: Profile, before: Mapping[str, FileTokens], engine: Engine
) -> dict[str, FileTokens]:
    """Return files of the start of a change, which git calls modified, as they would have been counted on disk."""
    repository = selection.repository
    assert repository is not None  # noqa: S101  whoever compares has found the start in it
    now = {file.path: file for file in profile.files if file.path in before}
    binary = {skip.path for skip in profile.skipped if skip.reason is Reason.BINARY and skip.path in before}
    files = dict(before)
    filtered = find_filtered(engine.git, repository, sorted({*now, *binary}))
    indexed = {ref.path: ref.blob for ref in selection.candidates if ref.path in filtered}
    stored = read_converted(
        engine.git, repository, {path: file.digest for path, file in now.items()} | dict.fromkeys(binary, "")
    )
    for path in {*filtered, *stored}:
        if path not in now:
            if path in filtered or not is_binary(stored[path]):  # it was binary on disk before, too, and not counted
                del files[path]
            continue
        blob = indexed.get(path)
        data = engine.git.read_blob(repository, blob) if blob else stored.get(path, b"")
        [tokens] = engine.counter.count(["" if is_binary(data) else data.decode("utf-8", "replace")])
        growth = tokens - before[path].tokens
        files[path] = before[path]._replace(tokens=max(now[path].tokens - growth, 0), digest="")
    return files
