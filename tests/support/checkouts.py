"""An origin with a history that tells its commits apart, and checkouts of it as workflows make them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.support.builder import Repo

# What actions/checkout calls them; of all others it is a branch of their own name.
_BRANCHES = {
    "configured": "origin/configured",
    "fourth": "origin/main",
    "merged": "pull/7/merge",
    "start": "origin/main",
    "two": "origin/work",
    "amended": "origin/main",
}
CONFIG = '[budget]\ntotal = "10k"\n'


@dataclass(frozen=True, slots=True)
class Origin:
    """A repository on a server. Each commit adds one file that is named after it; `commits` are ids by that name.

    main: start, second, third, fourth. From second: one, two, which is the pull request 7, merged with third. From two:
    configured, whose config says what to compare with. From main's second: rewritten, and amended, which has what third
    has as well.

    Work that goes on: synced has two, merged with third; rebased has one and two again, and more, on fourth; queued is
    what another pull request makes of merged; written is merged with a file that neither side has. Two branches that
    merged each other, from second: trunk and crossed.
    """

    repo: Repo
    commits: dict[str, str]

    def check_out(self, at: Path, name: str, depth: int | None) -> Path:
        """Check a commit out as actions/checkout does: detached, its history cut at `depth`, or whole with None."""
        clone = Repo(at)
        clone.git("remote", "add", "origin", f"file://{self.repo.root}")
        commit = self.commits[name]
        every = ["+refs/heads/*:refs/remotes/origin/*"] if depth is None else [f"--depth={depth}"]
        wanted = f"refs/remotes/{_BRANCHES.get(name, f'origin/{name}')}"
        cut = every if depth is not None else []
        clone.git("fetch", "--quiet", "--no-tags", *cut, "origin", f"+{commit}:{wanted}")
        if depth is None:
            clone.git("fetch", "--quiet", "--no-tags", "origin", *every)
        clone.git("checkout", "--quiet", "--detach", commit)
        return at


def build_origin(root: Path) -> Origin:
    """Build the origin."""
    repo = Repo(root)
    commits: dict[str, str] = {}

    def commit(name: str) -> None:
        repo.track({f"{name}.md": f"{name}\n"})
        commits[name] = repo.commit(name)

    repo.track({"loopflow.toml": CONFIG})
    for name in ("start", "second"):
        commit(name)
    repo.git("branch", "--quiet", "work")
    repo.git("checkout", "--quiet", "-b", "configured")
    for name in ("one", "two"):
        commit(name)
    repo.write("loopflow.toml", f'against = "origin/main"\n{CONFIG}')
    commit("configured")
    repo.git("branch", "--quiet", "-f", "work", commits["two"])
    repo.git("checkout", "--quiet", "-b", "other", "main")
    commit("rewritten")
    repo.git("checkout", "--quiet", "main")
    commit("third")
    repo.git("checkout", "--quiet", "--detach")
    repo.git("merge", "--quiet", "--no-ff", "--no-edit", "work")
    commits["merged"] = repo.git("rev-parse", "HEAD").decode().strip()
    repo.git("update-ref", "refs/pull/7/merge", "HEAD")
    repo.git("checkout", "--quiet", "main")
    commit("fourth")
    _go_on(repo, commits, commit)
    repo.git("config", "uploadpack.allowAnySHA1InWant", "true")  # as on GitHub
    return Origin(repo, commits)


def _go_on(repo: Repo, commits: dict[str, str], commit: Callable[[str], None]) -> None:
    """Add the branches on which work goes on, each with a name of its own."""

    def begin(name: str, start: str) -> None:
        repo.git("checkout", "--quiet", "-b", name, commits[start])

    def merge(*others: str, only_begin: bool = False) -> None:
        options = ["--no-commit"] if only_begin else []
        repo.git("merge", "--quiet", "--no-ff", "--no-edit", *options, *(commits.get(each, each) for each in others))

    begin("amended", "second")
    repo.write("third.md", "third\n")
    commit("amended")
    begin("synced", "two")
    merge("third")
    commit("synced")
    begin("rebased", "fourth")
    repo.git("cherry-pick", commits["one"], commits["two"])
    commit("rebased")
    begin("queued", "merged")
    repo.git("checkout", "--quiet", "-b", "next", commits["third"])
    commit("next")
    repo.git("checkout", "--quiet", "queued")
    merge("next")
    commits["queued"] = repo.git("rev-parse", "HEAD").decode().strip()
    begin("written", "third")
    merge("two", only_begin=True)
    commit("written")
    begin("trunk", "second")
    commit("trunk")
    begin("crossed", "second")
    commit("crossing")
    merge("trunk")
    commit("crossed")
    repo.git("checkout", "--quiet", "trunk")
    merge("crossing")
    commit("trunk")
    repo.git("checkout", "--quiet", "main")


def pull_request(origin: Origin, base: str = "second", head: str = "two") -> dict[str, object]:
    """Return what GitHub says of the pull request 7."""
    commits = origin.commits
    return {
        "number": 7,
        "pull_request": {
            "number": 7,
            "base": {"ref": "main", "sha": commits[base]},
            "head": {"ref": "work", "sha": commits[head]},
        },
        "repository": {"default_branch": "main"},
    }


def push(
    origin: Origin, before: str | None, *, ref: str = "refs/heads/work", forced: bool = False
) -> dict[str, object]:
    """Return what GitHub says of a push. `before` is a commit's name, or an id; None for a new branch."""
    commit = "0" * 40 if before is None else origin.commits.get(before, before)
    return {"ref": ref, "before": commit, "forced": forced, "repository": {"default_branch": "main"}}
