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
        ("[logs]\nfit = 500\n[logs.components]\na = { tokens = 501 }\n", "loopflow.toml:3: logs.components: the comp"),
        ('[logs]\npatterns = [{ priority = "high", match = "(" }]\n', "loopflow.toml:2: "),
        ('[logs]\nprofile = "mine"\n', "loopflow.toml:2: logs.profile: there is no profile mine"),
        ("[usage]\ntrack = 3\n", "loopflow.toml:2: usage.track: "),
        ('[[usage.budget]]\nname = "daily"\ntokens = 9\nwarning = 96\n', "loopflow.toml:"),
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
    result = call(tmp_path, "[history]\n[logs]\nfit = 900\n")
    assert result.code == 0
    assert "warning: loopflow.toml:1: [history] is for another version" in result.err


def test_another_config_is_validated(tmp_path: Path) -> None:
    """By its name."""
    result = call(tmp_path, "[logs]\nfit = 0\n", "--config", "other.toml", file="other.toml")
    assert result.code == 2
    assert "other.toml:2: logs.fit: " in result.err


def test_what_is_saved_is_validated(tmp_path: Path) -> None:
    """Each file with what is wrong with it, and what does not go together."""
    folder = tmp_path / ".loopflow" / "logs"
    folder.mkdir(parents=True)
    (folder / "good.toml").write_text("schema = 1\nfit = 500\n")
    assert call(tmp_path, "").code == 0
    (folder / "newer.toml").write_text("schema = 2\n")
    (folder / "none.json").write_text("{")
    (folder / "small.toml").write_text("schema = 1\nfit = 500\nbuffer = 600\n")
    result = call(tmp_path, "")
    errors = result.err.splitlines()
    assert (result.code, len(errors)) == (2, 3)
    assert ".loopflow/logs/newer.toml" in errors[0]
    assert ".loopflow/logs/none.json" in errors[1]
    assert ".loopflow/logs/small: buffer: it leaves nothing of fit = 500" in errors[2]


def test_files_that_are_named_are_validated(tmp_path: Path) -> None:
    """A profile, and settings."""
    (tmp_path / "good.toml").write_text('schema = 1\nname = "mine"\nerror_retention = 0.5\n')
    (tmp_path / "bad.json").write_text('{"schema": 1, "name": "mine", "error_retention": 5}')
    assert call(tmp_path, "", "--custom-profile-path", "good.toml").code == 0
    result = call(tmp_path, "", "--custom-profile-path", "bad.json")
    assert (result.code, "bad.json" in result.err, "error_retention" in result.err) == (2, True, True)
    (tmp_path / "settings.toml").write_text("schema = 1\nfit = 5\nbuffer = 5\n")
    result = call(tmp_path, "", "--load-config", "settings.toml")
    assert "--load-config settings.toml: buffer: it leaves nothing of fit = 5" in result.err
    assert "there is no saved configuration" in call(tmp_path, "", "--load-config", "nothing").err


def test_a_pattern_that_takes_time_is_a_warning(tmp_path: Path) -> None:
    """There is nothing in it to look for first."""
    result = call(tmp_path, "[logs]\ndrop = ['^[a-z]+$']\n")
    assert result.code == 0
    assert "warning: the pattern " in result.err


def test_a_profile_of_the_config_is_known(tmp_path: Path) -> None:
    """By its name, and what is wrong with it is said once."""
    text = '[logs]\nprofile = "mine"\n[logs.custom_profile]\nname = "mine"\nsummary_size = '
    assert call(tmp_path, f"{text}0.5\n").code == 0
    assert call(tmp_path, f"{text}5\n").err.count("error: ") == 1
