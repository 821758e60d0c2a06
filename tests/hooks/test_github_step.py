"""The GitHub Action as a job meets it: every event and checkout, what it says, what it does not fall for."""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

import pytest
from github_base import Checkout, Event, find_base, find_refspec
from github_job import run_profile
from github_runner import read_outputs

from loopflow.errors import LoopflowError
from loopflow.io.git.repository import Git
from tests.support.builder import Repo, write_files
from tests.support.checkouts import Origin, build_origin, pull_request, push
from tests.support.environment import isolate
from tests.support.runner import ROOT, Runner, read_commands
from tests.support.servers import TOKEN, serve_git

GONE = "1" * 40
HOOKS = str(ROOT / "hooks")
PLAIN = {"html": "false"}
Job = Callable[..., Runner]


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Origin:
    """Return the origin, which no test changes."""
    with pytest.MonkeyPatch.context() as patch:
        isolate(patch, tmp_path_factory.mktemp("home"))
        return build_origin(tmp_path_factory.mktemp("origin") / "repo")


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """Return a function that makes a job in a workspace, in which the action was used before."""

    def make(workspace: Path, event_name: str = "workflow_dispatch", event: object = None, **variables: str) -> Runner:
        runner = Runner(tmp_path / "job", workspace, event_name, event or {}, variables)
        runner.put_venv()
        return runner

    return make


@dataclass(frozen=True, slots=True)
class Case:
    """An event for a checkout of `commit`, and the files that have changed. A `whole` history needs no fetch."""

    commit: str
    name: str
    describe: Callable[[Origin], object]
    changed: tuple[str, ...] = ("one.md", "two.md")
    whole: bool = False


