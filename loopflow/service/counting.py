"""`TokenCountingService`: what a text costs, from memory, else from the database, else counted.

A database that does not answer changes no number: it is left alone, and counting goes on.
"""

import asyncio
import logging
import os
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, TypeVar

from loopflow.errors import UncountableError
from loopflow.service.batching import Batches, Job
from loopflow.service.errors import ServiceError, StoreUnavailable, UncountableText, UnknownEncoding
from loopflow.service.keeping import CountRow, NoStore, Removal, Store
from loopflow.service.memory import Key, MemoryCache
from loopflow.service.model import CacheFigures, CacheLevel, Count
from loopflow.service.streams import whole_text
from loopflow.tokens import create_counter
from loopflow.tokens.encodings import VOCABULARY_DIGESTS
from loopflow.tokens.protocol import TokenCounter

_LOG: Final = logging.getLogger("loopflow.service.counting")
_SHOWN_DIGITS: Final = 8
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Engine:
    """How counting is done: `engine` as `LOOPFLOW_ENGINE` has it, and where a table may be kept."""

    name: str | None = None
    table_directory: str | None = None
    threads: int | None = None


class TokenCountingService:
    """Counts texts, many at once. Make it once, use it within one event loop, and close it."""

    def __init__(
        self,
        store: Store | None = None,
        *,
        encoding: str = "cl100k_base",
        memory: MemoryCache | None = None,
        engine: Engine | None = None,
    ) -> None:
        engine = engine or Engine()
        self.encoding = self.require(encoding)
        self.store: Store = store or NoStore()
        self.memory = memory or MemoryCache()
        self.threads = engine.threads or os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(self.threads, "count")
        self._engine = engine
        self._counters: dict[str, TokenCounter] = {}
        self._ids: dict[str, str] = {}
        self._batches: dict[str, Batches[Key, tuple[int, CacheLevel]]] = {}
        self._background = asyncio.Semaphore(max(1, self.threads - 1))
        self._hits: Counter[str] = Counter()
        self._misses: Counter[str] = Counter()
        self.on_batch: Callable[[int], None] = lambda _: None
        self.on_tokens: Callable[[str, int], None] = lambda _encoding, _tokens: None

    @staticmethod
    def require(encoding: str) -> str:
        """Return an encoding that there is. Raises UnknownEncoding."""
        if encoding not in VOCABULARY_DIGESTS:
            raise UnknownEncoding("there is no such encoding", f"known are {', '.join(VOCABULARY_DIGESTS)}")
        return encoding

    def counter(self, encoding: str) -> TokenCounter:
        """Return what counts in `encoding`; there is one for each."""
        counter = self._counters.get(encoding)
        if counter is None:
            self.require(encoding)
            counter = create_counter(encoding, self._engine.name, self._engine.table_directory)
            self._counters[encoding] = counter
        return counter

    def encoding_id(self, encoding: str) -> str:
        """Return what a kept count depends on beside the text, as 16 digits."""
        found = self._ids.get(encoding)
        if found is None:
            found = self._ids[encoding] = sha256(self.counter(encoding).id.encode()).hexdigest()[:16]
        return found

    async def count(self, text: str, encoding: str | None = None) -> Count:
        """Return what `text` costs. Raises UnknownEncoding, UncountableText."""
        encoding = encoding or self.encoding
        try:
            data = text.encode()
        except UnicodeEncodeError:
            text = whole_text(text)
            data = text.encode()
        key = sha256(data).digest(), self._ids.get(encoding) or self.encoding_id(encoding)
        tokens = self.memory.get(key)
        level = CacheLevel.MEMORY
        if tokens is None:
            self._note(self._misses, CacheLevel.MEMORY, key[0])
            tokens, level = await self._batches_of(encoding).get(key, text)
        else:
            self._note(self._hits, CacheLevel.MEMORY, key[0])
        self.on_tokens(encoding, tokens)
        return Count(tokens, encoding, len(text), len(data), level)

    async def count_many(self, texts: Sequence[str], encoding: str | None = None) -> list[Count | ServiceError]:
        """Return what each text costs, or why it could not be counted. Raises UnknownEncoding."""
        self.require(encoding or self.encoding)
        found = await asyncio.gather(*(self.count(text, encoding) for text in texts), return_exceptions=True)
        for each in found:
            if isinstance(each, BaseException) and not isinstance(each, ServiceError):
                raise each
        return [each for each in found if isinstance(each, Count | ServiceError)]

    async def find(
        self, digests: Collection[str], encodings: Collection[str]
    ) -> dict[str, dict[str, tuple[int, CacheLevel]]]:
        """Return what is known of texts by their digests: counts by encoding, and where they came from."""
        ids = {self.encoding_id(encoding): encoding for encoding in encodings}
        found: dict[str, dict[str, tuple[int, CacheLevel]]] = {digest: {} for digest in digests}
        for digest in digests:
            for id_, encoding in ids.items():
                tokens = self.memory.get((bytes.fromhex(digest), id_))
                self._note(self._misses if tokens is None else self._hits, CacheLevel.MEMORY, bytes.fromhex(digest))
                if tokens is not None:
                    found[digest][encoding] = tokens, CacheLevel.MEMORY
        missing = {digest for digest, counts in found.items() if len(counts) < len(ids)}
        for (digest, id_), tokens in (await self._ask(missing, ids)).items():
            if ids[id_] not in found[digest]:
                found[digest][ids[id_]] = tokens, CacheLevel.DATABASE
                self.memory.put((bytes.fromhex(digest), id_), tokens)
                self._note(self._hits, CacheLevel.DATABASE, bytes.fromhex(digest))
        return found

    def keep(self, digest: str, counts: Mapping[str, int], size: int) -> None:
        """Keep counts of a text that was counted elsewhere, by encoding."""
        for encoding, tokens in counts.items():
            id_ = self.encoding_id(encoding)
            self._hits[CacheLevel.COMPUTED] += 1
            self.memory.put((bytes.fromhex(digest), id_), tokens)
            self.store.keep(CountRow(digest, encoding, id_, tokens, size))

    async def run_in_background(self, function: Callable[..., _T], *arguments: Any) -> _T:  # noqa: ANN401  any function's
        """Run on a thread that counts; of those, one is always left for live counts, where there are two."""
        async with self._background:
            for _ in range(20):  # they go first, but not for ever
                if all(batches.is_idle for batches in self._batches.values()):
                    break
                await asyncio.sleep(0.005)
            return await self.run(function, *arguments)

    async def run(self, function: Callable[..., _T], *arguments: Any) -> _T:  # noqa: ANN401  any function's
        """Run on a thread that counts."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, function, *arguments)

    async def invalidate(self, removal: Removal) -> int:
        """Forget counts, in memory and in the database; return how many entries that were. Raises StoreUnavailable."""
        encoding_id = self.encoding_id(removal.encoding) if removal.encoding else None
        digest = bytes.fromhex(removal.digest) if removal.digest else None
        removed = 0
        if removal.pattern is None:
            removed = self.memory.remove(lambda key: digest in {None, key[0]} and encoding_id in {None, key[1]})
        return max(removed, await self.store.remove(removal))

    def figures(self) -> CacheFigures:
        """Return what the cache did since the start."""
        kept = self.memory.figures()
        return CacheFigures(
            dict(self._hits), dict(self._misses), kept.evictions, kept.entries, kept.bytes,
            self.store.pending, self.store.lost, self.store.state,
        )  # fmt: skip

    def close(self) -> None:
        """Give the threads back; what they are at is finished."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _batches_of(self, encoding: str) -> Batches[Key, tuple[int, CacheLevel]]:
        batches = self._batches.get(encoding)
        if batches is None:

            async def work(batch: Sequence[Job[Key, tuple[int, CacheLevel]]]) -> None:
                await self._work(encoding, batch)

            batches = self._batches[encoding] = Batches(work, self.threads)
            batches.sizes = self._note_batch
        return batches

    def _note_batch(self, size: int) -> None:
        self.on_batch(size)

    async def _work(self, encoding: str, batch: Sequence[Job[Key, tuple[int, CacheLevel]]]) -> None:
        """Settle a batch: one lookup, and one pass of the engine for what is left."""
        id_ = self.encoding_id(encoding)
        found = await self._ask({job.key[0].hex() for job in batch}, [id_])
        missing = []
        for job in batch:
            tokens = found.get((job.key[0].hex(), id_))
            if tokens is None:
                self._note(self._misses, CacheLevel.DATABASE, job.key[0])
                missing.append(job)
            else:
                self._note(self._hits, CacheLevel.DATABASE, job.key[0])
                self._settle(job, tokens, CacheLevel.DATABASE)
        missing = [job for job in missing if not job.future.done()]
        if not missing:
            return
        counted = await self.run(count_all, self.counter(encoding), [job.text for job in missing])
        for job, result in zip(missing, counted, strict=True):
            if isinstance(result, UncountableError):
                if not job.future.done():
                    job.future.set_exception(uncountable(result))
                    job.future.exception()
                continue
            tokens, is_apart = result
            self._hits[CacheLevel.COMPUTED] += 1
            if not is_apart:  # what only this version of an engine says is not for others
                self.store.keep(CountRow(job.key[0].hex(), encoding, id_, tokens, len(job.text.encode())))
            self._settle(job, tokens, CacheLevel.COMPUTED)

    def _settle(self, job: Job[Key, tuple[int, CacheLevel]], tokens: int, level: CacheLevel) -> None:
        self.memory.put(job.key, tokens)
        if not job.future.done():
            job.future.set_result((tokens, level))

    async def _ask(self, digests: Collection[str], ids: Collection[str]) -> Mapping[tuple[str, str], int]:
        if not digests:
            return {}
        try:
            return await self.store.find_counts(digests, ids)
        except StoreUnavailable:
            return {}

    def _note(self, figures: "Counter[str]", level: CacheLevel, digest: bytes) -> None:
        figures[level] += 1
        if _LOG.isEnabledFor(logging.DEBUG):
            what = "hit" if figures is self._hits else "miss"
            _LOG.debug("%s in %s: %s", what, level.value, digest.hex()[:_SHOWN_DIGITS])


def count_all(counter: TokenCounter, texts: Sequence[str]) -> list[tuple[int, bool] | UncountableError]:
    """Count on this thread. Whether a count is one version's alone is said with it."""
    try:
        counts: Sequence[int | UncountableError] = counter.count(texts)
    except UncountableError:
        counts = [_count_one(counter, text) for text in texts]
    return [
        count if isinstance(count, UncountableError) else (count, bool(counter.apart(text)))
        for count, text in zip(counts, texts, strict=True)
    ]


def _count_one(counter: TokenCounter, text: str) -> int | UncountableError:
    try:
        return counter.count([text])[0]
    except UncountableError as error:
        return error


def uncountable(error: UncountableError) -> UncountableText:
    """Return what to say of a text that no engine takes."""
    return UncountableText(f"the text cannot be counted: {error}", "leave out what no engine takes")
