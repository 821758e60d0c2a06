"""Ledgers to test with: each test that takes one runs with SQLite, and with PostgreSQL among the slow kinds."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from loopflow.usage.database import Database
from loopflow.usage.ledger import Ledger
from loopflow.usage.opening import Usage
from tests.support.postgres import make_database, serve_postgres

_numbers = count()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Return the beginning of URLs of a server that is there for this run."""
    with serve_postgres() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of a ledger that is not there yet."""
    if request.param == "sqlite":
        return str(tmp_path / "data" / "usage.sqlite3")
    return make_database(request.getfixturevalue("postgres"), f"ledger{next(_numbers)}")


@pytest.fixture
def ledger(address: str) -> Ledger:
    """Return a ledger that is empty."""
    return Ledger(Database(address))


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 11, 10, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        """Set it forward, or back."""
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    """Return a clock at ten in the morning, on a Wednesday in March."""
    return Clock()


@pytest.fixture
def open_ledger(ledger: Ledger, clock: Clock) -> Callable[..., Usage]:
    """Return what opens the ledger, with budgets and channels."""
    return lambda **given: Usage(ledger, clock=clock, **given)
