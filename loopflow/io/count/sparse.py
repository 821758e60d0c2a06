"""Files that a sparse checkout leaves out of the work tree (git-sparse-checkout(1)).

What is judged or saved as a whole is whole: there, such a file counts as the index has it. Elsewhere it is skipped, and
said to be not checked out: nobody has removed it.
"""

from collections.abc import Generator
from contextlib import closing

from loopflow.io.count.counting import Engine, TextSink, count
from loopflow.model import NOT_CHECKED_OUT, Extent, FileTokens, Index, Reason, Selection, Skipped, Worktree


def count_selection(
    selection: Selection, engine: Engine, sink: TextSink | None = None, *, is_whole: bool = False
) -> Generator[FileTokens | Skipped, None, None]:
    """Yield what each candidate costs, as `count` does, and then what becomes of those that are not checked out.

    Raises GitError where the content of one that counts is not there.
    """
    missing: list[Skipped] = []
    with closing(count(selection.to_count, engine, sink)) as counts:
        for item in counts:
            if isinstance(item, Skipped) and item.reason is Reason.MISSING:
                missing.append(item)
            else:
                yield item
    repository = selection.repository
    if not missing or repository is None or not isinstance(selection.request.source, Worktree):
        yield from missing
        return
    left_out = engine.git.list_left_out(repository)
    yield from (item for item in missing if item.path not in left_out)
    paths = {item.path for item in missing if item.path in left_out}
    if not is_whole:
        yield from (Skipped(item.path, Reason.MISSING, NOT_CHECKED_OUT) for item in missing if item.path in paths)
        return
    files = tuple(ref for ref in selection.candidates if ref.path in paths)
    yield from count(selection.to_count._replace(source=Index(), files=files, covers=Extent.DIFFERENCE), engine, sink)
