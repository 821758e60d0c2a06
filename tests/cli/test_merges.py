"""What a change adds where several commits came together: nothing that one of them holds, nothing that git makes of it.

Random histories are held against a second telling of the definition (tests/support/merges.py); the tables name the
kinds by which simpler definitions fail.
"""

import os
import random
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.branches import branch, cost, edit, lines, merge, resolve
from tests.support.builder import Repo
from tests.support.examples import some
from tests.support.merges import Definition
from tests.support.plumbing import git_at
from tests.support.run import run

CONFIG = '[budget]\ngrowth = 1_000_000\n[[rule]]\nname = "src"\npaths = ["src/"]\ngrowth = 1_000_000\n'
SOURCES = [("--staged",), (), ("--rev", "HEAD")]


def growth(repo: Repo, *options: str, rule: str = "budget") -> int:
    """Return the growth that is judged."""
    result = run("--profile", "--check", "--format", "json", *options, cwd=repo.root)
    assert result.code in {0, 1}, result.err  # a rule whose last file was removed fails
    [found] = [each for each in result.json["rules"] if (each["name"], each["scope"]) == (rule, "growth")]
    value: int = found["value"]
    return value


@pytest.fixture
def project(repo: Repo) -> Repo:
    repo.track({"loopflow.toml": CONFIG, "src/a.py": lines("a", 40), "b.py": lines("b", 40)}).commit()
    return repo


Case = Callable[[Repo], int]
"""Makes two branches, `one`, which is checked out, and `two`, merges them, and returns what the merge adds."""


def both_grew(repo: Repo) -> int:
    branch(repo, "two", "main", {"src/two.py": lines("two", 30)})
    branch(repo, "one", "main", {"src/one.py": lines("one", 30)})
    merge(repo, "two")
    return 0


def both_edited_one_file_apart(repo: Repo) -> int:
    branch(repo, "two", "main", {"src/a.py": lines("a", 40) + lines("end", 9)})
    branch(repo, "one", "main", {"src/a.py": lines("start", 9) + lines("a", 40)})
    merge(repo, "two")
    return 0


def both_removed_the_same(repo: Repo) -> int:
    branch(repo, "two", "main", {"b.py": None})
    branch(repo, "one", "main", {"b.py": None, "c.py": "c = 1\n"})
    merge(repo, "two")
    return 0


def both_added_the_same_and_the_merge_more(repo: Repo) -> int:
    branch(repo, "two", "main", {"n.py": lines("n", 20)})
    branch(repo, "one", "main", {"n.py": lines("n", 20), "c.py": "c = 1\n"})
    merge(repo, "two")
    repo.track({"own.py": lines("own", 20)})
    return cost(lines("own", 20))


def one_removed_and_the_merge_adds(repo: Repo) -> int:
    branch(repo, "two", "main", {"b.py": None})
    branch(repo, "one", "main", {"c.py": "c = 1\n"})
    merge(repo, "two")
    repo.track({"own.py": lines("own", 10)})
    return cost(lines("own", 10))


def renamed_here_and_edited_there(repo: Repo) -> int:
    branch(repo, "two", "main", {"src/a.py": lines("a", 40) + lines("more", 5)})
    branch(repo, "one", "main", {"src/a.py": None, "src/new.py": lines("a", 40)})
    merge(repo, "two")
    return 0


def ours_over_what_was_removed(repo: Repo) -> int:
    branch(repo, "two", "main", {"b.py": None})
    branch(repo, "one", "main", {"c.py": "c = 1\n"})
    merge(repo, "two", options=("-s", "ours"))
    return 0


def ours_over_what_grew_and_more(repo: Repo) -> int:
    branch(repo, "two", "main", {"big.py": lines("big", 60)})
    branch(repo, "one", "main", {"c.py": "c = 1\n"})
    merge(repo, "two", options=("-s", "ours"))
    repo.track({"own.py": lines("own", 10)})
    return cost(lines("own", 10))


