"""What commits add, added up: along first parents, along the whole graph, over pushes; of random histories.

Totals are told by plain git and one counter. V is what several commits hold together, by the sum rule: what each holds,
less what they have in common. What git's merges settle otherwise (a change made on both sides, a conflict) is the one
thing that keeps commits from adding up to their branch; where nothing is settled, they do, to the token.
"""

import os
import random
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.support.branches import branch, cost, edit, lines, merge, resolve
from tests.support.builder import Repo
from tests.support.examples import some
from tests.support.plumbing import texts_of_tree
from tests.support.run import run

CONFIG = """\
[budget]
growth = 1_000_000
[[rule]]
name = "src"
paths = ["src/"]
growth = 1_000_000
[[rule]]
name = "python"
types = [".py", ".pyi"]
growth = 1_000_000
"""
RULES: Mapping[str, Callable[[str], bool]] = {
    "budget": lambda _: True,
    "src": lambda path: path.startswith("src/"),
    "python": lambda path: path.endswith((".py", ".pyi")),
}
SEEDS = st.integers(0, 10**9)
Edit = Callable[[random.Random, Repo, str], None]
Rows = dict[str, dict[str, Any]]


class History:
    """A repository, what its commits hold, and what is judged of them."""

    def __init__(self, repo: Repo) -> None:
        self.repo = repo
        self._totals: dict[str, dict[str, int]] = {}

    @cached_property
    def here(self) -> Path:
        return self.repo.root

    def ask(self, *command: str) -> list[str]:
        return self.repo.git(*command).decode().split()

    def parents(self, commit: str) -> list[str]:
        return self.ask("rev-parse", f"{commit}^@")

    def bases(self, tip: str, others: Sequence[str]) -> list[str]:
        return self.ask("merge-base", "--all", tip, *others) if others else []

    def total(self, commit: str, rule: str) -> int:
        """Return T: the tokens of a rule in a commit."""
        if commit not in self._totals:
            texts, _ = texts_of_tree(self.here, commit)
            self._totals[commit] = {path: cost(text) for path, text in texts.items()}
        return sum(tokens for path, tokens in self._totals[commit].items() if RULES[rule](path))

    def held(self, tips: Sequence[str], rule: str) -> int:
        """Return V: what several commits hold together."""
        if not tips:
            return 0
        *others, last = tips
        if not others:
            return self.total(last, rule)
        return self.held(others, rule) + self.total(last, rule) - self.held(self.bases(last, others), rule)

    def judge(self, *options: str, env: Mapping[str, str] | None = None) -> Rows:
        """Return the verdicts on growth by rule, each with what moved into it, less what moved out."""
        result = run("--profile", "--check", "--format", "json", *options, cwd=self.here, env=env)
        assert result.code in {0, 1}, result.err
        moves = [each for each in result.json["changes"] if each["kind"] == "moved"]
        rows: Rows = {row["name"]: row for row in result.json["rules"] if row["scope"] == "growth"}
        for name, row in rows.items():
            covers = RULES[name]
            row["moved"] = sum(each["tokens"] * (covers(each["path"]) - covers(each["from"])) for each in moves)
        return rows


@contextmanager
def begun(*names: str) -> Iterator[History]:
    """Make a repository with a commit, on which branches of these names begin."""
    with tempfile.TemporaryDirectory() as directory:
        repo = Repo(Path(os.path.realpath(directory)) / "repo")
        kept = {"loopflow.toml": CONFIG, "src/kept.pyi": "kept = 1\n"}  # no rule ever loses all its files
        repo.track({**kept, "src/a.py": lines("a", 20), "b.py": lines("b", 20), "c.md": "c\n"})
        repo.commit("first")
        for name in names:
            repo.git("branch", name)
        yield History(repo)


