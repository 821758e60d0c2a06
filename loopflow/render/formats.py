"""The formats there are. To add one, write a module with a function from a report to pieces of text, and name it here.

The text for a terminal is not among them: it alone needs to know the terminal and what of the report to show.
"""

import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias, cast

if TYPE_CHECKING:  # --help needs the names of the formats and nothing else
    from loopflow.model import Report

Renderer: TypeAlias = "Callable[[Report], Iterable[str]]"

TEXT = "text"
# Imported when it is used: a run pays for one format, not for all.
RENDERERS: Mapping[str, str] = MappingProxyType(
    {
        "json": "loopflow.render.json:render_json",
        "markdown": "loopflow.render.markdown:render_markdown",
        "html": "loopflow.render.html:render_html",
        "csv": "loopflow.render.csv:render_csv",
        "github": "loopflow.render.github:render_github",
        "gitlab": "loopflow.render.gitlab:render_gitlab",
        "badge": "loopflow.render.badge:render_badge",
        "badge-json": "loopflow.render.badge:render_badge_json",
    }
)
FORMATS = (TEXT, *RENDERERS)
WITH_ORIGIN = frozenset({"markdown", "html"})
"""Formats that say which repository and commit they are about: they are read elsewhere, and later."""


def find_renderer(name: str) -> Renderer:
    """Return what renders the format of that name, one of `RENDERERS`."""
    return cast("Renderer", pkgutil.resolve_name(RENDERERS[name]))


@dataclass(frozen=True, slots=True)
class ChartOptions:
    """What of the report is shown: levels below the root, files in the tree, how many types and largest files.

    Without `top`, every type and the ten largest files.
    """

    depth: int | None = None
    files: bool = False
    top: int | None = None
    verbose: bool = False
    cuts: bool = False
