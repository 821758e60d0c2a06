"""What `loopflow logs` does with the options that it was given."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from loopflow.analysis.names import escape_name
from loopflow.analysis.redact import redact
from loopflow.charts.terminal import PLAIN, Terminal
from loopflow.cli.logs_judging import is_too_long, judge, name_logs, print_kept
from loopflow.cli.logs_memory import Remembering, join_memory
from loopflow.cli.logs_outputs import Forms, Outputs, read_outputs
from loopflow.cli.logs_saving import save, saves
from loopflow.cli.logs_settings import Asked, read_asked
from loopflow.cli.logs_usage import Printed, account, join_usage
from loopflow.console.console import Console, OutputError
from loopflow.console.directories import cache_directory, data_directory
from loopflow.console.summary import append_summary
from loopflow.errors import ExitCode, LoopflowError, UsageError
from loopflow.logs.archive import ArchiveWriter
from loopflow.logs.counting import choose_engine
from loopflow.logs.distribution import Distribution
from loopflow.logs.gathering import Input
from loopflow.logs.keeping import KeptText
from loopflow.logs.model import Digest, LogRequest
from loopflow.logs.opening import open_file
from loopflow.logs.records import Kept
from loopflow.logs.rotating import STANDARD_INPUT as NAME_OF_STANDARD_INPUT
from loopflow.logs.running import Reduced, read_and_reduce
from loopflow.logs.settings import LogSettings
from loopflow.logs.store import StoreError, open_store
from loopflow.logs.unpacking import open_stream
from loopflow.tokens import create_counter
from loopflow.tokens.protocol import TokenCounter
from loopflow.usecases.find_config import find_root

STANDARD_INPUT: Final = "-"
_Result = Reduced | Distribution | KeptText


@dataclass(frozen=True, slots=True)
class _Run:
    """What a run has at hand."""

    asked: Asked
    console: Console
    here: str
    counter: TokenCounter
    data: str
    memory: Remembering

    @property
    def given(self) -> Mapping[str, Any]:
        """The options."""
        return self.asked.given

    @property
    def settings(self) -> LogSettings:
        """What holds."""
        return self.asked.settings

    @property
    def request(self) -> LogRequest:
        """What is asked for."""
        return self.asked.request


def reduce(given: dict[str, Any], console: Console, here: str) -> ExitCode:
    """Reduce the logs that are named."""
    run = _prepare(given, console, here)
    names = [*given["files"], *given["log_file"]]
    if not names and saves(run.asked):
        return ExitCode.OK
    if not names:
        raise UsageError("no log is named", "name a file, or - for standard input")
    if names.count(STANDARD_INPUT) > 1:
        raise UsageError("standard input is named twice, and can be read once", "write - once")
    with ExitStack() as stack:
        outputs = read_outputs(run.given, run.settings, here, stack)
        stack.enter_context(run.memory)
        opened = [_open(run, name, stack) for name in names]
        result = _work(run, [read for read, _ in opened])
        return _finish(run, result, [kept for _, kept in opened], outputs)


def run(given: dict[str, Any], console: Console, here: str) -> int:
    """Run a command, reduce what it prints, and return its exit code."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    from loopflow.logs.command import run_command_merged  # noqa: PLC0415
    from loopflow.logs.piped import Piped  # noqa: PLC0415

    run = _prepare(given, console, here)
    argv = given["argv"]
    piped = Piped()
    with ExitStack() as stack, ThreadPoolExecutor(1) as threads:
        outputs = read_outputs(run.given, run.settings, here, stack)
        stack.enter_context(run.memory)
        archive = _archive(run, stack)
        read = Input(
            escape_name(redact(" ".join(argv).encode("utf-8", "replace")).decode()),
            "",
            piped,
            tee=archive.write if archive else None,
        )
        reducing = threads.submit(_work, run, [read])
        reducing.add_done_callback(lambda _: piped.abandon())
        try:
            ended = run_command_merged(argv, console.environ, here, piped.write)
        finally:
            piped.finish()  # whatever happened: the thread waits for more
        if ended.problem:
            console.fail(ended.problem)
            return ended.code
        try:
            _finish(run, reducing.result(), [Kept(None, archive)], outputs)
        except BrokenPipeError:
            console.abandon_stdout()
        except LoopflowError as error:  # how the command ended is not to be lost
            console.fail(error.message, error.hint)
            if isinstance(error, OutputError):
                console.abandon_stdout()
            return ended.code or (ExitCode.OK if error.exit_code is ExitCode.OVER_BUDGET else error.exit_code)
    return ended.code


