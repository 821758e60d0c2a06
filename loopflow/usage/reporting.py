"""What was used in a period, by component, environment, model and source, or by hour, day, week and month of it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from loopflow.errors import UsageError
from loopflow.usage.ledger import Group, Ledger, Range
from loopflow.usage.model import EVERY, GROUPS, Period, PeriodKind, Sums, Use
from loopflow.usage.periods import find_period, find_zone

TIMES: Final = tuple(kind.value for kind in PeriodKind if kind is not PeriodKind.TOTAL)
BY: Final = (*GROUPS, *TIMES)
"""What a report can be by."""
_MOST_TIMES: Final = 5_000
_DAYS: Final = {PeriodKind.HOUR: "%Y-%m-%d %H:%M%z", PeriodKind.MONTH: "%Y-%m"}


@dataclass(frozen=True, slots=True)
class Line:
    """The sums for one value of each thing that is asked for."""

    values: tuple[str, ...]
    sums: Sums


@dataclass(frozen=True, slots=True)
class Report:
    """What was used in a period. `by` names what tells lines apart; `environment` is "*" for all."""

    period: Period
    timezone: str
    environment: str
    by: tuple[str, ...]
    groups: tuple[Group, ...]
    names: tuple[str, ...]
    """What the values of `groups` are of."""
    uses: tuple[Use, ...] = ()

    @property
    def zone(self) -> tzinfo:
        """The time zone of its periods."""
        return find_zone(self.timezone)

    @property
    def total(self) -> Sums:
        """The sums of all."""
        total = Sums()
        for group in self.groups:
            total = total.plus(_sums(group))
        return total

    def lines(self, by: Sequence[str] = ()) -> list[Line]:
        """Return the sums by what is asked for, or by what the report is by: times in order, else the largest first."""
        asked = tuple(by) or self.by
        found: dict[tuple[str, ...], Sums] = {}
        times = {name: _Labels(PeriodKind(name), self.zone) for name in asked if name in TIMES}
        for group in self.groups:
            values = tuple(
                times[name].of(group.start) if name in times else group.values[self.names.index(name)] for name in asked
            )
            found[values] = found.get(values, Sums()).plus(_sums(group))
        lines = [Line(values, sums) for values, sums in found.items()]
        if times:
            return lines  # groups are in order of time, and so is what was found first
        return sorted(lines, key=lambda line: (-line.sums.exact.used, -line.sums.estimated.used, line.values))


def make_report(  # noqa: PLR0913  what a report is of
    ledger: Ledger,
    period: Period,
    timezone: str,
    by: Iterable[str],
    *,
    environment: str = EVERY,
    uses: Sequence[Use] = (),
) -> Report:
    """Return the report of a period. Raises LedgerError, and UsageError for one by more times than can be shown."""
    asked = tuple(dict.fromkeys(by))
    names = tuple(name for name in GROUPS if name in asked or name == "model")
    times = [PeriodKind(name) for name in asked if name in TIMES]
    groups = ledger.group(_ranges(ledger, period, times, find_zone(timezone)), names, environment)
    return Report(period, timezone, environment, asked, tuple(groups), names, tuple(uses))


def _ranges(ledger: Ledger, period: Period, times: Sequence[PeriodKind], zone: tzinfo) -> Iterator[Range]:
    """Yield the periods within a period that are to be told apart, as far as there are entries.

    Where several kinds are asked for, the shortest makes up the others; but weeks and months consist of days.
    """
    extent = ledger.extent((period.start, period.end)) if times else None
    if not times:
        yield period.start, period.end
    if extent is None:
        return
    kind = min(times, key=list(PeriodKind).index)
    kind = PeriodKind.DAY if {PeriodKind.WEEK, PeriodKind.MONTH} <= {*times} else kind
    start, end = extent
    for _ in range(_MOST_TIMES):
        found = find_period(kind, start, zone)
        yield max(found.start, period.start), found.end
        if found.end is None or end is None or found.end >= end:
            return
        start = found.end
    what = f"it would be by more than {_MOST_TIMES:,} times"
    raise UsageError(what, "choose a shorter --period, or a longer time for --by")


class _Labels:
    """What periods within a report are called. One follows the other."""

    def __init__(self, kind: PeriodKind, zone: tzinfo) -> None:
        self._kind = kind
        self._zone = zone
        self._last: tuple[datetime, str] | None = None

    def of(self, start: datetime) -> str:
        """Return the label of the period that begins so, or holds one that begins so."""
        if self._last is None or self._last[0] != start:
            self._last = start, name_start(find_period(self._kind, start, self._zone), self._zone)
        return self._last[1]


def name_start(period: Period, zone: tzinfo) -> str:
    """Return when a period begins, by its calendar: a day, a month, or an hour with its offset from UTC."""
    return period.start.astimezone(zone).strftime(_DAYS.get(period.kind, "%Y-%m-%d"))


def _sums(group: Group) -> Sums:
    return Sums(exact=group.totals) if group.exact else Sums(estimated=group.totals)
