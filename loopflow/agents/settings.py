"""The table `[agents]` of the config file: which agents, what they are set to, and rules for what they load."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final, NamedTuple

from loopflow.agents.specs import SPECS, RuleFormat, Spec
from loopflow.config.toml import Table
from loopflow.config.values import (
    read_allowance,
    read_level,
    read_names,
    read_patterns,
    read_share,
    read_size,
    read_text,
)
from loopflow.model import Allowance, Level, Place

PARTS: Final = ("start", "files", "here", "file", "descriptions", "skills", "references", "agents", "tools")
"""What a rule can be about."""
UNITS: Final = ("tokens", "chars", "bytes", "lines")
WINDOW: Final = 200_000
_KEYS: Final = ("for", "window", "lost", "tools", "rule")
_AGENT_KEYS: Final = (
    *("title", "instructions", "always", "rules", "skills", "nested", "max_bytes", "max_characters", "agents_md"),
)
_RULE_KEYS: Final = ("name", "part", "agent", "paths", "each", "total", "growth", "warn", "level")
_LIMIT: Final = re.compile(r"([0-9][0-9_]*) ?(KiB|kB|MiB|bytes?|chars?|characters?|lines?|tokens?)?", re.ASCII)
_FACTORS: Final = {"KiB": 1024, "kB": 1000, "MiB": 1 << 20}
_MODES: Final = ("fallback", "both", "never")
_LOST: Final = ("warn", "fail", "off")


class Limit(NamedTuple):
    """A limit and what it is measured in."""

    value: int
    unit: str = "tokens"


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """What an agent is set to here, by the config and by its own tracked settings."""

    max_bytes: int = 0
    max_characters: int = 0
    agents_md: str = "fallback"
    instructions: tuple[tuple[str, ...], ...] = ()
    always: tuple[str, ...] = ()
    excluded: tuple["re.Pattern[str]", ...] = ()
    overrides: Mapping[str, str] = field(default_factory=dict)
    style: str = ""
    listing: float = 0.0
    description_characters: int = 0

    def excludes(self, path: str) -> bool:
        """Whether the agent's own settings leave a path out."""
        return any(pattern.match(f"/{path}") for pattern in self.excluded)


@dataclass(frozen=True, slots=True)
class AgentRule:
    """A rule: limits for a part of what is loaded. `places` say where each is written."""

    name: str
    part: str
    agents: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    each: Limit | None = None
    total: Limit | None = None
    growth: Allowance | None = None
    warn: Fraction = Fraction(9, 10)
    level: Level = Level.FAIL
    places: Mapping[str, Place] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AgentsSettings:
    """What holds for `loopflow agents`. `of` are agents' own tables, `specs` all agents there are."""

    agents: tuple[str, ...] | None = None
    window: int = WINDOW
    lost: str = "warn"
    lost_place: Place | None = None
    tools: tuple[str, ...] = ()
    rules: tuple[AgentRule, ...] = ()
    of: Mapping[str, AgentSettings] = field(default_factory=dict)
    specs: Mapping[str, Spec] = field(default_factory=lambda: SPECS)


def read_settings(table: Table) -> AgentsSettings:
    """Return what the table says. Raises ConfigError."""
    own = [name for name, value in table.values.items() if isinstance(value, dict)]
    table.require_known((*_KEYS, *own))
    specs: dict[str, Spec] = dict(SPECS)
    of = {}
    for name in own:
        inner = table.table(name)
        if inner is not None:
            specs[name], of[name] = _read_agent(inner, name, specs.get(name))
    rules = [_read_rule(each, specs) for each in table.tables("rule")]
    names = [rule.name for rule in rules]
    for each, rule in zip(table.tables("rule"), rules, strict=True):
        if names.count(rule.name) > 1:
            raise each.error("name", f"there are two rules named '{rule.name}'", "give each rule a name of its own")
    return AgentsSettings(
        agents=_read_agents(table, "for", specs) if "for" in table.values else None,
        window=read_size(table, "window") if "window" in table.values else WINDOW,
        lost=_read_choice(table, "lost", _LOST),
        lost_place=table.place("lost") if "lost" in table.values else None,
        tools=read_patterns(table, "tools") if "tools" in table.values else (),
        rules=tuple(rules),
        of=of,
        specs=specs,
    )


def _read_agents(table: Table, key: str, specs: Mapping[str, Spec]) -> tuple[str, ...]:
    names = read_names(table, key)
    for name in names:
        if name not in specs:
            raise table.error(key, f"there is no agent {name!r}", f"known are {', '.join(specs)}")
    return names


