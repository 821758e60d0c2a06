"""--pushed: which commit a push is judged by, and what it is compared with, for all that git can be told to push.

The variables are those that pre-commit sets (hook_impl.py and run.py of pre-commit 4); hooks/pre-push sets the same.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.builder import Repo
from tests.support.charts import words
from tests.support.run import Result, run

MakeRepo = Callable[..., Repo]
ZERO = "0" * 40


@pytest.fixture
def project(repo: Repo, make_repo: MakeRepo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Repo:
    """Return a repository whose main branch, 1,000 tokens, is on its remote. It may grow by 50."""
    monkeypatch.setenv("LOOPFLOW_CACHE_DIR", str(tmp_path.parent / "counts"))
    configure(repo)
    repo.track({"main.py": words(1_000)}).commit()
    remote = make_repo("remote", "--bare")
    repo.git("remote", "add", "origin", str(remote.root))
    repo.git("push", "--quiet", "origin", "main")
    return repo


def configure(repo: Repo, against: str = "") -> None:
    repo.write("loopflow.toml", f'exclude = ["/loopflow.toml"]\n{against}\n[budget]\ngrowth = 50\n')


def add(repo: Repo, name: str, tokens: int) -> str:
    return repo.track({f"{name}.py": words(tokens, name[0])}).commit(name)


def check(repo: Repo, *options: str, **variables: str | None) -> Result:
    """Judge a push; each variable is given without what all their names begin with."""
    env = {f"PRE_COMMIT_{name}": value or "" for name, value in variables.items()}
    return run("--profile", "--pushed", "--check", *options, cwd=repo.root, env=env)


def growth(repo: Repo, **variables: str | None) -> tuple[int, int]:
    """Return the exit code and by how much the push grows what the remote has, in tokens."""
    result = check(repo, "--format", "json", **variables)
    rules: list[dict[str, Any]] = result.json["rules"]
    return result.code, rules[0]["value"]


def test_several_commits_are_one_change(project: Repo) -> None:
    """What a push sends is summed up, whatever is checked out, staged or on disk."""
    before = add(project, "a", 30)
    add(project, "b", 30)
    tip = add(project, "c", 30)
    project.git("checkout", "--quiet", "--detach", before)
    project.track({"staged.py": words(700)})
    assert growth(project, FROM_REF=before, TO_REF=tip, REMOTE_NAME="origin") == (1, 60)
    assert growth(project, FROM_REF=before, TO_REF=f"{tip}~1", REMOTE_NAME="origin") == (0, 30)


def test_what_the_remote_has_wins_over_the_config(project: Repo) -> None:
    """A branch that was pushed before is judged by what the push adds, though the config compares with main."""
    configure(project, 'against = "origin/main"')
    project.git("checkout", "--quiet", "-b", "feature")
    before, tip = add(project, "a", 40), add(project, "b", 40)
    assert growth(project, FROM_REF=before, TO_REF=tip, REMOTE_NAME="origin") == (0, 40)


def test_a_new_branch_begins_where_the_remote_ends(project: Repo) -> None:
    """Without a start it is what the branch has in common with all that the remote is known to have."""
    add(project, "a", 40)
    project.git("push", "--quiet", "origin", "HEAD:refs/heads/deep/other")
    tip = add(project, "b", 45)
    assert growth(project, TO_REF=tip, REMOTE_NAME="origin") == (0, 45)
    assert growth(project, TO_REF=f"{tip}~1", REMOTE_NAME="origin") == (0, 0)


def test_the_start_of_a_push_has_a_name(project: Repo) -> None:
    """A branch that left main is said to have; what the remote's branch was is a commit, of which no more is known."""
    start = project.git("rev-parse", "HEAD").decode().strip()
    tip = add(project, "a", 40)
    new = check(project, TO_REF=tip, REMOTE_NAME="origin").out
    assert f"more than origin/main, where this branch left it, {start[:7]} (+" in new
    known = check(project, FROM_REF=start, TO_REF=tip, REMOTE_NAME="origin").out
    assert f"{tip[:7]}: 40 tokens more than {start[:7]} (+" in known


