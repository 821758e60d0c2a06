"""`loopflow logs validate-ci`: what it counts, how it ends, and the report and the badge that it leaves."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from loopflow.cli.logs_validate_ci import validate_ci
from tests.support.builder import Repo, write_files
from tests.support.charts import words
from tests.support.hostile import NAMES
from tests.support.run import Result, environment, run
from tests.support.schema import complaints
from tests.support.screen import can_act

MOMENT = {"SOURCE_DATE_EPOCH": "1700000000"}
REPORT, BADGE = "report.json", "badge.svg"


def call(cwd: Path, *arguments: str, env: dict[str, str] | None = None, files: bool = True) -> Result:
    written = ("--report-json", REPORT, "--badge", BADGE) if files else ()
    return run(*arguments, *written, cwd=cwd, env=MOMENT | (env or {}), command=validate_ci)


def report(cwd: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((cwd / REPORT).read_text("ascii"))
    assert complaints(document, "token-validation") == []
    return document


def badge(cwd: Path) -> str:
    title = ET.fromstring((cwd / BADGE).read_text()).get("aria-label")  # noqa: S314  it is our own
    assert title is not None
    return title


@pytest.fixture
def logs(repo: Repo) -> Repo:
    """Return a repository whose main branch holds two logs of 400 tokens, and a config with a budget of 1,000."""
    files = {"logs/a.log": words(400), "logs/b.log": words(400, "b"), "loopflow.toml": "[logs]\nfit = 1000\n"}
    repo.track(files).commit()
    return repo


def test_the_whole_of_a_report(logs: Repo) -> None:
    """The fields, in their order, and no other; the moment is in UTC."""
    logs.track({"logs/c.png": b"\0\1"})
    result = call(logs.root, "logs")
    assert result.code == 0, result.err
    sizes = [len((logs.root / "logs" / name).read_bytes()) for name in ("a.log", "b.log")]
    of_file = ' "token_count": 400, "under_budget": true, "percentage_of_budget": 40.0}'
    assert (logs.root / REPORT).read_text() == (
        '{\n "validation_time": "2023-11-14T22:13:20Z",\n "status": "pass",\n "token_budget": 1000,\n'
        ' "fail_on_threshold": 90,\n "total_files_checked": 2,\n "files_over_budget": 0,\n "files_under_budget": 2,\n'
        ' "skipped_files": 1,\n "total_token_count": 800,\n "percentage_of_budget_used": 80.0,\n "files": [\n'
        f'  {{"file_path": "logs/a.log", "file_size_bytes": {sizes[0]},{of_file},\n'
        f'  {{"file_path": "logs/b.log", "file_size_bytes": {sizes[1]},{of_file}\n ],\n'
        ' "skipped": [\n  {"file_path": "logs/c.png", "reason": "binary"}\n ]\n}\n'
    )
    assert result.out == "token-validation: 2 files, 800 tokens, 80.0% of the budget of 1,000, 1 skipped\n"
    assert result.err == ("validate-ci: warning: 80.0% of the budget are used, and the warning threshold is 80%\n")
    assert complaints(report(logs.root), "token-validation") == []
    assert badge(logs.root) == "Token Efficiency: 800 tokens, 80.0% of the budget of 1,000, warning"


@pytest.mark.parametrize(("tokens", "code", "status"), [(99, 0, "pass"), (100, 0, "pass"), (101, 1, "fail")])
def test_at_the_threshold(logs: Repo, tokens: int, code: int, status: str) -> None:
    """89.9 and 90 percent pass, 90.1 percent is exit 1; report and badge are there either way."""
    logs.track({"logs/c.log": words(tokens, "c")})
    result = call(logs.root, "logs")
    assert (result.code, report(logs.root)["status"]) == (code, status)
    assert report(logs.root)["total_token_count"] == 800 + tokens
    assert ("FAIL token-validation, total: 901 tokens, 1 more than the limit of 900" in result.out) == bool(code)
    assert badge(logs.root).endswith(", warning")


def test_one_file_over(logs: Repo) -> None:
    """A file that is over the budget is named, and where the budget is written."""
    result = call(logs.root, "logs", "--token-budget", "399")
    assert result.code == 1
    told = report(logs.root)
    assert (told["files_over_budget"], told["files_under_budget"], told["total_files_checked"]) == (2, 0, 2)
    assert [file["under_budget"] for file in told["files"]] == [False, False]
    assert "FAIL token-validation, each file: 2 files over the limit of 399, the largest by 1" in result.out
    assert "  logs/a.log: 400\n  logs/b.log: 400\n" in result.out
    assert "  to raise the limit for good: --token-budget 400\n" in result.out


@pytest.mark.parametrize(
    ("config", "where"),
    [
        ("[logs]\nfit = 700\n", "loopflow.toml:2, fit = 889"),
        ("[tool.loopflow.logs]\nfit = 700\n", "pyproject.toml:2, fit = 889"),
    ],
)
def test_where_the_budget_is_written(logs: Repo, config: str, where: str) -> None:
    """A failure names the line of the config that would have to change, and its new value."""
    logs.git("rm", "--quiet", "loopflow.toml")
    logs.track({"pyproject.toml" if "tool" in config else "loopflow.toml": config})
    assert f"  to raise the limit for good: {where}\n" in call(logs.root, "logs", files=False).out


def test_without_a_config(repo: Repo) -> None:
    """The budget is 76,659 tokens, and a failure says how to write another one."""
    repo.track({"a.log": words(68_993), "b.log": words(1)}).commit()
    result = call(repo.root)
    assert (result.code, report(repo.root)["token_budget"]) == (1, 76_659)
    assert "to raise the limit for good: in the config file, below [logs], fit = 76_660" in result.out


@pytest.mark.parametrize(
    ("arguments", "paths"),
    [
        (["logs"], ["logs/a.log", "logs/b.log", "logs/new.log"]),
        (["--against", "main", "--exclude", "/doc*"], ["logs/b.log", "logs/new.log"]),
        (["--changed"], ["docs.md"]),
        (["--changed", "--staged"], []),
        (["--staged", "--include", "*.log"], ["logs/a.log", "logs/b.log", "logs/new.log"]),
        (["-u", "--include", "un*"], ["untracked.log"]),
        (["logs/a.log", "untracked.log"], ["logs/a.log", "untracked.log"]),
    ],
)
def test_what_is_counted(logs: Repo, arguments: list[str], paths: list[str]) -> None:
    """Paths, filters, the index and a change choose as they do for code-context."""
    logs.git("checkout", "--quiet", "-b", "side")
    logs.track({"logs/b.log": words(10), "logs/new.log": words(10, "n"), "docs.md": "a"}).commit()
    logs.write("docs.md", "b")
    logs.write("untracked.log", "u")
    assert call(logs.root, *arguments).code == 0
    assert [file["file_path"] for file in report(logs.root)["files"]] == paths


def test_the_config_that_is_staged_holds(logs: Repo) -> None:
    """With --staged the budget is that of the index, whatever is on disk."""
    logs.track({"loopflow.toml": "[logs]\nfit = 500\n"})
    logs.write("loopflow.toml", "[logs]\nfit = 5_000\n")
    assert call(logs.root, "logs", "--staged").code == 1
    assert report(logs.root)["token_budget"] == 500


def test_a_commit_that_is_not_the_first_of_a_branch(logs: Repo) -> None:
    """With --against, what others did to REV meanwhile does not count."""
    logs.git("checkout", "--quiet", "-b", "side")
    logs.track({"logs/c.log": words(5)}).commit()
    logs.git("checkout", "--quiet", "main")
    logs.track({"logs/huge.log": words(5_000)}).commit()
    logs.git("checkout", "--quiet", "side")
    assert call(logs.root, "--against", "main").code == 0
    assert [file["file_path"] for file in report(logs.root)["files"]] == ["logs/c.log"]


def test_nothing_that_differs_is_said(logs: Repo) -> None:
    """Where a change has no file, that passes, and is said also when it should be quiet."""
    result = call(logs.root, "--changed", "-q")
    assert (result.code, result.out) == (0, "")
    assert result.err == "validate-ci: warning: no file that differs was counted, so nothing was judged\n"
    assert (report(logs.root)["files"], report(logs.root)["percentage_of_budget_used"]) == ([], 0.0)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["empty"], "nothing is left to select: empty"),
        (["--exclude", "*"], "nothing is left to select: --exclude *"),
        (["picture.png"], "no file was counted, so there is nothing to judge; name paths of text files"),
    ],
)
def test_nothing_at_all_is_no_way_to_pass(logs: Repo, arguments: list[str], said: str) -> None:
    """Where no change is asked for, a run that counts no file ends with 2, and leaves no report that says it passes."""
    (logs.root / "empty").mkdir()
    logs.track({"picture.png": b"\0"})
    result = call(logs.root, *arguments)
    assert result.code == 2
    assert f"error: {said}" in result.err
    assert not (logs.root / REPORT).exists()
    assert not (logs.root / BADGE).exists()


@pytest.mark.parametrize(("more", "code", "status"), [(0, 2, "incomplete"), (200, 1, "fail")])
def test_what_cannot_be_counted_does_not_pass(logs: Repo, more: int, code: int, status: str) -> None:
    """A gap is exit 2, or 1 where it fails without that file; the report lists it, the badge says so."""
    logs.track({"logs/blank.txt": " " * 1_000_000, "logs/c.log": words(more)})
    result = call(logs.root, "logs", env={"LOOPFLOW_ENGINE": "tiktoken"})
    assert (result.code, report(logs.root)["status"]) == (code, status), result.err
    assert report(logs.root)["skipped"] == [{"file_path": "logs/blank.txt", "reason": "uncounted"}]
    assert "incomplete" in badge(logs.root)
    assert ("error: validate-ci needs every count, and logs/blank.txt" in result.err) == (code == 2)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--fail-on-threshold=0"], "--fail-on-threshold: '0' is no percentage of a budget"),
        (["--fail-on-threshold=100.1"], "--fail-on-threshold: '100.1' is no percentage"),
        (["--fail-on-threshold=-5"], "--fail-on-threshold: '-5' is no percentage"),
        (["--fail-on-threshold=nan"], "--fail-on-threshold: 'nan' is no percentage"),
        (["--fail-on-threshold="], "--fail-on-threshold: '' is no percentage"),
        (["--warning-threshold=96"], "--warning-threshold 96 is not below --critical-threshold 95"),
        (["--critical-threshold=80"], "--warning-threshold 80 is not below --critical-threshold 80"),
        (["--critical-threshold=x"], "--critical-threshold: 'x' is no percentage"),
        (["--token-budget=0"], "--token-budget: '0' is no number of tokens"),
        (["--token-budget=-1"], "--token-budget: '-1' is no number of tokens"),
        (["--against=nowhere"], "there is no nowhere in"),
        (["missing"], "missing"),
        (["--staged", "-u"], "untracked files are in no index"),
        (["--config=none.toml"], "there is no config file none.toml"),
        (["--badge=./report.json"], "--report-json and --badge name one file"),
        (["--badge=logs/a.log"], "logs/a.log is one of the files that are read, and is not written to"),
        (["--badge=nowhere/b.svg"], "nowhere/b.svg cannot be written: no such file or directory"),
    ],
)
def test_bad_input(logs: Repo, arguments: list[str], said: str) -> None:
    """One line says what is wrong, exit 2, and nothing is written or printed."""
    before = Repo.git(logs, "status", "--porcelain")
    written = ("--report-json", REPORT, "--badge", BADGE)
    result = run(*written, *arguments, cwd=logs.root, command=validate_ci)
    assert (result.code, result.out) == (2, "")
    assert said in result.err
    assert result.err.count("\n") == 1
    assert Repo.git(logs, "status", "--porcelain") == before


@pytest.mark.parametrize("percentage", ["90", "90%", "90.0", "90 %"])
def test_a_percentage_may_have_its_sign(logs: Repo, percentage: str) -> None:
    """It is the same with and without; the report has the number."""
    assert call(logs.root, "logs", "--fail-on-threshold", percentage).code == 0
    assert report(logs.root)["fail_on_threshold"] == 90


@pytest.mark.parametrize(("first", "second"), [("--report-json", "--badge"), ("--badge", "--report-json")])
def test_both_files_or_none(logs: Repo, first: str, second: str) -> None:
    """Where one of them cannot be written to its end, the other one is what it was, and the run ends with 2."""
    kept = logs.write("kept", "old")
    result = run("logs", first, "kept", second, "/dev/full", cwd=logs.root, command=validate_ci)
    assert (result.code, result.out) == (2, "")
    assert "error: /dev/full cannot be written: no space left on device" in result.err
    assert kept.read_text() == "old"
    assert sorted(path.name for path in logs.root.iterdir() if path.is_file()) == ["kept", "loopflow.toml"]


def test_names_that_could_act(repo: Repo) -> None:
    """Nothing that a name contains reaches a terminal or GitHub's runner; the report gives every name exactly."""
    for name in NAMES:
        repo.write(name, words(30))
    repo.track().commit()
    result = call(repo.root, "--token-budget", "20")
    assert result.code == 1
    assert not any(map(can_act, result.out.splitlines()))
    assert not any(line.lstrip().startswith("::") for line in result.out.splitlines())
    text = (repo.root / REPORT).read_text("ascii")
    assert "##[" not in text
    found = {
        base64.b64decode(file["file_path_base64"]) if "file_path_base64" in file else file["file_path"].encode()
        for file in report(repo.root)["files"]
    }
    assert found == set(NAMES)
    ET.fromstring((repo.root / BADGE).read_text())  # noqa: S314  it is our own


