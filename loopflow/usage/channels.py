"""What an alert says, and what carries it."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from fractions import Fraction
from hashlib import sha256
from socket import SHUT_RDWR, socket
from threading import Event as ThreadEvent
from threading import Timer
from typing import Any, Final, NamedTuple, Protocol

from loopflow.analysis.names import escape_name
from loopflow.usage.model import Level, Use

SCHEMA: Final = 1


class ChannelError(Exception):
    """An alert did not arrive. Its text says why, on one line."""


class Alert(NamedTuple):
    """What is told: that a budget is at a level, for the `number`th time in its period."""

    use: Use
    level: Level
    number: int
    at: datetime
    is_test: bool = False

    @property
    def used(self) -> int:
        """The tokens that decide: exact ones, or estimates where those are worse."""
        return max(self.use.sums.exact.used, self.use.sums.estimated.used)

    @property
    def percent(self) -> float:
        """How much of the budget that is."""
        return round(float(Fraction(100 * self.used, self.use.budget.tokens)), 1)

    @property
    def id(self) -> str:
        """The same for each attempt to tell this, so that who gets it twice can know."""
        parts = [self.use.budget.name, self.use.period.start.isoformat(), self.level.word, str(self.number)]
        return sha256("\0".join([*parts, self.at.isoformat() if self.is_test else ""]).encode()).hexdigest()[:32]

    def as_json(self) -> bytes:
        """Return the body for a webhook."""
        budget, period = self.use.budget, self.use.period
        document: dict[str, Any] = {
            "schema": SCHEMA,
            "budget": budget.name,
            "period": period.kind.value,
            "period_start": period.start.isoformat().replace("+00:00", "Z"),
            "level": self.level.word,
            "used": self.used,
            "limit": budget.tokens,
            "percent": self.percent,
            "at": self.at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        }
        return json.dumps({**document, **({"test": True} if self.is_test else {})}).encode()

    @property
    def headline(self) -> str:
        """The alert on one line."""
        shown = f"{escape_name(self.use.budget.name)} is at {self.percent:,} %"
        return f"{'Test of ' if self.is_test else ''}{self.level.word}: {shown} of its token budget"

    @property
    def text(self) -> str:
        """The alert in some lines."""
        budget, period = self.use.budget, self.use.period
        return (
            f"{self.headline}.\n\n"
            f"used    {self.used:,} tokens\n"
            f"limit   {budget.tokens:,} tokens\n"
            f"period  {period.kind.value}, since {period.start:%Y-%m-%d %H:%M} UTC\n"
            f"of      component {escape_name(budget.component)}, environment {escape_name(budget.environment)}\n"
        )


class Channel(Protocol):
    """Carries alerts to one place."""

    @property
    def name(self) -> str:
        """What it is known by in the record of alerts."""
        ...

    def send(self, alert: Alert) -> None:
        """Tell it. Raises ChannelError."""
        ...


@contextmanager
def hanging_up(seconds: float, find: Callable[[], socket | None]) -> Iterator[None]:
    """Close the connection after so many seconds: a timeout of a socket begins anew with each byte that comes.

    Raises TimeoutError where that happened, whatever was made of it.
    """
    is_over = ThreadEvent()

    def hang_up() -> None:
        is_over.set()
        found = find()
        if found is not None:
            with suppress(OSError):
                found.shutdown(SHUT_RDWR)

    timer = Timer(seconds, hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    except Exception as error:
        if is_over.is_set():
            raise TimeoutError from error
        raise
    finally:
        timer.cancel()
    if is_over.is_set():
        raise TimeoutError
