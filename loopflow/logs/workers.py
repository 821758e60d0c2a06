"""The first half of reading (`Preparer`), here or in another process. What comes out is the same, in the same order.

There is one other process at most: what puts failures together sees one line after the other, and takes about as long
as the whole first half. Lines come back as a text, and what is known of them only for those of which anything is.
"""

import os
import pickle
import subprocess
import sys
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import cache
from itertools import chain
from traceback import format_exc
from typing import TYPE_CHECKING, Any, Final, Protocol

from loopflow.errors import LoopflowError, describe_os_error
from loopflow.logs.keys import FEW_KEYS, MOST_KEYS, NOTHING, Classifier, Trait, find_hot, make_keys
from loopflow.logs.model import LogRequest
from loopflow.logs.preparing import Prepared, Preparer
from loopflow.logs.reading import Chunk
from loopflow.logs.recognisers.tables import RECOGNISERS, WORDS

if TYPE_CHECKING:
    from loopflow.logs.channel import Channel

_IN_ADVANCE: Final = 4
"""So many chunks are on their way at once."""
LONG_BYTES: Final = 8_388_608
"""A log with fewer is read before another process would have started."""
_START: Final = "import sys; sys.path[:] = {path}; from loopflow.logs.workers import serve; serve({given}, {back})"


class Workers(Protocol):
    """Prepares one file after the other."""

    def prepare(self, chunks: Iterable[Chunk], size: int) -> Iterator[tuple[Chunk | None, Prepared]]:
        """Yield the chunks of a file with what each of them ended, at last None with what waited until then.

        `size` is that of the file in bytes, negative if nobody knows.
        """
        ...

    def close(self) -> None:
        """Give back what was held."""
        ...


def choose_workers(request: LogRequest, classifier: Callable[[], Classifier]) -> Workers:
    """Return what is asked for; where nothing is, another process for a long log if there is a processor for it."""
    if request.workers > 1:
        return Beside(request)
    here = InProcess(request, classifier)
    may_start = not (request.workers or request.is_small or getattr(sys, "frozen", False)) and _count_processors() > 1
    return IfLong(here, Beside(request)) if may_start else here


def make_classifier(request: LogRequest) -> Classifier:
    """Return what weighs lines."""
    return Classifier(WORDS, RECOGNISERS, FEW_KEYS if request.is_small else MOST_KEYS)


class InProcess:
    """Prepares them here."""

    def __init__(self, request: LogRequest, classifier: Callable[[], Classifier]) -> None:
        self._request = request
        self._classifier = classifier

    def prepare(self, chunks: Iterable[Chunk], size: int) -> Iterator[tuple[Chunk | None, Prepared]]:  # noqa: ARG002
        """Yield the chunks of a file, in order, with what each of them ended, at last what waited until then."""
        preparer = Preparer(self._request, self._classifier())
        for chunk in chunks:
            yield chunk, preparer.prepare(chunk.data, chunk.cut)
        yield None, preparer.finish()

    def close(self) -> None:
        """There is nothing to give back."""


class Beside:
    """Prepares them in another process, some chunks ahead. It is started once."""

    def __init__(self, request: LogRequest) -> None:
        self._request = request
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: Channel | None = None
        self._is_ready = False

    def start(self) -> "Channel":
        """Start it, unless it was. Raises LoopflowError if there can be none."""
        if self._channel is None:
            from loopflow.logs.channel import Channel  # noqa: PLC0415  few logs need it

            (given, out), (back, answers) = os.pipe(), os.pipe()
            self._channel = Channel(out, back)
            code = _START.format(path=sys.path, given=given, back=answers)
            try:
                self._process = subprocess.Popen(
                    [sys.executable or "", "-I", "-c", code],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    pass_fds=(given, answers),
                    process_group=0,  # so that an interruption reaches this one alone, which ends the other
                )
            except OSError as error:
                what = f"no process can be started: {describe_os_error(error)}"
                raise LoopflowError(what, "use --parallel-workers 1") from error
            finally:
                os.close(given)
                os.close(answers)
            self._channel.send(pickle.dumps(self._request))
        return self._channel

    def is_ready(self) -> bool:
        """Start it, unless it was, and wait until it is there. Return whether it is."""
        with suppress(LoopflowError):
            self._wait()
        return self._is_ready

    def _wait(self) -> "Channel":
        channel = self.start()
        if not self._is_ready:
            _receive(channel)
            self._is_ready = True
        return channel

    def prepare(self, chunks: Iterable[Chunk], size: int) -> Iterator[tuple[Chunk | None, Prepared]]:  # noqa: ARG002
        """Yield the chunks of a file, in order, with what each of them ended, at last what waited until then.

        Raises LoopflowError if the process is ended from outside, or there can be none.
        """
        channel = self._wait()
        waiting: deque[Chunk | None] = deque()
        for chunk in chain(chunks, [None]):
            channel.send(pickle.dumps(chunk and (chunk.data, chunk.cut)))
            waiting.append(chunk)
            if len(waiting) > _IN_ADVANCE:
                yield waiting.popleft(), _unpack(*_receive(channel))
        while waiting:
            yield waiting.popleft(), _unpack(*_receive(channel))

    def close(self) -> None:
        """End it."""
        if self._channel is not None:
            self._channel.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()


