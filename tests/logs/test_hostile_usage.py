"""Wrong usage of `loopflow logs`, names that are hostile, and commands that are run: one line, and the right code."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from loopflow.cli.logs import logs
from tests.support.run import Result, environment, run
from tests.support.screen import can_act

PROGRAM = (sys.executable, "-c", "from loopflow.cli.main import main; main()", "logs")
LOG = b"hello\nerror: it broke\n"


def call(*arguments: str, cwd: Path, stdin: bytes = b"") -> Result:
    """Call the command, with a log beside it."""
    (cwd / "a.log").write_bytes(LOG)
    return run(*arguments, cwd=cwd, stdin=stdin, command=logs)


def start(*arguments: str, cwd: Path, stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    """Run the command as a process of its own."""
    return subprocess.run(
        [*PROGRAM, *arguments], cwd=cwd, env=environment(), input=stdin, capture_output=True, check=False
    )


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--",),
        ("--unknown", "a.log"),
        ("a.log", "--fit"),
        ("a.log", "--fit", "0"),
        ("a.log", "--fit", ""),
        ("a.log", "--fit", "-5"),
        ("a.log", "--fit", "1e3"),
        ("a.log", "--fit", "9" * 5_000),
        ("a.log", "--token-budget", "many"),
        ("a.log", "--target-tokens", "0"),
        ("a.log", "--token-buffer", "-1"),
        ("a.log", "--token-buffer", ""),
        ("a.log", "--type", "x"),
        ("a.log", "--priority-filter", "x"),
        ("a.log", "--timestamps", "x"),
        ("a.log", "--repeated", "x"),
        ("a.log", "--format", "x"),
        ("a.log", "--color", "x"),
        ("a.log", "--encoding", "x"),
        ("a.log", "--chunk-size", "-1"),
        ("a.log", "--chunk-size", "x"),
        ("a.log", "--parallel-workers", "-1"),
        ("a.log", "--parallel-workers", "65"),
        ("a.log", "--check", "--budget", "0"),
        ("a.log", "--check", "--budget", ""),
        ("a.log", "--check", "--budget", "5", "--no-count-input"),
        ("a.log", "--config", "nothing"),
        ("a.log", "-o", "nothing/x"),
        ("a.log", "-o", "."),
        ("a.log", "-o", "a.log"),
        ("a.log", "-o"),
        ("a.log", "--check=yes"),
        ("-", "-"),
        ("a.log", "b.log"),
        ("trace",),
        ("trace", "x"),
        ("trace", "ERR-0000000000", "more"),
        ("run",),
        ("run", "--"),
        ("run", "--fit", "0", "--", "true"),
        ("run", "--unknown", "--", "true"),
        ("distribution",),
        ("distribution", "--fit", "x", "a.log"),
    ],
)
def test_wrong_usage_is_one_line(arguments: tuple[str, ...], tmp_path: Path) -> None:
    """It ends with 2, prints nothing else, and says what to do."""
    result = call(*arguments, cwd=tmp_path)
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
    assert result.err.startswith("logs")
    assert "; " in result.err


@pytest.mark.parametrize(
    "line",
    [
        'fit = "x"',
        "fit = -1",
        f"fit = {'9' * 30}",
        "buffer = -1",
        "buffer = true",
        "chunk_size = 1.5",
        'timestamps = "x"',
        'repeated = ""',
        "workers = -1",
        "workers = 65",
        "redact = 1",
        'archive = "yes"',
        'budget = "0x"',
        "unknown = 1",
        "fit",
    ],
)
def test_a_wrong_config_is_one_line(line: str, tmp_path: Path) -> None:
    """It names the file and the line."""
    (tmp_path / "c.toml").write_text(f"[logs]\n{line}\n")
    result = call("a.log", "--config", "c.toml", cwd=tmp_path)
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
    assert "c.toml" in result.err
    assert "2" in result.err


@pytest.mark.parametrize("option", ["--fit", "--token-budget", "--target-tokens"])
def test_the_last_of_an_option_given_twice_holds(option: str, tmp_path: Path) -> None:
    """As everywhere."""
    assert call("a.log", option, "1", option, "600", cwd=tmp_path).out == LOG.decode()


@pytest.mark.parametrize("fit", ["1", "2", "3", "4"])
def test_a_budget_that_is_too_small_names_the_least(fit: str, tmp_path: Path) -> None:
    """It ends with 1, and that least does work."""
    result = call("a.log", "--fit", fit, cwd=tmp_path)
    assert (result.code, result.out, result.err.count("\n")) == (1, "", 1)
    least = result.err.partition("--fit ")[2].split()[0]
    assert call("a.log", "--fit", least, cwd=tmp_path).code == 0


def test_the_least_has_the_buffer_in_it(tmp_path: Path) -> None:
    """And with it works."""
    result = call("a.log", "--fit", "50", "--token-buffer", "100", cwd=tmp_path)
    least = result.err.partition("--fit ")[2].split()[0]
    again = call("a.log", "--fit", least, "--token-buffer", "100", cwd=tmp_path)
    assert (result.code, again.code, again.out) == (1, 0, LOG.decode())


def test_too_large_a_budget_is_no_trouble(tmp_path: Path) -> None:
    """Ten million tokens for two lines."""
    assert call("a.log", "--fit", "10M", cwd=tmp_path).out == LOG.decode()


def test_check_fails_where_something_critical_is_missing(tmp_path: Path) -> None:
    """With 1, and a warning; the digest is printed all the same."""
    (tmp_path / "many.log").write_bytes(
        b"".join(b"error: cannot open file %c%c\n\n\n\n\n" % (a, b) for a in range(97, 123) for b in range(97, 123))
    )
    result = call("many.log", "--fit", "100", "--check", "--budget", "1M", "--format", "json", cwd=tmp_path)
    assert (result.code, result.json["complete"]) == (1, False)
    assert "critical failures are not in the digest; raise --fit" in result.err


NAMES = (
    b"trace",
    b"run",
    b"-x",
    b"--",
    b"a\nb",
    b"a\x1b[31mb",
    b"a\xffb",
    b"[x",
    b"::error::x",
    b"\xe2\x80\xae",
    b"x" * 255,
)


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_name_is_shown_and_does_not_act(name: bytes, tmp_path: Path) -> None:
    """On one line, where the log is printed whole and where it is not."""
    (tmp_path / os.fsdecode(name)).write_bytes(LOG + b"words of a log\n" * 3_000)
    for fit, where in (("2000", "out"), ("90k", "err")):
        result = call("--fit", fit, "--", os.fsdecode(name), cwd=tmp_path)
        line = getattr(result, where).split("\n")[0]
        assert (result.code, can_act(line)) == (0, False)
        assert "3,002 lines" in line


def test_the_same_file_twice_is_two_logs(tmp_path: Path) -> None:
    """Each failure is one, with the places in both."""
    result = call("a.log", "a.log", "--format", "json", cwd=tmp_path)
    assert (result.code, result.json["text"]) == (0, LOG.decode() * 2)
    assert [error["count"] for error in result.json["errors"]] == [2]


def test_two_hundred_files_are_one_digest(tmp_path: Path) -> None:
    """With the number of the file before each place."""
    names = [f"{number}.log" for number in range(200)]
    for number, name in enumerate(names):
        text = b"words\n" * 50 + b"error: it broke in the part %c%c\n" % (97 + number // 20, 97 + number % 20)
        (tmp_path / name).write_bytes(text)
    result = call(*names, "--fit", "1500", cwd=tmp_path)
    assert result.code == 0
    assert result.out.startswith("[log 0.log and 199 more: 10,200 lines")
    assert "\n[F" in result.out


HOSTILE = [
    b"\x1b]0;title\x07\x1b[2J\x1b[31m\x9b31m\xc2\x9b31m\x07\x00\x7f",
    b"\x1bP+q544e\x1b\\ \x1b_Gf=100;AAAA\x1b\\",
    b'{"level":"error","msg":"\\u001b[31m \\u009b \\u0000","service":"a\\nb\\u001b[2J","time":"\\u001b[2J"}',
    b'{"log":"error: x \\u001b[31m\\n","stream":"stderr","time":"2025\\n[1 lines]\\u001b[2J"}',
]


@pytest.mark.parametrize("line", HOSTILE)
@pytest.mark.parametrize("fit", ["60", "300", "90k"])
def test_a_log_cannot_act_on_a_terminal(line: bytes, fit: str, tmp_path: Path) -> None:
    """Neither its lines nor what they say of themselves, in a digest, whole, or on standard error."""
    (tmp_path / "b.log").write_bytes((line + b"\nerror: x\n") * 300)
    for timestamps in ("first", "keep"):
        result = call("b.log", "--fit", fit, "--timestamps", timestamps, cwd=tmp_path)
        assert result.code == 0
        assert not [text for text in result.out.split("\n") + result.err.split("\n") if can_act(text.replace("\t", ""))]


def test_a_command_that_is_run_keeps_its_code(tmp_path: Path) -> None:
    """Also where it died, did not begin, or printed nothing; both its streams are one."""
    (tmp_path / "plain").write_text("x")
    for argv, code, out in (
        (("sh", "-c", "echo out; echo err >&2"), 0, "out\nerr\n"),
        (("sh", "-c", "echo out; exit 3"), 3, "out\n"),
        (("sh", "-c", "kill -KILL $$"), 137, ""),
        (("true",), 0, ""),
        (("false",), 1, ""),
        (("nothing-of-this-name",), 127, ""),
        (("./plain",), 126, ""),
        (("",), 126, ""),
    ):
        result = call("run", "--", *argv, cwd=tmp_path)
        assert (argv, result.code, result.out) == (argv, code, out)
        assert result.err.count("\n") == 1


@pytest.mark.parametrize("code", [0, 3])
@pytest.mark.parametrize("options", [("--fit", "1"), ("--no-auto-truncate", "--fit", "12")])
def test_a_budget_too_small_does_not_hide_how_a_command_ended(
    code: int, options: tuple[str, ...], tmp_path: Path
) -> None:
    """It says in one line that nothing could be printed."""
    script = f"for i in 1 2 3 4 5 6 7 8 9; do echo some words; done; exit {code}"
    result = call("run", *options, "--", "sh", "-c", script, cwd=tmp_path)
    assert (result.code, result.out, result.err.count("\n")) == (code, "", 1)
    assert "error: " in result.err


def test_a_command_with_hostile_arguments_is_shown_and_does_not_act(tmp_path: Path) -> None:
    """Its words are the name of the log."""
    result = call("run", "--", "echo", "a\x1b[31m\n\udcff", cwd=tmp_path)
    assert (result.code, can_act(result.err.split("\n")[0])) == (0, False)


def test_a_command_reads_standard_input(tmp_path: Path) -> None:
    """It is ours."""
    done = start("run", "--", "cat", cwd=tmp_path, stdin=LOG)
    assert (done.returncode, done.stdout) == (0, LOG)


def test_nobody_who_reads_is_no_failure(tmp_path: Path) -> None:
    """A reader that has seen enough: 0 for a log, and a command's own code."""
    for arguments, code in ((("a.log",), 0), (("run", "--", "sh", "-c", "cat a.log; exit 3"), 3)):
        (tmp_path / "a.log").write_bytes(b"words and words\n" * 100_000)
        ours, theirs = os.pipe()
        os.close(ours)
        done = subprocess.run(
            [*PROGRAM, *arguments, "--fit", "2M"] if code == 0 else [*PROGRAM, "run", "--fit", "2M", *arguments[1:]],
            cwd=tmp_path,
            env=environment(),
            stdout=theirs,
            stderr=subprocess.PIPE,
            check=False,
        )
        os.close(theirs)
        assert (done.returncode, b"error" in done.stderr) == (code, False)


def test_an_interrupt_ends_it_with_130_and_nothing_printed(tmp_path: Path) -> None:
    """While it waits for more of a log."""
    with subprocess.Popen(
        [*PROGRAM, "-"],
        cwd=tmp_path,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin
        process.stdin.write(LOG * 20_000)  # more than a pipe holds: it is read by the time this returns
        process.stdin.flush()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
        assert (process.returncode, out, err) == (130, b"", b"")


def test_an_interrupted_command_is_a_log_like_any_other(tmp_path: Path) -> None:
    """What it printed until then is printed, and it ends as the command does."""
    script = "trap 'echo stopped; exit 130' INT; echo begun; touch begun; while :; do sleep 0.05; done"
    with subprocess.Popen(
        [*PROGRAM, "run", "--", "sh", "-c", script],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        while not (tmp_path / "begun").exists():
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate()
        assert (process.returncode, out) == (130, b"begun\nstopped\n")
