"""Settings of agents that are tracked in the repository, and change what they load. Read, never obeyed otherwise."""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from loopflow.agents.model import Finding
from loopflow.agents.reading import Library
from loopflow.agents.settings import AgentSettings
from loopflow.agents.specs import Spec
from loopflow.agents.tree import Tree
from loopflow.analysis.wildmatch import compile_glob

_FILES = {
    "claude": ".claude/settings.json",
    "codex": ".codex/config.toml",
    "gemini": ".gemini/settings.json",
    "opencode": "opencode.json",
}
_MOST = 1e15
_COMMENTS = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)


def read_tracked(
    spec: Spec, settings: AgentSettings, tree: Tree, library: Library, findings: list[Finding]
) -> tuple[AgentSettings, list[str]]:
    """Return the settings of an agent with what its own file says, and remarks of what came of that."""
    path = _FILES.get(spec.name, "")
    found = tree.find(path) if path else None
    if found is None:
        return settings, []
    text = library.settings(tree.files[found.path])
    values = None if text is None else _parse(path, text)
    if values is None:
        findings.append(Finding("settings", path, 1, spec.name, "its settings cannot be read, and are left out"))
        return settings, []
    reader = {"claude": _of_claude, "codex": _of_codex, "gemini": _of_gemini, "opencode": _of_opencode}[spec.name]
    return reader(values, settings, path)


def _parse(path: str, text: str) -> Mapping[str, Any] | None:
    try:
        values: Any = tomllib.loads(text) if path.endswith(".toml") else _parse_json(text)
    except (ValueError, RecursionError):
        return None
    return values if isinstance(values, dict) else None


def _parse_json(text: str) -> Any:  # noqa: ANN401  whatever it holds
    try:
        return json.loads(text)
    except ValueError:  # some of them may have comments
        return json.loads(_COMMENTS.sub(lambda found: found[1] or "", text))


def _of_claude(values: Mapping[str, Any], settings: AgentSettings, _path: str) -> tuple[AgentSettings, list[str]]:
    patterns = [each for each in _texts(values.get("claudeMdExcludes")) if each.startswith("**/")]
    overrides = values.get("skillOverrides")
    style = values.get("outputStyle")
    return replace(
        settings,
        excluded=tuple(pattern for each in patterns if (pattern := _compile(each))),
        overrides={
            name: value
            for name, value in (overrides.items() if isinstance(overrides, dict) else ())
            if isinstance(value, str)
        },
        style=style if isinstance(style, str) else "",
        listing=_number(values.get("skillListingBudgetFraction")) or settings.listing,
        description_characters=int(_number(values.get("skillListingMaxDescChars"))) or settings.description_characters,
    ), []


def _of_codex(values: Mapping[str, Any], settings: AgentSettings, path: str) -> tuple[AgentSettings, list[str]]:
    most, names = (
        int(_number(values.get("project_doc_max_bytes"))),
        _texts(values.get("project_doc_fallback_filenames")),
    )
    remarks = []
    if most and not settings.max_bytes:
        settings = replace(settings, max_bytes=most)
        remarks.append(f"project_doc_max_bytes in {path} holds where the project is trusted")
    if names:
        settings = replace(settings, instructions=(("AGENTS.override.md", "AGENTS.md", *names),))
        remarks.append(f"project_doc_fallback_filenames in {path} holds where the project is trusted")
    return settings, remarks


def _of_gemini(values: Mapping[str, Any], settings: AgentSettings, _path: str) -> tuple[AgentSettings, list[str]]:
    context = values.get("context")
    name = context.get("fileName") if isinstance(context, dict) else None
    names = (name,) if isinstance(name, str) else _texts(name)
    return (replace(settings, instructions=tuple((each,) for each in names)) if names else settings), []


def _of_opencode(values: Mapping[str, Any], settings: AgentSettings, _path: str) -> tuple[AgentSettings, list[str]]:
    names = _texts(values.get("instructions"))
    fetched = [name for name in names if "://" in name]
    remarks = [f"OpenCode fetches {len(fetched)} of its instructions, which are not counted"] if fetched else []
    return replace(settings, always=tuple(name for name in names if "://" not in name)), remarks


def _texts(value: object) -> tuple[str, ...]:
    return tuple(each for each in value if isinstance(each, str) and each) if isinstance(value, list) else ()


def _number(value: object) -> float:
    """Return a number above 0, or 0 for anything else."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return 0.0
    return float(value) if 0 < value < _MOST else 0.0


def _compile(pattern: str) -> "re.Pattern[str] | None":
    try:
        return compile_glob(pattern)
    except ValueError:
        return None
