"""What fills a conversation, for a terminal."""

from collections.abc import Iterator
from typing import Final

from loopflow.analysis.names import escape_name
from loopflow.charts.columns import OF_TOTAL, TOKENS, Column, Row
from loopflow.charts.folding import fold
from loopflow.charts.hierarchy import Words, build_hierarchy
from loopflow.charts.kinds import kind_rows, sum_kinds
from loopflow.charts.numbers import format_percent, plural
from loopflow.charts.terminal import Terminal, wrap
from loopflow.charts.text import draw_branches, draw_chart, draw_kinds
from loopflow.charts.tree import arrange, draw_tree
from loopflow.chat.profiling import Profile

NAMES: Final = {
    "chat": "Chat Completions",
    "responses": "Responses",
    "anthropic": "Anthropic",
    "pydantic-ai": "pydantic-ai",
    "claude-code": "Claude Code",
    "codex": "Codex",
    "finetuning": "fine-tuning",
}
_ROWS: Final = 24
_TOOLS: Final = 10


def words_of(way: str) -> Words:
    """Return how a profile is spoken of."""
    return Words(item="part", branch=way, kind="kind")


def render_text(profile: Profile, terminal: Terminal, way: str, top: int, *, verbose: bool = False) -> Iterator[str]:
    """Yield lines without line ends."""
    for line in describe(profile):
        yield from wrap(line, terminal.width, terminal.glyphs) if terminal.width else [line]
    yield ""
    words = words_of(way)
    root = build_hierarchy(profile.paths(way), words)
    rows, left_out = (arrange(root, words), 0) if verbose else fold(arrange(root, words), _ROWS)
    yield from draw_branches(list(draw_tree(rows, terminal.glyphs)), words, terminal)
    if left_out:
        yield terminal.palette.dim(f"{left_out:,} smaller rows are folded; -v shows them")
    yield ""
    if profile.tools:
        yield from _draw_tools(profile, terminal, top)
        yield ""
    yield from draw_kinds(kind_rows(sum_kinds(root), root.tokens, words), words, terminal)


def describe(profile: Profile) -> Iterator[str]:
    """Yield what is to be known before the charts: what it is, what was counted exactly, and what was not."""
    conversation, tokens = profile.conversation, profile.tokens
    about = conversation.about
    version = f" {escape_name(str(about['version']))}" if about.get("version") else ""
    session = f"session {escape_name(str(about['session']))[:8]}, " if about.get("session") else ""
    live = ", live since its compaction" if about.get("compacted") else ""
    calls = sum(len(message.calls) for message in conversation.messages)
    many = f"{plural(len(conversation.messages), 'message')}, {plural(calls, 'call')}"
    yield f"{session}{NAMES[conversation.format]}{version}{live}: {many}"
    model = escape_name(profile.model)
    exact = "exact" if profile.is_exact else f"an estimate for {model}, whose tokenizer is not public"
    yield f"{plural(tokens.text, 'token')} of text in {profile.encoding}: {exact}"
    yield f"around {tokens.own:,} with what is around messages{_describe_media(profile)}: an estimate"
    if tokens.reported:
        here = "" if conversation.system or conversation.tools else ", which are not in the file"
        yield f"{tokens.reported:,} reported by the provider for its last request, with system prompt and tools{here}"
    if profile.window:
        used = tokens.reported or tokens.own
        what = "reported" if tokens.reported else "estimated"
        yield f"{format_percent(used, profile.window)} % of a window of {profile.window:,}, by what is {what}"
    if tokens.uncounted:
        yield f"{plural(tokens.uncounted, 'part')} without a count: pictures without a size, sounds, files"
    if about.get("other"):
        yield f"{plural(int(about['other']), 'record')} of a kind that is not known here, left as they are"
    yield from conversation.notes


def _describe_media(profile: Profile) -> str:
    media = profile.tokens.media
    return f" and {media:,} of pictures" if media else ""


def _draw_tools(profile: Profile, terminal: Terminal, top: int) -> Iterator[str]:
    uses = {escape_name(use.name): use for use in profile.tools[: top or _TOOLS]}
    columns = (
        Column("calls", "calls", lambda row: f"{uses[row.name].calls:,}"),
        TOKENS,
        OF_TOTAL,
        Column("largest", "largest result", lambda row: f"{uses[row.name].largest:,}"),
    )
    rows = [("", Row(name, use.tokens, profile.tokens.text, use.calls)) for name, use in uses.items()]
    yield terminal.palette.bold("By tool")
    yield from draw_chart(rows, columns, terminal)
    if (rest := len(profile.tools) - len(uses)) > 0:
        yield terminal.palette.dim(f"and {plural(rest, 'more tool')}")
