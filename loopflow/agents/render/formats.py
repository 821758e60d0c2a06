"""The forms of a survey, each imported when it is used."""

import pkgutil
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TypeAlias, cast

from loopflow.agents.model import AgentsReport

Renderer: TypeAlias = Callable[[AgentsReport], Iterable[str]]

RENDERERS: Mapping[str, str] = MappingProxyType(
    {
        "json": "loopflow.agents.render.json:render_json",
        "markdown": "loopflow.agents.render.markdown:render_markdown",
        "csv": "loopflow.agents.render.csv:render_csv",
        "html": "loopflow.agents.render.html:render_html",
        "github": "loopflow.agents.render.findings:render_github",
        "gitlab": "loopflow.agents.render.findings:render_gitlab",
        "badge": "loopflow.agents.render.badge:render_badge",
    }
)


def find_renderer(form: str) -> Renderer:
    """Return what renders a form, one of `RENDERERS`."""
    return cast("Renderer", pkgutil.resolve_name(RENDERERS[form]))
