"""What goes wrong beyond the user's input: bugs, Ctrl-C, networks that must not be used."""

import importlib.util
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.builder import Repo
from tests.support.run import COMMAND, Result, environment, python, run_process

PRIVATE = "the text of a file"

# A bug that quotes what it read, as a failing parser would.
BUG = """
import loopflow.usecases.pipeline
def lose(*_, **__):
    with open("secret.txt") as file:
        raise {kind}(file.read())
loopflow.usecases.pipeline.choose = lose
class Panic(BaseException):
    pass
"""

needs_toktok = pytest.mark.skipif(not importlib.util.find_spec("toktok"), reason="toktok is not installed")


@pytest.fixture(scope="module")
def private(isolated_session: None, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001
    """Return a repository with a file that nobody should find in a log."""
    return Repo(tmp_path_factory.mktemp("private") / "repo").track({"secret.txt": PRIVATE}).root


@pytest.mark.parametrize(
    ("kind", "mode"), [("KeyError", []), ("RuntimeError", ["--profile"]), ("Panic", ["--profile"])]
)
def test_a_bug_is_reported(kind: str, mode: list[str], private: Path, tmp_path: Path) -> None:
    """A bug, even one that is no Exception, ends with 3 and one line that names a log without any file's text."""
    result = run_process(
        *mode, cwd=private, program=python(BUG.format(kind=kind)), env={"XDG_STATE_HOME": str(tmp_path)}
    )
    assert (result.code, result.out) == (3, "")
    said = re.fullmatch(f"code-context: error: a bug in code-context: {kind}; please report it with (.*)\n", result.err)
    assert said
    log = Path(said[1]).read_text("utf-8")
    assert said[1].startswith(str(tmp_path))
    assert kind in log
    assert "in lose" in log
    assert PRIVATE not in log


def test_a_bug_without_a_place_for_its_log(private: Path) -> None:
    """Where no log can be written, it goes to stderr, before the line that speaks of it."""
    env = {"XDG_STATE_HOME": "/dev/null"}
    result = run_process(cwd=private, program=python(BUG.format(kind="RuntimeError")), env=env)
    *log, last = result.err.splitlines()
    assert (result.code, result.out) == (3, "")
    assert last == "code-context: error: a bug in code-context: RuntimeError; please report it with the lines above"
    assert log[-1] == "RuntimeError"
    assert PRIVATE not in result.err


def test_a_bug_with_nobody_to_tell(private: Path) -> None:
    """Where neither a log nor stderr can be written, the exit code still says that it was a bug."""
    program = ("sh", "-c", 'exec "$@" 2>/dev/full', "sh", *python(BUG.format(kind="RuntimeError")))
    assert run_process(cwd=private, program=program, env={"XDG_STATE_HOME": "/dev/null"}) == Result(3, "", "")


def test_an_interrupt_while_printing(large: Path) -> None:
    """Ctrl-C while somebody reads slowly ends with 130 and no traceback."""
    with subprocess.Popen(
        COMMAND, cwd=large, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    ) as process:
        assert process.stdout
        assert process.stdout.read(11) == b"<documents>"
        process.send_signal(signal.SIGINT)
        _, complaint = process.communicate()
    assert (process.returncode, complaint) == (130, b"")


@pytest.fixture
def alone() -> tuple[str, ...]:
    """Return what runs a program in a network of its own, with nothing in it but a loopback that is down."""
    program = ("unshare", "--map-root-user", "--net")
    if not shutil.which("unshare") or subprocess.run([*program, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no network can be made here")
    return program


@pytest.mark.parametrize("engine", ["table", "tiktoken", pytest.param("toktok", marks=needs_toktok)])
def test_no_network_is_needed(engine: str, alone: tuple[str, ...], sample: Path) -> None:
    """Where no address can be reached, both engines count as ever."""
    result = run_process("--profile", "src", cwd=sample, program=(*alone, *COMMAND), env={"LOOPFLOW_ENGINE": engine})
    assert (result.code, result.err) == (0, "")
    assert result.out.endswith("\nTotal: 99 tokens in 6 files, 371 bytes, o200k_base\n")


def test_nothing_can_be_reached_in_there(alone: tuple[str, ...], sample: Path) -> None:
    """The network of the test above is one in which not even this machine answers."""
    ask = "import socket; socket.create_connection(('127.0.0.1', 9), 1)"
    assert "Network is unreachable" in run_process(cwd=sample, program=(*alone, sys.executable, "-c", ask)).err
