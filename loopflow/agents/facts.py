"""What each agent loads, as data: each row with where it was read, of which version, when, and how certain it is.

They change in weeks. A row that is wrong is corrected here, with its source, or for one repository in
`[agents.NAME]` of its config. Only what was read in a vendor's source or documentation may fail a check: `seen` can
but warn.
"""

from enum import StrEnum
from typing import Final, NamedTuple


class Certainty(StrEnum):
    """How a fact is known: read in the vendor's code, in its documentation, or only seen or told by others."""

    SOURCE = "source"
    DOCS = "docs"
    SEEN = "seen"


class Fact(NamedTuple):
    """One row: what an agent does, and how that is known."""

    agent: str
    what: str
    source: str
    version: str
    date: str
    certainty: Certainty


def _read(agent: str, source: str, version: str, date: str, certainty: Certainty, *whats: str) -> tuple[Fact, ...]:
    return tuple(Fact(agent, what, source, version, date, certainty) for what in whats)


_SOURCE, _DOCS, _SEEN = Certainty.SOURCE, Certainty.DOCS, Certainty.SEEN
_CODEX = "github.com/openai/codex codex-rs/"
_VSCODE = "github.com/microsoft/vscode-docs docs/copilot/customization/custom-instructions.md"
_COPILOT = "docs.github.com copilot/how-tos/copilot-cli/customize-copilot/add-custom-instructions"

