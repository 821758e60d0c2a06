"""Reads a log once, from bytes to what a digest can be made of."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from loopflow.analysis.redact import Redactor
from loopflow.logs.assembling import Assembler, Lines, Place, Rules, compile_rules
from loopflow.logs.census import Census
from loopflow.logs.cleaning import LONGEST_LINE, clean, is_lossy, shorten_line
from loopflow.logs.ending import Ending
from loopflow.logs.envelopes import Envelopes
from loopflow.logs.heading import begins_digest
from loopflow.logs.keys import CRITICAL_WEIGHT, HIGH_WEIGHT, MEDIUM_WEIGHT, NOTHING, Classifier, Trait, make_keys
from loopflow.logs.model import LogRequest, Priority, Unwrapped
from loopflow.logs.pool import EVERY, Pool
from loopflow.logs.profiles import SAMPLE_BYTES
from loopflow.logs.reading import Chunk, left_out_mark
from loopflow.logs.recognisers.tables import RECOGNISERS, WORDS

_LEVELS: Final = {
    Priority.CRITICAL: Trait(CRITICAL_WEIGHT),
    Priority.HIGH: Trait(HIGH_WEIGHT * 2),
    Priority.MEDIUM: Trait(MEDIUM_WEIGHT),
}
_MOST_STREAMS: Final = 64
_T = TypeVar("_T")


@dataclass(slots=True)
class Scan:
    """What is known of the logs so far. All of it is bounded, whatever their size."""

    pool: Pool
    census: Census
    ending: Ending
    classifier: Classifier = field(default_factory=lambda: Classifier(WORDS, RECOGNISERS))
    rules: Sequence[Rules] = field(default_factory=lambda: compile_rules(RECOGNISERS))
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
        self._assemblers: dict[str, Assembler] = {}
        self._starts: list[int] = []
        self._first = 1
        self._base = 0
        """The place in `_starts` of the newest chunk's first line: lines of earlier ones may still be held."""
        self._is_held = False
        self._is_digest: bool | None = None
        self._left_out: dict[bytes, int] = {}
        self.lossy = False

    @property
    def envelope(self) -> str:
        """What the lines were wrapped in."""
        return self._envelopes.name

    def take(self, chunk: Chunk) -> None:
        """Take the next chunk."""
        data = chunk.data
        if chunk.left_out:
            self._left_out = {left_out_mark(chunk.left_out): chunk.left_out}
        self.lossy = self.lossy or is_lossy(data)
        text = clean(data, self._scan.classifier.weigh)
        if not text.endswith(b"\n"):
            text += b"\n"
        earlier = self._starts[:-1] if self._is_held else []
        self._starts = earlier + chunk.starts()
        self._first = chunk.first
        self._base = len(earlier)
        if self._is_digest is None:
            self._is_digest = begins_digest(text)
        unwrapped = Unwrapped(text) if self._is_digest else self._envelopes.unwrap(text)
        self._is_held = not unwrapped.text
        self._take(unwrapped)

    def finish(self) -> None:
        """Close what is open."""
        self._take(self._envelopes.finish())
        for assembler in self._assemblers.values():
            assembler.finish()

    def _take(self, unwrapped: Unwrapped) -> None:
        if not unwrapped.text:
            return
        text = self._redactor.redact(unwrapped.text) if self._redactor else unwrapped.text
        lines = text.split(b"\n")
        lines.pop()
        if max(map(len, lines)) > LONGEST_LINE:
            find = self._scan.classifier.find_strong
            lines = [shorten_line(line, find, self._left_out) if len(line) > LONGEST_LINE else line for line in lines]
            text = b"\n".join(lines) + b"\n"
        self._take_text(_stamped(lines, unwrapped.stamps) if self._keeps_stamps and unwrapped.stamps else text)
        self._sample(text)
        self._weigh(unwrapped, text, lines)

    def _sample(self, text: bytes) -> None:
        scan = self._scan
        if len(scan.first) < SAMPLE_BYTES:
            scan.first += text[: SAMPLE_BYTES - len(scan.first)]
        scan.last = (scan.last + text)[-SAMPLE_BYTES:] if len(text) < SAMPLE_BYTES else text[-SAMPLE_BYTES:]

    def _weigh(self, unwrapped: Unwrapped, text: bytes, lines: list[bytes]) -> None:
        keys = make_keys(text)
        traits = self._scan.classifier.classify(keys, lines)
        for at, level in unwrapped.levels.items():
            traits[at] = _raise(traits[at], level)
        starts, first, base = self._starts, self._first, self._base
        origins, stamps = unwrapped.origins, unwrapped.stamps

        def place(at: int) -> Place:
            line = origins[at] if origins is not None else at
            return Place(first + line, starts[base + line], starts[base + line + 1])

        def stamp(at: int) -> str:
            return stamps[at] if stamps is not None else ""

        for begin, end in self._windows(len(lines)):
            part = slice(begin, end)
            window = Lines(lines[part], traits[part], _shift(place, begin), _shift(stamp, begin), self._keeps_stamps)
            self._take_window(window, keys[part], unwrapped, begin)
            self._scan.lines += end - begin
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

    def _take_window(self, window: Lines, keys: Sequence[bytes], unwrapped: Unwrapped, base: int) -> None:
        hot = [
            at
            for at, trait in enumerate(window.traits)
            if trait is not NOTHING and (trait.weight or trait.recogniser >= 0)
        ]
        self._scan.census.add(keys, window)
        self._scan.ending.add(window, [at for at in hot if window.traits[at].is_anchor], self._file)
        view = _View(window, hot, unwrapped, base)
        for stream, places in view.split():
            self._assemble(self._assembler(stream), view, places)

    @staticmethod
    def _assemble(assembler: Assembler, view: "_View", places: range | list[int]) -> None:
        parts = view.part_by_marks(assembler, places)
        if len(parts) == 1 and isinstance(places, range):
            _, _, assembler.step, assembler.component = parts[0]
            assembler.take(view.window, view.hot)
            return
        own = set(places)
        for begin, end, step, component in parts:
            assembler.step, assembler.component = step, component
            if chosen := [at for at in range(begin, end) if at in own]:
                assembler.take(*_pick(view.window, chosen))

    def _assembler(self, stream: str) -> Assembler:
        name = stream if stream in self._assemblers or len(self._assemblers) < _MOST_STREAMS else ""
        if name not in self._assemblers:
            self._assemblers[name] = Assembler(self._scan.rules, self._scan.pool.add, self._file)
        return self._assemblers[name]