MAIN = "refs/heads/main"
CASES = {
    "pull request with an old base": Case("merged", "pull_request", pull_request),
    "pull request, whole": Case("merged", "pull_request", pull_request, whole=True),
    "pull request unmerged": Case("two", "pull_request", lambda origin: pull_request(origin, "fourth")),
    "pull request target": Case("merged", "pull_request_target", pull_request),
    "push": Case("fourth", "push", lambda origin: push(origin, "second", ref=MAIN), ("fourth.md", "third.md")),
    "push of a new branch": Case("two", "push", lambda origin: push(origin, None)),
    "push of a new branch, whole": Case("two", "push", lambda origin: push(origin, None), whole=True),
    "push by force": Case("two", "push", lambda origin: push(origin, "rewritten", forced=True)),
    "push by force of what is gone": Case("two", "push", lambda origin: push(origin, GONE, forced=True)),
    "first push": Case("start", "push", lambda origin: push(origin, None, ref=MAIN), ("loopflow.toml", "start.md")),
    "merge queue": Case("merged", "merge_group", lambda origin: {"merge_group": {"base_sha": origin.commits["third"]}}),
    "merge queue, behind another entry": Case(
        "queued", "merge_group", lambda origin: {"merge_group": {"base_sha": origin.commits["merged"]}}, ("next.md",)
    ),
    "pull request of branches that crossed": Case(
        "crossed", "pull_request", lambda origin: pull_request(origin, "trunk", "crossed"), ("crossed.md",)
    ),
    "push that merges the default branch": Case("synced", "push", lambda origin: push(origin, "two"), ("synced.md",)),
    "push by force of a rebase": Case(
        "rebased", "push", lambda origin: push(origin, "two", forced=True), ("rebased.md",)
    ),
    "push by force of a rebase of what is gone": Case(
        "rebased", "push", lambda origin: push(origin, GONE, forced=True), ("one.md", "rebased.md", "two.md")
    ),
    "push by force to the default branch": Case(
        "amended", "push", lambda origin: push(origin, "third", ref=MAIN, forced=True), ("amended.md",)
    ),
    "push to the default branch of a merge": Case("merged", "push", lambda origin: push(origin, "third", ref=MAIN)),
    "schedule": Case("fourth", "schedule", lambda _: {}, ("fourth.md",)),
    "schedule, at a merge": Case("merged", "schedule", lambda _: {}, ()),
    "schedule, at a merge in which something was written": Case("written", "schedule", lambda _: {}, ("written.md",)),
    "config": Case(
        "configured", "workflow_dispatch", lambda _: {}, ("configured.md", "loopflow.toml", "one.md", "two.md")
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_change_of_an_event(origin: Origin, tmp_path: Path, job: Job, case: Case) -> None:
    """Each event is compared with where its change began, however little of the history was checked out."""
    workspace = origin.check_out(tmp_path / "work", case.commit, None if case.whole else 1)
    if case.whole:
        Repo(workspace).git("remote", "set-url", "origin", "file:///nowhere")
    ended = job(workspace, case.name, case.describe(origin)).use(PLAIN)
    assert (ended.code, ended.errors, ended.log) == (0, "", "")
    assert tuple(ended.changed) == case.changed


def test_the_input_goes_before_the_event(origin: Origin, tmp_path: Path, job: Job) -> None:
    """What the workflow names is what is compared with, and it is fetched when it is not here."""
    workspace = origin.check_out(tmp_path / "work", "fourth", 1)
    event = push(origin, "third", ref=MAIN)
    assert job(workspace, "push", event).use(PLAIN | {"against": "origin/work"}).changed == ["fourth.md", "third.md"]


def test_what_a_run_leaves(origin: Origin, tmp_path: Path, job: Job) -> None:
    """One run gives a summary, outputs and a directory to upload; nothing in the log where all is well."""
    workspace = origin.check_out(tmp_path / "work", "merged", 1)
    ended = job(workspace, "pull_request", pull_request(origin)).use({"window": "200k"})
    assert (ended.code, ended.log, ended.errors) == (0, "", "")
    assert f" since `main`, where this branch left it, `{origin.commits['third'][:7]}`\n" in ended.summary
    total = ended.report["total"]
    assert ended.outputs == {
        "tokens": str(total["tokens"]),
        "delta": str(total["delta_tokens"]),
        "percent": f"{100 * total['delta_tokens'] / total['base_tokens']:.2f}",
        "failed": "false",
        "report": ended.outputs["report"],
        **dict.fromkeys(("agents-tokens", "agents-lost", "agents-failed"), ""),
    }
    assert total["delta_tokens"] == 4
    report = Path(ended.outputs["report"])
    assert {path.name for path in report.iterdir()} == {"profile.html", "profile.json", "summary.md"}
    assert not report.is_relative_to(workspace)
    assert ended.summary == (report / "summary.md").read_text()
    assert "two.md" in ended.summary
    assert "200,000" in ended.summary


def test_a_budget_that_is_exceeded(repo: Repo, job: Job) -> None:
    """It ends with 1, an error beside the code, and the same report; with `check: false` it ends with 0."""
    repo.track({"loopflow.toml": "[budget]\ntotal = 9\n", "a.md": "one two\n"}).commit()
    repo.track({"a.md": "one two three four\n"}).commit()
    ended = job(repo.root, "schedule").use(PLAIN)
    assert (ended.code, ended.outputs["failed"]) == (1, "true")
    assert len(ended.told("error")) == 1
    assert ended.outputs["tokens"] == str(ended.report["total"]["tokens"])
    assert ended.summary == Path(ended.outputs["report"], "summary.md").read_text()
    lenient = Runner(repo.root.parent / "job", repo.root).use(PLAIN | {"check": "false"})
    assert (lenient.code, lenient.outputs["failed"], lenient.outputs["delta"]) == (0, "false", "")


def test_what_agents_load_is_judged_too(repo: Repo, job: Job) -> None:
    """Where the config has `[agents]`, or the input says so: at the heading that grew, and in the same summary."""
    rules = '[budget]\ntotal = 9999\n[[agents.rule]]\nname = "start"\npart = "start"\neach = 20\n'
    text = "# Top\n\nWords.\n\n## Style\n\nShort.\n"
    repo.track({"CLAUDE.md": text, "loopflow.toml": rules}).commit()
    assert job(repo.root, "schedule").use(PLAIN).outputs["agents-failed"] == "false"
    repo.track({"CLAUDE.md": text + "One more sentence for everybody to keep.\n" * 40}).commit()
    ended = Runner(repo.root.parent / "job", repo.root, "schedule").use(PLAIN)
    assert (ended.code, ended.outputs["failed"], ended.outputs["agents-failed"]) == (1, "true", "true")
    assert [command.properties.split(",")[:2] for command in ended.commands if command.name == "error"] == [
        ["file=CLAUDE.md", "line=5"]
    ]
    assert int(ended.outputs["agents-tokens"]) > 300
    assert "What coding agents load" in ended.summary
    without = Runner(repo.root.parent / "job", repo.root, "schedule").use(PLAIN | {"agents": "false"})
    assert (without.code, without.outputs["agents-tokens"]) == (0, ""), without.log


def test_the_commit_counts_and_not_the_work_tree(repo: Repo, job: Job) -> None:
    """What an earlier step did to the files does not matter, and neither does a directory further down."""
    repo.track({"a.md": "one\n", "src/b.md": "two\n"}).commit()
    repo.write("a.md", "one two three four\n")
    (repo.root / "src/b.md").unlink()
    ended = job(repo.root, "schedule").use(PLAIN | {"working-directory": "src"})
    assert {file["path"]: file["bytes"] for file in ended.report["files"]} == {"a.md": 4, "src/b.md": 4}
    assert "there is no budget to judge by" in ended.log


def refuse(runner: Runner, inputs: Mapping[str, str] | None = None) -> str:
    """Run what cannot run and return the error, which must stand in the summary and on the page of the run as well."""
    ended = runner.use({**PLAIN, **(inputs or {})})
    assert ended.code == 2
    [error] = ended.told("error")
    assert ended.outputs["failed"] == "true"
    assert ended.outputs["tokens"] == ""
    assert ended.summary.startswith("### code-context could not run\n")
    assert "\n" not in error
    return error


@pytest.mark.parametrize(("case", "depth"), [("pull request target", 2), ("push of a new branch", 0)])
def test_history_that_cannot_be_fetched(origin: Origin, tmp_path: Path, job: Job, case: str, depth: int) -> None:
    """It ends with 2 and names the depth to set; with that depth it works, and nothing needs to be fetched."""
    commit, name, event = CASES[case].commit, CASES[case].name, CASES[case].describe(origin)
    workspace = origin.check_out(tmp_path / "shallow", commit, 1)
    Repo(workspace).git("remote", "set-url", "origin", "file:///nowhere")
    error = refuse(job(workspace, name, event))
    assert "'/nowhere' does not appear to be a git repository" in error
    assert f"'fetch-depth: {depth}'" in error
    deeper = origin.check_out(tmp_path / "deeper", commit, depth or None)
    Repo(deeper).git("remote", "set-url", "origin", "file:///nowhere")
    assert Runner(tmp_path / "job", deeper, name, event).use(PLAIN).code == 0


def test_what_a_push_replaced_is_gone(origin: Origin, tmp_path: Path, job: Job) -> None:
    """Where the default branch itself was rewritten and the server has forgotten it, nothing else is compared with."""
    workspace = origin.check_out(tmp_path / "work", "fourth", 1)
    error = refuse(job(workspace, "push", push(origin, GONE, ref=MAIN, forced=True)))
    assert GONE in error
    assert "'against'" in error


def test_the_target_branch_is_not_judged_in_place_of_a_pull_request(origin: Origin, tmp_path: Path, job: Job) -> None:
    """What pull_request_target checks out by itself is not what the pull request changes: that is said."""
    workspace = origin.check_out(tmp_path / "work", "fourth", 1)
    error = refuse(job(workspace, "pull_request_target", pull_request(origin)))
    assert "ref: refs/pull/7/merge" in error


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"check": "yes"}, "the action's input 'check' is 'yes'; write true or false"),
        ({"working-directory": "no\nwhere"}, r"the directory no\nwhere cannot be entered"),
        ({"config": "--save-baseline", "window": "1k"}, "there is no config file --save-baseline"),
        ({"against": "--upload-pack=$(touch mark)"}, "there is no --upload-pack=$(touch mark)"),
        ({"against": "origin/nowhere"}, "couldn't find remote ref refs/heads/nowhere"),
    ],
)
def test_inputs_that_cannot_be_meant(
    origin: Origin, tmp_path: Path, job: Job, inputs: dict[str, str], message: str
) -> None:
    """Each is refused by name, and none is read by a shell or taken for an option."""
    workspace = origin.check_out(tmp_path / "work", "fourth", None)
    assert message in refuse(job(workspace, "schedule"), inputs)
    assert not list(tmp_path.rglob("mark"))


