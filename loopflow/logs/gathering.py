"""Logs read once, one after the other, while their tokens are counted on a thread."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from loopflow.analysis.redact import redact
from loopflow.io.read.document import ByteSource
from loopflow.logs.census import Census
from loopflow.logs.cleaning import clean
from loopflow.logs.counting import InputCounter
from loopflow.logs.ending import Ending
from loopflow.logs.model import LogRequest, Source
from loopflow.logs.pool import POOL_BYTES, SMALL_POOL_BYTES, Pool
from loopflow.logs.reading import READ_BYTES, SMALL_READ_BYTES, LogReader
from loopflow.logs.scanning import FileScan, Scan
from loopflow.logs.whole import Whole
from loopflow.tokens.protocol import TokenCounter


@dataclass(frozen=True, slots=True)
class Input:
    """A log to read. `most` bytes are read if it is not negative; `tee` is given all of them."""

    name: str
    path: str
    stream: ByteSource
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


def gather(inputs: Sequence[Input], request: LogRequest, counter: TokenCounter) -> Gathered:
    """Read logs. Raises LoopflowError where one cannot be read on."""
    reading = _Gathering(request, counter)
    sources = tuple(reading.read(number, given) for number, given in enumerate(inputs))
    return Gathered(reading.scan, reading.whole, sources, reading.tokens.finish() if reading.tokens else None)


class _Gathering:
    def __init__(self, request: LogRequest, counter: TokenCounter) -> None:
        self._request = request
        self.scan = Scan(Pool(SMALL_POOL_BYTES if request.is_small else POOL_BYTES), Census(), Ending(request.fit))
        self.whole = Whole(counter, request.fit, redact=request.redact)
        self.tokens = InputCounter(counter) if request.counts_input else None

    def read(self, number: int, given: Input) -> Source:
        """Read one log."""
        request = self._request
        reader = LogReader(given.stream, given.name, self._size(), given.tee, given.most)
        reader.prepare = self._prepare if request.redact else None
        file = FileScan(self.scan, number, self.whole.add, request)
        for chunk in reader.chunks():
            if self.tokens and chunk.left_out:
                self.tokens.give_up()
            elif self.tokens:
                self.tokens.add(chunk.data)
            self.whole.add_raw(chunk.data)
            file.take(chunk)
        file.finish()
        is_complete = given.most < 0 or reader.bytes >= given.most
        told = file.envelope, file.lossy, is_complete
        return Source(given.name, given.path, reader.bytes, reader.lines, reader.sha256, *told)

    def _prepare(self, part: bytes) -> bytes:
        return redact(clean(part, self.scan.classifier.weigh))

    def _size(self) -> int:
        return self._request.read_size or (SMALL_READ_BYTES if self._request.is_small else READ_BYTES)
