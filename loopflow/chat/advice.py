"""What a log of requests says should be changed, each with its arithmetic, so that a reader can check it.

A row may stand for many requests. What requests above a size would have cost less is then known from below: the excess
of a row's average is never more than the excess of its requests (Jensen's inequality). It is said as "at least".
"""

import re
from collections.abc import Iterator
from itertools import compress, repeat
from operator import add, le, mul, sub
from typing import Final, NamedTuple

from loopflow.analysis.names import escape_name
from loopflow.charts.numbers import format_percent, plural
from loopflow.chat.limits import CEREBRAS_LIMITS
from loopflow.chat.spending import NEAR, Day, Session, Spending, Sums, divide

SMALL_OUTPUT: Final = 300
"""Tokens of an answer up to which a request looks like a call of a tool: its cap in the table of tasks."""
TARGET: Final = CEREBRAS_LIMITS.ceiling
"""Tokens of input that a request is taken to manage with, where nobody says another number."""
_HEAVY_INPUT: Final = 10
_BURST: Final = 2
_LITTLE: Final = 0.02
NOTABLE: Final = 0.1
"""The share by which the cost of a request has to change before it is worth a word."""
_SHOWN_DAYS: Final = 3
_PLAIN_NAME: Final = re.compile(r"[\w.:/@ -]{1,60}")


class Advice(NamedTuple):
    """Something to change: what was seen, the arithmetic of it, what to do, and the tokens that it saves, if any."""

    title: str
    arithmetic: tuple[str, ...]
    action: str
    saved: int = 0


def advise(found: Spending, target: int = TARGET) -> list[Advice]:
    """Return what to change: the limit first, then what is sure to save, then what may."""
    if not found.sums.total:
        return []
    return [
        *_watch(found),
        *_compact(found, target),
        *_look_at_session(found),
        *_switch(found),
        *_smooth(found),
        *_learn(found),
    ]


def _watch(found: Spending) -> Iterator[Advice]:
    """Yield what is to be said of the daily limit."""
    days = [day for day in found.days if day.near is not None]
    if not days:
        return
    reached = sum(day.reached is not None for day in days)
    of = f"on {len(days)} of {plural(len(found.days), 'day')}"
    title = f"The daily limit was near {of}" + (f", and reached on {reached}" if reached else "")
    last = [_tell_day(found, day) for day in days[-_SHOWN_DAYS:]]
    action = f"Watch it: per_day = {found.daily:_} in {_table(found)} warns at {NEAR} %"
    yield Advice(title, tuple(last), action)


def _tell_day(found: Spending, day: Day) -> str:
    share = format_percent(day.sums.total, found.daily)
    text = f"{day.date}: {day.sums.total:,} of {found.daily:,} is {share} %"
    if day.near is not None:
        text += f"; {NEAR} % at {found.moment(day.near):%H:%M}"
    if day.near is not None and day.reached is not None:
        text += f", all of it at {found.moment(day.reached):%H:%M}, {tell_time(day.reached - day.near)} later"
    return text


def _compact(found: Spending, target: int) -> Iterator[Advice]:
    """Yield what a limit on the input of a request saves."""
    sums, log = found.sums, found.log
    over = list(map(sub, log.inputs, map(mul, repeat(target), log.requests)))
    saved = sum(compress(over, map((0).__lt__, over)))
    if sums.input < _HEAVY_INPUT * sums.output or saved < _LITTLE * sums.total:
        return
    lines = [
        f"{sums.input:,} of {sums.total:,} tokens are input: {format_percent(sums.input, sums.total)} %",
        f"with at most {target:,} of input a request, at least {saved:,} fewer: {_share(saved, sums)} of all",
    ]
    if found.daily and found.days:
        peak = max(found.days, key=lambda day: day.sums.total)
        less = sum(each for each in over[peak.first : peak.after] if each > 0)
        left = peak.sums.total - less
        share = format_percent(left, found.daily)
        lines.append(f"{peak.date}: {peak.sums.total:,} - {less:,} = {left:,}, {share} % of the limit")
    action = f"Compact earlier: target = {target:_} in {_table(found)}, or loopflow chat SESSION --fit {target}"
    yield Advice("What is sent is the cost, not what comes back", tuple(lines), action, saved)


