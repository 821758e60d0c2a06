"""The command that a user typed, run so that its output can be read: both streams in one, in the order they came.

Its standard input is ours. SIGINT and SIGTERM that come to us go on to it, and we wait for its end: what it printed
until then is a log like any other. A terminal sends its SIGINT to both of us, and then there is nothing to pass on.
"""

import os
import selectors
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from threading import current_thread, main_thread
from time import monotonic
from types import FrameType
from typing import Any, Final, NamedTuple, Self

from loopflow.analysis.names import escape_name
from loopflow.errors import describe_os_error

NOT_EXECUTABLE: Final = 126
NOT_FOUND: Final = 127
_PIECE_BYTES: Final = 262_144
_LOOK_AGAIN: Final = 0.1
_QUIET: Final = 0.3
_LINGER: Final = 5.0
"""Seconds. After the command ended, what it left behind may print until it is quiet for the first, or the second is
over. What the command itself printed is in the pipe then, before all of that."""
_FORWARDED: Final = (signal.SIGINT, signal.SIGTERM)


class Ended(NamedTuple):
    """How a command ended, as a shell gives it. `problem` says why it did not begin, on one line, if so."""

    code: int
    problem: str = ""


def run_command_merged(
    argv: Sequence[str], environ: Mapping[str, str], here: str, take: Callable[[bytes], object]
) -> Ended:
    """Run `argv` in the directory `here`, hand what it prints to `take` as it comes, and return how it ended."""
    with _Forwarding() as forwarding:
        ours, theirs = os.pipe()
        try:
            process = subprocess.Popen(argv, stdout=theirs, stderr=theirs, cwd=here or None, env=dict(environ))
        except (OSError, ValueError) as error:
            os.close(ours)
            return _not_begun(argv[0], here, error)
        finally:
            os.close(theirs)
        forwarding.begin(process)
        return _wait(process, ours, take)


def _wait(process: "subprocess.Popen[bytes]", ours: int, take: Callable[[bytes], object]) -> Ended:
    """Hand over what a command prints until it ends; return how it did."""
    try:
        _read(process, ours, take)
        os.close(ours)
        ours = -1
        return Ended(_as_shell(process.wait()))
    finally:
        if ours >= 0:  # whoever takes it does not take more
            os.close(ours)
            _end(process)


def _read(process: "subprocess.Popen[bytes]", handle: int, take: Callable[[bytes], object]) -> None:
    """Read until nobody holds the other end, or the command ended and what it left behind is quiet."""
    with selectors.DefaultSelector() as selector:
        selector.register(handle, selectors.EVENT_READ)
        over = float("inf")
        while monotonic() < over:
            has_ended = over < float("inf")
            if selector.select(_QUIET if has_ended else _LOOK_AGAIN):
                data = os.read(handle, _PIECE_BYTES)
                if not data:
                    return
                take(data)
            elif has_ended:
                return
            if not has_ended and process.poll() is not None:
                over = monotonic() + _LINGER


class _Forwarding:
    """Passes signals on to a command meanwhile. Only the main thread is told of any; what is ignored stays so.

    One that comes before the command began is passed on then: no moment is left in which it would end us alone.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._early: list[int] = []
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if current_thread() is main_thread():
            handlers = {each: signal.getsignal(each) for each in _FORWARDED}
            self._before = {each: now for each, now in handlers.items() if now not in {signal.SIG_IGN, None}}
        for each in self._before:
            signal.signal(each, self._forward)
        return self

    def __exit__(self, *_: object) -> None:
        for each, handler in self._before.items():
            signal.signal(each, handler)

    def begin(self, process: "subprocess.Popen[bytes]") -> None:
        """Pass on to `process` from now on."""
        self._process = process
        for number in self._early:
            process.send_signal(number)

    def _forward(self, number: int, _frame: FrameType | None) -> None:
        if self._process is None:
            self._early.append(number)
        elif number != signal.SIGINT or not _is_in_foreground():
            self._process.send_signal(number)


def _is_in_foreground() -> bool:
    """Whether a terminal sends its Ctrl-C to our process group, the command's too."""
    try:
        handle = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(handle) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(handle)


def _not_begun(program: str, here: str, error: Exception) -> Ended:
    name = escape_name(program)
    if not isinstance(error, OSError):
        return Ended(NOT_EXECUTABLE, f"{name} cannot be run: {error}")
    if here and not os.path.isdir(here):
        return Ended(NOT_EXECUTABLE, f"{name} cannot be run: {escape_name(here)} is not there any more")
    if isinstance(error, FileNotFoundError):
        return Ended(NOT_FOUND, f"{name} is not there; check the name and PATH")
    return Ended(NOT_EXECUTABLE, f"{name} cannot be run: {describe_os_error(error)}")


def _as_shell(code: int) -> int:
    return code if code >= 0 else 128 - code


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_LINGER)
        return
    process.kill()
    process.wait()
