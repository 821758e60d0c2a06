"""`loopflow agents tools`: recorded lists of tools, counted, recorded and compared."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isnan
from typing import Any

from loopflow.agents.model import AgentsReport, Survey
from loopflow.agents.running import list_agents, locate, open_library
from loopflow.agents.survey import read_recorded
from loopflow.agents.tools import find_told_loss, read_recording, read_servers
from loopflow.agents.tree import Tree
from loopflow.analysis.names import escape_name
from loopflow.charts.numbers import plural
from loopflow.cli.agents_actions import print_report, read_request, surroundings_of
from loopflow.console.console import Console
from loopflow.errors import ExitCode, UsageError
from loopflow.model import FileRef, Surroundings

_DEFAULTS = {"staged": False, "rev": None, "agent": (), "check": False, "report": (), "window": None, "budget": None}


def tools(given: dict[str, Any], console: Console, here: str) -> ExitCode:
    """Count recorded tools; or record those of a server, or compare them with what was recorded."""
    console.quiet = given["quiet"]
    surroundings = surroundings_of(console, here)
    if given["record"] is not None or given["verify"] is not None:
        return _ask_server(given, console, surroundings)
    if given["url"] is not None or given["env"]:
        raise UsageError("a server is asked to be recorded or verified", "add --record FILE or --verify FILE")
    report = replace(_count({**given, **_DEFAULTS}, console, here, surroundings), top=given["top"])
    return print_report(report, {**given, **_DEFAULTS}, (), console, here)


def _count(given: Mapping[str, Any], console: Console, here: str, surroundings: Surroundings) -> AgentsReport:
    names: Sequence[str] = given["files"]
    request = read_request(
        {**given, "dirs": tuple(os.path.dirname(name) or "." for name in names)}, console, here, surroundings
    )
    listing = list_agents(request, surroundings)
    library = open_library(request, listing)
    if names:
        paths = locate(listing.listed, [os.path.realpath(os.path.join(here, name)) for name in names])
        for name in names:
            if not os.path.isfile(os.path.join(here, name)):
                raise UsageError(f"there is no file {escape_name(name)}", "name recorded lists of tools")
        tree = Tree([FileRef(path) for path in paths], library.read_link)
        servers, findings = read_servers(tree.paths, library, tree)
    elif listing.settings.tools:
        tree = Tree(listing.items, library.read_link)
        servers, findings = read_recorded(tree, library, listing.settings)
    else:
        raise UsageError("no recorded list of tools is named", 'name files, or write tools = ["..."] in [agents]')
    library.save()
    window = listing.settings.window
    lost = tuple(row for spec in listing.settings.specs.values() for row in find_told_loss(servers, spec))
    survey = Survey({"kind": "worktree", "rev": None}, listing.config.encoding, window, servers=tuple(servers))
    return AgentsReport(replace(survey, lost=lost, findings=tuple(findings)))


def _ask_server(given: Mapping[str, Any], console: Console, surroundings: Surroundings) -> ExitCode:
    from loopflow.agents.record import Asked, record  # noqa: PLC0415  it may start a program

    if given["record"] is not None and given["verify"] is not None:
        raise UsageError("--record writes what --verify compares with", "leave one of them out")
    if bool(given["files"]) == (given["url"] is not None):
        raise UsageError("one server is asked", "write its command behind --, or --url URL")
    if isnan(given["timeout"]):  # which is within every range
        raise UsageError("--timeout: nan is no number of seconds", "write 1 to 600")
    asked = Asked(tuple(given["files"]), given["url"] or "", tuple(given["env"]), given["timeout"])
    here = surroundings.root
    if given["record"] is not None:
        text = record(asked, surroundings.environ, here)
        from loopflow.io.writing import write_atomically  # noqa: PLC0415

        write_atomically(given["record"], text, here, console.handles)
        found = read_recording(text.encode(), given["record"])
        console.note(f"recorded {plural(len(found.tools), 'tool')} in {escape_name(given['record'])}")
        return ExitCode.OK
    path = os.path.join(here, given["verify"])
    try:
        with open(path, "rb") as file:
            known = read_recording(file.read(), given["verify"])
    except OSError as error:
        raise UsageError(f"there is no file {escape_name(given['verify'])}", "record it first") from error
    now = read_recording(record(asked, surroundings.environ, here).encode(), "what the server says")
    return _compare(list(known.tools), list(now.tools), given["verify"], console)


def _compare(
    known: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]], name: str, console: Console
) -> ExitCode:
    if known == now:
        console.note(f"{escape_name(name)} is what the server lists: {plural(len(now), 'tool')}")
        return ExitCode.OK
    before, after = ({tool["name"]: tool for tool in tools} for tools in (known, now))
    words = [
        *(f"new: {escape_name(each)}" for each in after if each not in before),
        *(f"gone: {escape_name(each)}" for each in before if each not in after),
        *(f"changed: {escape_name(each)}" for each in after if each in before and before[each] != after[each]),
    ]
    for line in words or ["their order has changed"]:
        console.write_chart(f"{line}\n")
    console.fail(f"{escape_name(name)} is not what the server lists", "record it again with --record")
    return ExitCode.OVER_BUDGET