def a_conflict_resolved(text: str, own: str) -> Case:
    def case(repo: Repo) -> int:
        branch(repo, "two", "main", {"src/a.py": lines("two", 40)})
        branch(repo, "one", "main", {"src/a.py": lines("one", 40)})
        merge(repo, "two")
        repo.track({"src/a.py": text})
        return cost(own)

    return case


def moved_in_the_merge(repo: Repo) -> int:
    branch(repo, "two", "main", {"src/two.py": lines("two", 30)})
    branch(repo, "one", "main", {"src/one.py": lines("one", 30)})
    merge(repo, "two")
    repo.git("mv", "src/two.py", "moved.py")
    return 0


def a_line_stands_twice(repo: Repo) -> int:
    branch(repo, "two", "main", {"src/a.py": lines("a", 40) + "end = 1\n"})
    branch(repo, "one", "main", {"src/a.py": "start = 1\n" + lines("a", 40)})
    merge(repo, "two")
    repo.track({"src/a.py": "start = 1\n" + lines("a", 40) + "end = 1\na_3 = 3\n"})
    return cost("a_3 = 3\n")


def all_had_it_and_the_merge_removed_it(repo: Repo) -> int:
    branch(repo, "two", "main", {"two.py": "t = 1\n"})
    branch(repo, "one", "main", {"one.py": "o = 1\n"})
    merge(repo, "two")
    repo.git("rm", "--quiet", "--force", "b.py")
    return -cost(lines("b", 40))


def three_sides(repo: Repo) -> int:
    branch(repo, "two", "main", {"src/two.py": lines("two", 30)})
    branch(repo, "three", "main", {"three.py": lines("three", 30)})
    branch(repo, "one", "main", {"src/one.py": lines("one", 30)})
    merge(repo, "two", "three")
    repo.track({"own.py": lines("own", 10)})
    return cost(lines("own", 10))


def unrelated_histories(repo: Repo) -> int:
    repo.git("checkout", "--quiet", "--orphan", "two")
    repo.git("rm", "--quiet", "-r", "--force", ".")
    repo.track({"vendor/lib.py": lines("lib", 30)}).commit()
    branch(repo, "one", "main", {"one.py": "o = 1\n"})
    merge(repo, "two", options=("--allow-unrelated-histories",))
    return 0


def a_submodule_in_conflict(repo: Repo) -> int:
    for name, commit in (("two", "2" * 40), ("one", "1" * 40)):
        repo.git("checkout", "--quiet", "-B", name, "main")
        repo.git("update-index", "--add", "--cacheinfo", f"160000,{commit},sub")
        repo.git("commit", "--quiet", "--message", name)
    merge(repo, "two")
    repo.git("update-index", "--cacheinfo", f"160000,{'3' * 40},sub")
    repo.write("own.py", lines("own", 10))
    repo.git("add", "own.py")
    return cost(lines("own", 10))


def a_link_against_a_file(repo: Repo) -> int:
    branch(repo, "two", "main", {"b.py": lines("b", 40) + lines("two", 9)})
    repo.git("checkout", "--quiet", "-B", "one", "main")
    (repo.root / "b.py").unlink()
    repo.link("b.py", "src/a.py")
    repo.track().commit("one")
    merge(repo, "two")
    repo.git("add", "--all")
    return 0


def markers_of_another_size(size: int) -> Case:
    def case(repo: Repo) -> int:
        repo.track({".gitattributes": f"*.py conflict-marker-size={size}\n"}).commit()
        branch(repo, "two", "main", {"b.py": lines("b", 40) + lines("two", 9)})
        branch(repo, "one", "main", {"b.py": lines("b", 40) + lines("one", 9)})
        merge(repo, "two")
        repo.track({"b.py": lines("b", 40) + lines("two", 9) + lines("one", 9) + lines("own", 5)})
        return cost(lines("own", 5))

    return case


def one_line_without_an_end(repo: Repo) -> int:
    repo.track({"b.py": "b " * 50}).commit()
    branch(repo, "two", "main", {"b.py": "two " * 50})
    branch(repo, "one", "main", {"b.py": "one " * 50})
    merge(repo, "two")
    repo.track({"b.py": "one " * 60})
    return cost("one " * 60 + "\n") - cost("one " * 50 + "\n")


