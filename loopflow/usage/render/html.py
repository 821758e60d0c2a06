"""A report as one page that needs nothing else: the charts of any hierarchy, with budgets and times around them."""

from collections.abc import Iterator
from datetime import datetime
from importlib.resources import files
from typing import Any, Final

from loopflow.analysis.names import escape_name
from loopflow.charts.numbers import format_percent, format_short
from loopflow.charts.page import Page, Sections, render_page
from loopflow.render.markdown_text import shorten_name
from loopflow.usage.model import EVERY, Level, Use
from loopflow.usage.render.hierarchy import build_hierarchy, list_models, make_words
from loopflow.usage.render.words import describe_totals, list_totals, name_entries, name_period, percent, title_report
from loopflow.usage.reporting import TIMES, Line, Report

_MOST_TIMES: Final = 1_000
_TONES: Final = {Level.OK: "good", Level.WARNING: "unsure", Level.CRITICAL: "bad"}
_CARDS: Final = 4
_LONGEST: Final = 40


def render_report(report: Report, now: datetime) -> Iterator[str]:
    """Yield the page in pieces."""
    times = next((name for name in report.by if name in TIMES), "")
    others = tuple(name for name in report.by if name not in TIMES) or ("component",)
    drawn = Report(report.period, report.timezone, report.environment, others, report.groups, report.names)
    if not set(others) <= set(report.names):
        drawn = Report(report.period, report.timezone, report.environment, ("model",), report.groups, report.names)
    page = Page(
        root=build_hierarchy(drawn, "all"),
        kinds=list_models(report),
        words=make_words(drawn),
        heading=title_report(report, now),
        about=[(part, "") for part in list_totals(report.total.exact)],
        note="Made by loopflow usage. Tokens are those that came in and went out, as they were entered.",
    )
    yield from render_page(page, Sections(_read("usage.html"), _read("usage.css"), _values(report, times, now)))


def _values(report: Report, time: str, now: datetime) -> dict[str, Any]:
    estimated = report.total.estimated
    lines = [line for line in report.lines((time,)) if line.sums.exact.entries] if time else []
    most = max((line.sums.exact.used for line in lines), default=0)
    return {
        "cards": list(_cards(report, now)),
        "estimated": describe_totals(estimated) if estimated.entries else "",
        "budgets": [_budget(use, now) for use in report.uses],
        "time": time,
        "times": [_time(line, report.total.exact.used, most) for line in lines[-_MOST_TIMES:]],
        "times_left_out": max(0, len(lines) - _MOST_TIMES),
    }


def _cards(report: Report, now: datetime) -> Iterator[dict[str, str]]:
    """Yield what is said in short: the sum, what was saved, and the budgets that are nearest to their limits."""
    total = report.total.exact
    note = f"{total.tokens_in:,} in, {total.tokens_out:,} out"
    yield {"label": "Used", "value": format_short(total.used), "note": note, "tone": ""}
    if total.tokens_saved:
        yield {"label": "Saved", "value": format_short(total.tokens_saved), "note": "not sent at all", "tone": "good"}
    yield {"label": "Entries", "value": format_short(total.entries), "note": name_entries(total.entries), "tone": ""}
    for use in sorted(report.uses, key=lambda use: (-use.level, -_share(use)))[:_CARDS]:
        name = escape_name(use.budget.name)
        name = name if len(name) <= _LONGEST else f"{name[:_LONGEST]}…"
        when = name_period(use.period, use.budget.timezone, now)
        value = percent(_worst(use), use.budget.tokens)
        yield {"label": name, "value": value, "note": f"of {use.budget.tokens:,} {when}", "tone": _TONES[use.level]}


def _worst(use: Use) -> int:
    return max(use.sums.exact.used, use.sums.estimated.used)


def _share(use: Use) -> float:
    return _worst(use) / use.budget.tokens


def _budget(use: Use, now: datetime) -> dict[str, Any]:
    budget, sums = use.budget, use.sums
    scope = [escape_name(name) for name in (budget.component, budget.environment) if name != EVERY]
    return {
        "name": shorten_name(budget.name),
        "level": use.level.word,
        "tone": use.level.word,
        "filled": round(min(_share(use), 1) * 100),
        "used": f"{sums.exact.used:,}",
        "estimated": f"about {sums.estimated.used:,}" if sums.estimated.entries else "",
        "limit": f"{budget.tokens:,}",
        "share": percent(_worst(use), budget.tokens),
        "when": name_period(use.period, budget.timezone, now),
        "scope": ", ".join(scope) or "everything",
    }


def _time(line: Line, total: int, most: int) -> dict[str, Any]:
    exact = line.sums.exact
    numbers = [f"{number:,}" for number in (exact.tokens_in, exact.tokens_out, exact.entries)]
    return {
        "label": line.values[0],
        "filled": round(100 * exact.used / most) if most else 0,
        "cells": [f"{exact.used:,}", format_percent(exact.used, total), *numbers],
    }


def _read(name: str) -> str:
    return files("loopflow.usage.render").joinpath("page", name).read_text("utf-8")
