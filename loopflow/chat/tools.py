"""What a tool's output may take, and how it is narrowed, by the tool's name. What changes files or asks stays whole.

A name is looked at in words: `run_shell_command` and `RunShellCommand` have `shell`, `mcp__forum__list_threads` has no
`read`.
"""

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

Kind = Literal["whole", "web", "shell", "read", "search", "list", "other"]
Mode = Literal["error-only", "heads-tails", "smart-summary"]

MODES: Final[tuple[Mode, ...]] = ("error-only", "heads-tails", "smart-summary")
ANYTHING: Final = 1 << 40
"""Tokens that no output has."""
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_MCP: Final = "mcp__"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_WORDS: Final[Mapping[Kind, frozenset[str]]] = MappingProxyType(
    {
        "whole": _words(
            "edit edits editor multiedit write todowrite patch applypatch replace insert todo todos plan ask question"
        ),
        "web": _words("web fetch http browse browser url webfetch websearch"),
        "shell": _words("bash shell sh zsh powershell exec execute command commands terminal run"),
        "read": _words("read cat view open readfile"),
        "search": _words("grep search rg ripgrep"),
        "list": _words("glob list ls listdir tree find"),
    }
)


class Rule(NamedTuple):
    """How the output of a tool is narrowed: at most so many tokens, and lines and characters where they are not 0."""

    kind: Kind
    tokens: int
    lines: int = 0
    characters: int = 0
    mode: Mode | None = None
    """None for what suits the output."""

    @property
    def never(self) -> bool:
        """Whether nothing is left out, whatever it takes."""
        return self.kind == "whole"


class OwnRule(NamedTuple):
    """What a config says of a tool; None where it says nothing."""

    tokens: int | None = None
    lines: int | None = None
    characters: int | None = None
    mode: Mode | None = None
    never: bool | None = None


_RULES: Final[Mapping[Kind, Rule]] = MappingProxyType(
    {
        "whole": Rule("whole", ANYTHING),
        "web": Rule("web", 3_000),
        "shell": Rule("shell", 3_000, 160, 40_000),
        "read": Rule("read", 3_000, 200),
        "search": Rule("search", 2_000),
        "list": Rule("list", 1_500),
        "other": Rule("other", 2_500),
    }
)


@lru_cache(1024)
def find_kind(tool: str) -> Kind:
    """Return what a tool does, as far as its name says; of a tool of a server for MCP, the part behind the server's."""
    name = tool.rpartition("__")[2] if tool.startswith(_MCP) else tool
    words = {word.lower() for word in _WORD.findall(name)}
    return next((kind for kind, known in _WORDS.items() if not known.isdisjoint(words)), "other")


def find_rule(tool: str, own: Mapping[str, OwnRule] = MappingProxyType({})) -> Rule:
    """Return how the output of a tool is narrowed: as `own` says of its name, or of the first pattern that fits it."""
    rule = _RULES[find_kind(tool)]
    if tool.startswith(_MCP) and not rule.never:
        rule = rule._replace(tokens=_RULES["other"].tokens)
    said = own.get(tool) or next((each for name, each in own.items() if fnmatchcase(tool, name)), None)
    return rule if said is None else _override(rule, said)


def _override(rule: Rule, said: OwnRule) -> Rule:
    if said.never:
        return _RULES["whole"]
    if rule.never and said.never is None and said == OwnRule(mode=said.mode):
        return rule
    base = _RULES["other"] if rule.never else rule
    return base._replace(
        tokens=base.tokens if said.tokens is None else said.tokens,
        lines=base.lines if said.lines is None else said.lines,
        characters=base.characters if said.characters is None else said.characters,
        mode=said.mode or base.mode,
    )


def limit_of(tool: str | None) -> int:
    """Return the tokens that a result of a tool may have before it is called large."""
    return find_rule(tool or "").tokens


def is_kept_whole(tool: str | None) -> bool:
    """Whether results of a tool are short and matter: they are not narrowed while there is anything else."""
    return find_rule(tool or "").never
