"""`loopflow logs trace`: from a reference in a digest to the lines of the log."""

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import click

from loopflow.console.command import Action, answering
from loopflow.console.console import Console
from loopflow.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loopflow.logs.tracing import Piece

_AROUND_ON_A_TERMINAL = 3


class _Asked(NamedTuple):
    ref: str
    run: int | None
    context: int | None
    every: bool


def _describe_usage(context: click.Context) -> str:
    return f"{context.get_help()}\n"


@click.command("trace", add_help_option=False)
@click.argument("ref")
@click.option("--run", type=click.IntRange(min=1), metavar="ID", help="Of this run.  [default: the newest that has it]")
@click.option(
    "--context",
    type=click.IntRange(min=0),
    metavar="N",
    help="As many lines before and after it too, as they stand there now.  [default: 3 on a terminal, else 0]",
)
@click.option(
    "--all", "every", is_flag=True, help="All places that are stored, up to five, a line that begins with [ between."
)
@click.option("-h", "--help", help="Show this message and exit.", **answering(_describe_usage))
@click.pass_context
def trace(click_context: click.Context, ref: str, run: int | None, context: int | None, *, every: bool) -> Action:
    """Print the original lines of a failure, by its reference in a digest, or the beginning of one.

    Into a pipe or a file go exactly the bytes that were read, on a terminal they are numbered and escaped. They come
    from the log, or where it changed since, from the archive; what is neither there is exit 2. Nothing is redacted:
    secrets that a digest hides are printed here.
    """
    return Action(click_context.command_path, partial(_run, _Asked(ref, run, context, every)))


def _run(asked: _Asked, console: Console, here: str) -> ExitCode:
    from loopflow.console.directories import data_directory  # noqa: PLC0415  --help needs none of it
    from loopflow.logs.store import open_store  # noqa: PLC0415
    from loopflow.logs.tracing import trace as trace_lines  # noqa: PLC0415

    context = asked.context
    if context is None:
        context = _AROUND_ON_A_TERMINAL if console.is_terminal else 0
    store = open_store(data_directory(console.environ, here))
    with trace_lines(store, asked.ref, asked.run, context, every=asked.every) as pieces:
        print_pieces = _print_numbered if console.is_terminal else _print_bytes
        print_pieces(console, pieces)
    return ExitCode.OK


def _print_numbered(console: Console, pieces: "Sequence[Piece]") -> None:
    from loopflow.logs.numbering import number_lines  # noqa: PLC0415

    for piece in pieces:
        if piece is not pieces[0]:
            console.write_chart(f"{piece.title}\n")
        for line in number_lines(piece):
            console.write_chart(line)


def _print_bytes(console: Console, pieces: "Sequence[Piece]") -> None:
    last = b"\n"
    for piece in pieces:
        if piece is not pieces[0]:
            end = b"" if last.endswith(b"\n") else b"\n"
            console.write_bytes(end + f"{piece.title}\n".encode())
        for data in piece.read():
            console.write_bytes(data)
            last = data or last