@pytest.mark.parametrize("names_main", ["config", "remote"])
@pytest.mark.parametrize("how", ["merge", "rebase"])
def test_what_main_brings_is_nobodys_growth(project: Repo, how: str, names_main: str) -> None:
    """What main gave a branch, and what the branch held on the remote, forced or not, is no growth."""
    if names_main == "config":
        configure(project, 'against = "origin/main"')
    else:
        project.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    project.git("checkout", "--quiet", "-b", "feature")
    pushed = add(project, "f", 30)
    project.git("checkout", "--quiet", "main")
    add(project, "m", 400)
    project.git("push", "--quiet", "origin", "main")
    project.git("checkout", "--quiet", "feature")
    project.git(how, "--quiet", "main")
    tip = add(project, "g", 15)
    assert growth(project, FROM_REF=pushed, TO_REF=tip, REMOTE_NAME="origin") == (0, 15)
    assert growth(project, TO_REF=tip, REMOTE_NAME="origin") == (0, 45)
    assert growth(project, FROM_REF=f"{pushed}~1", TO_REF=tip, REMOTE_NAME="origin") == (0, 45)


def test_a_branch_that_goes_into_main_counts_there(project: Repo) -> None:
    """What a remote holds on some branch is growth all the same when it is pushed to another one."""
    before = project.git("rev-parse", "HEAD").decode().strip()
    project.git("checkout", "--quiet", "-b", "feature")
    add(project, "a", 40)
    tip = add(project, "b", 40)
    project.git("push", "--quiet", "origin", "feature")
    assert growth(project, FROM_REF=before, TO_REF=tip, REMOTE_NAME="origin") == (1, 80)


@pytest.mark.parametrize(
    ("names", "remote"), [("LOCAL_BRANCH", "new"), ("TO_REF", "https://example.invalid/new"), ("TO_REF", "")]
)
def test_the_first_push_to_a_remote(project: Repo, names: str, remote: str) -> None:
    """Where nothing is known of a remote, the commit is judged as any commit: by what its parent held."""
    add(project, "a", 500)
    add(project, "b", 30)
    project.git("branch", "other")
    add(project, "c", 70)
    assert growth(project, **{names: "refs/heads/other"}, REMOTE_NAME=remote) == (0, 30)
    assert growth(project, **{names: "refs/heads/main"}, REMOTE_NAME=remote) == (1, 70)


def test_the_first_push_is_compared_with_the_config(project: Repo) -> None:
    """What the config compares with holds for a remote of which nothing is known; a branch of that one cannot exist."""
    add(project, "a", 40)
    configure(project, 'against = "origin/main"')
    tip = add(project, "b", 40)
    assert growth(project, TO_REF=tip, REMOTE_NAME="fork") == (1, 80)
    configure(project, 'against = "fork/main"')
    tip = add(project, "c", 40)
    assert growth(project, TO_REF=tip, REMOTE_NAME="fork") == (0, 40)
    result = check(project, TO_REF=tip, REMOTE_NAME="")
    assert (result.code, result.out) == (2, "")
    assert "there is no remote fork" in result.err


def test_an_annotated_tag(project: Repo) -> None:
    """A tag is judged by the commit it names."""
    add(project, "a", 60)
    project.git("tag", "--annotate", "--message=tag", "v1")
    tag = project.git("rev-parse", "v1").decode().strip()
    assert growth(project, TO_REF=tag, REMOTE_NAME="origin") == (1, 60)


