"""The command `code-context`.

click reads the command line and nothing else; the work begins when it is done.
"""

import os
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

import click

from loopflow.cli.help import PathName, SectionedCommand
from loopflow.console.command import Action, answering, run_process
from loopflow.console.console import DISTRIBUTION, Console
from loopflow.errors import ExitCode, MissingPathError
from loopflow.render.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable

    from loopflow.cli.requests import Options

PROGRAM = "code-context"


def _describe_version(context: click.Context) -> str:
    from importlib.metadata import version  # noqa: PLC0415

    from loopflow.tokens.choice import DISTRIBUTIONS, choose_engines  # noqa: PLC0415
    from loopflow.tokens.encodings import VOCABULARY_DIGESTS  # noqa: PLC0415

    engines = choose_engines(context.obj.get("LOOPFLOW_ENGINE") or None)
    named = " and ".join(
        f"{name} {version(DISTRIBUTIONS[name])}" if name in DISTRIBUTIONS else name for name in engines
    )
    counts = f"counting {' and '.join(VOCABULARY_DIGESTS)} with {named}"
    return f"{context.command_path} {version(DISTRIBUTION)}, {counts}\n"


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
@click.option("--stdin", is_flag=True, help="Names of files from standard input too, one a line.")
@click.option("-0", "--null", is_flag=True, help="With --stdin: each name ends in NUL, as of find -print0.")
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
@click.option("--window", metavar="N", help="Profile: how much of a window it fills, and how to fit: 200k, gpt-5.")
@click.option("--fit", metavar="N", help="Print no more than N tokens, or a model's window, or what --keep names.")
@click.option("--reserve", metavar="P%", help="Keep so much of the window free.  [default: 25%; for --fit N, 0%]")
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
@click.option("--line-numbers", is_flag=True, help="A number before each line of a file.")
@click.option("--tree", is_flag=True, help="First the tree of the files that follow.")
@click.option("--diff", is_flag=True, help="Last the change of these files since what --changed compares with.")
@click.option("-p", "--pbcopy", "--copy", is_flag=True, help="To the clipboard instead of standard output.")
@click.option(
    "-o", "--output", type=PathName(), metavar="FILE", help="To a file that appears whole, and is none that is read."
)
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)
@click.option("-q", "--quiet", is_flag=True, help="No remarks; with --check, only what failed and what to do.")
@click.option("-v", "--verbose", is_flag=True, help="Name every skipped file, and fold no row of a chart.")
@click.option("--init", is_flag=True, help="Write a first loopflow.toml, with limits that hold today.")
@click.option("--show-config", is_flag=True, help="Show what holds, and where each value comes from.")
@click.option("--version", help="Show what counts and exit.", **answering(_describe_version))
@click.option("-h", "--help", help="Show this message and exit.", **answering(_describe_usage))
@click.pass_context
def code_context(context: click.Context, /, **given: Any) -> Action:  # noqa: ANN401  click's values, typed by read_options
    """Print the files of a codebase as context for a language model, or count what they cost.

    PATHS are files or directories, of one repository or several, or of none; a,b is the same as a b. Without any, it is
    the current directory. Only files that git tracks are read, unless -u is given or a file is named.
    """
    return Action(context.command_path, partial(_run, given))


def main() -> NoReturn:
    """Run the command as a process."""
    run_process(code_context)


def _run(given: dict[str, Any], console: Console, here: str) -> ExitCode:
    from loopflow.cli.requests import read_options  # noqa: PLC0415  --help and --version need none of it

    options = read_options(given, console.environ, here, console.read_names)
    console.quiet = options.quiet
    try:
        with console.writing_to(options.output, here):
            code = _command(options)(console, options)
    except MissingPathError as error:
        from loopflow.cli.habits import explain_path  # noqa: PLC0415

        raise explain_path(error) from None
    if options.count.cache_file is not None:
        from loopflow.tokens.table_file import store_missing_tables  # noqa: PLC0415

        console.finish()  # nobody waits for what only later runs need
        store_missing_tables(os.path.dirname(options.count.cache_file))
    return code


def _command(options: "Options") -> "Callable[[Console, Options], ExitCode]":
    from loopflow.cli import actions  # noqa: PLC0415

    if options.init:
        return actions.init
    if options.show_config:
        return actions.show_config
    if options.save_baseline:
        return actions.save
    return actions.print_profile if options.profile else actions.print_context
