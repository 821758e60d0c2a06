"""The types between the steps of a survey. Paths are POSIX, relative to the root of the tree; "" is the root itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

ROOT = "."
"""What the root is called where it is shown."""

NOT_COUNTED = "the agents' own prompts and tools, and what lies outside this repository"


class When(StrEnum):
    """When a text is loaded: in a session's first prompt, with a file that is read, on use, when asked for, apart."""

    START = "start"
    FILES = "files"
    USE = "use"
    ASKED = "asked"
    APART = "apart"


class Kind(StrEnum):
    """What a text is to the agent that loads it."""

    INSTRUCTIONS = "instructions"
    RULE = "rule"
    DESCRIPTION = "description"
    SKILL = "skill"
    COMMAND = "command"
    REFERENCE = "reference"
    AGENT = "agent"
    STYLE = "style"


class Section(NamedTuple):
    """A heading and the text up to the next one: the heading's line, its level (0 before the first) and its tokens."""

    line: int
    level: int
    title: str
    tokens: int


class Part(NamedTuple):
    """One text as it is loaded: from the file at `path` (its real path), with what it costs."""

    path: str
    kind: Kind
    name: str
    tokens: int
    characters: int
    bytes: int
    digest: str = ""
    lossy: bool = False
    sections: tuple[Section, ...] = ()
    first_line: int = 1
    last_line: int = 1

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is told from others by, at one place."""
        return self.kind.value, self.path, self.name


class Kept(NamedTuple):
    """What arrives of a text that is cut."""

    bytes: int
    tokens: int


class Load(NamedTuple):
    """A part, and when an agent loads it. `through` is the chain of imports and links that leads to it."""

    part: Part
    when: When
    where: str = ""
    globs: tuple[str, ...] = ()
    through: tuple[str, ...] = ()
    kept: Kept | None = None

    @property
    def tokens(self) -> int:
        """What arrives."""
        return self.part.tokens if self.kept is None else self.kept.tokens


class Place(NamedTuple):
    """A directory, and what an agent loads there; all numbers are tokens.

    `start` where it is started in it, `files` the most that a file of it adds to what the root loads, `here` the most
    that work in it loads. `own` are the paths of what this directory adds itself.
    """

    agent: str
    directory: str
    start: int
    files: int
    here: int
    loads: tuple[Load, ...] = ()
    lost: int = 0
    own: tuple[str, ...] = ()


class Lost(NamedTuple):
    """What an agent leaves out without a word. `limit`, `kept` and `lost` are in `unit`; `tokens` are those lost.

    `first_line` is the first that does not arrive whole. `certain` says whether the limit may fail a check.
    """

    agent: str
    directory: str
    path: str
    unit: str
    limit: int
    kept: int
    lost: int
    tokens: int
    first_line: int
    sections: tuple[str, ...] = ()
    what: str = "chain"
    name: str = ""
    certain: bool = True
    digest: str = ""


class Finding(NamedTuple):
    """Something that is not as whoever wrote it meant it to be."""

    code: str
    path: str
    line: int
    agent: str
    message: str
    hint: str = ""
    is_gap: bool = False


class Repeat(NamedTuple):
    """A block that an agent loads twice at one place, or, without an agent, that stands in two files."""

    agent: str
    directory: str
    tokens: int
    first: str
    first_line: int
    second: str
    second_line: int


class Tool(NamedTuple):
    """One tool of a recorded list; numbers are tokens, `not_sent` those of what an API does not take.

    `description_over` are those beyond the bytes that an agent takes which cuts descriptions.
    """

    name: str
    tokens: int
    description: int
    schema: int
    not_sent: int
    description_bytes: int = 0
    description_over: int = 0
    findings: tuple[str, ...] = ()


class Server(NamedTuple):
    """A recorded list of tools. `names` are the tokens of all names and of the server's instructions."""

    path: str
    tools: tuple[Tool, ...]
    names: int
    pretty_bytes: int
    server: str = ""
    instructions_bytes: int = 0
    instructions_over: int = 0
    digest: str = ""

    @property
    def tokens(self) -> int:
        """What all tools cost in the form that an API takes."""
        return sum(tool.tokens for tool in self.tools)


class Measure(NamedTuple):
    """One thing that a rule can hold: an item of a budget. `group` is the part that it belongs to."""

    name: str
    group: str
    tokens: int
    agent: str = ""
    where: str = ""
    path: str = ""
    line: int = 1
    characters: int = 0
    bytes: int = 0
    lines: int = 0
    digest: str = ""
    certain: bool = True


@dataclass(frozen=True, slots=True)
class AgentSurvey:
    """What one agent loads."""

    name: str
    title: str
    facts: str
    places: tuple[Place, ...]
    uses: tuple[Load, ...] = ()


@dataclass(frozen=True, slots=True)
class Survey:
    """What all agents load from one tree."""

    source: Mapping[str, Any]
    encoding: str
    window: int
    agents: tuple[AgentSurvey, ...] = ()
    lost: tuple[Lost, ...] = ()
    findings: tuple[Finding, ...] = ()
    repeats: tuple[Repeat, ...] = ()
    servers: tuple[Server, ...] = ()
    measures: tuple[Measure, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def parts(self) -> dict[tuple[str, str, str], Part]:
        """All texts that are loaded by any agent, each once."""
        found: dict[tuple[str, str, str], Part] = {}
        for agent in self.agents:
            for load in (*(load for place in agent.places for load in place.loads), *agent.uses):
                found.setdefault(load.part.key, load.part)
        return found

    @property
    def gaps(self) -> tuple[Finding, ...]:
        """What should have been counted and could not be."""
        return tuple(finding for finding in self.findings if finding.is_gap)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing that any agent would load."""
        return not (self.agents or self.servers)


@dataclass(frozen=True, slots=True)
class Grown:
    """Where a part grew: the heading to point at, and by how many tokens."""

    path: str
    line: int
    title: str
    tokens: int


@dataclass(frozen=True, slots=True)
class Ruling:
    """What became of one limit: ok, warn, inherited or fail; `value` and `limit` are in `unit`.

    `config` is where the limit is written. `grown` says where to look; `over` names each item that is over, with its
    value.
    """

    rule: str
    part: str
    scope: str
    status: str
    limit: int | None
    value: int
    before: int | None
    unit: str = "tokens"
    subject: str = ""
    config: str = ""
    note: str = ""
    grown: Grown | None = None
    over: tuple[tuple[str, int], ...] = ()
    more: int = 0


@dataclass(frozen=True, slots=True)
class Compared:
    """What the change added: `start` is what its beginning is called; each row is a measure, before and after."""

    start: str
    rows: tuple[tuple[str, int | None, int | None], ...] = ()


@dataclass(frozen=True, slots=True)
class AgentsReport:
    """A survey, compared and judged as far as that was asked for."""

    survey: Survey
    compared: Compared | None = None
    rulings: tuple[Ruling, ...] = ()
    is_checked: bool = False
    top: int | None = None
    verbose: bool = False
    explained: Mapping[str, Any] = field(default_factory=dict)

    @property
    def failed(self) -> tuple[Ruling, ...]:
        """What stops a change."""
        return tuple(ruling for ruling in self.rulings if ruling.status == "fail")


@dataclass(frozen=True, slots=True)
class SurveyRequest:
    """Which agents, below which directories; `source` is what the JSON says of where it was read."""

    agents: tuple[str, ...] = ()
    directories: tuple[str, ...] = ()
    all: bool = False
    local: bool = False
    references: bool = False
    drift: bool = False
    window: int = 0
    source: Mapping[str, str | None] = field(default_factory=dict)