def three_sides_in_conflict(repo: Repo) -> int:
    for name in ("three", "two", "one"):
        branch(repo, name, "main", {"b.py": lines("b", 40) + lines(name, 9)})
    merge(repo, "two", "three", options=("-s", "ours"))
    repo.track({"b.py": lines("b", 40) + lines("one", 9) + lines("two", 9) + lines("three", 9) + lines("own", 5)})
    return cost(lines("own", 5))


def a_directory_renamed_here_and_a_file_added_there(repo: Repo) -> int:
    branch(repo, "two", "main", {"src/new.py": lines("new", 9)})
    repo.git("checkout", "--quiet", "-B", "one", "main")
    repo.git("mv", "src", "lib")
    repo.git("commit", "--quiet", "--message", "one")
    merge(repo, "two", options=("-X", "find-renames"))
    repo.git("config", "merge.directoryRenames", "true")
    repo.git("merge", "--abort")
    merge(repo, "two")
    assert (repo.root / "lib" / "new.py").exists()
    return 0


def of_other_line_ends(repo: Repo) -> int:
    repo.track({".gitattributes": "b.py text eol=crlf\nw.txt text working-tree-encoding=UTF-16\n"}).commit()
    (repo.root / "w.txt").write_text(lines("w", 9), "utf-16")
    repo.track().commit()
    branch(repo, "two", "main", {"b.py": (lines("two", 9) + lines("b", 40)).replace("\n", "\r\n")})
    branch(repo, "one", "main", {"b.py": (lines("b", 40) + lines("one", 9)).replace("\n", "\r\n")})
    merge(repo, "two")
    text = lines("two", 9) + lines("b", 40) + lines("one", 9) + lines("own", 5)
    repo.track({"b.py": text.replace("\n", "\r\n")})
    return cost(lines("own", 5))


CASES = [
    of_other_line_ends,
    a_directory_renamed_here_and_a_file_added_there,
    a_submodule_in_conflict,
    a_link_against_a_file,
    one_line_without_an_end,
    *(pytest.param(markers_of_another_size(size), id=f"markers of {size}") for size in (1, 3, 6, 8, 20)),
    three_sides_in_conflict,
    both_grew,
    both_edited_one_file_apart,
    both_removed_the_same,
    both_added_the_same_and_the_merge_more,
    one_removed_and_the_merge_adds,
    renamed_here_and_edited_there,
    ours_over_what_was_removed,
    ours_over_what_grew_and_more,
    pytest.param(a_conflict_resolved(lines("one", 40), ""), id="a conflict resolved to ours"),
    pytest.param(a_conflict_resolved(lines("two", 40), ""), id="a conflict resolved to theirs"),
    pytest.param(a_conflict_resolved(lines("one", 40) + lines("two", 40), ""), id="a conflict resolved to both"),
    pytest.param(
        a_conflict_resolved(lines("one", 40) + lines("own", 7), lines("own", 7)),
        id="a side is dropped and more is written",
    ),
    moved_in_the_merge,
    a_line_stands_twice,
    all_had_it_and_the_merge_removed_it,
    three_sides,
    unrelated_histories,
]


@pytest.mark.parametrize("case", CASES)
def test_a_merge_adds_what_was_written_in_it(project: Repo, case: Case) -> None:
    """While it is made, in the work tree and in the index, and once it is a commit; by path as well as in all."""
    own = case(project)
    for options in SOURCES[:2]:
        assert growth(project, *options) == own
    project.commit("merged")
    assert growth(project, "--rev", "HEAD") == own


def test_a_rule_by_path_sees_no_growth_in_a_file_that_was_renamed_on_one_side(project: Repo) -> None:
    """What one side renamed and the other edited is in both places nobody's growth."""
    renamed_here_and_edited_there(project)
    assert growth(project, "--staged", rule="src") == 0


