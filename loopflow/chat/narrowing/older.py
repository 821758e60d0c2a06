"""Results in a history, narrowed as their tool and their content want it, but without the reducer of logs.

A compaction looks at hundreds of them within a request, so what takes long is left to the hook, which sees each as it
comes. Nothing is kept, and no secret is hidden: the model has read it before.
"""

from loopflow.chat.counting import Counts
from loopflow.chat.narrowing.documents import narrow_document
from loopflow.chat.narrowing.ends import keep_listed, keep_read
from loopflow.chat.narrowing.hunks import is_diff, narrow_diff
from loopflow.chat.narrowing.model import Room
from loopflow.chat.shorten import fits, shorten
from loopflow.chat.tools import find_kind

_LEAST = 40
"""Tokens: in less there is no room for a beginning and for words on the rest."""


def narrow_result(text: str, tool: str, limit: int, counts: Counts) -> str:
    """Return a result of at most so many tokens; the same object if it has no more."""
    if fits(text, limit, counts.of):
        return text
    if limit >= _LEAST:
        room, kind = Room(limit, counts.counter, known=counts.of), find_kind(tool)
        if kind == "read":
            return keep_read(text, 0, room, 1, by_offset=False)
        shorter = narrow_document(text, room) or (narrow_diff(text, room) if is_diff(text) else None)
        if shorter is not None:
            return shorter
        if kind in {"search", "list"}:
            return keep_listed(text, 0, room, has_lines=kind == "search")
    return shorten(text, limit, counts.of)