def test_a_directory_that_is_a_link_is_not_judged_in_its_place(origin: Origin, tmp_path: Path, job: Job) -> None:
    """A pull request that replaces the directory by a link to a better one is refused."""
    workspace = origin.check_out(tmp_path / "work", "fourth", None)
    (workspace / "better").mkdir()
    (workspace / "app").symlink_to("better")
    assert "the directory app is reached through a link" in refuse(
        job(workspace, "schedule"), {"working-directory": "app"}
    )


HOSTILE: list[object] = [
    "$(touch${IFS}mark)",
    "--upload-pack=touch mark;",
    "x\ny",
    "-x",
    "+main:main",
    f"{GONE}\n",
    "",
    None,
    7,
    [],
    {},
]
FIELDS: dict[str, Callable[[object], object]] = {
    "pull_request": lambda value: {"pull_request": {"number": value, "base": {"sha": value}, "head": {"sha": value}}},
    "merge_group": lambda value: {"merge_group": {"base_sha": value}},
    "push": lambda value: {"before": value},
}


@pytest.mark.parametrize("name", FIELDS)
def test_what_is_no_commit_in_an_event(origin: Origin, tmp_path: Path, name: str) -> None:
    """Whatever else stands where a commit is expected is an error, and is never handed to git."""
    checkout = look_at(origin.check_out(tmp_path / "work", "two", 1), origin.commits["two"])
    for value in HOSTILE:
        with pytest.raises(LoopflowError, match="has no commit in"):
            find_base(Event(name, FIELDS[name](value)), checkout)


