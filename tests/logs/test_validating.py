"""`loopflow logs validate-config`: every wrong key is named, with its file."""

from pathlib import Path

import pytest

from loopflow.cli.logs import logs
from tests.support.run import Result, run


def call(cwd: Path, text: str, *arguments: str, file: str = "loopflow.toml") -> Result:
    (cwd / file).write_text(text)
    return run("validate-config", *arguments, cwd=cwd, command=logs)


def test_a_config_that_holds(tmp_path: Path) -> None:
    """It is named; without one that is said."""
    assert run("validate-config", cwd=tmp_path, command=logs).err.endswith(
        "ok: there is no config, so what is usual holds\n"
    )
    result = call(tmp_path, '[logs]\nfit = "6k"\noutput_dir = "new/logs"\n')
    assert (result.code, result.out) == (0, "")
    assert result.err.endswith("ok loopflow.toml\n")
    assert not (tmp_path / "new").exists()
    assert call(tmp_path, "[logs]\nfit = 10\n", "-q").err == ""


def test_every_wrong_key_is_named(tmp_path: Path) -> None:
    """Each on a line of its own, with file and line."""
    result = call(tmp_path, '[logs]\nfit = "many"\nredact = 3\nmax_log = 9\nworkers = 2\n')
    assert result.code == 2
    errors = [line for line in result.err.splitlines() if "error: " in line]
    assert [line.partition("error: ")[2].split(": ")[:2] for line in errors] == [
        ["loopflow.toml:2", "logs.fit"],
        ["loopflow.toml:3", "logs.redact"],
        ["loopflow.toml:4", "logs.max_log"],
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[logs]\nfit = 500\nbuffer = 500\n", "loopflow.toml:3: logs.buffer: it leaves nothing of fit = 500"),
        ('[logs]\noutput_dir = "file/logs"\n', "loopflow.toml:2: logs.output_dir: no digest can be kept there: a part"),
        (
            '[logs]\noutput_dir = "link"\n',
            "loopflow.toml:2: logs.output_dir: no digest can be kept there: it is behind",
        ),
        ("[budget]\n", "'budget' limits nothing"),
        ("[logs\n", "loopflow.toml is not TOML"),
        ("[log]\n", "loopflow.toml:1: log: there is no such key"),
    ],
)
def test_what_does_not_hold(text: str, said: str, tmp_path: Path) -> None:
    """Exit 2, and one line."""
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to("nowhere")
    result = call(tmp_path, text)
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert said in result.err


def test_a_table_of_another_version_is_a_warning(tmp_path: Path) -> None:
    """An older installation goes on with a newer config."""
    result = call(tmp_path, "[memory]\n[logs]\nfit = 900\n")
    assert result.code == 0
    assert "warning: loopflow.toml:1: [memory] is for another version" in result.err


def test_another_config_is_validated(tmp_path: Path) -> None:
    """By its name."""
    result = call(tmp_path, "[logs]\nfit = 0\n", "--config", "other.toml", file="other.toml")
    assert result.code == 2
    assert "other.toml:2: logs.fit: " in result.err