@pytest.mark.parametrize(("what", "kind"), [("HEAD^{tree}", "tree"), ("HEAD:main.py", "blob")])
@pytest.mark.parametrize("options", [(), ("--annotate", "--message=tag")])
def test_a_tag_of_what_is_no_commit(project: Repo, what: str, kind: str, options: tuple[str, ...]) -> None:
    """It is here, so that no fetch is the answer: what it is is said, and how it is pushed all the same."""
    project.git("tag", *options, "odd", what)
    for name in ("odd", project.git("rev-parse", "odd").decode().strip()):
        result = check(project, TO_REF=name, REMOTE_NAME="origin")
        assert (result.code, "fetch" in result.err) == (2, False)
        assert f"{name} is a {kind} in" in result.err
        assert "git push --no-verify" in result.err
        against = run("--profile", "--against", name, cwd=project.root)
        assert (against.code, "fetch" in against.err) == (2, False)
        assert f"{name} is a {kind} in" in against.err


def test_by_hand(project: Repo) -> None:
    """Without a push, it is what `git push` would send now, and what FROM and TO name where somebody names them."""
    add(project, "a", 20)
    add(project, "b", 40)
    assert growth(project) == (1, 60)
    assert growth(project, FROM_REF="origin/main", TO_REF="HEAD") == (1, 60)
    assert "--rev HEAD --against origin/main --changed" in check(project, FROM_REF="origin/main", TO_REF="HEAD").out


@pytest.mark.parametrize("how", ["merge", "rebase"])
def test_a_push_that_is_past(project: Repo, how: str) -> None:
    """In CI the remote holds it by now: no remote is named, and --against names the branch that others start from."""
    project.git("checkout", "--quiet", "-b", "feature")
    before = add(project, "f", 30)
    project.git("checkout", "--quiet", "main")
    add(project, "m", 400)
    project.git("push", "--quiet", "origin", "main")
    project.git("checkout", "--quiet", "feature")
    project.git(how, "--quiet", "main")
    tip = add(project, "g", 15)
    project.git("push", "--quiet", "--force", "origin", "feature")
    asked = ("--against", "origin/main", "--format", "json")
    for since, value in ((before, 15), (None, 45), (ZERO, 45)):
        judged = check(project, *asked, FROM_REF=since, TO_REF=tip).json["rules"][0]["value"]
        assert judged == value


def test_a_new_branch_in_a_shallow_clone(project: Repo, tmp_path: Path) -> None:
    """Where what the remote has and the branch have in common is not here, the parent alone is not taken for it."""
    add(project, "a", 20)
    project.git("push", "--quiet", "origin", "main")
    project.git("checkout", "--quiet", "-b", "work", "HEAD~1")
    tip = add(project, "b", 1)
    shallow = Repo(tmp_path / "shallow")
    shallow.git("remote", "add", "origin", f"file://{project.root}")
    shallow.git("fetch", "--quiet", "--depth=1", f"file://{project.root}", "work:work")
    shallow.git("fetch", "--quiet", "--depth=1", "origin", "main:refs/remotes/origin/main")
    result = check(shallow, TO_REF=tip, REMOTE_NAME="origin")
    assert (result.code, "git fetch --unshallow" in result.err) == (2, True)


def test_without_check_the_growth_is_shown(project: Repo) -> None:
    """--pushed compares, whether or not it judges."""
    tip = add(project, "b", 40)
    env = {"PRE_COMMIT_TO_REF": tip, "PRE_COMMIT_REMOTE_NAME": "origin"}
    shown = run("--profile", "--pushed", "--format", "json", cwd=project.root, env=env).json
    assert (shown["total"]["base_tokens"], shown["total"]["delta_tokens"]) == (1_000, 40)


def test_what_the_remote_has_and_is_not_here(project: Repo) -> None:
    """Over a commit that only the remote has, a branch is judged as a new one, by what the remote is known to have."""
    missing = "1234567890" * 4
    tip = add(project, "a", 60)
    assert growth(project, FROM_REF=missing, TO_REF=tip, REMOTE_NAME="origin") == (1, 60)
    assert growth(project, FROM_REF=missing, TO_REF=f"{tip}~1", REMOTE_NAME="origin") == (0, 0)


