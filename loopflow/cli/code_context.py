"""The command `code-context`.

click reads the command line and nothing else; the work begins when it is done, so that nothing is imported for `--help`
and no error on the way is click's to handle.
"""

import atexit
import gc
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from threading import enumerate as enumerate_threads
from threading import main_thread
from typing import TYPE_CHECKING, Any

import click

from loopflow.cli.help import Answered, PathName, SectionedCommand, answering
from loopflow.console.console import DISTRIBUTION, Console, run_guarded
from loopflow.console.streams import Streams, process_streams
from loopflow.errors import ExitCode
from loopflow.render.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable

    from loopflow.cli.options import Options

PROGRAM = "code-context"
_WIDEST_HELP = 100
_NARROWEST_HELP = 50


def _describe_version(context: click.Context) -> str:
    from importlib.metadata import version  # noqa: PLC0415

    from loopflow.tokens.choice import DISTRIBUTIONS, choose_engines  # noqa: PLC0415
    from loopflow.tokens.encodings import VOCABULARY_DIGESTS  # noqa: PLC0415

    engines = choose_engines(context.obj.get("LOOPFLOW_ENGINE") or None)
    named = " and ".join(
        f"{name} {version(DISTRIBUTIONS[name])}" if name in DISTRIBUTIONS else name for name in engines
    )
    counts = f"counting {' and '.join(VOCABULARY_DIGESTS)} with {named}"
    return f"{context.info_name} {version(DISTRIBUTION)}, {counts}\n"


def _describe_usage(context: click.Context) -> str:
    return f"{context.get_help()}\n"


