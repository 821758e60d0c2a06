"""`loopflow memory` and the flags of `loopflow logs`, without a server: what waits is found, and nothing fails."""

import json
import sys
from pathlib import Path

import pytest

from loopflow.cli.logs import logs
from loopflow.cli.main import loopflow
from tests.support.run import Result, run, run_process
from tests.support.schema import complaints

LOG = "one line\n" * 400 + "2025-03-01 ERROR shop: pears\nValueError: no pears: token=ghp_" + "a1B2c3D4e5F6" * 3 + "\n"


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """Return a repository with a log that was remembered once."""
    (tmp_path / "shop" / ".git").mkdir(parents=True)
    (tmp_path / "shop" / "app.log").write_text(LOG)
    result = call(tmp_path / "shop", "logs", "app.log", "--fit", "500", "--store-memory", "-q")
    assert result.code == 0
    assert result.err.count("\n") == 1
    assert "warning: no memory server is named; 1 run waits in files, for loopflow memory reconnect" in result.err
    return tmp_path / "shop"


def call(here: Path, *arguments: str, stdin: bytes = b"", **env: str) -> Result:
    environ = {"LOOPFLOW_DATA_DIR": str(here.parent / "data"), "LOOPFLOW_MEMORY_COMMAND": "", **env}
    return run(*arguments, cwd=here, env=environ, stdin=stdin, command=loopflow)


def ask(here: Path, *arguments: str) -> str:
    result = call(here, "memory", *arguments)
    assert result.code == 0, result.err
    return result.out


def test_what_failed_is_found_and_traced(here: Path) -> None:
    """With the lines of the log; secrets are hidden in both."""
    text = ask(here, "query", "pears", "VALUE", "--trace")
    assert text.startswith('[memory "pears value": 1 failure, 0 runs]\n[ERR-')
    assert "ValueError, last 20" in text.splitlines()[1]
    assert text.splitlines()[1].endswith("no pears: token=[redacted:github-token]")
    assert "\nValueError: no pears: token=[redacted:github-token]\n" in text
    assert "ghp_" not in text


def test_no_secret_waits_in_a_file(here: Path) -> None:
    """Whatever the log prints: a run is written down before a server has it."""
    result = call(here, "logs", "app.log", "--fit", "500", "--no-redact", "--store-memory")
    assert "ghp_" in result.out
    files = [each for each in (here.parent / "data" / "memory").rglob("*") if each.is_file()]
    assert "pending.jsonl" in {each.name for each in files}
    assert [each.name for each in files if b"ghp_" in each.read_bytes()] == []


def test_a_trace_that_is_nowhere_says_so(here: Path) -> None:
    """The log changed, and there is no copy."""
    (here / "app.log").write_text("nothing\n")
    assert "its lines are nowhere any more" in ask(here, "query", "pears", "--trace")


def test_each_form_is_as_its_schema_says(here: Path) -> None:
    """Of every subcommand that prints JSON."""
    for arguments in (("query", "pears"), ("analyze",), ("show", "ValueError"), ("status",)):
        document = json.loads(ask(here, *arguments, "--format", "json"))
        assert complaints(document, "memory") == []
    assert json.loads(ask(here, "query", "pears", "--format", "json"))["source"] == "files"


def test_flags_of_logs_are_the_subcommands(here: Path) -> None:
    """With a fit, a file and a form."""
    for flags, arguments in (
        (("--memory-query", "pears"), ("query", "pears")),
        (("--analyze-memory",), ("analyze",)),
        (("--analyze-memory", "--memory-query=pears"), ("analyze", "pears")),
        (("--memory-query=pears", "--format", "json"), ("query", "pears", "--format", "json")),
        (("--check-memory-connection",), ("status",)),
    ):
        theirs, ours = call(here, "logs", *flags), call(here, "memory", *arguments)
        assert (theirs.code, theirs.out) == (ours.code, ours.out)
        assert ours.out
    assert call(here, "logs", "--reconnect-memory").code == call(here, "memory", "reconnect").code == 2


def test_it_is_said_that_files_answer(here: Path) -> None:
    """As a remark where no server is named."""
    assert "memory query: answered from files: no memory server is named" in call(here, "memory", "query", "x").err
    assert call(here, "memory", "query", "x", "-q").err == ""


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("query",), 2, "there are no words to look for"),
        (("query", "pears", "--fit", "5", "-q"), 1, "--fit 5 is too small; at least"),
        (("query", "pears", "--fit", "x"), 2, "--fit"),
        (("query", "pears", "--encoding", "x"), 2, "x"),
        (("query", "pears", "--timeout", "0"), 2, "--timeout: it is no time"),
        (("show", "no\npears", "-q"), 2, "the memory has no no\\npears"),
        (("show", ""), 2, "there is no name to show"),
        (("query", "pears", "--file", "."), 0, "warning: answered from files: "),
        (("query", "pears", "--command", "'"), 2, "--command: ' is no command"),
        (("forget", "--before", "soon"), 2, "--before: soon is no date"),
        (("forget", "--before", "0001-01-01T00:00:00+14:00"), 2, "is no date"),
        (("forget", "--before", "2999-01-01", "--file", "memory.json"), 2, "no memory server is named"),
        (("forget",), 2, "--before"),
        (("import", "nowhere"), 2, "nowhere cannot be read: no such file or directory"),
        (("import", "app.log"), 2, "app.log:1 is no line of a memory"),
        (("import", "memory.json"), 2, "no memory server is named"),
        (("repair",), 2, "there is no file"),
        (("repair", "--file", "app.log"), 0, "402 lines moved to"),
        (("reconnect",), 2, "1 run waits: no memory server is named"),
        (("status",), 0, "set LOOPFLOW_MEMORY_COMMAND"),
        (("forget", "--before", "2999-01-01"), 0, "1 run forgotten"),
    ],
)
def test_how_it_ends(arguments: tuple[str, ...], code: int, said: str, here: Path) -> None:
    """One line on standard error says why."""
    (here / "memory.json").write_text("[]")
    result = call(here, "memory", *arguments)
    assert (result.code, result.err.count("\n")) == (code, 1)
    assert said in result.err


