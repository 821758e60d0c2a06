"""The report as one page that needs nothing else: a treemap, both charts as tables, and what was found and judged.

Names come from repositories that are not trusted. Each is escaped for people (see analysis/names.py) and then by Jinja2
for HTML; the script puts text into the page as text alone. The page's policy allows its own style and its own script,
by their digests, and nothing else: no request, no frame, no form, no attribute that holds style or script.
"""

import base64
import hashlib
import json
from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from loopflow.analysis.names import escape_name
from loopflow.charts.numbers import format_growth, format_percent, plural
from loopflow.model import Report
from loopflow.render.rows import FILES, GROWTH_COLUMNS, OF_PARENT, OF_TOTAL, TOKENS, Column, type_rows
from loopflow.render.sections import describe_report
from loopflow.render.tree import Row
from loopflow.render.treemap import DIGITS, GRID, TALL, WIDE, Cell, Treemap, as_rows, build_treemap

MOST_TYPES = 1000
"""Types that have a row of their own; there are files whose suffix is a number, and each is a type."""
FIRST_ROWS = 20
"""Rows of a chart that stand in the page itself: they show before the script runs, and where no script may."""
_SCRIPTS = ("cells.js", "map.js", "tables.js", "page.js")


def render_html(report: Report) -> Iterator[str]:
    """Yield the page in pieces."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"name": escape_name, "breakable": _breakable, "count": "{:,}".format, "plural": plural}
    yield from environment.from_string(_read("page.html")).generate(
        **_sources(), **_charts(report), **describe_report(report)
    )


def as_json(value: object) -> Markup:
    """Return `value` as JSON that may stand in a script element: ASCII, and nothing in it that HTML acts on."""
    text = json.dumps(value, separators=(",", ":"))
    for char in "<>&":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return Markup(text)  # noqa: S704  just escaped


def _breakable(path: str) -> Markup:
    """Return `path` as HTML that may break after its slashes."""
    return Markup("/<wbr>").join(path.split("/"))


def _sources() -> dict[str, str]:
    """Return style and script as they stand in the page, and their digests for its policy."""
    style = _read("page.css")
    script = '"use strict";\n(() => {\n' + "".join(map(_read, _SCRIPTS)) + "})();\n"
    return {
        "style": Markup(style),  # noqa: S704  our own file
        "script": Markup(script),  # noqa: S704  our own files
        "style_digest": _digest(style),
        "script_digest": _digest(script),
    }


def _read(name: str) -> str:
    return files("loopflow.render").joinpath("page", name).read_text("utf-8")


def _digest(text: str) -> str:
    """Return the digest by which a content security policy knows `text` (CSP 3, section 2.3.1)."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _charts(report: Report) -> dict[str, Any]:
    """Return the treemap and both charts: as data for the script, and their first rows."""
    profile, diff = report.profile, report.diff
    type_places = {stats.type: place for place, stats in enumerate(profile.types[:MOST_TYPES])}
    treemap = build_treemap(profile, type_places, diff)
    number = len(diff.types) if diff else len(profile.types)
    types = list(type_rows(profile, diff, MOST_TYPES if number > MOST_TYPES else None))
    directories = sorted(treemap.directories, key=lambda cell: -cell.tokens)[:FIRST_ROWS]
    growth = GROWTH_COLUMNS if diff else ()
    directory_columns, type_columns = (TOKENS, OF_TOTAL, *growth, OF_PARENT, FILES), (TOKENS, OF_TOTAL, *growth, FILES)
    return {
        "data": as_json(
            {
                "compared": diff is not None,
                "grid": GRID,
                "digits": DIGITS,
                "ratios": [WIDE, TALL],
                "types": [_type_data(row) for row in types],
                "cells": list(as_rows(treemap, compared=diff is not None)),
            }
        ),
        "directory_titles": [column.title for column in directory_columns],
        "directory_rows": _cells([_directory_row(treemap, cell) for cell in directories], directory_columns),
        "directories_left_out": treemap.number - len(treemap.directories),
        "type_titles": [column.title for column in type_columns],
        "type_rows": _cells(types[:FIRST_ROWS], type_columns),
    }


def _cells(rows: Sequence[Row], columns: Sequence[Column]) -> list[tuple[str, list[str]]]:
    return [(row.name, [column.cell(row) for column in columns]) for row in rows]


def _directory_row(treemap: Treemap, cell: Cell) -> Row:
    total = treemap.root.tokens
    return Row(
        name=treemap.path_of(cell),
        tokens=cell.tokens,
        total_tokens=total,
        files=cell.files,
        parent_tokens=total if cell is treemap.root else treemap.cells[cell.parent].tokens,
        before=cell.before,
        is_gone=cell.is_gone,
    )


def _type_data(row: Row) -> list[Any]:
    share = format_percent(row.tokens, row.total_tokens)
    growth = format_growth(row.before, None if row.is_gone else row.tokens)
    return [row.name, row.tokens, row.files, share, row.before, growth, row.is_gone]
