"""Lines on their way through the layers: the text, and what was learned of each line so far."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import NamedTuple, Protocol

from loopflow.logs.model import Priority, Unwrapped

UNCOUNTED = -1
"""Lines that nobody has counted yet: most logs have no envelope, and then nobody needs to."""


@dataclass(slots=True)
class Batch:
    """Whole lines, `count` of them; lists are by line, None where there is nothing to say (see `Unwrapped`)."""

    text: bytes
    count: int
    origins: list[int] | None = None
    streams: list[str] | None = None
    stamps: list[str] | None = None
    levels: dict[int, Priority] = field(default_factory=dict)
    components: dict[int, str] = field(default_factory=dict)
    steps: dict[int, str] = field(default_factory=dict)

    @classmethod
    def of(cls, text: bytes) -> "Batch":
        """Lines of which nothing is known yet."""
        return cls(text, text.count(b"\n"))


class Line(NamedTuple):
    """A line that a layer made. `origin` is the place of the line in the batch that the layer was given."""

    text: str | bytes
    origin: int
    stream: str = ""
    stamp: str = ""
    level: Priority | None = None
    component: str = ""


class Record(NamedTuple):
    """What a layer made of a line: at least one line, and what holds for all of them.

    Only the first has the level; those below it too where that says that they do not matter.
    """

    lines: list[str]
    level: Priority | None
    component: str
    stamp: str
    stream: str = ""


class Layer(Protocol):
    """Takes one kind of envelope off. `key` is equal for layers that do the same."""

    key: str
    name: str

    def apply(self, batch: Batch) -> Batch:
        """Give the batch without this envelope; what does not have it stays as it is."""
        ...

    def flush(self) -> list[Line]:
        """Give the lines that are still held because they never ended; their origins say nothing."""
        ...


def set_stamps(batch: Batch, places: Sequence[int], stamps: Sequence[bytes | None]) -> None:
    """Note stamps; where one was known already the inner one holds, for it is nearer to what happened."""
    if None in stamps or b"" in stamps:
        texts = [stamp.decode("ascii", "replace") if stamp else "" for stamp in stamps]
    else:
        texts = b"\n".join(stamps).decode("ascii", "replace").split("\n")  # type: ignore[arg-type]
    if len(texts) == batch.count and not batch.stamps:
        batch.stamps = texts
        return
    batch.stamps = batch.stamps or [""] * batch.count
    for at, text in zip(places, texts, strict=True):
        batch.stamps[at] = text or batch.stamps[at]


def set_streams(batch: Batch, places: Sequence[int], streams: Sequence[bytes | None], *, component: bool) -> None:
    """Note whose line each is; a stream within a stream is named by both."""
    words = {stream: stream.decode("utf-8", "replace") if stream else "" for stream in set(streams)}
    texts = [words[stream] for stream in streams]
    if component:
        batch.components.update((at, text) for at, text in zip(places, texts, strict=True) if text)
    if len(texts) == batch.count and not batch.streams:
        batch.streams = texts
        return
    batch.streams = batch.streams or [""] * batch.count
    for at, text in zip(places, texts, strict=True):
        batch.streams[at] = _both(batch.streams[at], text)


def _both(outer: str, inner: str) -> str:
    return f"{outer} {inner}" if outer and inner else outer or inner


def rebuilt(batch: Batch, lines: list[Line]) -> Batch:
    """Make a batch of `lines`, made from the lines of `batch`, with what was known of those."""
    text = b"".join(chain.from_iterable((_encoded(line.text), b"\n") for line in lines))
    made = Batch(text, len(lines))
    places = [line.origin for line in lines]
    made.origins = [batch.origins[at] for at in places] if batch.origins else places
    made.streams = _streams(batch, lines)
    made.stamps = _stamps(batch, lines)
    made.levels = {at: line.level for at, line in enumerate(lines) if line.level is not None}
    made.components = {at: line.component for at, line in enumerate(lines) if line.component}
    if batch.components or batch.levels:
        _inherit(batch, made, places)
    made.steps = _first_places(batch.steps, places)
    return made


def spliced(batch: Batch, text: bytes, records: Sequence[tuple[int, Record]]) -> Batch:
    """Make a batch of `text`, in which records stand in the places of lines that they were made of.

    It gives what `rebuilt` would give for all lines, and costs something only for those that were made. The batch that
    was given is used up by it.
    """
    sizes = {at: len(record.lines) for at, record in records if len(record.lines) > 1}
    made, placed = (_stretched(batch, sizes), _by_line(records)) if sizes else (batch, records)
    made.text = text
    made.levels.update({at: record.level for at, record in placed if record.level is not None})
    made.components.update({at: record.component for at, record in placed if record.component})
    if any(record.stamp for _, record in records):
        made.stamps = made.stamps or [""] * made.count
        for at, record in placed:
            made.stamps[at] = record.stamp or made.stamps[at]
    if any(record.stream for _, record in records):
        made.streams = made.streams or [""] * made.count
        for at, record in placed:
            made.streams[at] = _both(made.streams[at], record.stream)
    return made


def _by_line(records: Sequence[tuple[int, Record]]) -> list[tuple[int, Record]]:
    """Tell what holds for each line of records, by the places that these have when all of them stand there."""
    placed: list[tuple[int, Record]] = []
    more = 0
    for at, record in records:
        below = record if record.level is Priority.VERBOSE else record._replace(level=None)
        last = at + more + len(record.lines)
        placed += [(at + more, record), *((place, below) for place in range(at + more + 1, last))]
        more += len(record.lines) - 1
    return placed


def _stretched(batch: Batch, sizes: Mapping[int, int]) -> Batch:
    """Give the batch with so many lines in the place of some; each has what was known of the one."""
    places = list(chain.from_iterable(repeat(at, sizes.get(at, 1)) for at in range(batch.count)))
    made = Batch(b"", len(places))
    made.origins = [batch.origins[at] for at in places] if batch.origins else places
    made.streams = [batch.streams[at] for at in places] if batch.streams else None
    made.stamps = [batch.stamps[at] for at in places] if batch.stamps else None
    if batch.components or batch.levels:
        _inherit(batch, made, places)
    made.steps = _first_places(batch.steps, places)
    return made


def _inherit(batch: Batch, made: Batch, places: list[int]) -> None:
    """Give lines what was known of the ones they come from, where they do not say it themselves."""
    for at, place in enumerate(places):
        if place in batch.components:
            made.components.setdefault(at, batch.components[place])
        if place in batch.levels:
            made.levels.setdefault(at, batch.levels[place])


def _streams(batch: Batch, lines: list[Line]) -> list[str] | None:
    inner = [line.stream for line in lines]
    if not batch.streams:
        return inner if any(inner) else None
    return [_both(batch.streams[line.origin], line.stream) for line in lines]


def _stamps(batch: Batch, lines: list[Line]) -> list[str] | None:
    if batch.stamps:
        known = batch.stamps
        return [line.stamp or known[line.origin] for line in lines]
    stamps = [line.stamp for line in lines]
    return stamps if any(stamps) else None


def _first_places(steps: dict[int, str], places: list[int]) -> dict[int, str]:
    if not steps:
        return {}
    first: dict[int, int] = {}
    for at, place in enumerate(places):
        first.setdefault(place, at)
    return {first[place]: step for place, step in steps.items() if place in first}


def _encoded(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else encoded(text)


def encoded(text: str) -> bytes:
    r"""UTF-8; halves of pairs (`\ud83d` alone in JSON) become U+FFFD, and two that belong together a character."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


