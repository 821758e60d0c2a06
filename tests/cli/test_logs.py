"""The command `loopflow logs`: every option with real files, its streams and its exit codes."""

import gzip
import json
import os
import sys
from pathlib import Path

import pytest

from loopflow.cli import main as family
from loopflow.cli.logs import logs
from loopflow.tokens import count
from tests.support.run import Result, run

NOISE = "".join(f"GET /item/{number} of the shop\n" for number in range(600))
SECRET = "ghp_" + "a1B2" * 9
FAILING = f"2025-03-01T10:00:00.1Z error: disk full, token={SECRET}\n2025-03-01T10:00:01.1Z warning: old\n"
STAMPED = FAILING + "".join(f"2025-03-01T10:00:02.1Z {line}\n" for line in NOISE.splitlines())


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """Return a directory with a log in it that does not fit into 1,000 tokens, and one that does."""
    (tmp_path / "build.log").write_text(STAMPED)
    (tmp_path / "short.log").write_text("one\ntwo\n")
    return tmp_path


def call(here: Path, *arguments: str, stdin: bytes = b"") -> Result:
    """Call the command, with a store in the directory."""
    return run(*arguments, cwd=here, env={"LOOPFLOW_DATA_DIR": str(here / "data")}, stdin=stdin, command=logs)


def reduced(here: Path, *arguments: str) -> str:
    """Return the digest of the long log in 1,000 tokens."""
    result = call(here, "build.log", "--fit", "1000", *arguments)
    assert (result.code, result.err) == (0, "")
    return result.out


def test_a_digest_goes_to_standard_output(here: Path) -> None:
    """With its head, in at most as many tokens as it may have; nothing on standard error."""
    text = reduced(here)
    assert text.startswith("[log build.log: 602 lines, ")
    assert "error: disk full" in text
    assert count(text) <= 1_000


def test_what_a_digest_is_spent_on_is_a_remark(here: Path) -> None:
    """On standard error: the digest stays what it is, in any form."""
    result = call(here, "build.log", "--fit", "1000", "--explain")
    assert result.out == reduced(here)
    assert "logs:         " in result.err
    assert "  critical" not in result.out
    assert call(here, "build.log", "--fit", "1000", "--explain", "-q").err == ""
    assert call(here, "build.log", "--profile", "--explain").code == 2


def test_a_log_that_fits_is_printed_and_its_head_is_a_remark(here: Path) -> None:
    """Which --quiet leaves out."""
    result = call(here, "short.log")
    assert (result.code, result.out) == (0, "one\ntwo\n")
    assert result.err == "logs: [log short.log: 2 lines, 4 tokens -> 4 of 76,659 (0.0 % less); info]\n"
    assert call(here, "short.log", "--quiet") == Result(0, "one\ntwo\n", "")


@pytest.mark.parametrize(
    "same",
    [
        ("build.log", "--token-budget", "1000"),
        ("build.log", "--target-tokens=1k"),
        ("--log-file", "build.log", "--fit", "1000"),
        ("build.log", "--fit", "2000", "--token-buffer", "1000"),
        ("build.log", "--fit", "1000", "--auto-truncate", "--stream-processing", "--memory-optimized"),
        ("build.log", "--fit", "1000", "--no-store", "--store", "--keep-original", "--repeated", "full"),
        ("build.log", "--fit", "1000", "--timestamps", "first", "--priority-filter", "verbose", "--redact"),
        ("build.log", "--fit", "1000", "--encoding", "o200k_base", "--color", "never", "--chunk-size", "0"),
    ],
)
def test_names_of_options_and_defaults(here: Path, same: tuple[str, ...]) -> None:
    """All of these ask for the same, and get it."""
    assert call(here, *same) == Result(0, reduced(here), "")


def test_a_log_comes_from_anywhere(here: Path) -> None:
    """A file, packed or not, and standard input give one text."""
    expected = reduced(here)
    (here / "standard input").write_text(STAMPED)
    named = call(here, "standard input", "--fit", "1000")
    assert call(here, "-", "--fit", "1000", stdin=STAMPED.encode()) == named
    (here / "build.log").write_bytes(gzip.compress(STAMPED.encode()))
    assert reduced(here) == expected


