"""A command as a function: arguments and surroundings in, an exit code out; and the same as a process.

A command is click's. What it returns when it is invoked is an `Action`, which begins once click is done: nothing is
imported for `--help`, and no error on the way is click's to handle.
"""

import atexit
import gc
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from threading import enumerate as enumerate_threads
from threading import main_thread
from typing import Any, NamedTuple, NoReturn

import click

from loopflow.console.console import Console, run_guarded
from loopflow.console.streams import Streams, process_streams
from loopflow.errors import ExitCode, UsageError

_WIDEST_HELP = 100
_NARROWEST_HELP = 50


class Action(NamedTuple):
    """What a command line asks for: `run` does it, in the directory it is given; `program` is what the user called.

    It returns an `ExitCode`, or the code of a command that it ran.
    """

    program: str
    run: Callable[[Console, str], int]


class Answered(Exception):  # noqa: N818  nothing went wrong
    """The command line asks for a text, and for nothing else to be done. click would print it by itself."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def answering(make: Callable[[click.Context], str]) -> dict[str, Any]:
    """Return what makes an option one that answers with a text, whatever stands beside it."""

    def answer(context: click.Context, _parameter: click.Parameter, asked: bool) -> None:  # noqa: FBT001  as click calls it
        if asked and not context.resilient_parsing:
            raise Answered(make(context))

    return {"is_flag": True, "is_eager": True, "expose_value": False, "callback": answer}


def run_command(
    command: click.Command, argv: Sequence[str], streams: Streams, environ: Mapping[str, str], here: str
) -> int:
    """Run `command` and return its exit code.

    Nothing of the process is read or changed: arguments, streams, environment and the directory that everything is
    relative to (absolute, or "" where there is none any more) are what is given. But for two things that libraries do:
    click asks the process's locale for a translation of its own messages, and a copy of an index lies in its TMPDIR.
    """
    console = Console(command.name or "", streams, environ)
    return run_guarded(console, partial(_run, command, console, argv, here))


def run_process(command: click.Command, system: str = os.name) -> NoReturn:
    """Run `command` with the process's own arguments, streams, environment and directory, and end the process.

    On a `system` that is not POSIX (`os.name`) it ends at once: docs/decisions/0018-platforms.md says what is missing.
    """
    if system != "posix":
        _refuse_to_run(command)
    gc.disable()  # a run makes many objects, no cycles, and ends: looking for garbage would take a fifth of its time
    name = command.name or ""
    if f"_{name.replace('-', '_').upper()}_COMPLETE" in os.environ:  # a shell asks what could come next
        command.main(prog_name=name)
    code = run_command(command, sys.argv[1:], process_streams(), os.environ, _here())
    if code is ExitCode.INTERRUPTED:  # the interpreter would wait for threads that still count
        os._exit(code)
    _leave(code)


def _refuse_to_run(command: click.Command) -> NoReturn:
    console = Console(command.name or "", process_streams(), os.environ)
    what = f"{console.program} does not run on Windows, only on POSIX systems such as Linux"
    error = UsageError(what, "use it in WSL: https://learn.microsoft.com/windows/wsl/install")
    console.fail(error.message, error.hint)
    sys.exit(error.exit_code)


def _run(command: click.Command, console: Console, argv: Sequence[str], here: str) -> int:
    width = max(min(console.columns, _WIDEST_HELP) - 2, _NARROWEST_HELP)
    try:
        with command.make_context(console.program, list(argv), obj=console.environ, terminal_width=width) as context:
            action: Action = command.invoke(context)
    except Answered as answer:
        console.write_chart(answer.text)
        return ExitCode.OK
    console.program = action.program
    return action.run(console, here)


def _here() -> str:
    try:
        return os.getcwd()
    except OSError:
        return ""


def _leave(code: int) -> NoReturn:
    """End the process. Taking the interpreter apart takes a tenth of a hook's time, and nothing is left to be done."""
    still_works = any(not thread.daemon for thread in enumerate_threads() if thread is not main_thread())
    if not still_works:
        atexit._run_exitfuncs()  # noqa: SLF001  of whoever looks on, such as a profiler; there is no public name
        with suppress(OSError, ValueError):
            for stream in filter(None, (sys.stdout, sys.stderr)):
                stream.flush()
            os._exit(code)
    sys.exit(code)
