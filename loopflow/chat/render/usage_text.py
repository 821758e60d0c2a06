"""What a log of requests comes to, for a terminal: how near the limit was, where the tokens went, what to change."""

from collections.abc import Iterator, Sequence
from typing import Final

from loopflow.analysis.names import escape_name
from loopflow.charts.columns import OF_TOTAL, TOKENS, Column, Row
from loopflow.charts.numbers import format_percent, plural
from loopflow.charts.terminal import Terminal, wrap
from loopflow.charts.text import draw_chart
from loopflow.chat.advice import Advice
from loopflow.chat.render.usage_words import UNNAMED, describe, name_times, tell_trend
from loopflow.chat.spending import Day, Session, Spending, Sums, divide

_ROWS: Final = 20
_REQUESTS: Final = Column("requests", "requests", lambda row: f"{row.items:,}")
_EACH: Final = Column("each", "a request", lambda row: f"{divide(row.tokens, row.items or 1):,}")


def render_text(
    found: Spending, advice: Sequence[Advice], terminal: Terminal, *, verbose: bool = False
) -> Iterator[str]:
    """Yield lines without line ends."""
    most = None if verbose else _ROWS
    for line in describe(found):
        yield from _wrap(line, terminal)
    yield ""
    yield from _titled("By day", terminal)
    yield from _draw_days(found, found.days[-most:] if most else found.days, terminal)
    yield from _say_rest(len(found.days), most, "earlier day", terminal)
    if found.sessions:
        yield ""
        yield from _titled("By session", terminal)
        yield from _draw_sessions(found, found.sessions[-most:] if most else found.sessions, terminal)
        yield from _say_rest(len(found.sessions), most, "earlier session", terminal)
        for line in tell_trend(found):
            yield from _wrap(line, terminal)
    for title, named in (("By task", found.tasks), ("By model", found.models)):
        if named:
            yield ""
            yield from _titled(title, terminal)
            yield from _draw_named(found, named[:most], terminal)
            yield from _say_rest(len(named), most, f"smaller {title[3:]}", terminal)
    if found.minutes:
        yield ""
        yield from _titled(f"Busiest {name_times(found)}", terminal)
        times = [(f"{found.moment(start):%Y-%m-%d %H:%M}", sums) for start, sums in found.minutes]
        yield from _draw_named(found, times, terminal)
    yield ""
    yield from _titled("What to change", terminal)
    yield from _tell(advice, terminal)


def _titled(title: str, terminal: Terminal) -> Iterator[str]:
    yield terminal.palette.bold(title)


def _wrap(line: str, terminal: Terminal) -> list[str]:
    return wrap(line, terminal.width, terminal.glyphs) if terminal.width else [line]


def _say_rest(number: int, most: int | None, what: str, terminal: Terminal) -> Iterator[str]:
    if most and number > most:
        yield terminal.palette.dim(f"and {plural(number - most, what)}; -v shows all")


def _draw_days(found: Spending, days: Sequence[Day], terminal: Terminal) -> Iterator[str]:
    by_name = {f"{day.date}": day for day in days}
    columns = [TOKENS, _REQUESTS, _EACH]
    if found.daily:
        columns[1:] = [
            Column("limit", "% limit", lambda row: format_percent(row.tokens, found.daily)),
            Column("near", "80 %", lambda row: _clock(found, by_name[row.name].near)),
            Column("reached", "100 %", lambda row: _clock(found, by_name[row.name].reached)),
            _REQUESTS,
        ]
    most = max([found.daily, *(day.sums.total for day in days)])
    rows = [("", Row(name, day.sums.total, most, day.sums.requests)) for name, day in by_name.items()]
    yield from draw_chart(rows, columns, terminal)


def _clock(found: Spending, at: float | None) -> str:
    return "-" if at is None else f"{found.moment(at):%H:%M}"


def _draw_sessions(found: Spending, sessions: Sequence[Session], terminal: Terminal) -> Iterator[str]:
    named = [(f"{found.moment(each.start):%Y-%m-%d %H:%M}{_name(each, found)}", each.sums) for each in sessions]
    yield from _draw_named(found, named, terminal)


def _name(session: Session, found: Spending) -> str:
    return f" {session.name or UNNAMED}" if found.has_names else ""


def _draw_named(found: Spending, named: Sequence[tuple[str, Sums]], terminal: Terminal) -> Iterator[str]:
    rows = [
        ("", Row(escape_name(name) or UNNAMED, sums.total, found.sums.total, sums.requests)) for name, sums in named
    ]
    yield from draw_chart(rows, (TOKENS, OF_TOTAL, _REQUESTS, _EACH), terminal)


def _tell(advice: Sequence[Advice], terminal: Terminal) -> Iterator[str]:
    if not advice:
        yield "nothing stands out"
    for number, each in enumerate(advice, 1):
        yield from _wrap(f"{number}. {each.title}", terminal)
        for line in each.arithmetic:
            yield from (f"   {part}" for part in _wrap_within(line, terminal, 3))
        yield from (f"   {part}" for part in _wrap_within(f"-> {each.action}", terminal, 3))


def _wrap_within(line: str, terminal: Terminal, indent: int) -> list[str]:
    return wrap(line, terminal.width - indent, terminal.glyphs) if terminal.width else [line]
