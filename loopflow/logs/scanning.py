"""The second half of reading: from lines that are weighed to what a digest can be made of."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import compress, pairwise
from typing import Final, Protocol

from loopflow.logs.assembling import Assembler
from loopflow.logs.census import Census
from loopflow.logs.ending import Ending
from loopflow.logs.found import Found
from loopflow.logs.keys import Trait
from loopflow.logs.lines import EVERY, Lines, Origin, split_windows
from loopflow.logs.model import LogRequest, Unwrapped
from loopflow.logs.pool import Pool
from loopflow.logs.preparing import Prepared
from loopflow.logs.profiles import SAMPLE_BYTES
from loopflow.logs.reading import Chunk
from loopflow.logs.recognisers.tables import RECOGNISERS
from loopflow.logs.rules import Rules, make_rules

_MOST_STREAMS: Final = 256
_FARTHEST: Final = 1_000
"""So many lines of others, and what a stream says is nothing that goes on what it said before."""
_OTHERS: Final = "\n"
"""What the streams beyond these are put together as, line by line: no name has a line end."""


class Watch(Protocol):
    """Follows what becomes of every line."""

    def assemble(self, rules: Sequence[Rules], take_block: Callable[[Found], None], file: int) -> Assembler:
        """Return what puts the lines of a stream together."""
        ...

    def settle(self, *, is_mark: bool) -> None:
        """Take note that lines were taken; after every 8,192th of all it `is_mark`, however the log is read."""
        ...


@dataclass(slots=True)
class Scan:
    """What is known of the logs so far. All of it is bounded, whatever their size."""

    pool: Pool
    ending: Ending
    census: Census
    rules: Sequence[Rules] = field(default_factory=lambda: make_rules(RECOGNISERS))
    watch: Watch | None = None
    lines: int = 0
    first: bytes = b""
    last: bytes = b""


class FileScan:
    """Takes the chunks of one file. `take_text` is given what a reader would see, in order."""

    def __init__(self, scan: Scan, file: int, take_text: Callable[[bytes], None], request: LogRequest) -> None:
        self._scan = scan
        self._file = file
        self._take_text = take_text
        self._keeps_stamps = request.timestamps == "keep"
        self._assemblers: dict[str, Assembler] = {}
        self._newest: dict[str, int] = {}
        """The newest line of each stream, counted from the first of all."""
        self._starts: Sequence[int] = ()
        self._first = 1
        self._base = 0
        """The place in `_starts` of the newest chunk's first line: lines of earlier ones may still be held."""
        self._is_held = False

    def take(self, chunk: Chunk | None, prepared: Prepared) -> None:
        """Take the next chunk, at the end None, with the lines that it ended."""
        if chunk is not None:
            earlier = self._starts[:-1] if self._is_held else ()
            self._starts = [*earlier, *prepared.starts] if earlier else prepared.starts
            self._first = chunk.first
            self._base = len(earlier)
            self._is_held = prepared.is_held
        self._scan.census.learn(prepared.new)
        if prepared.text:
            self._take(prepared)

    def finish(self) -> None:
        """Close what is open."""
        for assembler in self._assemblers.values():
            assembler.finish()

    def _sample(self, text: bytes) -> None:
        scan = self._scan
        if len(scan.first) < SAMPLE_BYTES:
            scan.first += text[: SAMPLE_BYTES - len(scan.first)]
        scan.last = (scan.last + text)[-SAMPLE_BYTES:] if len(text) < SAMPLE_BYTES else text[-SAMPLE_BYTES:]

    def _take(self, prepared: Prepared) -> None:
        lines, traits, unwrapped = prepared.lines, prepared.traits, prepared.unwrapped
        stamps = unwrapped.stamps if self._keeps_stamps else None
        self._take_text(_stamped(lines, stamps) if stamps else prepared.text)
        self._sample(prepared.text)
        origins = unwrapped.origins if unwrapped.origins is not None else range(len(lines))
        origin = Origin(self._first, origins, self._starts, self._base)
        view = _View(lines, traits, prepared.hot, origin, unwrapped)
        for begin, end in split_windows(self._scan.lines, len(lines)):
            window = view.window(begin, end, keeps_stamps=self._keeps_stamps)
            self._scan.census.add(prepared.kinds[begin:end], window.lines, window.hot, self._file)
            self._take_window(window)
            self._scan.lines += end - begin
            if self._scan.watch:
                self._scan.watch.settle(is_mark=self._scan.lines % EVERY == 0)
            if self._scan.lines % EVERY == 0:
                self._scan.pool.prune()
                self._scan.census.prune()

    def _take_window(self, window: "_Window") -> None:
        lines = window.lines
        anchors = [at for at in window.hot if lines.traits[at].is_anchor]
        self._scan.ending.add(lines, anchors, self._file)
        for stream, places in window.split(self._find_stream):
            assembler = self._assemblers[stream]
            for near in _part_by_gaps(places):
                self._begin_anew_behind_a_gap(stream, self._scan.lines + near[0])
                self._assemble(assembler, window, near)
                self._newest[stream] = self._scan.lines + near[-1]

    def _begin_anew_behind_a_gap(self, stream: str, line: int) -> None:
        if line - self._newest.get(stream, line) > _FARTHEST:
            self._assemblers[stream].begin_anew()

    @staticmethod
    def _assemble(assembler: Assembler, window: "_Window", places: Sequence[int]) -> None:
        parts = window.part_by_marks(assembler, places)
        if len(parts) == 1 and isinstance(places, range):
            assembler.step, assembler.component = parts[0][2:]
            assembler.take(window.lines, window.hot)
            return
        for begin, end, step, component in parts:
            assembler.step, assembler.component = step, component
            if chosen := places[bisect_left(places, begin) : bisect_left(places, end)]:
                if window.heat.isdisjoint(chosen):
                    chosen = assembler.choose(chosen)
                assembler.take(*window.pick(chosen))

    def _find_stream(self, stream: str) -> str:
        """Return the name of what puts the lines of a stream together, made for the first of them."""
        is_own = not stream or stream in self._assemblers or len(self._assemblers) < _MOST_STREAMS
        name = stream if is_own else _OTHERS
        if name not in self._assemblers:
            make = self._scan.watch.assemble if self._scan.watch else Assembler
            self._assemblers[name] = make(self._scan.rules, self._scan.pool.add, self._file)
        return name


