"""Let the site hold pages that lie outside of docs/, such as the README: a hook of MkDocs.

In the repository, a page links to another file of it wherever that is. A site knows only what is in docs/. So the pages
in `OUTSIDE` are taken in below project/, links from and to them are turned round, and a link to anything else that is
not part of the site, such as a directory, becomes the text it had. What is wrong with a link stays wrong, for
`mkdocs build --strict` to say.
"""

import os
import posixpath
import re
from typing import TYPE_CHECKING

from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

# Where a page lies in the repository, and where on the site. MkDocs would take a README for the index of its directory.
OUTSIDE = {
    "README.md": "project/overview.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "CHANGELOG.md": "project/changelog.md",
    "benchmarks/results.md": "project/results.md",
    "benchmarks/candidates.md": "project/candidates.md",
    "benchmarks/mutation.md": "project/mutation.md",
    "benchmarks/plans.md": "project/plans.md",
    "benchmarks/replay.md": "project/replay.md",
    "loopflow/vocab/README.md": "project/vocabularies.md",
}
_LINK = re.compile(r"(!?)\[((?:[^\[\]`]|`[^`]*`)*)\]\(([^()\s#:]+)(#[^()\s]*)?\)")
_FENCED = re.compile(r"^(```.*?^```)$", re.DOTALL | re.MULTILINE)


def on_files(files: "Files", *, config: "MkDocsConfig") -> "Files":
    """Add the pages from outside."""
    for source, site in OUTSIDE.items():
        files.append(File.generated(config, site, abs_src_path=os.path.join(_root(config), source)))
    return files


def on_page_markdown(markdown: str, *, page: "Page", config: "MkDocsConfig", files: "Files") -> str:  # noqa: ARG001
    """Turn the links of a page round, but for what stands in blocks of code."""
    parts = _FENCED.split(markdown)
    parts[::2] = [turn_links(part, page.file.src_uri, _root(config)) for part in parts[::2]]
    return "".join(parts)


def turn_links(text: str, site: str, root: str) -> str:
    """Return `text`, a part of the page at `site`, with links between pages of the site, or without.

    Paths in links are those of the repository at `root`.
    """
    here = next((source for source, other in OUTSIDE.items() if other == site), f"docs/{site}")

    def turn(link: re.Match[str]) -> str:
        mark, label, path, anchor = link[1], link[2], link[3], link[4] or ""
        target = posixpath.normpath(posixpath.join(posixpath.dirname(here), path))
        there = OUTSIDE.get(target, target.removeprefix("docs/"))
        if there == target:  # not on the site
            return label if os.path.exists(os.path.join(root, target)) else link[0]
        return f"{mark}[{label}]({posixpath.relpath(there, posixpath.dirname(site) or '.')}{anchor})"

    return _LINK.sub(turn, text)


def _root(config: "MkDocsConfig") -> str:
    return os.path.dirname(config.config_file_path or "")
