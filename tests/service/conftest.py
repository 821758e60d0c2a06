"""Databases: SQLite in a file, and PostgreSQL where it is installed; and the live page in a browser."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TypeVar

import pytest
from playwright.sync_api import Browser

from loopflow.service.database import Database, read_database_url
from loopflow.tokens import create_counter
from tests.support.browser import launch_browser
from tests.support.live_page import Open, visit
from tests.support.postgres import make_database, serve_postgres
from tests.support.serve import Server, serve

T = TypeVar("T")


@pytest.fixture(autouse=True)
def shared_counters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let services that are made anew for each test count with what is loaded already."""
    monkeypatch.setattr("loopflow.service.counting.create_counter", _COUNTER)


_COUNTER = cache(create_counter)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Return the address of a database of PostgreSQL."""
    with serve_postgres() as url:
        yield make_database(url, "service")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.server)])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of an empty database, of both kinds."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/data/service.sqlite3"
    url: str = request.getfixturevalue("postgres")
    empty(url)
    return url


@pytest.fixture
def database(address: str) -> Iterator[Database]:
    """Return a database with its tables."""
    database = Database(read_database_url(address))
    database.create()
    yield database
    database.close()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Return Chromium."""
    with launch_browser(tmp_path_factory.mktemp("browser")) as browser:
        yield browser


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory that a service serves: empty, where a module puts nothing there."""
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def arguments() -> tuple[str, ...]:
    """Return what the service is started with."""
    return ()


@pytest.fixture(scope="module")
def server(root: Path, arguments: tuple[str, ...]) -> Iterator[Server]:
    """Return a service of the module's own."""
    with serve(root, *arguments) as server:
        yield server


@pytest.fixture
def open_page(browser: Browser, server: Server) -> Iterator[Open]:
    """Return what opens the page of the service."""
    with visit(browser, server) as open_page:
        yield open_page


def empty(url: str) -> None:
    """Take everything out of a database."""
    from loopflow.service.tables import Base  # noqa: PLC0415

    database = Database(read_database_url(url))
    Base.metadata.drop_all(database.engine)
    database.close()


def run(function: Callable[[], Awaitable[T]]) -> T:
    """Run in an event loop of its own."""

    async def call() -> T:
        return await function()

    return asyncio.run(call())
