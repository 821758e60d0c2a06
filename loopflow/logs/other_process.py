"""A process of ours that does a part of the work. It is sent messages, objects of any kind, and answers in their order.

It is started afresh, since a process with threads cannot be copied safely, and by us rather than by `multiprocessing`,
which runs the program of whoever calls us again.
"""

import gc
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from traceback import format_exc
from typing import Any, Final

from loopflow.errors import LoopflowError, describe_os_error
from loopflow.logs.channel import Channel, answer, messages

_START: Final = "import sys; sys.path[:] = {path}; from {module} import serve; serve({given}, {back})"


class OtherProcess:
    """Runs `serve` of a module, with the ends of two pipes; what it is sent first is `task`.

    Raises LoopflowError if no process can be started. Its first answer says that it is ready.
    """

    def __init__(self, module: str, task: object) -> None:
        self._is_ready = False
        try:
            (given, out), (back, answers) = os.pipe(), os.pipe()
            self._channel = Channel(out, back)
            try:
                self._process = _start(module, given, answers)
            except OSError:
                self._channel.close()
                raise
            finally:
                os.close(given)
                os.close(answers)
        except OSError as error:
            what = f"no process can be started: {describe_os_error(error)}"
            raise LoopflowError(what, "use --parallel-workers 1") from error
        self.send(task)

    def wait(self) -> None:
        """Wait until it is ready. Raises LoopflowError if it ends before that."""
        if not self._is_ready:
            self.receive()
            self._is_ready = True

    def send(self, message: object, most: int = sys.maxsize) -> None:
        """Send a message. Waits while more than `most` bytes are unread. Raises LoopflowError if nobody reads."""
        try:
            self._channel.send(pickle.dumps(message), most)
        except EOFError as error:
            raise _ended() from error

    def receive(self) -> Any:  # noqa: ANN401  whatever the other side says
        """Wait for the next answer. Raises it if it is an error, and LoopflowError if the process is gone."""
        try:
            said = pickle.loads(self._channel.receive())  # noqa: S301  it comes from a process that we started
        except EOFError as error:
            raise _ended() from error
        if isinstance(said, Exception):
            raise said
        return said

    def close(self) -> None:
        """End the process and let go of the pipes."""
        self._channel.close()
        self._process.kill()
        self._process.wait()


def _ended() -> LoopflowError:
    return LoopflowError("a process that reads the log was ended from outside", "use --parallel-workers 1")


def serve_messages(given: int, back: int, begin: Callable[[Any], Callable[[Any], object]]) -> None:
    """Serve on the other side, until nobody sends any more or listens.

    `begin` is given the task, and returns what takes each message: it is answered with what that returns or raises, and
    not at all where that is None.
    """
    gc.disable()  # what is made here has no cycles: looking for garbage would find none
    coming = (pickle.loads(message) for message in messages(given))  # noqa: S301  it comes from who started this process
    take = begin(next(coming))
    with suppress(BrokenPipeError):
        answer(back, pickle.dumps("ready"))
        for message in coming:
            said = _try_to_take(take, message)
            if said is not None:
                answer(back, pickle.dumps(said))


def _try_to_take(take: Callable[[Any], object], message: object) -> object:
    try:
        return take(message)
    except LoopflowError as error:
        return error
    except Exception:  # noqa: BLE001  a bug, which is told where others are
        return RuntimeError(format_exc())


def _start(module: str, given: int, back: int) -> subprocess.Popen[bytes]:
    """Start a process. It finds modules where we do, whatever the variables of the environment say."""
    code = _START.format(path=sys.path, module=module, given=given, back=back)
    bytecode = ("-B",) if sys.dont_write_bytecode else ()
    return subprocess.Popen(
        [sys.executable or "", "-I", *bytecode, "-c", code],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(given, back),
        process_group=0,  # so that an interruption reaches this one alone, which ends the other
    )
