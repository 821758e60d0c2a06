"""`loopflow logs` and the ledger: what is printed is entered, a model's range is shown, and flags ask for usage."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from loopflow.cli import logs_usage
from loopflow.cli.logs import logs
from loopflow.cli.usage import usage
from loopflow.tokens import count
from loopflow.usage.calibrating import Calibration, store
from loopflow.usage.database import Database
from tests.support.run import Result, run

LOG = "".join(f"{number} error: failed item {number % 7}\n" for number in range(900))
COLUMNS = "component, environment, source, model, encoding, tokens_in, tokens_saved, exact"


def call(here: Path, *arguments: str, stdin: bytes = b"") -> Result:
    """Call `loopflow logs`, with a ledger in the directory."""
    return run(*arguments, cwd=here, env={"LOOPFLOW_DATA_DIR": str(here / "data")}, stdin=stdin, command=logs)


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """Return a directory with a log that does not fit into 1,000 tokens."""
    (tmp_path / "build.log").write_text(LOG)
    return tmp_path


def entered(here: Path) -> list[tuple[object, ...]]:
    """Return what is in the ledger."""
    with closing(sqlite3.connect(here / "data/usage.sqlite3")) as database:
        return database.execute(f"SELECT {COLUMNS} FROM entries").fetchall()  # noqa: S608  our own names


def calibrate(here: Path, model: str = "m", encoding: str = "o200k_base") -> None:
    """Say that this model takes a tenth to a fifth more tokens."""
    store(Database(str(here / "data/usage.sqlite3")), Calibration(model, encoding, 20, 1_100_000, 1_150_000, 1_200_000))


def test_what_is_printed_is_entered(here: Path) -> None:
    """With what it saved; the output is what it is without."""
    plain = call(here, "build.log", "--fit", "1k")
    tracked = call(here, "build.log", "--fit", "1k", "--track-usage")
    assert tracked == plain
    [row] = entered(here)
    tokens = count(plain.out)
    assert row == ("logs", "default", "loopflow logs", "", "o200k_base", tokens, count(LOG) - tokens, 1)


def test_what_is_kept_whole_is_entered_too(here: Path) -> None:
    """Of a log that is printed cleaned, too."""
    out = call(here, "build.log", "--keep", "clean", "--track-usage").out
    assert [row[5] for row in entered(here)] == [count(out)]


def test_a_config_can_track_always(here: Path) -> None:
    """Also what `run` prints; and nothing is entered where only tokens are counted."""
    (here / "loopflow.toml").write_text("[usage]\ntrack = true\ncomponent = 'ci logs'\nenvironment = 'ci'\n")
    assert call(here, "run", "--", "echo", "hello").out == "hello\n"
    assert call(here, "build.log", "--profile").code == 0
    assert entered(here) == [("ci logs", "ci", "loopflow logs", "", "o200k_base", 2, 0, 1)]


@pytest.mark.parametrize(("model", "is_exact"), [("gpt-4o", 1), ("gpt-4", 0), ("claude-x", 0)])
def test_a_count_for_another_model_is_an_estimate(model: str, is_exact: int, here: Path) -> None:
    """Where the model's encoding is the one that was counted by it is exact, and else it is not."""
    call(here, "build.log", "--fit", "1k", "--track-usage", "--model", model)
    [row] = entered(here)
    assert (row[3], row[-1]) == (model, is_exact)


def _break_ledger(here: Path) -> None:
    (here / "data").mkdir()
    (here / "data/usage.sqlite3").write_text("no database" * 500)


def _break_config(here: Path) -> None:
    (here / "loopflow.toml").write_text("[usage]\nnonsense = 1\n")


@pytest.mark.parametrize("harm", [_break_ledger, _break_config])
def test_accounting_changes_no_answer(harm: Callable[[Path], None], here: Path) -> None:
    """What is wrong with it is a warning."""
    plain = call(here, "build.log", "--fit", "1k")
    (here / "data").rename(here / "former")
    harm(here)
    tracked = call(here, "build.log", "--fit", "1k", "--track-usage")
    assert (tracked.code, tracked.out) == (0, plain.out)
    assert tracked.err.startswith("logs: warning: not entered into the ledger: ")
    assert tracked.err.count("\n") == 1


def test_the_range_of_a_model_is_shown_beside_the_count(here: Path) -> None:
    """And changes nothing else; of a model that nobody calibrated it is said that nothing is known."""
    plain = call(here, "build.log", "--fit", "1k")
    tokens = count(plain.out)
    unknown = call(here, "build.log", "--fit", "1k", "--model", "m")
    assert unknown.err == "logs: what that is for m is not known: see loopflow usage calibrate\n"
    calibrate(here)
    known = call(here, "build.log", "--fit", "1k", "--model", "m")
    low, high = tokens * 11 // 10, -(-tokens * 12 // 10)
    assert (known.out, known.err) == (plain.out, f"logs: {tokens:,} tokens are about {low:,} to {high:,} of m\n")
    assert call(here, "build.log", "--fit", "1k", "--model", "gpt-4o").err == ""


