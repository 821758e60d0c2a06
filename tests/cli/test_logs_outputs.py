"""`loopflow logs`: forms, reports, the summary of a step and the output directory, as a user asks for them."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from loopflow.cli.logs import FORMS, logs
from tests.support.reducing import count
from tests.support.run import Result, run, run_process
from tests.support.workflow import Command, find_commands

NOISE = "".join(f"step {number} of the build is done\n" for number in range(400))
TRACE = "Traceback (most recent call last):\n  File \"shop/cart.py\", line 8, in total\n    f()\nKeyError: 'pear'\n"
LOG = NOISE + TRACE + NOISE
MEBIBYTE = 1_048_576
PROGRAM = (sys.executable, "-c", "from loopflow.cli.main import main; main()")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Return a directory with a log of a failure."""
    (tmp_path / "build.log").write_text(LOG)
    return tmp_path


def reduce(*options: str, cwd: Path, env: dict[str, str] | None = None, stdin: bytes = b"") -> Result:
    return run(*options, cwd=cwd, env=env, stdin=stdin, command=logs)


def kept(directory: Path) -> list[str]:
    """Return the kinds of the files that were kept."""
    return sorted(name.split(".", 3)[3] for name in os.listdir(directory) if not name.startswith(".loopflow"))


@pytest.mark.parametrize("form", FORMS)
def test_a_report_is_what_is_printed(form: str, log: Path) -> None:
    """Every form is the same on standard output, with -o and as a report."""
    printed = reduce("build.log", "--fit", "600", "--format", form, "--no-store", cwd=log)
    assert printed.code == 0
    reduce("build.log", "--fit", "600", "--no-store", f"--report={form}:a.report", cwd=log)
    reduce("build.log", "--fit", "600", "--no-store", "--format", form, "-o", "b.report", cwd=log)
    assert (log / "a.report").read_text("utf-8") == printed.out
    assert (log / "b.report").read_text("utf-8") == printed.out


def test_several_reports_are_written_in_one_run(log: Path) -> None:
    """And the digest is printed as ever."""
    asked = [f"--report={form}:{form}" for form in FORMS]
    result = reduce("build.log", "--fit", "600", *asked, cwd=log)
    assert result.out == (log / "text").read_text("utf-8")
    assert json.loads((log / "json").read_text("utf-8"))["text"] == result.out
    assert "<!doctype html>" in (log / "html").read_text("utf-8")


@pytest.mark.parametrize("form", ["markdown", "github"])
def test_a_document_that_is_bounded_has_room_left(form: str, log: Path) -> None:
    """--token-buffer is taken off for it too."""
    result = reduce("build.log", "--fit", "600", "--token-buffer", "300", "--format", form, cwd=log)
    assert 0 < count(result.out) <= 300


@pytest.mark.parametrize("form", ["markdown", "github"])
def test_a_run_is_no_earlier_run(form: str, log: Path) -> None:
    """What it reduces once more to fit knows nothing of what it remembers itself; the next one knows it."""
    env = {"GITHUB_STEP_SUMMARY": str(log / "summary.md")}
    options = ("build.log", "--fit", "7240", "--repeated", "short", "--format", form, "--report", "markdown:md")
    for is_known in (False, True):
        (log / "summary.md").unlink(missing_ok=True)
        assert reduce(*options, cwd=log, env=env).code == 0
        written = [log / "md", *([log / "summary.md"] if form == "github" else [])]
        assert [("known since" in path.read_text("utf-8")) for path in written] == [is_known] * len(written)


def test_the_digest_of_a_command_has_every_form(log: Path) -> None:
    """It is reduced while the command runs, and once more when it has ended."""
    options = ("--fit", "500", "--format", "markdown", "--report", "github:commands")
    result = run("run", *options, "--", "cat", "build.log", cwd=log, command=logs)
    assert result.code == 0
    assert "KeyError: 'pear'" in result.out
    assert count(result.out) <= 500
    assert (log / "commands").read_text("utf-8").startswith("::error file=shop/cart.py,line=8,")


@pytest.mark.parametrize("value", ["json", "json:", "xml:x", ":x"])
def test_a_report_that_is_none(value: str, log: Path) -> None:
    """The forms are named."""
    result = reduce("build.log", "--report", value, cwd=log)
    assert result == Result(
        2, "", f"logs: error: --report {value}; write FORM:FILE, with one of text, json, markdown, html, github\n"
    )


def test_a_report_never_replaces_the_log(log: Path) -> None:
    """Nor does -o."""
    for option in ("--report=json:build.log", "-obuild.log"):
        result = reduce("build.log", option, cwd=log)
        assert result.code == 2
        assert "build.log is the log itself; name another file" in result.err
    assert (log / "build.log").read_text() == LOG


