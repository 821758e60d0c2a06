"""Documents in, counts out: a small thread pool that reads, decodes and counts.

Reading and counting release the interpreter's lock, so that two threads keep two processors busy. Each works through a
slice of the candidates and stops after a batch of some megabytes, whatever is left of the slice going back to the front
of the queue: so memory is bounded by bytes, results come in the order of the candidates, and one call to the engine
counts many files.
"""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias, TypeVar

from loopflow.analysis.filetype import file_type
from loopflow.errors import UncountableError
from loopflow.io.encoding import TokenCounter
from loopflow.io.file import read
from loopflow.io.opening import Opener
from loopflow.model import Document, FileRef, FileTokens, Reason, Selection, Skipped

SLICE_FILES = 256
BATCH_BYTES = 4_000_000


_Slice: TypeAlias = tuple[FileRef, ...]
_Kept = TypeVar("_Kept")


@dataclass(frozen=True, slots=True)
class Counted:
    """A document and what it costs."""

    document: Document
    tokens: FileTokens


def count(
    selection: Selection, counter: TokenCounter, jobs: int | None = None
) -> Generator[FileTokens | Skipped, None, None]:
    """Read each candidate once and yield what it costs, in order. `jobs` is the number of threads.

    Whoever stops early closes it: left to the garbage collector, it could be closed by one of its own threads.
    """
    return _work(selection, counter, jobs, lambda counted: counted.tokens)


def count_documents(
    selection: Selection, counter: TokenCounter, jobs: int | None = None
) -> Generator[Counted | Skipped, None, None]:
    """Like `count`, with the text that was read. Memory is bounded by a few batches for each job."""
    return _work(selection, counter, jobs, lambda counted: counted)


def _work(
    selection: Selection, counter: TokenCounter, jobs: int | None, keep: Callable[[Counted], _Kept]
) -> Generator[_Kept | Skipped, None, None]:
    jobs = jobs or available_processors()
    refs = selection.candidates
    step = max(1, min(SLICE_FILES, len(refs) // (4 * jobs)))
    slices = iter([refs[start : start + step] for start in range(0, len(refs), step)])

    def work(part: _Slice) -> tuple[list[_Kept | Skipped], _Slice]:
        with Opener(selection.root) as opener:
            read_now = (read(opener, ref, selection.object_format) for ref in part)
            done = _count_batch(counter, _take_batch(read_now))
        return [item if isinstance(item, Skipped) else keep(item) for item in done], part[len(done) :]

    pool = ThreadPoolExecutor(jobs, thread_name_prefix="count")
    try:
        waiting = deque(pool.submit(work, part) for part in islice(slices, 2 * jobs))
        while waiting:
            done, rest = waiting.popleft().result()
            if rest:
                waiting.appendleft(pool.submit(work, rest))
            else:
                waiting.extend(pool.submit(work, part) for part in islice(slices, 1))
            yield from done
    finally:
        pool.shutdown(cancel_futures=True)


def _take_batch(items: Iterable[Document | Skipped]) -> list[Document | Skipped]:
    """Take items until their texts make up a batch."""
    taken: list[Document | Skipped] = []
    size = 0
    for item in items:
        taken.append(item)
        size += item.size if isinstance(item, Document) else 0
        if size >= BATCH_BYTES:
            break
    return taken


def _count_batch(counter: TokenCounter, items: Sequence[Document | Skipped]) -> list[Counted | Skipped]:
    texts = [item.text for item in items if isinstance(item, Document)]
    try:
        counts = iter(counter.count(texts) if texts else ())
    except UncountableError:  # one of them: find it, and keep the others
        return [_count_one(counter, item) for item in items]
    return [Counted(item, _tokens(item, next(counts))) if isinstance(item, Document) else item for item in items]


def _count_one(counter: TokenCounter, item: Document | Skipped) -> Counted | Skipped:
    if isinstance(item, Skipped):
        return item
    try:
        return Counted(item, _tokens(item, counter.count([item.text])[0]))
    except UncountableError as error:
        return Skipped(item.ref.path, Reason.UNCOUNTED, str(error))


def _tokens(document: Document, tokens: int) -> FileTokens:
    path = document.ref.path
    return FileTokens(path, file_type(path), tokens, document.size, document.digest, document.lossy)


def available_processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
