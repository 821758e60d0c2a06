"""What the GitHub Action does: find out what to compare with, run code-context once, and hand its report on.

The inputs are in the environment (`INPUT_...`). What is judged is the commit that was checked
out, not the work tree: earlier steps and line endings then change nothing. One run of the program prints the
annotations and writes the Markdown for the job's summary, and the JSON and HTML to upload. The step ends as the program
does: 0, 1 for a budget that is exceeded, 2 when it could not run, 3 for a bug.
"""

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass

from github_agents import CHOICES, read_agents_outputs, run_agents, wants_agents
from github_agents import build_arguments as build_agents_arguments
from github_base import HEAD, Base, Checkout, Event, add_config, fetch_history, find_base, name_base, read_event
from github_comment import Api, CommentError, fits, keep_comment, make_marker
from github_runner import (
    Outcome,
    annotate,
    describe_failure,
    read_outputs,
    run_address,
    run_program,
    show,
    write_outputs,
    write_summary,
)

from loopflow.analysis.names import escape_name
from loopflow.errors import ExitCode, LoopflowError, UsageError
from loopflow.io.git.repository import Git
from loopflow.model import ConfigRequest
from loopflow.usecases.find_config import find_config_at

_SUMMARY = "summary.md"
_BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the workflow asks for. `report` is the directory to write to."""

    directory: str
    against: str
    config: str
    window: str
    report: str
    check: bool
    html: bool
    comment: bool
    agents: str = "auto"


def main() -> int:
    """Run the step and return its exit code."""
    token = os.environ.pop("INPUT_TOKEN", "")  # the program has no use for it
    event, inputs, agents = Event("", {}), None, None
    try:
        inputs = read_inputs(os.environ)
        event = read_event(os.environ)
        enter(os.environ.get("GITHUB_WORKSPACE", ""), inputs.directory)
        base = find_and_fetch_base(inputs, event, token)
        environment = describe_push(base) | {"LOOPFLOW_AGAINST_NAME": "" if inputs.against else name_base(event)}
        outcome = run_profile(build_arguments(inputs, base), inputs.report, environment)
        if wants_agents(inputs.agents, inputs.config):
            outcome, agents = _add_agents(inputs, base, environment, outcome)
    except LoopflowError as error:
        outcome = _fail(error.exit_code, f"code-context: error: {error.message}; {error.hint}".removesuffix("; "))
    write_summary(outcome.text)
    report = inputs.report if inputs else ""
    write_outputs(read_outputs(report, outcome.code) | read_agents_outputs(report, agents))
    if inputs and inputs.comment:
        _comment(event, inputs, token, outcome.text)
    return outcome.code


def _add_agents(inputs: Inputs, base: Base, environment: Mapping[str, str], outcome: Outcome) -> tuple[Outcome, int]:
    """Return what became of both runs, and how the second ended. The worse of both is how the step ends."""
    arguments = build_agents_arguments(inputs.config, inputs.window, inputs.report, base, check=inputs.check)
    ended = run_agents(arguments, inputs.report, environment)
    return Outcome(max(outcome.code, ended.code), f"{outcome.text}\n{ended.text}"), ended.code


def read_inputs(environment: Mapping[str, str]) -> Inputs:
    """Return the inputs. Raises UsageError for one that cannot be meant."""
    return Inputs(
        directory=environment.get("INPUT_WORKING_DIRECTORY", ""),
        against=environment.get("INPUT_AGAINST", ""),
        config=environment.get("INPUT_CONFIG", ""),
        window=environment.get("INPUT_WINDOW", ""),
        check=_read_boolean(environment, "check"),
        html=_read_boolean(environment, "html"),
        comment=_read_boolean(environment, "comment"),
        agents=_read_agents(environment),
        report=_make_directory(environment.get("RUNNER_TEMP")),
    )


def _read_boolean(environment: Mapping[str, str], name: str) -> bool:
    value = environment.get(f"INPUT_{name.upper()}", "")
    if value not in _BOOLEANS:
        raise UsageError(f"the action's input '{name}' is '{escape_name(value)}'", "write true or false")
    return _BOOLEANS[value]


def _read_agents(environment: Mapping[str, str]) -> str:
    value = environment.get("INPUT_AGENTS") or "auto"
    if value not in CHOICES:
        raise UsageError(f"the action's input 'agents' is '{escape_name(value)}'", f"write {', '.join(CHOICES)}")
    return value


def _make_directory(parent: str | None) -> str:
    """Return a new directory for the report, outside of the workspace: it holds what this run wrote and no more."""
    try:
        return tempfile.mkdtemp(prefix="code-context-report-", dir=parent)
    except OSError as error:
        why = (error.strerror or "").lower()
        raise UsageError(f"there can be no directory for the report: {why}", "check RUNNER_TEMP") from error


def enter(workspace: str, directory: str) -> None:
    """Go to the directory that was checked out, and trust it: in a container it belongs to another user."""
    try:
        os.chdir(os.path.join(workspace, directory))
    except OSError as error:
        what = f"the directory {escape_name(directory)} cannot be entered: {(error.strerror or '').lower()}"
        raise UsageError(what, "check the action's input 'working-directory'") from error
    root = os.path.realpath(os.getcwd())
    if root != os.path.normpath(os.path.join(os.path.realpath(workspace), directory)):
        what = f"the directory {escape_name(directory)} is reached through a link"
        raise UsageError(what, "name the directory itself in the action's input 'working-directory'")
    while not os.path.lexists(os.path.join(root, ".git")) and os.path.dirname(root) != root:
        root = os.path.dirname(root)
    os.environ.update(add_config(os.environ, [("safe.directory", root.replace(os.sep, "/"))]))


def find_and_fetch_base(inputs: Inputs, event: Event, token: str) -> Base:
    """Return what to compare with, once it is here."""
    git = Git()
    repository = git.find_repository(os.path.realpath(os.getcwd()))
    head = git.find_commit(repository, HEAD) if repository else None
    if repository is None or head is None:
        return Base(inputs.against or None)  # the program says what is wrong
    checkout = Checkout(git, repository, head, os.environ.get("GITHUB_SERVER_URL", ""), token)
    named = Base(inputs.against) if inputs.against else find_base(event, checkout)
    if named or inputs.check:
        fetch_history(checkout, named or Base(_configured(inputs, checkout)))
    return named or Base()


def _configured(inputs: Inputs, checkout: Checkout) -> str | None:
    """Return what the config of the commit says to compare with."""
    request = ConfigRequest(environment=os.environ, file=inputs.config or None)
    try:
        return find_config_at(checkout.git, checkout.repository, checkout.head, request).against
    except LoopflowError:  # which the program will meet as well, and report
        return None


def build_arguments(inputs: Inputs, base: Base) -> list[str]:
    """Return the program's arguments. Values stand behind a "=", where none can be taken for an option."""
    formats = {"markdown": _SUMMARY, "json": "profile.json"} | ({"html": "profile.html"} if inputs.html else {})
    optional = {"--against": base.against, "--config": inputs.config, "--window": inputs.window}
    return [
        *("--profile", "--pushed" if base.before else f"--rev={HEAD}", "--format=github", "--color=never"),
        *(f"--report={name}:{os.path.join(inputs.report, file)}" for name, file in formats.items()),
        *(f"{option}={value}" for option, value in optional.items() if value),
        *(["--check"] if inputs.check else []),
    ]


