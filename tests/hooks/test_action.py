"""The action itself: its steps as they stand in `action.yml`, what linters say, and that its documentation is true."""

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from tests.support.builder import Repo, write_files
from tests.support.checkouts import build_origin, pull_request
from tests.support.runner import ACTION, ROOT, Runner

BIN = Path(sys.executable).parent
HOW_TO = ROOT / "docs" / "how-to"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PLACEHOLDER = "OWNER/loopflow@COMMIT"


def read_examples(name: str) -> list[str]:
    """Return the YAML of a how-to, with a commit where it says COMMIT."""
    found = BLOCK.findall((HOW_TO / name).read_text())
    assert found
    return [text.replace(PLACEHOLDER, f"octo/loopflow@{'0' * 40}") for text in found]


def read_workflows() -> list[str]:
    """Return every example of a workflow that only reads contents, or comments."""
    texts = [text for name in ("github-actions.md", "token-validation.md") for text in read_examples(name)]
    return [text for text in texts if "\njobs:\n" in text]


@pytest.mark.install
def test_both_steps(tmp_path: Path) -> None:
    """From nothing: it installs outside of the workspace, with the fast engine, runs, and is not installed twice."""
    origin = build_origin(tmp_path / "origin")
    workspace = origin.check_out(tmp_path / "work", "merged", 1)
    write_files(
        workspace, {f"{name}.py": "raise SystemExit(name)" for name in ("pip", "venv", "ensurepip", "hatchling")}
    )
    before = Repo(workspace).git("status", "--porcelain", "--ignored")
    runner = Runner(tmp_path / "job", workspace, "pull_request", pull_request(origin))
    ended = runner.use({"window": "200k", "html": "true"})
    assert (ended.code, ended.log) == (0, ""), ended.errors
    assert ended.changed == ["one.md", "two.md"]
    assert "two.md" in ended.summary
    report = Path(ended.outputs["report"])
    assert {path.name for path in report.iterdir()} == {"profile.html", "profile.json", "summary.md"}
    assert not report.is_relative_to(workspace)
    assert Repo(workspace).git("status", "--porcelain", "--ignored") == before
    venv = runner.temp / "code-context-venv"
    version = subprocess.run([venv / "bin/code-context", "--version"], capture_output=True, text=True, check=True)
    assert "with table and toktok" in version.stdout
    (venv / "bin/pip").unlink()
    for pip in venv.glob("lib/*/site-packages/pip"):
        pip.rename(venv / "no-pip")
    assert runner.use({"html": "false"}).code == 0


@pytest.mark.parametrize("named", ["", "python3", "$(touch mark)", "-x"])
def test_without_a_python_that_is_new_enough(tmp_path: Path, repo: Repo, named: str) -> None:
    """Old Pythons are not used, what is named is not replaced by another one, and the error says what to do."""
    for name in ("python", "python3"):
        script = write_files(tmp_path / "bin", {name: "#!/bin/sh\nexit 1\n"}) / name
        script.chmod(0o755)
    variables = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"}
    ended = Runner(tmp_path / "job", repo.root, "push", {}, variables).use({"python": named})
    assert ended.code == 2
    assert ended.told("error") == ["there is no Python 3.11 or newer: use actions/setup-python before this step"]
    assert not list(tmp_path.rglob("mark"))


def run(program: str, *arguments: str) -> None:
    """Run a linter, which must be content."""
    done = subprocess.run([BIN / program, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_zizmor_finds_nothing(tmp_path: Path) -> None:
    """The action, the project's own workflows and the examples pass an audit of their security."""
    examples = read_workflows()
    write_files(tmp_path / ".github/workflows", {f"{number}.yml": text for number, text in enumerate(examples)})
    run("zizmor", "--offline", "--no-progress", "--quiet", str(ACTION), *map(str, WORKFLOWS), str(tmp_path))


@pytest.mark.parametrize(
    ("schema", "examples", "files"),
    [
        ("vendor.github-actions", [], [ACTION]),
        ("vendor.github-workflows", read_workflows(), WORKFLOWS),
        ("vendor.gitlab-ci", read_examples("gitlab.md"), []),
    ],
    ids=["action", "workflows", "gitlab"],
)
def test_files_and_examples_are_valid(tmp_path: Path, schema: str, examples: list[str], files: list[Path]) -> None:
    """What is in the project and in its how-tos is what the systems accept, by the schemas that editors use."""
    written = {f"{number}.yml": text for number, text in enumerate(examples)}
    write_files(tmp_path, {**written})
    run("check-jsonschema", "--builtin-schema", schema, *map(str, files), *(str(tmp_path / name) for name in written))


def test_actions_are_pinned_and_get_what_they_take() -> None:
    """Every action stands there with the id of a commit, and this one is given inputs that it has."""
    inputs = set(read_action()["inputs"])
    texts = [*(path.read_text() for path in WORKFLOWS), *read_workflows()]
    steps = [step for text in texts for job in yaml.safe_load(text)["jobs"].values() for step in job["steps"]]
    used = [step for step in steps if "uses" in step]
    assert all(re.search(r"@[0-9a-f]{40}$", step["uses"]) or step["uses"] == "./" for step in used)
    own = [step for step in used if step["uses"] == "./" or "loopflow" in step["uses"]]
    assert len(own) >= 6
    assert {name for step in own for name in step.get("with", {})} <= inputs


def test_workflows_ask_for_little() -> None:
    """No workflow and no example may more than read contents, but for the one that comments."""
    for text in [*(path.read_text() for path in WORKFLOWS), *read_workflows()]:
        workflow = yaml.safe_load(text)
        assert workflow["permissions"] == {}
        for job in workflow["jobs"].values():
            allowed = {"contents": "read"} | ({"pull-requests": "write"} if "comment: true" in text else {})
            assert job["permissions"] == allowed


def test_the_tables_name_every_input_and_output() -> None:
    """What the how-to says of inputs, defaults and outputs is what `action.yml` says."""
    rows = re.findall(r"^\| `([a-z-]+)` \| (.*) \|$", (HOW_TO / "github-actions.md").read_text(), re.MULTILINE)
    action = read_action()
    assert {name for name, _ in rows} >= {*action["inputs"], *action["outputs"]}
    said = dict(rows)
    for name, described in action["inputs"].items():
        default = "the job's" if name == "token" else f"`{described['default']}`".replace("``", "")
        assert said[name].partition("|")[0].strip() == default, name


def read_action() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    described: Mapping[str, Mapping[str, Mapping[str, str]]] = yaml.safe_load(ACTION.read_text())
    return described
