"""Chooses what a digest tells, in which shape, until the budget is used: integer arithmetic over exact counts.

Each item begins with "[" and ends with one line end; cut there, counts of items add up to that of the whole text. First
comes a line for each critical cause, then the end of the log, then more of what failed, what else happened, and at last
more of the end.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import compress
from typing import Final

from loopflow.logs.budgeting import MISC, TokenBudgetManager
from loopflow.logs.material import Item, Material, join, largest, runs_of, split_causes
from loopflow.logs.model import LogLine, LogProfile, Priority, Shape, Template
from loopflow.logs.pool import Entry
from loopflow.logs.shapes import Shapes, describe_lines
from loopflow.logs.steps import ORDER, Ranked, Step, plan
from loopflow.logs.templates import describe_template

Count = Callable[[Sequence[str]], Sequence[int]]

_LINES_SHARE: Final = 0.45
_ROWS_SHARE: Final = 0.60
_END, _TABLE, _TEMPLATES = "end", "table", "templates"
_STEADY_END: Final = 40
"""Lines of the end, where not all room is used."""
_LEAST_MORE: Final = 8
"""Tokens: with fewer nothing more is told."""
_AT_ONCE: Final = 32
"""So many failures are drawn and counted together: for the last ones there may be no room."""


class Fitter:
    """Chooses. `shape_of` says in which shape each failure is told, by signature; `items` are the parts."""

    def __init__(
        self,
        material: Material,
        manager: TokenBudgetManager,
        count: Count,
        shapes: Shapes,
        profile: LogProfile,
    ) -> None:
        self.material = material
        self.manager = manager
        self.shape_of: dict[bytes, Shape] = {}
        self.tokens_of: dict[bytes, int] = {}
        self.templates: list[Template] = []
        self._count = count
        self._shapes = shapes
        self._profile = profile
        self._spending = profile.spending
        self._items: dict[bytes | str, Item] = {}
        self._end_items: list[Item] = []
        self._end_tokens = 0
        self._tables: list[Item] = []
        self._lines_of: dict[bytes, frozenset[tuple[int, int]]] = {}
        self._costs: dict[tuple[bytes, Shape], tuple[str, int]] = {}
        self._lasts = [(entry.block.span.file, entry.block.span.last) for entry in material.entries]

    def choose(self) -> None:
        """Use the budget."""
        total, spending = self.manager.total, self._spending
        critical = self._ranked(Priority.CRITICAL)
        self._name_critical(critical, int(total * _LINES_SHARE), int(total * _ROWS_SHARE))
        self._lengthen_end(int(total * self._profile.end_share))
        high, medium, low = map(self._ranked, (Priority.HIGH, Priority.MEDIUM, Priority.LOW))
        steps = plan(Ranked(*split_causes(critical), high, medium, low), spending)
        self._run(steps.first, self.manager.used + int(self.manager.remaining() * self._profile.error_retention))
        self._tell_templates(int(self.manager.remaining() * self._profile.summary_size))
        self._run(steps.then, total)
        if spending.is_adaptive:
            if self.manager.share_rest():
                self._run(steps.then, total)
            self._lengthen_end(total)
            self._run(steps.last, total)

    def texts(self) -> list[str]:
        """Return the parts in the order of the log, and at last how many critical failures are not told."""
        items = sorted([*self._items.values(), *self._end_items, *self._tables], key=lambda item: item.place)
        critical = self._ranked(Priority.CRITICAL)
        missing = sum(not self.is_told(entry) for entry in critical) + self.material.missed.get(Priority.CRITICAL, 0)
        last = [name_missing(missing)] if missing else []  # whose tokens were set aside at the beginning
        return [*(item.text for item in items), *last]

    def is_told(self, entry: Entry) -> bool:
        """Whether a failure is in the digest, be it as a row."""
        return entry.signature in self.shape_of

    def _ranked(self, priority: Priority) -> list[Entry]:
        """Return the failures of a priority: the first of the log, then by their scores."""
        entries = [entry for entry in self.material.entries if entry.block.priority is priority]
        ranked = sorted(entries[1:], key=lambda entry: -self.material.scores[entry.signature])
        return [*entries[:1], *ranked]

    def _run(self, steps: Iterable[Step], bound: int) -> None:
        for entries, shape in steps:
            for place, entry in enumerate(entries):
                if self.manager.used + _LEAST_MORE > bound:
                    return
                if place % _AT_ONCE == 0:
                    self._price(entries[place : place + _AT_ONCE], shape)
                self._reshape(entry, shape, bound)

    def _reshape(self, entry: Entry, shape: Shape, bound: int) -> bool:
        """Tell a failure in a larger shape, if `bound` tokens in all are enough for it."""
        if self._is_at_least(entry, shape):
            return True
        if shape in _LONG and self._shapes.is_short(entry):
            return False
        text, tokens = self._cost(entry, shape)
        more = tokens - self.tokens_of.get(entry.signature, 0)
        if self.manager.used + more > bound or not self._pay(entry, more, spares=shape in _LONG):
            return False
        if not self._has_share(entry, more):
            self._take_back(entry, more)
            return False
        self._put(entry, Shape.FULL if self._shapes.is_whole(entry, shape) else shape, text, tokens)
        return True

    def _is_at_least(self, entry: Entry, shape: Shape) -> bool:
        """Whether a failure is told in such a shape, or a larger one."""
        now = self.shape_of.get(entry.signature)
        return now is not None and ORDER[now] >= ORDER[shape]

    def _may_be(self, entry: Entry, shape: Shape) -> bool:
        """Whether a failure is told in less than such a shape, and can be told in it."""
        return not (self._is_at_least(entry, shape) or (shape in _LONG and self._shapes.is_short(entry)))

    def _has_share(self, entry: Entry, more: int) -> bool:
        span = entry.block.span
        return entry.block.priority >= Priority.HIGH or self.material.shares.take(span.file, span.first, more)

    def _pay(self, entry: Entry, more: int, priority: Priority | None = None, *, spares: bool = False) -> bool:
        if more <= 0:
            self._take_back(entry, -more)
            return True
        return self.manager.offer(_component(entry), priority or entry.block.priority, more, spares=spares)

    def _take_back(self, entry: Entry, tokens: int) -> None:
        self.manager.release(_component(entry), tokens)

    def _put(self, entry: Entry, shape: Shape, text: str, tokens: int) -> None:
        span = entry.block.span
        self.shape_of[entry.signature] = shape
        self.tokens_of[entry.signature] = tokens
        self._items[entry.signature] = Item((span.file, span.first, 0), text, tokens)

    def _cost(self, entry: Entry, shape: Shape) -> tuple[str, int]:
        key = entry.signature, shape
        if key not in self._costs:
            text = self._shapes.draw(entry, shape)
            self._costs[key] = text, self._count([text])[0]
        return self._costs[key]

    def _name_critical(self, ranked: Sequence[Entry], lines: int, rows: int) -> None:
        """Tell one line of each cause, and then where else it happened, in rows."""
        firsts, others = split_causes(ranked)
        self._price(firsts, Shape.LINE)
        nameless = [entry for entry in firsts if not self._reshape(entry, Shape.LINE, lines)]
        self._add_table("also critical", nameless, rows)
        by_cause: dict[str, list[Entry]] = {}
        for entry in others:
            by_cause.setdefault(entry.cause, []).append(entry)
        for entry in firsts:
            if members := by_cause.get(entry.cause):
                span = entry.block.span
                name = f"the same at {describe_lines(span.first, span.first, self._file(span.file))}"
                self._add_table(name, sorted(members, key=lambda each: each.block.span), rows)

    def _price(self, entries: Sequence[Entry], shape: Shape) -> None:
        """Draw and count several at once: an engine takes long to begin."""
        new = [each for each in entries if (each.signature, shape) not in self._costs and self._may_be(each, shape)]
        texts = [self._shapes.draw(entry, shape) for entry in new]
        for entry, text, tokens in zip(new, texts, self._count(texts), strict=True):
            self._costs[entry.signature, shape] = text, tokens

    def _add_table(self, title: str, entries: Sequence[Entry], bound: int) -> None:
        """Tell of as many failures as there is room for, a row each."""
        rows = [self._shapes.row(entry) for entry in entries]
        room = min(bound - self.manager.used, self.manager.remaining())

        def draw(many: int) -> str:
            return f"[{title}: {' | '.join(rows[:many])}]\n"

        many = largest(len(rows), lambda number: not number or self._count([draw(number)])[0] <= room)
        if not many:
            return
        text = draw(many)
        [tokens] = self._count([text])
        self.manager.offer(_TABLE, Priority.CRITICAL, tokens)
        first = entries[0].block.span
        self._tables.append(Item((first.file, first.first, 1), text, tokens))
        for entry in entries[:many]:
            self.shape_of[entry.signature] = Shape.ROW
            self.tokens_of.setdefault(entry.signature, 0)

    def _tell_templates(self, room: int) -> None:
        if any(not self.is_told(entry) for entry in self._ranked(Priority.CRITICAL)):
            return
        end = self.material.end
        place = (end[0][0], end[0][1].number, -1) if end else (0, 0, -1)
        templates = self.material.templates[: self._spending.most_templates]
        texts = [describe_template(template, several=self.material.several) for template in templates]
        for number, (text, tokens) in enumerate(zip(texts, self._count(texts), strict=True)):
            if tokens > room or not self.manager.offer(_TEMPLATES, Priority.LOW, tokens):
                continue
            room -= tokens
            self.templates.append(templates[number])
            self._items[f"template {number:04}"] = Item(place, text, tokens)

    def _lengthen_end(self, bound: int) -> None:
        """Show as many of the last lines as there is room for; blocks among them are whole."""
        room = min(self.manager.free() + self._end_tokens, bound)
        end = self.material.end
        if not end or room <= self._end_tokens:
            return
        most = len(end) if self._spending.is_adaptive else min(len(end), _STEADY_END)
        many = largest(most, lambda number: self._draw_end(number)[2] <= room)
        items, covered, total = self._draw_end(many)
        if total <= self._end_tokens:
            return
        self.manager.release(_END, self._end_tokens)
        for entry in covered:
            shape = self._whole(entry)
            text, tokens = self._cost(entry, shape)
            self._pay(entry, tokens - self.tokens_of.get(entry.signature, 0), Priority.CRITICAL)
            self._put(entry, shape, text, tokens)
        own = sum(item.tokens for item in items)
        self.manager.offer(_END, Priority.CRITICAL, own)
        self._end_items = items
        self._end_tokens = own

    def _draw_end(self, many: int) -> tuple[list[Item], list[Entry], int]:
        """Return the last `many` lines as items, the failures that are among them, and what all that takes."""
        end = self.material.end[len(self.material.end) - many :]
        shown = {(file, line.number) for file, line in end}
        covered: list[Entry] = []
        taken: set[tuple[int, int]] = set()
        for entry in self._near_end(end):
            numbers = self._numbers(entry)
            is_told, is_within = self._is_at_least(entry, self._whole(entry)), numbers <= shown
            if is_within and not is_told:
                covered.append(entry)
            if is_told or is_within:
                taken |= numbers
        texts = [
            (
                run[0],
                f"[{describe_lines(run[0][1].number, run[-1][1].number, self._file(run[0][0]))} end]\n{join(run)}",
            )
            for run in runs_of([each for each in end if (each[0], each[1].number) not in taken], self.material, taken)
        ]
        counts = self._count([text for _, text in texts])
        items = [
            Item((file, line.number, 0), text, tokens)
            for ((file, line), text), tokens in zip(texts, counts, strict=True)
        ]
        more = sum(
            self._cost(entry, self._whole(entry))[1] - self.tokens_of.get(entry.signature, 0) for entry in covered
        )
        return items, covered, sum(counts) + more

    def _whole(self, entry: Entry) -> Shape:
        """Return the longest shape of a failure: also at the end of the log, what earlier runs had is a line."""
        return Shape.LINE if self._shapes.is_short(entry) else self._spending.longest

    def _near_end(self, end: Sequence[tuple[int, LogLine]]) -> Iterator[Entry]:
        """Yield the failures that are, at least in part, behind the beginning of these lines."""
        if not end:
            return iter(())
        first = (end[0][0], end[0][1].number)
        return compress(self.material.entries, map(first.__le__, self._lasts))

    def _numbers(self, entry: Entry) -> frozenset[tuple[int, int]]:
        """Return the lines of a failure, each with the number of its file."""
        if entry.signature not in self._lines_of:
            file = entry.block.span.file
            self._lines_of[entry.signature] = frozenset((file, line.number) for line in entry.block.lines)
        return self._lines_of[entry.signature]

    def _file(self, file: int) -> int | None:
        return file if self.material.several else None


_LONG: Final = frozenset({Shape.TRIMMED, Shape.FULL})


def _component(entry: Entry) -> str:
    """Return what a failure is a part of: what was told of it, or the step that it is in."""
    return entry.block.component or entry.block.step or MISC


def name_missing(count: int) -> str:
    """Return the row for critical failures that are not told."""
    return f"[{count:,} more critical]\n"


def count_shapes(fitter: Fitter, priority: Priority) -> Counter[Shape]:
    """Return how many failures of a priority are told in each shape."""
    entries = fitter.material.entries
    return Counter(
        fitter.shape_of[entry.signature]
        for entry in entries
        if entry.block.priority is priority and fitter.is_told(entry)
    )
