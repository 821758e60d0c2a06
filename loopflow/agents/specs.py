"""What each agent loads, in words that are the same for all: what follows from the rows of facts.py.

`[agents.NAME]` of a config changes a row or adds one (see settings.py).
"""

from types import MappingProxyType
from typing import Final, NamedTuple

from loopflow.agents.facts import FACTS, Certainty


class RuleFormat(NamedTuple):
    """Rules in a directory: by which key of their heads they load, and what becomes of one without it.

    `missing` is "start" or "asked"; `wrong` are keys of other agents, which this one does not read. `bare` says that a
    pattern without "/" matches at any depth.
    """

    directory: str
    suffix: str
    globs: str
    missing: str
    always: str = ""
    trigger: str = ""
    wrong: tuple[str, ...] = ()
    bare: bool = False
    above: bool = True


class Spec(NamedTuple):
    """What an agent loads, in words that are the same for all. `instructions` are groups: of each the first counts.

    They are looked for in each directory from the root to where the agent is started; those of `fallback` only where
    there is none of them on the way; those of `root` at the root alone. `nested` says that those of directories below
    come with their files. `text` is what is loaded of a file: all of it ("raw"), without its head ("bare"), or without
    its head and block comments ("body").
    """

    name: str
    title: str
    own: tuple[str, ...]
    instructions: tuple[tuple[str, ...], ...] = ()
    fallback: tuple[tuple[str, ...], ...] = ()
    root: tuple[tuple[str, ...], ...] = ()
    always: tuple[str, ...] = ()
    nested: bool = False
    text: str = "raw"
    imports: str = ""
    depth: int = 0
    rules: tuple[RuleFormat, ...] = ()
    skills: tuple[str, ...] = ()
    commands: str = ""
    agents: str = ""
    styles: str = ""
    skill_levels: int = 1
    skill_head: bool = False
    max_bytes: int = 0
    file_bytes: int = 0
    file_characters: int = 0
    description_characters: int = 0
    refuses: bool = False
    listing: float = 0.0
    listing_unit: str = "characters"
    cuts_tools: bool = False

    @property
    def certain(self) -> bool:
        """Whether what it loads was read in its vendor's source or documentation."""
        rows = [fact for fact in FACTS if fact.agent == self.name]
        return not rows or any(fact.certainty is not Certainty.SEEN for fact in rows)

    @property
    def date(self) -> str:
        """The month of the newest of its facts."""
        return max((fact.date[:7] for fact in FACTS if fact.agent == self.name), default="")


_CLAUDE_RULES = RuleFormat(".claude/rules", ".md", "paths", "start", wrong=("applyTo", "globs", "alwaysApply"))
_COPILOT_RULES = RuleFormat(
    ".github/instructions", ".instructions.md", "applyTo", "asked", wrong=("paths", "globs"), above=False
)

SPECS: Final = MappingProxyType(
    {
        spec.name: spec
        for spec in (
            Spec(
                "claude",
                "Claude Code",
                own=("CLAUDE.md", "CLAUDE.local.md", ".claude/"),
                instructions=(("CLAUDE.md",), (".claude/CLAUDE.md",), ("CLAUDE.local.md",)),
                fallback=(("AGENTS.md",), (".claude/AGENTS.md",)),
                nested=True,
                text="body",
                imports="claude",
                depth=4,
                rules=(_CLAUDE_RULES,),
                skills=(".claude/skills",),
                commands=".claude/commands",
                agents=".claude/agents",
                styles=".claude/output-styles",
                file_bytes=4_194_304,
                description_characters=1_536,
                listing=0.01,
                cuts_tools=True,
            ),
            Spec(
                "codex",
                "Codex CLI",
                own=("AGENTS.md", "AGENTS.override.md", ".codex/", ".agents/"),
                instructions=(("AGENTS.override.md", "AGENTS.md"),),
                skills=(".agents/skills", ".codex/skills"),
                skill_levels=6,
                skill_head=True,
                max_bytes=32_768,
                description_characters=1_024,
                refuses=True,
                listing=0.02,
                listing_unit="bytes",
            ),
            Spec(
                "copilot",
                "GitHub Copilot CLI",
                own=(".github/copilot-instructions.md", ".github/instructions/", ".github/skills/"),
                instructions=((".github/copilot-instructions.md",), ("AGENTS.md",)),
                root=(("CLAUDE.md",), ("GEMINI.md",)),
                nested=True,
                rules=(_COPILOT_RULES,),
                skills=(".github/skills", ".claude/skills", ".agents/skills"),
            ),
            Spec(
                "vscode",
                "Copilot in VS Code",
                own=(),
                root=((".github/copilot-instructions.md",), ("AGENTS.md",), ("CLAUDE.md",), (".claude/CLAUDE.md",)),
                rules=(_COPILOT_RULES, _CLAUDE_RULES._replace(wrong=(), above=False)),
                skills=(".github/skills", ".claude/skills", ".agents/skills"),
            ),
            Spec(
                "cursor",
                "Cursor",
                own=(".cursor/", ".cursorrules"),
                instructions=(("AGENTS.md",),),
                root=((".cursorrules",),),
                nested=True,
                rules=(
                    RuleFormat(
                        ".cursor/rules",
                        ".mdc",
                        "globs",
                        "asked",
                        always="alwaysApply",
                        wrong=("paths", "applyTo"),
                        bare=True,
                    ),
                ),
                skills=(".cursor/skills",),
            ),
            Spec(
                "gemini",
                "Gemini CLI",
                own=("GEMINI.md", ".gemini/"),
                instructions=(("GEMINI.md",),),
                nested=True,
                imports="gemini",
                depth=5,
                skills=(".gemini/skills", ".agents/skills"),
            ),
            Spec(
                "opencode",
                "OpenCode",
                own=("opencode.json", ".opencode/"),
                instructions=(("AGENTS.md",),),
                fallback=(("CLAUDE.md",),),
                skills=(".opencode/skills", ".claude/skills", ".agents/skills"),
            ),
            Spec(
                "windsurf",
                "Windsurf",
                own=(".windsurf/", ".windsurfrules"),
                instructions=(("AGENTS.md",),),
                nested=True,
                rules=(RuleFormat(".windsurf/rules", ".md", "globs", "asked", trigger="trigger", bare=True),),
                skills=(".windsurf/skills",),
                file_characters=12_000,
            ),
            Spec(
                "zed",
                "Zed",
                own=(".rules",),
                root=(
                    (
                        *(".rules", ".cursorrules", ".windsurfrules", ".clinerules", ".github/copilot-instructions.md"),
                        *("AGENT.md", "AGENTS.md", "CLAUDE.md", "GEMINI.md"),
                    ),
                ),
            ),
            Spec(
                "cline",
                "Cline",
                own=(".clinerules",),
                root=((".clinerules", "AGENTS.md"),),
                rules=(RuleFormat(".clinerules", ".md", "paths", "start", above=False),),
            ),
            Spec("junie", "Junie", own=(".junie/",), root=((".junie/guidelines.md",),)),
        )
    }
)
