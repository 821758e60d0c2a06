"""Names that others know: each command line in benchmarks/log_tables/names.py does what ours does, or says why not."""

import io
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

import loopflow.logs
from loopflow.cli.logs import logs
from loopflow.cli.logs_names import ACTIONS
from loopflow.errors import LoopflowError
from tests.support.run import Result, run

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
from log_tables import names  # type: ignore[import-not-found]


def call(arguments: Sequence[str], cwd: Path) -> Any:  # noqa: ANN401  the script is not typed here
    result = run(*arguments, cwd=cwd, env={"LOOPFLOW_DATA_DIR": "data"}, command=logs)
    return names.Ended(*vars_of(result))


def vars_of(result: Result) -> tuple[int, str, str]:
    return int(result.code), result.out, result.err


@pytest.mark.parametrize("pair", names.PAIRS, ids=lambda pair: " ".join(pair.theirs) or "nothing")
def test_a_name_does_what_ours_does(pair: Any) -> None:  # noqa: ANN401
    """It prints the same and ends the same."""
    [tried] = names.try_all(call, [pair])
    assert tried.seen


def test_functions_do_what_they_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or raise the one error that says what does."""

    def evaluate(code: str, where: Path) -> str:
        printed = io.StringIO()
        with monkeypatch.context() as patch, redirect_stdout(printed):
            patch.chdir(where)
            try:
                exec(code, {"logs": loopflow.logs})  # noqa: S102  it stands in the table
            except LoopflowError as error:
                return error.message
        return printed.getvalue()

    tried = list(names.try_functions(evaluate))
    assert [function.name for function, seen in tried if not seen] == []


def test_every_name_is_tried() -> None:
    """None of those that the command knows is missing in the table."""
    tried = {word.partition("=")[0] for pair in names.PAIRS for word in pair.theirs}
    assert set(ACTIONS) <= tried


def test_a_difference_is_seen(tmp_path: Path) -> None:
    """The table is no list of what should be."""
    wrong = [
        names.Pair(("small.txt",), (names.LOG,)),
        names.Pair(("small.txt",), ("small.txt",), code=1),
        names.Pair(("small.txt",), ("small.txt",), makes="*.xml"),
    ]
    assert tmp_path.exists()
    tried = list(names.try_all(call, wrong))
    assert [each.seen for each in tried] == [""] * 3
    assert names.render(tried).count("**differs**") == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("--validate-config", "--diagnostic-report"),
            "--validate-config and --diagnostic-report are two things to do",
        ),
        (("--diagnostic-report", "a.log"), "--diagnostic-report reads no log, and a.log is one"),
        (("--validate-ci", "--log-file=a.log"), "--validate-ci reads no log, and a.log is one"),
        (("--validate-config", "--log-file"), "--validate-config reads no log, and --log-file is one"),
        (("--diagnostic-report", "--log-file", "\x1b[2J"), r"reads no log, and \x1b[2J is one"),
        (("a.log", "--memory-query=x"), "--memory-query and a file do not go together"),
        (("--reconnect-memory", "--memory-query=x"), "--memory-query and --reconnect-memory do not go together"),
        (("a.log", "--memory-command=x"), "--memory-command is for what asks or fills a memory"),
        (("--diagnostic-report", "--wrong"), "No such option '--wrong'"),
    ],
)
def test_what_does_not_go_together_is_named(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    """Exit 2, one line with both."""
    result = run(*arguments, cwd=tmp_path, command=logs)
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
    assert said in result.err


def test_behind_two_dashes_they_are_names_of_logs(tmp_path: Path) -> None:
    """And the words of a command that is run are its own."""
    (tmp_path / "--validate-config").write_text("one\n")
    assert run("-q", "--", "--validate-config", cwd=tmp_path, command=logs).out == "one\n"
    assert run("run", "-q", "--", "echo", "--check-usage", cwd=tmp_path, command=logs).out == "--check-usage\n"