def go_on(chance: random.Random, repo: Repo, names: Sequence[str], change: Edit, steps: int) -> None:
    """Let branches commit, each of them once at least, and merge each other; at last the first takes in another one."""
    order = [*names, *(chance.choice(names) for _ in range(steps)), names[0]]
    for step, name in enumerate(order):
        repo.git("checkout", "--quiet", name)
        if step >= len(names) and (chance.random() < 0.6 or step == len(order) - 1):
            merge(repo, chance.choice([each for each in names if each != name]))
            resolve(chance, repo)
        is_merging = (repo.root / ".git/MERGE_HEAD").exists()
        if not is_merging or chance.random() < 0.6:
            change(chance, repo, name)
        repo.track().commit(f"{name} {step}")


def edit_own(chance: random.Random, repo: Repo, who: str) -> None:
    """Change what nobody else has a hand in: no merge of two branches then ever settles anything."""
    own = sorted(repo.root.glob(f"*/{who}*"))
    target = chance.choice(own) if own else None
    is_merging = (repo.root / ".git/MERGE_HEAD").exists()  # to remove a file then is to take a side
    kind = chance.choice(["add", "add", "rewrite", "rewrite" if is_merging else "remove"])
    mark = f"{who}_{chance.randrange(10**6)}"
    if kind == "add" or target is None:
        suffix = chance.choice([".py", ".md"])
        repo.write(f"{chance.choice(['src', 'lib'])}/{mark}{suffix}", lines(mark, chance.randrange(1, 9)))
    elif kind == "remove":
        target.unlink()
    else:
        target.write_text(target.read_text() + lines(mark, chance.randrange(1, 9)))


@some(5)
@given(SEEDS)
def test_along_first_parents(seed: int) -> None:
    """A merge has what its first side has, what others brought, what was written in it, and what moved into a rule."""
    chance = random.Random(seed)  # noqa: S311
    with begun("one", "two") as history:
        go_on(chance, history.repo, ["one", "two", "main"], edit, 2)
        for commit in history.ask("rev-list", "--all", "--max-count=6"):
            first = history.parents(commit)[:1]
            for name, row in history.judge("--rev", commit).items():
                brought = row["base_value"] - (history.total(first[0], name) if first else 0)
                grown = history.total(commit, name) - (history.total(first[0], name) if first else 0)
                assert grown == row["value"] + brought + row["moved"], (commit, name)


@some(4)
@given(SEEDS)
def test_along_the_graph(seed: int) -> None:
    """What a branch holds beyond where it began is what its commits added and its merges settled, of any history."""
    chance = random.Random(seed)  # noqa: S311
    with begun("one", "two") as history:
        go_on(chance, history.repo, ["one", "two", "main"], edit, 4)
        own = dict.fromkeys(RULES, 0)
        for commit in history.ask("rev-list", "one", "^main"):
            for name, row in history.judge("--rev", commit).items():
                settled = row["base_value"] - history.held(history.parents(commit), name)
                assert settled == 0 or len(history.parents(commit)) > 1
                own[name] += row["value"] + row["moved"] + settled
        for name, sum_of_commits in own.items():
            began = history.held(history.bases("one", ["main"]), name)
            assert sum_of_commits == history.total("one", name) - began


@some(5)
@given(SEEDS)
def test_a_branch_is_the_sum_of_its_commits_where_nothing_is_settled(seed: int) -> None:
    """However often it takes in another branch, or is taken in: with no file that two have changed, to the token."""
    chance = random.Random(seed)  # noqa: S311
    with begun("one", "two") as history:
        go_on(chance, history.repo, ["one", "two", "main"], edit_own, 4)
        judged = history.judge("--rev", "one", "--against", "main")
        sums = dict.fromkeys(RULES, 0)
        for commit in history.ask("rev-list", "one", "^main"):
            for name, row in history.judge("--rev", commit).items():
                assert row["base_value"] == history.held(history.parents(commit), name), "nothing is settled"
                sums[name] += row["value"]
        assert sums == {name: row["value"] for name, row in judged.items()}


