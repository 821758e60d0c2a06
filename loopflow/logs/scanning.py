"""Reads a log once, from bytes to what a digest can be made of."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import compress
from typing import Final, Protocol

from loopflow.analysis.redact import Redactor
from loopflow.logs.assembling import Assembler
from loopflow.logs.census import Census
from loopflow.logs.cleaning import LONGEST_LINE, clean, shorten_line
from loopflow.logs.ending import Ending
from loopflow.logs.envelopes import Envelopes
from loopflow.logs.found import Found, Rules, compile_rules
from loopflow.logs.heading import begins_digest
from loopflow.logs.keys import (
    CRITICAL_WEIGHT,
    HIGH_WEIGHT,
    MEDIUM_WEIGHT,
    NOTHING,
    Classifier,
    Trait,
    find_hot,
    make_keys,
)
from loopflow.logs.lines import Lines, Origin
from loopflow.logs.model import LogRequest, Priority, Unwrapped
from loopflow.logs.own_lines import OwnLines
from loopflow.logs.pool import EVERY, Pool
from loopflow.logs.profiles import SAMPLE_BYTES
from loopflow.logs.reading import Chunk
from loopflow.logs.recognisers.tables import RECOGNISERS
from loopflow.logs.workers import Cleaned

_LEVELS: Final = {
    Priority.CRITICAL: Trait(CRITICAL_WEIGHT),
    Priority.HIGH: Trait(HIGH_WEIGHT * 2),
    Priority.MEDIUM: Trait(MEDIUM_WEIGHT),
}
_MOST_STREAMS: Final = 64


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
    census: Census
    ending: Ending
    classifier: Classifier
    rules: Sequence[Rules] = field(default_factory=lambda: compile_rules(RECOGNISERS))
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
        self._envelopes = Envelopes(lambda block: clean(block, scan.classifier.weigh))
        self._redactor = Redactor() if request.redact else None
        self._own = OwnLines(request)
        self._assemblers: dict[str, Assembler] = {}
        self._starts: list[int] = []
        self._first = 1
        self._base = 0
        """The place in `_starts` of the newest chunk's first line: lines of earlier ones may still be held."""
        self._is_held = False
        self._is_digest: bool | None = None
        self._cut = 0
        self.lossy = False

    @property
    def envelope(self) -> str:
        """What the lines were wrapped in."""
        return self._envelopes.name

    @property
    def dropped(self) -> int:
        """How many lines are treated as if they were not there."""
        return self._own.dropped

    def prepare(self, chunk: Chunk, cleaned: Cleaned) -> "Prepared | None":
        """Take the next chunk; return its lines as a reader would see them, if they do not wait for more."""
        self._cut = chunk.cut
        self.lossy = self.lossy or cleaned.is_lossy
        earlier = self._starts[:-1] if self._is_held else []
        self._starts = earlier + chunk.starts()
        self._first = chunk.first
        self._base = len(earlier)
        if self._is_digest is None:
            self._is_digest = begins_digest(cleaned.text)
        unwrapped = Unwrapped(cleaned.text) if self._is_digest else self._envelopes.unwrap(cleaned.text)
        self._is_held = not unwrapped.text
        return self._prepare(unwrapped)

    def prepare_rest(self) -> "Prepared | None":
        """Return the lines that waited, at the end."""
        return self._prepare(self._envelopes.finish())

    def finish(self) -> None:
        """Close what is open."""
        for assembler in self._assemblers.values():
            assembler.finish()

    def _prepare(self, unwrapped: Unwrapped) -> "Prepared | None":
        if not unwrapped.text:
            return None
        text = self._redactor.redact(unwrapped.text) if self._redactor else unwrapped.text
        lines: Sequence[bytes] = text.split(b"\n")[:-1]
        if max(map(len, lines)) > LONGEST_LINE:
            lines = [shorten_line(line, self._find, self._cut) if len(line) > LONGEST_LINE else line for line in lines]
            text = b"\n".join(lines) + b"\n"
        if self._own.drops:
            lines, unwrapped = self._own.drop(text, lines, unwrapped)
            text = b"".join(line + b"\n" for line in lines)
            if not lines:
                return None
        self._take_text(_stamped(lines, unwrapped.stamps) if self._keeps_stamps and unwrapped.stamps else text)
        self._sample(text)
        origins = unwrapped.origins if unwrapped.origins is not None else range(len(lines))
        return Prepared(text, lines, make_keys(text), Origin(self._first, origins, self._starts, self._base), unwrapped)

    def _find(self, line: bytes) -> list[int]:
        """Return where in a very long line something matters."""
        return [*self._own.places(line), *self._scan.classifier.find_strong(line)]

    def _sample(self, text: bytes) -> None:
        scan = self._scan
        if len(scan.first) < SAMPLE_BYTES:
            scan.first += text[: SAMPLE_BYTES - len(scan.first)]
        scan.last = (scan.last + text)[-SAMPLE_BYTES:] if len(text) < SAMPLE_BYTES else text[-SAMPLE_BYTES:]

    def take(self, prepared: "Prepared", traits: list[Trait]) -> None:
        """Take lines that were prepared, with what is known of each."""
        for at, level in prepared.unwrapped.levels.items():
            traits[at] = _raise(traits[at], level)
        self._own.judge(prepared.text, prepared.lines, traits)
        hot = [at for at in find_hot(traits) if traits[at].weight or traits[at].recogniser >= 0]
        view = _View(prepared.lines, traits, hot, prepared.origin, prepared.unwrapped)
        keys = prepared.keys
        for begin, end in self._windows(len(keys)):
            self._take_window(view.window(begin, end, keeps_stamps=self._keeps_stamps), keys[begin:end])
            self._scan.lines += end - begin
            if self._scan.watch:
                self._scan.watch.settle(is_mark=self._scan.lines % EVERY == 0)
            if self._scan.lines % EVERY == 0:
                self._scan.pool.prune()
                self._scan.census.prune()

    def _windows(self, count: int) -> Iterator[tuple[int, int]]:
        """Yield the lines of a chunk in parts that end after every 8,192th line of all."""
        begin = 0
        while begin < count:
            end = min(count, begin + EVERY - self._scan.lines % EVERY)
            yield begin, end
            begin = end

    def _take_window(self, window: "_Window", keys: Sequence[bytes]) -> None:
        lines = window.lines
        self._scan.census.add(keys, lines, window.hot, self._file)
        anchors = [at for at in window.hot if lines.traits[at].is_anchor]
        self._scan.ending.add(lines, anchors, self._file)
        for stream, places in window.split():
            self._assemble(self._assembler(stream), window, places)

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

    def _assembler(self, stream: str) -> Assembler:
        name = stream if stream in self._assemblers or len(self._assemblers) < _MOST_STREAMS else ""
        if name not in self._assemblers:
            make = self._scan.watch.assemble if self._scan.watch else Assembler
            self._assemblers[name] = make(self._scan.rules, self._scan.pool.add, self._file)
        return self._assemblers[name]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Lines as a reader would see them: unwrapped, redacted, shortened."""

    text: bytes
    lines: Sequence[bytes]
    keys: Sequence[bytes]
    """The lines without their digits."""
    origin: Origin
    unwrapped: Unwrapped


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

    def split(self) -> list[tuple[str, Sequence[int]]]:
        """Return the streams there are, with the places of their lines."""
        count = len(self.lines.texts)
        if self.unwrapped.streams is None:
            return [("", range(count))]
        places: dict[str, list[int]] = {}
        for at, stream in enumerate(self.unwrapped.streams[self.base : self.base + count]):
            places.setdefault(stream, []).append(at)
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


def _stamped(lines: Sequence[bytes], stamps: Sequence[str]) -> bytes:
    return b"".join(
        f"{stamp} ".encode() * bool(stamp) + line + b"\n" for line, stamp in zip(lines, stamps, strict=True)
    )


def _raise(trait: Trait, level: Priority) -> Trait:
    """Return what a line is worth of which a logger said its level."""
    if level is Priority.VERBOSE:
        return trait if trait.weight >= CRITICAL_WEIGHT else NOTHING
    told = _LEVELS.get(level, NOTHING)
    return trait if trait.weight >= told.weight or trait.recogniser >= 0 else told