def look_at(workspace: Path, head: str) -> Checkout:
    git = Git()
    repository = git.find_repository(os.path.realpath(workspace))
    assert repository
    return Checkout(git, repository, head)


@pytest.mark.parametrize(
    ("against", "refspec"),
    [
        (GONE, GONE),
        ("origin/main", "+refs/heads/main:refs/remotes/origin/main"),
        ("refs/remotes/origin/a/b", "+refs/heads/a/b:refs/remotes/origin/a/b"),
        ("origin/-x", "+refs/heads/-x:refs/remotes/origin/-x"),
        ("v1.0", "+refs/tags/v1.0:refs/tags/v1.0"),
        ("refs/tags/v1.0", "+refs/tags/v1.0:refs/tags/v1.0"),
        *((name, None) for name in ("HEAD^", "main~1", "origin/a:b", "origin/*", "a b", "a\nb", "..", "a..b", "@{u}")),
        *((name, None) for name in ("a//b", "origin/", "/a", "a.lock", "a/.b", "a\\b", "[a", "origin/x\0", "a?")),
    ],
)
def test_what_is_fetched_for_a_revision(against: str, refspec: str | None) -> None:
    """An id, a branch or a tag by its full name; nothing for what is no name of one of these."""
    assert find_refspec(against) == refspec


def test_a_branch_with_a_hostile_name(origin: Origin, tmp_path: Path, job: Job) -> None:
    """A branch may be called what would be a command; it is fetched and compared with as any other. No hook is run."""
    name = "$(touch${IFS}mark);`touch${IFS}mark`"
    upstream = Repo(tmp_path / "upstream")
    upstream.git("fetch", "--quiet", str(origin.repo.root), f"{MAIN}:{MAIN}-old", f"refs/heads/work:refs/heads/{name}")
    found = Origin(upstream, origin.commits)
    workspace = found.check_out(tmp_path / "work", "fourth", 1)
    hook = write_files(workspace / ".git/hooks", {"reference-transaction": f"#!/bin/sh\ntouch {tmp_path}/mark\n"})
    (hook / "reference-transaction").chmod(0o755)
    event = {"before": "0" * 40, "ref": "refs/heads/x", "repository": {"default_branch": name}}
    assert job(workspace, "push", event).use(PLAIN).changed == ["fourth.md", "third.md"]
    assert not list(tmp_path.rglob("mark"))


def test_hostile_files(repo: Repo, job: Job, tmp_path: Path) -> None:
    """No name and no content of a file reaches the runner as a command, a shell, or Python as a module."""
    mark = tmp_path / "mark"
    modules = ("click", "github_base", "github_runner", "html", "json", "loopflow", "sitecustomize", "venv")
    leaves_mark = f"open({str(mark)!r}, 'w')\n"
    names = [
        "$(touch mark).md",
        "::set-output name=failed::false.md",
        "a\n::set-output name=failed::false\n.md",
        "##[set-output name=failed]false.md",
        "a\r::add-mask::x.md",
    ]
    files: dict[str, str | bytes] = {f"{module}.py": leaves_mark for module in modules}
    config = '[[rule]]\nname = "::warning::x"\npaths = ["*.md"]\nfile = 1\n'
    repo.track(files | dict.fromkeys(names, "one two three\n") | {"loopflow.toml": config}).commit()
    ended = job(repo.root, "schedule", PYTHONPATH=".").use(PLAIN)
    assert ended.code == 1
    assert ended.outputs["failed"] == "true"
    assert {command.name for command in ended.commands} == {"error"}
    assert not list(tmp_path.rglob("mark"))
    assert not [line for line in ended.summary.splitlines() if line.startswith("::")]


