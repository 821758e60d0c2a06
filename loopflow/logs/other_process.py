"""A process of ours that does a part of the work. It is sent messages, objects of any kind, and answers in their order.

It is started afresh, since a process with threads cannot be copied safely, and by us rather than by `multiprocessing`,
which runs the program of whoever calls us again.
"""

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from traceback import format_exc
from typing import Any, Final

from loopflow.errors import LoopflowError, describe_os_error
from loopflow.logs.channel import Channel, answer, messages

_START: Final = "import sys; sys.path[:] = {path}; from {module} import serve; serve({given}, {back})"


class OtherProcess:
    """Runs `serve` of a module, with the ends of two pipes. Raises LoopflowError if no process can be started."""

    def __init__(self, module: str) -> None:
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

    def kill(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()

    def close(self) -> None:
        """End the process and let go of the pipes."""
        self._channel.close()
        self._process.kill()
        self._process.wait()


def _ended() -> LoopflowError:
    return LoopflowError("a process that reads the log was ended from outside", "use --parallel-workers 1")


class Given:
    """What comes through the pipes, on the other side."""

    def __init__(self, given: int, back: int) -> None:
        self._messages = messages(given)
        self._back = back

    def __iter__(self) -> Iterator[Any]:
        """Yield each message, until nobody sends any more."""
        for message in self._messages:
            yield pickle.loads(message)  # noqa: S301  it comes from the process that started this one

    def answer_all(self, coming: Iterable[Any], take: Callable[[Any], object]) -> None:
        """Answer each message with what `take` makes of it, or raises; not at all where that is None."""
        with suppress(BrokenPipeError):
            for message in coming:
                try:
                    said = take(message)
                except LoopflowError as error:
                    said = error
                except Exception:  # noqa: BLE001  a bug, which is told where others are
                    said = RuntimeError(format_exc())
                if said is not None:
                    self.answer(said)

    def answer(self, said: object) -> None:
        """Answer. Raises BrokenPipeError if nobody listens."""
        answer(self._back, pickle.dumps(said))


def _start(module: str, given: int, back: int) -> subprocess.Popen[bytes]:
    """Start a process. It has our path, and takes nothing from the directory that it starts in."""
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
