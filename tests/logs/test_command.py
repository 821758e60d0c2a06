"""The command that a user typed: its output in order, its exit code, its signals, and no waiting for what it left."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from loopflow.logs.command import Ended, run_command_merged
from tests.support.run import environment

_HANGS_AFTER = 60


def run(*argv: str, here: Path) -> tuple[Ended, bytes]:
    """Run a command, and return how it ended and what it printed."""
    taken: list[bytes] = []
    ended = run_command_merged(argv, environment(), str(here), taken.append)
    return ended, b"".join(taken)


def test_both_streams_are_one_in_order(tmp_path: Path) -> None:
    """What is printed to either comes in the order in which it was printed, to the last byte."""
    script = "for i in 1 2 3; do echo out $i; echo err $i >&2; done; printf end"
    assert run("sh", "-c", script, here=tmp_path) == (Ended(0), b"out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\nend")


def test_much_output_is_taken_in_pieces(tmp_path: Path) -> None:
    """More than a pipe holds, in pieces of a bounded size."""
    sizes: list[int] = []
    code = "import sys; sys.stdout.buffer.write(b'x' * 5_000_000)"
    ended = run_command_merged(
        [sys.executable, "-c", code], environment(), str(tmp_path), lambda d: sizes.append(len(d))
    )
    assert (ended, sum(sizes), max(sizes) <= 262_144) == (Ended(0), 5_000_000, True)


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("exit 0", 0),
        ("exit 7", 7),
        ("kill -TERM $$", 143),
        ("kill -KILL $$", 137),
        ("exec >&- 2>&-; sleep 0.3; exit 4", 4),
    ],
)
def test_the_exit_code_is_a_shells(script: str, code: int, tmp_path: Path) -> None:
    """Also of one that died of a signal, and of one that closed its streams long before its end."""
    assert run("sh", "-c", script, here=tmp_path)[0] == Ended(code)


def test_a_command_that_cannot_begin_says_why(tmp_path: Path) -> None:
    """Not found is 127, what may not be executed 126, as in a shell."""
    plain, broken, directory = tmp_path / "plain", tmp_path / "broken", tmp_path / "dir"
    plain.write_text("#!/bin/sh\n")
    broken.write_text("no header\n")
    broken.chmod(0o755)
    directory.mkdir()
    assert run("no-such-program\n", here=tmp_path)[0] == Ended(
        127, "no-such-program\\n is not there; check the name and PATH"
    )
    assert run("./plain", here=tmp_path)[0] == Ended(126, "./plain cannot be run: permission denied")
    assert run("./broken", here=tmp_path)[0] == Ended(126, "./broken cannot be run: exec format error")
    assert run("./dir", here=tmp_path)[0] == Ended(126, "./dir cannot be run: permission denied")
    assert run("a\0b", here=tmp_path)[0].code == 126
    gone = tmp_path / "gone"
    assert run("true", here=gone)[0] == Ended(126, f"true cannot be run: {gone} is not there any more")


def test_it_runs_in_the_given_surroundings(tmp_path: Path) -> None:
    """The directory and the environment are those that are given, for finding the program too."""
    program = tmp_path / "bin" / "mine"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nprintf "%s %s" "$PWD" "$WORD"\n')
    program.chmod(0o755)
    taken: list[bytes] = []
    environ = {"PATH": f"{program.parent}:/usr/bin:/bin", "WORD": "word"}
    assert run_command_merged(["mine"], environ, str(tmp_path), taken.append).code == 0
    assert b"".join(taken) == f"{tmp_path} word".encode()


def test_what_it_left_behind_is_not_waited_for(tmp_path: Path) -> None:
    """A process that holds the pipe, silent or not, does not keep us; what the command itself printed is all there."""
    for left in ("sleep 100", "while :; do echo again; sleep 0.05; done"):
        ended, printed = run("sh", "-c", f"({left}) & echo $! > pid; head -c 50000 /dev/zero; exit 3", here=tmp_path)
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
        assert (ended.code, printed.count(b"\0")) == (3, 50_000)


def test_an_error_of_whoever_takes_ends_the_command(tmp_path: Path) -> None:
    """It is passed on, and no process stays."""
    pids: list[int] = []

    def take(data: bytes) -> None:
        pids.append(int(data))
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        run_command_merged(["sh", "-c", "echo $$; exec sleep 100"], environment(), str(tmp_path), take)
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)


def test_it_runs_beside_the_main_thread(tmp_path: Path) -> None:
    """Where no signal can be caught, none is, and all else holds."""
    results: list[tuple[Ended, bytes]] = []
    thread = threading.Thread(target=lambda: results.append(run("echo", "a", here=tmp_path)))
    thread.start()
    thread.join(_HANGS_AFTER)
    assert results == [(Ended(0), b"a\n")]


RUNNER = """
import os, signal, sys
from loopflow.logs.command import run_command_merged
before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
taken = []
def take(data):
    taken.append(data)
    print("took", flush=True)
