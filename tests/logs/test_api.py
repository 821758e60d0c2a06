"""Logs from Python, under the names that others know: as the command does it."""

import doctest
import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import loopflow.logs
from loopflow.cli.logs import logs
from loopflow.cli.memory import memory
from loopflow.errors import ExitCode, LoopflowError, UsageError
from loopflow.logs import (
    Digest,
    TokenBudgetManager,
    TokenOptimizer,
    api,
    process_logs,
    store_in_memory,
    track_token_usage,
)
from tests.support.run import run

NOISE = "".join(f"GET /item/{number} of the shop\n" for number in range(600))
LOG = f"{NOISE}ValueError: it broke\n{NOISE}"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current directory, with a log in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "build.log").write_text(LOG)
    (tmp_path / "mine.toml").write_text('schema = 1\nname = "mine"\nbase = "error"\n')
    (tmp_path / "saved.toml").write_text('schema = 1\npreset = "ci-integration"\n')
    return tmp_path


def process(**given: Any) -> tuple[Digest, str]:  # noqa: ANN401  arguments of any type
    return process_logs(SimpleNamespace(log_file="build.log", token_budget=1_000, **given))


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("module", [loopflow.logs, api])
def test_the_examples_are_true(module: object) -> None:
    """Those of the documentation."""
    runner = doctest.DocTestRunner(optionflags=doctest.FAIL_FAST)
    for test in doctest.DocTestFinder().find(module):
        runner.run(test)
    assert (runner.tries > 0, runner.failures) == (True, 0)


def test_what_is_exported_is_there() -> None:
    """Each name is documented; others are none."""
    assert all(getattr(loopflow.logs, name).__doc__ for name in loopflow.logs.__all__)
    assert set(loopflow.logs.__all__) <= set(dir(loopflow.logs))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = loopflow.logs.nothing


def test_it_is_the_digest_of_the_command(here: Path) -> None:
    """Kept in ./logs, and remembered for trace."""
    summary, path = process()
    printed = run("build.log", "--fit", "1000", cwd=here, command=logs).out
    assert summary.text == printed == Path(path).read_text()
    assert os.path.dirname(path) == str(here / "logs")
    document = json.loads(Path(path.replace(".digest.txt", ".json")).read_text())
    [error] = document["errors"]
    assert "it broke" in error["headline"]
    assert run("trace", error["ref"], cwd=here, command=logs).out in LOG


def test_arguments_of_others(here: Path) -> None:
    """All that they know may be there, None too, and what this version does not have changes nothing."""
    summary, path = process(
        output_dir="out",
        max_log_size=5,
        max_logs=10,
        store_memory=True,
        track_usage=True,
        preprocess=True,
        chunk_size=1000,
        token_buffer=None,
    )
    assert summary.fit == 1_000
    assert Path(path).parent == here / "out"


@pytest.mark.parametrize(
    ("given", "holds"),
    [
        ({"token_buffer": 400}, lambda digest: digest.tokens_after <= 600 and digest.buffer == 400),
        ({"priority_filter": "high"}, lambda digest: "[also" not in digest.text),
        ({"target_tokens": 800}, lambda digest: digest.fit == 800),
        ({"preset": "test-debugging"}, lambda digest: (digest.preset, digest.log_type) == ("test-debugging", "test")),
        ({"optimization_profile": "error_logs"}, lambda digest: digest.log_type == "error"),
        ({"custom_profile_path": "mine.toml"}, lambda digest: digest.log_type == "mine"),
        ({"load_config": "saved.toml"}, lambda digest: digest.preset == "ci-integration"),
        ({"min_compression": 99}, lambda digest: digest.tokens_after * 50 < digest.tokens_before),
        ({"component_budgets": {"api": 20}}, lambda digest: any(each.component == "api" for each in digest.components)),
        ({"component_budgets": '{"api": 20}', "adaptive_optimization": False}, lambda digest: digest.verbosity),
        ({"memory_optimized": True, "parallel_workers": 2}, lambda digest: "ValueError" in digest.text),
    ],
)
@pytest.mark.usefixtures("here")
def test_an_argument_holds(given: dict[str, Any], holds: Any) -> None:  # noqa: ANN401  a function
    """As the option of its name."""
    assert holds(process(**given)[0])


