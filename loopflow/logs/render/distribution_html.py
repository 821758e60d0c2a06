"""Where the tokens of logs are as one page that needs nothing else: a treemap and both charts as tables."""

from collections.abc import Iterator

from loopflow.charts.numbers import format_bytes, plural
from loopflow.charts.page import Page, render_page
from loopflow.logs.distribution import Distribution
from loopflow.logs.render.hierarchy import WORDS, build_hierarchy, list_kinds, name_all


def render_html(distribution: Distribution) -> Iterator[str]:
    """Yield the page in pieces."""
    size = format_bytes(sum(source.bytes for source in distribution.sources))
    page = Page(
        root=build_hierarchy(distribution),
        kinds=list_kinds(distribution),
        words=WORDS,
        heading="Token profile",
        of=name_all(distribution),
        about=[(f"{plural(distribution.lines, 'line')}, {size}", "")],
        note=f"Made by loopflow logs. Every number is exact: tokens of {distribution.encoding}.",
    )
    yield from render_page(page)