def _work(run: _Run, inputs: Sequence[Input]) -> _Result:
    """Reduce logs, keep all of them, or count them instead."""
    if run.asked.keeps:
        from loopflow.logs.keeping import keep_logs  # noqa: PLC0415  reducing needs none of it

        return keep_logs(inputs, run.request, run.counter, folds=run.settings.keep == "fold")
    if not run.given["profile"]:
        return _reduce(run, inputs)
    from loopflow.logs.profiling import profile_logs  # noqa: PLC0415  reducing needs none of it

    return profile_logs(inputs, run.request, run.counter)


def _finish(run: _Run, result: _Result, kept: Sequence[Kept], outputs: Outputs) -> ExitCode:
    """Print what was made of logs, remember it, and judge them."""
    console, given = run.console, run.given
    named = [("-o", given["output"])] if given["output"] is not None else []
    for option, path in (*named, *(("--report", path) for _, path in outputs.reports)):
        _refuse_own_log(option, path, run.here, kept)
    if isinstance(result, Reduced):
        return _finish_digest(run, result, kept, outputs)
    if isinstance(result, KeptText):
        code = print_kept(run.asked, console, run.here, result)
        if result.tokens_after is not None:
            printed = Printed(result.tokens_after, result.tokens_before, run.counter.encoding)
            account(printed, given, console, run.here)
        return code
    for form, path in outputs.reports:
        outputs.write(path, "".join(_draw(run, form, result, PLAIN)), console)
    with console.writing_to(given["output"], run.here):
        for piece in _draw(run, given["format"], result, console.terminal(given["color"])):
            console.write_chart(piece)
    if not result.complete:
        console.warn("not all of it was counted: it became shorter while it was read")
    return judge(run.asked, console, result.sources, result.tokens)


def _draw(run: _Run, form: str, distribution: Distribution, terminal: Terminal) -> Iterator[str]:
    if form == "json":
        from loopflow.logs.render.distribution_json import render_json  # noqa: PLC0415

        yield render_json(distribution)
    elif form == "html":
        from loopflow.logs.render.distribution_html import render_html  # noqa: PLC0415

        yield from render_html(distribution)
    else:
        from loopflow.logs.render.distribution_text import render_text  # noqa: PLC0415

        yield from (f"{line}\n" for line in render_text(distribution, terminal, verbose=run.given["verbose"]))


def _prepare(given: Mapping[str, Any], console: Console, here: str) -> _Run:
    if not here:
        raise UsageError("the current directory does not exist any more", "change to another one")
    console.quiet = given["quiet"]
    given = _check_profile(given)
    asked = join_usage(read_asked(given, console, here), console, here)
    if given["stream_processing"] and given["verbose"]:
        console.note("logs are always read as a stream: --stream-processing changes nothing")
    engine = console.environ.get("LOOPFLOW_ENGINE") or choose_engine(asked.request)
    counter = create_counter(asked.config.encoding, engine, cache_directory(console.environ, here))
    save(asked, console, here)
    memory = join_memory(asked, console, here)
    return _Run(asked, console, here, counter, data_directory(console.environ, here), memory)


