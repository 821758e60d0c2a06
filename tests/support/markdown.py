"""Markdown as a renderer reads it: markdown-it with tables and HTML, as GitHub has them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.token import Token


@dataclass(slots=True)
class Page:
    """What is on it: headings, tables as rows of cells, blocks of code, and everything that could act.

    A cell is its text; what of it is code stands in `names` too. `acting` is HTML, links and pictures.
    """

    headings: list[str] = field(default_factory=list)
    tables: list[list[list[str]]] = field(default_factory=list)
    blocks: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    acting: list[str] = field(default_factory=list)
    plain: list[str] = field(default_factory=list)


def read_page(text: str) -> Page:
    """Return what a renderer finds in `text`."""
    page = Page()
    parser = MarkdownIt("commonmark", {"html": True, "linkify": False}).enable("table")
    tokens = parser.parse(text)
    for at, token in enumerate(tokens):
        if token.type == "table_open":
            page.tables.append([])
        elif token.type == "tr_open":
            page.tables[-1].append([])
        elif token.type in {"fence", "code_block"}:
            page.blocks.append(token.content)
        elif token.type == "html_block":
            page.acting += token.content.strip().split("\n")
        elif token.type == "inline":
            shown = "".join(_read_inline(token, page))
            if tokens[at - 1].type in {"td_open", "th_open"}:
                page.tables[-1][-1].append(shown)
            elif tokens[at - 1].type == "heading_open":
                page.headings.append(shown)
    return page


def _read_inline(inline: Token, page: Page) -> Iterator[str]:
    for token in inline.children or ():
        if token.type == "code_inline":
            page.names.append(token.content)
            yield token.content
        elif token.type == "text":
            page.plain.append(token.content)
            yield token.content
        elif token.type not in {"strong_open", "strong_close"}:
            page.acting.append(token.content or token.type)