def test_several_logs_are_one_digest(here: Path) -> None:
    """In the order in which they are named, those of --log-file at last."""
    result = call(here, "short.log", "--log-file", "build.log", "--fit", "1000")
    assert result.out.startswith("[log short.log and 1 more: 604 lines, ")
    assert "\n[F2:L1" in result.out


@pytest.mark.parametrize(
    ("option", "shown", "hidden"),
    [
        (("--timestamps", "drop"), "error: disk full", "2025-03-01"),
        (("--timestamps", "keep"), "2025-03-01T10:00:00.1Z error: disk full", "\nerror: disk full"),
        (("--no-redact",), SECRET, "[redacted"),
        (("--redact",), "[redacted", SECRET),
        (("--priority-filter", "high"), "not asked for: 1 medium", "of the shop"),
        (("--priority-filter", "low"), "[also: 600 x", " end]"),
        (("--type", "error"), "; error; ", "; info; "),
        (("--no-count-input",), "tokens not counted", " % less"),
    ],
)
def test_what_is_told_can_be_chosen(here: Path, option: tuple[str, ...], shown: str, hidden: str) -> None:
    """An option brings one thing, and takes another away."""
    text = reduced(here, *option)
    assert shown in text
    assert hidden not in text


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        ((), 2, "no log is named; name a file, or - for standard input"),
        (("missing.log",), 2, "missing.log cannot be read: no such file or directory; check the path"),
        (("data",), 2, "data is a directory; name the files in it"),
        (("build.log", "--fit", "x"), 2, "--fit"),
        (("build.log", "--fit", ""), 2, "--fit"),
        (("build.log", "--token-buffer", "-1"), 2, "--token-buffer"),
        (("build.log", "--check", "--budget", "x"), 2, "--budget"),
        (("build.log", "--check", "--budget", "9", "--no-count-input"), 2, "leave out either"),
        (("build.log", "--priority-filter", "urgent"), 2, "'--priority-filter'"),
        (("build.log", "--timestamps", "all"), 2, "'--timestamps'"),
        (("build.log", "--encoding", "x"), 2, "encoding"),
        (("build.log", "--config", "missing.toml"), 2, "missing.toml"),
        (("build.log", "--fit", "5"), 1, "5 tokens are too few for anything; --fit "),
        (("build.log", "--fit", "10", "--token-buffer", "10"), 1, "0 tokens are too few for anything"),
        (("build.log", "--fit", "1000", "--no-auto-truncate"), 1, "tokens, and 1,000 are allowed; leave out"),
        (("build.log", "-o", "build.log"), 2, "-o build.log is the log itself; name another file"),
        (("build.log", "-o", "nowhere/out"), 2, "nowhere"),
    ],
)
def test_what_cannot_be_done_is_one_line(here: Path, arguments: tuple[str, ...], code: int, error: str) -> None:
    """On standard error, with nothing on standard output."""
    (here / "data").mkdir()
    result = call(here, *arguments)
    assert (result.code, result.out, result.err.count("\n")) == (code, "", 1)
    assert result.err.startswith("logs: error: ")
    assert error in result.err
    assert (here / "build.log").read_text() == STAMPED


