"""Candidates in, counts out: what is known already, and a small thread pool that counts the rest.

A candidate whose state or blob id is in the cache is not read. The others come in batches; a thread reads or decodes a
batch, hashes it, and counts with one call what is not known by its hash either. Results come in the order of the
candidates, and a few batches for each thread are all that is held, so memory is bounded by bytes.

Where text is wanted (to print it), every candidate is read, and counted only if it is not known.
"""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from loopflow.analysis.filetype import file_type
from loopflow.errors import TooLargeError, UncountableError, UnreadableError
from loopflow.io.cache.database import Cache
from loopflow.io.cache.page_format import NO_STAMP, Content
from loopflow.io.count.lookup import CacheUpdate, Known, look_up
from loopflow.io.count.sources import Batch, Item, check_blob, read_from_git, read_worktree
from loopflow.io.git.repository import Git
from loopflow.io.read.document import LargeText
from loopflow.model import Candidates, Document, FileRef, FileTokens, Reason, Skipped, Worktree
from loopflow.model.progress import Progress
from loopflow.tokens.protocol import TokenCounter

if TYPE_CHECKING:
    from concurrent.futures import Future

BATCHES_HELD = 3
"""How many batches for each thread wait or are worked on."""

SAVED_AT_ONCE = 10_000
"""How many new counts are held before they are written to the cache, so that an interrupted run leaves something."""

_TELLING = 100_000
"""How many characters of a large text are looked at, at least, for what it says about itself."""

_Result: TypeAlias = FileTokens | Skipped
_Done: TypeAlias = tuple[Document | None, _Result] | LargeText


class TextSink(Protocol):
    """Takes the texts that are counted, in order."""

    def begin(self, ref: FileRef) -> None:
        """Take note that the text of `ref` follows."""
        ...

    def write(self, text: str) -> None:
        """Take a piece of the text."""
        ...

    def end(self) -> None:
        """Take note that the text is complete."""
        ...


@dataclass(frozen=True, slots=True)
class Engine:
    """What counting needs besides a selection."""

    git: Git
    counter: TokenCounter
    cache: Cache
    progress: Progress
    jobs: int


def available_processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def count(candidates: Candidates, engine: Engine, sink: TextSink | None = None) -> Generator[_Result, None, None]:
    """Yield what each candidate costs, or why it does not count.

    With a `sink` every text is read and given to it, in the order of the candidates, each before its count is yielded.
    Raises GitError for an object that is missing or damaged. Whoever stops early closes it: left to the garbage
    collector, it could be closed by one of its own threads.
    """
    update = CacheUpdate(engine.cache, candidates)
    known = look_up(candidates, engine.cache, update, with_text=sink is not None)
    yield from known.results
    if not known.unread:
        update.save()
        return
    yield from _Pass(candidates, engine, sink, known, update).work()


