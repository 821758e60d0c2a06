"""Sparse checkouts: what is judged or saved is whole, and what is shown says how much is not there."""

import json

import pytest

from tests.support.builder import Repo
from tests.support.charts import words
from tests.support.run import run


@pytest.fixture(params=["cone", "patterns", "sparse index", "by hand"])
def sparse(repo: Repo, request: pytest.FixtureRequest) -> Repo:
    """Return a repository of which b/ and c/ are not checked out, 70 of 100 tokens."""
    repo.track({f"{name}/x.py": words(number) for name, number in (("a", 30), ("b", 30), ("c", 40))})
    repo.track({"loopflow.toml": 'exclude = ["*.toml"]\n[budget]\ntotal = 100\ngrowth = 10\n'}).commit()
    if request.param == "by hand":
        repo.git("update-index", "--skip-worktree", "b/x.py", "c/x.py")
        for path in ("b/x.py", "c/x.py"):
            (repo.root / path).unlink()
    elif request.param == "patterns":
        repo.git("sparse-checkout", "set", "--no-cone", "/a/", "/loopflow.toml")
    else:
        index = ["--sparse-index"] if request.param == "sparse index" else []
        repo.git("sparse-checkout", "set", "--cone", *index, "a")
    assert not (repo.root / "b" / "x.py").exists()
    return repo


def test_what_is_judged_is_whole(sparse: Repo) -> None:
    """What is not checked out counts as the index has it; nothing has shrunk, and a limit for all of it holds."""
    judged = run("--profile", "--check", "--format", "json", cwd=sparse.root)
    assert (judged.code, judged.json["total"]["tokens"], judged.json["skipped"]) == (0, 100, [])
    sparse.write("a/y.py", words(8))
    sparse.git("add", "a/y.py")
    over = run("--profile", "--check", "--format", "json", cwd=sparse.root)
    assert (over.code, over.json["total"]["tokens"], over.json["total"]["delta_tokens"]) == (1, 108, 8)


def test_what_is_saved_is_whole(sparse: Repo) -> None:
    """A baseline of a part would be growth for everybody else."""
    assert run("--profile", "--save-baseline", cwd=sparse.root).code == 0
    stored = json.loads((sparse.root / ".loopflow-baseline.json").read_text())
    assert {*stored["files"]} - {""} == {"a/x.py", "b/x.py", "c/x.py"}


def test_what_is_shown_is_what_is_there(sparse: Repo) -> None:
    """A profile and a context are of what is checked out, and name what is not: it is not missing."""
    shown = run("--profile", "--format", "json", cwd=sparse.root).json
    assert shown["total"]["tokens"] == 30
    assert [(skip["path"], skip["reason"]) for skip in shown["skipped"]] == [
        ("b/x.py", "missing"),
        ("c/x.py", "missing"),
    ]
    assert "2  missing, 2 of them not checked out  b/x.py, c/x.py\n" in run("--profile", cwd=sparse.root).out
    assert ", 2 skipped (2 not checked out)" in run(cwd=sparse.root).err


def test_a_file_that_was_removed_is_missing(sparse: Repo) -> None:
    """Only what the index says is not to be there is left out; what somebody deleted is gone."""
    (sparse.root / "a" / "x.py").unlink()
    result = run("--profile", "--format", "json", cwd=sparse.root)
    skipped = result.json["skipped"]
    assert "3  missing, 2 of them not checked out" in run("--profile", cwd=sparse.root).out
    assert [skip["reason"] for skip in skipped] == ["missing"] * 3
    judged = run("--profile", "--check", "--format", "json", cwd=sparse.root).json
    assert judged["total"]["delta_tokens"] == -30


def test_what_is_on_disk_all_the_same_counts_as_it_is(sparse: Repo) -> None:
    """A file that is there is read, whatever the index says of it."""
    sparse.write("b/x.py", words(35))
    assert run("--profile", "--check", "--format", "json", cwd=sparse.root).json["total"]["tokens"] == 105


def test_content_that_is_not_there_stops_the_judgement(sparse: Repo) -> None:
    """In a partial clone, or a damaged one, what counts and cannot be read ends the run with the way out."""
    blob = sparse.git("rev-parse", ":c/x.py").decode().strip()
    (sparse.root / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    judged = run("--profile", "--check", "--no-cache", cwd=sparse.root)
    assert (judged.code, judged.out) == (2, "")
    assert "c/x.py" in judged.err
    assert "fetch" in judged.err or "git fsck" in judged.err
