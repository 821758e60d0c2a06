"""What `loopflow agents` costs, and the numbers of the documents from public repositories at fixed commits.

Usage: python benchmarks/agents.py [DIRECTORY]

DIRECTORY holds clones named OWNER+NAME of the repositories below; those that are missing are left out. Times are user
CPU time, the least of three runs side by side, since a busy machine stretches all others; memory is the most that was
resident.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

RUNS = 3
WORDS = "Keep to the words that are here, and say what was measured, with number and date {}.\n"
AGENTS = ("-c", "from loopflow.cli.main import main; main()", "agents")
PROFILE = ("-c", "from loopflow.cli.code_context import main; main()", "--profile")
HOOK = ("--staged", "--check", "-q")


class Cost(NamedTuple):
    """What a run took: seconds of user CPU time, and megabytes."""

    seconds: float
    megabytes: float


class Number(NamedTuple):
    """A number of the documents: where it is from, and how it is found again."""

    repository: str
    commit: str
    what: str
    expected: int
    find: Callable[[dict[str, Any]], int]
    arguments: tuple[str, ...]


def place(document: dict[str, Any], directory: str) -> dict[str, Any]:
    """Return a place of the one agent that was surveyed."""
    [found] = [each for each in document["agents"][0]["places"] if each["directory"] == directory]
    return found


def count_skills(document: dict[str, Any]) -> int:
    """Return how many skills one agent finds below .agents at the root."""
    loads = place(document, ".")["loads"]
    return sum(load["kind"] == "description" and load["path"].startswith(".agents/") for load in loads)


def count_cut(document: dict[str, Any], key: str, *, whole: bool = False) -> int:
    """Return in how many places, or of how many files, something is lost."""
    return len({row[key] for row in document["lost"] if not (whole and row["kept"])})


ASSISTANT = "packages/ai-assistant"
MERCATO, CDKD = "open-mercato+open-mercato", "go-to-k+cdkd"
SENTRY, GITHUB = "getsentry+sentry-mcp", "github+github-mcp-server"
SNAPS = "pkg/github/__toolsnaps__/*.snap"
CODEX, CLAUDE = ("--agent", "codex"), ("--agent", "claude")
NUMBERS = (
    Number(MERCATO, "8c6a837", "Codex, root", 7_443, lambda found: place(found, ".")["start"], CODEX),
    Number(MERCATO, "8c6a837", "Codex, ai-assistant", 7_871, lambda found: place(found, ASSISTANT)["start"], CODEX),
    Number(MERCATO, "8c6a837", "lost there", 23_998, lambda found: place(found, ASSISTANT)["lost"], CODEX),
    Number(MERCATO, "8c6a837", "places with loss", 32, lambda found: count_cut(found, "directory"), CODEX),
    Number(MERCATO, "8c6a837", "never arrive", 14, lambda found: count_cut(found, "path", whole=True), CODEX),
    Number(MERCATO, "8c6a837", "Claude, ai-assistant", 31_879, lambda found: place(found, ASSISTANT)["start"], CLAUDE),
    Number(CDKD, "8ee4235", "Claude, start", 18_169, lambda found: place(found, ".")["start"], CLAUDE),
    Number(CDKD, "8ee4235", "with files", 134_340, lambda found: place(found, "src/provisioning")["files"], CLAUDE),
    Number(SENTRY, "4a10932", "skills through a link", 11, count_skills, CLAUDE),
    Number(SENTRY, "4a10932", "listed twice", 191, lambda found: sum(row["tokens"] for row in found["repeats"]), CODEX),
    Number(GITHUB, "64a49f3", "117 tools", 25_101, lambda found: found["tools"][0]["tokens"], ()),
    Number(GITHUB, "64a49f3", "not sent", 10_287, lambda found: found["tools"][0]["not_sent"], ()),
)  # fmt: skip


def run(program: Sequence[str], arguments: Sequence[str], directory: Path, cache: Path) -> Cost:
    """Run a command in a process of its own, and return what it took."""
    environment = {**os.environ, "LOOPFLOW_CACHE_DIR": str(cache)}
    with open(os.devnull, "wb") as nowhere:
        process = subprocess.Popen(
            [sys.executable, *program, *arguments], cwd=directory, env=environment, stdout=nowhere, stderr=nowhere
        )
        _, _, used = os.wait4(process.pid, 0)
    process.returncode = 0
    return Cost(used.ru_utime, used.ru_maxrss / 1024)


def least(program: Sequence[str], arguments: Sequence[str], directory: Path, cache: Path) -> Cost:
    """Return the cheapest of some runs."""
    costs = [run(program, arguments, directory, cache) for _ in range(RUNS)]
    return Cost(min(cost.seconds for cost in costs), max(cost.megabytes for cost in costs))


def commit(root: Path) -> None:
    """Make a repository of a directory."""
    who = ("-c", "user.name=a", "-c", "user.email=a@example.invalid")
    for command in (("init", "-q"), ("add", "-A"), (*who, "commit", "-q", "-m", "x")):
        subprocess.run(["git", *command], cwd=root, check=True)


def make_plain(root: Path) -> None:
    """Write 10,303 small files, and a budget."""
    for at in range(10_303):
        path = root / f"d{at % 300}" / f"f{at}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"x = {at}\n")
    (root / "loopflow.toml").write_text("[budget]\ntotal = 10_000_000\n")


def make_nested(root: Path) -> None:
    """Write 300 nested AGENTS.md of 8 KB."""
    for at in range(300):
        path = root / f"a{at % 10}" / f"b{at % 30}" / f"c{at}" / "AGENTS.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [WORDS.format(at * 1000 + line) + ("\n## More\n\n" if line % 12 == 0 else "") for line in range(90)]
        path.write_text(f"# {at}\n\n{''.join(lines)}"[:8192])


def make_rules(root: Path) -> None:
    """Write 100,000 files and 50 rules with paths."""
    for at in range(100_000):
        path = root / f"p{at % 50}" / f"q{at % 2000}" / f"f{at}.{('ts', 'py', 'md', 'go')[at % 4]}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    for at in range(50):
        globs = (f"p{at}/**/*.ts", "**/*.py", f"p{at}/**", f"**/q{at}*/*.{{ts,go}}", f"p{at}/q*/f?{at}*.md")
        path = root / ".claude/rules" / f"r{at}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'---\npaths: ["{globs[at % 5]}"]\n---\n# R\n\n{WORDS.format(at) * 20}')


def measure() -> None:
    """Print what runs take."""
    print("| case | bar | CPU s | MB |\n|---|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as name:
        root, cache = Path(name), Path(name) / "cache"
        for case, make in (("plain", make_plain), ("nested", make_nested), ("rules", make_rules)):
            make(root / case)
            commit(root / case)
        plain, nested, rules = (root / case for case in ("plain", "nested", "rules"))
        least(PROFILE, HOOK, plain, cache)
        profile = least(PROFILE, HOOK, plain, cache)
        show("code-context, hook, nothing new, 10,303 files", "", profile)
        show("agents, hook, no candidate", "0.15 s", least(AGENTS, HOOK, plain, cache))
        (plain / "CLAUDE.md").write_text(WORDS * 30)
        commit(plain)
        least(AGENTS, HOOK, plain, cache)
        agents = least(AGENTS, HOOK, plain, cache)
        show("agents, hook, nothing new", f"{profile.seconds:.2f} s", agents)
        show(
            "agents, 300 nested of 8 KB, cold",
            "0.7 s, 130 MB",
            least(AGENTS, ("--staged", "--no-cache"), nested, cache),
        )
        least(AGENTS, ("--staged",), nested, cache)
        show("agents, the same, warm", "45 MB", least(AGENTS, ("--staged",), nested, cache))
        least(AGENTS, ("--staged",), rules, cache)
        show("agents, 100,000 files, 50 rules", "1.0 s", least(AGENTS, ("--staged",), rules, cache))


def show(case: str, bar: str, cost: Cost) -> None:
    """Print a row."""
    print(f"| {case} | {bar} | {cost.seconds:.2f} | {cost.megabytes:.0f} |", flush=True)


def check(directory: Path) -> int:
    """Print the numbers of the documents, and return how many are others."""
    wrong = 0
    print("\n| repository | commit | what | expected | found |\n|---|---|---|---:|---:|")
    for number in NUMBERS:
        root = directory / number.repository
        if not root.is_dir():
            continue
        found = number.find(survey(root, number))
        wrong += found != number.expected
        print(
            f"| {number.repository} | {number.commit} | {number.what} | {number.expected:,} | {found:,} |", flush=True
        )
    return wrong


def survey(root: Path, number: Number) -> dict[str, Any]:
    """Return the JSON that a number is in."""
    arguments: list[str] = ["--rev", number.commit, *number.arguments]
    config = None
    with tempfile.TemporaryDirectory() as name:
        if not number.arguments:
            config = Path(name) / "loopflow.toml"
            config.write_text(f'[agents]\nfor = []\ntools = ["{SNAPS}"]\n')
            arguments += ["--config", str(config)]
        command = [sys.executable, *AGENTS, *arguments, "--format", "json"]
        done = subprocess.run(command, cwd=root, capture_output=True, check=True)
    document: dict[str, Any] = json.loads(done.stdout)
    return document


if __name__ == "__main__":
    measure()
    sys.exit(1 if len(sys.argv) > 1 and check(Path(sys.argv[1])) else 0)
