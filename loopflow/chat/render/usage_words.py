"""What every form of a spending says in the same words."""

from collections.abc import Iterator
from typing import Final

from loopflow.charts.numbers import format_percent, plural
from loopflow.chat.request_cells import NO_ZONE
from loopflow.chat.spending import GAP, MINUTE, Spending, divide

UNNAMED: Final = "(not named)"


def describe(found: Spending) -> Iterator[str]:
    """Yield what is to be known first: of when it is, the totals, the limit, and what was odd about the log."""
    sums = found.sums
    first, last = found.moment(found.start), found.moment(found.end)
    yield f"{first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} {name_zone(found)}, {plural(found.rows, 'row')}"
    yield f"{plural(sums.requests, 'request')}: {sums.input:,} tokens in, {sums.output:,} out, {sums.total:,} in all"
    yield f"{describe_each(found)}; {describe_ratio(found)}"
    if found.daily:
        yield describe_limit(found)
    for line in found.notes:
        yield f"{line}: read as {name_zone(found)}" if line == NO_ZONE else line
    if not found.sessions and found.active:
        yield f"a row is about more than {GAP // 60} minutes, so sessions cannot be told apart"


def describe_each(found: Spending) -> str:
    """Return the averages of a request."""
    sums, many = found.sums, found.sums.requests or 1
    return f"{divide(sums.input, many):,} in and {divide(sums.output, many):,} out a request, {sums.each:,} in all"


def describe_ratio(found: Spending) -> str:
    """Return how much input there is for the output."""
    return f"{ratio(found)}:1 of input to output" if found.sums.output else "no output"


def ratio(found: Spending) -> str:
    """Return input divided by output, with one decimal."""
    tenths = divide(10 * found.sums.input, found.sums.output or 1)
    return f"{tenths // 10:,}.{tenths % 10}"


def describe_limit(found: Spending) -> str:
    """Return how near the daily limit was, at most."""
    if not found.days:
        return f"nothing of the daily limit of {found.daily:,} was used"
    peak = max(found.days, key=lambda day: day.sums.total)
    share = format_percent(peak.sums.total, found.daily)
    near = sum(day.near is not None for day in found.days)
    return f"{share} % of the daily limit of {found.daily:,} at most, on {peak.date}; near it on {plural(near, 'day')}"


def tell_trend(found: Spending) -> Iterator[str]:
    """Yield how the cost of a request went from the earlier half of the sessions to the later one."""
    trend = found.trend
    if trend is None:
        return
    earlier, later = trend
    if not earlier.requests or not later.requests:
        return
    sign = "-" if later.each < earlier.each else "+"
    change = format_percent(abs(later.each - earlier.each), earlier.each or 1)
    yield f"trend: {earlier.each:,} a request in the earlier half, {later.each:,} in the later one, {sign}{change} %"


def name_zone(found: Spending) -> str:
    """Return the name of the time zone of the calendar."""
    return str(getattr(found.zone, "key", "UTC"))


def name_times(found: Spending) -> str:
    """Return what the busiest stretches of time are."""
    if found.width <= MINUTE:
        return "minutes"
    whole, rest = divmod(found.width, 3600)
    return f"stretches of {plural(found.width // 60, 'minute') if rest else plural(whole, 'hour')}"
