"""What the command does: a log, or several, read once and reduced to a digest that fits."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from loopflow.errors import ExitCode, LoopflowError
from loopflow.logs.budgeting import TokenBudgetManager
from loopflow.logs.census import MOST_TOLD
from loopflow.logs.chunk_shares import ChunkShares
from loopflow.logs.components import assign_components, budgets_within
from loopflow.logs.fitting import Fitter, count_shapes, name_missing
from loopflow.logs.gathering import Gathered, Input, gather
from loopflow.logs.heading import Heading, describe_remarks
from loopflow.logs.material import Material
from loopflow.logs.model import Digest, LogProfile, LogRequest, Outcome, Priority, PriorityCount, Shape, Template
from loopflow.logs.profiles import choose_profile
from loopflow.logs.retries import mark_retried
from loopflow.logs.shapes import Shapes
from loopflow.logs.templates import find_templates
from loopflow.logs.whole import count_all
from loopflow.tokens.protocol import TokenCounter

_FEW_LINES: Final = 200
"""A log with fewer lines needs no templates."""
_MOST_TEMPLATES: Final = 100
_LEAST_LETTERS: Final = 8
_HUNDRED: Final = 100

Known = Callable[[Sequence[str]], Mapping[str, str]]
"""Returns since when failures are known, by reference."""


@dataclass(frozen=True, slots=True)
class Reduced:
    """The digest of logs, and what reduces the same logs to fewer tokens, without reading them again."""

    digest: Digest
    to: Callable[[int], Digest]


def reduce_logs(
    inputs: Sequence[Input], request: LogRequest, counter: TokenCounter, known: Known | None = None
) -> Digest:
    """Return the digest of logs: its text has at most `fit - buffer` tokens, and never more than the logs.

    Raises LoopflowError where a log cannot be read on, or nothing can be said in so few tokens.
    """
    return read_and_reduce(inputs, request, counter, known).digest


def read_and_reduce(
    inputs: Sequence[Input], request: LogRequest, counter: TokenCounter, known: Known | None = None
) -> Reduced:
    """Return the digest of logs and what makes smaller ones. It and they raise as `reduce_logs` does."""
    read = gather(inputs, request, counter)
    mark_retried(list(read.scan.pool.entries()), read.scan.census)
    profile = choose_profile(request, inputs[0].name, read.scan.first, read.scan.last)
    asked: dict[tuple[str, ...], Mapping[str, str]] = {}

    def know(refs: Sequence[str]) -> Mapping[str, str]:
        """Ask once: smaller digests tell of the same failures."""
        key = tuple(refs)
        if known and key not in asked:
            asked[key] = known(refs)
        return asked.get(key, {})

    def reduce_to(tokens: int) -> Digest:
        return _Reduction(read, replace(request, fit=tokens, buffer=0), counter, profile, know).digest()

    return Reduced(_Reduction(read, request, counter, profile, know).digest(), reduce_to)


@dataclass(frozen=True, slots=True)
class _Result:
    """What is printed, how many tokens it has, and what became of the failures."""

    head: str
    text: str
    tokens: int
    counts: tuple[PriorityCount, ...]
    outcomes: tuple[Outcome, ...]


class _Reduction:
    """Turns what was gathered into a digest."""

    def __init__(
        self, read: Gathered, request: LogRequest, counter: TokenCounter, profile: LogProfile, known: Known
    ) -> None:
        self._read = read
        self._request = request
        self._counter = counter
        self._profile = profile
        self._known = known
        self._limit = max(request.fit - request.buffer, 0)
        self._entries = [each for each in read.scan.pool.entries() if each.block.priority >= request.lowest]
        assign_components(self._entries, request.components)
        self._heading = _make_heading(read, request, profile.name, self._limit)

    def digest(self) -> Digest:
        """Return it."""
        read, request = self._read, self._request
        most, room = self._find_most()
        whole = read.whole.finish(most) if request.lowest is Priority.VERBOSE or room < 0 else None
        since: Mapping[str, str] = {}
        if whole is not None:
            fitter = None
            result = self._print_whole(*whole)
        elif room < 0:
            raise self._too_few(most - room)
        else:
            since = self._known([entry.ref for entry in self._entries])
            fitter = self._fit(room, since)
            result = self._compose(fitter, most)
        missing = next(each.found - each.kept for each in result.counts if each.priority is Priority.CRITICAL)
        return Digest(
            text=result.text,
            head=result.head,
            sources=read.sources,
            encoding=self._counter.encoding,
            fit=request.fit,
            buffer=request.buffer,
            tokens_before=read.tokens,
            tokens_after=result.tokens,
            log_type=self._profile.name,
            preset=request.preset,
            verbosity=fitter.manager.verbosity if fitter else "full",
            is_whole=fitter is None,
            complete=all(source.complete for source in read.sources) and not missing,
            priorities=result.counts,
            components=fitter.manager.shares() if fitter else (),
            outcomes=result.outcomes,
            templates=tuple(fitter.material.templates[:_MOST_TEMPLATES]) if fitter else (),
            critical_missing=missing,
            known=since,
        )

    def _find_most(self) -> tuple[int, int]:
        """Return how many tokens the text may have, and how many of these are left beside the first line.

        Where what is to go would leave too few for anything, less goes.
        """
        tokens = self._read.tokens
        if tokens is None:
            return self._limit, self._find_room(self._limit)
        most = min(self._limit, tokens)
        wanted = min(most, tokens * (_HUNDRED - self._request.min_compression) // _HUNDRED)
        room = self._find_room(wanted)
        while room < 0 and wanted < most:
            wanted = min(wanted - room, most)
            room = self._find_room(wanted)
        return wanted, room

    def _print_whole(self, text: str, tokens: int) -> _Result:
        counts = tuple(self._count_full(priority) for priority in reversed(Priority))
        outcomes = tuple(Outcome(entry.failure(), Shape.FULL) for entry in self._entries)
        return _Result(self._heading.draw(tokens, counts), text, tokens, counts, outcomes)

    def _too_few(self, needed: int) -> LoopflowError:
        """Return what to raise where a digest needs more tokens than there are, and the log does not fit either."""
        least = min(needed, self._read.whole.tokens or needed) + self._request.buffer
        what = f"{self._limit:,} token{' is' if self._limit == 1 else 's are'} too few for anything"
        return LoopflowError(what, f"--fit {least} is the least that works", ExitCode.OVER_BUDGET)

    def _fit(self, room: int, since: Mapping[str, str]) -> Fitter:
        """Choose what is told in at most so many tokens beside the first line."""
        read, request = self._read, self._request
        guaranteed = budgets_within(request.components, room)
        manager = TokenBudgetManager(room, components=guaranteed, strict=request.strict_components)
        several = len(read.sources) > 1
        known = dict(since) if request.is_short else {}
        shapes = Shapes(
            several=several,
            known=known,
            stamps=request.timestamps == "first",
            frames=self._profile.stack_trace_detail,
            captured=self._profile.test_result_detail,
        )
        shares = ChunkShares(manager.total, [source.lines for source in read.sources], request.chunk_size)
        scores = {entry.signature: read.scan.pool.score(entry, read.scan.lines) for entry in self._entries}
        end = read.scan.ending.lines() if self._tells_rest(Priority.VERBOSE) else []
        templates, missed = self._find_templates(), read.scan.pool.missed
        material = Material(
            self._entries,
            scores,
            end,
            shares,
            templates,
            missed,
            several=several,
            drops=bool(request.drop),
            begin=read.scan.ending.begin() if request.drop else None,
        )
        fitter = Fitter(material, manager, partial(count_all, self._counter), shapes, self._profile)
        fitter.choose()
        return fitter

    def _find_room(self, most: int) -> int:
        """Return what is left of the budget beside the first line at its widest, and the row for what is missing."""
        found = dict(self._found())
        fixed = [f"{self._heading.draw_widest(most, found)}\n", name_missing(found[Priority.CRITICAL])]
        return most - sum(count_all(self._counter, fixed))

    def _tells_rest(self, priority: Priority) -> bool:
        """Whether to tell what matters only so much, and is no failure."""
        return self._request.lowest <= priority or self._request.spending.keeps_rest

    def _find_templates(self) -> list[Template]:
        scan = self._read.scan
        if not self._tells_rest(Priority.LOW) or scan.lines <= _FEW_LINES:
            return []
        found = find_templates(self._read.scan.census.most_frequent(MOST_TOLD))
        return [each for each in found if each.count > 1 and _says_something(each.text)]

    def _compose(self, fitter: Fitter, most: int) -> _Result:
        counts = tuple(self._count_shapes(fitter, priority, found) for priority, found in self._found())
        outcomes = tuple(
            Outcome(entry.failure(), fitter.shape_of.get(entry.signature), fitter.tokens_of.get(entry.signature, 0))
            for entry in self._entries
        )
        parts = fitter.texts()
        while True:
            head, text, tokens = self._name_tokens(counts, parts)
            if tokens <= most or not parts:
                return _Result(head, text, tokens, counts, outcomes)
            parts.pop()  # counts of parts add up, so this does not happen: it is what makes it certain

    def _name_tokens(self, counts: Sequence[PriorityCount], parts: Sequence[str]) -> tuple[str, str, int]:
        """Name the tokens of the whole in its first line, which grows with the number, as the number does with it."""
        named = 0
        while True:
            head = self._heading.draw(named, counts)
            text = "".join([f"{head}\n", *parts])
            [tokens] = count_all(self._counter, [text])
            if tokens == named:
                return head, text, tokens
            named = tokens

    def _found(self) -> list[tuple[Priority, int]]:
        """Return how many failures of each priority there were, the most important first."""
        missed = self._read.scan.pool.missed
        return [
            (priority, sum(1 for each in self._entries if each.block.priority is priority) + missed[priority])
            for priority in reversed(Priority)
        ]

    def _count_full(self, priority: Priority) -> PriorityCount:
        many = dict(self._found())[priority]
        return PriorityCount(priority, many, many, many, 0, 0, 0, 0)

    def _count_shapes(self, fitter: Fitter, priority: Priority, found: int) -> PriorityCount:
        shapes = count_shapes(fitter, priority)
        told = [each for each in self._entries if each.block.priority is priority and fitter.is_told(each)]
        tokens = sum(fitter.tokens_of.get(entry.signature, 0) for entry in told)
        full, trimmed, line, row = (shapes[shape] for shape in Shape)
        return PriorityCount(priority, found, len(told), full, trimmed, line, row, tokens)


def _says_something(template: str) -> bool:
    """Whether there are words in a template, beside what is variable: a piece of a picture tells nobody anything."""
    return sum(map(str.isalpha, template.replace("<*>", ""))) >= _LEAST_LETTERS


def _make_heading(read: Gathered, request: LogRequest, log_type: str, limit: int) -> Heading:
    sources = read.sources
    first = os.path.basename(sources[0].name) if sources[0].path else sources[0].name  # where it lies says nothing
    name = first if len(sources) == 1 else f"{first} and {len(sources) - 1} more"
    filtered = {
        priority: sum(1 for each in read.scan.pool.entries() if each.block.priority is priority)
        for priority in reversed(Priority)
        if priority < request.lowest
    }
    return Heading(name, read.lines, read.tokens, limit, log_type, filtered, tuple(describe_remarks(sources)))
