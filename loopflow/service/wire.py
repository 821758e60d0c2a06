"""What requests and replies look like. Unknown fields are errors; /openapi.json is made from these."""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

MOST_TEXTS = 1_000
Encoding = Literal["o200k_base", "cl100k_base"]
Encodings = Annotated[list[str], Meta(min_length=1, max_length=2, description="o200k_base, cl100k_base, or both.")]
Variables = Annotated[dict[str, str], Meta(description="Values that @[var:NAME] refers to.")]
Level = Literal["memory", "database", "computed"]


class Asked(Struct, forbid_unknown_fields=True):
    """A request."""


class CountRequest(Asked):
    """A text to count."""

    text: str
    encoding: str | None = None


class CountReply(Struct):
    """What a text costs."""

    tokens: int
    encoding: str
    characters: int
    bytes: int
    cache: Level


class BatchRequest(Asked):
    """Texts to count."""

    texts: Annotated[list[str], Meta(max_length=MOST_TEXTS)]
    encodings: Encodings | None = None


class BatchError(Struct):
    """A text that could not be counted."""

    index: int
    encoding: str
    code: str
    detail: str


class BatchReply(Struct):
    """Tokens by encoding, in order; null for a text that could not be counted."""

    counts: dict[str, list[int | None]]
    errors: list[BatchError]


class AnswerRequest(Asked):
    """A text to count with what it refers to."""

    text: str
    encodings: Encodings | None = None
    variables: Variables = {}
    refresh: bool = False


class Trouble(Struct):
    """Why something counts nothing."""

    code: str
    detail: str
    hint: str
    retryable: bool
    last_known_tokens: int | UnsetType | None = UNSET


class ReferenceReply(Struct):
    """What a reference holds, or why it cannot be had."""

    reference: str
    kind: Literal["file", "api", "var"]
    start: int
    end: int
    state: Literal["ok", "error"]
    tokens: dict[str, int] | UnsetType = UNSET
    bytes: int | UnsetType = UNSET
    cache: Level | UnsetType = UNSET
    changed: bool | UnsetType = UNSET
    lossy: bool | UnsetType = UNSET
    fetched_at: float | UnsetType = UNSET
    error: Trouble | UnsetType = UNSET


class AnswerOf(Struct):
    """What a text costs in an encoding."""

    content: int
    references: int
    total: int


class WindowReply(Struct):
    """A model's window, and how full it is."""

    model: str
    window: int
    share: float
    state: Literal["ok", "near", "exceeded"]
    exact: bool


class AnswerReply(Struct):
    """What a text costs with what it refers to, by encoding."""

    answers: dict[str, AnswerOf]
    complete: bool
    parts: list[ReferenceReply]
    windows: list[WindowReply]


class ReferencesRequest(Asked):
    """References to count, each written as in a text."""

    references: Annotated[list[str], Meta(max_length=MOST_TEXTS)]
    encodings: Encodings | None = None
    variables: Variables = {}
    refresh: bool = False


class ReferencesReply(Struct):
    """What each reference costs, in order."""

    total: dict[str, int]
    results: list[ReferenceReply]


class CompleteRequest(Asked):
    """The beginning of a path, as `@[file:` would be followed by it, without what escapes a bracket."""

    prefix: Annotated[str, Meta(max_length=4_096)] = ""


class CompleteReply(Struct):
    """Paths of one directory that begin so and may be read, in order; a directory ends with a slash."""

    paths: list[str]
    more: Annotated[bool, Meta(description="Whether there are more than are told.")]


class TokensRequest(Asked):
    """A text whose tokens are wanted, between two places in bytes of its UTF-8."""

    text: str
    encoding: str | None = None
    start: Annotated[int, Meta(ge=0)] = 0
    end: Annotated[int, Meta(ge=0)] | None = None


class TokensReply(Struct):
    """How many tokens a text has, and at most 20,000 of them: ids, where each ends, and the number of the first."""

    tokens: int
    encoding: str
    first: int
    ids: list[int]
    ends: list[int]


class TaskRequest(Asked):
    """Something to be done in the background."""

    kind: Literal["text", "references"]
    text: str | None = None
    references: Annotated[list[str], Meta(max_length=MOST_TEXTS)] | None = None
    encoding: str | None = None
    priority: Literal["high", "medium", "low"] = "medium"


class TaskAccepted(Struct):
    """A task that will be done."""

    task_id: str
    status: str


class TaskReply(Struct):
    """A task as it is now. Times are seconds since 1970."""

    task_id: str
    kind: str
    status: Literal["pending", "running", "completed", "failed", "cancelled"]
    priority: Literal["high", "medium", "low"]
    encoding: str
    attempts: int
    progress: int
    created_at: float
    started_at: float | None
    finished_at: float | None
    result: dict[str, Any] | UnsetType | None = UNSET
    error: dict[str, Any] | UnsetType | None = UNSET
    next_try: float | UnsetType = UNSET


class TasksReply(Struct):
    """Tasks, the newest first, and how many there are by status and priority."""

    tasks: list[TaskReply]
    queue: dict[str, dict[str, int]]


class VariableRequest(Asked):
    """A value."""

    value: str
    encoding: str | None = None


class VariableReply(Struct):
    """What a variable costs; its value is not told."""

    name: str
    tokens: int
    changed: bool = False
    previous_tokens: int | UnsetType | None = UNSET


class CacheReply(Struct):
    """What the cache did since the start, and what it holds."""

    hits: dict[str, int]
    misses: dict[str, int]
    evictions: int
    entries: int
    bytes: int
    writes_pending: int
    writes_lost: int
    store: str


class RemovedReply(Struct):
    """How many entries are gone."""

    removed: int


class PriceReply(Struct):
    """What a million tokens of input cost: digits, and the currency before or after them, as the config has it."""

    amount: str
    before: str
    after: str


class ModelReply(Struct):
    """A window that texts are held against. It is near its end from so many tokens on."""

    name: str
    window: int
    near_from: int
    encoding: str
    exact: bool
    price: PriceReply | UnsetType = UNSET


class ModelsReply(Struct):
    """The windows, and the encodings that there are."""

    models: list[ModelReply]
    encodings: list[str]
    default: str


class HealthReply(Struct):
    """How it is."""

    status: Literal["ok", "degraded", "stopping"]
    parts: dict[str, str]


class Problem(Struct):
    """What went wrong (RFC 9457). `code` is for programs and does not change."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    hint: str
    retryable: bool
