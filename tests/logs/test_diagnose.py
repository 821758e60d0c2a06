"""`loopflow logs diagnose`: each of its twelve points, as it should be and broken on purpose."""

import json
import os
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from loopflow.cli.logs import logs
from loopflow.cli.usage import usage
from loopflow.logs.checks.automation import find_commands
from loopflow.logs.checks.model import State
from loopflow.logs.checks.working import compare_counts
from loopflow.logs.diagnosing import CHECKS
from tests.support.builder import Repo
from tests.support.reducing import counter
from tests.support.run import Result, run

if TYPE_CHECKING:
    from loopflow.tokens.protocol import TokenCounter

NAMES = [name for name, _ in CHECKS]
WORKFLOW = """
jobs:
  tokens:
    steps:
      - run: |
          loopflow logs validate-ci {options}
"""
HOOK = "repos:\n- repo: local\n  hooks:\n    - id: token-validation\n"


def call(repo: Repo, *arguments: str, env: dict[str, str] | None = None) -> Result:
    """Diagnose what is there."""
    variables = {"LOOPFLOW_DATA_DIR": str(repo.root / "data"), **(env or {})}
    return run("diagnose", *arguments, cwd=repo.root, env=variables, command=logs)


def find(repo: Repo, env: dict[str, str] | None = None) -> dict[str, tuple[str, str, str]]:
    """Return the state of each point, what was seen, and the remedy."""
    checks = call(repo, "--format", "json", env=env).json["checks"]
    return {check["name"]: (check["state"], check["seen"], check["remedy"]) for check in checks}


def configure(repo: Repo, *lines: str) -> None:
    (repo.root / "loopflow.toml").write_text("\n".join(lines))


def write_job(repo: Repo, options: str, more: str = "") -> None:
    folder = repo.root / ".github" / "workflows"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokens.yml").write_text(WORKFLOW.format(options=options) + more)


def install_hook(repo: Repo) -> Path:
    (repo.root / ".pre-commit-config.yaml").write_text(HOOK)
    hook = repo.root / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexec pre-commit hook-impl\n")
    hook.chmod(0o755)
    return hook


@pytest.fixture(scope="module")
def template(isolated_session: None, tmp_path_factory: pytest.TempPathFactory) -> Repo:  # noqa: ARG001
    """Return a repository in which all works that can."""
    repo = Repo(tmp_path_factory.mktemp("good") / "repo")
    configure(repo, "[logs]", "fit = 500", 'output_dir = "out"')
    write_job(repo, "--fail-on-threshold=90 --against ${{ github.base_ref }}")
    install_hook(repo)
    (repo.root / "a.log").write_text("".join(f"{number} of it\n" for number in range(900)) + "ValueError: x\n")
    run("a.log", "-q", cwd=repo.root, env={"LOOPFLOW_DATA_DIR": str(repo.root / "data")}, command=logs)
    return repo


@pytest.fixture
def good(template: Repo, tmp_path: Path) -> Repo:
    """Return a copy of it, to be broken."""
    return copy(template, tmp_path)


def copy(template: Repo, below: Path) -> Repo:
    copied = Repo.__new__(Repo)  # git has nothing to do again
    copied.root = Path(shutil.copytree(template.root, below / "copy"))
    return copied


def test_all_is_well(good: Repo) -> None:
    """What cannot be configured in this version is not configured, and everything else passes."""
    found = find(good)
    assert list(found) == NAMES
    assert len(NAMES) == 12
    states = {name: state for name, (state, _, _) in found.items()}
    later = {"memory server", "ledger of usage", "monitor"}
    assert {name for name, state in states.items() if state == State.ABSENT} == later
    assert {name for name, state in states.items() if state == State.PASS} == set(NAMES) - later
    assert call(good, "--check").code == 0


def test_nothing_is_configured(repo: Repo) -> None:
    """Where nothing is, what needs nothing passes, and all else says how to begin."""
    found = find(repo)
    assert State.FAIL not in {state for state, _, _ in found.values()}
    assert all(remedy for state, _, remedy in found.values() if state == State.ABSENT)
    assert found["kept digests"][:2] == (State.PASS, "a trial is whole")


