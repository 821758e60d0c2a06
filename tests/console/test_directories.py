"""Where caches and logs go: where platformdirs, which reads the process's own environment, says."""

import os
from pathlib import Path

import platformdirs
import pytest

from loopflow.console.directories import cache_directory, data_directory, log_directory


@pytest.mark.parametrize("value", [None, "", " ", "relative/dir", "/absolute/dir", " /absolute/dir "])
@pytest.mark.parametrize("variable", ["XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"])
def test_directories_are_those_of_platformdirs(
    variable: str, value: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable of XDG that is set, unset, empty or relative leads to the directory that platformdirs names."""
    monkeypatch.delenv(variable, raising=False)
    if value is not None:
        monkeypatch.setenv(variable, value)
    for name in ("LOOPFLOW_CACHE_DIR", "LOOPFLOW_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    assert cache_directory(os.environ, "/here") == platformdirs.user_cache_dir("loopflow")
    assert data_directory(os.environ, "/here") == platformdirs.user_data_dir("loopflow")
    assert log_directory(os.environ) == platformdirs.user_log_dir("loopflow")


def test_a_named_directory_is_relative_to_where_the_run_is(tmp_path: Path) -> None:
    """A variable of our own goes before the rule, and is seen from the directory that is given."""
    environ = {"LOOPFLOW_CACHE_DIR": "kept", "XDG_CACHE_HOME": "/elsewhere"}
    assert cache_directory(environ, str(tmp_path)) == str(tmp_path / "kept")
    environ = {"LOOPFLOW_DATA_DIR": "kept", "XDG_DATA_HOME": "/elsewhere"}
    assert data_directory(environ, str(tmp_path)) == str(tmp_path / "kept")