@click.command(
    name=PROGRAM,
    cls=SectionedCommand,
    add_help_option=False,
)
@click.argument("paths", nargs=-1, type=PathName())
@click.option(
    "-e", "--extension", multiple=True, metavar="EXT", help="Only files with this suffix: py, .d.ts, or py,md."
)
@click.option("--include", multiple=True, metavar="GLOB", help="Only files that match, in gitignore syntax.")
@click.option("--exclude", multiple=True, metavar="GLOB", help="No files that match, in gitignore syntax.")
@click.option("--staged", is_flag=True, help="What a commit would record now, instead of what is on disk.")
@click.option("--rev", metavar="REV", help="A commit's files, instead of what is on disk.")
@click.option("--pushed", is_flag=True, help="What a push sends, against what the remote has: for a pre-push hook.")
@click.option("--changed", is_flag=True, help="Only what differs from HEAD; with --rev, from its first parent.")
@click.option("-u", "--untracked", is_flag=True, help="Untracked files too, unless they are ignored.")
@click.option("--readmes", is_flag=True, help="First the READMEs of the directories above.")
@click.option("--profile", is_flag=True, help="Count tokens instead of printing: by directory and by file type.")
@click.option("--encoding", metavar="NAME", help="o200k_base, the default, or cl100k_base.")
@click.option("-j", "--jobs", type=click.IntRange(min=1), metavar="N", help="Threads.  [default: processors]")
@click.option("--no-cache", is_flag=True, help="Count everything anew.")
@click.option("--against", metavar="REV", help="Compare with where the branch left REV.")
@click.option("--baseline", is_flag=True, help="Compare with the stored baseline.")
@click.option("--save-baseline", is_flag=True, help="Write the stored baseline.")
@click.option(
    "--baseline-file",
    type=PathName(),
    metavar="FILE",
    help="Which baseline.  [default: .loopflow-baseline.json]",
)
@click.option("--check", is_flag=True, help="Judge by the budgets of the config file; exit 1 if one is exceeded.")
@click.option(
    "--config",
    type=PathName(),
    metavar="FILE",
    help="Instead of loopflow.toml, or [tool.loopflow] in pyproject.toml.",
)
@click.option("--cuts", is_flag=True, help="Profile: all that could be left out, not only the five largest.")
@click.option("--window", metavar="N", help="Profile: how much of a window of N tokens it fills, and how to fit: 200k.")
@click.option("--fit", metavar="N", help="Print no more than N tokens, or what --keep names; planned as for --window.")
@click.option("--reserve", metavar="P%", help="Keep so much of the window free.  [default: 25%; for --fit, 0%]")
@click.option("--keep", multiple=True, metavar="GLOB", help="Never leave out files that match.")
@click.option(
    "--format", type=click.Choice(FORMATS), metavar="NAME", help=f"Profile: {', '.join(FORMATS)}.  [default: text]"
)
@click.option(
    "--report", multiple=True, metavar="NAME:FILE", help="Profile: write a file too, in any of these formats."
)
@click.option("--depth", type=click.IntRange(min=0), metavar="N", help="Profile: only N levels of directories.")
@click.option("--files", is_flag=True, help="Profile: files in the hierarchy too.")
@click.option(
    "--top", type=click.IntRange(min=0), metavar="N", help="Profile: N types and files.  [default: all types, 10 files]"
)
@click.option("-r", "--raw", is_flag=True, help="Path, ---, text, ---, instead of XML documents.")
@click.option("-p", "--pbcopy", "--copy", is_flag=True, help="To the clipboard instead of standard output.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)
@click.option("-q", "--quiet", is_flag=True, help="No remarks; with --check, only what failed and what to do.")
@click.option("-v", "--verbose", is_flag=True, help="Name every skipped file.")
@click.option("--init", is_flag=True, help="Write a first loopflow.toml, with limits that hold today.")
@click.option("--show-config", is_flag=True, help="Show what holds, and where each value comes from.")
@click.option("--version", help="Show what counts and exit.", **answering(_describe_version))
@click.option("-h", "--help", help="Show this message and exit.", **answering(_describe_usage))
def code_context(**given: Any) -> dict[str, Any]:  # noqa: ANN401  click's values, typed by read_options
    """Print the files of a codebase as context for a language model, or count what they cost.

    PATHS are files or directories, of one repository or several, or of none; a,b is the same as a b. Without any, it is
    the current directory. Only files that git tracks are read, unless -u is given or a file is named.
    """
    return given


def main() -> None:
    """Run the command with the process's own arguments, streams, environment and directory."""
    gc.disable()  # a run makes many objects, no cycles, and ends: looking for garbage would take a fifth of its time
    if "_CODE_CONTEXT_COMPLETE" in os.environ:  # a shell asks what could come next
        code_context.main(prog_name=PROGRAM)
    code = run_command(sys.argv[1:], process_streams(), os.environ, _here())
    if code is ExitCode.INTERRUPTED:  # the interpreter would wait for threads that still count
        os._exit(code)
    _leave(code)


def _leave(code: ExitCode) -> None:
    """End the process. Taking the interpreter apart takes a tenth of a hook's time, and nothing is left to be done."""
    still_works = any(not thread.daemon for thread in enumerate_threads() if thread is not main_thread())
    if not still_works:
        atexit._run_exitfuncs()  # noqa: SLF001  of whoever looks on, such as a profiler; there is no public name
        with suppress(OSError, ValueError):
            for stream in filter(None, (sys.stdout, sys.stderr)):
                stream.flush()
            os._exit(code)
    sys.exit(code)


def run_command(argv: Sequence[str], streams: Streams, environ: Mapping[str, str], here: str) -> ExitCode:
    """Run the command and return its exit code.

    Nothing of the process is read or changed: arguments, streams, environment and the directory that everything is
    relative to (absolute, or "" where there is none any more) are what is given. But for two things that libraries do:
    click asks the process's locale for a translation of its own messages, and a copy of an index lies in its TMPDIR.
    """
    console = Console(PROGRAM, streams, environ)
    return run_guarded(console, partial(_run, console, argv, here))


def _here() -> str:
    try:
        return os.getcwd()
    except OSError:
        return ""


def _run(console: Console, arguments: Sequence[str], here: str) -> ExitCode:
    width = max(min(console.columns, _WIDEST_HELP) - 2, _NARROWEST_HELP)
    try:
        with code_context.make_context(PROGRAM, list(arguments), obj=console.environ, terminal_width=width) as context:
            given: dict[str, Any] = code_context.invoke(context)
    except Answered as answer:
        console.write_chart(answer.text)
        return ExitCode.OK
    from loopflow.cli.options import read_options  # noqa: PLC0415  --help and --version need none of it

    options = read_options(given, console.environ, here)
    console.quiet = options.quiet
    code = _command(options)(console, options)
    if options.count.cache_file is not None:
        from loopflow.tokens.table_file import store_missing_tables  # noqa: PLC0415

        console.finish()  # nobody waits for what only later runs need
        store_missing_tables(os.path.dirname(options.count.cache_file))
    return code


def _command(options: "Options") -> "Callable[[Console, Options], ExitCode]":
    from loopflow.cli import commands  # noqa: PLC0415

    if options.init:
        return commands.start
    if options.show_config:
        return commands.show_config
    if options.save_baseline:
        return commands.save
    return commands.print_profile if options.profile else commands.print_context
