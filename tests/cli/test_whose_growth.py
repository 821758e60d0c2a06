"""What a failure, or an inherited limit, says of where the change came from: alike in every format for people.

Each sentence is held to what it claims: with another history, or where it was not looked at, it is not there.
"""

import html
import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.support.branches import branch, cost, lines, merge
from tests.support.builder import Repo
from tests.support.plumbing import git_at
from tests.support.run import run

GROWTH = "[budget]\ngrowth = 50\n"
TOTAL = "[budget]\ntotal = {}\n"
FORMATS = ("text", "github", "gitlab", "markdown", "html")
JOINT = "both sides together exceed it; this merge adds nothing"


def say(repo: Repo, *options: str, env: dict[str, str] | None = None) -> dict[str, str]:
    """Return what a judged run says, by format, on one line each."""
    directory = repo.root.parent / "reports"
    directory.mkdir(exist_ok=True)
    reports = [f"--report={name}:{directory / name}" for name in FORMATS]
    result = run("--profile", "--check", *reports, *options, cwd=repo.root, env=env)
    assert result.code in {0, 1}, result.err
    texts = {name: (directory / name).read_text("utf-8") for name in FORMATS}
    texts["gitlab"] = " ".join(each["description"] for each in json.loads(texts["gitlab"]))
    texts["html"] = html.unescape(texts["html"])
    quiet = run("--profile", "--check", "--quiet", *options, cwd=repo.root, env=env).out
    return {name: " ".join(text.split()) for name, text in texts.items()} | ({"quiet": quiet} if result.code else {})


def assert_said(said: dict[str, str], sentence: str) -> None:
    assert {name: sentence in text for name, text in said.items()} == dict.fromkeys(said, True)


def assert_unsaid(said: dict[str, str], *parts: str) -> None:
    assert not [(name, part) for name, text in said.items() for part in parts if part in text]


def two_sides(repo: Repo, config: str, one: int = 30, two: int = 30) -> str:
    """Stand before a merge: `one`, which is checked out, and `two` have a file each. Return the tip of `two`."""
    repo.track({"loopflow.toml": config, "b.py": lines("b", 10)}).commit()
    tip = branch(repo, "two", "main", {"two.py": lines("two", two)})
    branch(repo, "one", "main", {"one.py": lines("one", one)})
    return tip


def total(repo: Repo, revision: str) -> int:
    result = run("--profile", "--rev", revision, "--format", "json", cwd=repo.root)
    tokens: int = result.json["total"]["tokens"]
    return tokens


@pytest.mark.parametrize("options", [(), ("--staged",), ("--rev", "HEAD")])
def test_what_was_written_in_a_merge(repo: Repo, options: tuple[str, ...]) -> None:
    """How much it is, and whose it is not; a plain commit says nothing of sides."""
    two_sides(repo, GROWTH)
    merge(repo, "two")
    repo.track({"own.py": lines("own", 30)})
    if options[:1] == ("--rev",):
        repo.commit()
    own = cost(lines("own", 30))
    assert_said(
        say(repo, *options),
        f"+{own} tokens were written in the merge: neither side has them, nor what git merges by itself",
    )
    if options[:1] == ("--rev",):
        assert_unsaid(say(repo, "--rev", "HEAD^"), "neither side", "git merges", "this merge")


def test_what_was_written_in_a_merge_of_three(repo: Repo) -> None:
    """Of more than two sides it is none."""
    two_sides(repo, GROWTH)
    branch(repo, "three", "main", {"three.py": lines("three", 9)})
    repo.git("checkout", "--quiet", "one")
    merge(repo, "two", "three")
    repo.track({"own.py": lines("own", 30)})
    assert_said(say(repo, "--staged"), "no side has them, nor what git merges by itself")


def publish(repo: Repo) -> None:
    """Give the repository a remote, which has its main branch."""
    there = Repo(repo.root.parent / "remote", init=("--bare",))
    repo.git("remote", "add", "origin", str(there.root))
    repo.git("push", "--quiet", "origin", "main")


