"""How full something is, told once: at four fifths, and again only after it was below three quarters, or anew."""

import time
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from loopflow.chat.limits import Limits

WARN_FROM: Final = 0.80
ARM_BELOW: Final = 0.75
_DAY: Final = 86_400
_MINUTE: Final = 60


class Fullness(NamedTuple):
    """How much of a limit is used. `period` tells one day, or minute, from the next."""

    limit_type: str
    used: int
    limit: int
    period: int = 0

    @property
    def share(self) -> float:
        """The part that is used."""
        return self.used / self.limit


class Gauge:
    """Says of each limit when it is worth a warning."""

    def __init__(self) -> None:
        self._warned: dict[str, int] = {}
        """The period of the last warning, of limits that were not low since."""

    def is_worth_telling(self, fullness: Fullness) -> bool:
        """Whether to warn now. It is asked each time that something is used."""
        name = fullness.limit_type
        if fullness.share < ARM_BELOW or self._warned.get(name, fullness.period) != fullness.period:
            self._warned.pop(name, None)
        if fullness.share < WARN_FROM or name in self._warned:
            return False
        self._warned[name] = fullness.period
        return True


class Meter:
    """Adds up tokens and requests of the day (UTC) and of the minute. A clock that is set back begins a new period."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._day = self._minute = 0
        self._of_day = self._of_minute = self._requests = 0

    def add(self, tokens: int, requests: int = 0) -> None:
        """Take note of what was used."""
        self._turn()
        self._of_day += tokens
        self._of_minute += tokens
        self._requests += requests

    def fullness(self, limits: Limits) -> Iterator[Fullness]:
        """Yield how full each limit of a period is, of those that there are."""
        self._turn()
        if limits.per_day:
            yield Fullness("day", self._of_day, limits.per_day, self._day)
        if limits.per_minute:
            yield Fullness("minute", self._of_minute, limits.per_minute, self._minute)
        if limits.requests_per_minute:
            yield Fullness("requests", self._requests, limits.requests_per_minute, self._minute)

    def _turn(self) -> None:
        now = self._clock()
        day, minute = int(now // _DAY), int(now // _MINUTE)
        if day != self._day:
            self._day, self._of_day = day, 0
        if minute != self._minute:
            self._minute, self._of_minute, self._requests = minute, 0, 0