class IfLong:
    """Prepares long files there, others here. Until it is known what a file is, its chunks are held."""

    def __init__(self, here: Workers, there: Beside) -> None:
        self._here = here
        self._there = there

    def prepare(self, chunks: Iterable[Chunk], size: int) -> Iterator[tuple[Chunk | None, Prepared]]:
        """Yield the chunks of a file, in order, with what each of them ended, at last what waited until then.

        Where no other process comes up it is done here. Raises LoopflowError if it is ended from outside later.
        """
        if size >= LONG_BYTES:
            with suppress(LoopflowError):
                self._there.start()  # it comes up while the first chunks are read
        held: list[Chunk] = []
        held_size, coming = 0, iter(chunks)
        for chunk in coming:
            held.append(chunk)
            held_size += len(chunk.data)
            if held_size >= LONG_BYTES:
                break
        workers = self._there if held_size >= LONG_BYTES and self._there.is_ready() else self._here
        yield from workers.prepare(chain(_let_go(held), coming), size)

    def close(self) -> None:
        """End what was started."""
        self._there.close()


def serve(given: int, back: int) -> None:
    """Prepare what comes through the pipe `given`, a request and then chunks, until it is closed."""
    from loopflow.logs.channel import answer, messages  # noqa: PLC0415

    coming = messages(given)
    request: LogRequest = pickle.loads(next(coming))  # noqa: S301  it comes from the process that started this one
    classifier = make_classifier(request)
    preparer = Preparer(request, classifier)
    with suppress(BrokenPipeError):
        answer(back, pickle.dumps(None))
        for message in coming:
            chunk = pickle.loads(message)  # noqa: S301
            try:
                made = pickle.dumps(_pack(preparer.prepare(*chunk) if chunk else preparer.finish()))
            except LoopflowError as error:
                made = pickle.dumps(error)
            except Exception:  # noqa: BLE001  a bug, which is told where others are
                made = pickle.dumps(RuntimeError(format_exc()))
            answer(back, made)
            preparer = preparer if chunk else Preparer(request, classifier)


def _receive(channel: "Channel") -> Any:  # noqa: ANN401  what the other process says next
    try:
        said = pickle.loads(channel.receive())  # noqa: S301
    except EOFError as error:
        raise LoopflowError(
            "a process that reads the log was ended from outside", "use --parallel-workers 1"
        ) from error
    if isinstance(said, Exception):
        raise said
    return said


def _pack(prepared: Prepared) -> "tuple[Prepared, array[int], array[int]]":
    """Return lines without what the other side makes anew, the places of which more is known, and what is."""
    hot = find_hot(prepared.traits)
    packed = [_pack_trait(prepared.traits[at]) for at in hot]
    bare = replace(prepared, lines=(), keys=(), traits=(), unwrapped=replace(prepared.unwrapped, text=b"", levels={}))
    return bare, array("L", hot), array("L", packed)


def _unpack(bare: Prepared, hot: "array[int]", packed: "array[int]") -> Prepared:
    lines = bare.text.split(b"\n")
    lines.pop()
    traits = [NOTHING] * len(lines)
    for at, each in zip(hot, packed, strict=True):
        traits[at] = _unpack_trait(each)
    return replace(bare, lines=lines, keys=make_keys(bare.text), traits=traits)


def _pack_trait(trait: Trait) -> int:
    return trait.weight | (trait.recogniser + 1) << 8 | trait.is_anchor << 20


@cache
def _unpack_trait(packed: int) -> Trait:
    return Trait(packed & 0xFF, (packed >> 8 & 0xFFF) - 1, is_anchor=bool(packed >> 20))


def _let_go(held: list[Chunk]) -> Iterator[Chunk]:
    """Yield what was held, which is not held any more then."""
    held.reverse()
    while held:
        yield held.pop()


def _count_processors() -> int:
    """Return how many of them this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
