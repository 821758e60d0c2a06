"""What a log of requests comes to: by day against the daily limit, by session, task and model, in its busiest minutes.

Rows are in the order of time, so a day and a session are stretches of the lists: sums are those of slices, by which a
million rows are a matter of seconds.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from heapq import nlargest
from itertools import accumulate, compress, islice, pairwise, repeat
from operator import add, eq, floordiv, or_, sub
from typing import Final, NamedTuple

from loopflow.chat.requests import Log
from loopflow.usage.model import PeriodKind
from loopflow.usage.periods import find_period

GAP: Final = 600
"""Seconds between the starts of two rows above which a new session begins."""
NEAR: Final = 80
"""Percent of the daily limit from which on it is near: that of `capacity_warning`."""
_BUSIEST: Final = 5
MINUTE: Final = 60


class Sums(NamedTuple):
    """Requests and their tokens."""

    requests: int = 0
    input: int = 0
    output: int = 0

    @property
    def total(self) -> int:
        """Tokens in and out."""
        return self.input + self.output

    @property
    def each(self) -> int:
        """Tokens of a request on average, rounded; all of them where no request is named."""
        return divide(self.total, self.requests or 1)

    def plus(self, other: "Sums") -> "Sums":
        """Return the sums of both."""
        return Sums(self.requests + other.requests, self.input + other.input, self.output + other.output)


class Day(NamedTuple):
    """A day of the calendar. Its rows are those from `first` on, of the rows that are not empty.

    `near` and `reached` are when it had used 80 % of the daily limit, and all of it.
    """

    date: date
    first: int
    after: int
    sums: Sums
    near: float | None = None
    reached: float | None = None


class Session(NamedTuple):
    """A stretch of work: what the log calls so, else rows without a gap of more than ten minutes."""

    name: str
    start: float
    end: float
    sums: Sums


class Cell(NamedTuple):
    """What one day, session, task and model have in common. `session` is a place in the list of sessions, from 0."""

    day: date
    session: int
    task: str
    model: str
    sums: Sums


class Spending(NamedTuple):
    """What a log comes to. Times are seconds since 1970; lists of names are the largest first."""

    rows: int
    sums: Sums
    start: float
    end: float
    zone: tzinfo
    width: int
    daily: int
    days: Sequence[Day]
    sessions: Sequence[Session]
    minutes: Sequence[tuple[float, Sums]]
    active: int
    cells: Sequence[Cell]
    models: Sequence[tuple[str, Sums]]
    tasks: Sequence[tuple[str, Sums]]
    notes: Sequence[str]
    has_names: bool
    """Whether the log itself says what a session is."""
    log: Log
    """The rows that are not empty."""

    def moment(self, seconds: float) -> datetime:
        """Return a moment in the time zone of the calendar."""
        return datetime.fromtimestamp(seconds, self.zone)

    @property
    def trend(self) -> tuple[Sums, Sums] | None:
        """The sums of the earlier half of the sessions and of the later one; None where there are less than two."""
        half = len(self.sessions) // 2
        halves = self.sessions[:half], self.sessions[half:]
        return (add_up(each.sums for each in halves[0]), add_up(each.sums for each in halves[1])) if half else None


def divide(part: int, whole: int) -> int:
    """Return the quotient, rounded half up."""
    return (2 * part + whole) // (2 * whole)


def add_up(sums: Iterable[Sums]) -> Sums:
    """Return the sums of all."""
    return Sums(*map(sum, zip(*sums, strict=True))) if (sums := list(sums)) else Sums()


def spend(log: Log, daily: int = 0, zone: tzinfo = UTC) -> Spending:
    """Return what a log comes to, by the calendar of `zone`. `daily` is the limit of a day, 0 for none."""
    start, end, rows = log.times[0], log.times[-1] + log.width, len(log.times)
    log = _drop_empty(log)
    days = [_sum_day(log, *each, daily) for each in _find_days(log.times, zone)]
    cells, sessions = _sum_cells(log, days)
    return Spending(
        rows=rows,
        sums=add_up(day.sums for day in days),
        start=start,
        end=end,
        zone=zone,
        width=log.width,
        daily=daily,
        days=days,
        sessions=sessions,
        minutes=_find_busiest(log),
        active=len(log.times),
        cells=cells,
        models=_sum_names((cell.model, cell.sums) for cell in cells) if log.models else [],
        tasks=_sum_names((cell.task, cell.sums) for cell in cells) if log.tasks else [],
        notes=log.notes,
        has_names=bool(log.sessions),
        log=log,
    )


def _drop_empty(log: Log) -> Log:
    """Return a log without the rows in which nothing happened."""
    used = list(map(or_, log.requests, map(add, log.inputs, log.outputs)))
    if all(used):
        return log
    return log._replace(
        times=list(compress(log.times, used)),
        requests=list(compress(log.requests, used)),
        inputs=list(compress(log.inputs, used)),
        outputs=list(compress(log.outputs, used)),
        models=list(compress(log.models, used)),
        tasks=list(compress(log.tasks, used)),
        sessions=list(compress(log.sessions, used)),
    )


def find_largest(log: Log) -> str:
    """Return the model that used the most tokens; "" where the log names none."""
    if len(names := set(log.models)) <= 1:
        return "".join(names)
    totals = dict.fromkeys(names, 0)
    for name, put, out in zip(log.models, log.inputs, log.outputs, strict=True):
        totals[name] += put + out
    return max(totals, key=totals.__getitem__)


def _find_days(times: Sequence[float], zone: tzinfo) -> Iterator[tuple[datetime, int, int]]:
    """Yield each day that has rows, with the places where these begin and end."""
    at = 0
    while at < len(times):
        day = find_period(PeriodKind.DAY, datetime.fromtimestamp(times[at], UTC), zone)
        after = bisect_left(times, day.end.timestamp(), at) if day.end else len(times)
        yield day.start.astimezone(zone), at, after
        at = after


def _sum_day(log: Log, day: datetime, first: int, after: int, daily: int) -> Day:
    made = Day(day.date(), first, after, _sum(log, first, after))
    marks = (-(-NEAR * daily // 100), daily)  # whole tokens: a share as a float may be a hair above
    if not daily or made.sums.total < marks[0]:
        return made
    used = list(accumulate(map(add, log.inputs[first:after], log.outputs[first:after])))
    places = [bisect_left(used, mark) for mark in marks]
    near, reached = (log.times[first + at] if at < len(used) else None for at in places)
    return made._replace(near=near, reached=reached)


def _sum(log: Log, first: int, after: int) -> Sums:
    return Sums(sum(log.requests[first:after]), sum(log.inputs[first:after]), sum(log.outputs[first:after]))


def _sum_cells(log: Log, days: Sequence[Day]) -> tuple[list[Cell], list[Session]]:
    """Return the sums of what day, session, task and model have in common; and the sessions, in the order of time."""
    gaps = _find_gaps(log)
    cuts = sorted({*gaps, *(day.first for day in days), len(log.times)})
    dates = {day.first: day.date for day in days}
    cells, spans, session, day = [], dict[str, tuple[float, float]](), 0, date.min
    keys = _name_rows(log)
    for first, after in pairwise(cuts):
        session += first in gaps
        day = dates.get(first, day)
        for (name, task, model), sums in _group(log, keys, first, after).items():
            called = name if log.sessions else str(session)
            start, end = log.times[first], log.times[after - 1] + log.width
            cells.append((day, called, task, model, sums))
            spans[called] = spans.get(called, (start,))[0], end
    return _number(cells, spans, is_told=bool(log.sessions or gaps))


def _number(
    cells: Sequence[tuple[date, str, str, str, Sums]], spans: Mapping[str, tuple[float, float]], *, is_told: bool
) -> tuple[list[Cell], list[Session]]:
    """Return the cells with the numbers of their sessions, and these; none where nothing tells them apart."""
    if not is_told:
        return [Cell(day, 0, task, model, sums) for day, _, task, model, sums in cells], []
    sums = dict(_sum_names((called, each) for _, called, _, _, each in cells))
    order = sorted(spans, key=lambda called: spans[called][0])
    places = {called: at for at, called in enumerate(order)}
    found = [Cell(day, places[called], task, model, each) for day, called, task, model, each in cells]
    return found, [Session(called, *spans[called], sums[called]) for called in order]


def _find_gaps(log: Log) -> set[int]:
    """Return where sessions begin, as far as times tell: nowhere if a row is about more than a gap is long."""
    if log.width > GAP or log.sessions or not log.times:
        return set()
    gaps = map(sub, islice(log.times, 1, None), log.times)
    return {0, *(at for at, gap in enumerate(gaps, 1) if gap > GAP)}


def _name_rows(log: Log) -> Sequence[tuple[str, str, str]]:
    """Return session, task and model of each row; of one, if it is the same in all."""
    columns = [log.sessions, log.tasks, log.models]
    if all(len(set(column)) <= 1 for column in columns):
        session, task, model = ((column or [""])[0] for column in columns)
        return [(session, task, model)]
    return list(zip(*(column or [""] * len(log.times) for column in columns), strict=True))


def _group(log: Log, keys: Sequence[tuple[str, str, str]], first: int, after: int) -> dict[tuple[str, str, str], Sums]:
    if len(keys) == 1:
        return {keys[0]: _sum(log, first, after)}
    found: dict[tuple[str, str, str], list[int]] = {}
    columns = (column[first:after] for column in (keys, log.requests, log.inputs, log.outputs))
    for key, requests, put, out in zip(*columns, strict=True):
        sums = found.setdefault(key, [0, 0, 0])
        sums[0] += requests
        sums[1] += put
        sums[2] += out
    return {key: Sums(*sums) for key, sums in found.items()}


def _find_busiest(log: Log) -> list[tuple[float, Sums]]:
    """Return the minutes, or what a row is about where that is longer, with the most tokens."""
    step = max(log.width, MINUTE)
    starts = list(map(floordiv, log.times, repeat(step)))
    totals = list(map(add, log.inputs, log.outputs))
    if any(map(eq, islice(starts, 1, None), starts)):
        first = [at for at, start in enumerate(starts) if not at or start != starts[at - 1]]
        sums = [(starts[a] * step, _sum(log, a, b)) for a, b in pairwise([*first, len(starts)])]
        return nlargest(_BUSIEST, sums, key=lambda each: each[1].total)
    found = nlargest(_BUSIEST, range(len(totals)), key=totals.__getitem__)
    return [(starts[at] * step, _sum(log, at, at + 1)) for at in found]


def _sum_names(named: Iterable[tuple[str, Sums]]) -> list[tuple[str, Sums]]:
    """Return the sums of each name, the largest first."""
    found: dict[str, Sums] = {}
    for name, sums in named:
        before = found.get(name)
        found[name] = sums if before is None else before.plus(sums)
    return sorted(found.items(), key=lambda each: -each[1].total)
