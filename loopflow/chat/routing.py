"""Which model is for what, which one stands in for another, and how long one is left alone that said "too many"."""

import math
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from threading import Lock
from types import MappingProxyType
from typing import Final, NamedTuple

from loopflow.chat.tasks import Task
from loopflow.errors import ExitCode, LoopflowError

WORKLOADS: Final[Mapping[Task, str]] = MappingProxyType(
    {
        "TOOL_CALL": "TOOL_CALL",
        "CODE_GENERATION": "CODING",
        "EXPLANATION": "EXPLANATION",
        "PLANNING": "PLANNING",
        "REVIEW": "REVIEW",
        "UNKNOWN": "UNKNOWN",
    }
)
"""What a task is called in routes."""
_FIRST_WAIT: Final = 60
_LONGEST_WAIT: Final = 600
_DAY: Final = 86_400
"""Seconds: no word of a server is heeded for longer."""
_MOST_DOUBLINGS: Final = 10


class Routes(NamedTuple):
    """Models by workload. With `switch`, calls of tools below `simple_tokens` go to `simple_model`.

    `failover` names for a model which one takes its place while it is left alone.
    """

    table: Mapping[str, str] = MappingProxyType({})
    simple_model: str = ""
    simple_tokens: int = 0
    switch: bool = False
    failover: Mapping[str, str] = MappingProxyType({})


NO_ROUTES: Final = Routes()


class Route(NamedTuple):
    """What a request is for, which model is meant for that, and which one takes it."""

    workload: str
    expected: str
    model: str

    @property
    def ok(self) -> bool:
        """Whether the one that is meant for it takes it."""
        return self.expected == self.model


def choose_route(task: Task, model: str, tokens: int, routes: Routes) -> Route:
    """Return where a request of so many tokens goes that was made for `model`."""
    workload = WORKLOADS[task]
    expected = routes.table.get(workload) or routes.table.get(task) or model
    if routes.switch and task == "TOOL_CALL" and routes.simple_model and tokens < routes.simple_tokens:
        return Route(workload, routes.simple_model, routes.simple_model)
    return Route(workload, expected, model)


class CoolingDown(LoopflowError):  # noqa: N818  it is a state of things
    """A model said that there were too many requests, and is left alone for so many `seconds` more."""

    def __init__(self, model: str, seconds: float) -> None:
        what = f"{model or 'the model'} had too many requests and is left alone for {math.ceil(seconds):,} s"
        super().__init__(what, "wait, or name a model in chat.routes.failover", ExitCode.CANNOT_RUN)
        self.model = model
        self.seconds = seconds


class Cooldowns:
    """Who is left alone until when, by key: of a model, and of the account that asks. For many threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, wall: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._wall = wall
        self._lock = Lock()
        self._until: dict[tuple[str, str], float] = {}
        self._in_a_row: dict[tuple[str, str], int] = {}

    def now(self) -> float:
        """Return the time by which requests are told apart, in seconds."""
        return self._clock()

    def refuse(self, key: tuple[str, str], retry_after: str | None, sent: float | None = None) -> tuple[int, float]:
        """Take note of a 429; return how many there were in a row, and the seconds for which it is left alone.

        Of a request that was `sent` (now, if that is not said) before it stopped being left alone, it is none more:
        of a hundred requests in flight all are refused at once. Then only what the server says makes it longer.
        """
        said = read_retry_after(retry_after, self._wall())
        with self._lock:
            number = self._in_a_row.get(key, 0) + 1
            seconds = float(min(_FIRST_WAIT * 2 ** min(number - 1, _MOST_DOUBLINGS), _LONGEST_WAIT))
            if not self._is_news(key, sent):
                number, seconds = max(number - 1, 1), self._left(key)
            seconds = seconds if said is None else said
            self._in_a_row[key] = number
            self._until[key] = max(self._until.get(key, 0), self._clock() + seconds)
            return number, seconds

    def accept(self, key: tuple[str, str], sent: float | None = None) -> None:
        """Take note of an answer: the row is over, but for one to a request that was on its way when it was refused."""
        with self._lock:
            if self._is_news(key, sent):
                self._in_a_row.pop(key, None)

    def left(self, key: tuple[str, str]) -> float:
        """Return the seconds for which it is still left alone, 0 if it is not."""
        with self._lock:
            return self._left(key)

    def _left(self, key: tuple[str, str]) -> float:
        return max(self._until.get(key, 0) - self._clock(), 0)

    def _is_news(self, key: tuple[str, str], sent: float | None) -> bool:
        """Whether what became of a request says more than is known since the latest 429."""
        return (self._clock() if sent is None else sent) >= self._until.get(key, -math.inf)


def read_retry_after(value: str | None, now: float) -> float | None:
    """Return the seconds that a header `Retry-After` means, at most a day; None where it says nothing.

    RFC 9110, section 10.2.3: seconds, or a date. What lies in the past says nothing.
    """
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - now
        except (ValueError, TypeError, OverflowError):
            return None
    return min(seconds, _DAY) if math.isfinite(seconds) and seconds > 0 else None


SHARED: Final = Cooldowns()
"""Of this process."""