@dataclass(frozen=True, slots=True)
class _View:
    """The lines of a chunk; `hot` are the places of those of weight."""

    texts: Sequence[bytes]
    traits: Sequence[Trait]
    hot: Sequence[int]
    origin: Origin
    unwrapped: Unwrapped

    def window(self, begin: int, end: int, *, keeps_stamps: bool) -> "_Window":
        """Return a part of them."""
        part = slice(begin, end)
        stamps = self.unwrapped.stamps
        lines = Lines(
            self.texts[part], self.traits[part], self.origin.cut(begin, end), stamps and stamps[part], keeps_stamps
        )
        hot = [at - begin for at in self.hot[bisect_left(self.hot, begin) : bisect_left(self.hot, end)]]
        marks = (*self.unwrapped.steps, *self.unwrapped.components)
        marked = frozenset(at - begin for at in marks if begin <= at < end)
        return _Window(lines, hot, frozenset(hot), self.unwrapped, begin, marked)


@dataclass(frozen=True, slots=True)
class _Window:
    """Lines of a chunk from place `base` on, with what their wrapping said of them."""

    lines: Lines
    hot: Sequence[int]
    heat: frozenset[int]
    unwrapped: Unwrapped
    base: int
    marked: frozenset[int]
    """The places of lines at which a step or a component may begin."""

    def split(self, find: Callable[[str], str]) -> list[tuple[str, Sequence[int]]]:
        """Return the streams there are, by the names that `find` has for them, with the places of their lines."""
        count = len(self.lines.texts)
        if self.unwrapped.streams is None:
            return [(find(""), range(count))]
        streams = self.unwrapped.streams[self.base : self.base + count]
        names = {stream: find(stream) for stream in dict.fromkeys(streams)}
        places: dict[str, list[int]] = {name: [] for name in names.values()}
        for at, stream in enumerate(streams):
            places[names[stream]].append(at)
        return [*places.items()]

    def part_by_marks(self, assembler: Assembler, places: Sequence[int]) -> list[tuple[int, int, str, str]]:
        """Return the parts, from and to which line, that have one step and one component, and both of them."""
        step, component = assembler.step, assembler.component
        parts, begin = [], 0
        for at in sorted(self.marked.intersection(places)) if self.marked else ():
            new = (
                self.unwrapped.steps.get(self.base + at, step),
                self.unwrapped.components.get(self.base + at, component),
            )
            if new != (step, component):
                if at > begin:
                    parts.append((begin, at, step, component))
                begin, (step, component) = at, new
        return [*parts, (begin, places[-1] + 1, step, component)]

    def pick(self, chosen: Sequence[int]) -> tuple[Lines, list[int]]:
        """Return the lines at some places, and which of them are hot."""
        lines = self.lines
        texts, traits = [lines.texts[at] for at in chosen], [lines.traits[at] for at in chosen]
        stamps = lines.stamps and [lines.stamps[at] for at in chosen]
        picked = Lines(texts, traits, lines.origin.pick(chosen), stamps, lines.keeps_stamps)
        return picked, list(compress(range(len(chosen)), map(self.heat.__contains__, chosen)))


def _part_by_gaps(places: Sequence[int]) -> Iterator[Sequence[int]]:
    """Yield places in parts, between which there are more lines of others than may be."""
    begin = 0
    if not isinstance(places, range) and places[-1] - places[0] > _FARTHEST:
        for at, (place, following) in enumerate(pairwise(places), 1):
            if following - place > _FARTHEST:
                yield places[begin:at]
                begin = at
    yield places[begin:]


def _stamped(lines: Sequence[bytes], stamps: Sequence[str]) -> bytes:
    return b"".join(
        f"{stamp} ".encode() * bool(stamp) + line + b"\n" for line, stamp in zip(lines, stamps, strict=True)
    )
