"""The only writer to stdout and stderr, and the one place where errors become messages and exit codes.

Data goes to stdout, everything else to stderr. A message is one line: what happened and where, then what to do.
"""

import errno
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, Literal

import click

from loopflow.charts.terminal import ASCII, UNICODE, Palette, Terminal
from loopflow.console.directories import log_directory
from loopflow.console.progress import show_progress
from loopflow.console.streams import Streams
from loopflow.errors import ExitCode, LoopflowError, UsageError, describe_os_error

if TYPE_CHECKING:  # --version needs none of the types of a run
    from contextlib import AbstractContextManager

    from loopflow.model.progress import Progress

DISTRIBUTION = "loopflow-code-context"
_DEFAULT_COLUMNS = 80
_DEFAULT_LINES = 24
_MOST_NAMES = 256_000_000  # bytes: more is no list of files

ColourChoice = Literal["auto", "always", "never"]


class Console:
    """The streams of a run of `program`, and what its environment says of how to write to them."""

    def __init__(self, program: str, streams: Streams, environ: Mapping[str, str]) -> None:
        self.program = program
        self.environ = environ
        self.clipboard = streams.clipboard
        self._stdin = streams.stdin
        self._stdout = streams.stdout
        self._stderr = streams.stderr
        self.quiet = False

    @property
    def handles(self) -> list[int]:
        """The descriptors that the run prints to."""
        return [*self._stdout.handles, *self._stderr.handles]

    @property
    def is_terminal(self) -> bool:
        """Whether a person looks at what is printed."""
        return self._stdout.is_terminal()

    @property
    def columns(self) -> int:
        """How wide a terminal is; COLUMNS goes before what it says of itself."""
        size = self._stdout.size()
        return self._named_size("COLUMNS") or (size.columns if size else 0) or _DEFAULT_COLUMNS

    @property
    def lines(self) -> int:
        """How many lines a terminal shows at once; LINES goes before what it says of itself."""
        size = self._stdout.size()
        return self._named_size("LINES") or (size.lines if size else 0) or _DEFAULT_LINES

    def _named_size(self, name: str) -> int:
        named = self.environ.get(name, "")
        return int(named) if named.isdecimal() else 0

    def read_names(self) -> bytes:
        """Return what another program writes to stdin, names of files. Raises UsageError where there is none."""
        if self._stdin.isatty():
            what = "--stdin reads names of files, and standard input is a terminal"
            raise UsageError(what, f"write for example: git ls-files | {self.program} --stdin")
        try:
            data = self._stdin.buffer.read(_MOST_NAMES + 1)
        except OSError as error:
            why = describe_os_error(error)
            raise UsageError(f"standard input cannot be read: {why}", "check where it comes from") from error
        if len(data) > (most := _MOST_NAMES):
            raise UsageError(f"standard input has more than {most:,} bytes of names", "check what writes it")
        return data

    def read_input(self, what: str) -> BinaryIO:
        """Return the bytes of stdin, as a stream. Raises UsageError where it is a terminal: `what` is to come on it."""
        if self._stdin.isatty():
            raise UsageError(
                f"- reads {what} from standard input, which is a terminal", "write it behind a | or after a <"
            )
        return self._stdin.buffer

    @contextmanager
    def writing_to(self, path: str | None, directory: str) -> "Iterator[None]":
        """Put what goes to stdout into the file at `path`, relative to `directory`, if one is named.

        It is there when the context ends without an exception; else the file is what it was.
        """
        if path is None:
            yield
            return
        from loopflow.console.output_file import OutputFile  # noqa: PLC0415  most runs print

        stdout = self._stdout
        self._stdout = file = OutputFile(path, directory, stdout)
        try:
            yield
            file.commit()
        except BaseException:
            file.abandon()
            raise
        finally:
            self._stdout = stdout

    def write(self, text: str) -> None:
        """Write data to stdout, in UTF-8 whatever the locale says."""
        self._write(text.encode("utf-8"))

    def write_bytes(self, data: bytes) -> None:
        """Write data to stdout that is somebody else's, as it is."""
        self._write(data)

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

    def finish(self) -> None:
        """Hand all that was written to the system; where nobody reads any more, that is no error."""
        try:
            self.flush()
        except BrokenPipeError:
            self.abandon_stdout()

    def abandon_stdout(self) -> None:
        """Let nothing more reach a stdout that is broken, not even when the interpreter ends."""
        self._stdout.abandon()

    def progress(self, *, prints: bool = False) -> "AbstractContextManager[Progress]":
        """Return a context in which progress is shown, unless the run `prints` to a terminal meanwhile."""
        wanted = not self.quiet and not (prints and self._stdout.is_terminal())
        return show_progress(self._stderr, self.environ, wanted=wanted)

    def terminal(self, colour: ColourChoice) -> Terminal:
        """Return what stdout can show. Lines are as long as they are unless it is a terminal."""
        is_terminal = self._stdout.is_terminal()
        return Terminal(
            width=self.columns if is_terminal else None,
            glyphs=UNICODE if self._stdout.encoding.lower().startswith("utf") else ASCII,
            palette=Palette(colour=_wants_colour(self.environ, colour, is_terminal=is_terminal)),
            height=self.lines if is_terminal else None,
        )

    def write_error(self, text: str) -> None:
        """Write to stderr as it is; what its encoding lacks is escaped."""
        try:
            self._stderr.write(text.encode(self._stderr.encoding, "backslashreplace"))
            self._stderr.flush()
        except OSError:  # nobody listens; the exit code still tells
            self._stderr.abandon()

    def _write(self, data: bytes) -> None:
        try:
            self._stdout.write(data)
        except OSError as error:
            raise output_error(error) from error

    def _say(self, text: str) -> None:
        self.write_error(f"{self.program}: {text}\n")


