"""The standard streams: closed early, full, closed from the start, or not in UTF-8. Never is there a traceback.

what is wrong                       what happens
----------------------------------  ---------------------------------------------------------------
a reader that has seen enough       the run ends quietly, with 0
a reader that was never there       so it does
a disk that is full                 one line that says so, and 2
a stdout that was closed            so it is
a stderr that is full or closed     the data still comes, and the exit code still tells
ASCII or Latin-1 only               names and bars that these lack are escaped; no number is another one
"""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.support.builder import Repo
from tests.support.run import COMMAND, Result, environment, run, run_process, shell

# What prints, with as little as possible before it.
PRINTS = {
    "context": [],
    "charts": ["--profile"],
    "json": ["--profile", "--format", "json"],
    "help": ["--help"],
    "version": ["--version"],
}

UNBUFFERED = {"PYTHONUNBUFFERED": "1"}  # every write reaches the system at once

BAD_DESCRIPTOR = "code-context: error: cannot write to standard output: bad file descriptor; check where it goes\n"
DISK_FULL = "code-context: error: cannot write to standard output: no space left on device; check where it goes\n"

needs_full = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")


@pytest.mark.parametrize("what", ["context", "charts", "json"])
def test_head_has_seen_enough(what: str, large: Path) -> None:
    """With `| head`, more output than a pipe holds ends quietly and well."""
    command = [*COMMAND, *PRINTS[what]]
    with (
        subprocess.Popen(
            command, cwd=large, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
        ) as process,
        subprocess.Popen(["head", "-n", "1"], stdin=process.stdout, stdout=subprocess.PIPE) as head,
    ):
        assert process.stdout
        process.stdout.close()
        assert process.stderr
        complaint = process.stderr.read()
        first, _ = head.communicate()
    assert first in {b"<documents>\n", b"By directory\n", b"{\n"}
    assert (process.returncode, complaint) == (0, b"")


@pytest.mark.parametrize(("what", "env"), [*((what, {}) for what in PRINTS), ("charts", UNBUFFERED)])
def test_a_pipe_that_nobody_reads(what: str, env: dict[str, str], binary: Path) -> None:
    """Where the reader is gone before anything is printed, the run ends quietly and well."""
    reader, writer = os.pipe()
    os.close(reader)
    with subprocess.Popen(
        [*COMMAND, *PRINTS[what]], cwd=binary, stdout=writer, stderr=subprocess.PIPE, env=environment(env)
    ) as process:
        os.close(writer)
        _, complaint = process.communicate()
    assert (process.returncode, complaint) == (0, b"")


@pytest.mark.parametrize("options", [[], ["--format", "json"], ["-q"]])
@pytest.mark.parametrize("env", [{}, UNBUFFERED])
def test_a_verdict_holds_when_nobody_reads(options: list[str], env: dict[str, str], repo: Repo) -> None:
    """A check that fails ends with 1, also where nobody reads what it prints: that must not open a gate."""
    repo.track({"a.py": "a b c d e f g\n", "loopflow.toml": '[[rule]]\nname = "a"\ntypes = [".py"]\ntotal = 1\n'})
    reader, writer = os.pipe()
    os.close(reader)
    command = [*COMMAND, "--profile", "--check", *options]
    done = subprocess.run(
        command, cwd=repo.root, stdout=writer, stderr=subprocess.PIPE, env=environment(env), check=False
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, b"")


@needs_full
@pytest.mark.parametrize(("what", "env"), [*((what, {}) for what in PRINTS), ("charts", UNBUFFERED)])
def test_a_full_disk_is_an_error(what: str, env: dict[str, str], binary: Path) -> None:
    """Output that cannot be stored ends with 2 and one line: nobody takes half of it for the whole."""
    assert run_process(*PRINTS[what], cwd=binary, program=shell(">/dev/full"), env=env) == Result(2, "", DISK_FULL)


@needs_full
def test_a_disk_that_fills_up_is_an_error(large: Path) -> None:
    """So it is for output that is written in many pieces, while threads still count."""
    assert run_process(cwd=large, program=shell(">/dev/full")) == Result(2, "", DISK_FULL)


