"""What a log of requests comes to, as JSON, CSV and Markdown."""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from loopflow.analysis.names import escape_name
from loopflow.charts.numbers import format_percent
from loopflow.chat.advice import Advice
from loopflow.chat.render.profile_data import dump
from loopflow.chat.render.usage_words import UNNAMED, describe, name_zone, tell_trend
from loopflow.chat.spending import Spending, Sums
from loopflow.render.csv import safe_cell
from loopflow.render.markdown_text import Column, code, shorten_name, table

SCHEMA: Final = 1
_ROWS: Final = 60


def render_json(found: Spending, advice: Sequence[Advice]) -> str:
    """Return the document that docs/reference/chat-usage.schema.json describes."""
    document = {
        "schema": SCHEMA,
        "rows": found.rows,
        "start": _moment(found.start),
        "end": _moment(found.end),
        "timezone": name_zone(found),
        **_sums(found.sums),
        "ratio": round(found.sums.input / found.sums.output, 1) if found.sums.output else None,
        "daily": found.daily or None,
        "days": [
            {
                "day": f"{day.date}",
                **_sums(day.sums),
                "share": round(day.sums.total / found.daily, 4) if found.daily else None,
                "near": _moment(day.near),
                "reached": _moment(day.reached),
            }
            for day in found.days
        ],
        "sessions": [
            {
                "name": session.name if found.has_names else None,
                "start": _moment(session.start),
                "end": _moment(session.end),
                **_sums(session.sums),
            }
            for session in found.sessions
        ],
        "tasks": [{"name": name, **_sums(sums)} for name, sums in found.tasks],
        "models": [{"name": name, **_sums(sums)} for name, sums in found.models],
        "busiest": [{"start": _moment(start), **_sums(sums)} for start, sums in found.minutes],
        "advice": [{**each._asdict(), "arithmetic": list(each.arithmetic)} for each in advice],
        "notes": list(found.notes),
    }
    return dump(document)


def render_csv(found: Spending) -> str:
    """Return a row for what each day, session, task and model have in common: they add up to the totals."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(("day", "session", "task", "model", "requests", "input", "output", "total"))
    for cell in found.cells:
        session = found.sessions[cell.session] if found.sessions else None
        name = "" if session is None else session.name if found.has_names else _moment(session.start) or ""
        names = (safe_cell(each) for each in (name, cell.task, cell.model))
        writer.writerow((f"{cell.day}", *names, *cell.sums, cell.sums.total))
    return out.getvalue()


def render_markdown(found: Spending, advice: Sequence[Advice]) -> str:
    """Return a page of Markdown."""
    lines = ["# What the requests came to", "", *(f"- {line}" for line in describe(found)), "", "## By day", ""]
    lines += table(_columns("day", has_limit=bool(found.daily)), _days(found))
    if found.sessions:
        lines += ["", "## By session", ""]
        named = [(_name(found, at), session.sums) for at, session in enumerate(found.sessions)]
        lines += [*table(_columns("session"), _rows(named[-_ROWS:])), "", *tell_trend(found)]
    for title, names in (("task", found.tasks), ("model", found.models)):
        if names:
            lines += ["", f"## By {title}", ""]
            lines += table(_columns(title), _rows([(name or UNNAMED, sums) for name, sums in names[:_ROWS]]))
    lines += ["", "## What to change", ""]
    for number, each in enumerate(advice, 1):
        lines.append(f"{number}. **{each.title}**")
        lines += [f"   - {line}" for line in (*each.arithmetic, code(each.action))]
    return "\n".join([*lines, *([] if advice else ["Nothing stands out."])]) + "\n"


def _columns(first: str, *, has_limit: bool = False) -> list[Column]:
    titles = ["tokens", "requests", "a request", *(["% limit", "80 %", "100 %"] if has_limit else [])]
    return [Column(first), *(Column(title, is_number=True) for title in titles)]


def _days(found: Spending) -> Iterator[list[str]]:
    for day in found.days[-_ROWS:]:
        row = [f"{day.date}", f"{day.sums.total:,}", f"{day.sums.requests:,}", f"{day.sums.each:,}"]
        if found.daily:
            times = [f"{found.moment(at):%H:%M}" if at is not None else "" for at in (day.near, day.reached)]
            row += [format_percent(day.sums.total, found.daily), *times]
        yield row


def _name(found: Spending, at: int) -> str:
    session = found.sessions[at]
    return (session.name or UNNAMED) if found.has_names else f"{found.moment(session.start):%Y-%m-%d %H:%M}"


def _rows(named: Sequence[tuple[str, Sums]]) -> Iterator[list[str]]:
    for name, sums in named:
        yield [code(shorten_name(escape_name(name))), f"{sums.total:,}", f"{sums.requests:,}", f"{sums.each:,}"]


def _sums(sums: Sums) -> dict[str, Any]:
    return {**sums._asdict(), "total": sums.total, "per_request": sums.each if sums.requests else None}


def _moment(at: float | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
