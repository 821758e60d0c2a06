"""`loopflow logs validate-ci`: holds files to a token budget, for a job or a hook, with a report and a badge."""

import os
from collections.abc import Mapping
from functools import partial
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from loopflow.cli.help import PathName
from loopflow.console.command import Action, answering
from loopflow.console.console import Console
from loopflow.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from loopflow.logs.threshold import Thresholds, Validation
    from loopflow.model import ConfigRequest, Report, SelectRequest, Source, Surroundings


def _describe_usage(context: click.Context) -> str:
    return f"{context.get_help()}\n"


@click.command("validate-ci", add_help_option=False)
@click.argument("paths", nargs=-1, type=PathName())
@click.option("--against", metavar="REV", help="Only what differs from where the branch left REV.")
@click.option("--changed", is_flag=True, help="Only what differs from HEAD.")
@click.option("--staged", is_flag=True, help="What a commit would record now, instead of what is on disk.")
@click.option("-u", "--untracked", is_flag=True, help="Untracked files too, unless they are ignored.")
@click.option("--include", multiple=True, metavar="GLOB", help="Only files that match, in gitignore syntax.")
@click.option("--exclude", multiple=True, metavar="GLOB", help="No files that match, in gitignore syntax.")
@click.option("--token-budget", metavar="N", help="The budget.  [default: fit of [logs], or 76,659]")
@click.option(
    "--fail-on-threshold", metavar="P", default="90", show_default=True, help="The percentage that all may fill."
)
@click.option(
    "--warning-threshold", metavar="P", default="80", show_default=True, help="From here on it warns: yellow."
)
@click.option(
    "--critical-threshold", metavar="P", default="95", show_default=True, help="From here on the badge is orange."
)
@click.option("--report-json", type=PathName(), metavar="FILE", help="Write a report.")
@click.option("--badge", type=PathName(), metavar="FILE", help="Draw a badge, as an SVG.")
@click.option("--encoding", metavar="NAME", help="o200k_base, the default, or cl100k_base.")
@click.option("--config", type=PathName(), metavar="FILE", help="Instead of the config of the repository.")
@click.option("-q", "--quiet", is_flag=True, help="Say only what failed.")
@click.option("-h", "--help", help="Show this message and exit.", **answering(_describe_usage))
@click.pass_context
def validate_ci(context: click.Context, /, **given: Any) -> Action:  # noqa: ANN401  click's values
    """Hold files to a token budget: exit 1 if one of them is over it, or all of them fill more than a share of it.

    PATHS are files and directories, everything without any. They are chosen and counted as `code-context` does it.
    """
    return Action(context.command_path, partial(_run, given))


def _run(given: dict[str, Any], console: Console, here: str) -> ExitCode:
    from loopflow.cli.actions import say_what_is_idle, say_what_is_missing  # noqa: PLC0415  --help needs none of it
    from loopflow.cli.requests import ask_to_count  # noqa: PLC0415
    from loopflow.logs.threshold import validate  # noqa: PLC0415
    from loopflow.model import ConfigRequest, Surroundings  # noqa: PLC0415
    from loopflow.usecases.measurement import require_complete  # noqa: PLC0415
    from loopflow.usecases.pipeline import profile  # noqa: PLC0415

    if not here:
        raise UsageError("the current directory does not exist any more", "change to another one")
    console.quiet = given["quiet"]
    request = _read_request(given, console.environ, here)
    file = given["config"] or console.environ.get("LOOPFLOW_CONFIG") or None
    configuring = ConfigRequest({"encoding": given["encoding"]}, console.environ, file)
    surroundings = Surroundings(console.environ, here, here)
    thresholds, where = _read_thresholds(given, request, configuring, surroundings)
    with console.progress() as progress:
        counting = ask_to_count(console.environ, here, progress=progress)
        report = profile(request, counting, configuring, root=surroundings)
    say_what_is_missing(console, request, report.unmatched, report.profile.skipped)
    say_what_is_idle(console, report.idle)
    _look_for_nothing(console, request, report)
    validation = validate(report.profile, thresholds)
    _write_files(given, validation, console, here)
    _print(console, validation, where, _name_look(request))
    if validation.judgement.failed:
        return ExitCode.OVER_BUDGET
    require_complete(report.profile, "validate-ci")
    return ExitCode.OK


def _read_request(given: Mapping[str, Any], environ: Mapping[str, str], here: str) -> "SelectRequest":
    """Return which files are asked for. A range of commits that pre-commit names goes before what is staged."""
    from loopflow.model import Index, Revision, SelectRequest, Worktree  # noqa: PLC0415

    outputs = tuple(path for path in (given["report_json"], given["badge"]) if path is not None)
    if len({os.path.realpath(os.path.join(here, path)) for path in outputs}) < len(outputs):
        raise UsageError("--report-json and --badge name one file", "name two")
    source: Source = Index() if given["staged"] else Worktree()
    against = given["against"]
    since, until = (environ.get(f"PRE_COMMIT_{which}_REF") for which in ("FROM", "TO"))
    is_hook = given["staged"] and given["changed"] and against is None and environ.get("PRE_COMMIT") == "1"
    if is_hook and since and until:
        source, against = Revision(until), since
    return SelectRequest(
        paths=given["paths"],
        include=given["include"],
        exclude=given["exclude"],
        source=source,
        untracked=given["untracked"],
        changed=given["changed"] or against is not None,
        against=against,
        outputs=outputs,
    )