def test_nothing_is_left_behind(repo: Repo) -> None:
    """What is tried is taken away again, but for the store that every run makes."""
    call(repo)
    assert sorted(os.listdir(repo.root)) == [".git", "data"]
    assert os.listdir(repo.root / "data" / "logs") == []


def _too_small(repo: Repo) -> None:
    configure(repo, "[logs]", "fit = 500", "buffer = 450")


def _config_broken(repo: Repo) -> None:
    configure(repo, "[logs]", 'fit = "many"')


def _directory_a_file(repo: Repo) -> None:
    configure(repo, "[logs]", 'output_dir = "a.log"')


def _directory_a_link(repo: Repo) -> None:
    (repo.root / "elsewhere").mkdir()
    (repo.root / "link").symlink_to("elsewhere")
    configure(repo, "[logs]", 'output_dir = "link"')


def _digest_changed(repo: Repo) -> None:
    [text] = (repo.root / "out").glob("*.txt")
    text.write_text(text.read_text().replace("ValueError", "TypeError"))


def _document_cut(repo: Repo) -> None:
    [document] = (repo.root / "out").glob("*.json")
    document.write_text(document.read_text()[:-9])


def _digest_not_utf_8(repo: Repo) -> None:
    [text] = (repo.root / "out").glob("*.txt")
    text.write_bytes(text.read_bytes() + b"\xff")


def _document_hostile(repo: Repo) -> None:
    [document] = (repo.root / "out").glob("*.json")
    document.write_text("[" * 100_000)


def _counts_no_table(repo: Repo) -> None:
    [document] = (repo.root / "out").glob("*.json")
    document.write_text(json.dumps(json.loads(document.read_text()) | {"tokens": [1]}))


def _digest_a_pipe(repo: Repo) -> None:
    [text] = (repo.root / "out").glob("*.txt")
    text.unlink()
    os.mkfifo(text)


def _count_wrong(repo: Repo) -> None:
    [document] = (repo.root / "out").glob("*.json")
    content = json.loads(document.read_text())
    content["tokens"]["after"] += 1
    document.write_text(json.dumps(content))


def _memory(repo: Repo) -> None:
    configure(repo, "[memory]", 'command = ["x"]')


def _usage(repo: Repo) -> None:
    configure(repo, "[usage]", "track = 3")


def _ledger_broken(repo: Repo) -> None:
    configure(repo, "[[usage.budget]]", 'name = "daily"', 'tokens = "2M"')
    (repo.root / "data" / "usage.sqlite3").write_text("this is none" * 99)


def _monitor_cooldown(repo: Repo) -> None:
    configure(repo, "[usage.alerts]", 'cooldown = "soon"')


def _thresholds_of_usage(repo: Repo) -> None:
    configure(repo, "[[usage.budget]]", 'name = "daily"', "warning = 96")


def _thresholds_of_a_job(repo: Repo) -> None:
    write_job(repo, "--warning-threshold 95 \\\n            --critical-threshold=80")


def _store_broken(repo: Repo) -> None:
    (repo.root / "data" / "logs.sqlite3").write_text("this is none" * 99)


def _originals_blocked(repo: Repo) -> None:
    (repo.root / "data" / "logs").write_text("")


def _option_wrong(repo: Repo) -> None:
    write_job(repo, "--fail-threshold=90")


def _failure_hidden(repo: Repo) -> None:
    write_job(repo, "src || true")


def _step_goes_on(repo: Repo) -> None:
    write_job(repo, "src", "        continue-on-error: true\n")


def _hook_missing(repo: Repo) -> None:
    install_hook(repo).unlink()


def _hook_not_executable(repo: Repo) -> None:
    install_hook(repo).chmod(0o644)


def _hook_of_others(repo: Repo) -> None:
    install_hook(repo).write_text("#!/bin/sh\nmake lint\n")


