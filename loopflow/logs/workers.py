"""The two steps of reading that remember nothing: cleaning a chunk, and weighing its lines. Processes may do them.

What comes out is the same, and in the same order, however many there are.
"""

from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from signal import SIG_IGN, SIGINT, signal
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, TypeVar

from loopflow.errors import LoopflowError
from loopflow.logs.cleaning import clean, is_lossy
from loopflow.logs.keys import NOTHING, Classifier, Trait, make_keys
from loopflow.logs.recognisers.tables import RECOGNISERS, WORDS

if TYPE_CHECKING:  # most logs are read in one process, which needs none of it
    from concurrent.futures import Future

_IN_ADVANCE: Final = 2
"""So many chunks for each process are on their way at once."""
_FEW_CHUNKS: Final = 4
"""A log with no more is read before a process has started."""


class Cleaned(NamedTuple):
    """A chunk that was cleaned, with a line end at its end; whether bytes of it were not UTF-8."""

    text: bytes
    is_lossy: bool


class Text(Protocol):
    """Lines that are to be weighed."""

    @property
    def text(self) -> bytes:
        """All of them, each with its end."""
        ...

    @property
    def lines(self) -> Sequence[bytes]:
        """Each of them."""
        ...

    @property
    def keys(self) -> Sequence[bytes]:
        """Each without its digits."""
        ...


_Item = TypeVar("_Item")
_Text = TypeVar("_Text", bound=Text)
_Result = TypeVar("_Result")


class Workers(Protocol):
    """Does the two steps, for many chunks, in order."""

    classifier: Classifier

    def clean(self, chunks: Iterable[_Item], data: Callable[[_Item], bytes]) -> Iterator[tuple[_Item, Cleaned]]:
        """Yield each chunk with what is left of it."""
        ...

    def weigh(self, texts: Iterable[_Text]) -> Iterator[tuple[_Text, list[Trait]]]:
        """Yield each text with what is known of its lines."""
        ...

    def close(self) -> None:
        """Give back what was held."""
        ...


class InProcess:
    """Does them one after the other."""

    def __init__(self, most_keys: int) -> None:
        self.classifier = Classifier(WORDS, RECOGNISERS, most_keys)

    def clean(self, chunks: Iterable[_Item], data: Callable[[_Item], bytes]) -> Iterator[tuple[_Item, Cleaned]]:
        """Yield each chunk with what is left of it."""
        for chunk in chunks:
            yield chunk, _clean(data(chunk), self.classifier)

    def weigh(self, texts: Iterable[_Text]) -> Iterator[tuple[_Text, list[Trait]]]:
        """Yield each text with what is known of its lines."""
        for each in texts:
            yield each, self.classifier.classify(each.keys, each.lines)

    def close(self) -> None:
        """There is nothing to give back."""


class Processes:
    """Does them in `count` processes, which are started when a log turns out to be long."""

    def __init__(self, count: int, most_keys: int) -> None:
        from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415
        from multiprocessing import get_context  # noqa: PLC0415

        self.classifier = Classifier(WORDS, RECOGNISERS, most_keys)
        self._most_keys = most_keys
        self._count = count
        # A process that has threads, as ours has, cannot be copied safely: they are started afresh.
        self._pool = ProcessPoolExecutor(count, get_context("spawn"), signal, (SIGINT, SIG_IGN))

    def clean(self, chunks: Iterable[_Item], data: Callable[[_Item], bytes]) -> Iterator[tuple[_Item, Cleaned]]:
        """Yield each chunk with what is left of it."""
        return self._in_order(
            chunks, data, lambda chunk: _clean(data(chunk), self.classifier), _clean_there, lambda made: made
        )

    def weigh(self, texts: Iterable[_Text]) -> Iterator[tuple[_Text, list[Trait]]]:
        """Yield each text with what is known of its lines."""
        return self._in_order(
            texts,
            lambda each: each.text,
            lambda each: self.classifier.classify(each.keys, each.lines),
            _weigh_there,
            _unpack,
        )

    def close(self) -> None:
        """End the processes."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _in_order(
        self,
        items: Iterable[_Item],
        data: Callable[[_Item], bytes],
        here: Callable[[_Item], _Result],
        there: Callable[[bytes, int], bytes | Cleaned],
        read: Callable[..., _Result],
    ) -> Iterator[tuple[_Item, _Result]]:
        """Yield what becomes of each item: of the first few `here`, of the others in a process."""
        waiting: deque[tuple[_Item, Future[bytes | Cleaned]]] = deque()
        for number, item in enumerate(items):
            if number < _FEW_CHUNKS:
                yield item, here(item)
                continue
            waiting.append((item, self._submit(there, data(item))))
            if len(waiting) > _IN_ADVANCE * self._count:
                done, future = waiting.popleft()
                yield done, read(_result(future))
        for done, future in waiting:
            yield done, read(_result(future))

    def _submit(self, there: Callable[[bytes, int], bytes | Cleaned], given: bytes) -> "Future[bytes | Cleaned]":
        from concurrent.futures.process import BrokenProcessPool  # noqa: PLC0415

        try:
            return self._pool.submit(there, given, self._most_keys)
        except BrokenProcessPool as error:
            raise _ended() from error


def _result(future: "Future[bytes | Cleaned]") -> bytes | Cleaned:
    from concurrent.futures.process import BrokenProcessPool  # noqa: PLC0415

    try:
        return future.result()
    except BrokenProcessPool as error:
        raise _ended() from error


def _ended() -> LoopflowError:
    return LoopflowError("a process that reads the log was ended from outside", "use --parallel-workers 1")


def _clean(data: bytes, classifier: Classifier) -> Cleaned:
    text = clean(data, classifier.weigh)
    return Cleaned(text if text.endswith(b"\n") else text + b"\n", is_lossy(data))


@cache
def _classifier(most_keys: int) -> Classifier:
    """Return the one of this process, which has nothing else to do."""
    return Classifier(WORDS, RECOGNISERS, most_keys)


def _clean_there(data: bytes, most_keys: int) -> Cleaned:
    return _clean(data, _classifier(most_keys))


def _weigh_there(text: bytes, most_keys: int) -> bytes:
    lines = text.split(b"\n")
    lines.pop()
    traits = _classifier(most_keys).classify(make_keys(text), lines)
    return array("I", [_pack(trait) if trait is not NOTHING else 0 for trait in traits]).tobytes()


def _pack(trait: Trait) -> int:
    return trait.weight | (trait.recogniser + 1) << 8 | trait.is_anchor << 20


@cache
def _unpack_one(packed: int) -> Trait:
    if not packed:
        return NOTHING
    return Trait(packed & 0xFF, (packed >> 8 & 0xFFF) - 1, is_anchor=bool(packed >> 20))


def _unpack(packed: bytes) -> list[Trait]:
    return [_unpack_one(each) for each in array("I", packed)]
