"""The first half of reading (`Preparer`), here or in another process. What comes out is the same, in the same order.

There is one other process at most: what puts failures together sees one line after the other, and takes about as long
as the whole first half. Lines come back as a text, and what is known of them only for those of which anything is.
"""

import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache
from itertools import chain
from traceback import format_exc
from typing import TYPE_CHECKING, Any, Final, Protocol

from loopflow.errors import LoopflowError, describe_os_error
from loopflow.logs.census import MOST_TOLD, Census
from loopflow.logs.keys import FEW_KEYS, MOST_KEYS, NOTHING, Classifier, Trait
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

    def prepare(self, chunks: Iterable[Chunk], file: int, size: int) -> Iterator[tuple[Chunk | None, Prepared]]:
        """Yield the chunks of a file with what each of them ended, at last None with what waited until then.

        `file` is its number, `size` what it has in bytes, negative if nobody knows.
        """
        ...

    def census(self) -> Census:
        """Return which kinds of lines there were: all that anybody asks for."""
        ...

    def close(self) -> None:
        """Give back what was held."""
        ...


def choose_workers(request: LogRequest, classifier: Callable[[], Classifier]) -> Workers:
    """Return what is asked for; where nothing is, another process for a long log if there is a processor for it."""
    census = Census()
    if request.workers > 1:
        return Beside(request, census)
    here = InProcess(request, classifier, census)
    may_start = not (request.workers or request.is_small or getattr(sys, "frozen", False)) and _count_processors() > 1
    return IfLong(here, Beside(request, census)) if may_start else here


def make_classifier(request: LogRequest) -> Classifier:
    """Return what weighs lines."""
    return Classifier(WORDS, RECOGNISERS, FEW_KEYS if request.is_small else MOST_KEYS)


class InProcess:
    """Prepares them here."""

    def __init__(self, request: LogRequest, classifier: Callable[[], Classifier], census: Census) -> None:
        self._request = request
        self._classifier = classifier
        self._census = census

    def prepare(self, chunks: Iterable[Chunk], file: int, size: int) -> Iterator[tuple[Chunk | None, Prepared]]:  # noqa: ARG002
        """Yield the chunks of a file, in order, with what each of them ended, at last what waited until then."""
        preparer = Preparer(self._request, self._classifier(), self._census, file)
        for chunk in chunks:
            yield chunk, preparer.prepare(chunk.data, chunk.first, chunk.cut)
        yield None, preparer.finish()

    def census(self) -> Census:
        """Return which kinds of lines there were."""
        return self._census

    def close(self) -> None:
        """There is nothing to give back."""


class Beside:
    """Prepares them in another process, some chunks ahead. It is started once."""

    def __init__(self, request: LogRequest, census: Census) -> None:
        self._request = request
        self._census: Census | None = census
        """What was counted before; None once it is there that lines are counted."""
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: Channel | None = None
        self._is_ready = False

    def start(self) -> "Channel":
        """Start it, unless it was. Raises LoopflowError if there can be none."""
        if self._channel is None:
            from loopflow.logs.channel import Channel  # noqa: PLC0415  few logs need it

            try:
                (given, out), (back, answers) = os.pipe(), os.pipe()
                self._channel = Channel(out, back)
                try:
                    self._process = _start_process(given, answers)
                finally:
                    os.close(given)
                    os.close(answers)
            except OSError as error:
                what = f"no process can be started: {describe_os_error(error)}"
                raise LoopflowError(what, "use --parallel-workers 1") from error
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

    def prepare(self, chunks: Iterable[Chunk], file: int, size: int) -> Iterator[tuple[Chunk | None, Prepared]]:  # noqa: ARG002
        """Yield the chunks of a file, in order, with what each of them ended, at last what waited until then.

        Raises LoopflowError if the process is ended from outside, or there can be none.
        """
        channel = self._wait()
        if self._census is not None:
            channel.send(pickle.dumps(self._census))
            self._census = None
        waiting: deque[Chunk | None] = deque()
        for chunk in chain(chunks, [None]):
            channel.send(pickle.dumps((file, chunk and (chunk.data, chunk.first, chunk.cut))))
            waiting.append(chunk)
            if len(waiting) > _IN_ADVANCE:
                yield waiting.popleft(), _unpack(*_receive(channel))
        while waiting:
            yield waiting.popleft(), _unpack(*_receive(channel))

    def census(self) -> Census:
        """Return which kinds of lines there were. Raises LoopflowError if the process is ended from outside."""
        if self._census is not None:
            return self._census
        channel = self._wait()
        channel.send(pickle.dumps(None))
        census: Census = _receive(channel)
        return census

    def close(self) -> None:
        """End it."""
        if self._channel is not None:
            self._channel.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()