def test_a_report_that_cannot_be_written_is_an_error(log: Path) -> None:
    """Who asked for it waits for it."""
    result = reduce("build.log", "--report", "json:nowhere/x", cwd=log)
    assert result.code == 2
    assert "nowhere/x cannot be written: no such file or directory" in result.err


@pytest.mark.parametrize("form", ["markdown", "github"])
def test_counts_have_no_form_of_a_digest(form: str, log: Path) -> None:
    """A profile is no digest."""
    for options in (("--format", form), ("--report", f"{form}:x")):
        result = reduce("build.log", "--profile", *options, cwd=log)
        assert result.code == 2
        assert f"{form} is a form of a digest, and --profile makes none" in result.err


def test_counts_have_reports_of_their_own(log: Path) -> None:
    """In the forms that they have."""
    asked = ("--report=json:counts.json", "--report=text:counts.txt", "--report=html:counts.html")
    result = reduce("build.log", "--profile", *asked, cwd=log)
    assert result.code == 0
    assert json.loads((log / "counts.json").read_text("utf-8"))
    assert (log / "counts.txt").read_text("utf-8") == result.out
    assert "<!doctype html>" in (log / "counts.html").read_text("utf-8")


def test_annotations_are_for_the_code(log: Path) -> None:
    """The failure is where its last frame is."""
    result = reduce("build.log", "--format", "github", cwd=log)
    [error] = [each for each in find_commands(result.out) if isinstance(each, Command) and each.name == "error"]
    assert (error.properties["file"], error.properties["line"]) == ("shop/cart.py", "8")


def test_annotations_come_with_a_summary_of_the_step(log: Path) -> None:
    """It is the Markdown, appended; other forms write none."""
    summary = log / "summary.md"
    summary.write_text("before")
    env = {"GITHUB_STEP_SUMMARY": str(summary)}
    reduce("build.log", "--format", "markdown", cwd=log, env=env)
    assert summary.read_text("utf-8") == "before"
    options = ("build.log", "--no-store", "--fit", "600")
    reduce(*options, "--report", "github:commands", cwd=log, env=env)
    assert summary.read_text("utf-8") == "before\n" + reduce(*options, "--format", "markdown", cwd=log).out


@pytest.mark.parametrize("room", [0, 40, 1_000, 5_000])
def test_a_summary_has_at_most_a_mebibyte(room: int, log: Path) -> None:
    """With all that is in it; what there is no room for is said, and nothing of it is written."""
    summary = log / "summary.md"
    summary.write_bytes(b"x" * (MEBIBYTE - room))
    result = reduce("build.log", "--format", "github", cwd=log, env={"GITHUB_STEP_SUMMARY": str(summary)})
    assert result.code == 0
    assert result.out
    assert summary.stat().st_size <= MEBIBYTE
    is_written = summary.stat().st_size > MEBIBYTE - room
    assert is_written == (room >= 1_000)
    assert ("GITHUB_STEP_SUMMARY is not written" in result.err) != is_written


def test_a_summary_is_written_to_no_link(log: Path) -> None:
    """What it leads to stays as it is."""
    (log / "target").write_text("mine")
    (log / "link").symlink_to("target")
    os.mkfifo(log / "pipe")
    for name in ("link", "pipe", ".", "nowhere/x"):
        result = reduce("build.log", "--format", "github", cwd=log, env={"GITHUB_STEP_SUMMARY": str(log / name)})
        assert result.code == 0
        assert result.out
        assert "GITHUB_STEP_SUMMARY is not written" in result.err
    assert (log / "target").read_text() == "mine"


def test_digests_are_kept_in_a_directory(log: Path) -> None:
    """With the original, if that is kept; what is printed is the same."""
    plain = reduce("build.log", "--fit", "600", "--no-store", cwd=log)
    assert reduce("build.log", "--fit", "600", "--no-store", "--output-dir", "out/deep", cwd=log) == plain
    assert kept(log / "out/deep") == ["digest.txt", "json"]
    reduce("build.log", "--keep-original", "--output-dir", "more", cwd=log)
    assert kept(log / "more") == ["digest.txt", "json", "log.gz"]


def test_what_comes_through_a_pipe_is_kept_as_it_came(tmp_path: Path) -> None:
    """It cannot be read again."""
    reduce("-", "--output-dir", "out", cwd=tmp_path, stdin=LOG.encode())
    [packed] = (tmp_path / "out").glob("standard_input.*.log.gz")
    assert gzip.decompress(packed.read_bytes()) == LOG.encode()


def test_the_output_of_a_command_is_kept(tmp_path: Path) -> None:
    """Under the name of the program."""
    result = run("run", "--output-dir", "out", "--", "sh", "-c", "echo hello; exit 3", cwd=tmp_path, command=logs)
    assert result.code == 3
    [packed] = (tmp_path / "out").glob("sh.*.log.gz")
    assert gzip.decompress(packed.read_bytes()) == b"hello\n"


