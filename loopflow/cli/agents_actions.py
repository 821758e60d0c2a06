"""What `loopflow agents` does with the options that it was given."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from loopflow.agents.model import AgentsReport, SurveyRequest
from loopflow.agents.render.formats import RENDERERS, find_renderer
from loopflow.agents.running import AgentsRequest, run_agents
from loopflow.analysis.names import escape_name
from loopflow.charts.terminal import PLAIN, Terminal
from loopflow.cli.requests import ask_to_count
from loopflow.config.values import read_size_option, read_window_option
from loopflow.console.console import Console
from loopflow.errors import ExitCode, UsageError
from loopflow.model import ConfigRequest, Index, Revision, SelectRequest, Source, Surroundings, Worktree

_HOOK: Final = "loopflow-agents"


def survey(given: dict[str, Any], console: Console, here: str) -> ExitCode:
    """Survey a tree, and print what was asked for of it."""
    console.quiet = given["quiet"]
    surroundings = surroundings_of(console, here)
    if given["explain"] is not None:
        return _explain(given, console)
    if given["sections"]:
        return _print_sections(given, console, here, surroundings)
    _refuse_what_clashes(given)
    request = read_request(given, console, here, surroundings)
    if given["init"]:
        from loopflow.cli.agents_init import init  # noqa: PLC0415  once in a repository

        return init(request, console, surroundings)
    reports = [_read_report(value) for value in given["report"]]
    report = replace(run_agents(request, surroundings), top=given["top"], verbose=given["verbose"])
    return print_report(report, given, reports, console, here)


def print_report(
    report: AgentsReport, given: Mapping[str, Any], reports: Iterable[tuple[str, str]], console: Console, here: str
) -> ExitCode:
    """Print a report in every form that is asked for, and return how the run ends."""
    for form, path in reports:
        from loopflow.io.writing import write_atomically  # noqa: PLC0415  most runs write no file

        write_atomically(path, "".join(_render(form, report, PLAIN, given)), here, console.handles)
    try:
        with console.writing_to(given["output"], here):
            terminal = PLAIN if given["output"] is not None else console.terminal(given["color"])
            write = console.write_chart if given["format"] == "text" else console.write
            for piece in _render(given["format"], report, terminal, given):
                write(piece)
            console.flush()
    except BrokenPipeError:  # whoever reads has seen enough; the verdict is the same
        console.abandon_stdout()
    if report.survey.gaps:
        gap = report.survey.gaps[0]
        console.warn(f"not all was counted: {escape_name(gap.path)}: {escape_name(gap.message)}")
    if not report.is_checked:
        return ExitCode.OK
    if not report.rulings and not report.survey.is_empty and not given["quiet"]:
        console.warn("there is no rule to judge by: write [[agents.rule]] in loopflow.toml, or run --init")
    if not report.failed:
        return ExitCode.OK
    if given["format"] == "text" and console.environ.get("PRE_COMMIT"):
        console.write_chart(f"to commit all the same, this once: SKIP={_HOOK} git commit\n")
    return ExitCode.OVER_BUDGET


def _render(form: str, report: AgentsReport, terminal: Terminal, given: Mapping[str, Any]) -> Iterator[str]:
    if form != "text":
        yield from find_renderer(form)(report)
        return
    if given["quiet"] and report.is_checked:
        if report.survey.is_empty:
            return
        from loopflow.agents.render.text import render_failures  # noqa: PLC0415

        yield from (f"{line}\n" for line in render_failures(report, terminal))
        return
    from loopflow.agents.render.text import render_text  # noqa: PLC0415  other forms need no charts

    yield from (f"{line}\n" for line in render_text(report, terminal))


def read_request(given: Mapping[str, Any], console: Console, here: str, surroundings: Surroundings) -> AgentsRequest:
    """Return what is asked for. Raises UsageError for what cannot be meant."""
    given = _as_pre_commit_says(given, console.environ)
    window = 0 if given.get("window") is None else read_window_option(given["window"], "--window")[0]
    remark = console.note if given.get("verbose") else (lambda _: None)
    budget = given.get("budget")
    return AgentsRequest(
        select=SelectRequest(
            paths=tuple(given.get("dirs", ())),
            source=read_source(given),
            untracked=given.get("untracked", False),
            whole=True,
        ),
        survey=SurveyRequest(
            agents=tuple(given["agent"]),
            all=given.get("all_agents", False),
            local=given.get("local", False),
            references=given.get("verbose", False),
            drift=given.get("verbose", False),
            window=window,
        ),
        counting=replace(ask_to_count(console.environ, here, caches=not given["no_cache"]), remark=remark),
        configuring=_configuring(given, console.environ),
        check=given.get("check", False),
        against=given.get("against"),
        budget=None if budget is None else read_size_option(budget, "--budget"),
        directories=tuple(os.path.realpath(os.path.join(surroundings.root, each)) for each in given.get("dirs", ())),
    )


def _configuring(given: Mapping[str, Any], environ: Mapping[str, str]) -> ConfigRequest:
    file = given["config"] or environ.get("LOOPFLOW_CONFIG") or None
    return ConfigRequest({"encoding": given["encoding"]}, environ, file)


def read_source(given: Mapping[str, Any]) -> Source:
    """Return where to read. Raises UsageError for two places."""
    if given["staged"] and given["rev"] is not None:
        raise UsageError("--staged reads the index, --rev a commit", "leave one of them out")
    if given["rev"] is not None:
        return Revision(given["rev"])
    return Index() if given["staged"] else Worktree()


def _as_pre_commit_says(given: Mapping[str, Any], environ: Mapping[str, str]) -> Mapping[str, Any]:
    """Return the options as they are where `pre-commit run --from-ref --to-ref` asks for a range of commits."""
    since, until = (environ.get(f"PRE_COMMIT_{which}_REF") for which in ("FROM", "TO"))
    is_range = environ.get("PRE_COMMIT") == "1" and since and until and "PRE_COMMIT_CHECKOUT_TYPE" not in environ
    if not (is_range and given["staged"] and given.get("check") and given.get("against") is None):
        return given
    return {**given, "staged": False, "rev": until, "against": since}


def _refuse_what_clashes(given: Mapping[str, Any]) -> None:
    if given["local"] and given["check"]:
        raise UsageError("--check judges what everybody has, and --local adds what only you have", "leave one out")
    if given["local"] and (given["staged"] or given["rev"] is not None):
        raise UsageError("--local reads files on disk", "leave out --staged and --rev")
    if given["check"] and given["untracked"]:
        raise UsageError("--check judges what git tracks, and -u adds what it does not", "leave one of them out")
    if given["check"] and given["dirs"]:
        raise UsageError("--check judges the whole tree, and directories narrow it", "leave out one of them")
    if given["budget"] is not None and not given["check"]:
        raise UsageError("--budget is what --check judges by", "add --check, or leave it out")


def surroundings_of(console: Console, here: str) -> Surroundings:
    """Return what a run may know of around it. Raises UsageError where the directory is gone."""
    if not here:
        raise UsageError("the current directory does not exist any more", "change to another one")
    return Surroundings(console.environ, here, here)


def _read_report(value: str) -> tuple[str, str]:
    form, _, path = value.partition(":")
    if form not in ("text", *RENDERERS) or not path:
        raise UsageError(f"--report {escape_name(value)}", f"write FORM:FILE, with one of text, {', '.join(RENDERERS)}")
    return form, path


def _explain(given: Mapping[str, Any], console: Console) -> ExitCode:
    from loopflow.agents.render.explain import explain_agent  # noqa: PLC0415  few ask for it

    for line in explain_agent(given["explain"], console.terminal(given["color"])):
        console.write_chart(f"{line}\n")
    return ExitCode.OK


def _print_sections(given: Mapping[str, Any], console: Console, here: str, surroundings: Surroundings) -> ExitCode:
    from loopflow.agents.render.sections import FORMS, render_sections  # noqa: PLC0415  few ask for it
    from loopflow.agents.sectioning import find_sections  # noqa: PLC0415

    if given["format"] not in FORMS:
        raise UsageError(f"--sections has no form {given['format']}", f"take {', '.join(FORMS)}")
    files = find_sections(_of_files(read_request(given, console, here, surroundings)), surroundings)
    with console.writing_to(given["output"], here):
        terminal = PLAIN if given["output"] is not None else console.terminal(given["color"])
        write = console.write_chart if given["format"] == "text" else console.write
        for piece in render_sections(files, given["format"], terminal):
            write(piece)
    return ExitCode.OK


def _of_files(request: AgentsRequest) -> AgentsRequest:
    """Return a request whose paths are files: the tree is the one around them, whether they are tracked or not."""
    paths = tuple(os.path.dirname(path) for path in request.directories)
    return replace(request, select=replace(request.select, paths=paths))


def show(given: dict[str, Any], console: Console, here: str) -> ExitCode:
    """Print what one agent loads in a directory."""
    from loopflow.agents.showing import show_text  # noqa: PLC0415  a survey needs none of it

    if len(given["agent"]) != 1:
        raise UsageError("show prints what one agent loads", "name it with --agent, such as --agent codex")
    surroundings = surroundings_of(console, here)
    directory = given["directory"]
    request = read_request({**given, "dirs": (directory,), "verbose": False}, console, here, surroundings)
    with console.writing_to(given["output"], here):
        for piece in show_text(request, surroundings):
            console.write_bytes(piece)
    return ExitCode.OK
