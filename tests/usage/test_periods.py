"""Periods: by the calendar, right where clocks change, and without a gap between them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.errors import UsageError
from loopflow.usage.model import PeriodKind
from loopflow.usage.periods import find_period, find_zone, read_moment
from loopflow.usage.schema import SLOT

# Clocks change by an hour, by half of one, at midnight, a minute after it, or skip a day; offsets of all kinds.
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "America/Havana",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Asia/Beirut",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Africa/Casablanca",
)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("kind", "at", "zone", "start", "end"),
    [
        ("hour", "2026-03-11T10:59:59.999999Z", "UTC", "2026-03-11T10:00Z", "2026-03-11T11:00Z"),
        ("day", "2026-03-11T00:00Z", "UTC", "2026-03-11T00:00Z", "2026-03-12T00:00Z"),
        ("week", "2026-03-15T23:59Z", "UTC", "2026-03-09T00:00Z", "2026-03-16T00:00Z"),
        ("week", "2027-01-01T12:00Z", "UTC", "2026-12-28T00:00Z", "2027-01-04T00:00Z"),
        ("month", "2026-12-31T23:59Z", "UTC", "2026-12-01T00:00Z", "2027-01-01T00:00Z"),
        ("month", "2028-02-29T12:00Z", "UTC", "2028-02-01T00:00Z", "2028-03-01T00:00Z"),
        # A day of 23 hours, one of 25, and the hour that comes twice.
        ("day", "2026-03-29T12:00Z", "Europe/Berlin", "2026-03-28T23:00Z", "2026-03-29T22:00Z"),
        ("day", "2026-10-25T12:00Z", "Europe/Berlin", "2026-10-24T22:00Z", "2026-10-25T23:00Z"),
        ("hour", "2026-10-25T00:30Z", "Europe/Berlin", "2026-10-25T00:00Z", "2026-10-25T01:00Z"),
        ("hour", "2026-10-25T01:30Z", "Europe/Berlin", "2026-10-25T01:00Z", "2026-10-25T02:00Z"),
        # Where it is another day than in UTC.
        ("day", "2026-03-11T20:00Z", "Asia/Kathmandu", "2026-03-11T18:15Z", "2026-03-12T18:15Z"),
        ("month", "2026-03-01T04:59Z", "America/New_York", "2026-02-01T05:00Z", "2026-03-01T05:00Z"),
        # A midnight that is skipped, and one that comes twice.
        ("day", "2018-11-04T12:00Z", "America/Sao_Paulo", "2018-11-04T03:00Z", "2018-11-05T02:00Z"),
        ("day", "2026-11-01T12:00Z", "America/Havana", "2026-11-01T04:00Z", "2026-11-02T05:00Z"),
        # Half an hour that comes twice makes an hour of ninety minutes of two.
        ("hour", "2026-04-04T14:45Z", "Australia/Lord_Howe", "2026-04-04T14:00Z", "2026-04-04T15:00Z"),
        ("hour", "2026-04-04T15:10Z", "Australia/Lord_Howe", "2026-04-04T15:00Z", "2026-04-04T15:30Z"),
        # The thirtieth of December 2011 was not there.
        ("day", "2011-12-30T10:30Z", "Pacific/Apia", "2011-12-30T10:00Z", "2011-12-31T10:00Z"),
    ],
)
def test_a_period_begins_and_ends_by_the_calendar(kind: str, at: str, zone: str, start: str, end: str) -> None:
    found = find_period(PeriodKind(kind), moment(at), find_zone(zone))
    assert (found.start, found.end) == (moment(start), moment(end))


@given(
    at=st.datetimes(datetime(2010, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  bounds have none
    zone=st.sampled_from(ZONES),
    kind=st.sampled_from([kind for kind in PeriodKind if kind is not PeriodKind.TOTAL]),
)
def test_every_moment_is_in_one_period(at: datetime, zone: str, kind: PeriodKind) -> None:
    """It begins no later, ends later, and the one before and the one after are its neighbours."""
    period = find_period(kind, at, find_zone(zone))
    assert period.end is not None
    assert period.start <= at < period.end
    step = timedelta(microseconds=1)
    assert find_period(kind, period.start, find_zone(zone)) == period
    assert find_period(kind, period.end - step, find_zone(zone)) == period
    assert find_period(kind, period.end, find_zone(zone)).start == period.end
    assert find_period(kind, period.start - step, find_zone(zone)).end == period.start


def test_everything_is_in_the_total() -> None:
    """It has no end."""
    assert find_period(PeriodKind.TOTAL, moment("2026-03-11T10:00Z"), UTC).end is None


@pytest.mark.long
def test_periods_are_made_of_whole_slots() -> None:
    """In no zone does any day since 2012 begin within a quarter of an hour: sums of quarters are exact."""
    days = [date(2012, 1, 1) + timedelta(days=each) for each in range(365 * 26)]
    for name in sorted(available_timezones()):
        zone, last = ZoneInfo(name), None
        for day in days:
            offset = datetime(day.year, day.month, day.day, tzinfo=zone).utcoffset()
            if offset != last:
                last = offset
                assert offset is not None
                assert offset.total_seconds() % SLOT == 0, (name, day)


@pytest.mark.parametrize(
    "name", ["", "Nowhere/City", "../etc/passwd", "/etc/passwd", "Europe", "UTC\0", "a" * 300, "\udcff"]
)
def test_what_is_no_time_zone_is_named(name: str) -> None:
    with pytest.raises(UsageError, match=r"^--timezone: there is no time zone "):
        find_zone(name)


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-13-01", "2026-03-01T25:00Z", "0001-01-01T00:00+23:00", "9" * 400]
)
def test_what_is_no_moment_is_named(text: str) -> None:
    with pytest.raises(UsageError, match=r"^--at: '.*' is no moment$"):
        read_moment(text, UTC, "--at")


def test_a_moment_without_an_offset_is_of_the_zone() -> None:
    assert read_moment("2026-07-01 10:00", find_zone("Europe/Berlin"), "--at") == moment("2026-07-01T08:00Z")
