"""The types that pass from one step to the next: frozen, and without anything of HTTP or SQL."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Literal, NamedTuple, TypeAlias

Kind: TypeAlias = Literal["file", "api", "var"]


class CacheLevel(StrEnum):
    """Where a count came from."""

    MEMORY = "memory"
    DATABASE = "database"
    COMPUTED = "computed"


class Priority(IntEnum):
    """What goes first."""

    HIGH = 0
    MEDIUM = 1
    LOW = 2


class TaskStatus(StrEnum):
    """How far a task is."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Count(NamedTuple):
    """What a text costs, in which encoding, and where that came from. A tuple, since there are thousands a second."""

    tokens: int
    encoding: str
    characters: int
    bytes: int
    level: CacheLevel


class Reference(NamedTuple):
    """What a text refers to. `start` and `end` say where, in characters."""

    kind: Kind
    target: str
    start: int = 0
    end: int = 0

    @property
    def marker(self) -> str:
        """How it is written."""
        target = self.target.replace("\\", "\\\\").replace("]", "\\]")
        return f"@[{self.kind}:{target}]"


@dataclass(frozen=True, slots=True)
class Content:
    """What a reference holds: its counts by encoding, and what it was known by."""

    tokens: Mapping[str, int]
    bytes: int
    digest: str
    level: CacheLevel
    lossy: bool = False
    changed: bool = False
    fetched_at: float = 0.0
    """Seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """A reference, and what it costs in each encoding that was asked for."""

    reference: Reference
    content: Content


@dataclass(frozen=True, slots=True)
class Failed:
    """A reference that counts nothing, and why."""

    reference: Reference
    code: str
    message: str
    hint: str = ""
    retryable: bool = False
    last_known_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a text costs with all that it refers to. A reference that occurs twice is counted twice."""

    encoding: str
    content: int
    references: int
    parts: tuple[Resolved | Failed, ...] = field(default=())

    @property
    def total(self) -> int:
        """Both together."""
        return self.content + self.references

    @property
    def complete(self) -> bool:
        """Whether nothing failed."""
        return not any(isinstance(part, Failed) for part in self.parts)


@dataclass(frozen=True, slots=True)
class CacheFigures:
    """What the cache did since the start, and what it holds."""

    hits: Mapping[str, int]
    misses: Mapping[str, int]
    evictions: int
    entries: int
    bytes: int
    writes_pending: int
    writes_lost: int
    store: str