def _check_profile(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the options with what a profile says of others: it remembers nothing."""
    if not given["profile"]:
        return given
    if not given["count_input"]:
        raise UsageError("--profile counts the log, and --no-count-input does not", "leave one of them out")
    if given["explain"]:
        raise UsageError("--explain is about a digest, and --profile makes none", "leave one of them out")
    if given["store_memory"]:
        raise UsageError("--store-memory is of a digest, and --profile makes none", "leave one of them out")
    return {**given, "store": False, "keep_original": False}


def _open(run: _Run, name: str, stack: ExitStack) -> tuple[Input, Kept]:
    """Open a log. What cannot be read again is kept as it comes."""
    if name == STANDARD_INPUT:
        archive = _archive(run, stack)
        stream = open_stream(run.console.read_input("a log"), NAME_OF_STANDARD_INPUT)
        return Input(NAME_OF_STANDARD_INPUT, "", stream, tee=archive.write if archive else None), Kept(None, archive)
    archive = _archive(run, stack) if run.given["keep_original"] else None
    return open_file(os.path.join(run.here, name), name, stack, archive)


def _archive(run: _Run, stack: ExitStack) -> ArchiveWriter | None:
    if not (run.given["store"] and (run.settings.archive or run.given["keep_original"])):
        return None
    return stack.enter_context(ArchiveWriter(run.data))


def _reduce(run: _Run, inputs: Sequence[Input]) -> Reduced:
    store = open_store(run.data)
    project = _project(run, inputs)

    def known(refs: Sequence[str]) -> Mapping[str, str]:
        try:
            return {ref: str(day) for ref, day in store.known_since(project, refs).items()}
        except StoreError as error:
            run.console.warn(f"what earlier runs had is not known: {error}")
            return {}

    return read_and_reduce(inputs, run.request, run.counter, known if run.given["store"] else None)


def _project(run: _Run, inputs: Sequence[Input]) -> str:
    return find_root(run.here) or inputs[0].name


def _finish_digest(run: _Run, reduced: Reduced, kept: Sequence[Kept], outputs: Outputs) -> ExitCode:
    """Remember and print a digest, and judge the log."""
    given, console, digest = run.given, run.console, reduced.digest
    allowed = digest.fit - digest.buffer
    if not (given["auto_truncate"] or digest.is_whole or (digest.tokens_before or allowed + 1) <= allowed):
        many = f"{digest.tokens_before:,} tokens" if digest.tokens_before is not None else "more tokens"
        what = f"{name_logs(digest.sources)} has {many}, and {allowed:,} are allowed"
        raise LoopflowError(what, "leave out --no-auto-truncate, or raise --fit", ExitCode.OVER_BUDGET)
    with outputs.keeping(digest, kept, console):
        forms = Forms(reduced, run.counter)
        printed = forms.draw(given["format"])
        reports = [(path, forms.draw(form).text) for form, path in outputs.reports]
        if "github" in {given["format"], *(form for form, _ in outputs.reports)}:
            append_summary(console, lambda room: forms.draw_markdown(room).text)
        _remember(run, digest, kept)  # behind all that is reduced: what it asks of earlier runs is not of this one
        for path, text in reports:
            outputs.write(path, text, console)
        with console.writing_to(given["output"], run.here):
            console.write(printed.text)
    account(Printed(printed.digest.tokens_after, digest.tokens_before, digest.encoding), given, console, run.here)
    run.memory.store(digest)
    if digest.is_whole and given["format"] == "text":
        console.note(digest.head)
    if given["explain"]:
        from loopflow.logs.render.explanation import explain  # noqa: PLC0415

        for line in explain(printed.digest):
            console.note(line)
    missing = printed.digest.critical_missing
    if missing:
        also = ", or lower --min-compression" if run.settings.min_compression else ""
        console.warn(f"{missing:,} critical failures are not in the digest; raise --fit{also}")
    fails = is_too_long(run.asked, console, digest) or bool(missing)
    return judge(run.asked, console, digest.sources, digest.tokens_before, fails=fails)


def _remember(run: _Run, digest: Digest, kept: Sequence[Kept]) -> None:
    if not run.given["store"]:
        return
    project = find_root(run.here) or digest.sources[0].name
    try:
        open_store(run.data).remember(digest, project, datetime.now(UTC), kept)
    except StoreError as error:
        run.console.warn(f"not remembered: {error}")
    for archive in [each.archive for each in kept if each.archive and each.archive.failure]:
        run.console.warn(f"the original is not kept: {archive.failure}")


def _refuse_own_log(option: str, file: str, here: str, kept: Sequence[Kept]) -> None:
    path = os.path.join(here, file)
    for each in kept:
        if each.opened and os.path.exists(path) and os.path.samefile(path, each.opened.path):
            raise UsageError(f"{option} {escape_name(file)} is the log itself", "name another file")
