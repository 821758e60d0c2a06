"""The use cases, in the order in which data flows: select -> read -> count -> profile."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from threading import Thread
from typing import Protocol

from loopflow.analysis.names import sort_by_path
from loopflow.errors import UsageError
from loopflow.io.cache import Cache, NoCache, SqliteCache
from loopflow.io.counting import Engine, available_processors, count
from loopflow.io.encoding import TokenCounter, create_counter
from loopflow.io.file import select
from loopflow.io.git import Git
from loopflow.io.progress import NoProgress, Progress
from loopflow.io.token_profiler import TokenProfiler
from loopflow.model import FileRef, FileTokens, Profile, Report, Selection, SelectRequest, Skipped

WRAPPERS_AT_ONCE = 4096


@dataclass(frozen=True, slots=True)
class CountRequest:
    """How to count: the encoding's name, the engine (None for the fastest there is), the number of threads.

    `cache_file` is where counts are kept, None for nowhere. `progress` is told how far the run is, and `remark` what
    only the curious want to know.
    """

    encoding: str = "o200k_base"
    engine: str | None = None
    jobs: int | None = None
    cache_file: str | None = None
    progress: Progress = field(default_factory=NoProgress)
    remark: Callable[[str], object] = lambda _: None


class Layout(Protocol):
    """What is written around the files of a context."""

    def opening(self) -> str:
        """Return what comes before the first file."""
        ...

    def before(self, path: str, number: int) -> str:
        """Return what comes before the text of a file; the first one is number 1."""
        ...

    def after(self, text_end: str) -> str:
        """Return what comes after the text of a file; `text_end` is its last character, "" if it is empty."""
        ...

    def closing(self) -> str:
        """Return what comes after the last file."""
        ...


@dataclass(frozen=True, slots=True)
class ContextSummary:
    """What was printed: the files' own tokens, and those of what was written around them."""

    files: int
    tokens: int
    wrapper_tokens: int
    skipped: tuple[Skipped, ...]
    unmatched: tuple[str, ...] = ()

    @property
    def gaps(self) -> tuple[Skipped, ...]:
        """The files that should have been printed and were not."""
        return tuple(skip for skip in self.skipped if skip.reason.leaves_a_gap)


def profile(request: SelectRequest, counting: CountRequest) -> Report:
    """Select and count, and return the report. Raises LoopflowError where that is impossible."""
    engine = _start_engine(counting)
    selection = select(request, engine.git, _here())
    with closing(count(selection, engine)) as counts:
        return Report(build_profile(selection, engine.counter, counts), selection.unmatched)


def build_profile(selection: Selection, counter: TokenCounter, counts: Iterator[FileTokens | Skipped]) -> Profile:
    """Add up `counts`."""
    profiler = TokenProfiler()
    files: list[FileTokens] = []
    skipped = list(selection.skipped)
    for item in counts:
        if isinstance(item, Skipped):
            skipped.append(item)
        else:
            files.append(item)
            profiler.add(item.path, item.tokens, item.bytes, item.type)
    stats = profiler.get_stats()
    return Profile(
        encoding=counter.encoding,
        source=selection.request.source,
        files=tuple(sort_by_path(files)),
        directories=stats.directories,
        types=stats.types,
        total=stats.total,
        skipped=tuple(sort_by_path(skipped)),
    )


def write_context(
    request: SelectRequest, counting: CountRequest, layout: Layout, write: Callable[[str], object]
) -> ContextSummary:
    """Select, and write the texts as they are read, in order, with `layout` around them."""
    engine = _start_engine(counting)
    selection = select(request, engine.git, _here())
    writer = _ContextWriter(engine.counter, layout, write)
    skipped = list(selection.skipped)
    files = tokens = 0
    writer.open()
    with closing(count(selection, engine, writer)) as counts:
        for item in counts:
            if isinstance(item, Skipped):
                skipped.append(item)
            else:
                files += 1
                tokens += item.tokens
    writer.close()
    return ContextSummary(files, tokens, writer.count_wrappers(), tuple(skipped), selection.unmatched)


def _here() -> str:
    try:
        return os.getcwd()
    except OSError as error:
        raise UsageError("the current directory does not exist any more", "change to another one") from error


def _start_engine(counting: CountRequest) -> Engine:
    counter = create_counter(counting.encoding, counting.engine)
    cache = _open_cache(counting, counter)
    if cache.is_empty:  # all will have to be counted: the encoding loads while git lists
        Thread(target=_load, args=(counter,), daemon=True).start()
    return Engine(Git(), counter, cache, counting.progress, counting.jobs or available_processors())


def _open_cache(counting: CountRequest, counter: TokenCounter) -> Cache:
    if counting.cache_file is None:
        return NoCache()
    return SqliteCache(counting.cache_file, counter.id, time.time_ns(), counting.remark)


def _load(counter: TokenCounter) -> None:
    try:
        counter.count([""])
    except Exception:  # noqa: BLE001  whoever counts in earnest meets it again, and reports it
        return


class _ContextWriter:
    """Writes texts with a layout around them, and keeps what it wrote of that to be counted."""

    def __init__(self, counter: TokenCounter, layout: Layout, write: Callable[[str], object]) -> None:
        self._counter = counter
        self._layout = layout
        self._write = write
        self._wrappers: list[str] = []
        self._wrapper_tokens = 0
        self._number = 0
        self._text_end = ""

    def open(self) -> None:
        """Write what comes before the first file."""
        self._wrap(self._layout.opening())

    def begin(self, ref: FileRef) -> None:
        """Write what comes before the text of `ref`."""
        self._number += 1
        self._text_end = ""
        self._wrap(self._layout.before(ref.path, self._number))

    def write(self, text: str) -> None:
        """Write a piece of a file's text."""
        self._write(text)
        self._text_end = text[-1:] or self._text_end

    def end(self) -> None:
        """Write what comes after a file's text."""
        self._wrap(self._layout.after(self._text_end))

    def close(self) -> None:
        """Write what comes after the last file."""
        self._wrap(self._layout.closing())

    def count_wrappers(self) -> int:
        """Return the tokens of everything written so far that is no file's text."""
        self._wrapper_tokens += sum(self._counter.count(self._wrappers))
        self._wrappers.clear()
        return self._wrapper_tokens

    def _wrap(self, text: str) -> None:
        self._write(text)
        self._wrappers.append(text)
        if len(self._wrappers) >= WRAPPERS_AT_ONCE:
            self.count_wrappers()
