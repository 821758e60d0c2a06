"""What joins `loopflow memory` to `loopflow logs`: failures of a digest that are remembered, and flags that ask."""

import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

import click

from loopflow.errors import LoopflowError

if TYPE_CHECKING:
    from loopflow.cli.logs_settings import Asked
    from loopflow.console.console import Console
    from loopflow.logs.model import Digest, Failure
    from loopflow.memory.model import Failed, Run
    from loopflow.memory.remembering import Memory, Stored

_COMMAND: Final = "--memory-command"
_URL: Final = "--memory-url"
OPTIONS = (
    click.option(
        "--store-memory", is_flag=True, help="Remember what failed across runs, in a memory server or in files."
    ),
    click.option(_COMMAND, metavar="COMMAND", help="What starts it.  [default: LOOPFLOW_MEMORY_COMMAND]"),
    click.option(_URL, metavar="URL", help="Instead: where it is asked.  [default: LOOPFLOW_MEMORY_URL]"),
    click.option("--memory-query", metavar="WORDS", help="As `loopflow memory query`; no log is read."),
    click.option("--analyze-memory", is_flag=True, help="As `loopflow memory analyze`; no log is read."),
    click.option("--check-memory-connection", is_flag=True, help="As `loopflow memory status`; no log is read."),
    click.option("--reconnect-memory", is_flag=True, help="As `loopflow memory reconnect`; no log is read."),
)
ACTIONS: Final[Mapping[str, str]] = {
    "analyze_memory": "analyze",
    "memory_query": "query",
    "check_memory_connection": "status",
    "reconnect_memory": "reconnect",
}
"""What of `loopflow memory` each flag runs. The first two may stand together: words narrow what is analyzed."""
ACTIONS_MODULE: Final = "loopflow.cli.memory_actions"
MOST_FAILURES: Final = 200
"""Of a run: those that matter most. How many more there were is kept too."""


def add_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command these options."""
    for option in reversed(OPTIONS):
        function = option(function)
    return function


def describe_action(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an action of `loopflow memory` is given."""
    words = (given["memory_query"],) if given["memory_query"] else ()
    return {**_name_server(given), "words": words, "fit": given["fit"], "output": given["output"], "trace": False}


def _name_server(given: Mapping[str, Any]) -> dict[str, Any]:
    options = {"command_option": _COMMAND, "url_option": _URL}
    return {"command": given["memory_command"], "url": given["memory_url"], **options}


class Remembering:
    """The memory of a run of `loopflow logs`, if it has one: it starts when the run does, and is asked at the end.

    Nothing about it stops the run, but for a config that may not say what it says.
    """

    def __init__(self, memory: "Memory | None", console: "Console") -> None:
        self._memory = memory
        self._console = console

    def __enter__(self) -> Self:
        if self._memory is not None:
            self._memory.begin()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._memory is not None:
            self._memory.__exit__(kind, error, at)

    def store(self, digest: "Digest") -> None:
        """Remember what failed, and say where if that is not in the server."""
        if self._memory is None:
            return
        try:
            stored = self._memory.store(make_run(digest, self._memory.place.project, datetime.now(UTC)))
        except LoopflowError as error:
            self._console.warn(f"what failed is not remembered: {error.message}")
            return
        if said := describe(stored):
            self._console.warn(said)


def describe(stored: "Stored") -> str:
    """Return what is to be said of what was stored, "" if nothing is."""
    if stored.problem is None:
        return ""
    runs = "1 run waits" if stored.waiting == 1 else f"{stored.waiting:,} runs wait"
    return f"{stored.problem.message}; {runs} in files, for loopflow memory reconnect"


def join_memory(asked: "Asked", console: "Console", here: str) -> Remembering:
    """Return the memory that the options, the config or a preset ask for. Raises UsageError, ConfigError."""
    from loopflow.logs.presets import PRESETS  # noqa: PLC0415  --help needs none of it

    sections, given = asked.config.sections, asked.given
    stores = "memory" in sections and sections["memory"].values.get("store") is True
    stores = (stores or PRESETS[asked.settings.preset].stores_memory) and not given["profile"] and not asked.keeps
    if not (given["store_memory"] or stores):
        return Remembering(None, console)
    from loopflow.memory.place import Named, find_place  # noqa: PLC0415  few runs remember
    from loopflow.memory.remembering import Memory  # noqa: PLC0415

    named = Named(**_name_server(given), config=given["config"])
    place = find_place(named, console.environ, here)
    return Remembering(Memory(place, console.environ), console)


def make_run(digest: "Digest", project: str, now: datetime) -> "Run":
    """Return what is remembered of a digest: its numbers, and each failure that matters in a line."""
    from loopflow.logs.model import Priority  # noqa: PLC0415  --help needs none of it
    from loopflow.memory.lines import MOST_OBSERVATION, clean  # noqa: PLC0415
    from loopflow.memory.model import Run  # noqa: PLC0415

    failures = [each.failure for each in digest.outcomes if each.failure.block.priority >= Priority.HIGH]
    failures.sort(key=lambda failure: -failure.block.priority)
    names = [clean(source.name, MOST_OBSERVATION) for source in digest.sources]
    counted = {each.priority.word: each.found for each in digest.priorities if each.found}
    return Run(
        id=os.urandom(8).hex(),
        at=now,
        log=names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more",
        project=project,
        sha256=digest.sources[0].sha256,
        lines=sum(source.lines for source in digest.sources),
        tokens_before=digest.tokens_before,
        tokens_after=digest.tokens_after,
        encoding=digest.encoding,
        profile=digest.log_type,
        priorities=counted,
        failures=tuple(_make_failed(each, names) for each in failures[:MOST_FAILURES]),
        left_out=max(len(failures) - MOST_FAILURES, 0),
    )


def _make_failed(failure: "Failure", names: Sequence[str]) -> "Failed":
    from loopflow.memory.lines import MOST_NAME, MOST_OBSERVATION, clean  # noqa: PLC0415  as above
    from loopflow.memory.model import Failed  # noqa: PLC0415

    block = failure.block
    headline = ""
    with suppress(IndexError):
        headline = clean(block.lines[block.headline].text, MOST_OBSERVATION)  # of what waits in a file, too
    first = failure.spans[0] if failure.spans else block.span
    kind = clean(block.kind or block.recogniser, MOST_NAME)
    return Failed(failure.ref, kind, failure.count, names[first.file], first.first, first.last, headline)


def store_in_memory(digest: "Digest", args: object, environ: Mapping[str, str], here: str) -> None:
    """Remember what failed, for programs. What does not reach a server waits in files, with a warning."""
    from loopflow.memory.place import Named, find_place  # noqa: PLC0415  --help needs none of it
    from loopflow.memory.remembering import Memory  # noqa: PLC0415

    place = find_place(Named(getattr(args, "memory_command", None), getattr(args, "memory_url", None)), environ, here)
    with Memory(place, environ) as memory:
        stored = memory.store(make_run(digest, place.project, datetime.now(UTC)))
    if said := describe(stored):
        warnings.warn(said, stacklevel=3)
