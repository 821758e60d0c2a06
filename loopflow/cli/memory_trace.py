"""`loopflow memory query --trace`: the lines of failures, from what `loopflow logs` remembers; redacted, bounded."""

from collections.abc import Sequence
from typing import Final

from loopflow.analysis.redact import redact
from loopflow.console.console import Console
from loopflow.console.directories import data_directory
from loopflow.errors import LoopflowError
from loopflow.logs.store import Store, open_store
from loopflow.logs.tracing import trace
from loopflow.memory.fitting import fit_lines
from loopflow.memory.lines import shorten, show
from loopflow.tokens.protocol import TokenCounter

_MOST_BYTES: Final = 200_000
_LONGEST: Final = 400


def print_traces(refs: Sequence[str], fit: int, counter: TokenCounter, console: Console, here: str) -> str:
    """Return the lines of failures, a block each, in at most `fit` tokens together."""
    store = open_store(data_directory(console.environ, here))
    text = ""
    for ref in dict.fromkeys(refs):
        block = _trace(ref, store, fit, counter)
        fit -= counter.count([block])[0]
        text += block
        if not block:
            break
    return text


def _trace(ref: str, store: Store, fit: int, counter: TokenCounter) -> str:
    try:
        with trace(store, ref) as pieces:
            data = b"".join(pieces[0].read())[:_MOST_BYTES]
            head = f"[trace {ref}: {pieces[0].title[1:]}"
            encoding = pieces[0].encoding
    except LoopflowError:
        return fit_lines(f"[trace {ref}]", ["its lines are nowhere any more"], fit, counter)
    lines = redact(data.decode(encoding or "utf-8", "replace").encode()).decode().splitlines()
    return fit_lines(head, [_print_line(line) for line in lines], fit, counter)


def _print_line(line: str) -> str:
    """Return a line of a log: one that begins with a bracket is no row of ours."""
    shown = shorten(show(line.expandtabs(4)), _LONGEST)
    return f" {shown}" if shown.startswith("[") else shown
