"""Plays a job of GitHub's runner: the steps of a workflow as they stand in a page, in order, with what they leave.

It knows what the examples use and refuses everything else. A checkout is a real clone, an artifact a copy of the file.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.runner import read_values

_EXPRESSION = re.compile(r"\$\{\{ *([a-z.-]+) *\}\}")
_EQUAL = re.compile(r"([a-z.]+) == '([^']*)'")
_HANGS_AFTER = 300  # seconds


@dataclass
class Job:
    """A job in `directory`, about the last commit of the repository `origin`; `skips` are names of steps not to run."""

    directory: Path
    origin: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    skips: frozenset[str] = frozenset()
    ran: list[tuple[str, int]] = field(default_factory=list)
    """The steps that ran, and how each ended."""
    outputs: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.temp.mkdir(parents=True, exist_ok=True)
        self._summary.touch()

    @property
    def temp(self) -> Path:
        """RUNNER_TEMP."""
        return self.directory / "temp"

    @property
    def workspace(self) -> Path:
        """Where the checkout is."""
        return self.directory / "work"

    @property
    def artifacts(self) -> Path:
        """What was uploaded: a directory for each artifact."""
        return self.directory / "artifacts"

    @property
    def summary(self) -> str:
        """What the steps wrote for people."""
        return self._summary.read_text()

    @property
    def failed(self) -> bool:
        """Whether a step has failed."""
        return any(code for _, code in self.ran)

    @property
    def _summary(self) -> Path:
        return self.directory / "summary"

    def run(self, steps: list[dict[str, Any]]) -> None:
        """Run the steps whose condition holds."""
        for step in steps:
            assert set(step) <= {"name", "id", "if", "uses", "with", "env", "run"}, step
            if step["name"] not in self.skips and self._wants(step.get("if", "success()")):
                self.ran.append((step["name"], self._use(step) if "uses" in step else self._shell(step)))

    def _wants(self, condition: str) -> bool:
        if condition == "always()":
            return True
        if condition == "success()":
            return not self.failed
        found = _EQUAL.fullmatch(condition)
        assert found, condition
        return not self.failed and self._value(found[1]) == found[2]

    def _value(self, name: str) -> str:
        return str(self.temp) if name == "runner.temp" else self.outputs.get(name, "")

    def _use(self, step: Mapping[str, Any]) -> int:
        given = {
            name: _EXPRESSION.sub(lambda found: self._value(found[1]), str(value))
            for name, value in step["with"].items()
        }
        action = step["uses"].partition("@")[0]
        if action == "actions/checkout":
            assert set(given) == {"fetch-depth", "persist-credentials"}
            clone = ("git", "clone", "--quiet", "--depth", given["fetch-depth"], f"file://{self.origin}")
            subprocess.run([*clone, self.workspace], check=True)
        elif action == "actions/upload-artifact":
            assert set(given) == {"name", "path", "if-no-files-found"}
            if os.path.exists(given["path"]):
                (self.artifacts / given["name"]).mkdir(parents=True)
                shutil.copy(given["path"], self.artifacts / given["name"])
        else:
            assert action == "actions/setup-python", action  # the tests' own is there
        return 0

    def _shell(self, step: Mapping[str, Any]) -> int:
        assert "${{" not in step["run"], "what an expression yields would be read by the shell"
        output, script = self.directory / "output", self.directory / "script.sh"
        output.write_text("")
        script.write_text(step["run"])
        files = {"GITHUB_OUTPUT": output, "GITHUB_STEP_SUMMARY": self._summary, "RUNNER_TEMP": self.temp}
        environment = os.environ | {name: str(path) for name, path in files.items()} | step.get("env", {})
        done = subprocess.run(
            ["bash", "-e", script],
            cwd=self.workspace,
            env=environment | dict(self.variables),
            check=False,
            timeout=_HANGS_AFTER,
        )
        named = {f"steps.{step.get('id')}.outputs.{name}": value for name, value in read_values(output).items()}
        self.outputs |= named
        return done.returncode
