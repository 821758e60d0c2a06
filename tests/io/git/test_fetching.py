"""Hints that name a git command: each is followed, in a real clone, and then there is an answer."""

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.builder import Repo
from tests.support.plumbing import git_at
from tests.support.run import Result, run

COMMAND = re.compile(r"(?:; |: )(git (?:fetch|remote) [^;,]*)")
MOST_STEPS = 3


@pytest.fixture
def origin(repo: Repo) -> Repo:
    """Return a repository that lets itself be cloned in part: four commits, a branch with a slash, and a tag."""
    for number in range(4):
        repo.track({"a.py": f"x = {number}\n", "b/c.py": f"y = {number}\n"}).commit()
    repo.git("checkout", "--quiet", "-b", "topic/one", "HEAD~2")
    repo.track({"d.py": "d\n"}).commit()
    repo.git("tag", "v1")
    repo.git("tag", "--annotate", "--message=v2", "v2")
    repo.git("checkout", "--quiet", "main")
    for key in ("allowFilter", "allowAnySHA1InWant"):
        repo.git("config", f"uploadpack.{key}", "true")
    return repo


def clone(origin: Repo, target: Path, *options: str) -> Path:
    git_at(target.parent, "clone", "--quiet", *options, f"file://{origin.root}", str(target))
    return target


def follow(root: Path, *options: str) -> tuple[Result, list[str]]:
    """Run, and do what an error says until there is none; return the last result and what was done."""
    done: list[str] = []
    while True:
        result = run("--profile", "--no-cache", *options, cwd=root)
        found = COMMAND.search(result.err)
        if result.code == 0 or len(done) == MOST_STEPS:
            return result, done
        assert found, result.err
        assert result.err.count("\n") == 1
        done.append(found[1].strip())
        git_at(root, *shlex.split(done[-1])[1:])


@pytest.mark.parametrize(
    ("cloned", "options", "steps"),
    [
        pytest.param(["--depth=1"], ["--rev", "HEAD~1"], ["--unshallow"], id="a commit before the end of history"),
        pytest.param(["--depth=1"], ["--rev", "main^^"], ["--unshallow"], id="in other words"),
        pytest.param(["--depth=1"], ["--rev", "HEAD", "--changed"], ["--deepen=1"], id="a parent"),
        pytest.param(["--depth=2"], ["--rev", "HEAD~1", "--changed"], ["--deepen=1"], id="a parent of a parent"),
        pytest.param(["--depth=1"], ["--against", "HEAD~2"], ["--unshallow"], id="a start before the end of history"),
        pytest.param(
            ["--depth=1"], ["--against", "origin/topic/one"], ["topic/one:refs", "--unshallow"], id="another branch"
        ),
        pytest.param(["--single-branch"], ["--against", "origin/topic/one"], ["topic/one:refs"], id="with a slash"),
        pytest.param(
            ["--single-branch"], ["--against", "refs/remotes/origin/topic/one~1"], ["topic/one:refs"], id="in full"
        ),
        pytest.param(["--single-branch"], ["--rev", "topic/one"], ["topic/one:topic/one"], id="a branch of its own"),
        pytest.param(
            ["--single-branch", "--origin=up"], ["--rev", "up/topic/one"], ["fetch up"], id="another name of the remote"
        ),
        pytest.param(["--origin=up", "--depth=1"], ["--rev", "HEAD~3"], ["--unshallow"], id="and a shallow clone"),
        pytest.param(["--filter=blob:none"], ["--rev", "HEAD~1"], ["--refetch"], id="blobs"),
        pytest.param(["--filter=blob:none"], ["--against", "HEAD~2"], ["--refetch"], id="blobs of the start"),
        pytest.param(["--filter=tree:0", "--no-checkout"], ["--rev", "HEAD~1"], ["--refetch"], id="trees"),
        pytest.param(
            ["--filter=blob:none", "--origin=up"], ["--rev", "HEAD~1"], ["--no-filter up"], id="from another remote"
        ),
        pytest.param(["--filter=blob:none", "--depth=1"], ["--rev", "HEAD~1"], ["--unshallow", "--refetch"], id="both"),
    ],
)
def test_a_hint_works(
    origin: Repo, tmp_path: Path, cloned: Sequence[str], options: Sequence[str], steps: Sequence[str]
) -> None:
    """Who does what an error says gets an answer, in as few steps as there are things missing."""
    result, done = follow(clone(origin, tmp_path / "clone", *cloned), *options)
    assert result.code == 0, (done, result.err)
    assert len(done) == len(steps)
    assert all(step in command for step, command in zip(steps, done, strict=True)), done


