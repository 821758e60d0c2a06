"""What every test gets: a home directory of its own, and git without anybody's configuration."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.builder import Repo
from tests.support.environment import isolate

settings.register_profile("untimed", deadline=None)  # no test asserts a time
settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def isolated(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    isolate(monkeypatch, tmp_path_factory.mktemp("home"))


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """Return an empty repository."""
    return Repo(tmp_path / "repo")


@pytest.fixture
def make_repo(tmp_path: Path) -> Callable[..., Repo]:
    """Return a function that makes a repository at a path below the test's directory."""

    def make(name: str, *init: str) -> Repo:
        return Repo(tmp_path / name, init=init)

    return make
