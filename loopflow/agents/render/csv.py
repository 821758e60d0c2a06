"""A survey as one table for a spreadsheet: a row for each place, text, loss and tool.

Names are escaped as in render/csv.py.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence

from loopflow.agents.model import ROOT, AgentsReport
from loopflow.agents.render.words import show
from loopflow.agents.survey import loads_of, unique_parts

HEADER = (
    "kind",
    "agent",
    "directory",
    "path",
    "name",
    "start",
    "files",
    "here",
    "tokens",
    "characters",
    "bytes",
    "lost",
)
_ACTING = ("=", "+", "-", "@", "'")

_Cell = str | int


class _Line:
    """What csv writes to, so that the line comes back."""

    @staticmethod
    def write(line: str) -> str:
        """Return the line."""
        return line


def render_csv(report: AgentsReport) -> Iterator[str]:
    """Yield the lines, each with its end."""
    yield from write_rows(HEADER, _rows(report))


def write_rows(header: Sequence[str], rows: Iterable[Sequence[_Cell]]) -> Iterator[str]:
    """Yield a header and rows as lines, each with its end; texts among the cells are made safe."""
    writer = csv.writer(_Line(), lineterminator="\r\n")
    yield str(writer.writerow(header))  # it returns what write() does
    for row in rows:
        yield str(writer.writerow([_name(cell) if isinstance(cell, str) else cell for cell in row]))


def _rows(report: AgentsReport) -> Iterator[tuple[_Cell, ...]]:
    survey = report.survey
    for agent in survey.agents:
        for place in agent.places:
            where = place.directory or ROOT
            yield (
                "place",
                agent.name,
                where,
                "",
                "",
                place.start,
                place.files,
                place.here,
                place.here,
                "",
                "",
                place.lost,
            )
        for part in unique_parts(loads_of(agent)):
            costs = (part.tokens, part.characters, part.bytes)
            yield part.kind.value, agent.name, "", part.path, part.name, "", "", "", *costs, ""
    for row in survey.lost:
        where = row.directory or ROOT
        yield f"lost_{row.what}", row.agent, where, row.path, row.name, "", "", "", row.tokens, "", "", row.lost
    for server in survey.servers:
        for tool in server.tools:
            yield "tool", "", "", server.path, tool.name, "", "", "", tool.tokens, "", "", ""


def _name(name: str) -> str:
    shown = show(name)
    return f"'{shown}" if shown.lstrip().startswith(_ACTING) else shown
