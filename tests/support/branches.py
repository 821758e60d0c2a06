"""Histories to merge: branches with what is on them, merges that are begun, and what people do in between."""

import random
import subprocess
from collections.abc import Mapping
from functools import cache

from loopflow.tokens.choice import create_counter
from tests.support.builder import Repo


@cache
def cost(text: str) -> int:
    return create_counter().count([text])[0]


def lines(name: str, number: int) -> str:
    """Return lines of code, each of which says whose it is."""
    return "".join(f"{name}_{each} = {each}\n" for each in range(number))


def branch(repo: Repo, name: str, start: str, *changes: Mapping[str, str | None]) -> str:
    """Make a branch with a commit for each change; None removes a file. Return its tip."""
    repo.git("checkout", "--quiet", "-B", name, start)
    for each in changes:
        for path, text in each.items():
            if text is None:
                (repo.root / path).unlink()
            else:
                repo.write(path, text)
        repo.track().commit(name)
    return repo.git("rev-parse", "HEAD").decode().strip()


def merge(repo: Repo, *others: str, options: tuple[str, ...] = ()) -> None:
    """Begin a merge that is not committed yet, whether or not git can make it."""
    command = ["git", "merge", "--quiet", "--no-commit", "--no-ff", *options, *others]
    subprocess.run(command, cwd=repo.root, capture_output=True, check=False)


def edit(chance: random.Random, repo: Repo, who: str) -> None:
    """Change something in the work tree, as one or another person would."""
    paths = sorted(str(each.relative_to(repo.root)) for each in repo.root.rglob("*.py"))
    path = chance.choice(paths) if paths else ""
    kind = chance.choice(["insert", "insert", "replace", "cut", "add", "remove", "rename", "copy"])
    mark = f"{who}_{chance.randrange(10**6)}"
    if kind == "add" or not path:
        repo.write(f"{chance.choice(['', 'src/', 'lib/'])}{mark}.py", lines(mark, chance.randrange(1, 12)))
    elif kind == "remove":
        (repo.root / path).unlink()
    elif kind in {"rename", "copy"}:
        target = repo.root / f"{chance.choice(['', 'src/'])}{mark}.py"
        target.parent.mkdir(exist_ok=True)
        text = (repo.root / path).read_text()
        target.write_text(text)
        if kind == "rename":
            (repo.root / path).unlink()
    else:
        found = (repo.root / path).read_text().splitlines(keepends=True)
        at = chance.randrange(len(found) + 1)
        new = lines(mark, chance.randrange(1, 6)).splitlines(keepends=True) if kind != "cut" else []
        found[at : at + (0 if kind == "insert" else chance.randrange(1, 6))] = new
        repo.write(path, "".join(found))


def resolve(chance: random.Random, repo: Repo) -> None:
    """Resolve every conflict in one way or another."""
    names = repo.git("diff", "--name-only", "--diff-filter=U", "-z").decode().split("\0")[:-1]
    for path in names:
        target = repo.root / path
        if target.exists():
            kept = target.read_text().splitlines(keepends=True)
            how = chance.choice(["ours", "theirs", "both"])
            if how == "both":
                kept = [line for line in kept if not line.startswith(("<<<<<<< ", "=======", ">>>>>>> "))]
                target.write_text("".join(kept))
            else:
                try:
                    repo.git("checkout", f"--{how}", "--", path)
                except AssertionError:
                    target.unlink()