def limit_between(repo: Repo) -> str:
    """Return a config with a limit that each of the sides keeps by itself, and both together do not."""
    repo.track({"loopflow.toml": TOTAL.format(1000), "b.py": lines("b", 10)})
    limit = cost(TOTAL.format(1000)) + cost(lines("b", 10)) + cost(lines("one", 30)) + 20
    return TOTAL.format(limit)


@pytest.mark.parametrize("options", [(), ("--staged",), ("--rev", "HEAD")])
@pytest.mark.parametrize("is_published", [False, True])
def test_what_both_sides_exceed_together(repo: Repo, options: tuple[str, ...], *, is_published: bool) -> None:
    """That the merge adds nothing, and against which branch it fails all the same: only where there is one."""
    two_sides(repo, limit_between(repo))
    if is_published:
        publish(repo)
    merge(repo, "two")
    if options[:1] == ("--rev",):
        repo.commit()
    said = say(repo, *options)
    assert_said(said, f"{JOINT}; against origin/main it fails" if is_published else JOINT)
    assert_unsaid(said, "FAIL", "not by this change", *([] if is_published else ["against"]))
    against = run("--profile", "--check", *options, "--against", "main", cwd=repo.root)
    assert against.code == 1


def test_a_side_that_exceeds_it_alone(repo: Repo) -> None:
    """Then it is not both together; where the other branch has it already, nothing fails against that either."""
    two_sides(repo, limit_between(repo), one=90)
    repo.git("branch", "--force", "main", "one")
    publish(repo)
    merge(repo, "two")
    repo.track({"two.py": ""})
    said = say(repo, "--staged")
    assert_said(said, "this merge adds nothing")
    assert_unsaid(said, "together exceed", "it fails")


def test_a_file_that_both_sides_made_too_large(repo: Repo) -> None:
    """A limit for each file says the same."""
    text, end, start = lines("b", 10), lines("end", 9), lines("start", 9)
    limit = cost(text) + cost(end) + cost(start) - 20
    repo.track({"loopflow.toml": f"[budget]\nfile = {limit}\n", "b.py": text}).commit()
    branch(repo, "two", "main", {"b.py": text + end})
    branch(repo, "one", "main", {"b.py": start + text})
    merge(repo, "two")
    said = say(repo, "--staged")
    assert_said(said, JOINT)
    assert_unsaid(said, "FAIL", "against")


def test_what_cannot_be_looked_at_is_not_said(repo: Repo, tmp_path: Path) -> None:
    """In a shallow clone the other branch may not be comparable: nothing is said of it, and no run fails."""
    two_sides(repo, limit_between(repo))
    repo.git("checkout", "--quiet", "main")
    branch(repo, "main", "main", *({"b.py": f"b = {number}\n"} for number in range(3)))
    repo.git("checkout", "--quiet", "one")
    repo.git("merge", "--quiet", "--no-edit", "two")
    clone = tmp_path / "clone"
    address = f"file://{repo.root}"
    git_at(tmp_path, "clone", "--quiet", "--no-single-branch", "--depth=2", "--branch=one", address, str(clone))
    git_at(clone, "remote", "set-head", "origin", "main")
    limit = total(repo, "one") - 20
    (tmp_path / "limit.toml").write_text(f"[budget]\ntotal = {limit}\n")
    result = run("--profile", "--rev", "HEAD", "--check", "--config", "../limit.toml", cwd=clone)
    assert result.code == 0, result.err
    assert JOINT in result.out
    assert "it fails" not in result.out


@pytest.mark.parametrize("options", [(), ("--staged",), ("--rev", "one")])
def test_what_a_branch_adds(repo: Repo, options: tuple[str, ...]) -> None:
    """To which branch, as last merged into it; without a merge nothing is said of one."""
    two_sides(repo, GROWTH)
    branch(repo, "main", "main", {"main.py": lines("main", 50)})
    repo.git("checkout", "--quiet", "one")
    said = say(repo, *options, "--against", "main")
    assert_said(said, f"the branch adds +{cost(lines('one', 30))} to main, as last merged into it")
    assert_unsaid(said, "this merge")


