"""The only writer to stdout and stderr, and the one place where errors become messages and exit codes.

Data goes to stdout, everything else to stderr. A message is one line: what happened and where, then what to do.
"""

import errno
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Literal, TextIO

import click

from loopflow.cli.progress import show_progress
from loopflow.errors import ExitCode, LoopflowError, describe_os_error
from loopflow.io.progress import Progress
from loopflow.render.terminal import ASCII, UNICODE, Palette, Terminal

PROGRAM = "code-context"
DISTRIBUTION = "loopflow-code-context"

ColourChoice = Literal["auto", "always", "never"]


class Console:
    """The two streams of a run."""

    def __init__(self, stdout: TextIO, stderr: TextIO) -> None:
        self._stdout = stdout
        self._stderr = stderr
        self.quiet = False

    def write(self, text: str) -> None:
        """Write data to stdout, in UTF-8 whatever the locale says."""
        self._write(text.encode("utf-8"))

    def write_chart(self, text: str) -> None:
        """Write part of a chart to stdout, in its encoding; what that lacks is escaped."""
        self._write(text.encode(self._stdout.encoding, "backslashreplace"))

    def note(self, text: str) -> None:
        """Say something on stderr, unless it should be quiet."""
        if not self.quiet:
            self._say(text)

    def warn(self, text: str) -> None:
        """Say on stderr what should not be missed."""
        self._say(f"warning: {text}")

    def fail(self, message: str, hint: str = "") -> None:
        """Say on stderr, on one line, why the run cannot go on and what to do."""
        self._say(f"error: {message}{'; ' if hint else ''}{hint}")

    def flush(self) -> None:
        """Hand what was written to the system."""
        try:
            self._stdout.flush()
        except OSError as error:
            raise output_error(error) from error

    def abandon_stdout(self) -> None:
        """Let nothing more reach a stdout that is broken, not even when the interpreter ends."""
        _abandon(self._stdout)

    def progress(self, environment: Mapping[str, str], *, prints: bool = False) -> AbstractContextManager[Progress]:
        """Return a context in which progress is shown, unless the run `prints` to a terminal meanwhile."""
        wanted = not self.quiet and not (prints and self._stdout.isatty())
        return show_progress(self._stderr, environment, wanted=wanted)

    @contextmanager
    def withheld(self) -> Iterator[None]:
        """Keep both streams from the programs that are started meanwhile.

        One that goes on running, as xclip does, would make whoever reads them wait for it.
        """
        handles = [self._stdout.fileno(), self._stderr.fileno()]
        kept = [os.dup(handle) for handle in handles]
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            for handle in handles:
                os.dup2(nowhere, handle)
            yield
        finally:
            for handle, copy in zip(handles, kept, strict=True):
                os.dup2(copy, handle)
            for handle in (*kept, nowhere):
                os.close(handle)

    def terminal(self, colour: ColourChoice) -> Terminal:
        """Return what stdout can show. Lines are as long as they are unless it is a terminal."""
        is_terminal = self._stdout.isatty()
        return Terminal(
            width=_columns(self._stdout) if is_terminal else None,
            glyphs=UNICODE if self._stdout.encoding.lower().startswith("utf") else ASCII,
            palette=Palette(colour=_wants_colour(colour, is_terminal=is_terminal)),
        )

    def _write(self, data: bytes) -> None:
        try:
            self._stdout.buffer.write(data)
        except OSError as error:
            raise output_error(error) from error

    def _say(self, text: str) -> None:
        line = f"{PROGRAM}: {text}\n".encode(self._stderr.encoding or "utf-8", "backslashreplace")
        try:
            self._stderr.buffer.write(line)
            self._stderr.flush()
        except OSError:  # nobody listens; the exit code still tells
            _abandon(self._stderr)


