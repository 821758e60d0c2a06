"""What `loopflow count` does with the options that it was given."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple

from loopflow.analysis.names import escape_name
from loopflow.config.values import read_size_option
from loopflow.console.console import Console
from loopflow.console.directories import cache_directory
from loopflow.errors import ExitCode, UncountableError, UsageError, describe_os_error
from loopflow.model import ConfigRequest
from loopflow.service.streams import count_stream
from loopflow.tokens import create_counter
from loopflow.tokens.protocol import TokenCounter
from loopflow.usecases.find_config import find_config_here

if TYPE_CHECKING:
    from loopflow.cli.count_references import Resolution
    from loopflow.config.resolve import Config

STANDARD_INPUT: Final = "-"
_NAMED_STANDARD_INPUT: Final = "standard input"
_MOST_HELD: Final = 512_000_000
"""Bytes of a text that has to be held: for its ids, to be cut, or for its references."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a run has at hand."""

    given: Mapping[str, Any]
    console: Console
    here: str
    config: "Config"
    counter: TokenCounter


@dataclass(frozen=True, slots=True)
class Input:
    """Something to count: a file, a pipe, a text or a reference."""

    name: str
    open: Callable[[], BinaryIO] | None = None
    text: str | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """What an input costs: `references` of it is what it refers to. With an `error`, it is not counted."""

    name: str
    tokens: int = 0
    references: int = 0
    bytes: int = 0
    lossy: bool = False
    ids: Sequence[int] | None = None
    parts: tuple["Resolution", ...] = field(default=())
    error: str = ""

    @property
    def complete(self) -> bool:
        """Whether all of it was counted."""
        return not self.error and not any(part.error for part in self.parts)


def run(given: dict[str, Any], console: Console, here: str) -> ExitCode:
    """Count what is named."""
    if not here:
        raise UsageError("the current directory does not exist any more", "change to another one")
    console.quiet = given["quiet"]
    if given["check"] and not given["budget"] and not given["fit"]:
        raise UsageError("--check has no budget to judge by", "give it one with --budget N")
    budget = read_size_option(given["budget"], "--budget") if given["budget"] is not None else None
    file = given["config"] or console.environ.get("LOOPFLOW_CONFIG") or None
    config = find_config_here(here, ConfigRequest({"encoding": given["encoding"]}, console.environ, file))
    engine = console.environ.get("LOOPFLOW_ENGINE") or None
    counter = create_counter(config.encoding, engine, cache_directory(console.environ, here))
    job = Job(given, console, here, config, counter)
    inputs = _inputs(job)
    if given["fit"] is not None:
        return _fit(job, inputs)
    counted = _count_all(job, inputs)
    total = sum(each.tokens for each in counted)
    status = None if budget is None else "over" if total > budget else "ok"
    if given["format"] == "json":
        from loopflow.cli.count_json import render  # noqa: PLC0415  a number needs none of it

        console.write(render(config.encoding, counted, budget, status))
    else:
        console.write(_render_ids(counted) if given["ids"] else _render(counted))
    return _judge(job, counted, total, budget)


def _inputs(job: Job) -> list[Input]:
    given, console, here = job.given, job.console, job.here
    names = given["paths"] or ([] if given["text"] else [STANDARD_INPUT])
    if list(names).count(STANDARD_INPUT) > 1:
        raise UsageError("standard input is named twice, and can be read once", "write - once")
    inputs = []
    for name in names:
        if name == STANDARD_INPUT:
            stream = console.read_input("a text")
            inputs.append(Input(_NAMED_STANDARD_INPUT, partial(_same, stream)))
        elif name.startswith("@["):
            inputs.append(Input(escape_name(name), reference=name))
        else:
            inputs.append(Input(escape_name(name) or "''", _opener(os.path.join(here, name))))
    return inputs + [Input(f"text {n}", text=as_text(text)) for n, text in enumerate(given["text"], 1)]


def _same(stream: BinaryIO) -> BinaryIO:
    return stream


def _opener(path: str) -> Callable[[], BinaryIO]:
    return lambda: open(path, "rb", buffering=0)


def as_text(argument: str) -> str:
    """Return the text that an argument of the command line is: bytes that are no UTF-8 become U+FFFD."""
    return argument.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


FAILURES: Final = (OSError, UncountableError)
"""What is wrong with one input stops no other."""


class Held(NamedTuple):
    """The text of an input, its bytes, and whether some are no UTF-8."""

    text: str
    bytes: int
    lossy: bool


def _count_all(job: Job, inputs: Sequence[Input]) -> list[Counted]:
    if not (job.given["resolve"] or any(each.reference for each in inputs)):
        return [_guarded(job, each) for each in inputs]
    from loopflow.cli.count_references import count_with_references  # noqa: PLC0415  few texts refer to something

    return count_with_references(job, inputs)


def _guarded(job: Job, each: Input) -> Counted:
    try:
        return _count(job, each)
    except FAILURES as error:
        return Counted(each.name, error=explain(each, error))


def explain(each: Input, error: OSError | UncountableError) -> str:
    """Return why an input could not be counted."""
    if isinstance(error, IsADirectoryError):
        return f"it is a directory; loopflow code --profile {each.name} counts what it holds"
    return describe_os_error(error) if isinstance(error, OSError) else f"it cannot be counted: {error}"