def test_histories_that_share_nothing(project: Repo) -> None:
    """Another history in the place of what the remote has is held to that; as a new branch it is by itself."""
    before = project.git("rev-parse", "HEAD").decode().strip()
    project.git("checkout", "--quiet", "--orphan", "fresh")
    add(project, "a", 20)
    tip = add(project, "b", 30)
    assert growth(project, FROM_REF=before, TO_REF=tip, REMOTE_NAME="origin") == (0, 50)
    assert growth(project, TO_REF=tip, REMOTE_NAME="origin") == (0, 30)


def test_a_shallow_clone(project: Repo, make_repo: MakeRepo) -> None:
    """Where the history is cut off before the start, the error says how to get more of it."""
    add(project, "a", 20)
    project.git("push", "--quiet", "origin", "main")
    shallow = make_repo("shallow")
    shallow.git("fetch", "--quiet", "--depth=1", f"file://{project.root}", "main")
    shallow.git("checkout", "--quiet", "-B", "main", "FETCH_HEAD")
    tip = add(shallow, "b", 30)
    assert growth(shallow, FROM_REF=f"{tip}~1", TO_REF=tip, REMOTE_NAME="origin") == (0, 30)
    other = project.git("rev-parse", "HEAD~1").decode().strip()
    shallow.git("fetch", "--quiet", "--depth=1", f"file://{project.root}", other)
    result = check(shallow, FROM_REF=other, TO_REF=tip, REMOTE_NAME="origin")
    assert (result.code, "git fetch --unshallow" in result.err) == (2, True)


@pytest.mark.parametrize("remote", ["-x", "*", "../..", "$(touch x)", "origin\n", "a b", "o" * 5_000])
def test_a_remote_with_a_hostile_name(project: Repo, remote: str) -> None:
    """A name is a name; nothing is known of such a remote."""
    tip = add(project, "b", 40)
    assert growth(project, TO_REF=tip, REMOTE_NAME=remote) == (0, 40)
    assert not (project.root / "x").exists()


def test_the_hint_is_for_whom_pre_commit_stops(project: Repo) -> None:
    """How to get past it once is said where pre-commit runs the command, of the hook that failed, and not in JSON."""
    add(project, "a", 60)
    env = {"PRE_COMMIT": "1"}
    arguments = ("--profile", "--rev", "HEAD", "--check", "--quiet")
    assert "SKIP" not in run(*arguments, cwd=project.root).out
    failed = run(*arguments, cwd=project.root, env=env)
    assert failed.out.splitlines()[-1].endswith("SKIP=code-context-budget-push git push")
    assert "SKIP" not in run(*arguments, "--format", "json", cwd=project.root, env=env).out
    project.track({"b.py": words(60, "b")})
    staged = run("--profile", "--staged", "--check", "--quiet", cwd=project.root, env=env)
    assert staged.out.splitlines()[-1].endswith("SKIP=code-context-budget git commit")
    (project.root / "b.py").unlink()
    shutil.copy(project.root / "a.py", project.root / "b.py")
    project.git("reset", "--quiet", "--hard")
    passed = run("--profile", "--staged", "--check", "--quiet", cwd=project.root, env=env)
    assert (passed.code, passed.out, passed.err) == (0, "", "")


def test_a_branch_of_the_remote_that_is_damaged_lets_nothing_through(project: Repo) -> None:
    """Where git cannot tell what the remote has, a new branch is not judged by less: that it cannot be told is said."""
    add(project, "a", 400)
    tip = add(project, "b", 1)
    project.write(".git/refs/remotes/origin/gone", f"{'1' * 40}\n")
    result = check(project, TO_REF=tip, REMOTE_NAME="origin")
    assert result.code == 2
    assert "git for-each-ref failed" in result.err