def _look_at_session(found: Spending) -> Iterator[Advice]:
    """Yield the session whose requests cost the most beyond the average."""
    if len(found.sessions) < 2:  # noqa: PLR2004  one is the average
        return
    session = max(found.sessions, key=lambda each: _excess(each, found.sums))
    saved = _excess(session, found.sums)
    if saved < _LITTLE * found.sums.total:
        return
    sums = session.sums
    when = f"{found.moment(session.start):%Y-%m-%d %H:%M}"
    lines = (
        f"{plural(sums.requests, 'request')} of {sums.each:,} tokens, where the average of all is {found.sums.each:,}",
        f"{sums.total:,} - {sums.requests:,} x {found.sums.each:,} = {saved:,} more than at the average",
    )
    action = "Look at it first: loopflow chat SESSION --profile --by tool says what filled it"
    yield Advice(f"The session of {when} cost the most beyond the average", lines, action, saved)


def _excess(session: Session, all_of_it: Sums) -> int:
    return session.sums.total - session.sums.requests * all_of_it.each


def _switch(found: Spending) -> Iterator[Advice]:
    """Yield what a model for simple work takes off."""
    log = found.log
    is_small = list(map(le, log.outputs, map(mul, repeat(SMALL_OUTPUT), log.requests)))
    requests = sum(compress(log.requests, is_small))
    saved = sum(compress(map(add, log.inputs, log.outputs), is_small))
    if saved < _LITTLE * found.sums.total or requests == 0:
        return
    where = "" if not log.width else f" are in rows that average at most {SMALL_OUTPUT} tokens of output"
    what = where or f" have at most {SMALL_OUTPUT} tokens of output"
    lines = (
        f"{requests:,} of {plural(found.sums.requests, 'request')}{what}, as calls of tools have",
        f"they take {saved:,} tokens: {format_percent(saved, found.sums.total)} % of all; which ones can go is a guess",
    )
    action = "Let a smaller model take them: simple_model and switch in [chat.routes]"
    yield Advice("Small answers need no large model", lines, action, saved)


def _smooth(found: Spending) -> Iterator[Advice]:
    """Yield the busiest minute, if it is far above the others."""
    if not found.minutes or found.active < 2:  # noqa: PLR2004  one is the average
        return
    start, sums = found.minutes[0]
    mean = divide(found.sums.total, found.active)
    if sums.total < _BURST * mean:
        return
    what = "minute" if found.width <= 60 else "row"  # noqa: PLR2004  seconds
    lines = (
        f"{found.moment(start):%Y-%m-%d %H:%M}: {sums.total:,} tokens in {plural(sums.requests, 'request')}",
        f"{found.sums.total:,} in {found.active:,} rows is {mean:,} each: it has {sums.total / mean:.1f} times that",
    )
    action = f"Where a limit holds for a minute, set per_minute in {_table(found)}"
    yield Advice(f"The busiest {what} is far above the others", lines, action)


def _learn(found: Spending) -> Iterator[Advice]:
    """Yield how the cost of a request changed from the earlier sessions to the later ones."""
    if found.trend is None:
        return
    earlier, later = found.trend
    if not earlier.requests or not later.requests or abs(later.each - earlier.each) <= earlier.each * NOTABLE:
        return
    is_less = later.each < earlier.each
    change = f"{format_percent(abs(later.each - earlier.each), earlier.each)} % {'less' if is_less else 'more'}"
    half = len(found.sessions) // 2
    lines = (
        f"the first {plural(half, 'session')}: {earlier.total:,} / {earlier.requests:,} = {earlier.each:,} a request",
        f"the other {len(found.sessions) - half}: {later.total:,} / {later.requests:,} = {later.each:,}, {change}",
    )
    title = f"Requests of later sessions cost {'less' if is_less else 'more'}"
    action = "Find out what changed, and keep it" if is_less else "Find out what grew: loopflow chat SESSION --profile"
    yield Advice(title, lines, action)


def _table(found: Spending) -> str:
    """Return the table of the config that holds limits of the model which used the most."""
    name = found.models[0][0] if found.models else ""
    shown = escape_name(name)
    return f'[chat.limits."{shown}"]' if _PLAIN_NAME.fullmatch(shown) else "[chat.limits.MODEL]"


def _share(part: int, whole: Sums) -> str:
    return f"{format_percent(part, whole.total)} %"


def tell_time(seconds: float) -> str:
    """Return a length of time in minutes, or hours and minutes."""
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