def _read_thresholds(
    given: Mapping[str, Any], request: "SelectRequest", configuring: "ConfigRequest", surroundings: "Surroundings"
) -> "tuple[Thresholds, str]":
    """Return what to judge by, and where the budget is written, up to its value."""
    from dataclasses import replace  # noqa: PLC0415

    from loopflow.analysis.names import escape_name  # noqa: PLC0415
    from loopflow.config.sections import read_section  # noqa: PLC0415
    from loopflow.config.values import read_percent_option, read_size_option  # noqa: PLC0415
    from loopflow.logs.settings import DEFAULT_FIT  # noqa: PLC0415
    from loopflow.logs.threshold import Thresholds  # noqa: PLC0415
    from loopflow.usecases.run import read_config  # noqa: PLC0415

    fail, warning, critical = (
        read_percent_option(given[f"{name}_threshold"], f"--{name.replace('_', '-')}-threshold")
        for name in ("fail_on", "warning", "critical")
    )
    if given["token_budget"] is not None:
        budget = read_size_option(given["token_budget"], "--token-budget")
        return Thresholds(budget, fail, warning, critical), "--token-budget "
    sections = read_config(replace(request, outputs=()), configuring, root=surroundings).sections
    said = read_section(sections, "logs", {"logs": "loopflow.logs.settings:read_values"})
    thresholds = Thresholds(said.get("fit", DEFAULT_FIT), fail, warning, critical)  # a preset's is of digests
    if "logs" in sections and "fit" in sections["logs"].values:
        return thresholds, f"{escape_name(sections['logs'].where('fit'))}, fit = "
    return thresholds, "in the config file, below [logs], fit = "


def _look_for_nothing(console: Console, request: "SelectRequest", report: "Report") -> None:
    """Say that nothing was judged. Where no change is asked for, that is no way to pass."""
    if report.profile.files or report.profile.gaps:
        return
    if not request.changed:
        what = "no file was counted, so there is nothing to judge"
        raise UsageError(what, "name paths of text files, or add -u for untracked ones")
    console.warn("no file that differs was counted, so nothing was judged")


def _write_files(given: Mapping[str, Any], validation: "Validation", console: Console, here: str) -> None:
    from loopflow.io.writing import write_all_atomically  # noqa: PLC0415
    from loopflow.logs.render.validation import render_badge, render_validation  # noqa: PLC0415
    from loopflow.usecases.origin import find_moment  # noqa: PLC0415

    texts = {}
    if given["report_json"] is not None:
        texts[given["report_json"]] = render_validation(validation, find_moment(console.environ))
    if given["badge"] is not None:
        texts[given["badge"]] = render_badge(validation)
    write_all_atomically(texts, here, console.handles)


def _print(console: Console, validation: "Validation", where: str, look: str) -> None:
    """Print what failed, or how much is used. The verdict is the same where nobody reads it any more."""
    from loopflow.logs.render.validation import describe_failures, describe_use, describe_warning  # noqa: PLC0415
    from loopflow.logs.threshold import NAME  # noqa: PLC0415
    from loopflow.render.failures import describe_way_to_commit  # noqa: PLC0415

    lines = list(describe_failures(validation, where, look))
    if lines and console.environ.get("PRE_COMMIT"):
        lines.append(describe_way_to_commit(NAME))
    if not console.quiet:
        lines.insert(0, describe_use(validation))
    try:
        for line in lines:
            console.write_chart(f"{line}\n")
        console.flush()
    except BrokenPipeError:
        console.abandon_stdout()
    if warning := describe_warning(validation):
        console.warn(warning)


def _name_look(request: "SelectRequest") -> str:
    """Return the command that shows the same files, for a shell."""
    from loopflow.analysis.names import escape_name  # noqa: PLC0415
    from loopflow.model import Index, Revision  # noqa: PLC0415

    words = ["code-context", "--profile"]
    words += ["--staged"] if isinstance(request.source, Index) else []
    words += ["--rev", request.source.revision] if isinstance(request.source, Revision) else []
    words += ["--changed"] if request.changed else []
    words += ["--against", request.against] if request.against is not None else []
    words += ["-u"] if request.untracked else []
    words += [word for glob in request.include for word in ("--include", glob)]
    words += [word for glob in request.exclude for word in ("--exclude", glob)]
    words += ["--"] if any(path.startswith("-") for path in request.paths) else []
    return " ".join(quote(escape_name(word)) for word in [*words, *request.paths])
