"""The workflow in docs/how-to/token-validation.md: its steps, run one after the other on real logs of failing tests."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from shlex import quote
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml

from tests.support.builder import Repo
from tests.support.jobs import Job
from tests.support.schema import complaints

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/how-to/token-validation.md"
BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ARTIFACTS = ["token-badge/token-badge.svg", "token-report/token-report.json"]
STEPS = [
    "Check out",
    "Set up Python",
    "Install",
    "Validate",
    "Keep the report",
    "Keep the badge",
    "Fail at the threshold",
]
OUTSIDE = {name: value for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME") if (value := os.environ.get(name))}
FAILING = """import unittest
class Pears(unittest.TestCase):
    pass
for number in range({tests}):
    setattr(Pears, f"test_{{number}}", lambda self, number=number: self.assertEqual(number, -1))
"""


def read_steps() -> list[dict[str, Any]]:
    [workflow] = [yaml.safe_load(text) for text in BLOCK.findall(PAGE.read_text()) if "\njobs:\n" in text]
    steps: list[dict[str, Any]] = workflow["jobs"]["tokens"]["steps"]
    return steps


def fail_tests(directory: Path, tests: int) -> bytes:
    """Return what a run of so many failing tests prints."""
    directory.mkdir()
    (directory / "test_pears.py").write_text(FAILING.format(tests=tests))
    done = subprocess.run(
        [sys.executable, "-m", "unittest", "test_pears"], cwd=directory, capture_output=True, check=False
    )
    assert done.returncode == 1
    return done.stderr


def propose(tmp_path: Path, logs: dict[str, int], fit: str = "4k") -> Path:
    """Return a repository in which a pull request is merged that brings logs, as GitHub merges it to try it."""
    repo = Repo(tmp_path / "origin")
    repo.track({"loopflow.toml": f'[logs]\nfit = "{fit}"\n', "logs/old.log": fail_tests(tmp_path / "old", 60)}).commit()
    repo.git("checkout", "--quiet", "-b", "side")
    repo.track({name: fail_tests(tmp_path / name.replace("/", "-"), tests) for name, tests in logs.items()}).commit()
    repo.git("checkout", "--quiet", "main")
    repo.git("merge", "--quiet", "--no-ff", "--no-edit", "side")
    return repo.root


def start(tmp_path: Path, origin: Path) -> Job:
    """Return a job in which this very program is what was installed."""
    job = Job(tmp_path / "job", origin, skips=frozenset({"Install"}))
    program = job.temp / "tokens/bin/loopflow"
    program.parent.mkdir(parents=True)
    code = "from loopflow.cli.main import main; main()"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={quote(str(ROOT))} exec {quote(sys.executable)} -c "{code}" "$@"\n')
    program.chmod(0o755)
    return job


def uploaded(job: Job) -> list[str]:
    files = (path for path in job.artifacts.rglob("*") if path.is_file())
    return sorted(str(path.relative_to(job.artifacts)) for path in files)


def colour(job: Job) -> str:
    svg = ET.parse(job.artifacts / ARTIFACTS[0])  # noqa: S314  it is our own
    *_, box = svg.iter("{http://www.w3.org/2000/svg}rect")
    return box.attrib["fill"]


def test_it_has_the_seven_steps() -> None:
    """Checkout, Python, installation, validation, report, badge, failure: in this order."""
    assert [step["name"] for step in read_steps()] == STEPS


def test_a_change_within_the_budget(tmp_path: Path) -> None:
    """Every step but the last runs and succeeds, and the artifacts have report and badge; old logs do not count."""
    job = start(tmp_path, propose(tmp_path, {"logs/new.log": 10}))
    job.run(read_steps())
    assert job.ran == [(name, 0) for name in STEPS if name not in {"Install", "Fail at the threshold"}]
    assert uploaded(job) == ARTIFACTS
    report = json.loads((job.artifacts / ARTIFACTS[1]).read_text())
    assert complaints(report, "token-validation") == []
    assert (report["status"], [file["file_path"] for file in report["files"]]) == ("pass", ["logs/new.log"])
    assert (colour(job), job.summary) == ("#1a7f37", "")


@pytest.mark.parametrize(
    ("logs", "said"),
    [
        ({"logs/a.log": 35, "logs/b.log": 35}, "FAIL token-validation, total: "),
        ({"logs/a.log": 120}, "FAIL token-validation, each file: 1 file over the limit of 4,000"),
    ],
)
def test_a_change_over_the_budget(tmp_path: Path, logs: dict[str, int], said: str) -> None:
    """The job fails in its last step, once report and badge are kept; the summary says why."""
    job = start(tmp_path, propose(tmp_path, logs))
    job.run(read_steps())
    assert [code for _, code in job.ran] == [0, 0, 0, 0, 0, 1]
    assert job.ran[-1][0] == "Fail at the threshold"
    assert uploaded(job) == ARTIFACTS
    report = json.loads((job.artifacts / ARTIFACTS[1]).read_text())
    assert (report["status"], report["token_budget"]) == ("fail", 4_000)
    assert report["percentage_of_budget_used"] > 90
    assert said in job.summary
    assert colour(job) == "#c62828"


def test_what_cannot_be_judged(tmp_path: Path) -> None:
    """A config that is wrong ends the job in the step that reads it, and nothing is uploaded."""
    job = start(tmp_path, propose(tmp_path, {"logs/new.log": 1}, fit="much"))
    job.run(read_steps())
    assert dict(job.ran)["Validate"] == 2
    assert "Fail at the threshold" not in dict(job.ran)
    assert uploaded(job) == []


@pytest.mark.install
def test_all_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From nothing: it is installed from a repository of this project, and then fails at the threshold."""
    source = Repo(tmp_path / "source")
    for name in ("loopflow", "LICENSE", "README.md", "pyproject.toml", "hatch_build.py"):
        subprocess.run(["cp", "-r", ROOT / name, source.root], check=True)
    commit = source.track().commit()
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):  # whose pip.conf an installation takes
        if name in OUTSIDE:
            monkeypatch.setenv(name, OUTSIDE[name])
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    published = "https://github.com/OWNER/loopflow"
    settings = tmp_path / "gitconfig"
    settings.write_text(f'[url "file://{source.root}"]\n\tinsteadOf = {published}\n')
    variables = {"LOOPFLOW": f"{published}@{commit}", "GIT_CONFIG_GLOBAL": str(settings)}
    job = Job(tmp_path / "job", propose(tmp_path, {"logs/a.log": 120}), variables)
    job.run(read_steps())
    assert [name for name, _ in job.ran] == STEPS
    assert [code for _, code in job.ran] == [0, 0, 0, 0, 0, 0, 1]
    assert uploaded(job) == ARTIFACTS
