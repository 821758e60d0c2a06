"""Logs read once, one after the other, while their tokens are counted on a thread or in a process."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from loopflow.analysis.redact import redact
from loopflow.logs.census import FEW_KINDS, MOST_KINDS, Census
from loopflow.logs.cleaning import clean
from loopflow.logs.counting import FIRST_PIECE, CounterBeside, InputCounter
from loopflow.logs.ending import Ending
from loopflow.logs.keys import Classifier
from loopflow.logs.model import LogRequest, Source
from loopflow.logs.pool import POOL_BYTES, SMALL_POOL_BYTES, Pool
from loopflow.logs.reading import READ_BYTES, SMALL_READ_BYTES, Chunk, LogReader
from loopflow.logs.scanning import FileScan, Scan, Watch
from loopflow.logs.whole import Whole
from loopflow.logs.workers import LONG_BYTES, choose_workers, make_classifier, may_start
from loopflow.tokens.protocol import TokenCounter

if TYPE_CHECKING:  # what it names is all that is needed of it
    from loopflow.io.read.document import ByteSource


@dataclass(frozen=True, slots=True)
class Input:
    """A log to read. `most` bytes are read if it is not negative; `tee` is given all of them."""

    name: str
    path: str
    stream: "ByteSource"
    most: int = -1
    tee: Callable[[bytes], object] | None = None


@dataclass(frozen=True, slots=True)
class Gathered:
    """What reading left behind. `tokens` are those of the logs, None where they were not counted."""

    scan: Scan
    whole: Whole
    sources: tuple[Source, ...]
    tokens: int | None

    @property
    def lines(self) -> int:
        """How many lines the logs have."""
        return sum(source.lines for source in self.sources)


class Taker(Protocol):
    """Takes the text of logs in the place of a `Whole`."""

    def add_raw(self, data: bytes) -> None:
        """Take the bytes that the next text is made of."""
        ...

    def add(self, text: bytes) -> None:
        """Take more of the text: whole lines."""
        ...


class Follower(Watch, Protocol):
    """Counts the input in the place of an `InputCounter`, and follows its lines."""

    def add(self, data: bytes) -> None:
        """Take more of a log, before what becomes of its lines is known."""
        ...

    def end_file(self) -> None:
        """Take note that all of a log was taken."""
        ...

    def finish(self) -> int | None:
        """Return how many tokens there were."""
        ...


def gather(
    inputs: Sequence[Input],
    request: LogRequest,
    counter: TokenCounter,
    follower: Follower | None = None,
    whole: Taker | None = None,
) -> Gathered:
    """Read logs; `whole` is given all that a reader would see. Raises LoopflowError where one cannot be read on."""
    size = sum(given.most for given in inputs) if all(given.most >= 0 for given in inputs) else None
    reading = _Gathering(request, counter, size, follower)
    if whole is not None:
        reading.taker = whole
    try:
        sources = tuple(reading.read(number, given) for number, given in enumerate(inputs))
    finally:
        reading.workers.close()
        tokens = reading.count()
    return Gathered(reading.scan, reading.whole, sources, tokens)


def _choose_counter(request: LogRequest, counter: TokenCounter, size: int | None) -> InputCounter | CounterBeside:
    """Return what counts logs of so many bytes in all, None where nobody knows."""
    if (size is not None and size < LONG_BYTES) or not may_start(request):
        return InputCounter(counter)
    return CounterBeside(counter, FIRST_PIECE if size is None else 0)


class _Gathering:
    def __init__(self, request: LogRequest, counter: TokenCounter, size: int | None, follower: Follower | None) -> None:
        self._request = request
        self._follower = follower
        pool = Pool(SMALL_POOL_BYTES if request.is_small else POOL_BYTES, is_redacted=request.redact)
        census = Census(FEW_KINDS if request.is_small else MOST_KINDS)
        self.scan = Scan(pool, Ending(request.fit), census)
        self.scan.watch = follower
        self.whole = Whole(counter, request.fit, redact=request.redact, drops=bool(request.drop))
        self.taker: Taker = self.whole
        self.tokens: Follower | InputCounter | CounterBeside | None = follower
        if not follower and request.counts_input:
            self.tokens = _choose_counter(request, counter, size)
        self.workers = choose_workers(request, lambda: self._classifier)
        self._is_cut = False

    def read(self, number: int, given: Input) -> Source:
        """Read one log."""
        request = self._request
        reader = LogReader(given.stream, given.name, self._size(), given.tee, given.most)
        reader.prepare = self._hide if request.redact else None
        file = FileScan(self.scan, number, self.taker.add, request)
        for chunk, prepared in self.workers.prepare(self._chunks(reader), given.most):
            file.take(chunk, prepared)
        file.finish()
        if self._follower:
            self._follower.end_file()
        is_complete = given.most < 0 or reader.bytes >= given.most
        told = prepared.envelope, prepared.is_lossy, is_complete, prepared.dropped
        return Source(given.name, given.path, reader.bytes, reader.lines, reader.sha256, *told)

    @cached_property
    def _classifier(self) -> Classifier:
        return make_classifier(self._request)

    def _hide(self, part: bytes) -> bytes:
        return redact(clean(part, self._classifier.weigh))

    def count(self) -> int | None:
        """Return the tokens of all that was read: None where a line was too long to be held."""
        tokens = self.tokens.finish() if self.tokens else None
        return None if self._is_cut else tokens

    def _chunks(self, reader: LogReader) -> Iterator[Chunk]:
        """Yield the chunks of a log, and hand them to whoever counts."""
        for chunk in reader.chunks():
            if self.tokens:
                self.tokens.add(chunk.data)
            self._is_cut = self._is_cut or chunk.cut > 0
            self.taker.add_raw(chunk.data)
            yield chunk

    def _size(self) -> int:
        return self._request.read_size or (SMALL_READ_BYTES if self._request.is_small else READ_BYTES)
