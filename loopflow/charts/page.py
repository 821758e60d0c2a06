"""A hierarchy as one page that needs nothing else: a treemap, and both charts as tables.

Whoever has more to say fills the blocks of `page/page.html`. Labels come from strangers: each is escaped for people
(see analysis/names.py) and then by Jinja2 for HTML; the script puts text into the page as text alone. The page's policy
allows its own style and its own script, by their digests, and nothing else: no request, no frame, no form, no attribute
that holds style or script.
"""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from types import MappingProxyType
from typing import Any, NamedTuple

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from loopflow.analysis.names import escape_name
from loopflow.charts.boxes import DIGITS, GRID, TALL, WIDE
from loopflow.charts.columns import BEFORE, CHANGE, GROWTH, OF_PARENT, OF_TOTAL, TOKENS, Column, Row, items_column
from loopflow.charts.hierarchy import Node, Words
from loopflow.charts.kinds import kind_rows
from loopflow.charts.numbers import format_growth, format_percent, plural
from loopflow.charts.treemap import Cell, Treemap, as_rows, build_treemap

MOST_KINDS = 1000
"""Kinds that have a row of their own: what they are made from can give each item its own."""
FIRST_ROWS = 20
"""Rows of a chart that stand in the page itself: they show before the script runs, and where no script may."""
_GROWTH_COLUMNS = (CHANGE, GROWTH, BEFORE)  # on a telephone, what comes first is in sight
_FRAME = "page.html"
_COLOURS = "colours.css"
_STYLE = "page.css"
_SCRIPTS = ("cells.js", "map.js", "tables.js", "page.js")


class Page(NamedTuple):
    """What a page shows: a hierarchy, the sums of its kinds, and what is said of them at the top and at the bottom.

    `of` is the name of what it is about, `about` what else the head says: words of ours and a name, or one of both.
    """

    root: Node
    kinds: Sequence[Node]
    words: Words
    heading: str
    of: str = ""
    about: Sequence[tuple[str, str]] = ()
    note: str = ""
    is_compared: bool = False


class Sections(NamedTuple):
    """What a page says beside its charts: a template that fills the blocks of the frame, its style, and its values."""

    template: str = f'{{% extends "{_FRAME}" %}}'
    style: str = ""
    values: Mapping[str, Any] = MappingProxyType({})


NO_SECTIONS = Sections()


def render_page(page: Page, sections: Sections = NO_SECTIONS) -> Iterator[str]:
    """Yield the page in pieces."""
    template = _environment().from_string(sections.template)
    yield from template.generate(**_sources(sections.style), **_frame(page), **_charts(page), **sections.values)


def render_plain(sections: Sections) -> Iterator[str]:
    """Yield a page of the same look that is all template: it has no charts, and no script.

    The template finds its style as `style`, and what the page's policy has to say of it as `style_digest`.
    """
    style = read_colours() + _read(_STYLE) + sections.style
    source = {"style": Markup(style), "style_digest": _digest(style)}  # noqa: S704  our own files
    yield from _environment().from_string(sections.template).generate(**source, **sections.values)


def _environment() -> Environment:
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=DictLoader({_FRAME: _read(_FRAME)}),
    )
    environment.filters |= {"name": escape_name, "breakable": _breakable, "count": "{:,}".format, "plural": plural}
    return environment


def as_json(value: object) -> Markup:
    """Return `value` as JSON that may stand in a script element: ASCII, and nothing in it that HTML acts on."""
    text = json.dumps(value, separators=(",", ":"))
    for char in "<>&":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return Markup(text)  # noqa: S704  just escaped


def _breakable(path: str) -> Markup:
    """Return `path` as HTML that may break after its slashes."""
    return Markup("/<wbr>").join(path.split("/"))


