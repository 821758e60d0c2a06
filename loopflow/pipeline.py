"""The use cases, in the order in which data flows: select -> read -> count -> profile."""

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol

from loopflow.analysis.names import path_bytes
from loopflow.io.counting import Counted, count, count_documents
from loopflow.io.encoding import TokenCounter, create_counter
from loopflow.io.file import select
from loopflow.io.git import Git
from loopflow.io.token_profiler import TokenProfiler
from loopflow.model import Document, FileTokens, Profile, Report, Selection, SelectRequest, Skipped

WRAPPERS_AT_ONCE = 4096


@dataclass(frozen=True, slots=True)
class CountRequest:
    """How to count: the encoding's name, the engine (None for the fastest there is), the number of threads."""

    encoding: str = "o200k_base"
    engine: str | None = None
    jobs: int | None = None


class Layout(Protocol):
    """What is written around the documents of a context."""

    def opening(self) -> str:
        """Return what comes before the first document."""
        ...

    def before(self, document: Document, number: int) -> str:
        """Return what comes before the text of a document; the first one is number 1."""
        ...

    def after(self, document: Document) -> str:
        """Return what comes after the text of a document."""
        ...

    def closing(self) -> str:
        """Return what comes after the last document."""
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
    counter = create_counter(counting.encoding, counting.engine)
    selection = select(request, Git(), os.getcwd())
    with closing(count(selection, counter, counting.jobs)) as counts:
        return Report(build_profile(selection, counter, counts), selection.unmatched)


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
            profiler.add(item.path, item.tokens, item.bytes)
    stats = profiler.get_stats()
    return Profile(
        encoding=counter.encoding,
        source=selection.request.source,
        files=tuple(sorted(files, key=lambda file: path_bytes(file.path))),
        directories=stats.directories,
        types=stats.types,
        total=stats.total,
        skipped=tuple(sorted(skipped, key=lambda skip: path_bytes(skip.path))),
    )


def write_context(
    request: SelectRequest, counting: CountRequest, layout: Layout, write: Callable[[str], object]
) -> ContextSummary:
    """Select, and write the documents as they are read, in order, with `layout` around them."""
    counter = create_counter(counting.encoding, counting.engine)
    selection = select(request, Git(), os.getcwd())
    writer = _ContextWriter(counter, layout, write)
    with closing(count_documents(selection, counter, counting.jobs)) as items:
        skipped = writer.write_all(items)
    return ContextSummary(
        files=writer.files,
        tokens=writer.tokens,
        wrapper_tokens=writer.count_wrappers(),
        skipped=(*selection.skipped, *skipped),
        unmatched=selection.unmatched,
    )


class _ContextWriter:
    """Writes documents and keeps count of them."""

    def __init__(self, counter: TokenCounter, layout: Layout, write: Callable[[str], object]) -> None:
        self._counter = counter
        self._layout = layout
        self._write = write
        self._wrappers: list[str] = []
        self._wrapper_tokens = 0
        self.files = 0
        self.tokens = 0

    def write_all(self, items: Iterator[Counted | Skipped]) -> list[Skipped]:
        """Write every document between opening and closing; return what was skipped."""
        skipped: list[Skipped] = []
        self._wrap(self._layout.opening())
        for item in items:
            if isinstance(item, Skipped):
                skipped.append(item)
                continue
            self.files += 1
            self.tokens += item.tokens.tokens
            self._wrap(self._layout.before(item.document, self.files))
            self._write(item.document.text)
            self._wrap(self._layout.after(item.document))
        self._wrap(self._layout.closing())
        return skipped

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
