"""The sections of Markdown files, in the forms of lists."""

import json
from collections.abc import Iterator, Sequence

from loopflow.agents.render.csv import write_rows
from loopflow.agents.render.json import name
from loopflow.agents.render.words import show
from loopflow.agents.sectioning import Sectioned
from loopflow.analysis.names import escape_name
from loopflow.charts.columns import OF_TOTAL, TOKENS, Row
from loopflow.charts.terminal import Terminal
from loopflow.charts.text import draw_chart

FORMS = ("text", "json", "csv")


def render_sections(files: Sequence[Sectioned], form: str, terminal: Terminal) -> Iterator[str]:
    """Yield the document in pieces."""
    if form == "json":
        rows = [
            {
                "path": name(each.path),
                "tokens": each.tokens,
                "sections": [
                    {**section._asdict(), "title": name(section.title), "with_below": total}
                    for section, total in zip(each.sections, each.sums, strict=True)
                ],
            }
            for each in files
        ]
        yield json.dumps({"schema": 1, "files": rows}, indent=1) + "\n"
    elif form == "csv":
        cells = ((each.path, at.line, at.level, at.title, at.tokens) for each in files for at in each.sections)
        yield from write_rows(("path", "line", "level", "title", "tokens"), cells)
    else:
        for number, each in enumerate(files):
            yield from (["\n"] if number else [])
            yield from (f"{line}\n" for line in _draw(each, terminal))


def _draw(file: Sectioned, terminal: Terminal) -> Iterator[str]:
    chart = [("", Row(escape_name(file.path), file.tokens, file.tokens, is_branch=True))]
    for section, total in zip(file.sections, file.sums, strict=True):
        if section.level:
            branch = terminal.glyphs.gap * (section.level - 1) + terminal.glyphs.branch
            chart.append((branch, Row(f"{show(section.title)}  :{section.line}", total, file.tokens)))
    yield from draw_chart(chart, [TOKENS, OF_TOTAL], terminal)