def run_guarded(console: Console, action: Callable[[], ExitCode]) -> ExitCode:
    """Run `action` and turn whatever it raises into a message and an exit code."""
    code = ExitCode.OK
    try:
        code = action()
        console.flush()
    except BrokenPipeError:  # such as `| head`: whoever reads has seen enough
        console.abandon_stdout()
    except (KeyboardInterrupt, click.Abort):
        console.abandon_stdout()
        return ExitCode.INTERRUPTED
    except click.ClickException as error:
        console.fail(error.format_message().replace("\n", " ").rstrip("."), f"see {PROGRAM} --help")
        return ExitCode.CANNOT_RUN
    except LoopflowError as error:
        console.fail(error.message, error.hint)
        if isinstance(error, OutputError):
            console.abandon_stdout()
        return error.exit_code
    except BaseException as error:  # noqa: BLE001  anything else, a panic of an engine included, is a bug
        return _explain(console, error)
    return code


def _explain(console: Console, error: BaseException) -> ExitCode:
    """Say what an error means that nobody has foreseen where it was raised."""
    if _shows_lack_of_memory(error):
        lack = LoopflowError(
            "there is not enough memory, or the process may not have more of it",
            "raise its limit (ulimit -v), use --jobs 1, or name fewer paths",
        )
        console.fail(lack.message, lack.hint)
        return lack.exit_code
    console.fail(f"a bug in {PROGRAM}: {type(error).__name__}", f"please report it with {_log_bug(error)}")
    return ExitCode.BUG


def _shows_lack_of_memory(error: BaseException) -> bool:
    """Whether `error` is one of those that say that the system gave no more, be it of memory or of threads."""
    if isinstance(error, ImportError):  # a library that could not be mapped
        return any(sign in str(error).lower() for sign in ("failed to map", "cannot allocate"))
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and "start new thread" in str(error))


def _abandon(stream: TextIO) -> None:
    """Send what is left in the buffer nowhere: the interpreter ends with 120 when it cannot write it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def open_missing_streams() -> None:
    """Give a process that was started with a closed stdout or stderr something to write to.

    Writing to that stdout fails, as it should, since what was asked for gets lost; what goes to stderr vanishes.
    """
    if sys.stdout is None:
        sys.stdout = open(os.open(os.devnull, os.O_RDONLY), "w", encoding="utf-8")  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


class OutputError(LoopflowError):
    """Standard output cannot be written."""


def output_error(error: OSError) -> Exception:
    """Return what to raise when standard output cannot be written."""
    if isinstance(error, BrokenPipeError):
        return error
    return OutputError(f"cannot write to standard output: {describe_os_error(error)}", "check where it goes")


def _wants_colour(choice: ColourChoice, *, is_terminal: bool) -> bool:
    """Decide as https://no-color.org and https://force-color.org say; the option goes before both."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (is_terminal and os.environ.get("TERM") != "dumb")


def _log_bug(error: BaseException) -> str:
    """Write where the bug happened to a file, and return its path. Messages are left out: they may quote files."""
    # Only a bug pays for these.
    import platform  # noqa: PLC0415
    import traceback  # noqa: PLC0415
    from datetime import UTC, datetime  # noqa: PLC0415
    from importlib.metadata import version  # noqa: PLC0415

    import platformdirs  # noqa: PLC0415

    frames = "".join(traceback.StackSummary.extract(traceback.walk_tb(error.__traceback__)).format())
    facts = f"{PROGRAM} {version(DISTRIBUTION)}, Python {platform.python_version()}, {platform.platform()}"
    text = f"{facts}\n{frames}{type(error).__name__}\n"
    try:
        directory = platformdirs.user_log_dir("loopflow", appauthor=False, ensure_exists=True)
        path = os.path.join(directory, f"bug-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{os.getpid()}.log")
        with open(path, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError:
        with suppress(OSError):
            sys.stderr.write(text)
        return "the lines above"
    return path


def _columns(stream: TextIO) -> int:
    """Return the width of a terminal; COLUMNS goes before what it says of itself."""
    named = os.environ.get("COLUMNS", "")
    if named.isdecimal() and int(named):
        return int(named)
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except OSError:
        return 80
