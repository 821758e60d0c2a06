"""What `loopflow logs` does with the options that it was given."""

import os
import stat
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from loopflow.analysis.names import escape_name
from loopflow.config.sections import read_section
from loopflow.config.values import read_size_option
from loopflow.console.console import Console, OutputError
from loopflow.console.directories import cache_directory, data_directory
from loopflow.errors import ExitCode, LoopflowError, UsageError
from loopflow.logs.archive import ArchiveWriter
from loopflow.logs.gathering import Input
from loopflow.logs.model import Digest, LogRequest, Priority
from loopflow.logs.originals import Opened
from loopflow.logs.records import Kept
from loopflow.logs.running import reduce_logs
from loopflow.logs.settings import LogSettings
from loopflow.logs.store import StoreError, open_store
from loopflow.logs.unpacking import open_log, open_stream
from loopflow.model import ConfigRequest
from loopflow.tokens import create_counter
from loopflow.tokens.protocol import TokenCounter
from loopflow.usecases.find_config import find_config_here, find_root

STANDARD_INPUT: Final = "-"


@dataclass(frozen=True, slots=True)
class _Run:
    """What a run has at hand."""

    given: Mapping[str, Any]
    console: Console
    here: str
    settings: LogSettings
    request: LogRequest
    counter: TokenCounter
    data: str
    budget: int | None


def reduce(given: dict[str, Any], console: Console, here: str) -> ExitCode:
    """Reduce the logs that are named."""
    run = _prepare(given, console, here)
    names = [*given["files"], *given["log_file"]]
    if not names:
        raise UsageError("no log is named", "name a file, or - for standard input")
    if names.count(STANDARD_INPUT) > 1:
        raise UsageError("standard input is named twice, and can be read once", "write - once")
    with ExitStack() as stack:
        opened = [_open(run, name, stack) for name in names]
        digest = _reduce(run, [read for read, _ in opened])
        return _finish(run, digest, [kept for _, kept in opened])


