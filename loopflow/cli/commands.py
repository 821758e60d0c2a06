"""What the command does once the options are known: run a use case, render it, say what is worth saying."""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from loopflow.analysis.names import escape_name, path_bytes
from loopflow.cli.console import Console
from loopflow.cli.options import Options
from loopflow.errors import LoopflowError
from loopflow.model import Skipped, Worktree
from loopflow.pipeline import profile, write_context
from loopflow.render.context import RawLayout, XmlLayout
from loopflow.render.json import render_json
from loopflow.render.numbers import plural
from loopflow.render.terminal import PLAIN
from loopflow.render.text import render_text

EXAMPLES = 3


def print_profile(console: Console, options: Options) -> None:
    """Count, and print the charts or the JSON."""
    with console.progress(os.environ) as progress:
        report = profile(options.select, replace(options.count, progress=progress, remark=_remark(console, options)))
    pieces: Iterable[str]
    write: Callable[[str], None]
    if options.format == "json":
        pieces, write = render_json(report), console.write
    else:
        terminal = PLAIN if options.copy else console.terminal(options.colour)
        pieces, write = (f"{line}\n" for line in render_text(report, terminal, options.charts)), console.write_chart
    if options.copy:
        _copy(console, pieces)
        console.note("copied to the clipboard")
    else:
        for piece in pieces:
            write(piece)
        console.flush()
    _say_what_is_missing(console, options, report.unmatched, report.profile.gaps)


def print_context(console: Console, options: Options) -> None:
    """Print the selected files as context, and on stderr what they cost."""
    layout = RawLayout() if options.raw else XmlLayout()
    copied: list[str] = []
    write = copied.append if options.copy else console.write
    with console.progress(os.environ, prints=not options.copy) as progress:
        counting = replace(options.count, progress=progress, remark=_remark(console, options))
        summary = write_context(options.select, counting, layout, write)
    if options.copy:
        _copy(console, copied)
    console.flush()
    if options.charts.verbose:
        for skip in sorted(summary.skipped, key=lambda skip: path_bytes(skip.path)):
            console.note(f"skipped {escape_name(skip.path)} ({_why(skip)})")
    _say_what_is_missing(console, options, summary.unmatched, summary.gaps)
    skipped = f", {len(summary.skipped):,} skipped" if summary.skipped else ""
    where = ", copied to the clipboard" if options.copy else ""
    console.note(
        f"{plural(summary.files, 'file')}, {plural(summary.tokens, 'token')}"
        f" + {summary.wrapper_tokens:,} around them ({options.count.encoding}){skipped}{where}"
    )


def _remark(console: Console, options: Options) -> Callable[[str], object]:
    return console.note if options.charts.verbose else lambda _: None


def _copy(console: Console, pieces: Iterable[str]) -> None:
    import pyperclip  # noqa: PLC0415

    text = "".join(pieces)
    try:
        with console.withheld():
            pyperclip.copy(text)
            is_lost = bool(text) and not pyperclip.paste()  # pyperclip does not look at how the program it runs ends
    except pyperclip.PyperclipException as error:
        hint = "install xclip, xsel or wl-clipboard, or leave out --copy and use a pipe"
        raise LoopflowError("there is no clipboard to copy to", hint) from error
    if is_lost:
        raise LoopflowError("the clipboard did not take it", "check DISPLAY, or leave out --copy and use a pipe")


def _say_what_is_missing(console: Console, options: Options, unmatched: Sequence[str], gaps: Sequence[Skipped]) -> None:
    on_disk = isinstance(options.select.source, Worktree)
    hint = "; -u lists untracked files too" if on_disk and not options.select.untracked else ""
    for path in unmatched:
        console.warn(f"nothing is listed below {escape_name(path)}{hint}")
    if gaps:
        named = ", ".join(f"{escape_name(gap.path)} ({_why(gap)})" for gap in gaps[:EXAMPLES])
        more = f" and {len(gaps) - EXAMPLES:,} more" if len(gaps) > EXAMPLES else ""
        console.warn(f"incomplete, {plural(len(gaps), 'file')} could not be counted: {named}{more}")


def _why(gap: Skipped) -> str:
    return escape_name(gap.detail) or gap.reason.replace("_", " ")