@some(4)
@given(SEEDS)
def test_a_branch_stands_by_its_tree_and_its_bases(seed: int) -> None:
    """Whatever its commits were: small ones, one squashed, a side that was merged, one that takes in all of main."""
    chance = random.Random(seed)  # noqa: S311
    with begun("one", "two") as history:
        repo = history.repo
        go_on(chance, repo, ["one", "two"], edit, 2)
        branch(repo, "main", "main", {"main.py": lines("main", 5)}, {"src/a.py": lines("m", 9)})
        tree = f"{chance.choice(['one', 'two'])}^{{tree}}"
        [base] = history.ask("merge-base", "main", "one")

        def commit(*parents: str) -> str:
            [made] = history.ask("commit-tree", "-m", "made", *(f"-p{parent}" for parent in parents), tree)
            return made

        for tips in (
            [commit(base), commit("one"), commit("two", "one"), commit(base, "one")],
            [commit("main"), commit("main", "one"), commit("one", "main"), commit("one", "two", "main")],
        ):
            verdicts = [history.judge("--rev", tip, "--against", "main") for tip in tips]
            assert verdicts == verdicts[:1] * len(tips)


def publish(repo: Repo) -> None:
    there = Repo(repo.root.parent / "remote", init=("--bare",))
    repo.git("remote", "add", "origin", str(there.root))
    repo.git("push", "--quiet", "origin", "main")


def judge_push(history: History, before: str, after: str) -> dict[str, int]:
    told = {"FROM_REF": before, "TO_REF": after, "REMOTE_NAME": "origin", "REMOTE_BRANCH": "refs/heads/one"}
    rows = history.judge("--pushed", env={f"PRE_COMMIT_{name}": value for name, value in told.items()})
    return {name: row["value"] for name, row in rows.items()}


@some(5)
@given(SEEDS)
def test_a_clean_rebase_that_is_forced_adds_nothing(seed: int) -> None:
    """What the branch held before, and what its new base has, is not growth again; what is written on top of it is."""
    chance = random.Random(seed)  # noqa: S311
    with begun("one") as history:
        repo = history.repo
        publish(repo)
        write(chance, repo, "one", 3)
        before = repo.git("rev-parse", "one").decode().strip()
        repo.git("push", "--quiet", "origin", "one")
        write(chance, repo, "main", 2)
        repo.git("push", "--quiet", "origin", "main")
        repo.git("checkout", "--quiet", "one")
        repo.git("rebase", "--quiet", "main")
        assert judge_push(history, before, "one") == dict.fromkeys(RULES, 0)
        more = lines("more", 5)
        repo.track({"src/more.py": more}).commit("more")
        assert judge_push(history, before, "one") == dict.fromkeys(RULES, cost(more))


def write(chance: random.Random, repo: Repo, name: str, commits: int) -> None:
    """Let a branch commit what is its own."""
    repo.git("checkout", "--quiet", name)
    for number in range(commits):
        edit_own(chance, repo, name)
        repo.track().commit(f"{name} {number}")


@some(5)
@given(SEEDS)
def test_one_push_or_many(seed: int) -> None:
    """On a linear history the growth of pushes is that of the one push which sends it all."""
    chance = random.Random(seed)  # noqa: S311
    with begun("one") as history:
        repo = history.repo
        publish(repo)
        begin = repo.git("rev-parse", "one").decode().strip()
        repo.git("push", "--quiet", "origin", "one")
        repo.git("checkout", "--quiet", "one")
        for number in range(5):
            edit(chance, repo, "one")
            repo.track().commit(str(number))
        commits = history.ask("rev-list", "--reverse", f"{begin}..one")
        stops = [begin, *sorted(chance.sample(commits[:-1], chance.randrange(1, 4)), key=commits.index), commits[-1]]
        rows = [
            history.judge("--pushed", env={"PRE_COMMIT_FROM_REF": a, "PRE_COMMIT_TO_REF": b})
            for a, b in pairwise(stops)
        ]
        whole = history.judge("--pushed", env={"PRE_COMMIT_FROM_REF": begin, "PRE_COMMIT_TO_REF": "one"})
        for name in RULES:
            assert sum(row[name]["value"] + row[name]["moved"] for row in rows) == (
                whole[name]["value"] + whole[name]["moved"]
            )
