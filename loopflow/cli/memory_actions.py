"""What `loopflow memory` does with the options that it was given."""

import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from loopflow.analysis.names import escape_name
from loopflow.charts.numbers import plural
from loopflow.config.values import read_size_option
from loopflow.console.console import Console
from loopflow.console.directories import cache_directory
from loopflow.errors import ExitCode, LoopflowError, UsageError, describe_os_error
from loopflow.io.mcp.typed import show_address
from loopflow.memory.fitting import Fitted, fit_rows
from loopflow.memory.model import Graph, MemoryFileError, Tools
from loopflow.memory.place import Named, find_place
from loopflow.memory.remembering import Memory
from loopflow.tokens import create_counter
from loopflow.tokens.choice import require_encoding
from loopflow.tokens.protocol import TokenCounter

STANDARD_FIT: Final = 2_000
_STANDARD_INPUT: Final = "-"
_MOST_IMPORTED: Final = 100_000_000


class Opened(NamedTuple):
    """A memory, and how its answers are counted and bounded."""

    memory: Memory
    counter: TokenCounter
    fit: int


def open_memory(given: Mapping[str, Any], console: Console, here: str, stack: ExitStack) -> Opened:
    """Return the memory that is named. Nothing is started yet."""
    if not here:
        raise UsageError("the current directory does not exist any more", "change to another one")
    console.quiet = bool(given.get("quiet"))
    named = Named(**{field: given[field] for field in Named.__dataclass_fields__ if field in given})
    place = find_place(named, console.environ, here)
    fit = read_size_option(given["fit"], "--fit") if given.get("fit") else STANDARD_FIT
    encoding = given.get("encoding") or place.encoding
    require_encoding(encoding)
    engine = console.environ.get("LOOPFLOW_ENGINE") or None
    counter = create_counter(encoding, engine, cache_directory(console.environ, here))
    return Opened(stack.enter_context(Memory(place, console.environ)), counter, fit)


def query(given: dict[str, Any], console: Console, here: str) -> ExitCode:
    """Print what has all of the words."""
    from loopflow.memory.querying import find, require_words  # noqa: PLC0415  each command imports its own
    from loopflow.memory.render.json import write_matches  # noqa: PLC0415
    from loopflow.memory.render.rows import head_of_matches, list_matches, read_shown  # noqa: PLC0415

    words = require_words(given["words"])
    with ExitStack() as stack:
        opened = open_memory(given, console, here, stack)
        matches, source = _look(opened, console, lambda tools: find(tools, words))
    rows = list_matches(matches)
    fitted = fit_rows(lambda shown: head_of_matches(matches, len(rows), shown), rows, opened.fit, opened.counter)
    traces = ""
    if given["trace"]:
        from loopflow.cli.memory_trace import print_traces  # noqa: PLC0415  few ask for it

        refs = [known.row.ref for known in read_shown(matches, fitted.shown)[0]]
        traces = print_traces(refs, opened.fit - fitted.tokens, opened.counter, console, here)
    if given["format"] == "json":
        return _print_json({"source": source, **write_matches(matches, fitted, opened.fit)}, given, console, here)
    return _print(fitted.text + traces, given, console, here)


def analyze(given: dict[str, Any], console: Console, here: str) -> ExitCode:
    """Print what changed between runs."""
    from loopflow.memory.analyzing import analyze as analyze_graph  # noqa: PLC0415  each command imports its own
    from loopflow.memory.render.json import write_analysis  # noqa: PLC0415
    from loopflow.memory.render.rows import head_of_analysis, list_analysis  # noqa: PLC0415

    with ExitStack() as stack:
        opened = open_memory(given, console, here, stack)
        found, source = _look(opened, console, lambda tools: analyze_graph(tools, given["words"]))
    if given["format"] == "json":
        return _print_json({"source": source, **write_analysis(found)}, given, console, here)
    rows = list_analysis(found)
    head = lambda shown: head_of_analysis(found, len(rows), shown)  # noqa: E731  as it is asked for
    return _print(fit_rows(head, rows, opened.fit, opened.counter).text, given, console, here)


