"""A log of requests as providers export it: a table with a row for each request, or for each minute of them.

Rows that stand there twice, as where two exports overlap, are counted once where it is sure that they are the same:
where they have an id, or are sums of a stretch of time. Others are counted, and said.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from io import BytesIO, TextIOWrapper
from itertools import chain, compress, islice
from operator import add, gt, methodcaller, ne, not_, sub
from typing import Any, Final, NamedTuple, TextIO

from loopflow.charts.numbers import plural
from loopflow.chat.request_cells import NAMES, NUMBERS, find_columns, read_numbers, read_times
from loopflow.errors import UsageError

_CHUNK: Final = 40_000
"""Characters that are read at once: more would be slower, since what is made of them leaves the processor's cache."""
_ROWS: Final = 500


class Log(NamedTuple):
    """Rows in the order of time, a list for each column. Times are seconds since 1970.

    A list of names is empty where the log has no such column. `width` is how many seconds a row is about, 0 where a row
    is a request. `notes` say what was found that a reader should know.
    """

    times: list[float]
    requests: list[int]
    inputs: list[int]
    outputs: list[int]
    models: list[str]
    tasks: list[str]
    sessions: list[str]
    width: int
    notes: tuple[str, ...]


@dataclass(slots=True)
class _Table:
    """What was read so far, a list for each column; of each row a number that is the same for the same row."""

    places: Mapping[str, int]
    width: int
    delimiter: str
    zone: tzinfo
    times: list[float] = field(default_factory=list)
    numbers: dict[str, list[int]] = field(default_factory=dict)
    names: dict[str, list[str]] = field(default_factory=dict)
    marks: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def columns(self) -> Iterator[list[Any]]:
        """Yield the lists, each to be changed where it is."""
        yield self.times
        yield from self.numbers.values()
        yield from self.names.values()


def read_log(data: bytes, zone: tzinfo = UTC, named: Mapping[str, str] | None = None) -> Log:
    """Return the log that a table is. Times that name no offset are of `zone`; `named` says which column is which.

    Raises UsageError for what is no such table, naming the row.
    """
    file = _open(data)
    at, title = next(((at, line) for at, line in enumerate(file, 1) if line.strip()), (0, ""))
    if not title:
        raise UsageError("it is empty", "name a table with a line of titles and a row for each request or minute")
    delimiter = max(",;\t|", key=title.count)
    [header] = csv.reader([title], delimiter=delimiter)
    table = _Table(find_columns(header, named or {}), len(header), delimiter, zone)
    _read_all(file, at + 1, table)
    if not table.marks:
        raise UsageError("it has titles, and no row", "name a log with at least one request")
    return _arrange(table)


def _open(data: bytes) -> TextIO:
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:  # as spreadsheets save "Unicode text"
        return TextIOWrapper(BytesIO(data), "utf-16", "replace")
    return TextIOWrapper(BytesIO(data), "utf-8-sig", "surrogateescape")


def _read_all(file: TextIO, first: int, table: _Table) -> None:
    """Read rows, the first of which is called `first`: rows are numbered from 1, as a spreadsheet does."""
    chunk = file.readlines(_CHUNK)
    while chunk:
        joined = "".join(chunk)
        if '"' in joined:
            _read_quoted(chain(chunk, file), first, table)
            return
        following = file.readlines(_CHUNK)
        _read_plain(chunk, joined, first, table, is_last=not following)
        first, chunk = first + len(chunk), following


def _read_plain(chunk: list[str], joined: str, first: int, table: _Table, *, is_last: bool) -> None:
    """Read rows without quotes: split together, which is faster than csv is."""
    width, delimiter = table.width, table.delimiter
    if set(map(methodcaller("count", delimiter), chunk)) != {width - 1}:
        rows = [line.rstrip("\n").split(delimiter) for line in chunk]
        _read_rows(rows, first, table, is_last=is_last)
        return
    if is_last and not joined.endswith("\n"):
        chunk[-1] += "\n"
    cells = joined.replace("\n", delimiter).split(delimiter)
    end = len(chunk) * width
    columns = {role: cells[place:end:width] for role, place in table.places.items()}
    _read_columns(columns, chunk, range(first, first + len(chunk)), table)


