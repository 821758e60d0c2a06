"""What a user can choose of `loopflow logs`: presets, profiles, patterns, components, what is saved, what is kept."""

import json
import sys
from pathlib import Path

import pytest

from loopflow.cli.logs import PRESET_NAMES, PRIORITY_NAMES, logs
from loopflow.logs.presets import PRESETS
from loopflow.logs.reading_values import PRIORITIES
from loopflow.tokens import count
from tests.support.run import Result, run

NOISE = [f"GET /item/{number} of the shop" for number in range(600)]
LINES = [*NOISE, "payment 7 declined", "error: disk full in src/api/pay.py", *NOISE, "DEBUG bye"]


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """Return a directory with a log in it."""
    (tmp_path / "shop.log").write_text("".join(f"{line}\n" for line in LINES))
    return tmp_path


def call(here: Path, *arguments: str, env: dict[str, str] | None = None) -> Result:
    """Call the command, with a store in the directory and outside of any job."""
    surroundings = {"LOOPFLOW_DATA_DIR": str(here / "data"), "GITHUB_ACTIONS": "", **(env or {})}
    return run(*arguments, cwd=here, env=surroundings, command=logs)


def good(here: Path, *arguments: str, env: dict[str, str] | None = None) -> str:
    """Return what a run prints that ends well."""
    result = call(here, *arguments, env=env)
    assert result.code == 0, result.err
    return result.out


def test_names_on_the_command_line_are_those_of_the_tables() -> None:
    """Which `--help` does not load."""
    assert tuple(PRESETS) == PRESET_NAMES
    assert PRIORITIES == PRIORITY_NAMES


