"""What every test gets: a home directory of its own, and git without anybody's configuration."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.builder import GIT_ENVIRONMENT, Repo

_UNSET = (
    "CI",
    "COLUMNS",
    "FORCE_COLOR",
    "GIT_CEILING_DIRECTORIES",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "GIT_DIR",
    "GIT_INDEX_FILE",
    "GIT_WORK_TREE",
    "LOOPFLOW_ENGINE",
    "NO_COLOR",
    "PRE_COMMIT",
)


@pytest.fixture(autouse=True)
def isolated(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path_factory.mktemp("home")
    for name in _UNSET:
        monkeypatch.delenv(name, raising=False)
    for name, value in GIT_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(home / name.lower()))


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