def appended(batch: Batch, lines: list[Line], origin: int) -> Batch:
    """Give the batch with lines after it that come from no line of it; `origin` is the place that they are given."""
    if not lines:
        return batch
    made = Batch.of(b"".join(chain.from_iterable((_encoded(line.text), b"\n") for line in lines)))
    made.origins = [origin] * made.count
    made.streams = [line.stream for line in lines]
    made.stamps = [line.stamp for line in lines]
    made.components = {at: line.component for at, line in enumerate(lines) if line.component}
    return joined([batch, made])


def joined(batches: Sequence[Batch]) -> Batch:
    """One batch of several. Origins that are not told are those of lines in their own places, from 0 of all."""
    if len(batches) == 1:
        return batches[0]
    for batch in batches:
        if batch.count == UNCOUNTED:
            batch.count = batch.text.count(b"\n")
    made = Batch(b"".join(batch.text for batch in batches), sum(batch.count for batch in batches))
    if any(batch.origins is not None for batch in batches):
        made.origins = list(chain.from_iterable(batch.origins or range(batch.count) for batch in batches))
    made.streams = _lists([(batch.streams, batch.count) for batch in batches])
    made.stamps = _lists([(batch.stamps, batch.count) for batch in batches])
    start = 0
    for batch in batches:
        made.levels.update((start + at, level) for at, level in batch.levels.items())
        made.components.update((start + at, word) for at, word in batch.components.items())
        made.steps.update((start + at, word) for at, word in batch.steps.items())
        start += batch.count
    return made


def _lists(parts: Iterable[tuple[list[str] | None, int]]) -> list[str] | None:
    parts = list(parts)
    if all(values is None for values, _ in parts):
        return None
    return list(chain.from_iterable(repeat("", count) if values is None else values for values, count in parts))


def unwrapped(batch: Batch) -> Unwrapped:
    """Make what the caller gets; lists that say nothing are left out."""
    origins = batch.origins
    if origins is not None and origins == list(range(batch.count)):
        origins = None
    streams = batch.streams if batch.streams and any(batch.streams) else None
    stamps = batch.stamps if batch.stamps and any(batch.stamps) else None
    return Unwrapped(batch.text, origins, streams, stamps, batch.levels, batch.components, batch.steps)