def _read_choice(table: Table, key: str, choices: Sequence[str]) -> str:
    if key not in table.values:
        return choices[0]
    value = read_text(table, key)
    if value not in choices:
        raise table.error(key, f"it is one of {', '.join(choices)}", f'write for example {key} = "{choices[0]}"')
    return value


def _read_agent(table: Table, name: str, known: Spec | None) -> tuple[Spec, AgentSettings]:
    table.require_known(_AGENT_KEYS)
    values = table.values
    spec = known or Spec(name, name, own=())
    if "title" in values:
        spec = spec._replace(title=read_text(table, "title"))
    if "nested" in values:
        spec = spec._replace(nested=_read_flag(table, "nested"))
    if "instructions" in values:
        group = read_names(table, "instructions")
        spec = spec._replace(instructions=(group,), own=spec.own or group)
    if "always" in values:
        spec = spec._replace(always=read_names(table, "always"))
    if "skills" in values:
        spec = spec._replace(skills=read_names(table, "skills"))
    if "rules" in values:
        forms = tuple(RuleFormat(each.rstrip("/"), ".md", "paths", "start") for each in read_names(table, "rules"))
        spec = spec._replace(rules=forms)
    settings = AgentSettings(
        max_bytes=_read_bytes(table, "max_bytes") if "max_bytes" in values else 0,
        max_characters=read_size(table, "max_characters") if "max_characters" in values else 0,
        agents_md=_read_choice(table, "agents_md", _MODES),
    )
    return spec, settings


def _read_flag(table: Table, key: str) -> bool:
    value = table.values[key]
    if not isinstance(value, bool):
        raise table.error(key, "it is true or false", f"write {key} = true")
    return value


def _read_bytes(table: Table, key: str) -> int:
    value = table.values[key]
    limit = Limit(value) if isinstance(value, int) and not isinstance(value, bool) else _parse_limit(value)
    if limit is None or limit.value < 0 or limit.unit not in {"bytes", "tokens"}:
        raise table.error(key, "it is no number of bytes", f'write for example {key} = "32 KiB"')
    return limit.value


def _read_rule(table: Table, specs: Mapping[str, Spec]) -> AgentRule:
    table.require_known(_RULE_KEYS)
    values = table.values
    for key in ("name", "part"):
        if key not in values:
            raise table.error("", f"this rule has no {key}", f'write {key} = "..." in it')
    if not {"each", "total", "growth"} & values.keys():
        raise table.error("", f"'{read_text(table, 'name')}' limits nothing", "write each, total or growth in it")
    rule = AgentRule(
        name=read_text(table, "name"),
        part=_read_part(table),
        agents=_read_agents(table, "agent", specs) if "agent" in values else (),
        paths=read_patterns(table, "paths") if "paths" in values else (),
        each=_read_limit(table, "each") if "each" in values else None,
        total=_read_limit(table, "total") if "total" in values else None,
        growth=read_allowance(table, "growth") if "growth" in values else None,
        warn=read_share(table, "warn") if "warn" in values else Fraction(9, 10),
        level=read_level(table, "level") if "level" in values else Level.FAIL,
        places={key: table.place(key) for key in ("", *values)},
    )
    for key, limit in (("each", rule.each), ("total", rule.total)):
        if limit and limit.unit != "tokens" and rule.part in {"start", "files", "here", "tools"}:
            raise table.error(key, f"{rule.part} is measured in tokens", f"write {key} in tokens")
    return rule


def _read_part(table: Table) -> str:
    part = read_text(table, "part")
    if part not in PARTS:
        raise table.error("part", f"there is no part {part!r}", f"it is one of {', '.join(PARTS)}")
    return part


def _read_limit(table: Table, key: str) -> Limit:
    value = table.values[key]
    found = _parse_limit(value)
    return Limit(read_size(table, key)) if found is None else found


def _parse_limit(value: Any) -> Limit | None:  # noqa: ANN401  what TOML has
    """Return a limit that carries its unit; None for one that does not, or is none."""
    found = _LIMIT.fullmatch(value) if isinstance(value, str) and len(value) < 40 else None  # noqa: PLR2004
    if found is None or found[2] is None:
        return None
    unit = found[2]
    number = int(found[1].replace("_", "")) * _FACTORS.get(unit, 1)
    if unit in _FACTORS:
        return Limit(number, "bytes")
    return Limit(number, next(name for name in UNITS if name[:4] == unit[:4]))


def has_own_agents(settings: AgentsSettings) -> bool:
    """Whether the config has agents, or words of them, that names alone do not tell."""
    return any(SPECS.get(name) != spec for name, spec in settings.specs.items())