def test_a_pattern_and_a_dropped_line(here: Path) -> None:
    """A level or none, before the pattern; both options more than once."""
    text = good(
        *(here, "shop.log", "--fit", "1k", "--add-priority-pattern", r"payment \d declined"),
        *("--add-priority-pattern", "verbose:disk full", "--drop", "^DEBUG", "--drop", "item/3 "),
    )
    assert "critical 1 of 1 (1 full); 3 lines dropped]" in text
    assert "DEBUG bye" not in text


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        (("--add-priority-pattern", "high:("), "--add-priority-pattern: '(' is no pattern"),
        (("--add-priority-pattern", "high:"), "'' is no pattern: it is empty"),
        (("--drop", "x*"), "--drop: 'x*' is no pattern"),
        (("--component", "api"), "'api' names no component and pattern"),
        (("--component", "api=("), "--component api: '(' is no pattern"),
        (("--component-budgets", "{"), "--component-budgets is not JSON"),
        (
            ("--component-budgets", '{"a": 900, "b": 200}'),
            "the components' budgets are 1,100 tokens, and there are 1,000",
        ),
        (("--type", "mine"), "there is no profile 'mine'"),
        (("--custom-profile-path", "none.toml"), "none.toml cannot be read: no such file or directory"),
        (("--custom-profile-path", "."), ". cannot be read: is a directory"),
        (("--custom-profile-path", "mine.json", "--type", "test"), "'mine' is the profile there, and not 'test'"),
        (("--preset", "fast"), "'fast' is not one of"),
        (("--min-compression", "100"), "100 is not in the range"),
        (("--min-compression", "50", "--no-count-input"), "--min-compression is a share of the log's tokens"),
        (("--load-config", "none"), "there is no saved configuration 'none'"),
        (("--load-config", "new.json"), "this is of schema 2, and this version knows 1"),
        (("--load-config", "shop.log"), "there is no saved configuration 'shop.log'"),
        (("--load-config", "./shop.log"), "./shop.log is not TOML"),
        (("--save-config", "../x"), "'../x' cannot be the name of a configuration"),
        (("--save-config", "x", "--output-dir", "../out"), "--save-config: --output-dir is not below the root"),
        (("--save",), "--save writes patterns to the config, and none is given"),
        (("--keep", "fold", "--format", "json"), "json is a form of a digest, and --keep fold makes none"),
        (("--keep", "clean", "--report", "json:x"), "--report is of a digest"),
        (("--keep", "clean", "--priority-filter", "high"), "--priority-filter is of a digest"),
        (("--keep", "clean", "--preprocess"), "--preprocess is --keep fold"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(here: Path, options: tuple[str, ...], wrong: str) -> None:
    """With exit 2, before a log is read, and nothing is printed or saved."""
    (here / "mine.json").write_text('{"name": "mine"}')
    (here / "new.json").write_text('{"schema": 2, "fit": 5}')
    result = call(here, "shop.log", "--fit", "1k", *options)
    assert (result.code, result.out) == (2, "")
    assert wrong in result.err
    assert result.err.count("\n") == 1
    assert not (here / ".loopflow").exists()


def test_a_pattern_that_backtracks_ends_the_run(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where a command is run: its own code goes before."""
    monkeypatch.setattr("loopflow.logs.patterns._SECONDS", 0.1)
    (here / "long.log").write_text("a" * 3_000 + "!\n")
    for option in ("--drop", "--add-priority-pattern"):
        result = call(here, "long.log", option, "(a+)+$")
        assert (result.code, result.out) == (2, "")
        assert "the pattern '(a+)+$' takes too long" in result.err
    script = "print('a' * 3000 + '!'); raise SystemExit(7)"
    assert call(here, "run", "--drop", "(a+)+$", "--", sys.executable, "-c", script).code == 7


def test_a_pattern_without_plain_text_is_said(here: Path) -> None:
    """And used."""
    result = call(here, "shop.log", "--fit", "1k", "--drop", r"^\w{5}\s")
    assert "the pattern '^\\w{5}\\s' has no plain text in it: it is tried on every line" in result.err.replace(
        "\\\\", "\\"
    )
    assert "; 1 line dropped]" in result.out


def test_patterns_are_written_to_the_config_and_hold(here: Path) -> None:
    """Without a log nothing else is done."""
    saved = call(here, "--add-priority-pattern", "high:payment", "--drop", "^DEBUG", "--save")
    assert (saved.code, saved.out, saved.err) == (0, "", "logs: patterns are in loopflow.toml\n")
    assert "1 line dropped" in good(here, "shop.log", "--fit", "1k")
    (here / "mine.toml").write_text("[budget]\ntotal = 5\n")
    call(here, "--drop", "xyz", "--save", "--config", "mine.toml")
    assert "xyz" in (here / "mine.toml").read_text()


def test_settings_are_saved_and_loaded(here: Path) -> None:
    """By name, at the root of the repository; options go before them, and they before the config."""
    (here / ".git").mkdir()
    below = here / "below"
    below.mkdir()
    (here / "loopflow.toml").write_text('[logs]\nfit = "3k"\ndrop = ["^DEBUG"]\n')
    result = call(below, "--save-config", "short", "--fit", "1k", "--preset", "max-compression", "--type", "error")
    assert result.err == "logs: saved as .loopflow/logs/short.toml\n"
    (here / "loopflow.toml").write_text('[logs]\nfit = "5k"\n')
    text = good(here, "shop.log", "--load-config", "short", "--no-store")
    assert " of 1,000 (9" in text
    assert "; error; " in text
    assert "1 line dropped" in text
    assert " of 2,000 (9" in good(here, "shop.log", "--load-config", "short", "--fit", "2k")
    assert good(below, "../shop.log", "--load-config", "../.loopflow/logs/short.toml", "--no-store") == text


def test_configurations_are_listed(here: Path) -> None:
    """After the presets, each with what it changes; one that cannot be used with the reason."""
    call(here, "--save-config", "short", "--fit", "1k", "--no-adaptive")
    (here / ".loopflow/logs/broken.json").write_text("{")
    rows = good(here, "configs").splitlines()
    assert [row.split()[0] for row in rows] == [*PRESETS, "broken", "short"]
    assert rows[-2].endswith(
        "saved   cannot be used: .loopflow/logs/broken.json:1: this is not JSON: Expecting property "
        "name enclosed in double quotes"
    )
    assert rows[-1].endswith("saved   fit 1,000; adaptive false")


@pytest.mark.parametrize("name", ["test", "test_logs"])
@pytest.mark.parametrize("option", ["--type", "--profile-name", "--optimization-profile"])
def test_a_profile_has_names(here: Path, option: str, name: str) -> None:
    """All of them mean the same."""
    assert "; test; " in good(here, "shop.log", "--fit", "1k", option, name)


def test_a_profile_of_ones_own(here: Path) -> None:
    """From a file, named or not; from the config; another one goes before that of the config."""
    (here / "mine.toml").write_text('name = "mine"\nbase = "error"\npatterns = [{ match = "payment" }]\n')
    for named in ((), ("--profile-name", "mine")):
        text = good(here, "shop.log", "--fit", "1k", "--custom-profile-path", "mine.toml", *named)
        assert "; mine; critical 2 of 2" in text
    (here / "loopflow.toml").write_text('[logs.custom_profile]\nname = "ours"\n')
    assert "; ours; " in good(here, "shop.log", "--fit", "1k")
    assert "; mine; " in good(here, "shop.log", "--fit", "1k", "--custom-profile-path", "mine.toml")
    assert "; info; " in good(here, "shop.log", "--fit", "1k", "--type", "info")


def test_the_preset_for_jobs(here: Path) -> None:
    """Annotations and a summary in GitHub Actions alone; judged without a budget, and without a remark on that."""
    (here / "summary.md").touch()
    job = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(here / "summary.md")}
    result = call(here, "shop.log", "--preset", "ci-integration", env=job)
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("::error ")
    assert "disk full" in (here / "summary.md").read_text()
    assert good(here, "shop.log", "--preset", "ci-integration").startswith("[log shop.log: ")
    assert good(here, "shop.log", "--preset", "ci-integration", "--format", "text", env=job).startswith(
        "[log shop.log: "
    )
    many = "".join(f"error: {chr(97 + number % 26)}{chr(97 + number // 26)} broke\n" for number in range(200))
    (here / "many.log").write_text(many)
    assert call(here, "many.log", "--preset", "ci-integration", "--fit", "200").code == 1


def test_the_preset_for_whoever_watches(here: Path) -> None:
    """JSON in 2,000 tokens, entered into the ledger and remembered, in files where no server is named."""
    result = call(here, "shop.log", "--preset", "monitoring")
    document = json.loads(result.out)
    assert (document["preset"], document["log_type"], document["budget"]["fit"]) == ("monitoring", "info", 2_000)
    assert "logs: warning: no memory server is named; 1 run waits in files" in result.err
    assert (here / "data/usage.sqlite3").exists()


def test_components_are_told_apart(here: Path) -> None:
    """By options and by the config; what they are given is in the JSON."""
    (here / "loopflow.toml").write_text('[logs.components]\napi = { paths = ["api/"], tokens = "200" }\n')
    options = ("--fit", "1k", "--format", "json", "--component", "shop=payment", "--component-budgets", '{"shop": 300}')
    document = json.loads(good(here, "shop.log", *options, "--strict-components", "--add-priority-pattern", "payment"))
    assert {each["component"]: each["given"] for each in document["components"]}["shop"] == 300
    assert [each["component"] for each in document["errors"]] == ["shop", "api"]
    (here / "shop.log").write_text("".join(f"{line}\n" for line in LINES if "payment" not in line))
    assert [each["component"] for each in json.loads(good(here, "shop.log", *options))["errors"]] == ["api"]


def test_so_much_is_to_go(here: Path) -> None:
    """Where it cannot, a warning says so, and --check is exit 1; a preset only wishes it."""
    text = good(here, "shop.log", "--min-compression", "95")
    assert count(text) <= count((here / "shop.log").read_text()) // 20
    (here / "tiny.log").write_text("one\ntwo\n")
    result = call(here, "tiny.log", "--min-compression", "90")
    assert (result.code, result.out) == (0, "one\ntwo\n")
    assert "nothing can be said in 90 % fewer tokens: there are 4 of 4" in result.err
    assert call(here, "tiny.log", "--min-compression", "90", "--check").code == 1
    assert "fewer" not in call(here, "tiny.log", "--preset", "max-compression").err


def test_a_digest_that_does_not_use_its_room(here: Path) -> None:
    """With --no-adaptive, in the config too; --adaptive-optimization goes before that."""
    sizes = {option: count(good(here, "shop.log", "--fit", "6k", option)) for option in ("--no-adaptive", "--adaptive")}
    assert sizes["--no-adaptive"] < 1_000
    assert sizes["--adaptive"] > 5_000
    (here / "loopflow.toml").write_text("[logs]\nadaptive = false\n")
    assert count(good(here, "shop.log", "--fit", "6k")) == sizes["--no-adaptive"]
    assert count(good(here, "shop.log", "--fit", "6k", "--adaptive-optimization")) == sizes["--adaptive"]


def test_all_of_a_log(here: Path) -> None:
    """Cleaned, or folded; into a file, of a command, from the config; nothing is remembered."""
    whole = (here / "shop.log").read_text()
    kept = call(here, "shop.log", "--keep", "clean")
    assert kept.out == whole
    assert kept.err.startswith("logs: [log shop.log: 1,203 lines, ")
    folded = good(here, "shop.log", "--keep", "fold")
    assert "[... 597 lines like it ...]\nGET /item/599 of the shop\npayment 7 declined\n" in folded
    assert good(here, "shop.log", "--preprocess") == folded
    assert good(here, "shop.log", "--keep", "fold", "-o", "out.txt") == ""
    assert (here / "out.txt").read_text() == folded
    (here / "loopflow.toml").write_text('[logs]\nkeep = "fold"\nfit = 5\noutput_dir = "out"\n')
    assert good(here, "shop.log") == folded
    assert good(here, "run", "--", sys.executable, "-c", "print(open('shop.log').read(), end='')") == folded
    assert not (here / "data").exists()
    assert not (here / "out").exists()


def test_all_of_a_log_can_be_too_much(here: Path) -> None:
    """For --fit, that nothing is cut for; and for --check."""
    result = call(here, "shop.log", "--keep", "fold", "--fit", "50")
    assert (result.code, result.out) == (1, "")
    assert " tokens with --keep fold, and 50 are allowed; raise --fit, or take --keep digest" in result.err
    assert call(here, "shop.log", "--keep", "fold", "--check", "--budget", "50").code == 1
    assert call(here, "shop.log", "--keep", "fold", "--fit", "5k", "--check", "--budget", "50k").code == 0


def test_a_profile_counts_what_is_dropped_too(here: Path) -> None:
    """And is no digest, whatever the config keeps."""
    (here / "loopflow.toml").write_text('[logs]\nkeep = "fold"\ndrop = ["^DEBUG"]\n')
    document = json.loads(good(here, "distribution", "shop.log", "--format", "json"))
    assert document["total"]["tokens"] == count((here / "shop.log").read_text())
