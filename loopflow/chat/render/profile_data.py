"""What fills a conversation as JSON, CSV, Markdown and a page."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any, Final

from loopflow.analysis.names import escape_name
from loopflow.charts.columns import OF_PARENT, OF_TOTAL
from loopflow.charts.hierarchy import build_hierarchy
from loopflow.charts.kinds import sum_kinds
from loopflow.charts.page import Page, render_page
from loopflow.charts.tree import arrange, walk
from loopflow.chat.profiling import Profile
from loopflow.chat.render.profile_text import NAMES, describe, words_of
from loopflow.render.markdown_text import Column, code, table

SCHEMA: Final = 1
_ROWS: Final = 60


def dump(document: dict[str, Any]) -> str:
    """Return JSON in ASCII, in which GitHub's runner, should it meet it in a log, finds no command."""
    return json.dumps(document, indent=1).replace("##[", "##\\u005b") + "\n"


def render_json(profile: Profile) -> str:
    """Return the document that docs/reference/chat-profile.schema.json describes."""
    conversation, tokens = profile.conversation, profile.tokens
    document = {
        "schema": SCHEMA,
        "format": conversation.format,
        "provider": conversation.provider,
        "model": profile.model or None,
        "encoding": profile.encoding,
        "exact": profile.is_exact,
        "window": profile.window or None,
        "session": conversation.about.get("session") or None,
        "tokens": {
            "text": tokens.text,
            "overhead": tokens.overhead,
            "media": tokens.media,
            "reported": tokens.reported or None,
            "estimate": tokens.own,
            "uncounted": tokens.uncounted,
        },
        "messages": [
            {
                "origin": list(entry.origin),
                "turn": entry.turn,
                "role": entry.role,
                "kind": entry.kind,
                "name": entry.name or None,
                "tokens": entry.tokens,
            }
            for entry in profile.entries
        ],
        "turns": _sum_turns(profile),
        "tools": [use._asdict() for use in profile.tools],
        "notes": list(conversation.notes),
    }
    return dump(document)


def render_csv(profile: Profile) -> str:
    """Return a table of all parts."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["origin", "turn", "role", "kind", "name", "tokens"])
    for entry in profile.entries:
        origin = " ".join(map(str, entry.origin))
        row = (origin, escape_name(entry.turn), entry.role, entry.kind, escape_name(entry.name))
        writer.writerow([*(f"'{cell}" if cell[:1] in {"=", "+", "-", "@"} else cell for cell in row), entry.tokens])
    return out.getvalue()


def render_markdown(profile: Profile, way: str) -> str:
    """Return a page of Markdown."""
    words = words_of(way)
    tree = arrange(build_hierarchy(profile.paths(way), words), words)
    rows = [each.row for each in walk(tree)][:_ROWS]
    columns = (Column("tokens", is_number=True), Column("% parent", is_number=True), Column("% total", is_number=True))
    cells = [(f"{row.tokens:,}", OF_PARENT.cell(row), OF_TOTAL.cell(row), code(row.name)) for row in rows]
    lines = [f"# {NAMES[profile.conversation.format]}: what fills it", "", *_items(profile), ""]
    lines += table((*columns, Column(way)), cells)
    return "\n".join(lines) + "\n"


def render_html(profile: Profile, way: str) -> Iterator[str]:
    """Yield a page that needs nothing else, in pieces."""
    words = words_of(way)
    root = build_hierarchy(profile.paths(way), words)
    first, *about = describe(profile)
    page = Page(root, sum_kinds(root), words, "What fills a conversation", "", [(first, ""), *((a, "") for a in about)])
    yield from render_page(page._replace(note=f"Made by loopflow chat. Texts are counted in {profile.encoding}."))


def _items(profile: Profile) -> list[str]:
    return [f"- {line}" for line in describe(profile)]


def _sum_turns(profile: Profile) -> list[dict[str, Any]]:
    sums: dict[str, int] = {}
    for entry in profile.entries:
        sums[entry.turn] = sums.get(entry.turn, 0) + entry.tokens
    return [{"turn": turn, "tokens": tokens} for turn, tokens in sums.items()]
