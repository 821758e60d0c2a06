"""The first half of reading (`Preparer`), here or in another process. What comes out is the same, in the same order.

There is one other process at most: what puts failures together sees one line after the other, and takes about as long
as the whole first half. Lines come back as a text, and what is known of them only for those of which anything is.
"""

import os
import sys
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Final, Protocol

from loopflow.errors import LoopflowError
from loopflow.logs.keys import FEW_KEYS, MOST_KEYS, NOTHING, Classifier, Trait
from loopflow.logs.model import LogRequest
from loopflow.logs.preparing import Prepared, Preparer
from loopflow.logs.reading import Chunk
from loopflow.logs.recognisers.tables import RECOGNISERS, WORDS

if TYPE_CHECKING:
    from loopflow.logs.other_process import OtherProcess

_IN_ADVANCE: Final = 4
"""So many chunks are on their way at once."""
LONG_BYTES: Final = 8_388_608
"""A log with fewer is read before another process would have started."""


class Workers(Protocol):
    """Prepares one file after the other."""

    def prepare(self, chunks: Iterable[Chunk], size: int) -> Iterator[tuple[Chunk | None, Prepared]]:
        """Yield the chunks of a file with what each of them ended, at last None with what waited until then.

        `size` is what it has in bytes, negative if nobody knows.
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
    return IfLong(here, Beside(request)) if may_start(request) else here


def may_start(request: LogRequest) -> bool:
    """Whether other processes may be started for a long log where nothing else is asked for."""
    is_free = not (request.workers or request.is_small or getattr(sys, "frozen", False))
    return is_free and _count_processors() > 1


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
            yield chunk, preparer.prepare(chunk)
        yield None, preparer.finish()

    def close(self) -> None:
        """There is nothing to give back."""


class Beside:
    """Prepares them in another process, some chunks ahead. It is started once."""

    def __init__(self, request: LogRequest) -> None:
        self._request = request
        self._process: OtherProcess | None = None

    def start(self) -> "OtherProcess":
        """Start it, unless it was. Raises LoopflowError if there can be none."""
        if self._process is None:
            from loopflow.logs.other_process import OtherProcess  # noqa: PLC0415  few logs need it

            self._process = OtherProcess(__name__, self._request)
        return self._process

    def is_ready(self) -> bool:
        """Start it, unless it was, and wait until it is there. Return whether it is."""
        try:
            self.start().wait()
        except LoopflowError:
            return False
        return True

    def prepare(self, chunks: Iterable[Chunk], size: int) -> Iterator[tuple[Chunk | None, Prepared]]:  # noqa: ARG002
        """Yield the chunks of a file, in order, with what each of them ended, at last what waited until then.

        Raises LoopflowError if the process is ended from outside, or there can be none.
        """
        process = self.start()
        process.wait()
        waiting: deque[Chunk | None] = deque()
        for chunk in chain(chunks, [None]):
            process.send(chunk)
            waiting.append(chunk)
            if len(waiting) > _IN_ADVANCE:
                yield waiting[0], _unpack(waiting.popleft(), *process.receive())
        while waiting:
            yield waiting[0], _unpack(waiting.popleft(), *process.receive())

    def close(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.close()


class IfLong:
    """Prepares files here until there is a long one; that and all after it there.

    Until it is known what a file is, its chunks are held.
    """

    def __init__(self, here: InProcess, there: Beside) -> None:
        self._here = here
        self._there = there
        self._now: Workers = here

    def prepare(self, chunks: Iterable[Chunk], size: int) -> Iterator[tuple[Chunk | None, Prepared]]:
        """Yield the chunks of a file, in order, with what each of them ended, at last what waited until then.

        Where no other process comes up it is done here. Raises LoopflowError if it is ended from outside later.
        """
        held: list[Chunk] = []
        held_size, coming = 0, iter(chunks)
        while max(held_size, size) < LONG_BYTES and (chunk := next(coming, None)):
            held.append(chunk)
            held_size += len(chunk.data)
        if max(held_size, size) >= LONG_BYTES and self._there.is_ready():
            self._now = self._there
        yield from self._now.prepare(chain(_let_go(held), coming), size)

    def close(self) -> None:
        """End what was started."""
        self._there.close()


def serve(given: int, back: int) -> None:
    """Prepare what comes through the pipe `given`, a request and then chunks, until it is closed."""
    from loopflow.logs.other_process import serve_messages  # noqa: PLC0415  few logs need it

    serve_messages(given, back, lambda request: _Half(request).take)


class _Half:
    """What the other process does."""

    def __init__(self, request: LogRequest) -> None:
        self._request = request
        self._classifier = make_classifier(request)
        self._preparer: Preparer | None = None

    def take(self, chunk: Chunk | None) -> object:
        """Return what was prepared of the next chunk of a file, or its end."""
        preparer = self._preparer or Preparer(self._request, self._classifier)
        self._preparer = preparer if chunk else None
        return _pack(preparer.prepare(chunk) if chunk else preparer.finish())


def _pack(prepared: Prepared) -> tuple[Prepared, list[int]]:
    """Return lines without what the other side has, or makes anew; and what is known of those of weight."""
    unwrapped = replace(prepared.unwrapped, text=b"", levels={})
    text = b"" if prepared.is_same else prepared.text
    known = [_pack_trait(prepared.traits[at]) for at in prepared.hot]
    return replace(
        prepared, text=text, lines=(), kinds=array("I", prepared.kinds), traits=(), unwrapped=unwrapped
    ), known


def _unpack(chunk: Chunk | None, bare: Prepared, known: list[int]) -> Prepared:
    text = chunk.data if chunk and bare.is_same else bare.text
    lines = text.split(b"\n")
    lines.pop()
    traits = [NOTHING] * len(lines)
    for at, each in zip(bare.hot, known, strict=True):
        traits[at] = _unpack_trait(each)
    return replace(bare, text=text, lines=lines, traits=traits)


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
