"""The hooks of .pre-commit-hooks.yaml, run by the real pre-commit in real clones, as git runs them.

Their environment is installed once for all tests, from this project's own files; after that nothing needs a network.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests.support.builder import Repo
from tests.support.charts import words
from tests.support.run import Result, run_process

pytestmark = pytest.mark.install

PROJECT = Path(__file__).parents[2]
PRE_COMMIT = (sys.executable, "-m", "pre_commit")
INSTALLED_FROM = ("loopflow", "LICENSE", "README.md", "pyproject.toml", "hatch_build.py", ".pre-commit-hooks.yaml")
MOST_BYTES = 100 * 2**20
# Whose pip.conf and cache an installation takes; each test has a home directory of its own.
OUTSIDE = {name: value for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME") if (value := os.environ.get(name))}

CONFIG = """repos:
  - repo: {source}
    rev: {revision}
    hooks:
      - id: code-context-budget
      - id: code-context-budget-push
      - id: code-context-profile
"""
TOKENS = "      - id: token-validation\n"
AGENTS = "      - id: loopflow-agents\n"
BUDGET = """exclude = ["/loopflow.toml", "/.pre-commit-config.yaml"]
{against}
[budget]
growth = 50
[[rule]]
name = "docs"
paths = ["docs/"]
total = "10k"
"""


@dataclass(frozen=True, slots=True)
class Hooks:
    """A repository that offers the hooks; `home` is where pre-commit keeps their environments."""

    source: Path
    revision: str
    home: Path
    install: Mapping[str, str]
    """The environment in which pip finds what it finds on this machine."""

    @property
    def run(self) -> dict[str, str]:
        """What a run needs to know."""
        return {"PRE_COMMIT_HOME": str(self.home)}


@pytest.fixture(scope="session")
def hooks(isolated_session: None, tmp_path_factory: pytest.TempPathFactory) -> Hooks:  # noqa: ARG001
    """Return the hooks of this project, installed. Processes that test side by side share them."""
    shared = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent
    directory = shared / "pre commit"
    outside = OUTSIDE | {"VIRTUALENV_OVERRIDE_APP_DATA": str(directory / "virtualenv"), "GIT_CONFIG_GLOBAL": os.devnull}
    with open(shared / "pre-commit.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        source = directory / "source"
        if not (directory / "offered").exists():
            offer(source)
            (directory / "offered").touch()
        revision = Repo(source).git("rev-parse", "HEAD").decode().strip()
        hooks = Hooks(source, revision, directory / "home", outside)
        if not (directory / "installed").exists():
            user = Repo(directory / "user")
            user.write(".pre-commit-config.yaml", config(hooks) + TOKENS + AGENTS)
            installed = run_process("install-hooks", cwd=user.root, env=hooks.run | outside, program=PRE_COMMIT)
            assert installed.code == 0, installed.out
            (directory / "installed").touch()
    return hooks


def offer(source: Path) -> None:
    """Make a repository of what this project is installed from."""
    repo = Repo(source)
    for name in INSTALLED_FROM:
        if (PROJECT / name).is_dir():
            shutil.copytree(PROJECT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(PROJECT / name, source / name)
    repo.track().commit()


def config(hooks: Hooks) -> str:
    return CONFIG.format(source=f'"{hooks.source}"', revision=hooks.revision)


@dataclass(frozen=True, slots=True)
class Clone:
    """A clone in which the hooks are installed."""

    repo: Repo
    hooks: Hooks

    @property
    def head(self) -> str:
        return self.repo.git("rev-parse", "HEAD").decode().strip()

    def git(self, *arguments: str, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Result:
        """Run git, with its hooks; their output comes as standard error. A push lets them have its standard output."""
        done = run_process(
            *arguments, cwd=cwd or self.repo.root, env={**self.hooks.run, **(env or {})}, program=("git",)
        )
        return replace(done, err=done.err + done.out)

    def commit(self, files: Mapping[str, str], *options: str, env: Mapping[str, str] | None = None) -> Result:
        """Stage files and try to commit them."""
        for path, text in files.items():
            self.repo.write(path, text)
        self.repo.git("add", "--all")
        return self.git("commit", "--message=change", *options, env=env)

    def add(self, files: Mapping[str, str]) -> str:
        """Commit files without asking the hooks; return the commit's id."""
        return self.repo.track(files).commit("change")

    def run(self, *arguments: str) -> Result:
        """Run pre-commit itself."""
        return run_process("run", *arguments, cwd=self.repo.root, env=self.hooks.run, program=PRE_COMMIT)