def _sources(style: str) -> dict[str, str]:
    """Return style and script as they stand in the page, and their digests for its policy."""
    style = read_colours() + _read(_STYLE) + style
    script = '"use strict";\n(() => {\n' + "".join(map(_read, _SCRIPTS)) + "})();\n"
    return {
        "style": Markup(style),  # noqa: S704  our own files
        "script": Markup(script),  # noqa: S704  our own files
        "style_digest": _digest(style),
        "script_digest": _digest(script),
    }


def read_colours() -> str:
    """Return the style that all pages share: colours, light and dark, and the type."""
    return _read(_COLOURS)


def _read(name: str) -> str:
    return files("loopflow.charts").joinpath("page", name).read_text("utf-8")


def _digest(text: str) -> str:
    """Return the digest by which a content security policy knows `text` (CSP 3, section 2.3.1)."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _frame(page: Page) -> dict[str, Any]:
    """Return what is said around the charts."""
    return {
        "words": page.words,
        "heading": page.heading,
        "of": page.of,
        "about": page.about,
        "note": page.note,
        "is_compared": page.is_compared,
        "tokens": page.root.tokens,
        "items": page.root.items,
        "kinds_number": sum(not kind.is_gone for kind in page.kinds),
    }


def _charts(page: Page) -> dict[str, Any]:
    """Return the treemap and both charts: as data for the script, and their first rows."""
    there = [kind.label for kind in page.kinds if not kind.is_gone]
    treemap = build_treemap(page.root, there[:MOST_KINDS])
    top = MOST_KINDS if len(page.kinds) > MOST_KINDS else None
    kinds = list(kind_rows(page.kinds, page.root.tokens, page.words, top))
    branches = sorted(treemap.branches, key=lambda cell: -cell.tokens)[:FIRST_ROWS]
    growth, items = _GROWTH_COLUMNS if page.is_compared else (), items_column(page.words)
    branch_columns, kind_columns = (TOKENS, *growth, OF_TOTAL, OF_PARENT, items), (TOKENS, *growth, OF_TOTAL, items)
    return {
        "data": as_json(
            {
                "compared": page.is_compared,
                "words": _words_data(page.words),
                "columns": {"branches": _keys(branch_columns), "kinds": _keys(kind_columns)},
                "grid": GRID,
                "digits": DIGITS,
                "ratios": [WIDE, TALL],
                "kinds": [_kind_data(row) for row in kinds],
                "cells": list(as_rows(treemap, compared=page.is_compared)),
            }
        ),
        "has_map": treemap.root.weight > 0,
        "branch_titles": [column.title for column in branch_columns],
        "branch_rows": _cells([_branch_row(treemap, cell, page.words) for cell in branches], branch_columns),
        "branches_number": treemap.number - treemap.gone,
        "branches_left_out": treemap.number - len(treemap.branches),
        "kind_titles": [column.title for column in kind_columns],
        "kind_rows": _cells(kinds[:FIRST_ROWS], kind_columns),
    }


def _words_data(words: Words) -> dict[str, Any]:
    return {"item": [words.item, words.items], "kinds": words.kinds, "mark": words.mark, "joint": words.joint}


def _keys(columns: Sequence[Column]) -> list[str]:
    return [column.key for column in columns]


def _cells(rows: Sequence[Row], columns: Sequence[Column]) -> list[tuple[str, list[str]]]:
    return [(row.name, [column.cell(row) for column in columns]) for row in rows]


def _branch_row(treemap: Treemap, cell: Cell, words: Words) -> Row:
    total = treemap.root.tokens
    return Row(
        name=treemap.path_of(cell, words),
        tokens=cell.tokens,
        total_tokens=total,
        items=cell.items,
        parent_tokens=total if cell is treemap.root else treemap.cells[cell.parent].tokens,
        before=cell.before,
        is_gone=cell.is_gone,
    )


def _kind_data(row: Row) -> list[Any]:
    share = format_percent(row.tokens, row.total_tokens)
    growth = format_growth(row.before, None if row.is_gone else row.tokens)
    return [row.name, row.tokens, row.items, share, row.before, growth, row.is_gone]
