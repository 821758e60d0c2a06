"""The charts for a terminal.

A chart is a list of rows and a list of columns. Numbers come first and names last, so that deep trees and long names
never push a number out of its column.
"""

from collections.abc import Iterable, Iterator, Sequence

from loopflow.charts.columns import GROWTH_COLUMNS, OF_PARENT, OF_TOTAL, TOKENS, Column, Row, items_column
from loopflow.charts.hierarchy import Words
from loopflow.charts.terminal import Glyphs, Terminal, measure, shorten

BAR_CELLS = 10
_LONGEST_BAR = 30
_ROOM_FOR_NAMES = 24
_LEAST_NAME = 10
_ROOM_FOR_ALL = 110


def draw_branches(
    rows: Sequence[tuple[str, Row]], words: Words, terminal: Terminal, *, is_compared: bool = False
) -> Iterator[str]:
    """Yield the lines of the chart of a hierarchy, without line ends. `rows` are what `draw_tree` yields."""
    columns = (TOKENS, OF_PARENT, OF_TOTAL, items_column(words))
    yield terminal.palette.bold(words.by_branch)
    yield from draw_chart(rows, _with_growth(columns, terminal) if is_compared else columns, terminal)


def draw_kinds(rows: Iterable[Row], words: Words, terminal: Terminal, *, is_compared: bool = False) -> Iterator[str]:
    """Yield the lines of the chart by kind. `rows` are what `kind_rows` yields."""
    columns = (TOKENS, OF_TOTAL, items_column(words))
    yield terminal.palette.bold(words.by_kind)
    chart = [("", row) for row in rows]
    yield from draw_chart(chart, _with_growth(columns, terminal) if is_compared else columns, terminal)


def draw_chart(
    rows: Sequence[tuple[str, Row]], columns: Sequence[Column], terminal: Terminal, *, bars: bool = True
) -> Iterator[str]:
    """Yield a header and a line for each row: the columns, a bar where there is room, the branch and the name."""
    cells = [[column.cell(row) for column in columns] for _, row in rows]
    widths = [max([len(column.title), *(len(texts[at]) for texts in cells)]) for at, column in enumerate(columns)]
    left = sum(width + 2 for width in widths)
    bar_cells = _find_bar_cells(rows, terminal.width, left) if bars else 0
    left += bar_cells + 2 if bar_cells else 0
    palette, glyphs = terminal.palette, terminal.glyphs
    yield palette.dim(justify([column.title for column in columns], widths).rstrip())
    for (branch, row), texts in zip(rows, cells, strict=True):
        change = row.tokens - (row.before or 0)
        numbers = "".join(
            (palette.change(text.rjust(width), change) if column.is_change else text.rjust(width)) + "  "
            for column, text, width in zip(columns, texts, widths, strict=True)
        )
        bar = palette.bar(glyphs.bar(row.tokens, row.total_tokens, bar_cells)) + "  " if bar_cells else ""
        drawn = _shorten_branch(branch, terminal.width and terminal.width - left - _LEAST_NAME, glyphs)
        name = shorten(row.name, terminal.width and terminal.width - left - len(drawn), glyphs)
        shown = palette.branch(name) if row.is_branch else name
        yield f"{numbers}{bar}{palette.dim(drawn)}{shown}"


def _find_bar_cells(rows: Sequence[tuple[str, Row]], width: int | None, left: int) -> int:
    """Return how long bars are: what names leave of a terminal, within bounds; 0 where there is no room."""
    if width is None:
        return BAR_CELLS
    if width < left + BAR_CELLS + 2 + _ROOM_FOR_NAMES:
        return 0
    names = max((len(branch) + max(measure(row.name), _LEAST_NAME) for branch, row in rows), default=0)
    return max(BAR_CELLS, min(width - left - 2 - names, _LONGEST_BAR))


def justify(texts: Sequence[str], widths: Sequence[int]) -> str:
    """Return `texts` on the right of columns of these widths, each with two blanks after it."""
    return "".join(text.rjust(width) + "  " for text, width in zip(texts, widths, strict=True))


def _with_growth(columns: Sequence[Column], terminal: Terminal) -> Sequence[Column]:
    """Return the columns with those of growth, which take the place of the less important where there is no room."""
    rest = [column for column in columns if column is not TOKENS]
    if terminal.width is not None and terminal.width < _ROOM_FOR_ALL:
        rest = [OF_TOTAL]
    return (TOKENS, *GROWTH_COLUMNS, *rest)


def _shorten_branch(branch: str, room: int | None, glyphs: Glyphs) -> str:
    """Leave out the beginning of a branch, deep in a tree, that would push the name over the edge."""
    if room is None or len(branch) <= room:
        return branch
    return glyphs.ellipsis + branch[-max(room - 1, len(glyphs.last)) :]
