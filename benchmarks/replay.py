"""Judge what happened in a real repository again, and hold each number to a second telling.

Usage: python benchmarks/replay.py [--merges N] [--commits M] [--seed S] CLONE

CLONE is a repository with whole history, bare or not; nothing in it is changed. Of the history of its HEAD, N merges
and M other commits are chosen by chance, all of them where there are no more. Of each, the growth is judged as
`code-context --profile --rev COMMIT --check` does, and told a second time by what shares nothing with that but the
counter:

- merges: what the definition (docs/decisions/0019-what-a-change-adds.md) says, by really merging in a clone, and by
  plain loops (tests/support/merges.py);
- commits: the tokens that plain `git diff-tree` puts there, less those that it takes away;
- branches: what a merge's last side adds against its first, `--against`, where the two have one merge base: the tokens
  of plain `git diff-tree` between that base and the side.

It prints how many were the same, how many differ, and each that does; and of how many the growth was not 0, since a
history in which nothing was written proves little. It ends with 1 where a number differs or could not be judged. For
its figures, see benchmarks/replay.md.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

sys.path.insert(0, os.fspath(Path(__file__).resolve().parent.parent))

from loopflow.tokens.choice import create_counter
from tests.support.merges import Definition
from tests.support.run import run

CONFIG = "[budget]\ngrowth = 1_000_000_000\n"
_NO_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


@cache
def cost(text: str) -> int:
    """Return the tokens of a text."""
    return create_counter().count([text])[0]


@dataclass
class Tally:
    """What came of the commits of one kind."""

    kind: str
    same: int = 0
    written: int = 0
    odd: list[str] = field(default_factory=list)

    def add(self, commit: str, judged: int | str, told: int) -> None:
        """Compare a number with the other one; a text says why there is none."""
        self.written += bool(told)
        if judged == told:
            self.same += 1
        else:
            self.odd.append(f"{self.kind} {commit}: judged {judged}, told {told}")


class Replay:
    """A clone, and both ways to tell what was added in it. `scratch` is a directory for what that takes."""

    def __init__(self, clone: Path, scratch: Path) -> None:
        self._clone = clone
        self._config = scratch / "budget.toml"
        self._config.write_text(CONFIG)
        self._definition = Definition(clone, scratch / "merged", cost)
        self._named = ["."] if self.git("rev-parse", "--is-bare-repository") == ["true"] else []
        self._tokens = cache(self._count_blob)

    def git(self, *command: str) -> list[str]:
        """Return what git says, in words."""
        return self._ask(*command).decode().split()

    def judge(self, *options: str) -> int | str:
        """Return the growth that is judged, or the error."""
        arguments = ("--profile", "--check", "--format=json", f"--config={self._config}", *options, *self._named)
        result = run(*arguments, cwd=self._clone)
        if result.code:
            return result.err.strip() or f"exit code {result.code}"
        value: int = result.json["rules"][0]["value"]
        return value

    def written(self, merge: str, parents: Sequence[str]) -> int:
        """Return what was written in a merge, by its definition."""
        return sum(self._definition.own(merge, parents).values())

    def added(self, before: str, after: str) -> int:
        """Return the tokens of one tree less those of another, told from what differs."""
        told = self._ask("diff-tree", "-r", "-z", "--no-renames", before, after).split(b"\0")[:-1]
        entries = [head.decode().lstrip(":").split() for head in told[::2]]
        return sum(
            self._tokens(new_mode, new) - self._tokens(old_mode, old) for old_mode, new_mode, old, new, _ in entries
        )

    def _count_blob(self, mode: str, blob: str) -> int:
        if not mode.startswith("100"):  # neither a link nor a submodule is a text, nor is what is not there
            return 0
        data = self._ask("cat-file", "blob", blob)
        return 0 if b"\0" in data[:8000] else cost(data.decode("utf-8", "replace"))

    def _ask(self, *command: str) -> bytes:
        return run_git(self._clone, *command)


def run_git(directory: Path, *command: str) -> bytes:
    """Return what git says."""
    return subprocess.run(["git", *command], cwd=directory, capture_output=True, check=True).stdout


def replay_merges(replay: Replay, commits: Sequence[str]) -> list[Tally]:
    """Judge merges, and the branches that they brought in."""
    merges, branches = Tally("merge"), Tally("branch")
    for commit in commits:
        parents = replay.git("rev-parse", f"{commit}^@")
        merges.add(commit, replay.judge("--rev", commit), replay.written(commit, parents))
        first, last = parents[0], parents[-1]
        bases = replay.git("merge-base", "--all", first, last)
        if len(bases) == 1:
            branches.add(last, replay.judge("--rev", last, "--against", first), replay.added(bases[0], last))
    return [merges, branches]


def replay_commits(replay: Replay, commits: Sequence[str]) -> Tally:
    """Judge commits with one parent at most."""
    tally = Tally("commit")
    for commit in commits:
        [before] = replay.git("rev-parse", f"{commit}^@") or [_NO_TREE]
        tally.add(commit, replay.judge("--rev", commit), replay.added(before, commit))
    return tally


def main() -> int:
    """Replay what the arguments ask for, and print what came of it."""
    parser = argparse.ArgumentParser(description="Judge the history of a repository again.")
    parser.add_argument("clone", type=Path)
    parser.add_argument("--merges", type=int, default=100)
    parser.add_argument("--commits", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    if run_git(asked.clone, "rev-parse", "--is-shallow-repository").strip() != b"false":
        parser.error(f"the history of {asked.clone} is not whole: git fetch --unshallow")
    chance = random.Random(asked.seed)
    with tempfile.TemporaryDirectory() as directory:
        scratch = Path(os.path.realpath(directory))
        os.environ.setdefault("LOOPFLOW_CACHE_DIR", str(scratch / "counts"))
        replay = Replay(asked.clone.resolve(), scratch)

        def choose(number: int, kind: str) -> list[str]:
            found = replay.git("rev-list", kind, "HEAD")
            return chance.sample(found, min(number, len(found)))

        tallies = replay_merges(replay, choose(asked.merges, "--merges"))
        tallies.append(replay_commits(replay, choose(asked.commits, "--no-merges")))
    return report(tallies, print)


def report(tallies: Sequence[Tally], say: Callable[[str], None]) -> int:
    """Say what came of it, and return the exit code."""
    say("| kind | judged | the same | differ | not 0 |\n|---|---:|---:|---:|---:|")
    for each in tallies:
        say(f"| {each.kind} | {each.same + len(each.odd)} | {each.same} | {len(each.odd)} | {each.written} |")
    odd = [line for each in tallies for line in each.odd]
    for line in odd:
        say(line)
    return 1 if odd else 0


if __name__ == "__main__":
    sys.exit(main())
