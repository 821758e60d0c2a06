"""Takes off what wraps the lines of a log: stamps, records of containers and loggers, names of who writes.

Told from the first 200 lines, and again from the lines before certain places of the stream: what is told does not
depend on how the stream is cut into chunks, and nothing is read ahead. So a change of format is followed a while
after it happened (16 KiB at the beginning, then at most as much as went before, later half a MiB); until then lines
stay as they are. Stamps that any program may write count only where a log begins with them.
"""

from collections.abc import Callable

from loopflow.logs.envelopes.batch import UNCOUNTED, Batch, appended, joined, unwrapped
from loopflow.logs.envelopes.steps import Steps, build_system
from loopflow.logs.envelopes.telling import Told, changed, told
from loopflow.logs.model import Unwrapped

__all__ = ["Envelopes"]

_FIRST_LINES = 200
_FIRST_BYTES = 1024 * 1024
_FIRST_LOOK = 16 * 1024
_FARTHEST = 512 * 1024
_TAIL = 16 * 1024
_TAIL_LINES = 40
_UNPACKING = frozenset({"docker", "journald"})
"""Layers in whose output controls may stand: of an escape that an earlier chunk had, of a number that is a byte."""


def _as_it_is(text: bytes) -> bytes:
    return text


class Envelopes:
    """Unwraps one file, chunk by chunk; keeps state between them.

    `clean` is given the text that was made of JSON and of containers' records, where escapes were unpacked: what it
    returns must have as many lines. It sees a chunk at a time, whole lines.
    """

    def __init__(self, clean: Callable[[bytes], bytes] = _as_it_is) -> None:
        self._clean = clean
        self.name = ""
        """What was told last: "github", "docker", "json"...; the outermost, "" where there is none."""
        self._layers: list[Told] = []
        self._steps = Steps()
        self._pending: list[bytes] = []
        self._told = False
        self._pending_lines = self._pending_bytes = 0
        self._last = b""
        self._seen = 0
        self._next_look = _FIRST_LOOK
        self._tail = b""

    def unwrap(self, text: bytes) -> Unwrapped:
        r"""Unwrap the lines of a chunk, which is whole lines, cleaned, each ended by "\n".

        Nothing comes before 200 lines (or 1 MiB) are there to be judged: lines that were held until then have origins
        below 0, counted back from the first line of this chunk. A line that came in parts (Docker, CRI) comes with
        the part that ends it; its origin is that part's place.
        """
        if not text:
            return Unwrapped(b"")
        self._last = text
        if self._told:
            return unwrapped(self._advance(text, 0))
        self._pending.append(text)
        self._pending_lines += text.count(b"\n")
        self._pending_bytes += len(text)
        if self._pending_lines < _FIRST_LINES and self._pending_bytes < _FIRST_BYTES:
            return Unwrapped(b"")
        return unwrapped(self._begin())

    def finish(self) -> Unwrapped:
        """Give what is still held: all of a log under 200 lines, and lines whose last part did not come.

        Origins count as those of the chunk given last: 0 is its first line, -1 the line before it. A line whose end did
        not come has the place of the last line of all.
        """
        batch = self._begin() if self._pending else Batch(b"", 0)
        if self._told:
            end = self._segment(b"", self._last.count(b"\n"), self._layers)
            batch = joined([batch, end]) if end.count else batch
        self._told, self._layers = True, []
        return unwrapped(batch)

    def _begin(self) -> Batch:
        """Judge what was held, and let it go."""
        text = b"".join(self._pending)
        self._pending, self._told = [], True
        self._set(*self._judged(_head(text), begins=True))
        return self._advance(text, self._last.count(b"\n") - self._pending_lines)

    def _judged(self, sample: bytes, *, begins: bool) -> tuple[list[Told], set[str], str]:
        """Tell the layers, the families of steps and the name that hold after a sample."""
        found, inner = told(sample, begins=begins)
        layers, families = changed(self._layers, found), self._steps.look(inner)
        system = build_system(families, sample)
        outer = layers[0][1].name if layers else ""
        return layers, families, system if system and outer in {"", "stamps", "github", system} else outer

    def _set(self, layers: list[Told], families: set[str], name: str) -> None:
        self._layers, self._steps.families = layers, families
        self.name = name or self.name

    def _advance(self, text: bytes, first: int) -> Batch:
        """Unwrap lines, the first of which has the place `first`, judging anew where it is due."""
        done: list[Batch] = []
        start = 0
        while self._next_look < self._seen + len(text):
            cut = text.index(b"\n", max(0, self._next_look - self._seen)) + 1
            self._next_look += min(self._next_look, _FARTHEST)
            now = self._judged(self._before(text, cut), begins=False)
            if now[0] != self._layers or now[1] != self._steps.families:
                gone = [each for each in self._layers if each not in now[0]]
                piece = text[start:cut]
                done.append(self._segment(piece, first, gone))
                first, start = first + piece.count(b"\n"), cut
            self._set(*now)
        done.append(self._segment(text[start:] if start else text, first, []))
        self._seen += len(text)
        self._tail = (self._tail + text[-_TAIL:])[-_TAIL:]
        return joined(done)

    def _before(self, text: bytes, cut: int) -> bytes:
        """Give the last whole lines before a place in `text`, however they came in."""
        tail = text[max(0, cut - _TAIL) : cut]
        if len(tail) < _TAIL:
            tail = (self._tail + tail)[-_TAIL:]
        if len(tail) == _TAIL:
            tail = tail[tail.index(b"\n") + 1 :]
        return b"".join(tail.splitlines(keepends=True)[-_TAIL_LINES:])

    def _segment(self, text: bytes, first: int, gone: list[Told]) -> Batch:
        """Lines through all layers. What layers in `gone` hold comes after them, with the place of the last line."""
        if not self._layers and not first:
            batch = Batch(text, UNCOUNTED)
            self._steps.note(batch)
            return batch
        batch = Batch.of(text)
        last = batch.count - 1
        for told_layer in self._layers:
            _, layer = told_layer
            batch = layer.apply(batch)
            if told_layer in gone:
                batch = appended(batch, layer.flush(), last)
        keys = {layer.key for _, layer in self._layers}
        if not keys.isdisjoint(_UNPACKING) or ("json" in keys and b"\\" in text):
            batch.text = _cleaned(self._clean, batch)
        self._steps.note(batch)
        if first:
            batch.origins = [first + origin for origin in (batch.origins or range(batch.count))]
        return batch


def _head(text: bytes) -> bytes:
    """Give the lines that the first judgement is made from."""
    at = 0
    for _ in range(_FIRST_LINES):
        at = text.find(b"\n", at) + 1
        if not 0 < at < min(len(text), _FIRST_BYTES):
            break
    return text[:at] if at else text


def _cleaned(clean: Callable[[bytes], bytes], batch: Batch) -> bytes:
    """Give the text as `clean` makes it; line by line where it does not keep the number of lines."""
    text = clean(batch.text)
    if not batch.count or (text.count(b"\n") == batch.count and text.endswith(b"\n")):
        return text
    lines = batch.text.split(b"\n")[: batch.count]
    return b"".join(b" ".join(clean(line + b"\n").split(b"\n")).rstrip(b" ") + b"\n" for line in lines)
