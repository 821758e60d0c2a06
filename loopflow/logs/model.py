"""What passes from one step of a reduction to the next. Numbers of lines begin with 1; bytes are of the original."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Final, NamedTuple


class Priority(IntEnum):
    """How much a part of a log matters; `name` in lower case is how it is written."""

    VERBOSE = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def word(self) -> str:
        """The name as it is typed and shown."""
        return self.name.lower()


class Shape(StrEnum):
    """How much of a block is printed."""

    FULL = "full"
    TRIMMED = "trimmed"
    LINE = "line"
    ROW = "row"
    """A row of a table, or a part of one: that it happened, and where."""


class Span(NamedTuple):
    """Lines `first` to `last` of file number `file` (from 0), which are its bytes `start` to `end` (exclusive).

    Of a compressed file they are bytes of what is unpacked from it.
    """

    file: int
    first: int
    last: int
    start: int
    end: int


class LogLine(NamedTuple):
    """A line as it is printed: cleaned. `weight` says how much it looks like the reason of a failure, 0 to 100.

    It is 101 where a pattern of the user's says that it is critical.
    """

    number: int
    text: str
    weight: int


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that belong together because one of them matters. `headline` is the place in `lines` of what says why."""

    span: Span
    lines: tuple[LogLine, ...]
    headline: int
    recogniser: str
    priority: Priority
    kind: str = ""
    """The type of an exception, a code of a compiler, or what else names the kind of a failure."""
    step: str = ""
    component: str = ""
    stamp: str = ""
    cut: int = 0
    """How many lines more it had than are kept."""
    gap: int = 0
    """The place in `lines` of the first that came after those."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What happened once or many times: blocks of one signature, told by the first of them."""

    ref: str
    """"ERR-" and ten characters made of the signature: the same on every machine."""
    cause: str
    """Equal for failures with one exception type and message, wherever they happened."""
    block: Block
    count: int
    spans: tuple[Span, ...]
    """The first three and the last two of all."""
    places: tuple[str, ...] = ()
    """Places and names of tests that are folded into this one, as "L482 a.ts:99"."""
    retried: int = 0
    """The line that says that the test passed when it was tried again, 0 if there is none."""


@dataclass(frozen=True, slots=True)
class Template:
    """Lines that are alike but for their variable parts, which are `<*>` in `text`."""

    text: str
    count: int
    first: int
    last: int
    example: str
    files: tuple[int, int] = (0, 0)
    """The numbers of the files that the first and the last are in."""


class OwnPattern(NamedTuple):
    """Says of the lines that match it how much they matter, whatever the tables say."""

    priority: Priority
    match: str


class Component(NamedTuple):
    """A part of a system, told by a pattern or by paths that its failures name; `tokens` are guaranteed to it."""

    name: str
    match: str = ""
    paths: tuple[str, ...] = ()
    tokens: int = 0


class Spending(NamedTuple):
    """How a budget is spent, beside what the profile says of it."""

    is_adaptive: bool = True
    """Whether failures are told in the longest shapes, and the end gets longer, as long as there is room."""
    longest: Shape = Shape.FULL
    traces_first: bool = False
    """Whether what is critical is told whole before anything else gets more than a line."""
    most_templates: int = 60
    keeps_rest: bool = False
    """Whether templates and the end are told even where failures are left out that matter less."""


USUAL: Final = Spending()


@dataclass(frozen=True, slots=True)
class LogRequest:
    """What is asked for. `fit` and `buffer` are tokens."""

    fit: int
    buffer: int = 0
    log_type: str = ""
    """The name of a profile; "" to tell it from the log."""
    lowest: Priority = Priority.VERBOSE
    """What is below is left out."""
    timestamps: str = "first"
    """Of lines: "drop", "first" (of a block), "keep"."""
    is_short: bool = False
    """Whether what earlier runs had is told in one line."""
    redact: bool = True
    counts_input: bool = True
    is_small: bool = False
    """Whether to use less memory."""
    chunk_size: int = 0
    """Lines that share a part of the budget; 0 for as many as suit the log."""
    workers: int = 1
    """Processes; 0 for as many as suit the log: two for a long one, where there are two processors."""
    read_size: int = 0
    """Bytes; 0 for what is usual. It changes nothing but time."""
    preset: str = "balanced"
    profile_name: str = ""
    """What to call the profile; "" for as it is called."""
    shares: tuple[tuple[str, float], ...] = ()
    """What is otherwise than in the profile: names of its numbers, with their values."""
    spending: Spending = USUAL
    min_compression: int = 0
    """Per cent of the tokens of the logs that are to go, even where there is room for them."""
    patterns: tuple[OwnPattern, ...] = ()
    drop: tuple[str, ...] = ()
    """Patterns of lines that are treated as if the log had none of them."""
    components: tuple[Component, ...] = ()
    strict_components: bool = False
    """Whether a component gets no more than it is guaranteed, and nobody what it leaves."""


