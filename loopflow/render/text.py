"""The charts for a terminal.

A chart is a list of rows and a list of columns: to change what is shown, change `DIRECTORY_COLUMNS`, `TYPE_COLUMNS` or
`FILE_COLUMNS`; to change which rows there are, the function that makes them. Numbers come first and names last, so that
deep trees and long names never push a number out of its column. The answer stands at the end: the largest files, what
was skipped, the total.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from heapq import nlargest
from itertools import groupby

from loopflow.analysis.names import escape_name, path_bytes
from loopflow.model import Profile, Report, Skipped
from loopflow.render.numbers import format_bytes, format_percent, plural
from loopflow.render.terminal import Glyphs, Terminal, shorten
from loopflow.render.tree import Row, build_tree, draw_tree

BAR_CELLS = 10
LONG_CHART = 50
LARGEST = 10
EXAMPLES = 3
_ROOM_FOR_NAMES = 24
_LEAST_NAME = 10


@dataclass(frozen=True, slots=True)
class ChartOptions:
    """What of the report is shown: levels below the root, files in the tree, how many types and largest files.

    Without `top`, every type and the ten largest files.
    """

    depth: int | None = None
    files: bool = False
    top: int | None = None
    verbose: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """One right-aligned column."""

    title: str
    cell: Callable[[Row], str]


TOKENS = Column("tokens", lambda row: f"{row.tokens:,}")
OF_PARENT = Column("% parent", lambda row: format_percent(row.tokens, row.parent_tokens))
OF_TOTAL = Column("% total", lambda row: format_percent(row.tokens, row.total_tokens))
FILES = Column("files", lambda row: f"{row.files:,}")

DIRECTORY_COLUMNS = (TOKENS, OF_PARENT, OF_TOTAL, FILES)
TYPE_COLUMNS = (TOKENS, OF_TOTAL, FILES)
FILE_COLUMNS = (TOKENS, OF_TOTAL)


def render_text(report: Report, terminal: Terminal, options: ChartOptions) -> Iterator[str]:
    """Yield the lines of both charts and of the summary, without line ends."""
    profile, palette = report.profile, terminal.palette
    tree = list(draw_tree(build_tree(profile, depth=options.depth, files=options.files), terminal.glyphs))
    yield palette.bold("By directory")
    yield from _chart(tree, DIRECTORY_COLUMNS, terminal)
    if len(tree) > LONG_CHART and options.depth is None:
        yield palette.dim(f"{len(tree):,} rows; --depth 2 shows the upper levels only")
    yield ""
    yield palette.bold("By file type")
    yield from _chart([("", row) for row in _type_rows(profile, options.top)], TYPE_COLUMNS, terminal)
    yield ""
    yield from _summary(profile, terminal, options)


def _type_rows(profile: Profile, top: int | None) -> Iterator[Row]:
    for stats in profile.types[:top]:
        yield Row(escape_name(stats.type), stats.tokens, stats.total_tokens, stats.files)
    rest = profile.types[top:] if top is not None else ()
    if rest:
        tokens, files = sum(stats.tokens for stats in rest), sum(stats.files for stats in rest)
        yield Row(f"({plural(len(rest), 'more type')})", tokens, profile.total.tokens, files)


def _file_rows(profile: Profile, top: int) -> Iterator[Row]:
    least = min(nlargest(top, (file.tokens for file in profile.files)), default=0)
    largest = [file for file in profile.files if file.tokens >= least] if top else []
    for file in sorted(largest, key=lambda file: (-file.tokens, path_bytes(file.path)))[:top]:
        yield Row(escape_name(file.path), file.tokens, profile.total.tokens)


def _summary(profile: Profile, terminal: Terminal, options: ChartOptions) -> Iterator[str]:
    palette, total = terminal.palette, profile.total
    largest = [("", row) for row in _file_rows(profile, LARGEST if options.top is None else options.top)]
    if largest:
        yield palette.bold("Largest files")
        yield from _chart(largest, FILE_COLUMNS, terminal, bars=False)
        yield ""
    if profile.skipped:
        yield palette.bold("Skipped")
        yield from _skipped(profile.skipped, terminal, verbose=options.verbose)
        yield ""
    files = f"{plural(total.files, 'file')}, {format_bytes(total.bytes)}, {profile.encoding}"
    yield palette.bold(f"Total: {plural(total.tokens, 'token')}") + f" in {files}"
    if profile.gaps:
        yield palette.warning(f"Incomplete: {plural(len(profile.gaps), 'file')} could not be counted")


def _chart(
    rows: Sequence[tuple[str, Row]], columns: Sequence[Column], terminal: Terminal, *, bars: bool = True
) -> Iterator[str]:
    """Yield a header and a line for each row: the columns, a bar where there is room, the branch and the name."""
    cells = [[column.cell(row) for column in columns] for _, row in rows]
    widths = [max([len(column.title), *(len(texts[at]) for texts in cells)]) for at, column in enumerate(columns)]
    left = sum(width + 2 for width in widths)
    has_bars = bars and (terminal.width is None or terminal.width >= left + BAR_CELLS + 2 + _ROOM_FOR_NAMES)
    left += BAR_CELLS + 2 if has_bars else 0
    palette, glyphs = terminal.palette, terminal.glyphs
    yield palette.dim(_justify([column.title for column in columns], widths).rstrip())
    for (branch, row), texts in zip(rows, cells, strict=True):
        bar = palette.bar(glyphs.bar(row.tokens, row.total_tokens, BAR_CELLS)) + "  " if has_bars else ""
        drawn = _shorten_branch(branch, terminal.width and terminal.width - left - _LEAST_NAME, glyphs)
        name = shorten(row.name, terminal.width and terminal.width - left - len(drawn), glyphs)
        shown = palette.directory(name) if row.is_directory else name
        yield f"{_justify(texts, widths)}{bar}{palette.dim(drawn)}{shown}"


def _shorten_branch(branch: str, room: int | None, glyphs: Glyphs) -> str:
    """Leave out the beginning of a branch, deep in a tree, that would push the name over the edge."""
    if room is None or len(branch) <= room:
        return branch
    return glyphs.ellipsis + branch[-max(room - 1, len(glyphs.last)) :]


def _justify(texts: Sequence[str], widths: Sequence[int]) -> str:
    return "".join(text.rjust(width) + "  " for text, width in zip(texts, widths, strict=True))


def _skipped(skipped: Sequence[Skipped], terminal: Terminal, *, verbose: bool) -> Iterator[str]:
    """Yield the reasons, the most frequent first, with examples; all of them for a gap, or when `verbose`."""
    by_reason = sorted(skipped, key=lambda skip: skip.reason)
    groups = [(reason, list(group)) for reason, group in groupby(by_reason, key=lambda skip: skip.reason)]
    groups.sort(key=lambda group: -len(group[1]))
    width = max(len(f"{len(group):,}") for _, group in groups)
    for reason, group in groups:
        count = f"{len(group):,}".rjust(width)
        label = reason.replace("_", " ")
        if verbose or reason.leaves_a_gap:
            yield f"{count}  {label}"
            yield from (f"{'':{width}}    {_name_with_detail(skip)}" for skip in group)
        else:
            head = f"{count}  {label}  "
            yield head + _examples([escape_name(skip.path) for skip in group], terminal, len(head))


def _examples(names: Sequence[str], terminal: Terminal, left: int) -> str:
    """Return the first few names, as many as fit on the line after `left` columns, but one at least."""
    room = terminal.width and terminal.width - left
    for number in range(min(EXAMPLES, len(names)), 0, -1):
        more = f", {terminal.glyphs.ellipsis}" if number < len(names) else ""
        text = ", ".join(names[:number]) + more
        if shorten(text, room, terminal.glyphs) == text:
            return text
    return shorten(names[0], room, terminal.glyphs)


def _name_with_detail(skip: Skipped) -> str:
    detail = f" ({escape_name(skip.detail)})" if skip.detail else ""
    return escape_name(skip.path) + detail