@dataclass(frozen=True, slots=True)
class _View:
    """Lines of a chunk from place `base` on, with what their wrapping said of them; `hot` are those of weight."""

    window: Lines
    hot: Sequence[int]
    unwrapped: Unwrapped
    base: int

    def split(self) -> list[tuple[str, range | list[int]]]:
        """Return the streams there are, with the places of their lines."""
        count = len(self.window.texts)
        if self.unwrapped.streams is None:
            return [("", range(count))]
        places: dict[str, list[int]] = {}
        for at, stream in enumerate(self.unwrapped.streams[self.base : self.base + count]):
            places.setdefault(stream, []).append(at)
        return [*places.items()]

    def part_by_marks(self, assembler: Assembler, places: range | Sequence[int]) -> list[tuple[int, int, str, str]]:
        """Return the parts, from and to which line, that have one step and one component, and both of them."""
        step, component = assembler.step, assembler.component
        steps, components = self.unwrapped.steps, self.unwrapped.components
        if not (steps or components):
            return [(0, places[-1] + 1, step, component)]
        parts, begin = [], 0
        for at in places:
            new = steps.get(self.base + at, step), components.get(self.base + at, component)
            if new != (step, component):
                if at > begin:
                    parts.append((begin, at, step, component))
                begin, (step, component) = at, new
        return [*parts, (begin, places[-1] + 1, step, component)]


def _stamped(lines: Sequence[bytes], stamps: Sequence[str]) -> bytes:
    return b"".join(
        f"{stamp} ".encode() * bool(stamp) + line + b"\n" for line, stamp in zip(lines, stamps, strict=True)
    )


def _pick(window: Lines, chosen: Sequence[int]) -> tuple[Lines, list[int]]:
    traits = [window.traits[at] for at in chosen]
    lines = Lines(
        [window.texts[at] for at in chosen],
        traits,
        lambda at: window.place(chosen[at]),
        lambda at: window.stamp(chosen[at]),
        window.keeps_stamps,
    )
    return lines, [at for at, trait in enumerate(traits) if trait.weight or trait.recogniser >= 0]


def _shift(function: Callable[[int], _T], base: int) -> Callable[[int], _T]:
    return (lambda at: function(base + at)) if base else function


def _raise(trait: Trait, level: Priority) -> Trait:
    """Return what a line is worth of which a logger said its level."""
    if level is Priority.VERBOSE:
        return trait if trait.weight >= CRITICAL_WEIGHT else NOTHING
    told = _LEVELS.get(level, NOTHING)
    return trait if trait.weight >= told.weight or trait.recogniser >= 0 else told
