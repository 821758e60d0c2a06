"""The profile as one table for a spreadsheet: RFC 4180, UTF-8, a header, then directories, types, files, skipped files.

The first row after the header is the root directory, which is the total. What a comparison finds gone has a row with no
files, so that the column `delta` of the files adds up to that of the root. The kind of a skipped file says why, as in
`skipped_binary`; nothing is known of its tokens, so they are empty and not 0.

Names are escaped as everywhere (see analysis/names.py). A spreadsheet takes what begins with = + - or @ for a formula,
even in quotes: a name that does, after blanks or not, gets an apostrophe in front, and so does one that begins with an
apostrophe. Hence names are read back by taking one apostrophe away and turning the escapes back.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping

from loopflow.analysis.names import escape_name
from loopflow.model import Delta, Diff, Report, percent

HEADER = (
    "kind",
    "path",
    "tokens",
    "files",
    "bytes",
    "percent_of_parent",
    "percent_of_total",
    "base",
    "delta",
)
_ACTING = ("=", "+", "-", "@", "'")

_Cell = str | int | float


class _Line:
    """What csv writes to, so that the line comes back."""

    @staticmethod
    def write(line: str) -> str:
        """Return the line."""
        return line


def render_csv(report: Report) -> Iterator[str]:
    """Yield the lines, each with its end."""
    writer = csv.writer(_Line(), lineterminator="\r\n")
    for row in (HEADER, *_rows(report)):
        yield str(writer.writerow(row))  # it returns what write() does


def _rows(report: Report) -> Iterator[tuple[_Cell, ...]]:
    profile, diff, total = report.profile, report.diff, report.profile.total.tokens
    before = _before(diff.directories if diff else ())
    for stats in profile.directories:
        shares = (stats.percent_of_parent, stats.percent_of_total)
        growth = _growth(before.pop(stats.path, None), stats.tokens, diff)
        yield "directory", safe_cell(stats.path), stats.tokens, stats.files, stats.bytes, *shares, *growth
    yield from _gone("directory", before)
    before = _before(diff.types if diff else ())
    for kind in profile.types:
        growth = _growth(before.pop(kind.type, None), kind.tokens, diff)
        yield "type", safe_cell(kind.type), kind.tokens, kind.files, kind.bytes, "", kind.percent_of_total, *growth
    yield from _gone("type", before)
    before = _before(diff.files if diff else ())
    parents = {stats.path: stats.tokens for stats in profile.directories}
    for file in profile.files:
        shares = (percent(file.tokens, parents[file.path.rpartition("/")[0] or "."]), percent(file.tokens, total))
        growth = _growth(before.pop(file.path, file.tokens), file.tokens, diff)
        yield "file", safe_cell(file.path), file.tokens, 1, file.bytes, *shares, *growth
    yield from _gone("file", before)
    for skip in profile.skipped:
        yield f"skipped_{skip.reason}", safe_cell(skip.path), *[""] * 7


def _before(deltas: Iterable[Delta]) -> dict[str, int | None]:
    return {delta.path: delta.before for delta in deltas}


def _growth(before: int | None, tokens: int, diff: Diff | None) -> tuple[_Cell, _Cell]:
    """Return tokens before, 0 for what is new, and the change; nothing where nothing is compared."""
    return ("", "") if diff is None else (before or 0, tokens - (before or 0))


def _gone(kind: str, before: Mapping[str, int | None]) -> Iterator[tuple[_Cell, ...]]:
    for name, tokens in before.items():
        share = "" if kind == "type" else 0.0
        yield kind, safe_cell(name), 0, 0, 0, share, 0.0, tokens or 0, -(tokens or 0)


def safe_cell(name: str) -> str:
    """Return a name as a cell that no spreadsheet takes for a formula."""
    shown = escape_name(name)
    return f"'{shown}" if shown.lstrip().startswith(_ACTING) else shown