def show(given: dict[str, Any], console: Console, here: str) -> ExitCode:
    """Print what is known of an entity."""
    from loopflow.memory.entities import name_kind  # noqa: PLC0415  each command imports its own
    from loopflow.memory.graph import write_entity, write_relation  # noqa: PLC0415
    from loopflow.memory.render.rows import head_of_entity, list_entity  # noqa: PLC0415

    name = given["name"]
    if not name.strip():
        raise UsageError("there is no name to show", "write for example: loopflow memory show AssertionError")
    with ExitStack() as stack:
        opened = open_memory(given, console, here, stack)
        graph, source = _look(opened, console, lambda tools: tools.open([name, name_kind(name)]))
    if not graph.entities:
        raise UsageError(f"the memory has no {escape_name(name)}", "look for it with loopflow memory query")
    entity = graph.entities[0]
    relations = tuple(each for each in graph.relations if entity.name in {each.source, each.target})
    if given["format"] == "json":
        known = {**write_entity(entity), "relations": [write_relation(each) for each in relations]}
        return _print_json({"source": source, **known}, given, console, here)
    rows = list_entity(entity, Graph((), relations))
    fitted: Fitted = fit_rows(lambda shown: head_of_entity(entity, len(rows), shown), rows, opened.fit, opened.counter)
    return _print(fitted.text, given, console, here)


def status(given: dict[str, Any], console: Console, here: str) -> ExitCode:
    """Print whether the server answers, and what there is."""
    from loopflow.memory.checking import read_lines  # noqa: PLC0415  each command imports its own
    from loopflow.memory.files import read_file  # noqa: PLC0415

    with ExitStack() as stack:
        memory = open_memory(given, console, here, stack).memory
        place, waiting = memory.place, len(memory.waiting.runs())
        is_named, url = any(place.peer), show_address(place.peer.url) if place.peer.url else None
        says, problem = "", None
        try:
            says = memory.say_who() if is_named else ""
        except LoopflowError as error:
            problem = error
        entries = sum(len(line.items) for line in read_lines(read_file(place.file))) if not problem else 0
    if given["format"] == "json":
        known: dict[str, Any] = {
            "server": says or None,
            "named": is_named,
            "url": url,
            "problem": problem.message if problem else None,
        }
        known |= {"file": None if url else place.file, "entries": None if url else entries}
        known |= {"directory": place.directory, "waiting": waiting}
        console.write(_render_json(known))
    else:
        server = f"{says} answers" if says else "does not answer" if is_named else "none is named"
        file = f"where it runs, at {url}" if url else f"{escape_name(place.file)}, {plural(entries, 'entry')}"
        console.write_chart(f"server   {server}\nfile     {file}\n")
        console.write_chart(f"waiting  {plural(waiting, 'run')} in {escape_name(place.directory)}\n")
    if problem:
        raise problem
    if not is_named:
        console.note("set LOOPFLOW_MEMORY_COMMAND or LOOPFLOW_MEMORY_URL to a server; until then, runs wait in files")
    return ExitCode.OK


def reconnect(given: dict[str, Any], console: Console, here: str) -> ExitCode:
    """Hand over what waits."""
    with ExitStack() as stack:
        memory = open_memory(given, console, here, stack).memory
        stored = memory.reconnect()
        if stored.problem and not stored.waiting:
            raise stored.problem
        if stored.problem:
            waits = f"{plural(stored.waiting, 'run')} {'waits' if stored.waiting == 1 else 'wait'}"
            raise LoopflowError(f"{waits}: {stored.problem.message}", stored.problem.hint)
        says = memory.say_who()
    console.note(f"{says} has all: {plural(stored.handed_over, 'run')} handed over")
    return ExitCode.OK


def forget(given: dict[str, Any], console: Console, here: str) -> ExitCode:
    """Forget what is old."""
    from loopflow.memory.changing import Forgotten  # noqa: PLC0415  each command imports its own
    from loopflow.memory.changing import forget as forget_in  # noqa: PLC0415
    from loopflow.memory.files import read_file  # noqa: PLC0415

    before = _read_date(given["before"])
    with ExitStack() as stack:
        memory = open_memory(given, console, here, stack).memory
        if any(memory.place.peer) or read_file(memory.place.file):
            gone = memory.change(lambda tools: forget_in(tools, before))
        else:
            gone = Forgotten(memory.drop_waiting(before), 0)
    failures = f" and {plural(gone.failures, 'failure')}" if gone.failures else ""
    console.note(f"{plural(gone.runs, 'run')}{failures} forgotten")
    return ExitCode.OK