def test_a_directory_outside_of_git(tmp_path: Path) -> None:
    """What a job writes beside the checkout is judged as well."""
    write_files(tmp_path / "job", {"test.log": words(95)})
    result = call(tmp_path, "job", "--token-budget", "100")
    assert result.code == 1
    assert report(tmp_path)["files"][0]["token_count"] == 95


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["logs"], "code-context --profile logs"),
        (["--staged", "--changed"], "code-context --profile --staged --changed"),
        (["--against", "main", "-u"], "code-context --profile --changed --against main -u"),
        (["--exclude", "a b", "logs"], "code-context --profile --exclude 'a b' logs"),
    ],
)
def test_what_to_look_at(logs: Repo, arguments: list[str], said: str) -> None:
    """The command that shows the same files is named, ready for a shell."""
    logs.track({"logs/c.log": words(2_000)})
    result = call(logs.root, *arguments, files=False)
    assert f"  to look closer: {said}\n" in result.out


@pytest.mark.parametrize(("since", "code"), [("main", 1), ("side", 0)])
def test_a_range_that_pre_commit_names(logs: Repo, since: str, code: int) -> None:
    """As a hook it judges the commits from one to the other, and not what is staged."""
    logs.git("checkout", "--quiet", "-b", "side")
    logs.track({"logs/c.log": words(950)}).commit()
    logs.git("checkout", "--quiet", "main")
    logs.track({"logs/huge.log": words(5_000)})
    env = {"PRE_COMMIT": "1", "PRE_COMMIT_FROM_REF": since, "PRE_COMMIT_TO_REF": "side"}
    result = call(logs.root, "--staged", "--changed", "-q", env=env, files=False)
    assert (result.code, "FAIL token-validation, total: 950 tokens" in result.out) == (code, bool(code))
    assert ("this once: SKIP=token-validation git commit" in result.out) == bool(code)


def test_every_count_is_that_of_code_context(logs: Repo) -> None:
    """The counts are those of a profile of the same paths, with the same encoding."""
    logs.track({"logs/real.py": Path(__file__).read_text()})
    for encoding in ("o200k_base", "cl100k_base"):
        assert call(logs.root, "logs", "--encoding", encoding, "--token-budget", "1M").code == 0
        counted = run("--profile", "logs", "--encoding", encoding, "--format", "json", cwd=logs.root).json
        assert {file["path"]: file["tokens"] for file in counted["files"]} == {
            file["file_path"]: file["token_count"] for file in report(logs.root)["files"]
        }


def test_a_reader_that_leaves_changes_no_verdict(logs: Repo) -> None:
    """Where nobody reads what is printed, the exit code is the same, and the report is there."""
    program = (sys.executable, "-c", "from loopflow.cli.main import main; main()", "logs", "validate-ci")
    read, write = os.pipe()
    os.close(read)
    arguments = ("--token-budget", "100", "--report-json", REPORT)
    done = subprocess.run(
        [*program, *arguments], cwd=logs.root, stdout=write, stderr=subprocess.PIPE, check=False, env=environment()
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (1, b"")
    assert report(logs.root)["status"] == "fail"
