"""A long run: it says how far it is to whoever looks at a terminal, and ends at once when it is interrupted."""

import os
import pty
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.builder import Repo
from tests.support.run import COMMAND, Result, environment, python, run, run_process

IMPATIENT, PATIENT = (
    python(f"import loopflow.console.progress as shown; shown.PATIENCE_SECONDS = {seconds}") for seconds in (-1, 1e9)
)
"""The command for which every run takes long, and the one for which none does: how long a test takes is chance."""

HANGS_AFTER = 60  # seconds; not a measure of anything
TEXTS = {f"{number}.py": f"x = {number}\n" for number in range(5)}


@pytest.fixture
def texts(repo: Repo) -> Path:
    """Return a repository with a few small texts."""
    repo.track(TEXTS).commit()
    return repo.root


def read_all(handle: int) -> bytes:
    """Return what a terminal gets until the last one who could print is gone."""
    shown = b""
    with os.fdopen(handle, "rb", buffering=0) as terminal, suppress(OSError):  # EIO is how it ends
        while piece := terminal.read(65536):
            shown += piece
    return shown


def watch(
    *arguments: str,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    program: Sequence[str] = IMPATIENT,
    both: bool = False,
) -> tuple[Result, str]:
    """Run the command with a terminal for its stderr, or for `both` streams, and return what that terminal got."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*program, *arguments],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=theirs if both else subprocess.PIPE,
        stderr=theirs,
        env=environment({"TERM": "xterm-256color", "COLUMNS": "120", **(env or {})}),
    ) as process:
        os.close(theirs)
        shown = read_all(ours).decode()
        out = process.stdout.read().decode() if process.stdout else ""
    return Result(process.returncode, out, ""), shown


@pytest.mark.parametrize("source", [(), ("--staged",), ("--rev", "HEAD")])
def test_progress_is_shown_on_a_terminal(texts: Path, source: tuple[str, ...]) -> None:
    """A run that takes long says how many files and megabytes are done, then removes the line and shows the cursor."""
    result, shown = watch("--profile", *source, cwd=texts)
    assert (result.code, result.out) == (0, run("--profile", *source, cwd=texts).out)
    assert "counting" in shown
    assert "5 of 5 files, 0 MB" in shown
    assert shown.rfind("\x1b[2K") > shown.rfind("5 of 5 files")
    assert shown.rfind("\x1b[?25h") > shown.rfind("\x1b[?25l")


@pytest.mark.parametrize(
    ("options", "env"), [((), {"CI": "true"}), ((), {"PRE_COMMIT": "1"}), (("--quiet",), {})], ids=["CI", "hook", "-q"]
)
def test_progress_is_not_shown_where_nobody_looks(texts: Path, options: tuple[str, ...], env: dict[str, str]) -> None:
    """In CI, in a hook of pre-commit, and when it should be quiet, a terminal gets nothing."""
    result, shown = watch("--profile", *options, cwd=texts, env=env)
    assert (result.code, shown) == (0, "")
    assert "5 files" in result.out


def test_progress_is_not_shown_in_a_pipe(texts: Path) -> None:
    """Where stderr is no terminal, it stays empty."""
    assert run_process("--profile", cwd=texts, program=IMPATIENT).err == ""


def test_progress_is_not_shown_for_a_quick_run(texts: Path) -> None:
    """A run that is over before anybody could wonder shows nothing."""
    result, shown = watch("--profile", cwd=texts, program=PATIENT)
    assert (result.code, shown) == (0, "")


def test_progress_is_not_shown_when_all_is_known(texts: Path, tmp_path: Path) -> None:
    """A run that reads nothing has no progress to show, however long git takes."""
    env = {"LOOPFLOW_CACHE_DIR": str(tmp_path / "cache")}
    assert "counting" in watch("--profile", "--staged", cwd=texts, env=env)[1]
    result, shown = watch("--profile", "--staged", cwd=texts, env=env)
    assert (result.code, shown) == (0, "")


def test_progress_does_not_mix_with_context(texts: Path) -> None:
    """Context that goes to a terminal is not interrupted by progress; context that goes elsewhere has it on stderr."""
    _, shown = watch("--raw", cwd=texts, both=True)
    assert "counting" not in shown
    assert "x = 4" in shown
    result, shown = watch("--raw", cwd=texts)
    assert "5 of 5 files" in shown
    assert "x = 4" in result.out


def test_an_error_takes_the_progress_away(repo: Repo) -> None:
    """A run that fails half-way leaves the cursor visible and the message on a line of its own."""
    repo.track({**TEXTS, "z.py": "lost\n", "filler.bin": b"\0" * 3_000_000}).commit()
    blob = repo.git("rev-parse", "HEAD:z.py").decode().strip()
    (repo.root / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    result, shown = watch("--profile", "--rev", "HEAD", cwd=repo.root)
    assert result.code == 2
    assert f"code-context: error: the object {blob} of z.py is missing" in shown
    assert shown.rfind("\x1b[?25h") >= shown.rfind("\x1b[?25l")


@dataclass
class Counting:
    """A run that has begun to count; `begun` gets a line for each text that reaches the engine."""

    process: "subprocess.Popen[bytes]"
    begun: Path

    def end(self) -> tuple[int, str, str]:
        """Wait until the process and everything it started is gone; return its code and what it printed."""
        out, err = self.process.communicate(timeout=HANGS_AFTER)
        until = time.monotonic() + HANGS_AFTER
        while is_alive(self.process.pid):
            assert time.monotonic() < until, "something that was started goes on running"
            time.sleep(0.01)
        return self.process.returncode, out.decode(), err.decode()

    @property
    def texts(self) -> int:
        """How many texts have reached the engine."""
        return len(self.begun.read_bytes()) if self.begun.exists() else 0


def is_alive(group: int) -> bool:
    """Whether any process of a group is there."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@contextmanager
