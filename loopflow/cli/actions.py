"""What the command does once the options are known: run a use case, render it, say what is worth saying."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from loopflow.analysis.names import escape_name, path_bytes
from loopflow.charts.numbers import plural
from loopflow.charts.terminal import PLAIN, Terminal
from loopflow.cli.requests import Options
from loopflow.console.console import Console
from loopflow.errors import ExitCode
from loopflow.model import (
    NOT_CHECKED_OUT,
    CountRequest,
    Idle,
    Judgement,
    Report,
    SelectRequest,
    Skipped,
    Status,
    Worktree,
)
from loopflow.render.failures import describe_way_past
from loopflow.render.formats import TEXT, find_renderer
from loopflow.usecases.idle import place_of
from loopflow.usecases.pipeline import Output, check, compare, initialise, profile, save_baseline, write_context
from loopflow.usecases.run import read_config

EXAMPLES = 3
LEFT_OUT = 10


def print_profile(console: Console, options: Options) -> ExitCode:
    """Count, compare and judge as far as that is asked for, and print the charts or the JSON."""
    with console.progress() as progress:
        report = _report(options, replace(options.count, progress=progress, remark=_remark(console, options)))
    try:
        _print_report(console, options, report)
    except BrokenPipeError:  # whoever reads has seen enough; the verdict is the same
        console.abandon_stdout()
    say_what_is_idle(console, report.idle)
    if report.judgement is None:
        return ExitCode.OK
    if options.quiet:
        _say_which_rules_judge_nothing(console, report, report.judgement)
    if not report.judgement.verdicts:
        console.warn("there is no budget to judge by: write [budget] or [[rule]] in loopflow.toml")
    if not report.judgement.failed:
        return ExitCode.OK
    if options.format == TEXT and console.environ.get("PRE_COMMIT"):
        console.write_chart(f"{describe_way_past(report.profile.source)}\n")
    return ExitCode.OVER_BUDGET


def _report(options: Options, counting: CountRequest) -> Report:
    asked, comparing, root = options.select, options.compare, options.surroundings
    if options.check:
        is_brief = options.quiet and options.format == TEXT and not options.reports
        comparing = replace(comparing, brief=is_brief)
        return check(asked, comparing, counting, options.config, options.fit, root=root)
    if comparing.baseline or comparing.against is not None or comparing.push or comparing.since:
        return compare(asked, comparing, counting, options.config, options.fit, root=root)
    return profile(asked, counting, options.config, options.fit, root=root)


def save(console: Console, options: Options) -> ExitCode:
    """Write the stored baseline."""
    from loopflow.cli.configuration import short_path  # noqa: PLC0415  each mode imports what it alone needs

    with console.progress() as progress:
        counting = replace(options.count, progress=progress, remark=_remark(console, options))
        where, file = options.surroundings, options.compare.file
        path, saved = save_baseline(options.select, counting, options.config, file, root=where, printed=console.handles)
    say_what_is_idle(console, saved.idle)
    where_to = escape_name(short_path(path, options.surroundings.root))
    console.note(f"saved {plural(saved.profile.total.files, 'file')} to {where_to}")
    return ExitCode.OK


def _print_report(console: Console, options: Options, report: Report) -> None:
    pieces: Iterable[str]
    write: Callable[[str], None]
    for name, path in options.reports:
        from loopflow.io.writing import write_atomically  # noqa: PLC0415

        write_atomically(path, "".join(_render(name, report, options)), options.surroundings.root, console.handles)
    if options.format != TEXT:
        pieces, write = find_renderer(options.format)(report), console.write
    else:
        terminal = PLAIN if options.copy or options.output is not None else console.terminal(options.colour)
        pieces, write = _text(report, options, terminal), console.write_chart
    if options.copy:
        console.clipboard.copy("".join(pieces))
        console.note("copied to the clipboard")
    else:
        for piece in pieces:
            write(piece)
        console.flush()
    say_what_is_missing(console, options.select, report.unmatched, report.profile.skipped)


def _render(name: str, report: Report, options: Options) -> Iterable[str]:
    """Render for a file. Options that shape the charts hold for those in a text file too."""
    if name != TEXT:
        return find_renderer(name)(report)
    from loopflow.render.text import render_text  # noqa: PLC0415  a hook needs no charts

    return (f"{line}\n" for line in render_text(report, PLAIN, options.charts))


def _text(report: Report, options: Options, terminal: Terminal) -> Iterable[str]:
    """Render for the terminal: the charts, or of a quiet check what failed."""
    if options.quiet and options.check:
        from loopflow.render.failures import render_failures  # noqa: PLC0415

        return (f"{line}\n" for line in render_failures(report, terminal))
    from loopflow.render.text import render_text  # noqa: PLC0415

    return (f"{line}\n" for line in render_text(report, terminal, options.charts))


def init(console: Console, options: Options) -> ExitCode:
    """Write a first config file, and say what is in it, why, and what comes next."""
    with console.progress() as progress:
        path, proposal = initialise(
            replace(options.count, progress=progress), options.config, root=options.surroundings
        )
    from loopflow.cli.configuration import render_start, short_path  # noqa: PLC0415

    for line in render_start(short_path(path, options.surroundings.root), proposal):
        console.write_chart(f"{line}\n")
    return ExitCode.OK


def show_config(console: Console, options: Options) -> ExitCode:
    """Print what holds, and where each value comes from."""
    from loopflow.cli.configuration import render_config  # noqa: PLC0415

    config = read_config(options.select, options.config, root=options.surroundings)
    for line in render_config(config):
        console.write_chart(f"{line}\n")
    for unknown in config.unknown:
        _remark(console, options)(unknown)
    return ExitCode.OK


def print_context(console: Console, options: Options) -> ExitCode:
    """Print the selected files as context, and on stderr what they cost."""
    from loopflow.cli.held import HeldOutput  # noqa: PLC0415
    from loopflow.render.context import RawLayout, XmlLayout  # noqa: PLC0415

    layout = RawLayout() if options.raw else XmlLayout()
    copied: list[str] = []
    write = copied.append if options.copy else console.write
    held = HeldOutput(write) if options.is_bounded and console.is_terminal else None
    with console.progress(prints=not options.copy) as progress:
        counting = replace(options.count, progress=progress, remark=_remark(console, options))
        output = Output(layout, held.write if held else write, options.extras, held.count if held else lambda _: None)
        summary = write_context(
            options.select, counting, output, options.config, options.fit, root=options.surroundings
        )
    if held:
        held.release(summary.tokens + summary.wrapper_tokens)
    if options.copy:
        console.clipboard.copy("".join(copied))
    console.flush()
    if options.charts.verbose:
        for skip in sorted(summary.skipped, key=lambda skip: path_bytes(skip.path)):
            console.note(f"skipped {escape_name(skip.path)} ({escape_name(skip.why)})")
    say_what_is_missing(console, options.select, summary.unmatched, summary.skipped)
    say_what_is_idle(console, summary.idle)
    if summary.plan and summary.plan.model:
        from loopflow.render.words import describe_model  # noqa: PLC0415

        console.note(describe_model(summary.plan, summary.encoding))
    if summary.plan and summary.plan.exclude:
        console.note(f"left out to fit {summary.plan.window:,} tokens: {_name_some(options, summary.plan.exclude)}")
    if summary.patches_left_out:
        console.note(f"left out of the diff to fit: {_name_some(options, summary.patches_left_out)}")
    if summary.plan and summary.plan.exclude and not summary.files:
        console.warn("nothing fits: no file is small enough for so few tokens")
    elif summary.plan and not summary.plan.fits:
        cause = "what --keep names" if options.fit and options.fit.keep else "what is written around the files"
        console.warn(f"it does not fit: {cause} is too large")
    skipped = f", {len(summary.skipped):,} skipped" if summary.skipped else ""
    left_out = sum(skip.detail == NOT_CHECKED_OUT for skip in summary.skipped)
    skipped += f" ({left_out:,} not checked out)" if left_out else ""
    where = ", copied to the clipboard" if options.copy else ""
    console.note(
        f"{plural(summary.files, 'file')}, {plural(summary.tokens, 'token')}"
        f" + {summary.wrapper_tokens:,} around them ({summary.encoding}){skipped}{where}"
    )
    return ExitCode.OK


def _remark(console: Console, options: Options) -> Callable[[str], object]:
    return console.note if options.charts.verbose else lambda _: None


def say_what_is_missing(
    console: Console, request: SelectRequest, unmatched: Sequence[str], skipped: Sequence[Skipped]
) -> None:
    """Name the paths below which nothing is listed, and the files that should have been counted and were not."""
    gaps = [skip for skip in skipped if skip.reason.leaves_a_gap]
    on_disk = isinstance(request.source, Worktree)
    hint = "; -u lists untracked files too" if on_disk and not request.untracked else ""
    for path in unmatched:
        console.warn(f"nothing is listed below {escape_name(path)}{hint}")
    if gaps:
        named = ", ".join(f"{escape_name(gap.path)} ({escape_name(gap.why)})" for gap in gaps[:EXAMPLES])
        more = f" and {len(gaps) - EXAMPLES:,} more" if len(gaps) > EXAMPLES else ""
        console.warn(f"incomplete, {plural(len(gaps), 'file')} could not be counted: {named}{more}")


def say_what_is_idle(console: Console, found: Iterable[Idle]) -> None:
    """Name the patterns that match nothing, also when it should be quiet: who wrote them relies on them."""
    for idle in found:
        from loopflow.render.words import describe_idle  # noqa: PLC0415  seldom is there any

        console.warn(describe_idle(idle))


def _say_which_rules_judge_nothing(console: Console, report: Report, judgement: Judgement) -> None:
    """Name the rules that are about no file at all, which only the charts would show."""
    said = {idle.where for idle in report.idle}
    notes = {place_of(each.rule): each.note for each in judgement.verdicts if each.note and each.status is Status.WARN}
    for where, note in notes.items():
        if where not in said:
            console.warn(f"{where}: {note}")


def _name_some(options: Options, patterns: Sequence[str]) -> str:
    """Name the first patterns, or all of them to the curious."""
    shown = patterns if options.charts.verbose else patterns[:LEFT_OUT]
    more = f" and {len(patterns) - len(shown):,} more; -v names them" if len(patterns) > len(shown) else ""
    return ", ".join(map(escape_name, shown)) + more
