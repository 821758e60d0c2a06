"""What the command does: a log, or several, read once and reduced to a digest that fits."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO, Final

from loopflow.errors import ExitCode, LoopflowError
from loopflow.logs.budgeting import TokenBudgetManager
from loopflow.logs.census import Census
from loopflow.logs.counting import InputCounter
from loopflow.logs.ending import Ending
from loopflow.logs.fitting import Fitter, Material, count_shapes
from loopflow.logs.heading import Heading
from loopflow.logs.model import Digest, LogProfile, Outcome, Priority, PriorityCount, Shape, Source
from loopflow.logs.pool import POOL_BYTES, SMALL_POOL_BYTES, Entry, Pool
from loopflow.logs.profiles import PROFILES, detect_profile
from loopflow.logs.reading import READ_BYTES, SMALL_READ_BYTES, LogReader
from loopflow.logs.scanning import FileScan, Scan
from loopflow.logs.shapes import Shapes
from loopflow.logs.templates import find_templates
from loopflow.logs.whole import Whole, count_all
from loopflow.tokens.protocol import TokenCounter

_MOST_KINDS: Final = 20_000
_FEW_LINES: Final = 200
"""A log with fewer lines needs no templates."""

Tee = Callable[[bytes], object]


@dataclass(frozen=True, slots=True)
class LogRequest:
    """What is asked for. `fit` and `buffer` are tokens."""

    fit: int
    buffer: int = 0
    log_type: str = ""
    """The name of a profile; "" to tell it from the log."""
    lowest: Priority = Priority.VERBOSE
    """What is below is left out."""
    has_stamps: bool = True
    redact: bool = True
    counts_input: bool = True
    is_small: bool = False
    """Whether to use less memory."""
    read_size: int = 0
    """Bytes; 0 for what is usual. It changes nothing but time."""


@dataclass(frozen=True, slots=True)
class Input:
    """A log to read. `most` bytes are read if it is not negative; `tee` is given all of them."""

    name: str
    path: str
    stream: BinaryIO
    most: int = -1
    tee: Tee | None = None


@dataclass(slots=True)
class _Read:
    """What reading left behind."""

    scan: Scan
    whole: Whole
    sources: tuple[Source, ...]
    before: int | None


def reduce_logs(
    inputs: Sequence[Input],
    request: LogRequest,
    counter: TokenCounter,
    known: Callable[[Sequence[str]], Mapping[str, str]] | None = None,
) -> Digest:
    """Return the digest of logs.

    Its text has at most `fit - buffer` tokens and never more than the logs. `known` says since when failures are known,
    by reference. Raises LoopflowError where a log cannot be read on, or nothing can be said in so few tokens.
    """
    read = _read(inputs, request, counter)
    limit = max(request.fit - request.buffer, 0)
    most = limit if read.before is None else min(limit, read.before)
    profile = PROFILES.get(request.log_type) or detect_profile(inputs[0].name, read.scan.first, read.scan.last)
    lines = sum(source.lines for source in read.sources)
    name = inputs[0].name if len(inputs) == 1 else f"{inputs[0].name} and {len(inputs) - 1} more"
    heading = Heading(name, lines, read.before, limit, profile.name, {}, _remarks(read.sources))
    digest = Digest(
        "", read.sources, counter.encoding, request.fit, request.buffer, read.before, 0, profile.name, "balanced",
        "full", is_whole=True, complete=all(source.complete for source in read.sources),
    )  # fmt: skip
    entries = _entries(read, request.lowest)
    if (text := read.whole.finish(most)) is not None and request.lowest is Priority.VERBOSE:
        counts = tuple(_count_all_full(entries, priority) for priority in reversed(Priority))
        return replace(
            digest,
            text=text[0],
            tokens_after=text[1],
            head=heading.draw(text[1], counts),
            priorities=counts,
            outcomes=tuple(Outcome(entry.failure(), Shape.FULL) for entry in entries),
        )
    return _digest(digest, read, request, heading, profile, entries, most, counter, known)


def _read(inputs: Sequence[Input], request: LogRequest, counter: TokenCounter) -> _Read:
    pool = Pool(SMALL_POOL_BYTES if request.is_small else POOL_BYTES)
    scan = Scan(pool, Census(), Ending(request.fit))
    whole = Whole(counter, request.fit)
    tokens = InputCounter(counter) if request.counts_input else None
    sources = tuple(_read_one(number, each, request, scan, whole, tokens) for number, each in enumerate(inputs))
    return _Read(scan, whole, sources, tokens.finish() if tokens else None)


def _read_one(
    number: int, given: Input, request: LogRequest, scan: Scan, whole: Whole, tokens: InputCounter | None
) -> Source:
    size = request.read_size or (SMALL_READ_BYTES if request.is_small else READ_BYTES)
    reader = LogReader(given.stream, given.name, size, given.tee)
    reader.most = given.most
    file = FileScan(scan, number, whole.add, redact=request.redact)
    for chunk in reader.chunks():
        if tokens:
            tokens.add(chunk.data)
        whole.add_raw(chunk.data)
        file.take(chunk)
    file.finish()
    is_complete = given.most < 0 or reader.bytes >= given.most
    return Source(
        given.name, given.path, reader.bytes, reader.lines, reader.sha256, file.envelope,
        file.lossy, is_complete,
    )  # fmt: skip


def _entries(read: _Read, lowest: Priority) -> list[Entry]:
    return [entry for entry in read.scan.pool.entries() if entry.block.priority >= lowest]


def _digest(
    digest: Digest,
    read: _Read,
    request: LogRequest,
    heading: Heading,
    profile: LogProfile,
    entries: list[Entry],
    most: int,
    counter: TokenCounter,
    known: Callable[[Sequence[str]], Mapping[str, str]] | None,
) -> Digest:
    pool = read.scan.pool
    found = {priority: _found(read, priority, entries) for priority in reversed(Priority)}
    widest = [PriorityCount(priority, many, many, many, many, many, many, 0) for priority, many in found.items()]
    room = most - sum(
        count_all(counter, [heading.draw(most, widest) + "\n", f"[{found[Priority.CRITICAL]:,} more critical]\n"])
    )
    if room < 0:
        what, hint = f"{most:,} tokens are too few for anything", f"--fit {most - room} is the least that works"
        raise LoopflowError(what, hint, ExitCode.OVER_BUDGET)
    references = known([entry.failure().ref for entry in entries]) if known else {}
    several = len(read.sources) > 1
    kinds = read.scan.census.most_frequent(_MOST_KINDS) if read.scan.lines > _FEW_LINES else []
    material = Material(
        entries,
        {entry.signature: pool.score(entry, read.scan.lines) for entry in entries},
        read.scan.ending.lines() if request.lowest is Priority.VERBOSE else [],
        find_templates(kinds) if kinds and request.lowest <= Priority.LOW else [],
        pool.missed,
        several,
    )
    manager = TokenBudgetManager(room)
    fitter = Fitter(
        material, manager, lambda texts: count_all(counter, texts),
        Shapes(several=several, known=dict(references), stamps=request.has_stamps), profile,
    )  # fmt: skip
    fitter.choose()
    counts = tuple(_count_shapes(fitter, priority, many) for priority, many in found.items())
    head, text, tokens = _compose(fitter, heading, counts, counter, most)
    missing = found[Priority.CRITICAL] - counts[0].kept
    return replace(
        digest,
        text=text,
        tokens_after=tokens,
        head=head,
        is_whole=False,
        complete=digest.complete and not missing,
        verbosity=manager.verbosity,
        priorities=counts,
        components=manager.shares(),
        outcomes=tuple(
            Outcome(entry.failure(), fitter.shape_of.get(entry.signature), fitter.tokens_of.get(entry.signature, 0))
            for entry in entries
        ),
        templates=tuple(material.templates[:100]),
        critical_missing=missing,
    )


def _compose(
    fitter: Fitter, heading: Heading, counts: Sequence[PriorityCount], counter: TokenCounter, most: int
) -> tuple[str, str, int]:
    """Return the first line, the text, and its tokens, which the first line names."""
    parts = fitter.texts()
    while True:
        head, text, tokens = _head_and_count(heading, counts, parts, counter)
        if tokens <= most or not parts:
            return head, text, tokens
        parts.pop()


def _head_and_count(
    heading: Heading, counts: Sequence[PriorityCount], parts: Sequence[str], counter: TokenCounter
) -> tuple[str, str, int]:
    """Name the tokens of the whole in its first line, which grows with the number, as the number does with the line."""
    named = 0
    while True:
        head = heading.draw(named, counts)
        text = "".join([f"{head}\n", *parts])
        [tokens] = count_all(counter, [text])
        if tokens == named:
            return head, text, tokens
        named = tokens


def _found(read: _Read, priority: Priority, entries: Sequence[Entry]) -> int:
    held = sum(1 for entry in entries if entry.block.priority is priority)
    return held + read.scan.pool.missed[priority]


def _count_shapes(fitter: Fitter, priority: Priority, found: int) -> PriorityCount:
    shapes = count_shapes(fitter, priority)
    tokens = sum(
        fitter.tokens_of.get(entry.signature, 0)
        for entry in fitter.material.entries
        if entry.block.priority is priority and fitter.is_told(entry)
    )
    return PriorityCount(
        priority, found, sum(shapes.values()), shapes[Shape.FULL], shapes[Shape.TRIMMED], shapes[Shape.LINE],
        shapes[Shape.ROW], tokens,
    )  # fmt: skip


def _count_all_full(entries: Sequence[Entry], priority: Priority) -> PriorityCount:
    many = sum(1 for entry in entries if entry.block.priority is priority)
    return PriorityCount(priority, many, many, many, 0, 0, 0, 0)


def _remarks(sources: Sequence[Source]) -> tuple[str, ...]:
    lossy = [source.name for source in sources if source.lossy]
    short = [source.name for source in sources if not source.complete]
    return (
        *(("not all UTF-8",) if lossy else ()),
        *(("became shorter while it was read",) if short else ()),
    )
