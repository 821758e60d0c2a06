"""Where a shallow clone ends, and what it can know of where two branches parted."""

import os
from pathlib import Path

import pytest

from loopflow.io.git.repository import Git
from loopflow.io.git.shallow import shallow_commits
from loopflow.model import Repository
from tests.support.builder import Repo
from tests.support.plumbing import git_at


def look_at(root: Path) -> Repository:
    repository = Git().find_repository(os.path.realpath(root))
    assert repository
    return repository


@pytest.fixture
def crossed(repo: Repo) -> Repo:
    """Return a repository in which main and work have a short way to an old common ancestor, and a long way to a new.

    From old: a, b, c, new in a row, then x, y, z, which main merged, and work merged new. Both have one commit on old.
    """
    repo.track({"f": "old"}).commit("old")
    for name in ("side", "work"):
        repo.git("branch", name)
    repo.git("checkout", "--quiet", "side")
    for name in ("a", "b", "c", "new", "x", "y", "z"):
        repo.track({"side": name}).commit(name)
    for branch, merged in (("main", "side"), ("work", "side~3")):
        repo.git("checkout", "--quiet", branch)
        repo.track({branch: "one commit"}).commit(branch)
        repo.git("merge", "--quiet", "--no-edit", merged)
    return repo


@pytest.mark.parametrize("depth", [1, 3, 5, 6, 9])
def test_a_common_ancestor_is_the_best_one_or_none(crossed: Repo, tmp_path: Path, depth: int) -> None:
    """However deep a clone is, it names the commit that the whole history names, or says that it does not know."""
    clone = tmp_path / "clone"
    url = f"file://{crossed.root}"
    git_at(tmp_path, "clone", "--quiet", "--no-single-branch", f"--depth={depth}", url, str(clone))
    whole, shallow = look_at(crossed.root), look_at(clone)
    tips = [crossed.git("rev-parse", name).decode().strip() for name in ("main", "work")]
    best = crossed.git("rev-parse", "side~3").decode().strip()
    assert Git().merge_bases(whole, tips[0], tips[1:]) == [best]
    found = Git().merge_bases(shallow, tips[0], tips[1:])
    assert found == ([best] if depth >= 6 else [])
    is_shallow = git_at(clone, "rev-parse", "--is-shallow-repository") == b"true\n"
    assert bool(shallow_commits(shallow)) is is_shallow


def test_a_linked_work_tree_ends_where_the_main_one_does(crossed: Repo, tmp_path: Path) -> None:
    """The history belongs to the repository, so a linked work tree of a shallow clone is shallow as well."""
    git_at(tmp_path, "clone", "--quiet", "--depth=1", f"file://{crossed.root}", "clone")
    git_at(tmp_path / "clone", "worktree", "add", "--quiet", "--detach", str(tmp_path / "linked"))
    head = git_at(tmp_path / "clone", "rev-parse", "HEAD").decode().strip()
    assert shallow_commits(look_at(tmp_path / "linked")) == {head}
    assert shallow_commits(look_at(crossed.root)) == frozenset()