BROKEN: list[tuple[Callable[[Repo], None], str, str]] = [
    (_too_small, "token budget", "fit = 500 less buffer = 450 leaves 50 tokens"),
    (_config_broken, "token budget", "loopflow.toml:2: logs.fit: "),
    (_directory_a_file, "directory of digests", "a.log: it is a file"),
    (_directory_a_link, "directory of digests", "link: it is behind a link"),
    (_digest_changed, "kept digests", "its text is not that of its document"),
    (_document_cut, "kept digests", "its document is no JSON of ours"),
    (_count_wrong, "kept digests", "tokens, and it has "),
    (_digest_not_utf_8, "kept digests", "its text is not that of its document"),
    (_document_hostile, "kept digests", "its document is no JSON of ours"),
    (_counts_no_table, "kept digests", "its document says None tokens"),
    (_digest_a_pipe, "kept digests", ".digest.txt is no file"),
    (_memory, "memory server", "loopflow.toml:2: memory.command is not taken from a config that was found"),
    (_usage, "ledger of usage", "loopflow.toml:2: usage.track: "),
    (_ledger_broken, "ledger of usage", "usage.sqlite3"),
    (_ledger_broken, "monitor", "usage.sqlite3"),
    (_monitor_cooldown, "monitor", "loopflow.toml:2: usage.alerts.cooldown"),
    (_thresholds_of_usage, "thresholds", "loopflow.toml:1: --warning-threshold 96 is not below"),
    (_thresholds_of_a_job, "thresholds", "tokens.yml:6: --warning-threshold 95 is not below"),
    (_store_broken, "history of runs", "file is not a database"),
    (_originals_blocked, "originals", "no original can be kept"),
    (_option_wrong, "job in CI", ".github/workflows/tokens.yml:6: No such option '--fail-threshold'"),
    (_failure_hidden, "job in CI", "what stands behind || hides that it fails"),
    (_step_goes_on, "job in CI", "continue-on-error hides that it fails"),
    (_hook_missing, "hook before a commit", "configured and not installed"),
    (_hook_not_executable, "hook before a commit", "cannot be executed"),
    (_hook_of_others, "hook before a commit", "does not call pre-commit"),
]


@pytest.mark.parametrize(("break_it", "name", "seen"), BROKEN)
def test_what_is_broken_is_named(break_it: Callable[[Repo], None], name: str, seen: str, good: Repo) -> None:
    """It fails, says what was seen and what to do, and --check ends with 1."""
    break_it(good)
    result = call(good, "--check", "--format", "json")
    [check] = [check for check in result.json["checks"] if check["name"] == name]
    assert (check["number"], check["state"], bool(check["remedy"])) == (NAMES.index(name) + 1, State.FAIL, True)
    assert seen in check["seen"]
    assert result.code == 1


def test_an_engine_that_is_not_there(good: Repo) -> None:
    """Counting fails, and so does what needs it; nothing else does."""
    env = {"LOOPFLOW_ENGINE": "abacus"}
    found = find(good, env)
    assert {name for name, (state, _, _) in found.items() if state == State.FAIL} == {"exact counts", "kept digests"}
    out = call(good, env=env).out
    assert re.search("\n +4  FAIL +exact counts: there is no engine 'abacus'\n +LOOPFLOW_ENGINE is one of ", out)