def test_bases_that_crossed_are_one_question(project: Repo) -> None:
    """A branch that merged main, and of which main had merged something, is held to both bases together."""
    branch(project, "side", "main", {"side.py": lines("side", 30)})
    base = branch(project, "trunk", "main", {"trunk.py": lines("trunk", 30)})
    project.git("merge", "--quiet", "--no-edit", "side")
    project.git("checkout", "--quiet", "side")
    project.git("merge", "--quiet", "--no-edit", base)
    project.track({"own.py": lines("own", 5)}).commit()
    assert growth(project, "--rev", "HEAD", "--against", "trunk") == cost(lines("own", 5))


def test_a_squash_is_one_change(project: Repo) -> None:
    """Git keeps no trace of the other side: all that it brings counts."""
    branch(project, "two", "main", {"two.py": lines("two", 30)})
    project.git("checkout", "--quiet", "main")
    project.git("merge", "--quiet", "--squash", "two")
    assert growth(project, "--staged") == cost(lines("two", 30))


@pytest.mark.parametrize("how", ["cherry-pick", "revert"])
def test_a_pick_that_is_concluded_is_held_to_head(project: Repo, how: str) -> None:
    """It is no merge, whatever git keeps beside the index for it."""
    tip = branch(project, "two", "main", {"two.py": lines("two", 30)})
    if how == "cherry-pick":
        project.git("checkout", "--quiet", "main")
    project.git(how, "--no-commit", tip)
    assert growth(project, "--staged") == (1 if how == "cherry-pick" else -1) * cost(lines("two", 30))


def test_the_hook_before_a_merge_commit(project: Repo, tmp_path: Path) -> None:
    """Git runs pre-merge-commit before it writes MERGE_HEAD, and names the commits in the environment only."""
    branch(project, "two", "main", {"two.py": lines("two", 30)})
    branch(project, "one", "main", {"one.py": lines("one", 30)})
    seen = tmp_path / "environment"
    hook = project.write(".git/hooks/pre-merge-commit", f"#!/bin/sh\nenv | grep ^GITHEAD_ > '{seen}'\nls .git\n")
    hook.chmod(0o755)
    project.git("merge", "--quiet", "--no-edit", "two")
    project.git("reset", "--quiet", "--hard", "HEAD^")
    variables = dict(line.split("=", 1) for line in seen.read_text().splitlines())
    assert len(variables) >= 1
    project.git("merge", "--quiet", "--no-commit", "--no-ff", "two")
    (project.root / ".git/MERGE_HEAD").unlink()
    arguments = ("--profile", "--staged", "--check", "--format", "json")
    judged = run(*arguments, cwd=project.root, env=variables).json["rules"][0]
    assert judged["value"] == 0
    assert run(*arguments, cwd=project.root).json["rules"][0]["value"] == cost(lines("two", 30))


def test_nothing_is_left_behind(project: Repo) -> None:
    """Objects, references and the index are as before, and no merge driver of the repository ran."""
    project.write(".gitattributes", "*.py merge=evil\n")
    project.git("config", "merge.evil.driver", "touch ran; true")
    project.track().commit()
    project.git("config", "merge.default", "evil")
    branch(project, "two", "main", {"src/a.py": lines("a", 40) + "x = 1\n"})
    branch(project, "one", "main", {"src/a.py": "y = 1\n" + lines("a", 40)})
    merge(project, "two", options=("-s", "ours"))
    project.track({"src/a.py": "y = 1\n" + lines("a", 40) + lines("own", 5)})
    git = project.root / ".git"
    before = sorted(map(str, git.rglob("*"))), (git / "index").read_bytes()
    assert growth(project, "--staged") == cost(lines("own", 5))
    assert growth(project) == cost(lines("own", 5))
    assert not (project.root / "ran").exists()
    assert (sorted(map(str, git.rglob("*"))), (git / "index").read_bytes()) == before


