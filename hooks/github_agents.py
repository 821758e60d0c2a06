"""What the GitHub Action does for agents beside the profile: the same commit and the same base, judged by `[agents]`.

The input `agents` is true, false, or auto: where the config of the commit has a table `[agents]`. Its Markdown stands
below the report in the job's summary and in the comment.
"""

import json
import os
from collections.abc import Mapping

from github_base import HEAD, Base
from github_runner import Outcome, annotate, describe_failure, run_program, show

from loopflow.errors import ExitCode, LoopflowError
from loopflow.io.git.repository import Git
from loopflow.model import ConfigRequest
from loopflow.usecases.find_config import find_config_at

CHOICES = ("auto", "true", "false")
_SUMMARY, _DOCUMENT = "agents.md", "agents.json"


def wants_agents(choice: str, config: str) -> bool:
    """Whether agents are judged: as the input says, or where the commit's config has `[agents]`."""
    if choice != "auto":
        return choice == "true"
    git = Git()
    repository = git.find_repository(os.path.realpath(os.getcwd()))
    head = git.find_commit(repository, HEAD) if repository else None
    if repository is None or head is None:
        return False
    try:
        found = find_config_at(git, repository, head, ConfigRequest(environment=os.environ, file=config or None))
    except LoopflowError:  # which the profile has met as well, and reported
        return False
    return "agents" in found.sections


def build_arguments(config: str, window: str, report: str, base: Base, *, check: bool) -> list[str]:
    """Return the program's arguments. Values stand behind a "=", where none can be taken for an option."""
    optional = {"--against": base.against or base.before, "--config": config, "--window": window}
    return [
        *("agents", f"--rev={HEAD}", "--format=github", "--color=never"),
        *(
            f"--report={form}:{os.path.join(report, file)}"
            for form, file in (("markdown", _SUMMARY), ("json", _DOCUMENT))
        ),
        *(f"{option}={value}" for option, value in optional.items() if value),
        *(["--check"] if check else []),
    ]


def run_agents(arguments: list[str], report: str, environment: Mapping[str, str]) -> Outcome:
    """Run `loopflow agents` as code-context is run. Its annotations go to the log."""
    code, errors = run_program("loopflow.cli.main", arguments, environment)
    show(errors)
    if code not in {ExitCode.OK, ExitCode.OVER_BUDGET}:
        lines = [line for line in errors.splitlines() if ": error: " in line]
        annotate("error", lines[0] if lines else f"loopflow agents ended with status {code}")
        return Outcome(code, describe_failure(errors))
    with open(os.path.join(report, _SUMMARY), encoding="utf-8") as file:
        return Outcome(code, file.read())


def read_agents_outputs(report: str, code: int | None) -> dict[str, str]:
    """Return the outputs: what the first agent loads at the root, what is lost, whether it failed.

    They are empty without a run.
    """
    if code is None:
        return {"agents-tokens": "", "agents-lost": "", "agents-failed": ""}
    outputs = {"agents-tokens": "", "agents-lost": "", "agents-failed": str(code != 0).lower()}
    try:
        with open(os.path.join(report, _DOCUMENT), encoding="ascii") as file:
            document = json.load(file)
    except FileNotFoundError:
        return outputs
    places = [agent["places"][0] for agent in document["agents"]]
    outputs["agents-tokens"] = str(places[0]["start"] if places else 0)
    outputs["agents-lost"] = str(len({(row["agent"], row["path"]) for row in document["lost"]}))
    return outputs