ended = run_command_merged(sys.argv[1:], os.environ, os.getcwd(), take)
assert before == (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM))
print(ended.code, b"".join(taken))
"""


def _start(*argv: str, **options: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", RUNNER, *argv]
    return subprocess.Popen(  # type: ignore[call-overload,no-any-return]
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment(), **options
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_goes_on_to_the_command(number: signal.Signals) -> None:
    """The command decides what it does with it; what it printed before and after is taken."""
    script = f"trap 'echo caught; exit 9' {number.name[3:]}; echo ready; while :; do sleep 0.05; done"
    with _start("sh", "-c", script, start_new_session=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "took\n"
        process.send_signal(number)
        rest, _ = process.communicate(timeout=_HANGS_AFTER)
    assert rest.splitlines()[-1] == "9 b'ready\\ncaught\\n'"


def test_a_command_that_dies_of_a_signal_ends_as_a_shell_says() -> None:
    """128 and the number of the signal."""
    with _start("sh", "-c", "echo ready; exec sleep 100", start_new_session=True) as process:
        assert process.stdout
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=_HANGS_AFTER)
    assert rest.splitlines()[-1] == "130 b'ready\\n'"


def test_a_terminal_interrupts_the_command_once() -> None:
    """Ctrl-C comes to both of us; a second one from us would make many a program give up its cleaning up."""
    code = (
        "import pty, os, sys\n"
        "pid, handle = pty.fork()\n"
        "if not pid:\n"
        "    os.execv(sys.executable, [sys.executable, *sys.argv[1:]])\n"
        "seen = b''\n"
        "while b'took' not in seen:\n"
        "    seen += os.read(handle, 1000)\n"
        "os.write(handle, b'\\x03')\n"
        "try:\n"
        "    while data := os.read(handle, 1000):\n"
        "        seen += data\n"
        "except OSError:\n"
        "    pass\n"
        "print(seen.decode())\n"
    )
    script = (
        "import signal, time\n"
        "count = []\n"
        "signal.signal(signal.SIGINT, lambda *_: count.append(1))\n"
        "print('ready', flush=True)\n"
        "while not count: time.sleep(0.02)\n"
        "time.sleep(0.5)\n"
        "print('interrupts:', len(count))\n"
    )
    command = [sys.executable, "-c", code, "-c", RUNNER, sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=_HANGS_AFTER, check=True)
    assert "interrupts: 1\\n" in done.stdout


def test_standard_input_is_passed_on() -> None:
    """What we are given on it goes to the command."""
    with _start("cat") as process:
        rest, _ = process.communicate("for the command\n", timeout=_HANGS_AFTER)
    assert rest.splitlines()[-1] == "0 b'for the command\\n'"


def test_what_is_ignored_stays_ignored() -> None:
    """As a shell wants it for what it starts in the background: SIGINT reaches neither of us."""
    code = (
        "import signal, os, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); os.execv(sys.executable, sys.argv[1:])"
    )
    command = [sys.executable, "-c", code, sys.executable, "-c", RUNNER, "sh", "-c", "echo ready; sleep 0.5; echo done"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=environment(), start_new_session=True
    ) as process:
        assert process.stdout
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=_HANGS_AFTER)
    assert rest.splitlines()[-1] == "0 b'ready\\ndone\\n'"