def test_the_config_names_a_directory_of_the_repository(log: Path) -> None:
    """With how many runs stay there, and how long a text may be; options go before it."""
    (log / ".git").mkdir()
    (log / "loopflow.toml").write_text('[logs]\noutput_dir = "kept"\nmax_logs = 2\nmax_log_size = "1 kB"\n')
    for _ in range(3):
        assert reduce("build.log", "--fit", "2000", cwd=log).code == 0
    assert kept(log / "kept").count("json") == 2
    assert "digest.2.txt" in kept(log / "kept")
    reduce("build.log", "--output-dir", "other", "--max-log-size", "5MB", "--max-logs", "1", cwd=log)
    assert kept(log / "other") == ["digest.txt", "json"]


@pytest.mark.parametrize("size", ["0", "1e3", "many", "5 parsecs"])
def test_a_size_that_is_none(size: str, log: Path) -> None:
    """It is said how one is written."""
    result = reduce("build.log", "--output-dir", "out", "--max-log-size", size, cwd=log)
    said = f'--max-log-size: \'{size}\' is no size of 1 kB or more; write for example "5MB", or "500k"'
    assert result == Result(2, "", f"logs: error: {said}\n")


def test_a_directory_that_cannot_be_made_stops_before_anything_is_read(log: Path) -> None:
    """The log need not even be there."""
    result = reduce("nothing.log", "--output-dir", "build.log/out", cwd=log)
    said = "the output directory build.log/out cannot be made: not a directory; name a directory that can be made"
    assert result == Result(2, "", f"logs: error: {said}\n")


def test_a_directory_that_is_a_link_stops_before_anything_is_read(log: Path) -> None:
    """What it leads to stays as it is."""
    (log / "real").mkdir()
    (log / "link").symlink_to("real")
    result = reduce("nothing.log", "--output-dir", "link", cwd=log)
    said = "the output directory link cannot be made: it is a link; name a directory that can be made"
    assert result == Result(2, "", f"logs: error: {said}\n")
    assert os.listdir(log / "real") == []


def test_a_disk_that_is_full_takes_nothing_from_the_digest(log: Path) -> None:
    """It is printed whole, what is missing is said, and nothing half is left."""
    (log / "out").mkdir()
    limited = ("sh", "-c", 'trap "" XFSZ; ulimit -f 1; exec "$@"', "sh", *PROGRAM)
    plain = run_process("logs", "build.log", "--no-store", "--fit", "2000", cwd=log, program=PROGRAM)
    arguments = ("logs", "build.log", "--no-store", "--fit", "2000", "--output-dir", "out")
    result = run_process(*arguments, cwd=log, program=limited)
    assert (result.code, result.out) == (0, plain.out)
    assert "warning: not all of it is kept in out: file too large" in result.err
    assert kept(log / "out") == []


def test_two_runs_at_once_keep_a_digest_each(log: Path) -> None:
    """Whole, and none takes the other's name."""
    command = [*PROGRAM, "logs", "build.log", "--no-store", "-q", "--fit", "1000", "--output-dir", "out"]
    started = [subprocess.Popen(command, cwd=log, stdout=subprocess.PIPE) for _ in range(2)]
    printed = {process.communicate()[0].decode() for process in started}
    assert [process.returncode for process in started] == [0, 0]
    assert kept(log / "out") == ["digest.txt", "digest.txt", "json", "json"]
    assert {path.read_text() for path in (log / "out").glob("*.txt")} == printed


def test_a_directory_that_cannot_be_written_to_takes_nothing_from_the_digest(log: Path) -> None:
    """It is printed, the run ends as it would, and why nothing is kept is said."""
    (log / "out").mkdir()
    (log / "out" / ".loopflow-logs.lock").mkdir()
    plain = reduce("build.log", "--no-store", cwd=log)
    result = reduce("build.log", "--no-store", "--output-dir", "out", cwd=log)
    assert (result.code, result.out) == (0, plain.out)
    assert result.err == f"logs: warning: not all of it is kept in out: is a directory\n{plain.err}"


def test_a_digest_is_kept_also_where_nobody_reads_it(log: Path) -> None:
    """`| head` closes the pipe, and the directory has all of it."""
    program = ("sh", "-c", 'exec "$@" | true', "sh", *PROGRAM)
    run_process("logs", "build.log", "--output-dir", "out", cwd=log, program=program)
    assert kept(log / "out") == ["digest.txt", "json"]


def test_a_profile_keeps_no_digest(log: Path) -> None:
    """There is none."""
    result = reduce("build.log", "--profile", "--output-dir", "out", cwd=log)
    assert result.code == 2
    assert "--output-dir keeps digests, and --profile makes none" in result.err