class _Pass:
    """One pass over the candidates that have to be read."""

    def __init__(
        self, candidates: Candidates, engine: Engine, sink: TextSink | None, known: Known, update: CacheUpdate
    ) -> None:
        self._candidates = candidates
        self._engine = engine
        self._sink = sink
        self._on_disk = isinstance(candidates.source, Worktree)
        self._unread = known.unread
        self._stamps = known.stamps
        self._blobs = known.blobs
        self._contents = known.contents
        self._update = update
        self._apart: dict[str, str] = {}

        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  a run that reads nothing needs none

        self._pool = ThreadPoolExecutor(engine.jobs, thread_name_prefix="count")

    def work(self) -> Iterator[_Result]:
        """Read and count what is left, and keep what was found."""
        engine = self._engine
        size = sum(self._stamps[ref.path].size for ref in self._unread) if self._on_disk else 0
        engine.progress.start(len(self._unread), size)
        if engine.cache.is_empty:  # else most of it may turn out to be known
            engine.counter.expect(size)
        pool = self._pool
        held: deque[Future[list[_Done]]] = deque()
        try:
            for batch in self._batches():
                if isinstance(batch, LargeText):
                    yield from self._drain(held, 0)
                    yield self._count_large(batch)
                    continue
                yield from self._drain(held, BATCHES_HELD * engine.jobs - 1)
                held.append(pool.submit(self._count_batch, batch))
                if self._update.size >= SAVED_AT_ONCE:
                    pool.submit(self._update.save)
            yield from self._drain(held, 0)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        self._update.save()

    def _batches(self) -> Iterator[Batch | LargeText]:
        if self._on_disk:
            return read_worktree(self._candidates, self._unread, self._stamps)
        assert self._candidates.repository is not None  # noqa: S101  the index and a commit lie in one repository
        return read_from_git(self._engine.git, self._candidates.repository, self._unread)

    def _drain(self, held: "deque[Future[list[_Done]]]", left: int) -> Iterator[_Result]:
        """Take results in order until `left` batches are held."""
        while len(held) > left:
            for done in held.popleft().result():
                if isinstance(done, LargeText):  # it grew between the look at its size and its opening
                    yield self._count_large(done)
                    continue
                text, result = done
                if self._sink and text:
                    self._sink.begin(text.ref)
                    self._sink.write(text.text)
                    self._sink.end()
                self._engine.progress.advance(1, result.bytes if isinstance(result, FileTokens) else 0)
                yield result

    def _count_batch(self, batch: Batch) -> list[_Done]:
        """Read one batch and count what is not known; runs in a thread."""
        items = batch()
        documents = [item for item in items if isinstance(item, Document)]
        if self._on_disk:  # ids that are only known now; those that git listed were looked up before
            fresh = {document.digest for document in documents}.difference(self._contents)
            self._contents.update(self._engine.cache.contents(fresh))
        texts = {document.digest: document for document in documents if document.digest not in self._contents}
        self._look_up_apart(texts)
        counts, failures = _count_texts(self._engine.counter, texts)
        self._contents.update(counts)
        apart = {digest: name for digest in counts if (name := self._engine.counter.apart(texts[digest].text))}
        self._keep_apart({digest: counts[digest] for digest in apart}, apart)
        self._update.add_contents({digest: content for digest, content in counts.items() if digest not in apart})
        return [self._settle(item, failures) for item in items]

    def _look_up_apart(self, texts: dict[str, Document]) -> None:
        """Take from `texts` what one engine alone has counted before."""
        wanted: dict[str, set[str]] = {}
        for digest, document in texts.items():
            if name := self._engine.counter.apart(document.text):
                wanted.setdefault(name, set()).add(digest)
        for name, digests in wanted.items():
            known = self._engine.cache.contents(digests, name)
            self._contents.update(known)
            self._apart |= dict.fromkeys(known, name)
            for digest in known:
                del texts[digest]

    def _keep_apart(self, contents: Mapping[str, Content], names: Mapping[str, str]) -> None:
        self._apart |= names
        for digest, content in contents.items():
            self._update.add_contents({digest: content}, names[digest])

    def _settle(self, item: Item, failures: Mapping[str, str]) -> _Done:
        if isinstance(item, LargeText):
            return item
        if isinstance(item, Skipped):
            if item.reason is Reason.BINARY:
                self._note(item.path, "", Content(0, 0, binary=True))
            return None, item
        path = item.ref.path
        if item.digest in failures:
            return None, Skipped(path, Reason.UNCOUNTED, failures[item.digest])
        content = self._contents[item.digest]
        if item.digest not in self._apart:  # what a page holds is taken for every engine's answer
            self._update.add_file(path, self._stamps.get(path, NO_STAMP), item.digest, content)
        return item if self._sink else None, _tokens(path, item.digest, content)

    def _note(self, path: str, digest: str, content: Content) -> None:
        """Note for the next run what the file at `path` has turned out to hold."""
        blob = digest if self._on_disk else self._blobs[path]
        self._update.add_file(path, self._stamps.get(path, NO_STAMP), blob, content)
        if blob:
            self._update.add_contents({blob: content})

    def _count_large(self, text: LargeText) -> _Result:
        """Count a text piece by piece, and hand the pieces on."""
        path = text.ref.path
        known = self._contents.get(self._blobs.get(path, ""))
        tokens, facts = (known.tokens, known.facts) if known else (0, None)
        beginning = apart = ""
        try:
            with closing(text.pieces()) as pieces:
                if self._sink:
                    self._sink.begin(text.ref)
                for piece in pieces:
                    if self._sink:
                        self._sink.write(piece)
                    # In a thread, so that an interrupt need not wait for the engine.
                    tokens += 0 if known else self._pool.submit(self._engine.counter.count, [piece]).result()[0]
                    apart = apart or ("" if known else self._engine.counter.apart(piece))
                    if facts is None:  # the first piece is too small to tell what the text is
                        beginning += piece
                        is_enough = len(beginning) > _TELLING
                        facts = _fact_finder()(beginning, tokens, is_whole=False) if is_enough else None
        except UncountableError as error:
            return Skipped(path, _reason(error), str(error))
        finally:
            if self._sink:
                self._sink.end()
            self._engine.progress.advance(1, text.size)
        if not self._on_disk:
            check_blob(text.ref, text.digest)
        elif known and text.digest != self._blobs[path]:
            return Skipped(path, Reason.UNREADABLE, "it changed while it was read")
        content = Content(tokens, text.size, text.lossy, facts=facts or "")
        if not apart:  # nobody would look that up before the whole text is read again
            self._note(path, text.digest, content)
        return _tokens(path, text.digest, content)


def _count_texts(counter: TokenCounter, texts: Mapping[str, Document]) -> tuple[dict[str, Content], dict[str, str]]:
    """Count texts by digest; return what they count as, and why some cannot be counted."""
    documents = list(texts.values())
    try:
        counts = counter.count([document.text for document in documents]) if documents else []
    except UncountableError as error:
        if len(documents) == 1:
            return {}, {documents[0].digest: str(error)}
        halves = documents[::2], documents[1::2]  # one of them: narrow it down, and keep the others
        parts = [_count_texts(counter, {document.digest: document for document in half}) for half in halves]
        return parts[0][0] | parts[1][0], parts[0][1] | parts[1][1]
    find = _fact_finder()
    return {
        document.digest: Content(tokens, document.size, document.lossy, facts=find(document.text, tokens))
        for document, tokens in zip(documents, counts, strict=True)
    }, {}


def _fact_finder() -> Callable[..., str]:
    """Return what finds facts in a text. A run that counts nothing need not compile its expressions."""
    from loopflow.analysis.evidence import find_facts  # noqa: PLC0415

    return find_facts


def _tokens(path: str, digest: str, content: Content) -> FileTokens:
    return FileTokens(path, file_type(path), content.tokens, content.size, digest, content.lossy, content.facts)


def _reason(error: UncountableError) -> Reason:
    if isinstance(error, TooLargeError):
        return Reason.TOO_LARGE
    return Reason.UNREADABLE if isinstance(error, UnreadableError) else Reason.UNCOUNTED