def export(given: dict[str, Any], console: Console, here: str) -> ExitCode:
    """Print all of a memory."""
    from loopflow.memory.graph import write_lines  # noqa: PLC0415  each command imports its own

    with ExitStack() as stack:
        graph, _ = _look(open_memory(given, console, here, stack), console, lambda tools: tools.export())
    with console.writing_to(given["output"], here):
        for line in write_lines(graph):
            console.write(line)
    return ExitCode.OK


def bring_in(given: dict[str, Any], console: Console, here: str) -> ExitCode:
    """Add what is in a file."""
    from loopflow.memory.changing import bring_in as bring_into  # noqa: PLC0415  each command imports its own
    from loopflow.memory.changing import read_foreign  # noqa: PLC0415

    file = given["source"]
    name = "standard input" if file == _STANDARD_INPUT else escape_name(file)
    with ExitStack() as stack:
        memory = open_memory(given, console, here, stack).memory
        graph = read_foreign(_read_input(file, name, console, here), name)
        memory.change(lambda tools: bring_into(tools, graph))
    found = f"{plural(len(graph.entities), 'entity')} and {plural(len(graph.relations), 'relation')}"
    console.note(f"{found} from {name}")
    return ExitCode.OK


def repair(given: dict[str, Any], console: Console, here: str) -> ExitCode:
    """Make the server's file readable again."""
    from loopflow.memory.files import locked  # noqa: PLC0415  each command imports its own
    from loopflow.memory.repairing import REJECTED  # noqa: PLC0415
    from loopflow.memory.repairing import repair as repair_file  # noqa: PLC0415

    with ExitStack() as stack:
        place = open_memory(given, console, here, stack).memory.place
        if place.peer.url:
            raise UsageError("the file of a server at a url is where that runs", "repair it there, with --file")
        if not os.path.lexists(place.file):
            raise UsageError(f"there is no file {escape_name(place.file)}", "name the server's with --file")
        with locked(place.file, 2 * place.timeout):
            done = repair_file(place.file)
    if not (done.parted or done.rejected):
        console.note(f"all is well: {plural(done.good, 'line')}")
        return ExitCode.OK
    moved = f"{plural(done.rejected, 'line')} moved to {escape_name(place.file)}{REJECTED}"
    said = [f"{plural(done.parted, 'line')} taken apart"] if done.parted else []
    console.note(f"{', '.join([*said, *([moved] if done.rejected else [])])}; {plural(done.good, 'line')} as before")
    return ExitCode.OK


def _look(opened: Opened, console: Console, work: Callable[[Tools], Any]) -> tuple[Any, str]:
    """Return what is found, and where: in the server, or in files, which is said."""
    found, problem = opened.memory.look(work)
    if problem is None:
        return found, "server"
    say = console.warn if any(opened.memory.place.peer) or isinstance(problem, MemoryFileError) else console.note
    say(f"answered from files: {problem.message}; {problem.hint}")
    return found, "files"


def _print(text: str, given: Mapping[str, Any], console: Console, here: str) -> ExitCode:
    with console.writing_to(given.get("output"), here):
        console.write(text)
    return ExitCode.OK


def _print_json(value: Mapping[str, Any], given: Mapping[str, Any], console: Console, here: str) -> ExitCode:
    return _print(_render_json(value), given, console, here)


def _render_json(value: Mapping[str, Any]) -> str:
    from loopflow.memory.render.json import render  # noqa: PLC0415  text needs none of it

    return render(value)


def _read_date(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        what = f"--before: {escape_name(text[:60])} is no date"
        raise UsageError(what, "write for example 2025-05-07") from None


def _read_input(file: str, name: str, console: Console, here: str) -> bytes:
    try:
        if file == _STANDARD_INPUT:
            data = console.read_input("a memory").read(_MOST_IMPORTED + 1)
        else:
            with open(os.path.join(here, file), "rb") as opened:
                data = opened.read(_MOST_IMPORTED + 1)
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {describe_os_error(error)}", "name a file that can") from error
    if len(data) > _MOST_IMPORTED:
        raise UsageError(f"{name} has more than {_MOST_IMPORTED:,} bytes", "import it in parts")
    return data