FACTS: Final = (
    *_read(
        *("claude", "code.claude.com/docs/en/memory", "2.1.234", "2026-08-22", _DOCS),
        "start: CLAUDE.md, .claude/CLAUDE.md, CLAUDE.local.md of the directory and those above",
        "files: the same of directories below, when a file there is read",
        "imports: @path, four hops, not in code spans and fenced code",
        "block HTML comments are not loaded",
        "a file of more than 4 MiB is skipped",
        "start: .claude/rules/**/*.md without paths; with paths: with the files that match",
        "paths are from the root, and braces become 1,000 patterns at most",
    ),
    *_read(
        *("claude", "github.com/anthropics/claude-code mods/agents-md/README.md", "2.1.277", "2026-09-18", _SOURCE),
        "start: AGENTS.md and .claude/AGENTS.md instead, where none of its own files is on the way",
    ),
    *_read(
        *("claude", "code.claude.com/docs/en/skills", "2.1.234", "2026-08-22", _DOCS),
        "start: names and descriptions of skills and commands; disable-model-invocation hides them",
        "description and when_to_use: 1,536 characters together",
        "the listing of skills: 1 % of the window, in characters",
        "after compaction: 5,000 tokens of a skill, 25,000 of all",
    ),
    *_read(
        *("claude", "code.claude.com/docs/en/sub-agents and /output-styles", "2.1.234", "2026-08-22", _DOCS),
        "start: names and descriptions of .claude/agents; the style that outputStyle names",
    ),
    *_read(
        *("claude", "code.claude.com/docs/en/mcp", "2.1.227", "2026-08-22", _DOCS),
        "descriptions of tools and instructions of servers: 2 KB each; schemas are deferred",
    ),
    *_read(
        *("claude", "reports of users: claude-code issue 56406, a reimplementation", "", "2026-09", _SEEN),
        "a file of more than 40,000 characters gives a warning",
        "empty lines behind a block comment go with it",
    ),
    *_read(
        *("codex", f"{_CODEX}core/src/agents_md.rs", "0cf644a", "2026-11-27", _SOURCE),
        "start: of each directory from the root the first of AGENTS.override.md, AGENTS.md and fallbacks",
        "32,768 bytes for the chain, root first, cut anywhere; blank files do not use it up",
    ),
    *_read(
        *("codex", "codex debug prompt-input, byte for byte as agents show", "0.171.0", "2026-11-27", _SOURCE),
        "texts are joined by an empty line, and cut as said",
    ),
    *_read(
        *("codex", f"{_CODEX}core-skills/src/loader.rs", "033d1d0", "2026-11-27", _SOURCE),
        "start: names and descriptions of skills in .agents/skills and .codex/skills, six levels deep",
        "refused: a skill without a head, or with one that is no YAML; name over 64, description over 1,024",
        "skipped: a SKILL.md that is a link",
        "not listed: allow_implicit_invocation: false in agents/openai.yaml",
    ),
    *_read(
        *("codex", f"{_CODEX}core-skills/src/render.rs", "0899b7c", "2026-11-27", _SOURCE),
        "the listing of skills: 2 % of the window, by bytes / 4",
    ),
    *_read(
        *("codex", "reports of users: charter issue 1141", "", "2026-08", _SEEN),
        ".codex/config.toml counts in trusted projects only",
    ),
    *_read(
        *("copilot", _COPILOT, "", "2026-11-27", _DOCS),
        "start: .github/copilot-instructions.md, and AGENTS.md of the root, the directory and between",
        "files: the same in directories on the way to a file",
        "start: CLAUDE.md and GEMINI.md of the root",
        "files: .github/instructions/**/*.instructions.md by applyTo",
    ),
    *_read(
        *("vscode", _VSCODE, "07a3a36", "2026-03-25", _DOCS),
        "start: .github/copilot-instructions.md, AGENTS.md, CLAUDE.md, .claude/CLAUDE.md of the root",
        "files: .github/instructions by applyTo, .claude/rules by paths",
    ),
    *_read(
        *("cursor", "third-hand: tutorials and tools that quote cursor.com/docs", "3.7", "2026-06", _SEEN),
        "start: .cursor/rules/**/*.mdc with alwaysApply, AGENTS.md of the root, .cursorrules",
        "files: globs, and AGENTS.md and .cursor/rules in directories",
    ),
    *_read(
        *("gemini", "github.com/google-gemini/gemini-cli docs/cli/gemini-md.md", "", "2026-11-27", _DOCS),
        "start: GEMINI.md, or context.fileName, of the directory and those above; with files: below",
    ),
    *_read(
        *("gemini", "github.com/google-gemini/gemini-cli memoryImportProcessor.ts", "04fbf50", "2026-11-27", _SOURCE),
        "imports: @path, five deep, inside the project, not in code",
    ),
    *_read(
        *("opencode", "github.com/anomalyco/opencode rules.mdx, a fork's copy", "19376e8", "2026-11-27", _DOCS),
        "start: AGENTS.md of the directory and those above, else CLAUDE.md; instructions of opencode.json",
    ),
    *_read(
        *("windsurf", "docs.windsurf.com/windsurf/cascade/memories and /agents-md", "", "2026-11-27", _DOCS),
        "start: .windsurf/rules by trigger, AGENTS.md of the root; with files: AGENTS.md below",
        "12,000 characters of a file",
    ),
    *_read(
        *("zed", "github.com/zed-industries/zed docs/src/ai/rules.md", "0011187", "2026-11-27", _DOCS),
        "start: the first of nine names at the root",
    ),
    *_read(
        *("cline", "docs.cline.bot/features/cline-rules/overview", "", "2026-11-27", _DOCS),
        "start: .clinerules, or all .md in it, else AGENTS.md; with paths in its head: with files",
    ),
    *_read(
        *("junie", "jetbrains.com/help/junie/customize-guidelines.html", "", "2025-11-24", _DOCS),
        "start: .junie/guidelines.md",
    ),
)

AGENTS_SKILLS: Final = "agentskills.io specification"
"""Name 64, description 1,024, compatibility 500 characters; of a body "< 5000 tokens recommended"."""

SKILL_TOKENS: Final = 5_000
DESCRIPTION_CHARACTERS: Final = 1_024
CLAUDE_LINES: Final = 200
"""What Anthropic recommends for a CLAUDE.md; no number of tokens is published."""
TOOL_BYTES: Final = 2_048
"""Bytes of a tool's description that Claude Code passes on."""
BYTES_PER_TOKEN: Final = 4
"""What listings are measured by: the vendors' own estimate, and no count."""