class HintedUsageError(click.UsageError):
    """A command line that is wrong in a way that is known: `hint` says what to type."""

    def __init__(self, message: str, hint: str, ctx: click.Context) -> None:
        super().__init__(message, ctx)
        self.hint = hint


def run_guarded(console: Console, action: Callable[[], int]) -> int:
    """Run `action` and turn whatever it raises into a message and an exit code."""
    code: int = ExitCode.OK
    try:
        code = action()
        console.flush()
    except BrokenPipeError:  # such as `| head`: whoever reads has seen enough
        console.abandon_stdout()
    except (KeyboardInterrupt, click.Abort):
        console.abandon_stdout()
        return ExitCode.INTERRUPTED
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        console.program = context.command_path if context else console.program
        hint = getattr(error, "hint", "") or f"see {console.program} --help"
        console.fail(error.format_message().replace("\n", " ").rstrip("."), hint)
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
    console.fail(
        f"a bug in {console.program}: {type(error).__name__}", f"please report it with {_log_bug(console, error)}"
    )
    return ExitCode.BUG


def _shows_lack_of_memory(error: BaseException) -> bool:
    """Whether `error` is one of those that say that the system gave no more, be it of memory or of threads."""
    if isinstance(error, ImportError):  # a library that could not be mapped
        return any(sign in str(error).lower() for sign in ("failed to map", "cannot allocate"))
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and "start new thread" in str(error))


class OutputError(LoopflowError):
    """Standard output cannot be written."""


def output_error(error: OSError) -> Exception:
    """Return what to raise when standard output cannot be written."""
    if isinstance(error, BrokenPipeError):
        return error
    return OutputError(f"cannot write to standard output: {describe_os_error(error)}", "check where it goes")


def _wants_colour(environ: Mapping[str, str], choice: ColourChoice, *, is_terminal: bool) -> bool:
    """Decide as https://no-color.org and https://force-color.org say; the option goes before both."""
    if choice != "auto":
        return choice == "always"
    if environ.get("NO_COLOR"):
        return False
    return bool(environ.get("FORCE_COLOR")) or (is_terminal and environ.get("TERM") != "dumb")


def _log_bug(console: Console, error: BaseException) -> str:
    """Write where the bug happened to a file, and return its path. Messages are left out: they may quote files."""
    # Only a bug pays for these.
    import platform  # noqa: PLC0415
    import traceback  # noqa: PLC0415
    from datetime import UTC, datetime  # noqa: PLC0415
    from importlib.metadata import version  # noqa: PLC0415

    frames = "".join(traceback.StackSummary.extract(traceback.walk_tb(error.__traceback__)).format())
    facts = f"{console.program} {version(DISTRIBUTION)}, Python {platform.python_version()}, {platform.platform()}"
    text = f"{facts}\n{frames}{type(error).__name__}\n"
    try:
        directory = log_directory(console.environ)
        os.makedirs(directory, exist_ok=True)
        path = os.path.join(directory, f"bug-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{os.getpid()}.log")
        with open(path, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError:
        console.write_error(text)
        return "the lines above"
    return path