@pytest.mark.parametrize("own", [0, 5])
@pytest.mark.parametrize("options", [(), ("--staged",), ("--rev", "HEAD")])
def test_what_a_branch_adds_in_a_merge(repo: Repo, options: tuple[str, ...], own: int) -> None:
    """The merge may add nothing of it, or something: that is told apart."""
    two_sides(repo, f"{GROWTH}total = 300\n")
    merge(repo, "two")
    repo.track({"own.py": lines("own", own)})
    if options[:1] == ("--rev",):
        repo.commit()
    texts = (lines("one", 30), lines("two", 30), lines("own", own))
    both, alone = sum(map(cost, texts)), cost(texts[2])
    adds = f"this merge adds {f'+{alone}' if alone else 0}"
    said = say(repo, *options, "--against", "main")
    assert_said(said, f"the branch adds +{both:,} to main, as last merged into it; {adds}")
    assert said["text"].count(adds) == 2, "the total says it, too"


@pytest.mark.parametrize("option", ["--staged", "--pushed"])
def test_a_range(repo: Repo, option: str) -> None:
    """From where to where, and where they parted; a range of pre-commit is no push, whichever hook judges it."""
    two_sides(repo, GROWTH)
    base = repo.git("rev-parse", "main").decode()[:7]
    branch(repo, "other", "main", {"main.py": lines("main", 50)})
    env = {"PRE_COMMIT": "1", "PRE_COMMIT_FROM_REF": "other", "PRE_COMMIT_TO_REF": "one"}
    assert_said(say(repo, option, env=env), f"from other to one, since their merge base {base}")
    repo.git("checkout", "--quiet", "--orphan", "strange")
    repo.track({"more.py": lines("more", 90)}).commit()
    assert_unsaid(say(repo, option, env=env | {"PRE_COMMIT_TO_REF": "strange"}), "since their")


def test_a_range_with_two_merge_bases(repo: Repo) -> None:
    """Where histories crossed, both are named; ids of ends are short, too."""
    two_sides(repo, GROWTH)
    one, two = (repo.git("rev-parse", name).decode().strip() for name in ("one", "two"))
    repo.git("merge", "--quiet", "--no-edit", two)
    repo.git("checkout", "--quiet", "two")
    repo.git("merge", "--quiet", "--no-edit", one)
    tip = branch(repo, "two", "two", {"own.py": lines("own", 30)})
    env = {"PRE_COMMIT": "1", "PRE_COMMIT_FROM_REF": "one", "PRE_COMMIT_TO_REF": tip}
    said = say(repo, "--staged", env=env)
    bases = [f"{first[:7]} and {second[:7]}" for first, second in ((one, two), (two, one))]
    assert any(f"from one to {tip[:7]}, since their merge bases {each}" in said["text"] for each in bases)


def test_a_range_in_a_shallow_clone(repo: Repo, tmp_path: Path) -> None:
    """Where both ends are here and what is between is not, nothing else is taken for the start."""
    two_sides(repo, GROWTH)
    tip = branch(repo, "other", "main", {"main.py": lines("main", 5)}, {"more.py": lines("more", 5)})
    clone = tmp_path / "clone"
    git_at(tmp_path, "clone", "--quiet", "--depth=1", f"file://{repo.root}", str(clone))
    git_at(clone, "fetch", "--quiet", "--depth=1", "origin", "two:two")
    env = {"PRE_COMMIT": "1", "PRE_COMMIT_FROM_REF": "two", "PRE_COMMIT_TO_REF": tip}
    result = run("--profile", "--check", "--staged", cwd=clone, env=env)
    assert (result.code, "git fetch --unshallow" in result.err) == (2, True)


def test_a_push(repo: Repo) -> None:
    """It is held to what the remote is known to have."""
    two_sides(repo, GROWTH)
    publish(repo)
    env = {"PRE_COMMIT_TO_REF": "one", "PRE_COMMIT_REMOTE_NAME": "origin"}
    adds = f"the push adds +{cost(lines('one', 30))} to what the remote is known to have"
    assert_said(say(repo, "--pushed", env=env), adds)