@pytest.fixture
def clone(hooks: Hooks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clone:
    """Return a clone, below a path with a blank, whose main branch holds 1,000 tokens and is on its remote."""
    monkeypatch.setenv("LOOPFLOW_CACHE_DIR", str(tmp_path.parent / "counts"))
    remote = Repo(tmp_path / "the remote", init=("--bare",))
    repo = Repo(tmp_path / "a clone")
    files = {"src/main.py": words(900), "docs/guide.md": words(100)}
    files |= {"loopflow.toml": BUDGET.format(against=""), ".pre-commit-config.yaml": config(hooks)}
    repo.track(files).commit()
    repo.git("remote", "add", "origin", str(remote.root))
    repo.git("push", "--quiet", "--set-upstream", "origin", "main")
    types = ("--hook-type", "pre-commit", "--hook-type", "pre-push")
    assert run_process("install", *types, cwd=repo.root, env=hooks.run, program=PRE_COMMIT).code == 0
    return Clone(repo, hooks)


def test_a_commit_over_budget_is_stopped(clone: Clone) -> None:
    """The commit is not made, and the hook says what grew, which line to edit, and how to get past it once."""
    before = clone.head
    stopped = clone.commit({"src/new.py": words(120, "n")})
    assert (stopped.code, clone.head) == (1, before)
    text = stopped.err
    assert "FAIL budget, growth: +120 tokens, 70 more than the limit of 50" in text
    assert "added most: src/new.py +120 (new)" in text
    assert "loopflow.toml:4, growth = 120" in text
    assert "this once: SKIP=code-context-budget git commit" in text


def test_a_commit_within_budget_passes_without_a_word(clone: Clone) -> None:
    """The commit is made, from what is staged and not from what is on disk; the hook prints nothing."""
    before = clone.head
    clone.repo.write("src/new.py", words(50, "n"))
    clone.repo.git("add", "--all")
    clone.repo.write("src/new.py", words(500, "n"))
    made = clone.git("commit", "--message=change")
    assert made.code == 0
    assert clone.head != before
    printed = [line for line in made.err.splitlines() if line and not line.startswith(("[WARNING]", "[INFO]"))]
    assert printed[0].replace(".", "") == "code-context budgetPassed"
    assert "change" in printed[1], "what git says of the commit, and nothing in between"


@pytest.mark.parametrize(
    ("options", "variables"),
    [(("--no-verify",), {}), ((), {"SKIP": "code-context-budget"})],
    ids=["--no-verify", "SKIP"],
)
def test_there_is_a_way_past(clone: Clone, options: tuple[str, ...], variables: dict[str, str]) -> None:
    """What git and pre-commit offer to leave hooks out works as for any other."""
    before = clone.head
    assert clone.commit({"src/new.py": words(120, "n")}, *options, env=variables).code == 0
    assert clone.head != before


def test_a_commit_that_only_deletes_is_judged(clone: Clone) -> None:
    """Pre-commit has no file to give, and the hook runs all the same: a rule that lost all its files fails."""
    before = clone.head
    clone.repo.git("rm", "--quiet", "docs/guide.md")
    stopped = clone.git("commit", "--message=delete")
    assert (stopped.code, clone.head) == (1, before)
    assert "FAIL docs" in stopped.err
    clone.repo.git("reset", "--quiet", "--hard")
    clone.repo.git("rm", "--quiet", "src/main.py")
    made = clone.git("commit", "--quiet", "--message=delete")
    assert (made.code, made.err.replace(".", "").strip()) == (0, "code-context budgetPassed")


def diverge(clone: Clone) -> None:
    """Stand in the middle of a merge: `side` changed the same line as `main`, and brings 120 tokens besides."""
    clone.repo.git("checkout", "--quiet", "-b", "side")
    clone.add({"docs/guide.md": words(100, "s"), "src/side.py": words(120, "n")})
    clone.repo.git("checkout", "--quiet", "main")
    clone.add({"docs/guide.md": words(100, "m")})
    merged = clone.git("merge", "side")
    assert "CONFLICT" in merged.out


def test_a_merge_is_not_blamed_for_what_it_brings(clone: Clone) -> None:
    """A merge that is concluded by hand passes when the other branch held what it adds."""
    diverge(clone)
    made = clone.commit({"docs/guide.md": words(110, "m")})
    assert made.code == 0, made.err
    assert clone.repo.git("rev-parse", "HEAD^2")


def test_a_merge_that_adds_of_its_own_is_stopped(clone: Clone) -> None:
    """What neither parent held counts as growth in a merge."""
    diverge(clone)
    stopped = clone.commit({"docs/guide.md": words(160, "m")})
    assert stopped.code == 1
    assert "FAIL budget, growth: +60 tokens" in stopped.err


def test_a_merge_that_git_makes_alone_is_judged_when_it_is_pushed(clone: Clone) -> None:
    """Git runs no pre-commit hook for a merge without conflicts; the push is where it is judged."""
    clone.repo.git("checkout", "--quiet", "-b", "side")
    clone.add({"src/side.py": words(120, "n")})
    clone.repo.git("checkout", "--quiet", "main")
    clone.add({"docs/guide.md": words(100, "m")})
    assert clone.git("merge", "--quiet", "--no-edit", "side").code == 0
    stopped = clone.git("push", "origin", "main")
    assert stopped.code == 1
    assert "FAIL budget, growth: +120 tokens" in stopped.err


def test_a_commit_in_a_linked_worktree(clone: Clone, tmp_path: Path) -> None:
    """The hooks of a clone hold in its linked work trees, for what each of them commits."""
    linked = tmp_path / "linked tree"
    clone.repo.git("worktree", "add", "--quiet", "-b", "linked", str(linked))
    clone.repo.track({"src/elsewhere.py": words(500, "e")})
    (linked / "src/new.py").write_text(words(50, "n"))
    clone.repo.git("-C", str(linked), "add", "--all")
    assert clone.git("commit", "--message=within", cwd=linked).code == 0
    (linked / "src/more.py").write_text(words(51, "m"))
    clone.repo.git("-C", str(linked), "add", "--all")
    stopped = clone.git("commit", "--message=over", cwd=linked)
    assert stopped.code == 1
    assert "FAIL budget, growth: +51 tokens" in stopped.err


def test_all_files_as_in_continuous_integration(clone: Clone) -> None:
    """`--all-files` judges what a branch adds, in however many commits, since it left the configured branch."""
    clone.repo.git("checkout", "--quiet", "-b", "feature")
    clone.add({"loopflow.toml": BUDGET.format(against='against = "origin/main"')})
    clone.add({"src/one.py": words(30, "o")})
    assert clone.run("--all-files").code == 0
    clone.add({"src/two.py": words(30, "t")})
    failed = clone.run("--all-files")
    assert failed.code == 1
    assert "FAIL budget, growth: +60 tokens" in failed.out


RANGES = [
    ("pre-commit", "code-context-budget"),
    ("manual", "code-context-budget"),
    ("pre-push", "code-context-budget"),
    ("pre-push", "code-context-budget-push"),
]


@pytest.mark.parametrize(("stage", "hook"), RANGES)
def test_a_range_of_commits_in_any_stage(clone: Clone, stage: str, hook: str) -> None:
    """`--from-ref A --to-ref B` judges A...B: neither what is staged nor a push, and what A has as well counts, too."""
    stages = "budget\n        stages: [pre-commit, manual, pre-push]\n"
    clone.add({".pre-commit-config.yaml": config(clone.hooks).replace("budget\n", stages, 1)})
    clone.repo.git("checkout", "--quiet", "-b", "feature")
    clone.add({"src/one.py": words(30, "o")})
    clone.add({"src/two.py": words(30, "t")})
    clone.repo.git("checkout", "--quiet", "main")
    clone.add({"src/one.py": words(30, "o"), "src/main.py": words(1_500)})
    clone.repo.track({"src/staged.py": words(700, "s")})
    failed = clone.run("--hook-stage", stage, "--from-ref", "main", "--to-ref", "feature", hook)
    assert failed.code == 1, failed.out
    assert "FAIL budget, growth: +60 tokens, 10 more than the limit of 50" in failed.out
    base = clone.repo.git("merge-base", "main", "feature").decode()[:7]
    assert f"from main to feature, since their merge base {base}" in failed.out
    passed = clone.run("--hook-stage", stage, "--from-ref", "feature~1", "--to-ref", "feature", hook)
    assert passed.code == 0, passed.out


def test_all_files_without_what_is_compared_with(clone: Clone) -> None:
    """Where the configured branch was not fetched, the hook names the fetch, and compares with nothing else."""
    clone.add({"loopflow.toml": BUDGET.format(against='against = "origin/other"')})
    failed = clone.run("--all-files")
    assert failed.code == 1
    assert "exit code: 2" in failed.out
    assert "git fetch origin +refs/heads/other:refs/remotes/origin/other" in failed.out


def test_arguments_are_left_to_the_user(clone: Clone) -> None:
    """`args` of a user's config come behind the entry, which stays whole."""
    text = config(clone.hooks).replace("budget\n", "budget\n        args: [--against, origin/main]\n", 1)
    clone.add({".pre-commit-config.yaml": text, "src/one.py": words(30, "o")})
    stopped = clone.commit({"src/two.py": words(30, "t")})
    assert stopped.code == 1
    assert "FAIL budget, growth: +60 tokens" in stopped.err


def test_a_push_within_and_one_over_budget(clone: Clone) -> None:
    """What a push sends is judged as one change against what the remote has; what is over stays here."""
    clone.add({"src/one.py": words(30, "o")})
    passed = clone.git("push", "origin", "main")
    assert passed.code == 0, passed.err
    clone.add({"src/two.py": words(30, "t")})
    clone.add({"src/three.py": words(30, "h")})
    clone.repo.write("src/three.py", words(1, "not committed"))
    stopped = clone.git("push", "origin", "main")
    assert stopped.code == 1
    assert "FAIL budget, growth: +60 tokens, 10 more than the limit of 50" in stopped.err
    assert "this once: SKIP=code-context-budget-push git push" in stopped.err
    assert clone.git("push", "origin", "main", env={"SKIP": "code-context-budget-push"}).code == 0


def test_a_push_of_another_branch_than_the_current_one(clone: Clone) -> None:
    """The branch that is pushed is judged, a new one from where it left what the remote has; deleting it passes."""
    clone.repo.git("branch", "feature")
    clone.add({"src/here.py": words(500, "h")})
    assert clone.git("push", "origin", "feature").code == 0
    clone.repo.git("checkout", "--quiet", "-b", "large", "feature")
    clone.add({"src/large.py": words(60, "l")})
    clone.repo.git("checkout", "--quiet", "feature")
    assert "FAIL budget, growth: +60 tokens" in clone.git("push", "origin", "large").err
    assert clone.git("push", "origin", ":feature").code == 0


@pytest.mark.parametrize(("branch", "code"), [("main", 0), ("feature", 1)])
def test_the_first_push_of_all(clone: Clone, tmp_path: Path, branch: str, code: int) -> None:
    """To a remote without anything, the branch that is pushed is judged by its last commit, not the current branch."""
    Repo(tmp_path / "empty", init=("--bare",))
    clone.repo.git("remote", "add", "second", str(tmp_path / "empty"))
    clone.add({"src/small.py": words(30, "s"), "loopflow.toml": BUDGET.format(against='against = "second/main"')})
    clone.repo.git("checkout", "--quiet", "-b", "feature")
    clone.add({"src/large.py": words(500, "l")})
    clone.repo.git("checkout", "--quiet", "-b", "elsewhere", "main")
    pushed = clone.git("push", "second", branch)
    assert (pushed.code, "FAIL budget, growth: +500 tokens" in pushed.err) == (code, bool(code)), pushed.err


def test_the_profile_is_shown_when_it_is_asked_for(clone: Clone) -> None:
    """The manual hook prints both charts, and pre-commit shows them though nothing failed."""
    shown = clone.run("--hook-stage", "manual", "code-context-profile")
    assert shown.code == 0
    assert "By directory" in shown.out
    assert "By file type" in shown.out
    assert "Total: 1,000 tokens" in shown.out


def hold_to_tokens(clone: Clone) -> None:
    """Have the clone use the hook that holds files to a token budget, of 300, and no other."""
    entry, _ = config(clone.hooks).split("      - id: code-context-budget\n", 1)
    clone.add({".pre-commit-config.yaml": f"{entry}{TOKENS}        args: [--token-budget=300]\n"})


def test_a_file_over_the_token_budget_is_stopped(clone: Clone) -> None:
    """What is staged counts, not what is on disk nor what was there; the way past it is named, and is one."""
    hold_to_tokens(clone)
    before = clone.head
    stopped = clone.commit({"logs/new.log": words(301)})
    assert (stopped.code, clone.head) == (1, before)
    assert "FAIL token-validation, each file: 1 file over the limit of 300, the largest by 1" in stopped.err
    assert "  logs/new.log: 301" in stopped.err
    assert "this once: SKIP=token-validation git commit" in stopped.err
    clone.repo.write("logs/new.log", words(270))
    clone.repo.git("add", "--all")
    clone.repo.write("logs/new.log", words(900))
    passed = clone.git("commit", "--message=within")
    assert passed.code == 0, passed.err
    assert clone.commit({"logs/new.log": words(271)}).code == 1
    assert clone.git("commit", "--message=past", env={"SKIP": "token-validation"}).code == 0


def test_the_token_budget_may_be_left_out_of_a_commit(clone: Clone) -> None:
    """`--no-verify` is git's own, and a commit that only deletes has nothing to judge."""
    hold_to_tokens(clone)
    assert clone.commit({"logs/new.log": words(900)}, "--no-verify").code == 0
    clone.repo.git("rm", "--quiet", "logs/new.log")
    assert clone.git("commit", "--message=delete").code == 0


def test_the_token_budget_of_a_range(clone: Clone) -> None:
    """In CI a range is judged: what is brought from one commit to the other."""
    hold_to_tokens(clone)
    clone.repo.git("checkout", "--quiet", "-b", "feature")
    clone.add({"logs/new.log": words(280)})
    asked = ("--from-ref", "main", "--to-ref", "feature", "token-validation")
    failed = clone.run(*asked)
    assert failed.code == 1
    assert "FAIL token-validation, total: 280 tokens, 10 more than the limit of 270" in failed.out
    clone.add({"logs/new.log": words(270)})
    assert clone.run(*asked).code == 0


def test_what_agents_load_is_held(clone: Clone) -> None:
    """A commit that adds to what is loaded is stopped where it hurts; what was there before stops nobody."""
    entry = config(clone.hooks)[: config(clone.hooks).index("      - id: code-context-budget\n")]
    rules = '[agents]\nfor = ["codex"]\n[[agents.rule]]\nname = "start"\npart = "start"\neach = 60\n'
    clone.add({".pre-commit-config.yaml": entry + AGENTS, "loopflow.toml": rules, "AGENTS.md": words(200)})
    assert clone.commit({"src/own.py": "x = 1\n"}).code == 0
    stopped = clone.commit({"src/AGENTS.md": f"# Own\n\n{words(90)}"})
    assert stopped.code == 1
    assert "FAIL start, each: Codex CLI in src/ has" in stopped.err
    assert "SKIP=loopflow-agents git commit" in stopped.err
    assert clone.git("commit", "--message=x", env={"SKIP": "loopflow-agents"}).code == 0


def test_no_network_is_needed(clone: Clone) -> None:
    """An installed hook does its work where there is no network at all."""
    alone = ("unshare", "--map-root-user", "--net")
    if subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system lets nobody make a network namespace")
    clone.repo.track({"src/new.py": words(120, "n")})
    stopped = run_process("commit", "--message=x", cwd=clone.repo.root, env=clone.hooks.run, program=(*alone, "git"))
    assert stopped.code == 1
    assert "FAIL budget, growth: +120 tokens" in stopped.err


def test_the_environment_is_small(hooks: Hooks) -> None:
    """Installed, with all that it depends on, each kind of hook takes less room than it may."""
    environments = [*hooks.home.glob("*/py_env-*")]
    assert environments
    for environment in environments:
        files = [path for path in environment.rglob("*") if path.is_file() and not path.is_symlink()]
        assert 10 * 2**20 < sum(path.stat().st_size for path in files) < MOST_BYTES


def test_the_hooks_can_be_tried(clone: Clone) -> None:
    """`pre-commit try-repo` installs and runs them in a repository that has no pre-commit config."""
    clone.repo.git("rm", "--quiet", ".pre-commit-config.yaml")
    clone.repo.track({"src/new.py": words(120, "n")})
    env = {**clone.hooks.run, **clone.hooks.install, "PIP_NO_COMPILE": "1"}  # it is used once
    arguments = ("try-repo", str(clone.hooks.source), "code-context-budget")
    tried = run_process(*arguments, cwd=clone.repo.root, env=env, program=PRE_COMMIT)
    assert tried.code == 1
    assert "FAIL budget, growth: +120 tokens" in tried.out


def test_what_pre_commit_is_told() -> None:
    """The manifest is valid, and each hook runs once over the whole, whatever files there are."""
    manifest = read_yaml(".pre-commit-hooks.yaml")
    assert run_process("validate-manifest", ".pre-commit-hooks.yaml", cwd=PROJECT, program=PRE_COMMIT).code == 0
    assert [hook["id"] for hook in manifest] == [
        "code-context-budget",
        "code-context-budget-push",
        "code-context-profile",
        "token-validation",
        "loopflow-agents",
    ]
    for hook in manifest:
        assert (hook["pass_filenames"], hook["always_run"], hook["require_serial"]) == (False, True, True)
        assert "args" not in hook
        assert hook.get("verbose", False) is (hook["id"] == "code-context-profile")


def test_this_project_uses_them() -> None:
    """The project's own config is valid, and runs what the manifest runs."""
    own = ".pre-commit-config.yaml"
    assert run_process("validate-config", own, cwd=PROJECT, program=PRE_COMMIT).code == 0
    used = {hook["id"]: hook for repo in read_yaml(own)["repos"] for hook in repo["hooks"]}
    for hook in read_yaml(".pre-commit-hooks.yaml")[:2]:
        shared = ("entry", "pass_filenames", "always_run", "require_serial")
        assert {key: used[hook["id"]][key] for key in shared} == {key: hook[key] for key in shared}


def read_yaml(name: str) -> Any:  # noqa: ANN401  what YAML holds
    return import_module("yaml").safe_load((PROJECT / name).read_text("utf-8"))  # pre-commit brings it, without types