def run(given: dict[str, Any], console: Console, here: str) -> int:
    """Run a command, reduce what it prints, and return its exit code."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    from loopflow.logs.command import run_command_merged  # noqa: PLC0415
    from loopflow.logs.piped import Piped  # noqa: PLC0415

    run = _prepare(given, console, here)
    argv = given["argv"]
    piped = Piped()
    with ExitStack() as stack, ThreadPoolExecutor(1) as threads:
        archive = _archive(run, stack)
        read = Input(escape_name(" ".join(argv)), "", piped, tee=archive.write if archive else None)
        reducing = threads.submit(_reduce, run, [read])
        reducing.add_done_callback(lambda _: piped.abandon())
        try:
            ended = run_command_merged(argv, console.environ, here, piped.write)
        finally:
            piped.finish()  # whatever happened: the thread waits for more
        if ended.problem:
            console.fail(ended.problem)
            return ended.code
        try:
            _finish(run, reducing.result(), [Kept(None, archive)])
        except BrokenPipeError:
            console.abandon_stdout()
        except LoopflowError as error:  # how the command ended is not to be lost
            console.fail(error.message, error.hint)
            if isinstance(error, OutputError):
                console.abandon_stdout()
            return ended.code or (ExitCode.OK if error.exit_code is ExitCode.OVER_BUDGET else error.exit_code)
    return ended.code


def _prepare(given: Mapping[str, Any], console: Console, here: str) -> _Run:
    if not here:
        raise UsageError("the current directory does not exist any more", "change to another one")
    console.quiet = given["quiet"]
    config = find_config_here(here, _configuring(given, console.environ))
    settings: LogSettings = read_section(config.sections, "logs")
    if given["stream_processing"] and given["verbose"]:
        console.note("logs are always read as a stream: --stream-processing changes nothing")
    counter = create_counter(
        config.encoding, console.environ.get("LOOPFLOW_ENGINE") or None, cache_directory(console.environ, here)
    )
    request, data = _read_request(given, settings), data_directory(console.environ, here)
    return _Run(given, console, here, settings, request, counter, data, _read_budget(given, settings))


def _configuring(given: Mapping[str, Any], environ: Mapping[str, str]) -> ConfigRequest:
    file = given["config"] or environ.get("LOOPFLOW_CONFIG") or None
    return ConfigRequest({"encoding": given["encoding"]}, environ, file)


def _read_request(given: Mapping[str, Any], settings: LogSettings) -> LogRequest:
    return LogRequest(
        fit=settings.fit if given["fit"] is None else read_size_option(given["fit"], "--fit"),
        buffer=_read_buffer(given["token_buffer"], settings),
        log_type=given["log_type"] or "",
        lowest=Priority[(given["priority_filter"] or "verbose").upper()],
        timestamps=given["timestamps"] or settings.timestamps,
        is_short=(given["repeated"] or settings.repeated) == "short",
        redact=settings.redact if given["redact"] is None else given["redact"],
        counts_input=given["count_input"],
        is_small=given["memory_optimized"],
        chunk_size=settings.chunk_size if given["chunk_size"] is None else given["chunk_size"],
        workers=given["parallel_workers"] or settings.workers,
    )


def _read_budget(given: Mapping[str, Any], settings: LogSettings) -> int | None:
    """Return the tokens that the log may have. Raises UsageError where they are to be judged, and not counted."""
    budget = settings.budget if given["budget"] is None else read_size_option(given["budget"], "--budget")
    if given["check"] and budget is not None and not given["count_input"]:
        raise UsageError("--check judges the tokens of the log, which --no-count-input leaves out", "leave out either")
    return budget


def _read_buffer(value: str | None, settings: LogSettings) -> int:
    if value is None:
        return settings.buffer
    return 0 if value == "0" else read_size_option(value, "--token-buffer")


def _open(run: _Run, name: str, stack: ExitStack) -> tuple[Input, Kept]:
    """Open a log. What cannot be read again is kept as it comes."""
    if name == STANDARD_INPUT:
        archive = _archive(run, stack)
        stream = open_stream(run.console.read_input("a log"), "standard input")
        return Input("standard input", "", stream, tee=archive.write if archive else None), Kept(None, archive)
    path = os.path.join(run.here, name)
    shown = escape_name(name) or "''"
    stream, file = open_log(path, shown)
    stack.callback(file.close)
    archive = _archive(run, stack) if run.given["keep_original"] else None
    opened = Opened.of(os.path.abspath(path), file.fileno())
    is_plain = stream is file and stat.S_ISREG(os.fstat(file.fileno()).st_mode)
    most = (opened.size or -1) if is_plain else -1  # the files of /proc say that they are empty
    return Input(shown, opened.path, stream, most, archive.write if archive else None), Kept(opened, archive)


def _archive(run: _Run, stack: ExitStack) -> ArchiveWriter | None:
    if not (run.given["store"] and (run.settings.archive or run.given["keep_original"])):
        return None
    return stack.enter_context(ArchiveWriter(run.data))


def _reduce(run: _Run, inputs: Sequence[Input]) -> Digest:
    store = open_store(run.data)
    project = _project(run, inputs)

    def known(refs: Sequence[str]) -> Mapping[str, str]:
        try:
            return {ref: str(day) for ref, day in store.known_since(project, refs).items()}
        except StoreError as error:
            run.console.warn(f"what earlier runs had is not known: {error}")
            return {}

    return reduce_logs(inputs, run.request, run.counter, known if run.given["store"] else None)


def _project(run: _Run, inputs: Sequence[Input]) -> str:
    return find_root(run.here) or inputs[0].name


def _finish(run: _Run, digest: Digest, kept: Sequence[Kept]) -> ExitCode:
    """Remember and print a digest, and judge the log."""
    given, console = run.given, run.console
    if not given["auto_truncate"] and not digest.is_whole:
        many = f"{digest.tokens_before:,} tokens" if digest.tokens_before is not None else "more tokens"
        what = f"{digest.sources[0].name} has {many}, and {digest.fit - digest.buffer:,} are allowed"
        raise LoopflowError(what, "leave out --no-auto-truncate, or raise --fit", ExitCode.OVER_BUDGET)
    _remember(run, digest, kept)
    _refuse_own_log(given["output"], run.here, kept)
    with console.writing_to(given["output"], run.here):
        if given["format"] == "json":
            from loopflow.logs.render.json import render_json  # noqa: PLC0415

            console.write(render_json(digest))
        else:
            console.write(digest.text)
    if digest.is_whole and given["format"] == "text":
        console.note(digest.head)
    if digest.critical_missing:
        console.warn(f"{digest.critical_missing:,} critical failures are not in the digest; raise --fit")
    return _judge(run, digest)


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


def _refuse_own_log(output: str | None, here: str, kept: Sequence[Kept]) -> None:
    if output is None:
        return
    path = os.path.join(here, output)
    for each in kept:
        if each.opened and os.path.exists(path) and os.path.samefile(path, each.opened.path):
            raise UsageError(f"-o {escape_name(output)} is the log itself", "name another file")


def _judge(run: _Run, digest: Digest) -> ExitCode:
    if not run.given["check"]:
        return ExitCode.OK
    budget = run.budget
    code = ExitCode.OVER_BUDGET if digest.critical_missing else ExitCode.OK
    if budget is None:
        run.console.warn("--check has no budget to judge by; give --budget N, or write budget = N in [logs]")
        return code
    before = digest.tokens_before
    if before is None:
        raise LoopflowError(
            "--check judges the tokens of the log, and a line of it is too long to be counted", "leave out --budget"
        )
    name = digest.sources[0].name if len(digest.sources) == 1 else f"{len(digest.sources)} logs"
    if before > budget:
        run.console.warn(f"FAIL {name}: {before:,} tokens, {before - budget:,} more than the budget of {budget:,}")
        return ExitCode.OVER_BUDGET
    run.console.note(f"ok {name}: {before:,} of {budget:,} tokens")
    return code