def test_a_commit_that_no_branch_has(origin: Repo, tmp_path: Path) -> None:
    """What is named by its whole id is fetched by it."""
    origin.git("checkout", "--quiet", "--detach", "topic/one")
    lost = origin.track({"e.py": "e\n"}).commit()
    origin.git("update-ref", "refs/other/lost", lost)
    origin.git("checkout", "--quiet", "main")
    result, done = follow(clone(origin, tmp_path / "clone"), "--rev", lost)
    assert (result.code, done) == (0, [f"git fetch origin {lost}"])


def test_a_ref_of_another_kind(origin: Repo, tmp_path: Path) -> None:
    """What is named in full is fetched to where it is looked for."""
    origin.git("update-ref", "refs/pull/1/head", "topic/one")
    result, done = follow(clone(origin, tmp_path / "clone"), "--against", "refs/pull/1/head")
    assert (result.code, done) == (0, ["git fetch origin refs/pull/1/head:refs/pull/1/head"])


@pytest.mark.parametrize("tag", ["v1", "v2"])
def test_a_tag(origin: Repo, tmp_path: Path, tag: str) -> None:
    """A name may be a branch or a tag; both ways are said, and that for a tag brings one of either kind."""
    root = clone(origin, tmp_path / "clone", "--single-branch", "--no-tags")
    refused = run("--profile", "--rev", tag, cwd=root)
    assert refused.code == 2
    git_at(root, *refused.err.rstrip("\n").rpartition("the tag: git ")[2].split())
    assert run("--profile", "--rev", tag, cwd=root).code == 0


def test_the_head_of_a_remote(origin: Repo, tmp_path: Path) -> None:
    """`origin/HEAD` is not fetched but set."""
    root = clone(origin, tmp_path / "clone")
    git_at(root, "remote", "set-head", "origin", "--delete")
    result, done = follow(root, "--against", "origin/HEAD")
    assert (result.code, done) == (0, ["git remote set-head origin --auto"])


def test_a_branch_that_is_there_under_another_name(origin: Repo, tmp_path: Path) -> None:
    """Where the remote's branch is there, that is said, and nothing needs to be fetched."""
    refused = run("--profile", "--against", "topic/one", cwd=clone(origin, tmp_path / "clone"))
    assert refused.err.endswith("to compare with; write origin/topic/one, which is there\n")
    assert run("--profile", "--against", "origin/topic/one", cwd=tmp_path / "clone").code == 0


@pytest.mark.parametrize("name", ["nowhere", "a..b", "HEAD~9", "", ":/text", "-x"])
def test_where_nothing_can_be_fetched(origin: Repo, name: str) -> None:
    """Without a remote, or for what is no name, nobody is sent to fetch."""
    refused = run("--profile", "--rev", name, cwd=origin.root)
    assert (refused.code, "git fetch" in refused.err) == (2, False)


def test_a_name_that_a_shell_would_read(origin: Repo, tmp_path: Path) -> None:
    """What is to be copied into a shell is quoted."""
    refused = run("--profile", "--rev", "origin/$(touch x)", cwd=clone(origin, tmp_path / "clone"))
    assert "'" in refused.err or "git fetch" not in refused.err
    refused = run("--profile", "--rev", "origin/$(id)", cwd=tmp_path / "clone")
    assert "git fetch origin '+refs/heads/$(id):refs/remotes/origin/$(id)'" in refused.err