def test_the_config_holds_where_no_argument_is(here: Path) -> None:
    """The one of the directory."""
    (here / "loopflow.toml").write_text('[logs]\nfit = 700\nmax_logs = 1\noutput_dir = "kept"\n')
    process_logs(SimpleNamespace(log_file=here / "build.log"))
    summary, path = process_logs(SimpleNamespace(log_file=here / "build.log"))
    assert (summary.fit, os.path.dirname(path)) == (700, str(here / "kept"))
    assert len(list((here / "kept").glob("*.txt"))) == 1


def test_a_run_need_not_be_remembered(here: Path) -> None:
    """Then nothing is stored."""
    process(store=False)
    assert run("trace", "ERR-", cwd=here, command=logs).code == 2


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"log_file": None}, "no log is named"),
        ({"log_file": "missing.log"}, "missing.log cannot be read"),
        ({"token_budget": "many"}, "token_budget"),
        ({"token_budget": 0}, "token_budget"),
        ({"token_buffer": -1}, "token_buffer"),
        ({"max_log_size": 0}, "max_log_size"),
        ({"max_log_size": True}, "max_log_size"),
        ({"max_logs": 0}, "max_logs: 0 is no whole number from 1"),
        ({"chunk_size": "a lot\n"}, r"chunk_size: 'a lot\\n' is no whole number"),
        ({"parallel_workers": 65}, "parallel_workers: 65"),
        ({"priority_filter": "urgent"}, "priority_filter: 'urgent' is none of verbose, low"),
        ({"timestamps": 3}, "timestamps: 3 is none of first"),
        ({"preset": "best"}, "preset: 'best' is none of balanced, "),
        ({"optimization_profile": "best"}, "optimization_profile: there is no profile 'best'"),
        ({"custom_profile_path": "build.log"}, "build.log"),
        ({"load_config": "nothing"}, "there is no saved configuration 'nothing'"),
        ({"component_budgets": {"api": 5000}}, "the components' budgets are 5,000 tokens"),
        ({"component_budgets": {"api": object()}}, "--component-budgets: api"),
        ({"component_budgets": "{"}, "--component-budgets is not JSON"),
        ({"min_compression": 100}, "min_compression: 100 is no whole number"),
        ({"output_dir": "build.log"}, "the output directory build.log cannot be made"),
    ],
)
@pytest.mark.usefixtures("here")
def test_a_wrong_argument_is_named(given: dict[str, Any], said: str) -> None:
    """By the error of the command."""
    with pytest.raises(LoopflowError) as caught:
        process_logs(SimpleNamespace(**{"log_file": "build.log", "token_budget": 1_000, **given}))
    assert said in caught.value.message
    assert caught.value.hint


def test_what_may_not_be_cut(here: Path) -> None:
    """Is over the budget, and nothing is kept."""
    with pytest.raises(LoopflowError) as caught:
        process(auto_truncate=False)
    assert caught.value.exit_code is ExitCode.OVER_BUDGET
    assert os.listdir(here / "logs") == []


def test_a_store_that_is_broken_is_a_warning(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The digest is there all the same."""
    monkeypatch.setenv("LOOPFLOW_DATA_DIR", str(here / "build.log"))
    with pytest.warns(UserWarning, match="not remembered"):
        summary, _ = process()
    assert summary.tokens_after <= 1_000


def test_an_optimizer_is_a_manager() -> None:
    """Under its own name for the total, which is usual if it is not given."""
    optimizer = TokenOptimizer(max_token_budget=100)
    assert isinstance(optimizer, TokenBudgetManager)
    assert [optimizer.check_budget(tokens) for tokens in (100, 101)] == [True, False]
    assert TokenOptimizer().total == 76_659
    assert TokenOptimizer(100, buffer=10, components={"api": 20}).remaining("api") == 20


def test_failures_are_remembered_across_runs(here: Path) -> None:
    """Without a server they wait in files, which is a warning; a query finds them."""
    summary, path = process()
    with pytest.warns(UserWarning, match="no memory server is named; 1 run waits in files"):
        store_in_memory(summary, path, None)
    assert "it broke" in run("query", "broke", cwd=here, command=memory).out


def test_the_ledger_is_joined_by_the_command() -> None:
    """Logs and the ledger do not know each other, and the error names who does it."""
    with pytest.raises(UsageError) as error:
        track_token_usage("x", None)
    assert "loopflow logs --track-usage" in error.value.hint