def describe_push(base: Base) -> dict[str, str]:
    """Return the variables by which the program knows what is pushed, as pre-commit sets them. None of them holds else.

    No remote is named: what is known of it is what the arguments say.
    """
    told = {"PRE_COMMIT_FROM_REF": base.before, "PRE_COMMIT_TO_REF": HEAD} if base.before else {}
    return {**{name: value for name, value in os.environ.items() if not name.startswith("PRE_COMMIT")}, **told}


def run_profile(arguments: list[str], report: str, environment: Mapping[str, str] | None = None) -> Outcome:
    """Run code-context. Its annotations go to the log."""
    code, errors = run_program("loopflow.cli.code_context", arguments, environment)
    if code not in {ExitCode.OK, ExitCode.OVER_BUDGET}:
        return _fail(code, errors)
    show(errors)
    with open(os.path.join(report, _SUMMARY), encoding="utf-8") as file:
        return Outcome(code, file.read())


def _fail(code: int, errors: str) -> Outcome:
    show(errors)
    lines = [line for line in errors.splitlines() if ": error: " in line] or errors.splitlines()[-1:]
    annotate("error", lines[0].removeprefix("code-context: error: ") if lines else f"it ended with status {code}")
    return Outcome(code, describe_failure(errors or f"code-context ended with status {code}"))


def _comment(event: Event, inputs: Inputs, token: str, text: str) -> None:
    """Keep the comment. Whatever comes in between is no reason to fail: the summary says the same."""
    number = event.pull_request
    if number is None:
        return
    url, graphql_url, repository = map(os.environ.get, ("GITHUB_API_URL", "GITHUB_GRAPHQL_URL", "GITHUB_REPOSITORY"))
    api = Api(url or "", graphql_url or "", repository or "", token)
    marker = make_marker(os.environ, inputs.directory, inputs.config)
    if not fits(text):
        text = f"The report is too long for a comment: see [the summary of the run]({run_address(os.environ)})."
    try:
        keep_comment(api, number, marker, text)
    except CommentError as error:
        annotate("notice", f"no comment was written, the summary says the same: {error}")
