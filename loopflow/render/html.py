"""The report as one page that needs nothing else: the charts, and what was found and judged around them.

The page and its charts are those of any hierarchy (see charts/page.py); what is about profiles fills its blocks.
"""

from collections.abc import Iterator
from importlib.resources import files

from loopflow.charts.page import Page, Sections, render_page
from loopflow.model import Report
from loopflow.render.hierarchy import WORDS, build_hierarchy, type_nodes
from loopflow.render.markdown_text import shorten_name
from loopflow.render.sections import describe_report
from loopflow.render.words import describe_origin, name_source


def render_html(report: Report) -> Iterator[str]:
    """Yield the page in pieces."""
    profile, diff, origin = report.profile, report.diff, report.origin
    source = profile.source
    page = Page(
        root=build_hierarchy(profile, diff, files=True),
        kinds=type_nodes(profile, diff),
        words=WORDS,
        heading="Token profile",
        of=shorten_name(origin.repository) if origin else "",
        about=[(words, shorten_name(name)) for words, name in describe_origin(origin, source)]
        if origin
        else [("", name_source(source, str))],
        note=f"Made by code-context. Every number is exact: tokens of {profile.encoding}.",
        is_compared=diff is not None,
    )
    yield from render_page(page, Sections(_read("report.html"), _read("report.css"), describe_report(report)))


def _read(name: str) -> str:
    return files("loopflow.render").joinpath("page", name).read_text("utf-8")