class _Guessing:
    """Counts characters by four."""

    encoding = "o200k_base"
    engine = "guessing"
    id = "x"

    def expect(self, size: int) -> None: ...

    def count(self, texts: Sequence[str]) -> list[int]:
        return [len(text) // 4 for text in texts]

    def apart(self, text: str) -> str:
        return text[:0]


def test_a_count_that_is_guessed_is_seen() -> None:
    """The known text is not counted right by chance."""
    guessing: TokenCounter = _Guessing()
    assert compare_counts(guessing).state is State.FAIL
    assert compare_counts(counter()).state is State.PASS


def test_every_point_can_be_broken() -> None:
    """This file breaks each of the twelve."""
    assert {name for _, name, _ in BROKEN} | {"exact counts"} == set(NAMES)


def test_what_holds_and_where_it_comes_from(good: Repo) -> None:
    """Every key of the config with its value and its origin; secrets of the environment are not shown."""
    result = call(good, env={"LOOPFLOW_SMTP_PASSWORD": "hunter2"})
    assert [line.split() for line in result.out.splitlines() if line.startswith("  fit ")] == [
        ["fit", "500", "loopflow.toml:2"]
    ]
    assert re.search("  max_logs +10 +default\n", result.out)
    assert "hunter2" not in result.out
    assert "LOOPFLOW_SMTP_PASSWORD" in result.out


def test_a_worktree_has_the_hooks_of_its_repository(good: Repo) -> None:
    """Git looks there too."""
    good.git("add", ".pre-commit-config.yaml")
    good.commit()
    good.git("worktree", "add", "-q", "../other")
    other = Repo(good.root.parent / "other")
    assert find(other)["hook before a commit"][0] == State.PASS


def test_names_that_could_act_are_shown(good: Repo) -> None:
    """Of files, and of variables."""
    folder = good.root / ".github" / "workflows"
    (folder / "tokens.yml").rename(folder / "\x1b[2J\n.yml")
    result = call(good, env={"LOOPFLOW_X\x1b": "\x1b]0;x\x07"})
    assert "\x1b" not in result.out
    assert "\\x1b[2J\\n.yml:6 runs validate-ci" in result.out


@pytest.mark.parametrize(
    ("options", "arguments"),
    [
        ("a b", ["a", "b"]),
        ("a \\\n   --quiet  # of it", ["a", "--quiet"]),
        ("'a b' && rm -r out", ["a b"]),
        ("a | tee out", ["a"]),
        ("a > out 2>&1", ["a"]),
        ("--against ${{ github.base_ref }}", ["--against", "$EXPRESSION"]),
        ("'a", ["'a"]),
    ],
)
def test_a_command_of_a_job_is_read_as_a_shell_does(options: str, arguments: list[str], repo: Repo) -> None:
    """Up to its end, over lines."""
    write_job(repo, options)
    [command] = find_commands(str(repo.root))
    assert (command.arguments, command.hidden) == (arguments, "")


def test_a_comment_is_no_command(repo: Repo) -> None:
    """Nor is a word that begins so."""
    (repo.root / ".gitlab-ci.yml").write_text(
        "# - loopflow logs validate-ci\n- loopflow logs validate-cinema\n- loopflow logs --validate-ci -q\n"
    )
    assert [command.where for command in find_commands(str(repo.root))] == [".gitlab-ci.yml:3"]


def test_settings_are_shown_as_they_are_written(repo: Repo) -> None:
    """Those of a preset come from it."""
    configure(
        repo,
        "[logs]",
        'preset = "ci-integration"',
        'patterns = [{ priority = "high", match = "a\\u001b" }]',
        'drop = ["x", "y"]',
        "[logs.components]",
        "api = { tokens = 20 }",
        "web = { tokens = 10 }",
    )
    settings = call(repo, "--format", "json").json["settings"]
    shown = {name: (each["value"], each["origin"]) for name, each in settings.items()}
    assert shown["fit"] == ("8000", "preset ci-integration")
    assert shown["patterns"] == ("high:a\\x1b", "loopflow.toml:3")
    assert shown["drop"] == ("x, y", "loopflow.toml:4")
    assert shown["components"] == ("api, web", "loopflow.toml:5")
    assert shown["redact"] == ("true", "default")
    assert shown["custom_profile"] == ("not set", "default")


def test_a_ledger_is_looked_at(good: Repo) -> None:
    """It can be read; the monitor has something to watch where there is a budget."""
    configure(good, "[usage]", "track = true")
    found = find(good)
    assert found["ledger of usage"][:2] == (State.PASS, "it can be read, with 0 budgets")
    assert found["monitor"][0] == State.ABSENT
    configure(good, "[[usage.budget]]", 'name = "daily"', 'tokens = "2M"')
    assert find(good)["monitor"][:2] == (State.PASS, "1 budget, and 0 places that alerts go to")


def test_a_ledger_needs_no_config(good: Repo) -> None:
    """What `usage budget set` wrote is seen, and so is that there is nothing."""
    assert [find(good)[name][0] for name in ("ledger of usage", "monitor")] == [State.ABSENT, State.ABSENT]
    env = {"LOOPFLOW_DATA_DIR": str(good.root / "data")}
    assert run("budget", "set", "daily", "2M", cwd=good.root, env=env, command=usage).code == 0
    assert [find(good)[name][0] for name in ("ledger of usage", "monitor")] == [State.PASS, State.PASS]