def counting(*arguments: str, cwd: Path, begun: Path, stuck: bool = False) -> Iterator[Counting]:
    """Start the command in a group of its own, as a shell does, and wait until the engine has its first text.

    If `stuck`, the engine does not come back from it.
    """
    real = "lambda *_: time.sleep(10**6)" if stuck else "tiktoken.Encoding.encode_ordinary"
    spy = python(
        f"import tiktoken, time; real = {real}\n"
        f"tiktoken.Encoding.encode_ordinary = lambda self, text: (text and open({str(begun)!r}, 'a').write('x'),"
        " real(self, text))[1]"
    )
    with subprocess.Popen(
        [*spy, *arguments],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env=environment({"LOOPFLOW_ENGINE": "tiktoken"}),
    ) as process:
        started = Counting(process, begun)
        try:
            while not started.texts and process.poll() is None:
                time.sleep(0.01)
            yield started
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def long(isolated_session: None, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001
    """Return a repository that takes tiktoken a while: one large file of six pieces, and twelve of one batch each."""
    repo = Repo(tmp_path_factory.mktemp("long") / "repo")
    line = "def function(argument: str) -> int:  # 12345\n    return len(argument)\n"
    repo.track({f"file{number:02}.py": f"# {number}\n" + line * 27_000 for number in range(12)})
    repo.track({"large/file.py": line * 340_000})
    repo.commit()
    return repo.root


@pytest.mark.long
@pytest.mark.parametrize(
    ("arguments", "texts"),
    [
        (("--profile", "large"), 6),
        (("--raw", "--staged", "large"), 6),
        (("--profile", "--exclude", "large"), 12),
        (("--profile", "--rev", "HEAD", "--exclude", "large"), 12),
    ],
)
def test_an_interrupt_ends_a_long_run(long: Path, tmp_path: Path, arguments: tuple[str, ...], texts: int) -> None:
    """Ctrl-C ends a run with 130 and without a word, before the rest is counted, and git with it."""
    with counting(*arguments, cwd=long, begun=tmp_path / "begun") as started:
        os.killpg(started.process.pid, signal.SIGINT)
        code, _, complaint = started.end()
    assert (code, complaint) == (130, "")
    assert 0 < started.texts < texts


@pytest.mark.parametrize("source", [(), ("--staged",)])
def test_an_interrupt_does_not_wait_for_the_engine(texts: Path, tmp_path: Path, source: tuple[str, ...]) -> None:
    """However long the engine would still take for a text, an interrupt ends the run."""
    with counting("--profile", *source, cwd=texts, begun=tmp_path / "begun", stuck=True) as started:
        os.killpg(started.process.pid, signal.SIGINT)
        assert started.end() == (130, "", "")


@pytest.mark.long
def test_an_interrupt_that_only_the_command_gets_ends_git_too(long: Path, tmp_path: Path) -> None:
    """A signal that is sent to the command alone leaves no git process behind."""
    with counting("--profile", "--staged", cwd=long, begun=tmp_path / "begun") as started:
        started.process.send_signal(signal.SIGINT)
        code, out, complaint = started.end()
    assert (code, out, complaint) == (130, "", "")


@pytest.mark.long
def test_an_interrupt_with_progress_brings_the_cursor_back(long: Path) -> None:
    """A run that is interrupted while it shows progress leaves the terminal as it was."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, "--profile"],
        cwd=long,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs,
        start_new_session=True,
        env=environment({"TERM": "xterm-256color", "LOOPFLOW_ENGINE": "tiktoken"}),
    ) as process:
        os.close(theirs)
        shown = os.read(ours, 65536)
        while b"counting" not in shown:
            shown += os.read(ours, 65536)
        os.killpg(process.pid, signal.SIGINT)
        shown += read_all(ours)
        process.communicate(timeout=HANGS_AFTER)
    assert process.returncode == 130
    assert shown.rfind(b"\x1b[?25h") > shown.rfind(b"\x1b[?25l")
    assert b"Traceback" not in shown