@dataclass(frozen=True, slots=True)
class LogProfile:
    """How a budget is spent on a kind of log: each is a share, 0 to 1."""

    name: str
    error_retention: float
    """Of what the first steps leave: how much failures may take before templates have their turn."""
    stack_trace_detail: float
    """Of the frames of a trace that is trimmed."""
    test_result_detail: float
    """Of summaries and what failing tests printed."""
    summary_size: float
    """Of what is left then: how much templates may take."""
    end_share: float = 0.35
    """Of all: how much the end of the log may take before failures are told at length."""
    spending: Spending = USUAL


@dataclass(frozen=True, slots=True)
class Source:
    """The log, once it was read. `sha256` is of all its bytes, as they lay there (of a pipe: as they came)."""

    name: str
    path: str
    """Where it lies, absolute; "" for standard input and for a command's output."""
    bytes: int
    lines: int
    sha256: str
    envelope: str = ""
    lossy: bool = False
    complete: bool = True
    """False where it became shorter while it was read."""
    dropped: int = 0
    """Lines of which nothing is told, since a pattern of the user's says so."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a failure in the digest. `tokens` is what it takes there."""

    failure: Failure
    shape: Shape | None
    tokens: int = 0


class PriorityCount(NamedTuple):
    """How many failures of a priority there were, and in what shapes they are printed."""

    priority: Priority
    found: int
    kept: int
    full: int
    trimmed: int
    line: int
    row: int
    tokens: int


class Share(NamedTuple):
    """What a component was given of the budget, and what it used, in tokens; `left_out` counts items."""

    component: str
    given: int
    used: int
    items: int
    left_out: int


@dataclass(frozen=True, slots=True)
class Digest:
    """The result: `text` is what is printed, `tokens_after` its exact count."""

    text: str
    sources: tuple[Source, ...]
    encoding: str
    fit: int
    buffer: int
    tokens_before: int | None
    """None where the input was not counted."""
    tokens_after: int
    log_type: str
    preset: str
    verbosity: str
    is_whole: bool
    """Whether the log is printed whole, since it fits."""
    complete: bool
    """False where something critical was left out, or a file became shorter while it was read."""
    head: str = ""
    """The first line, without its end: printed before the rest, or on standard error where the log is whole."""
    priorities: tuple[PriorityCount, ...] = ()
    components: tuple[Share, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    templates: tuple[Template, ...] = ()
    critical_missing: int = 0
    known: Mapping[str, str] = field(default_factory=dict)
    """The day since which failures are known, by reference: of those that earlier runs had."""


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """A chunk of lines without what wrapped them. `text` has a line end after each; the others are by line of `text`.

    None says that there is no such thing in the chunk: each line came from the one in its own place, there is one
    stream, nothing has a stamp.
    """

    text: bytes
    origins: Sequence[int] | None = None
    """The place (from 0) of the line of the chunk that each came from, never falling."""
    streams: Sequence[str] | None = None
    """Whose line each is, where several write at once, such as "web-1" or "gw0"."""
    stamps: Sequence[str] | None = None
    levels: Mapping[int, Priority] = field(default_factory=dict)
    """What a logger said of lines, by their places in `text`: only where it said something."""
    components: Mapping[int, str] = field(default_factory=dict)
    steps: Mapping[int, str] = field(default_factory=dict)
    """The step of a build that begins with a line; "" where one ends."""