@pytest.mark.parametrize("arguments", [(), ("--priority-filter", "high")])
def test_what_fits_needs_no_cut(here: Path, arguments: tuple[str, ...]) -> None:
    """--no-auto-truncate lets it through, whatever is asked for of it."""
    assert call(here, "short.log", "--no-auto-truncate", *arguments).code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("short.log", "--budget", "4"), 0, "ok short.log: 4 of 4 tokens"),
        (("short.log", "--budget", "3"), 1, "warning: FAIL short.log: 4 tokens, 1 more than the budget of 3"),
        (("short.log", "short.log", "--budget", "7"), 1, "FAIL 2 logs: 8 tokens, 1 more"),
        (("short.log",), 0, "warning: --check has no budget to judge by"),
        (("many.log", "--fit", "300"), 1, "critical failures are not in the digest; raise --fit"),
    ],
)
def test_check_judges_the_log(here: Path, arguments: tuple[str, ...], code: int, said: str) -> None:
    """By its budget, and by what is missing; what is printed is the same."""
    (here / "many.log").write_text("".join(f"error: {'x' * number} broke\n" for number in range(1, 200)))
    result = call(here, *arguments, "--check")
    assert (result.code, result.out) == (code, call(here, *arguments).out)
    assert said in result.err


def test_output_goes_to_a_file_that_appears_whole(here: Path) -> None:
    """And nothing to standard output."""
    text = reduced(here)
    assert reduced(here, "-o", "digest.txt") == ""
    assert (here / "digest.txt").read_text() == text
    assert reduced(here, "--output", "digest.txt", "--format", "json") == ""
    assert json.loads((here / "digest.txt").read_text())["text"] == text


def test_json_is_one_document(here: Path) -> None:
    """Also of a log that fits, whose head is in it and not on standard error."""
    result = call(here, "short.log", "--format", "json")
    assert (result.code, result.err) == (0, "")
    assert (result.json["text"], result.json["whole"], result.json["tokens"]["after"]) == ("one\ntwo\n", True, 4)
    assert result.json["head"].startswith("[log short.log: ")


@pytest.mark.parametrize(
    ("table", "changed"),
    [
        ("fit = 1000", ("--fit", "1000")),
        ('fit = 1500\nbuffer = 500\ntimestamps = "drop"', ("--fit", "1000", "--timestamps", "drop")),
        ("fit = 1000\nredact = false", ("--fit", "1000", "--no-redact")),
        ("fit = 5000\nchunk_size = 3", ("--fit", "5000", "--chunk-size", "3")),
    ],
)
def test_the_config_holds_where_no_option_is(here: Path, table: str, changed: tuple[str, ...]) -> None:
    """And an option goes before it."""
    expected = call(here, "build.log", *changed).out.splitlines()[1:]
    (here / "own.toml").write_text(f"[logs]\n{table}\n")
    assert call(here, "build.log", "--config", "own.toml").out.splitlines()[1:] == expected
    options = ("--token-buffer", "0", "--fit", "1000", "--timestamps", "first", "--redact", "--chunk-size", "0")
    assert call(here, "build.log", "--config", "own.toml", *options).out == reduced(here)


def test_a_budget_of_the_config_is_judged_by(here: Path) -> None:
    """Like one that is named."""
    (here / "own.toml").write_text("[logs]\nbudget = 3\n")
    assert call(here, "short.log", "--check", "--config", "own.toml").code == 1


def test_what_was_remembered_is_traced(here: Path) -> None:
    """By the reference in the digest: the bytes of the log, unredacted."""
    [ref] = {word.rstrip("]") for word in reduced(here).split() if word.startswith("ERR-")} & {
        error["ref"]
        for error in json.loads(reduced(here, "--format", "json"))["errors"]
        if "disk full" in error["headline"]
    } or [""]
    traced = call(here, "trace", ref)
    assert (traced.code, traced.err) == (0, "")
    assert STAMPED.startswith(traced.out)
    assert SECRET in traced.out


def test_what_is_remembered_has_no_secret_and_one_reference_whatever_is_printed(here: Path) -> None:
    """With --no-redact the digest has the secret; neither the store nor the reference of the failure has."""
    told = [json.loads(reduced(here, "--format", "json", *option))["errors"][0] for option in ((), ("--no-redact",))]
    assert [SECRET in each["headline"] for each in told] == [False, True]
    assert told[0]["ref"] == told[1]["ref"]
    files = [each for each in (here / "data").rglob("*") if each.is_file()]
    assert "logs.sqlite3" in {each.name for each in files}
    assert [each.name for each in files if SECRET.encode() in each.read_bytes()] == []


