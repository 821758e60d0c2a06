"""When a period begins and ends: by the calendar of a time zone, right where clocks are put forward and back.

A period begins at the first moment of its hour, day, week (from Monday) or month, and lasts until the next one begins.
So a day has 23 or 25 hours where clocks change, one that begins without a midnight begins at the change, and every
moment is in one period of each kind.
"""

from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from loopflow.analysis.names import escape_name
from loopflow.errors import UsageError
from loopflow.usage.model import FIRST_DAY, Period, PeriodKind

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR = timedelta(hours=1)
_DECEMBER = 12


def find_period(kind: PeriodKind, at: datetime, zone: tzinfo) -> Period:
    """Return the period of a kind that a moment is in, by the calendar of `zone`. Raises UsageError.

    That is for the first and the last year there is: what begins or ends beside them is no date.
    """
    if kind is PeriodKind.TOTAL:
        return Period(kind, EPOCH, None)
    if not MINYEAR < at.year < MAXYEAR:
        raise UsageError(f"there is no {kind.value} of the year {at.year}", "name a moment that has entries")
    if kind is PeriodKind.HOUR:
        return Period(kind, *_find_hour(at, zone))
    first = _first_day(kind, at.astimezone(zone).date())
    start, end = _begin(first, zone), _begin(_next_day(kind, first), zone)
    if at >= end:  # clocks were put back behind midnight, and it is the day before once more
        first = _next_day(kind, first)
        start, end = end, _begin(_next_day(kind, first), zone)
    return Period(kind, start, end)


def find_zone(name: str, what: str = "--timezone") -> tzinfo:
    """Return the time zone of the IANA database that is called so. Raises UsageError."""
    try:
        return _load(name)
    except (KeyError, ValueError, OSError) as error:
        hint = "write a name such as Europe/Berlin, or UTC"
        raise UsageError(f"{what}: there is no time zone {escape_name(name[:60])}", hint) from error


@lru_cache(maxsize=64)
def _load(name: str) -> tzinfo:
    return UTC if name == "UTC" else ZoneInfo(name)


def read_moment(text: str, zone: tzinfo, what: str) -> datetime:
    """Return a moment (UTC) that is written as ISO 8601; one that names no offset is in `zone`. Raises UsageError."""
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        hint = "write for example 2026-03-01T10:00:00Z"
        raise UsageError(f"{what}: '{escape_name(text[:60])}' is no moment", hint) from error


def _first_day(kind: PeriodKind, day: date) -> date:
    if kind is PeriodKind.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if kind is PeriodKind.MONTH else day


def _next_day(kind: PeriodKind, first: date) -> date:
    """Return the first day of the next period."""
    if kind is PeriodKind.MONTH:
        year, month = (first.year + 1, 1) if first.month == _DECEMBER else (first.year, first.month + 1)
        return date(year, month, 1)
    return first + timedelta(days=7 if kind is PeriodKind.WEEK else 1)


def _begin(day: date, zone: tzinfo) -> datetime:
    """Return the first moment of a day.

    PEP 495: of a midnight that comes twice this is the first, and one that is skipped is read by the offset before,
    which is the moment of the change.
    """
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _find_hour(at: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return when the hour begins and ends: where minutes are 0, or where clocks change within it (Lord Howe)."""
    start = at - (at + _offset(at, zone) - EPOCH) % _HOUR
    end = start + _HOUR
    if _offset(start, zone) != _offset(at, zone):
        start = _find_change(start, at, zone)
    last = end - timedelta(microseconds=1)
    if _offset(last, zone) != _offset(at, zone):
        end = _find_change(at, last, zone)
    return start, end


def _offset(at: datetime, zone: tzinfo) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


def _find_change(before: datetime, after: datetime, zone: tzinfo) -> datetime:
    """Return the first moment with the offset of `after`, which is not that of `before`."""
    new, step = _offset(after, zone), timedelta(microseconds=1)
    while after - before > step:
        middle = before + (after - before) // 2
        if _offset(middle, zone) == new:
            after = middle
        else:
            before = middle
    return after


def earliest(period: Period) -> datetime:
    """Return the first moment in a period at which there can be an entry."""
    return max(period.start, FIRST_DAY)