@pytest.mark.parametrize(
    "kept",
    [None, f"basic {'x' * 8}"],
    ids=["no credentials", "others"],
)
def test_the_token_is_used_where_the_checkout_has_none(
    origin: Origin, tmp_path: Path, job: Job, kept: str | None
) -> None:
    """A server that wants a token gets the job's, and it alone, though the checkout shows it something else."""
    workspace = origin.check_out(tmp_path / "work", "merged", 1)
    with serve_git(origin.repo.root.parent) as address:
        clone = Repo(workspace)
        clone.git("remote", "set-url", "origin", f"{address}/repo")
        if kept:
            clone.git("config", f"http.{address}/.extraheader", f"AUTHORIZATION: {kept}")
        runner = job(workspace, "pull_request", pull_request(origin), GITHUB_SERVER_URL=address)
        ended = runner.use(PLAIN)
        assert ended.changed == ["one.md", "two.md"]
        assert TOKEN not in ended.log + ended.errors
        assert TOKEN not in Path(workspace, ".git/config").read_text()


def test_a_checkout_of_another_user(repo: Repo, job: Job) -> None:
    """In a container the workspace belongs to somebody else; git is told that this one directory is meant."""
    repo.track({"a.md": "one\n"}).commit()
    assert job(repo.root, "schedule", GIT_TEST_ASSUME_DIFFERENT_OWNER="1").use(PLAIN).code == 0


def test_a_workspace_without_a_commit(tmp_path: Path, repo: Repo, job: Job) -> None:
    """Where nothing was checked out, that is said."""
    assert "no such revision" in refuse(job(repo.root, "push", {"before": GONE}))
    empty = tmp_path / "empty"
    empty.mkdir()
    refuse(Runner(tmp_path / "job", empty, "schedule"))


def test_an_event_that_cannot_be_read(repo: Repo, job: Job, tmp_path: Path) -> None:
    """A file that is no JSON, or not there, is an error and no event without details."""
    repo.track({"a.md": "one\n"}).commit()
    path = write_files(tmp_path, {"broken": "{"}) / "broken"
    assert "cannot be read" in refuse(job(repo.root, "push", GITHUB_EVENT_PATH=str(path)))


def test_a_run_that_is_killed_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A program that is killed, for want of memory perhaps, is no pass: everything says how it ended."""
    script = write_files(tmp_path, {"python": "#!/bin/sh\necho '::warning::x' >&2\nkill -9 $$\n"}) / "python"
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    outcome = run_profile([], str(tmp_path))
    assert outcome.code == 128 + 9
    assert outcome.text.startswith("### code-context could not run\n")
    assert [command.name for command in read_commands(capsys.readouterr().out)] == ["error"]
    assert read_outputs(str(tmp_path), outcome.code)["failed"] == "true"


@pytest.mark.parametrize(
    "broken", ["sys.modules['github_job'] = None", "import github_job; github_job.main = lambda: 1 / 0"]
)
def test_a_bug_in_the_step_is_no_verdict(repo: Repo, job: Job, broken: str) -> None:
    """What goes wrong in the step itself ends with 3, and not with Python's 1, which would be an exceeded budget."""
    runner = job(repo.root)
    text = f"import runpy, sys\nsys.path.insert(0, {HOOKS!r})\n{broken}\n"
    text += f"runpy.run_path({HOOKS + '/github_step.py'!r}, run_name='__main__')\n"
    write_files(runner.temp, {"broken.py": text})
    python = runner.temp / "code-context-venv/bin/python"
    python.write_text(f"#!/bin/sh\nexec {quote(sys.executable)} {runner.temp}/broken.py\n")
    ended = runner.use(PLAIN)
    assert (ended.code, ended.outputs["failed"]) == (3, "true")
    assert ended.told("error") == ["a bug in the action: please report what the log says"]
    assert "Traceback" in ended.summary
