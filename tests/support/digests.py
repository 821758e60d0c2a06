"""Digests made by hand: of real bytes, with failures at lines that a test names."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from loopflow.logs.archive import ArchiveWriter
from loopflow.logs.model import Block, Digest, Failure, LogLine, Outcome, Priority, Shape, Source, Span
from loopflow.logs.originals import Opened
from loopflow.logs.records import Kept
from loopflow.logs.store import Store

NOW = datetime(2025, 3, 1, 23, 59, 59, tzinfo=UTC)
Lines = tuple[int, int]


def span_of(data: bytes, lines: Lines, file: int = 0, end: bytes = b"\n") -> Span:
    """Return the span of lines `first` to `last` of `data`."""
    ends, at = [0], 0
    while at < len(data):
        found = data.find(end, at)
        while found >= 0 and found % len(end):
            found = data.find(end, found + 1)
        at = len(data) if found < 0 else found + len(end)
        ends.append(at)
    first, last = lines
    return Span(file, first, last, ends[first - 1], ends[last])


def failure_of(ref: str, spans: Sequence[Span], headline: str = "it failed", count: int = 0) -> Failure:
    """Return a failure at these spans."""
    block = Block(spans[0], (LogLine(spans[0].first, headline, 100),), 0, "python", Priority.CRITICAL, "ValueError")
    return Failure(ref, "cause", block, count or len(spans), tuple(spans))


def digest_of(sources: Sequence[Source], failures: Sequence[Failure]) -> Digest:
    """Return the digest of a run in which all of these failed."""
    return Digest(
        text="",
        sources=tuple(sources),
        encoding="o200k_base",
        fit=1000,
        buffer=0,
        tokens_before=5000,
        tokens_after=900,
        log_type="test",
        preset="balanced",
        verbosity="normal",
        is_whole=False,
        complete=True,
        outcomes=tuple(Outcome(each, Shape.FULL, 10) for each in failures),
    )


def source_of(data: bytes, path: Path | None = None, name: str = "-") -> Source:
    """Return the source with these bytes, which lies at `path`, or came through a pipe."""
    shown, place = (path.name, str(path)) if path else (name, "")
    return Source(shown, place, len(data), data.count(b"\n"), hashlib.sha256(data).hexdigest())


def opened(path: Path) -> Opened:
    """Return the state of a file as whoever reads it finds it."""
    with path.open("rb") as file:
        return Opened.of(str(path), file.fileno())


def archived(directory: Path, data: bytes, size: int = 1000) -> ArchiveWriter:
    """Return an archive that took these bytes, as they were read."""
    writer = ArchiveWriter(str(directory))
    for start in range(0, len(data), size):
        writer.write(data[start : start + size])
    return writer


def remember_file(
    store: Store,
    path: Path,
    places: Mapping[str, Sequence[Lines]],
    unpacked: bytes | None = None,
    headline: str = "it failed",
) -> int:
    """Remember a run over the file at `path`, with failures at these lines by reference."""
    data = path.read_bytes() if unpacked is None else unpacked
    failures = [failure_of(ref, [span_of(data, each) for each in lines], headline) for ref, lines in places.items()]
    kept = [Kept(opened(path), None)]
    return store.remember(digest_of([source_of(data, path)], failures), "/project", NOW, kept)


def remember_pipe(store: Store, data: bytes, places: Mapping[str, Sequence[Lines]]) -> int:
    """Remember a run over what came through a pipe, archived."""
    failures = [failure_of(ref, [span_of(data, each) for each in lines]) for ref, lines in places.items()]
    kept = [Kept(None, archived(Path(store.directory), data))]
    return store.remember(digest_of([source_of(data)], failures), "/project", NOW, kept)