def _count(job: Job, each: Input) -> Counted:
    """Count an input as it comes."""
    if job.given["ids"] or each.text is not None:
        return _hold(job, each)
    assert each.open is not None  # noqa: S101  it is no text, and no reference
    with each.open() as stream:
        found = count_stream(_reader(stream), lambda text: job.counter.count([text])[0])
    return Counted(each.name, found.tokens, bytes=found.bytes, lossy=found.lossy)


def _hold(job: Job, each: Input) -> Counted:
    """Count an input of which all is needed at once."""
    text, size, lossy = hold(each)
    ids = None
    if job.given["ids"]:
        from loopflow.tokens import encode  # noqa: PLC0415  numbers need no ids

        ids = encode(text, job.config.encoding)
    tokens = job.counter.count([text])[0] if ids is None else len(ids)
    return Counted(each.name, tokens, bytes=size, lossy=lossy, ids=ids)


def hold(each: Input) -> Held:
    """Read an input whole. Raises OSError, UncountableError."""
    if each.text is not None:
        return Held(each.text, len(each.text.encode()), lossy=False)
    assert each.open is not None  # noqa: S101  it is no text, and no reference
    pieces, size = [], 0
    with each.open() as stream:
        read = _reader(stream)
        while piece := read(1 << 20):
            pieces.append(piece)
            size += len(piece)
            if size > _MOST_HELD:
                raise UncountableError(f"it has more than {_MOST_HELD:,} bytes, and would have to be held")
    data = b"".join(pieces)
    try:
        return Held(data.decode(), size, lossy=False)
    except UnicodeDecodeError:
        return Held(data.decode("utf-8", "replace"), size, lossy=True)


def _reader(stream: BinaryIO) -> Callable[[int], bytes]:
    """Return what reads from a stream as much as there is, without waiting for more."""
    read1: Callable[[int], bytes] | None = getattr(stream, "read1", None)
    return read1 or stream.read


def _render(counted: Sequence[Counted]) -> str:
    if len(counted) == 1:
        return f"{counted[0].tokens}\n" if not counted[0].error else ""
    rows = [(each.tokens, each.name) for each in counted if not each.error]
    rows.append((sum(tokens for tokens, _ in rows), "total" if _is_whole(counted) else "total, incomplete"))
    width = max(len(f"{tokens:,}") for tokens, _ in rows)
    return "".join(f"{tokens:>{width},}  {name}\n" for tokens, name in rows)


def _render_ids(counted: Sequence[Counted]) -> str:
    return "".join(f"{' '.join(map(str, each.ids or ()))}\n" for each in counted if not each.error)


def _is_whole(counted: Sequence[Counted]) -> bool:
    return all(each.complete for each in counted)


def _judge(job: Job, counted: Sequence[Counted], total: int, budget: int | None) -> ExitCode:
    console = job.console
    for each in counted:
        if each.error:
            console.fail(f"{each.name}: {each.error}")
        for part in each.parts:
            if part.error:
                console.fail(f"{part.shown}: {part.error}", part.hint)
        if each.lossy:
            console.note(f"{each.name} is not all UTF-8; what is not counts as U+FFFD")
    if not _is_whole(counted):
        if any(not each.error for each in counted):
            console.warn(f"{total:,} tokens is not all: something could not be counted")
        return ExitCode.CANNOT_RUN
    if budget is not None and total > budget:
        console.warn(f"{total:,} tokens, {total - budget:,} more than the budget of {budget:,}")
        return ExitCode.OVER_BUDGET if job.given["check"] else ExitCode.OK
    return ExitCode.OK


def _fit(job: Job, inputs: Sequence[Input]) -> ExitCode:
    from loopflow.cli.count_fit import cut  # noqa: PLC0415  a number needs none of it

    given = job.given
    fit = read_size_option(given["fit"], "--fit")
    others = [f"--{name}" for name in ("budget", "ids", "resolve") if given[name]]
    if others or given["format"] == "json":
        named = others[0] if others else "--format json"
        raise UsageError(f"--fit prints a text, and {named} is about its count", "leave out either")
    if len(inputs) != 1 or inputs[0].reference:
        raise UsageError("--fit cuts one text", "name one file, or - for standard input")
    try:
        text, _, lossy = hold(inputs[0])
        kept = cut(text, fit, job.config.encoding, job.counter)
    except (OSError, UncountableError) as error:
        why = describe_os_error(error) if isinstance(error, OSError) else str(error)
        raise UsageError(f"{inputs[0].name} cannot be cut: {why}", "check what it is") from error
    job.console.write(kept.text)
    if lossy:
        job.console.note(f"{inputs[0].name} is not all UTF-8; what is not was printed as U+FFFD")
    if len(kept.text) == len(text):
        return ExitCode.OK
    left = len(text) - len(kept.text)
    what = f"{kept.tokens:,} tokens are printed, and the last {left:,} of {len(text):,} characters left out"
    job.console.note(f"{inputs[0].name}: {what}")
    return ExitCode.OVER_BUDGET if given["check"] else ExitCode.OK