class IfLong:
    """Prepares files here until there is a long one; that and all after it there.

    Until it is known what a file is, its chunks are held. Both count into one census.
    """

    def __init__(self, here: InProcess, there: Beside) -> None:
        self._here = here
        self._there = there
        self._now: Workers = here

    def prepare(self, chunks: Iterable[Chunk], file: int, size: int) -> Iterator[tuple[Chunk | None, Prepared]]:
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
        if held_size >= LONG_BYTES and self._there.is_ready():
            self._now = self._there
        yield from self._now.prepare(chain(_let_go(held), coming), file, size)

    def census(self) -> Census:
        """Return which kinds of lines there were."""
        return self._now.census()

    def close(self) -> None:
        """End what was started."""
        self._there.close()


def serve(given: int, back: int) -> None:
    """Prepare what comes through the pipe `given`, a request and then chunks, until it is closed."""
    from loopflow.logs.channel import answer, messages  # noqa: PLC0415

    coming = messages(given)
    request: LogRequest = pickle.loads(next(coming))  # noqa: S301  it comes from the process that started this one
    half = _Half(request)
    with suppress(BrokenPipeError):
        answer(back, pickle.dumps(None))
        for message in coming:
            try:
                made = half.take(pickle.loads(message))  # noqa: S301
            except LoopflowError as error:
                made = error
            except Exception:  # noqa: BLE001  a bug, which is told where others are
                made = RuntimeError(format_exc())
            if made is not None:
                answer(back, pickle.dumps(made))


class _Half:
    """What the other process does."""

    def __init__(self, request: LogRequest) -> None:
        self._request = request
        self._classifier = make_classifier(request)
        self._census = Census()
        self._preparer: Preparer | None = None

    def take(self, message: Any) -> Any:  # noqa: ANN401  which they are is said here, and nowhere else
        """Return the answer to a message, None if it has none.

        A census is what was counted before, and nothing the question for what was counted since. Otherwise it is the
        number of a file, and its next chunk: data, the number of the first line, bytes that are missing; or its end.
        """
        if message is None:
            from loopflow.logs.retries import MAY_PASS  # noqa: PLC0415  it is wanted at the end, once

            return self._census.slim(MOST_TOLD, MAY_PASS)
        if isinstance(message, Census):
            self._census = message
            return None
        file, chunk = message
        preparer = self._preparer or Preparer(self._request, self._classifier, self._census, file)
        self._preparer = preparer if chunk else None
        return _pack(preparer.prepare(*chunk) if chunk else preparer.finish())


def _start_process(given: int, back: int) -> subprocess.Popen[bytes]:
    """Start a process that serves through two pipes. It has our path, and nothing of the directory it starts in."""
    code = _START.format(path=sys.path, given=given, back=back)
    bytecode = ("-B",) if sys.dont_write_bytecode else ()
    return subprocess.Popen(
        [sys.executable or "", "-I", *bytecode, "-c", code],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(given, back),
        process_group=0,  # so that an interruption reaches this one alone, which ends the other
    )


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


def _pack(prepared: Prepared) -> tuple[Prepared, Sequence[int], list[int]]:
    """Return lines without what the other side makes anew, the places of which more is known, and what is."""
    packed = [_pack_trait(prepared.traits[at]) for at in prepared.hot]
    unwrapped = replace(prepared.unwrapped, text=b"", levels={})
    return replace(prepared, lines=(), traits=(), hot=(), unwrapped=unwrapped), prepared.hot, packed


def _unpack(bare: Prepared, hot: list[int], packed: list[int]) -> Prepared:
    lines = bare.text.split(b"\n")
    lines.pop()
    traits = [NOTHING] * len(lines)
    for at, each in zip(hot, packed, strict=True):
        traits[at] = _unpack_trait(each)
    return replace(bare, lines=lines, traits=traits, hot=hot)


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