def _read_quoted(lines: Iterable[str], first: int, table: _Table) -> None:
    """Read rows that may have quotes, and ends of lines within them."""
    start, rows = first, csv.reader(lines, delimiter=table.delimiter, strict=True)
    try:
        chunk = list(islice(rows, _ROWS))
        while chunk:
            following = list(islice(rows, _ROWS))
            _read_rows(chunk, first, table, is_last=not following)
            first, chunk = first + len(chunk), following
    except csv.Error as error:
        raise UsageError(f"near row {start + rows.line_num - 1:,}: {error}", "correct its quotes") from error


def _read_rows(rows: Sequence[list[str]], first: int, table: _Table, *, is_last: bool) -> None:
    """Read rows of which some may be blank, and the very last one half-written."""
    least = max(table.places.values()) + 1
    whole, numbers = [], []
    for number, row in enumerate(rows, first):
        if len(row) >= least:
            whole.append(row)
            numbers.append(number)
        elif any(map(str.strip, row)):
            if not is_last or number < first + len(rows) - 1:
                raise UsageError(f"row {number:,} has {plural(len(row), 'cell')}, not {least:,}", "correct the row")
            table.notes.append("the last row is not whole, and was left out")
    columns = {role: [row[place] for row in whole] for role, place in table.places.items()}
    if whole:
        _read_columns(columns, [f"{table.delimiter.join(row)}\n" for row in whole], numbers, table)


def _read_columns(
    columns: Mapping[str, Sequence[str]], lines: Iterable[str], numbers: Sequence[int], table: _Table
) -> None:
    """Take the cells of rows, which are called `numbers`, and stand as `lines`."""
    for role, texts in columns.items():
        if role == "time":
            table.times += read_times(texts, numbers, table.zone, table.notes)
        elif role in NUMBERS:
            table.numbers.setdefault(role, []).extend(read_numbers(texts, numbers, role, table.notes))
        elif role in NAMES:
            table.names.setdefault(role, []).extend(texts)
    ids = columns.get("id")
    table.marks += map(hash, (each or line for each, line in zip(ids, lines, strict=True)) if ids else lines)


def _arrange(table: _Table) -> Log:
    """Return the log: each row once, in the order of time."""
    _drop_repeated(table)
    times = table.times
    if any(map(gt, times, islice(times, 1, None))):
        order = sorted(range(len(times)), key=times.__getitem__)
        for column in table.columns():
            column[:] = [column[at] for at in order]
    inputs, outputs = table.numbers["input"], table.numbers["output"]
    requests = table.numbers.get("requests") or [1] * len(times)
    _compare_totals(table)
    unasked = sum(map(bool, map(add, compress(inputs, map(not_, requests)), compress(outputs, map(not_, requests)))))
    if unasked:
        table.notes.append(f"{plural(unasked, 'row')} with tokens and no request: the tokens are counted")
    width = _find_width(times) if "requests" in table.numbers else 0
    models, tasks, sessions = (table.names.get(role, []) for role in NAMES)
    return Log(times, requests, inputs, outputs, models, tasks, sessions, width, tuple(dict.fromkeys(table.notes)))


def _drop_repeated(table: _Table) -> None:
    """Leave each row that is there again out, where it is sure that it is the same."""
    repeated = len(table.marks) - len(set(table.marks))
    if not repeated:
        return
    if "requests" not in table.places and "id" not in table.places:
        table.notes.append(f"{plural(repeated, 'row')} the same as another; without an id they count as requests")
        return
    table.notes.append(f"{plural(repeated, 'row')} there twice, counted once")
    seen: set[int] = set()
    kept = [mark not in seen and not seen.add(mark) for mark in table.marks]  # type: ignore[func-returns-value]
    for column in table.columns():
        column[:] = list(compress(column, kept))


def _compare_totals(table: _Table) -> None:
    sums = map(add, table.numbers["input"], table.numbers["output"])
    if differ := sum(map(ne, table.numbers.get("total", ()), sums)):
        table.notes.append(f"{plural(differ, 'row')} with a total that is not input and output: these two are counted")


def _find_width(times: Sequence[float]) -> int:
    """Return how many seconds a row is about: the least that two which follow each other are apart, 60 for one row."""
    return round(min(filter(None, map(sub, islice(times, 1, None), times)), default=60))