def test_a_squash(repo: Repo) -> None:
    """While git keeps its message, all of it counting is explained; afterwards it is a commit as any other."""
    two_sides(repo, GROWTH)
    repo.git("merge", "--squash", "two")
    said = "a squash is one commit: all that it puts together counts"
    assert_said(say(repo, "--staged"), said)
    assert_said(say(repo), said)
    assert_unsaid(say(repo, "--rev", "HEAD"), said)
    assert_unsaid(say(repo, "--staged", "--against", "main"), said)
    repo.git("commit", "--quiet", "--message=squashed")
    repo.track({"own.py": lines("own", 30)})
    assert_unsaid(say(repo, "--staged"), said)


def test_growth_since_a_stored_baseline_says_nothing_of_the_start(repo: Repo) -> None:
    """What is measured from a chosen moment is neither the merge's nor the branch's."""
    two_sides(repo, GROWTH)
    saved = run("--profile", "--save-baseline", "--rev", "main", cwd=repo.root)
    assert saved.code == 0, saved.err
    merge(repo, "two")
    repo.track({"own.py": lines("own", 30)})
    said = say(repo, "--staged", "--baseline")
    assert_unsaid(said, "neither side", "the branch adds")
    assert "FAIL budget, growth" in said["text"]


def test_the_advice_works_as_it_stands(repo: Repo) -> None:
    """The line to look closer names what is compared with where that is not what goes without saying."""
    two_sides(repo, GROWTH)
    merge(repo, "two")
    repo.track({"own.py": lines("own", 30)})
    for options, against in (((), False), (("--against", "main"), True)):
        said = run("--profile", "--check", "--quiet", "--staged", *options, cwd=repo.root).out
        [line] = [each for each in said.splitlines() if "to look closer" in each]
        assert ("--against" in line) is against
        arguments = line.split("code-context ")[1].split()
        assert run(*arguments, cwd=repo.root).code == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "names no commit"),
        ("garbage\n", "names garbage, which is no commit"),
        ("\x1b[1m\n", r"names \x1b[1m, which is no commit"),
        (f"{'1' * 40}\n", f"names {'1' * 40}, which is no commit"),
        (None, "is no file"),
    ],
)
@pytest.mark.parametrize("options", [(), ("--staged",), ("--staged", "--against", "main")])
def test_what_stands_in_merge_head_and_is_no_merge(
    repo: Repo, content: str | None, message: str, options: tuple[str, ...]
) -> None:
    """It is an error that names the way out, which works: neither a plain commit nor a reason to wait."""
    repo.track({"loopflow.toml": GROWTH}).commit()
    path = repo.root / ".git/MERGE_HEAD"
    if content is None:
        os.mkfifo(path)
    else:
        path.write_text(content)
    result = run("--profile", "--check", *options, cwd=repo.root)
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert message in result.err
    assert "git merge --quit" in result.err
    subprocess.run(["git", "merge", "--quit"], cwd=repo.root, check=True)
    assert run("--profile", "--check", *options, cwd=repo.root).code == 0


@pytest.mark.parametrize(
    ("remotes", "settings", "added"),
    [
        ((), {}, 1),
        (("origin",), {}, 2),
        (("mirror",), {}, 2),
        (("mirror", "origin"), {}, 2),
        (("mirror", "origin"), {"remote.pushDefault": "mirror"}, 2),
        (("mirror",), {"branch.feature.pushRemote": "elsewhere"}, 2),
    ],
)
def test_a_push_by_hand_is_one_to_the_remote_that_git_would_take(
    repo: Repo, tmp_path: Path, remotes: tuple[str, ...], settings: dict[str, str], added: int
) -> None:
    """All that the remote does not have counts, though nobody names it; without any, the last commit does."""
    repo.track({"a.py": "def f(): return 1\n"}).commit()
    for remote in remotes:
        repo.git("clone", "--quiet", "--bare", ".", str(tmp_path / remote))
        repo.git("remote", "add", remote, str(tmp_path / remote))
        repo.git("fetch", "--quiet", remote)
    repo.git("checkout", "--quiet", "-b", "feature")
    for name, value in settings.items():
        repo.git("config", name, value)
    for name in ("b", "c"):
        repo.track({f"{name}.py": f"def {name}(): return 1\n"}).commit()
    printed = run("--profile", "--pushed", "--format", "json", cwd=repo.root)
    changes = json.loads(printed.out)["changes"]
    assert len([each for each in changes if each["kind"] == "added"]) == added
