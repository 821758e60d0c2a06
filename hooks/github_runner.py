"""What a step tells GitHub's runner: commands in its log, and lines in the files that the runner names.

Values come from repositories and events that are not trusted, so each ends up where it cannot be read as anything else:
encoded in a command, behind a delimiter that nobody can guess in a file.
"""

import html
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import NamedTuple

TITLE = "code-context"
_MOST_OF_A_FAILURE = 10_000  # characters


def annotate(kind: str, message: str) -> None:
    """Annotate the run: `kind` is error, warning or notice."""
    encoded = message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    print(f"::{kind} title={TITLE}::{encoded}", flush=True)  # noqa: T201  the log is how the runner is told


class Outcome(NamedTuple):
    """How a step ended, and Markdown to read: the report, or why there is none."""

    code: int
    text: str


class Ended(NamedTuple):
    """How a run of the program ended, and what it wrote to its standard error."""

    code: int
    errors: str


def run_program(module: str, arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> Ended:
    """Run the program of a module's `main`, with nothing of the current directory on Python's path."""
    done = subprocess.run(  # -I: what lies about in the repository is no module of the program
        [sys.executable, "-I", "-X", "utf8", "-c", f"from {module} import main; main()", *arguments],
        env=environment,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="backslashreplace",
        check=False,
    )
    code = done.returncode if done.returncode >= 0 else 128 - done.returncode  # as a shell says of a signal
    return Ended(code, done.stderr)


def show(text: str) -> None:
    """Print `text` to the log as it is; whatever looks like a command in it is none."""
    if text:
        token = secrets.token_hex(16)
        end = "" if text.endswith("\n") else "\n"
        print(f"::stop-commands::{token}\n{text}{end}::{token}::", flush=True)  # noqa: T201


def describe_failure(errors: str) -> str:
    """Return Markdown that says why there is no report."""
    return f"### {TITLE} could not run\n\n<pre>{html.escape(errors.strip()[-_MOST_OF_A_FAILURE:])}</pre>\n"


def write_summary(text: str) -> None:
    """Append Markdown to the job's summary."""
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if path:
        with open(path, "a", encoding="utf-8", errors="replace", newline="\n") as file:
            file.write(text)


def write_outputs(outputs: Mapping[str, str]) -> None:
    """Set the outputs of the step."""
    path = os.environ.get("GITHUB_OUTPUT")
    if path:
        with open(path, "a", encoding="utf-8", errors="replace", newline="\n") as file:
            for name, value in outputs.items():
                delimiter = f"code-context-{secrets.token_hex(16)}"
                file.write(f"{name}<<{delimiter}\n{value}\n{delimiter}\n")


def read_outputs(report: str, code: int) -> dict[str, str]:
    """Return the outputs from the JSON in the directory `report`; without one they are empty, and the run failed."""
    outputs = {"tokens": "", "delta": "", "percent": "", "failed": str(code != 0).lower(), "report": report}
    try:
        with open(os.path.join(report, "profile.json"), encoding="ascii") as file:
            total = json.load(file)["total"]
    except FileNotFoundError:
        return outputs
    outputs["tokens"] = str(total["tokens"])
    if "delta_tokens" in total:
        outputs["delta"] = str(total["delta_tokens"])
        if total["base_tokens"]:
            outputs["percent"] = f"{100 * total['delta_tokens'] / total['base_tokens']:.2f}"
    return outputs


def run_address(environment: Mapping[str, str]) -> str:
    """Return the address of the workflow's run."""
    names = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    server, repository, run = (environment.get(name, "") for name in names)
    return f"{server}/{repository}/actions/runs/{run}"