@pytest.mark.parametrize("what", [("app.log", "--store-memory"), ("--memory-query", "x")])
def test_a_command_that_is_none_is_called_as_it_was_typed(what: tuple[str, ...], here: Path) -> None:
    """Not as the other command has it."""
    result = call(here, "logs", *what, "--memory-command", "'")
    assert (result.code, result.out) == (2, "")
    assert "error: --memory-command: ' is no command" in result.err


def test_what_waits_can_be_forgotten(here: Path) -> None:
    """All that is old, and nothing else."""
    assert call(here, "memory", "forget", "--before", "2001-01-01").err == "loopflow memory forget: 0 runs forgotten\n"
    assert "1 failure" in ask(here, "query", "pears")
    call(here, "memory", "forget", "--before", "2999-01-01T00:00:00+02:00")
    assert "0 failures" in ask(here, "query", "pears")
    assert "waiting  0 runs" in ask(here, "status")


def test_all_of_it_goes_out(here: Path) -> None:
    """To a file too, as lines that the server reads."""
    text = ask(here, "export")
    assert ask(here, "export", "-o", "out.jsonl") == ""
    assert (here / "out.jsonl").read_text() == text
    assert [json.loads(line)["type"] for line in text.splitlines()] == ["entity", "entity", "relation"]


def test_a_config_and_a_preset_ask_for_it(here: Path) -> None:
    """But not for a digest that is none."""
    (here / "loopflow.toml").write_text("[memory]\nstore = true\n")
    assert "2 runs wait" in call(here, "logs", "app.log", "--fit", "500").err
    assert "wait" not in call(here, "logs", "app.log", "--profile").err
    assert "wait" not in call(here, "logs", "app.log", "--keep", "fold").err
    (here / "loopflow.toml").unlink()
    assert "3 runs wait" in call(here, "logs", "app.log", "--preset", "monitoring").err
    assert "wait" not in call(here, "logs", "app.log", "--fit", "500").err


@pytest.mark.parametrize("option", [("--profile",), ("--keep", "fold")])
def test_what_is_no_digest_cannot_be_remembered(option: tuple[str, ...], here: Path) -> None:
    """Whoever asks for both is told."""
    result = call(here, "logs", "app.log", *option, "--store-memory")
    assert (result.code, result.out) == (2, "")
    assert "--store-memory is of a digest" in result.err


def test_a_config_that_was_found_starts_nothing(here: Path) -> None:
    """It ends before the log is read, where a memory is asked for; else it does not matter."""
    (here / "loopflow.toml").write_text(f'[memory]\ncommand = ["touch", "{here}/started"]\n')
    for arguments in (("logs", "app.log", "--store-memory"), ("memory", "query", "x"), ("memory", "status")):
        result = call(here, *arguments)
        assert (result.code, result.out) == (2, "")
        assert "loopflow.toml:2: memory.command is not taken from a config that was found" in result.err
    assert call(here, "logs", "app.log", "--fit", "500").code == 0
    assert not (here / "started").exists()


def test_a_log_with_many_failures(here: Path) -> None:
    """Two hundred are kept, and how many there were more."""
    words = [f"{first}{second}" for first in "abcdefghijklmnop" for second in "abcdefghijklmnop"]
    (here / "many.log").write_text("".join(f"error: {word} is broken\n" for word in words))
    assert run("many.log", "--fit", "3k", "-q", "--store-memory", cwd=here, command=logs).code == 0
    call(here, "logs", "many.log", "--fit", "3k", "--store-memory")
    runs = json.loads(ask(here, "query", "many.log", "testrun", "--fit", "20k", "--format", "json"))["runs"]
    assert len(runs[0]["refs"]) == 200
    assert "left out 56 failures more" in ask(here, "show", runs[0]["name"])


def test_only_what_is_needed_is_imported(here: Path) -> None:
    """No logs to ask a memory, no memory to read a log, and no SDK where no server is named."""
    listing = "import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
    program = (sys.executable, "-c", f"{listing}from loopflow.cli.main import main; main()")
    env = {"LOOPFLOW_DATA_DIR": str(here.parent / "data"), "LOOPFLOW_MEMORY_COMMAND": ""}
    for arguments, unwanted in (
        (("memory", "query", "pears"), ("loopflow.logs", "mcp.", "anyio")),
        (("memory", "--help"), ("loopflow.memory", "loopflow.logs", "mcp.", "anyio")),
        (("logs", "app.log", "--fit", "500"), ("loopflow.memory", "mcp.", "anyio")),
        (("logs", "app.log", "--fit", "500", "--store-memory"), ("mcp.", "anyio")),
    ):
        result = run_process(*arguments, cwd=here, env=env, program=program)
        assert result.code == 0
        assert [name for name in result.err.split() if f"{name}.".startswith(unwanted)] == []


def test_nowhere_to_write(here: Path) -> None:
    """The digest is printed all the same."""
    (here / "file").write_text("")
    result = call(here, "logs", "app.log", "--fit", "500", "--no-store", "--store-memory", LOOPFLOW_DATA_DIR="file/x")
    assert result.code == 0
    assert "ValueError" in result.out
    assert "warning: what failed is not remembered: " in result.err
