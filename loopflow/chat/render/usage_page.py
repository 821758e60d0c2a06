"""What a log of requests comes to, as one page that needs nothing else: days against the limit, advice, and charts."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import datetime, time
from importlib.resources import files
from itertools import accumulate
from operator import add
from typing import Any, Final

from loopflow.charts.numbers import format_percent, format_short, plural
from loopflow.charts.page import Page, Sections, render_page
from loopflow.chat.advice import NOTABLE, Advice, tell_time
from loopflow.chat.render.usage_hierarchy import build_days, list_kinds, words_of
from loopflow.chat.render.usage_words import UNNAMED, describe_ratio, name_times, name_zone, tell_trend
from loopflow.chat.spending import NEAR, Day, Session, Spending, Sums
from loopflow.render.markdown_text import shorten_name

_MOST_DAYS: Final = 31
_MOST_ROWS: Final = 200
_WIDE: Final = 96
"""Units of the curve of a day: a quarter of an hour each."""
_HIGH: Final = 40
_ROOM: Final = 1.08
"""The height of a curve's panel, as a share of what it can reach: the line of the limit is not at its edge."""
_QUARTER: Final = 900


def render_html(found: Spending, advice: Sequence[Advice]) -> Iterator[str]:
    """Yield the page in pieces."""
    first, last = found.moment(found.start), found.moment(found.end)
    page = Page(
        root=build_days(found),
        kinds=list_kinds(found),
        words=words_of(found),
        heading="What the requests came to",
        about=[
            ("", f"{first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} {name_zone(found)}"),
            (plural(found.sums.requests, "request"), ""),
            (f"{found.sums.total:,} tokens", ""),
        ],
        note="Made by loopflow chat usage. Numbers are those of the log; times are when a row began.",
    )
    values = _values(found, advice)
    yield from render_page(page, Sections(_read("usage.html"), _read("usage.css"), values))


def _values(found: Spending, advice: Sequence[Advice]) -> dict[str, Any]:
    most = found.daily or max((day.sums.total for day in found.days), default=0)
    peak = max([most, *(day.sums.total for day in found.days)])
    return {
        "cards": list(_cards(found)),
        "daily": f"{found.daily:,}" if found.daily else "",
        "days": [_day(found, day, peak) for day in found.days[-_MOST_DAYS:]],
        "days_left_out": max(0, len(found.days) - _MOST_DAYS),
        "limit_at": _height(found.daily, peak) if found.daily else None,
        "near_at": _height(NEAR * found.daily // 100, peak) if found.daily else None,
        "advice": advice,
        "trend": list(tell_trend(found)),
        "sessions": _named(_name_sessions(found, found.sessions[-_MOST_ROWS:]), found),
        "sessions_left_out": max(0, len(found.sessions) - _MOST_ROWS),
        "tasks": _named(found.tasks[:_MOST_ROWS], found),
        "models": _named(found.models[:_MOST_ROWS], found),
        "busiest": _named([(f"{found.moment(at):%Y-%m-%d %H:%M}", sums) for at, sums in found.minutes], found),
        "times": name_times(found),
        "notes": list(found.notes),
    }


def _cards(found: Spending) -> Iterator[dict[str, str]]:
    if found.daily and found.days:
        peak = max(found.days, key=lambda day: day.sums.total)
        share = format_percent(peak.sums.total, found.daily)
        tone = "bad" if peak.reached is not None else "unsure" if peak.near is not None else "good"
        yield {"label": "Peak day", "value": f"{share} %", "note": f"{peak.date}, of {found.daily:,}", "tone": tone}
        near, reached = (sum(day[at] is not None for day in found.days) for at in (4, 5))
        note = f"{reached} of them reached it"
        yield {"label": "Days near the limit", "value": f"{near} of {len(found.days)}", "note": note, "tone": tone}
    sums = found.sums
    yield {"label": "Tokens a request", "value": format_short(sums.each), "note": describe_ratio(found), "tone": ""}
    trend = found.trend
    if trend and all(each.requests for each in trend):
        earlier, later = trend
        is_less = later.each <= earlier.each
        change = format_percent(abs(later.each - earlier.each), earlier.each or 1)
        note = f"{earlier.each:,} a request in earlier sessions, {later.each:,} in later ones"
        is_much = abs(later.each - earlier.each) > earlier.each * NOTABLE
        value, tone = f"{'-' if is_less else '+'}{change} %", ("good" if is_less else "unsure") if is_much else ""
        yield {"label": "Trend", "value": value, "note": note, "tone": tone}


def _day(found: Spending, day: Day, peak: int) -> dict[str, Any]:
    said = [f"{plural(day.sums.requests, 'request')}, {day.sums.total:,} tokens"]
    if day.near is not None:
        said.append(f"80 % at {found.moment(day.near):%H:%M}")
    if day.near is not None and day.reached is not None:
        later = tell_time(day.reached - day.near)
        said.append(f"all of it at {found.moment(day.reached):%H:%M}, {later} later")
    return {
        "date": f"{day.date:%a} {day.date}",
        "share": f"{format_percent(day.sums.total, found.daily)} %" if found.daily else "",
        "tone": "critical" if day.reached is not None else "warning" if day.near is not None else "ok",
        "said": said,
        "points": _curve(found, day, peak),
    }


def _curve(found: Spending, day: Day, peak: int) -> str:
    """Return the points of what was used of a day, a step for each quarter of an hour."""
    start = datetime.combine(day.date, time(), found.zone).timestamp()
    log = found.log
    times = log.times[day.first : day.after]
    used = list(accumulate(map(add, log.inputs[day.first : day.after], log.outputs[day.first : day.after])))
    points, before = [f"0,{_HIGH}"], _HIGH * 1.0
    for quarter in range(_WIDE):
        after = bisect_left(times, start + (quarter + 1) * _QUARTER)
        height = _height(used[after - 1], peak) if after else _HIGH
        if height != before:
            points += [f"{quarter},{before:g}", f"{quarter + 1},{height:g}"]
            before = height
    return " ".join([*points, f"{_WIDE},{before:g}", f"{_WIDE},{_HIGH}"])


def _height(tokens: int, peak: int) -> float:
    """Return how far down a number is."""
    return round(_HIGH * (1 - tokens / (peak * _ROOM)), 2) if peak else _HIGH


def _name_sessions(found: Spending, sessions: Sequence[Session]) -> list[tuple[str, Sums]]:
    named = []
    for each in sessions:
        start, length = f"{found.moment(each.start):%Y-%m-%d %H:%M}", tell_time(each.end - each.start)
        name = f"{shorten_name(each.name) or UNNAMED}, {start}" if found.has_names else start
        named.append((f"{name}, {length}", each.sums))
    return named


def _named(named: Sequence[tuple[str, Sums]], found: Spending) -> list[dict[str, Any]]:
    most = max((sums.each for _, sums in named), default=0)
    return [
        {
            "name": shorten_name(name) or UNNAMED,
            "filled": round(100 * sums.each / most) if most else 0,
            "cells": [
                f"{sums.total:,}",
                f"{sums.each:,}",
                f"{sums.requests:,}",
                format_percent(sums.total, found.sums.total),
            ],
        }
        for name, sums in named
    ]


def _read(name: str) -> str:
    return files("loopflow.chat.render").joinpath("page", name).read_text("utf-8")
