"""How many tokens the windows of models have, by what their makers say: one table, as of one day.

A row stands here only if somebody has read its source, and the source is the maker's own. Where a maker limits what is
put in apart from what comes out, the row has the first. Nothing is looked up while the command runs.
"""

from difflib import get_close_matches
from typing import NamedTuple

DATE = "2026-11-27"
"""The day on which the sources were read."""

_CLAUDE = "https://platform.claude.com/docs"
_GEMINI = "https://ai.google.dev/gemini-api/docs/models"
_CODEX = "https://github.com/openai/codex/blob"
_OPENAI = f"{_CODEX}/156676256ddf530c8ec729844f9b24008b748c7d/codex-rs/core/src/openai_model_info.rs"
_SUGGESTED = 3
_CUTOFF = 0.4


class ModelWindow(NamedTuple):
    """The window of a model. `limits` says what counts into it: "all" or only the "input"."""

    name: str
    tokens: int
    maker: str
    limits: str
    source: str


WINDOWS = (
    ModelWindow("claude-fable-5-2", 1_000_000, "Anthropic", "all", f"{_CLAUDE}/en/models/overview"),
    ModelWindow("claude-fable-5-1", 1_000_000, "Anthropic", "all", f"{_CLAUDE}/en/models"),
    ModelWindow("claude-opus-5-5", 1_000_000, "Anthropic", "all", f"{_CLAUDE}/en/models/overview"),
    ModelWindow("claude-opus-5", 1_000_000, "Anthropic", "all", f"{_CLAUDE}/es/models/opus-5/overview.md"),
    ModelWindow("claude-opus-4-8", 1_000_000, "Anthropic", "all", f"{_CLAUDE}/de/models/opus-4-8/overview.md"),
    ModelWindow("claude-opus-4-6", 1_000_000, "Anthropic", "all", f"{_CLAUDE}/en/models/opus-4-6/overview.md"),
    ModelWindow("claude-opus-4-5", 200_000, "Anthropic", "all", f"{_CLAUDE}/pt-BR/models/opus-4-5/overview.md"),
    ModelWindow("claude-sonnet-5-5", 1_000_000, "Anthropic", "all", f"{_CLAUDE}/en/models/overview"),
    ModelWindow("claude-sonnet-5", 1_000_000, "Anthropic", "all", f"{_CLAUDE}/pt-BR/models/sonnet-5/overview.md"),
    ModelWindow("claude-sonnet-4-6", 1_000_000, "Anthropic", "all", f"{_CLAUDE}/zh-CN/models/sonnet-4-6/overview.md"),
    ModelWindow("claude-sonnet-4-5", 200_000, "Anthropic", "all", f"{_CLAUDE}/zh-CN/models/sonnet-4-5/overview.md"),
    ModelWindow("claude-haiku-5-5", 1_000_000, "Anthropic", "all", f"{_CLAUDE}/en/models/overview"),
    ModelWindow("claude-haiku-4-5", 200_000, "Anthropic", "all", f"{_CLAUDE}/pt-BR/models/haiku-4-5/overview.md"),
    ModelWindow("gemini-3.5-flash", 1_048_576, "Google", "input", f"{_GEMINI}/gemini-3.5-flash"),
    ModelWindow("gemini-3.1-pro-preview", 1_048_576, "Google", "input", f"{_GEMINI}/gemini-3.1-pro-preview.md.txt"),
    ModelWindow("gemini-3-pro-preview", 1_048_576, "Google", "input", f"{_GEMINI}/gemini-3-pro-preview?hl=zh-cn"),
    ModelWindow(
        "gemini-2.5-pro",
        1_048_576,
        "Google",
        "input",
        "https://docs.cloud.google.com/gemini-enterprise-agent-platform/models/gemini/2-5-pro",
    ),
    ModelWindow("gpt-4.1", 1_047_576, "OpenAI", "all", _OPENAI),
    ModelWindow("gpt-4o", 128_000, "OpenAI", "all", _OPENAI),
    ModelWindow("gpt-5", 272_000, "OpenAI", "input", _OPENAI),
    ModelWindow(
        "gpt-5.2-codex",
        272_000,
        "OpenAI",
        "input",
        f"{_CODEX}/21dac7d7a4d1cef78f2b399180653b3b8f03f2f7/codex-rs/core/models.json",
    ),
    ModelWindow("o3", 200_000, "OpenAI", "all", _OPENAI),
    ModelWindow("o4-mini", 200_000, "OpenAI", "all", _OPENAI),
)


def find_window(name: str) -> ModelWindow | None:
    """Return the row of a model; how its letters are written makes no difference."""
    return next((row for row in WINDOWS if row.name == name.lower()), None)


def suggest_windows(name: str) -> list[str]:
    """Return the names that are most like one that is not in the table: first those that it is a part of."""
    names = [row.name for row in WINDOWS]
    longer = [each for each in names if name.lower() in each]
    near = get_close_matches(name.lower(), names, _SUGGESTED, _CUTOFF)
    return (longer or near)[:_SUGGESTED]