def test_nothing_is_remembered_where_that_is_asked_for(here: Path) -> None:
    """Then there is nothing to trace, and no earlier run."""
    reduced(here, "--no-store")
    assert not (here / "data").exists()
    assert call(here, "trace", "ERR-7K3QF2A4MX").code == 2


def test_an_original_is_kept_where_that_is_asked_for(here: Path) -> None:
    """And is there when the file is not."""
    for option, code in (((), 2), (("--keep-original",), 0)):
        (here / "build.log").write_text(STAMPED)
        ref = json.loads(reduced(here, "--format", "json", *option))["errors"][0]["ref"]
        (here / "build.log").unlink()
        assert call(here, "trace", ref).code == code


def test_what_earlier_runs_had_can_be_short(here: Path) -> None:
    """From the second run on, by what is stored."""
    assert "known since" not in reduced(here, "--repeated", "short")
    assert "known since" in reduced(here, "--repeated", "short")
    assert "known since" not in reduced(here)


@pytest.mark.parametrize("code", [0, 3])
def test_run_ends_as_the_command_does(here: Path, code: int) -> None:
    """And prints what it said, both streams in order."""
    script = f"import sys; print('out', flush=True); print('err', file=sys.stderr, flush=True); sys.exit({code})"
    result = call(here, "run", "--quiet", "--", sys.executable, "-c", script)
    assert result == Result(code, "out\nerr\n", "")


def test_run_reduces_what_the_command_says(here: Path) -> None:
    """With the same options, and keeps it for trace."""
    result = call(
        here, "run", "--fit", "1000", "--format", "json", "--", sys.executable, "-c", "print(open('build.log').read())"
    )
    assert result.json["tokens"]["after"] <= 1_000
    assert STAMPED.startswith(call(here, "trace", result.json["errors"][0]["ref"]).out)


@pytest.mark.parametrize(
    ("argv", "code", "error"), [((), 2, "Missing argument"), (("no-such-command",), 127, "no-such-command")]
)
def test_run_says_what_it_cannot_run(here: Path, argv: tuple[str, ...], code: int, error: str) -> None:
    """With the code that a shell has for it."""
    result = call(here, "run", "--", *argv)
    assert (result.code, result.out) == (code, "")
    assert error in result.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--help",), ["Usage: logs [OPTIONS] [FILES]...", "--token-budget", "How to judge:", "loopflow logs trace"]),
        (("-h",), ["How much:", "What to keep:", "How to print:", "How to work:"]),
        (("run", "--help"), ["Usage: logs run [OPTIONS] -- COMMAND...", "end as it does"]),
        (("trace", "--help"), ["Usage: logs trace [OPTIONS] REF", "--context", "--all"]),
    ],
)
def test_help_says_what_there_is(here: Path, arguments: tuple[str, ...], words: list[str]) -> None:
    """On standard output, and hides what changes nothing."""
    result = call(here, *arguments)
    assert (result.code, result.err) == (0, "")
    assert all(word in " ".join(result.out.split()) for word in words)
    assert "--stream-processing" not in result.out
    assert "\0" not in result.out


def test_a_file_may_have_the_name_of_a_subcommand(here: Path) -> None:
    """As ./run it is a file."""
    (here / "run").write_text("one\n")
    assert call(here, os.path.join(".", "run"), "-q").out == "one\n"


def test_what_changes_nothing_is_said_if_asked(here: Path) -> None:
    """The seed of it is an option that other tools have."""
    assert "changes nothing" in call(here, "short.log", "--stream-processing", "-v").err


def test_it_is_a_member_of_the_family(here: Path) -> None:
    """As `loopflow logs`, whose name stands in its messages."""
    env = {"LOOPFLOW_DATA_DIR": str(here / "data")}
    result = run("logs", "missing.log", cwd=here, env=env, command=family.loopflow)
    assert result.err.startswith("loopflow logs: error: missing.log cannot be read")
    assert "  logs  " in run("--help", cwd=here, command=family.loopflow).out