@pytest.mark.parametrize("setting", ["merge.evil.driver=touch ran; true", "merge.conflictstyle=diff3"])
def test_what_the_callers_git_was_told_changes_nothing(project: Repo, setting: str) -> None:
    """`git -c KEY=VALUE commit` passes it on to the hook's git: no driver runs for it, and no answer is another one."""
    project.track({".gitattributes": "b.py merge=evil\n"}).commit()
    branch(project, "two", "main", {"b.py": lines("two", 9) + lines("b", 40)})
    branch(project, "one", "main", {"b.py": lines("one", 9) + lines("b", 40)})
    merge(project, "two")
    project.track({"b.py": lines("two", 9) + lines("one", 9) + lines("own", 5) + lines("b", 40)})
    result = run(
        *("--profile", "--staged", "--check", "--format", "json"),
        cwd=project.root,
        env={"GIT_CONFIG_PARAMETERS": f"'{setting}'"},
    )
    assert result.json["rules"][0]["value"] == cost(lines("own", 5))
    assert not (project.root / "ran").exists()


@pytest.mark.parametrize("depth", [2, 3, 4])
def test_a_shallow_clone_gives_the_answer_of_the_whole_or_none(project: Repo, tmp_path: Path, depth: int) -> None:
    """Where what the sides have in common may be missing, git would merge them as strangers."""
    branch(project, "two", "main", {"src/a.py": lines("t", 2) + lines("a", 40)}, {"y.py": "y = 1\n"})
    branch(project, "one", "main", {"src/a.py": None, "new.py": lines("a", 40)}, {"x.py": "x = 1\n"})
    merge(project, "two")
    project.commit("merged")
    clone = tmp_path / "clone"
    git_at(tmp_path, "clone", "--quiet", f"--depth={depth}", f"file://{project.root}", str(clone))
    result = run("--profile", "--rev", "HEAD", "--check", "--format", "json", cwd=clone)
    if result.code:
        assert (result.code, "git fetch --unshallow" in result.err) == (2, True)
    else:
        assert result.json["rules"][0]["value"] == 0


@some(12)
@given(st.integers(0, 10**9))
def test_any_merge_adds_what_the_definition_says(seed: int) -> None:
    """Of random histories with two to four sides, in the index and as a commit, for the whole and by path."""
    chance = random.Random(seed)  # noqa: S311
    with tempfile.TemporaryDirectory() as name:
        directory = Path(os.path.realpath(name))
        repo = Repo(directory / "repo")
        kept = {"loopflow.toml": CONFIG, "src/kept.md": "kept\n"}  # no rule ever loses all its files
        repo.track({**kept, "src/a.py": lines("a", 20), "b.py": lines("b", 20)}).commit()
        sides = [f"side{number}" for number in range(chance.choice([2, 2, 2, 3, 4]))]
        for side in sides:
            repo.git("checkout", "--quiet", "-B", side, "main")
            for _ in range(chance.randrange(1, 4)):
                edit(chance, repo, side)
                repo.track().commit(side)
        repo.git("checkout", "--quiet", sides[0])
        options = chance.choice([(), (), ("-X", "ours"), ("-s", "ours")])
        merge(repo, *sides[1:], options=options if len(sides) == 2 else ())
        if len(sides) > 2 and not (repo.root / ".git/MERGE_HEAD").exists():
            repo.git("reset", "--quiet", "--hard")
            merge(repo, *sides[1:], options=("-s", "ours"))
        resolve(chance, repo)
        for _ in range(chance.randrange(3)):
            edit(chance, repo, "own")
        repo.track()
        staged = {rule: growth(repo, "--staged", rule=rule) for rule in ("budget", "src")}
        commit = repo.commit("merged")
        parents = repo.git("rev-parse", "HEAD^@").decode().split()
        own = Definition(repo.root, directory / "scratch", cost).own(commit, parents)
        said = {rule: growth(repo, "--rev", "HEAD", rule=rule) for rule in ("budget", "src")}
        assert said == staged
        assert said["budget"] == sum(own.values()), own
        assert said["src"] == sum(tokens for path, tokens in own.items() if path.startswith("src/")), own