@pytest.mark.parametrize("fit", ["200", "1000", "5000"])
def test_a_strict_fit_holds_by_the_upper_end(fit: str, here: Path) -> None:
    """The digest times the largest ratio is within it; for a model that is counted exactly it is as ever."""
    calibrate(here)
    strict = call(here, "build.log", "--fit", fit, "--model", "m", "--strict-estimation")
    assert strict.code == 0
    assert 0 < count(strict.out) * 12 <= int(fit) * 10
    exact = call(here, "build.log", "--fit", fit, "--model", "gpt-4o", "--strict-estimation")
    assert exact.out == call(here, "build.log", "--fit", fit).out


def test_a_range_is_of_the_encoding_that_is_counted_by(here: Path) -> None:
    calibrate(here, encoding="cl100k_base")
    asked = ("build.log", "--fit", "1k", "--model", "m", "--strict-estimation")
    refused = call(here, *asked)
    assert (refused.code, refused.out) == (2, "")
    assert "error: m is not calibrated, so --strict-estimation has nothing to hold; loopflow usage cal" in refused.err
    assert call(here, *asked, "--encoding", "cl100k_base").code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--check-usage", "build.log"], "--check-usage and a file do not go together"),
        (["--check-usage", "--log-file", "build.log"], "--check-usage and a file do not go together"),
        (["--check-usage", "--enable-monitoring"], "--check-usage and --enable-monitoring do not go together"),
        (["--calibrate-token-model", "--check-usage"], "--check-usage and --calibrate-token-model do not go together"),
        (["run", "--check-usage", "--", "true"], "--check-usage and a command do not go together"),
        (["build.log", "--alert-email", "a@example.com"], "--alert-email is for --enable-monitoring"),
        (["build.log", "--warning-threshold", "3"], "--warning-threshold is for --enable-monitoring"),
        (["build.log", "--token-pairs", "x"], "--token-pairs is for --calibrate-token-model"),
        (
            ["build.log", "--strict-estimation"],
            "--strict-estimation is by a model's calibration, and no model is named",
        ),
        (["--update-tokenizer-config", "nonsense"], "unknown encoding: 'nonsense'"),
    ],
)
def test_what_does_not_go_together_is_said(arguments: list[str], said: str, here: Path) -> None:
    result = call(here, *arguments)
    assert (result.code, result.out) == (2, "")
    assert f"error: {said}" in result.err


def test_a_flag_asks_for_the_check_of_usage(here: Path) -> None:
    """As the subcommand answers it, with its exit code."""
    env = {"LOOPFLOW_DATA_DIR": str(here / "data")}
    for arguments in (["budget", "set", "daily", "100"], ["add", "--tokens-in", "99"]):
        run(*arguments, cwd=here, env=env, command=usage)
    wanted = run("check", "--check", cwd=here, env=env, command=usage)
    assert (
        call(here, "--check-usage", "--check") == wanted == Result(1, "daily: 99 of 100 today (99.0 %): critical\n", "")
    )
    assert json.loads(call(here, "--check-usage", "--format", "json").out)["budgets"][0]["used"] == 99


def test_a_flag_calibrates(here: Path) -> None:
    (here / "pairs").write_text((json.dumps({"text": "some words", "tokens": 3}) + "\n") * 20)
    result = call(here, "--calibrate-token-model", "--model", "m", "--token-pairs", "pairs")
    assert result == Result(0, "m: 1.500 to 1.500 tokens for each of o200k_base, in the middle 1.500 (20 pairs)\n", "")


def test_an_encoding_is_written_to_the_config(here: Path) -> None:
    """Into the file that holds, which else stays as it is; a new one is made where there is none."""
    said = "logs: loopflow.toml says encoding = cl100k_base; its vocabulary is the one that was published\n"
    assert call(here, "--update-tokenizer-config", "cl100k_base") == Result(0, "", said)
    assert (here / "loopflow.toml").read_text() == 'encoding = "cl100k_base"\n'
    (here / "loopflow.toml").unlink()
    (here / "pyproject.toml").write_text("[tool.loopflow]\nexclude = ['x']\n")
    assert call(here, "--update-tokenizer-config", "cl100k_base", "-q") == Result(0, "", "")
    assert (here / "pyproject.toml").read_text() == "[tool.loopflow]\nencoding = \"cl100k_base\"\nexclude = ['x']\n"
    assert "of o200k_base" not in call(here, "build.log", "--format", "json").out


def test_without_the_extra_it_is_said_how_to_install_it(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An action ends; beside a digest it is a warning."""
    monkeypatch.setattr(logs_usage, "find_spec", lambda _: None)
    result = call(here, "--check-usage")
    assert result.code == 2
    assert result.err.endswith("needs more than what is installed; pip install 'loopflow-code-context[usage]'\n")
    assert call(here, "build.log", "--track-usage").code == 0