@needs_full
def test_a_full_disk_under_stderr_changes_nothing(binary: Path) -> None:
    """Where messages cannot be stored, the data still comes, and the exit code still tells."""
    done = run_process(cwd=binary, program=shell("2>/dev/full"))
    assert done == Result(0, "<documents>\n</documents>\n", "")
    assert run_process("nope", cwd=binary, program=shell("2>/dev/full")).code == 2


@pytest.mark.parametrize("what", PRINTS)
def test_a_closed_stdout_is_an_error(what: str, binary: Path) -> None:
    """A stdout that was closed before the start is said to be unusable."""
    assert run_process(*PRINTS[what], cwd=binary, program=shell(">&-")) == Result(2, "", BAD_DESCRIPTOR)


def test_a_closed_stderr_changes_nothing(binary: Path) -> None:
    """Without a stderr the data still comes, and the exit code still tells."""
    assert run_process(cwd=binary, program=shell("2>&-")) == Result(0, "<documents>\n</documents>\n", "")
    assert run_process("nope", cwd=binary, program=shell("2>&-")) == Result(2, "", "")
    assert run_process("--profile", cwd=binary, program=shell(">&- 2>&-")) == Result(2, "", "")


def test_a_closed_stdin_changes_nothing(sample: Path) -> None:
    """Nothing is read from stdin, so nothing changes without one."""
    arguments = ["-r", "docs/README.md"]
    ignored = run_process(*arguments, cwd=sample, stdin=b"ignored")
    assert run_process(*arguments, cwd=sample, program=shell("<&-")) == ignored


@pytest.fixture(scope="module")
def accents(sample: Path) -> dict[str, Result]:
    """Return the charts of documents with an accent in a name, by the encoding of the streams."""
    encodings = ("ascii", "latin-1")
    return {
        encoding: run_process("--profile", "docs", cwd=sample, env={"PYTHONIOENCODING": encoding})
        for encoding in encodings
    }


def test_charts_in_ascii(accents: dict[str, Result]) -> None:
    """Where stdout takes ASCII only, bars and branches are ASCII, and other names are escaped."""
    out = accents["ascii"].out
    assert out.isascii()
    assert "  docs/caf\\xe9.txt\n" in out
    assert "##########  .\n" in out
    assert "##########  `-docs/\n" in out


def test_charts_in_latin_1(accents: dict[str, Result]) -> None:
    """Where stdout takes Latin-1, names are in Latin-1, and what draws is ASCII."""
    raw = os.fsencode(accents["latin-1"].out)
    assert b"  docs/caf\xe9.txt\n" in raw
    assert b"##########  `-docs/\n" in raw


def test_encodings_change_no_number(accents: dict[str, Result]) -> None:
    """Whatever the streams can show, the numbers are the same and the run ends well."""
    numbers = [re.findall(r"^ *\d[\d,. ]+(?=  )", each.out, re.MULTILINE) for each in accents.values()]
    assert len(numbers[0]) == 8
    assert numbers[0] == numbers[1]
    assert {each.code for each in accents.values()} == {0}


def test_data_does_not_depend_on_the_locale(sample: Path) -> None:
    """A context is in UTF-8 whatever encoding the streams are said to have."""
    result = run_process("docs", cwd=sample, env={"PYTHONIOENCODING": "ascii", "LC_ALL": "C"})
    assert result.code == 0
    assert "<source>docs/caf\xe9.txt</source>\n<document_content>\nUne page fran\xe7aise" in result.out


def test_messages_in_ascii(sample: Path) -> None:
    """A message about a name that stderr cannot show has it escaped."""
    result = run_process("caf\xe9", cwd=sample, env={"PYTHONIOENCODING": "ascii"})
    message = "no such file or directory: caf\\xe9; paths are relative to the current directory"
    assert result == Result(2, "", f"code-context: error: {message}\n")


def test_a_name_that_is_not_utf_8(repo: Repo) -> None:
    """Such a name is escaped in charts and messages, and exact in JSON."""
    repo.write(b"raw\xff.txt", b"\0")
    repo.track()
    document = run("--profile", "--format", "json", cwd=repo.root).json
    exact = {"path": "raw\\xff.txt", "path_base64": "cmF3/y50eHQ=", "reason": "binary"}
    assert document["skipped"] == [exact]
    assert "  raw\\xff.txt\n" in run("--profile", cwd=repo.root).out
    assert "no such file or directory: no\\xff;" in run(os.fsdecode(b"no\xff"), cwd=repo.root).err
