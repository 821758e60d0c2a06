"""A report, or what a query answered, as a table for a spreadsheet: RFC 4180, UTF-8, a header."""

import csv
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Any

from loopflow.render.csv import safe_cell
from loopflow.usage.events import Rows
from loopflow.usage.model import Totals
from loopflow.usage.reporting import Report


def render_report(report: Report) -> str:
    """Return a row for each line, and another one for its estimates if it has any: these are not to be added up."""
    return _write([(*report.by, "numbers", *Totals._fields), *_rows(report)])


def _rows(report: Report) -> Iterator[tuple[Any, ...]]:
    for line in report.lines():
        for name, totals in line.sums._asdict().items():
            if totals.entries:
                yield (*line.values, name, *totals)


def render_rows(found: Rows) -> str:
    """Return what a query answered."""
    return _write([found.columns, *found.rows])


def _write(rows: Iterable[Iterable[Any]]) -> str:
    file = StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerows([_cell(each) for each in row] for row in rows)
    return file.getvalue()


def _cell(value: Any) -> Any:  # noqa: ANN401  whatever a database has
    return value if isinstance(value, int | float | None) else safe_cell(str(value))
