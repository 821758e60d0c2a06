"""Plays GitHub's runner: runs the steps of an action as they stand in its file, and reads what they tell it.

It knows what `action.yml` uses and refuses everything else: composite steps for bash, whose expressions are single
values in `env`. The log is read as the runner reads it: commands where a line begins, old ones anywhere in a line, and
none while they are stopped.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
ACTION = ROOT / "action.yml"

_EXPRESSION = re.compile(r"\$\{\{ *([a-z.-]+) *\}\}")
_COMMAND = re.compile(r"\s*::(?P<name>[^ :]+)(?: (?P<properties>.*?))?::(?P<message>.*)")
_OLD_COMMAND = re.compile(r"##\[(?P<name>[^\] ]+)(?P<properties>[^\]]*)\](?P<message>.*)")
_HANGS_AFTER = 300  # seconds; installing takes the longest


@dataclass(frozen=True, slots=True)
class Command:
    """What a line of the log tells the runner to do."""

    name: str
    properties: str
    message: str


@dataclass(frozen=True, slots=True)
class Ended:
    """How an action ended, and what it left."""

    code: int
    log: str
    errors: str
    outputs: Mapping[str, str]
    summary: str

    @property
    def commands(self) -> list[Command]:
        """What the runner was told, but for stopping and resuming."""
        return list(read_commands(self.log + self.errors))

    def told(self, name: str) -> list[str]:
        """Return the messages of the commands of that name."""
        return [_decode(command.message) for command in self.commands if command.name == name]

    @property
    def report(self) -> dict[str, Any]:
        """The JSON that was written."""
        document: dict[str, Any] = json.loads(Path(self.outputs["report"], "profile.json").read_text())
        return document

    @property
    def changed(self) -> list[str]:
        """The paths that differ from what the commit was compared with."""
        return [change["path"] for change in self.report["changes"]]


@dataclass(frozen=True, slots=True)
class Runner:
    """A job on a runner: a workspace, a directory for temporary files, and an event."""

    directory: Path
    workspace: Path
    event_name: str = "workflow_dispatch"
    event: object = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def temp(self) -> Path:
        """RUNNER_TEMP."""
        return self.directory / "temp"

    def put_venv(self) -> None:
        """Leave what the first step leaves, as a second use in the same job meets it; it runs this very Python."""
        venv = self.temp / "code-context-venv"
        (venv / "bin").mkdir(parents=True)
        python = venv / "bin" / "python"
        python.write_text(f'#!/bin/sh\nexec {quote(sys.executable)} "$@"\n')
        python.chmod(0o755)
        (venv / "installed").write_text(f"{ROOT}\n")

    def use(self, inputs: Mapping[str, str] | None = None, action: Path = ACTION) -> Ended:
        """Run the steps of the action, as far as they succeed."""
        described = yaml.safe_load(action.read_text())
        values = {name: each.get("default", "") for name, each in described["inputs"].items()}
        assert set(inputs or {}) <= set(values)
        values |= inputs or {}
        context = {f"inputs.{name}": _evaluate(value, {}) for name, value in values.items()}
        outputs: dict[str, dict[str, str]] = {}
        log = errors = summary = ""
        code = 0
        for number, step in enumerate(described["runs"]["steps"]):
            ended = self._run(step, context, number, action)
            log, errors, summary = log + ended.log, errors + ended.errors, summary + ended.summary
            outputs[step.get("id", "")] = dict(ended.outputs)
            code = ended.code
            if code:
                break
        named = {
            f"steps.{step}.outputs.{name}": value for step, found in outputs.items() for name, value in found.items()
        }
        told = {name: _evaluate(each["value"], named) for name, each in described["outputs"].items()}
        return Ended(code, log, errors, told, summary)

    def _run(self, step: Mapping[str, Any], context: Mapping[str, str], number: int, action: Path) -> Ended:
        assert set(step) <= {"name", "id", "shell", "env", "run"}, step
        assert step["shell"] == "bash"
        assert "${{" not in step["run"], "what an expression yields would be read by the shell"
        self.temp.mkdir(parents=True, exist_ok=True)
        files = {name: self.directory / f"{name}-{number}" for name in ("event.json", "output", "summary", "script.sh")}
        for name in ("output", "summary"):
            files[name].write_text("")
        files["event.json"].write_text(json.dumps(self.event))
        files["script.sh"].write_text(step["run"])
        environment = {
            **os.environ,
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(action.parent),
            "GITHUB_EVENT_NAME": self.event_name,
            "GITHUB_EVENT_PATH": str(files["event.json"]),
            "GITHUB_JOB": "tokens",
            "GITHUB_OUTPUT": str(files["output"]),
            "GITHUB_REPOSITORY": "octo/project",
            "GITHUB_RUN_ID": "1",
            "GITHUB_SERVER_URL": "https://github.invalid",
            "GITHUB_STEP_SUMMARY": str(files["summary"]),
            "GITHUB_WORKFLOW": "Tokens",
            "GITHUB_WORKSPACE": str(self.workspace),
            "RUNNER_TEMP": str(self.temp),
            **self.variables,
            **{name: _evaluate(value, context) for name, value in step.get("env", {}).items()},
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(files["script.sh"])],
            cwd=self.workspace,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=_HANGS_AFTER,
        )
        return Ended(
            done.returncode, done.stdout, done.stderr, read_values(files["output"]), files["summary"].read_text()
        )


def _evaluate(value: str, context: Mapping[str, str]) -> str:
    """Return what an expression yields, if it is one: a value of the context, or "" as on the runner."""
    found = _EXPRESSION.fullmatch(value)
    assert found or "${{" not in value, value
    if not found:
        return value
    return "the-token" if found[1] == "github.token" else context.get(found[1], "")


def read_values(path: Path) -> dict[str, str]:
    """Read GITHUB_OUTPUT: `name=value`, or `name<<delimiter`, lines, and the delimiter."""
    values: dict[str, str] = {}
    lines = iter(path.read_text().split("\n"))
    for line in lines:
        name, is_long, delimiter = line.partition("<<")
        if is_long and "=" not in name:
            kept: list[str] = []
            for each in lines:
                if each == delimiter:
                    break
                kept.append(each)
            else:
                raise AssertionError(f"{delimiter} does not come again")
            values[name] = "\n".join(kept)
        elif line:
            name, _, values[name] = line.partition("=")
    return values


def read_commands(log: str) -> list[Command]:
    """Return the commands in a log."""
    found: list[Command] = []
    resume: str | None = None
    for line in re.split(r"\r\n|\r|\n", log):
        if resume is not None:
            if line.strip() == f"::{resume}::":
                resume = None
            continue
        match = _COMMAND.match(line) or _OLD_COMMAND.search(line)
        if match and match["name"] == "stop-commands":
            resume = match["message"]
        elif match:
            found.append(Command(match["name"], match["properties"] or "", match["message"]))
    assert resume is None, "commands were stopped and not resumed"
    return found


def _decode(message: str) -> str:
    return message.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")
