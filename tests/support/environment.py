"""The environment that tests run in: nobody's home directory, nobody's git configuration, no preferences."""

from pathlib import Path

import pytest

from tests.support.builder import GIT_ENVIRONMENT

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
    "LOOPFLOW_DATA_DIR",
    "LOOPFLOW_ENGINE",
    "NO_COLOR",
    "PRE_COMMIT",
    "PYTHONDONTWRITEBYTECODE",  # a process that finds nothing compiled takes twice as long
    "PYTHONIOENCODING",
    "PYTHONUNBUFFERED",
    "PYTHONUTF8",
)


def isolate(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """Make `home` the home directory and unset what changes what git and the command do."""
    for name in _UNSET:
        monkeypatch.delenv(name, raising=False)
    for name, value in GIT_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1704067200")  # reports of one day, the day of the builder's commits
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(home / name.lower()))
