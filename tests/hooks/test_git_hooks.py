"""hooks/pre-commit and hooks/pre-push, switched on with core.hooksPath and run by git: what they run and say.

Most tests put a program in the place of code-context that writes down how it was called; the last have the real one.
"""

import os
import shlex
import shutil
import stat
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.support.builder import Repo, write_files
from tests.support.charts import words
from tests.support.run import COMMAND, Result, run_process

HOOKS = Path(__file__).parents[2] / "hooks"
NAMES = ("pre-commit", "pre-push")
NO_PROGRAM = "code-context is not installed"
PATHSPEC_VARIABLES = tuple(f"GIT_{how}_PATHSPECS" for how in ("LITERAL", "GLOB", "NOGLOB", "ICASE"))

# Writes down how it was called, a line for each call, and ends as it was told to.
STAND_IN = """#!/bin/sh
echo "$0|$*|${{PRE_COMMIT_FROM_REF-}}|${{PRE_COMMIT_TO_REF-}}|${{PRE_COMMIT_REMOTE_NAME-}}" >> {calls}
cat > {calls}.stdin
exit "$(cat {calls}.code)"
"""


@dataclass(frozen=True, slots=True)
class Clone:
    """A clone with the hooks, and what stands in for the program."""

    repo: Repo
    path: Path
    """The directory, first on the PATH, where the program may be."""
    calls: Path

    def install(self, directory: Path | None = None, code: int = 0) -> None:
        """Put the stand-in into `directory`, by default one on the PATH. It ends with `code`."""
        write_program((directory or self.path) / "code-context", STAND_IN.format(calls=shlex.quote(str(self.calls))))
        self.calls.with_suffix(".code").write_text(str(code))

    def git(self, *arguments: str, cwd: Path | None = None) -> Result:
        """Run git, with its hooks; all output comes as standard error."""
        env = {"PATH": f"{self.path}{os.pathsep}{os.environ['PATH']}"}
        done = run_process(*arguments, cwd=cwd or self.repo.root, env=env, program=("git",))
        return replace(done, err=done.err + done.out)

    @property
    def called(self) -> list[tuple[str, ...]]:
        """The calls: which program, its arguments, and the three variables of a push."""
        return [tuple(line.split("|")) for line in self.calls.read_text().splitlines()] if self.calls.exists() else []

    @property
    def judged(self) -> list[tuple[str, str]]:
        """The pushes that were judged: from what, and what."""
        assert all(call[1] == "--profile --pushed --check --quiet" for call in self.called)
        return [(before, pushed) for _, _, before, pushed, _ in self.called]

    def tip(self, revision: str = "HEAD") -> str:
        return self.repo.git("rev-parse", revision).decode().strip()

    def add(self, name: str, tokens: int = 10) -> str:
        """Commit a file without asking the hooks; return the commit's id."""
        return self.repo.track({f"{name}.py": words(tokens, name[0])}).commit(name)


def write_program(path: Path, text: str) -> None:
    write_files(path.parent, {path.name: text})
    path.chmod(0o755)


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clone:
    """Return a clone with the hooks, below a path with a blank, and without a program. Its remote has its branch."""
    monkeypatch.setenv("LOOPFLOW_CACHE_DIR", str(tmp_path.parent / "counts"))
    path = tmp_path / "a bin"
    path.mkdir()
    without = [each for each in os.environ["PATH"].split(os.pathsep) if not (Path(each) / "code-context").exists()]
    monkeypatch.setenv("PATH", os.pathsep.join(without))
    remote = Repo(tmp_path / "the remote", init=("--bare",))
    repo = Repo(tmp_path / "a clone")
    for name in NAMES:
        (repo.root / "hooks").mkdir(exist_ok=True)
        shutil.copy(HOOKS / name, repo.root / "hooks" / name)
    repo.track({"main.py": words(1_000), "loopflow.toml": "[budget]\ngrowth = 50\n"}).commit()
    repo.git("remote", "add", "origin", str(remote.root))
    repo.git("push", "--quiet", "origin", "main")
    repo.git("config", "core.hooksPath", "hooks")
    return Clone(repo, path, tmp_path / "calls")


def test_what_the_hooks_are() -> None:
    """They can be run, find the program in the same way, and the linter of shells has nothing to say."""
    texts = [(HOOKS / name).read_text() for name in NAMES]
    assert all(os.access(HOOKS / name, os.X_OK) for name in NAMES)
    assert all(stat.S_IMODE((HOOKS / name).stat().st_mode) & 0o111 == 0o111 for name in NAMES)
    assert len({text[text.index("# Prints where") : text.index("if ! program")] for text in texts}) == 1
    if linter := shutil.which("shellcheck"):
        done = subprocess.run([linter, *(HOOKS / name for name in NAMES)], capture_output=True, check=False)
        assert (done.returncode, done.stdout) == (0, b"")


@pytest.mark.parametrize("code", [0, 1, 2, 3, 130])
def test_a_commit_ends_as_the_program_does(clone: Clone, code: int) -> None:
    """The program judges what is staged; anything but 0 stops the commit, and 1 comes with the way past it."""
    clone.install(code=code)
    clone.repo.track({"new.py": "new"})
    hook = run_process(
        cwd=clone.repo.root, program=("hooks/pre-commit",), env={"PATH": f"{clone.path}:{os.environ['PATH']}"}
    )
    assert hook.code == code
    made = clone.git("commit", "--quiet", "--message=new")
    assert bool(made.code) is bool(code)
    assert [call[1] for call in clone.called] == ["--profile --staged --check --quiet"] * 2
    assert ("git commit --no-verify" in made.err) is (code == 1)
    assert clone.git("commit", "--quiet", "--allow-empty", "--message=new", "--no-verify").code == 0


@pytest.mark.parametrize("code", [0, 1, 2, 3, 130])
def test_a_push_ends_as_the_program_does(clone: Clone, code: int) -> None:
    """Anything but 0 stops the push, and 1 comes with the way past it."""
    clone.install(code=code)
    tip = clone.add("new")
    lines = f"refs/heads/main {tip} refs/heads/main {clone.tip('origin/main')}\n".encode()
    env = {"PATH": f"{clone.path}:{os.environ['PATH']}"}
    hook = run_process("origin", "url", cwd=clone.repo.root, program=("hooks/pre-push",), env=env, stdin=lines)
    assert hook.code == code
    pushed = clone.git("push", "origin", "main")
    assert bool(pushed.code) is bool(code)
    assert ("git push --no-verify" in pushed.err) is (code == 1)
    assert clone.git("push", "--no-verify", "origin", "main").code == 0


def test_without_the_program(clone: Clone) -> None:
    """Where it is not installed, neither hook lets anything pass unseen, and both say what is wrong."""
    clone.repo.track({"new.py": "new"})
    made = clone.git("commit", "--message=new")
    assert (made.code, NO_PROGRAM in made.err, "git commit --no-verify" in made.err) == (1, True, True)
    clone.add("other")
    pushed = clone.git("push", "origin", "main")
    assert (pushed.code, NO_PROGRAM in pushed.err, "git push --no-verify" in pushed.err) == (1, True, True)
    for name in NAMES:
        hook = run_process(cwd=clone.repo.root, program=(f"hooks/{name}",))
        assert (hook.code, hook.out) == (2, "")


def test_the_program_of_the_path_comes_first(clone: Clone) -> None:
    """What is on the PATH is what the user chose; without it, the environment in the work tree does."""
    environment = clone.repo.root / ".venv/bin"
    clone.repo.write(".gitignore", ".venv/\n")
    clone.install(environment)
    clone.install()
    assert clone.git("commit", "--quiet", "--allow-empty", "--message=path").code == 0
    (clone.path / "code-context").unlink()
    assert clone.git("commit", "--quiet", "--allow-empty", "--message=environment").code == 0
    assert [call[0] for call in clone.called] == [str(clone.path / "code-context"), str(environment / "code-context")]


def test_the_environment_of_the_main_work_tree(clone: Clone, tmp_path: Path) -> None:
    """A linked work tree seldom has an environment of its own, and uses the main one's."""
    linked = tmp_path / "linked tree"
    clone.repo.write(".gitignore", ".venv/\n")
    clone.repo.git("worktree", "add", "--quiet", "-b", "linked", str(linked))
    clone.install(clone.repo.root / ".venv/bin")
    (linked / "new.py").write_text("new")
    clone.repo.git("-C", str(linked), "add", "new.py")
    assert clone.git("commit", "--quiet", "--message=new", cwd=linked).code == 0
    assert clone.git("push", "origin", "linked", cwd=linked).code == 0
    assert [call[0] for call in clone.called] == [str(clone.repo.root / ".venv/bin/code-context")] * 2


@pytest.mark.parametrize("name", [".venv", ".VENV"])
def test_an_environment_that_is_tracked_is_not_run(clone: Clone, name: str) -> None:
    """A program that came with somebody's commits is nothing that the user has installed."""
    clone.install(clone.repo.root / ".venv/bin")
    blob = clone.repo.add_index_entry(f"{name}/bin/code-context", b"#!/bin/sh\n", mode="100755")
    assert blob
    made = clone.git("commit", "--message=new")
    assert (made.code, NO_PROGRAM in made.err, clone.called) == (1, True, [])


@pytest.mark.parametrize("variable", PATHSPEC_VARIABLES)
@pytest.mark.parametrize("hook", NAMES)
def test_how_a_caller_reads_paths_is_no_matter(
    clone: Clone, monkeypatch: pytest.MonkeyPatch, variable: str, hook: str
) -> None:
    """Git hands on how an editor has it read paths; a tracked environment is found all the same."""
    clone.install(clone.repo.root / ".venv/bin")
    clone.repo.add_index_entry(".venv/bin/code-context", b"#!/bin/sh\n", mode="100755")
    monkeypatch.setenv(variable, "1")
    command = ("commit", "--message=new") if hook == "pre-commit" else ("push", "origin", "HEAD:refs/heads/new")
    if hook == "pre-push":
        clone.add("new")
    made = clone.git(*command)
    assert (made.code, NO_PROGRAM in made.err, clone.called) == (1, True, [])


@pytest.mark.parametrize("variable", PATHSPEC_VARIABLES)
def test_an_own_environment_is_run_however_paths_are_read(
    clone: Clone, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """The user's own program, which is in no commit, is found with these variables too."""
    clone.install(clone.repo.root / ".venv/bin")
    monkeypatch.setenv(variable, "1")
    assert (clone.git("commit", "--allow-empty", "--message=new").code, len(clone.called)) == (0, 1)


def test_each_branch_of_a_push_is_judged(clone: Clone) -> None:
    """Several branches in one push are several changes; the worst of them decides."""
    clone.install()
    before, first = clone.tip(), clone.add("first")
    clone.repo.git("checkout", "--quiet", "-b", "second", "HEAD~1")
    second = clone.add("second")
    assert clone.git("push", "origin", "main", "second").code == 0
    assert clone.judged == [(before, first), ("", second)]
    assert {call[4] for call in clone.called} == {"origin"}
    assert clone.calls.with_suffix(".stdin").read_text() == "", "git's lines are the hook's own"


def test_the_worst_branch_decides(clone: Clone) -> None:
    """A branch that is fine does not hide one before it that is not."""
    text = "case $PRE_COMMIT_TO_REF in {first}) exit 1 ;; esac\n"
    first = clone.add("first")
    clone.repo.git("checkout", "--quiet", "-b", "second", "HEAD~1")
    clone.add("second")
    write_program(clone.path / "code-context", "#!/bin/sh\n" + text.format(first=first))
    assert clone.git("push", "origin", "main", "second").code == 1
    assert clone.git("push", "origin", "second").code == 0


def test_what_is_not_judged(clone: Clone) -> None:
    """Branches that are deleted, tags of what is no commit, and what the remote has already need no judgement."""
    clone.install(code=1)
    clone.repo.git("push", "--quiet", "--no-verify", "origin", "main:refs/heads/old", "main:refs/heads/older")
    clone.repo.git("tag", "here")
    clone.repo.git("tag", "moved", "HEAD:loopflow.toml")
    clone.repo.git("push", "--quiet", "--no-verify", "origin", "moved")
    clone.repo.git("tag", "--force", "--annotate", "--message=blob", "moved", "HEAD:main.py")
    clone.repo.git("tag", "tree", "HEAD^{tree}")
    pushed = clone.git("push", "origin", ":old", ":older", "here", "+moved", "tree", "main:refs/heads/new")
    assert (pushed.code, clone.called) == (0, []), pushed.err


def test_what_is_pushed_may_have_any_name(clone: Clone) -> None:
    """Git repeats what the user wrote; blanks in it shift nothing. A tag is judged by its id."""
    clone.install()
    tip = clone.add("new")
    clone.repo.git("tag", "--annotate", "--message=tag", "v1")
    assert clone.git("push", "origin", "HEAD@{0 seconds ago}:refs/heads/x$(>y)").code == 0
    assert clone.git("push", "--force", "origin", "HEAD~1:refs/heads/x$(>y)").code == 0
    clone.repo.git("push", "--quiet", "--no-verify", "origin", ":refs/heads/x$(>y)")
    assert clone.git("push", "origin", "v1").code == 0
    assert clone.judged == [("", tip), (tip, clone.tip("HEAD~1")), ("", clone.tip("v1"))]
    assert not list(clone.repo.root.glob("y*"))


def test_a_push_to_an_address(clone: Clone, tmp_path: Path) -> None:
    """A remote without a name is known by its address, and nothing more is known of it."""
    clone.install()
    assert clone.git("push", str(tmp_path / "the remote"), "main:refs/heads/new").code == 0
    assert [call[4] for call in clone.called] == [str(tmp_path / "the remote")]


def test_a_repository_of_longer_ids(clone: Clone, tmp_path: Path) -> None:
    """Ids of SHA-256 are longer, and zeros are zeros."""
    clone.install()
    repo = Repo(tmp_path / "long", init=("--object-format=sha256",))
    Repo(tmp_path / "bare", init=("--bare", "--object-format=sha256"))
    repo.track({"a.py": "a"}).commit()
    repo.git("config", "core.hooksPath", str(clone.repo.root / "hooks"))
    there = str(tmp_path / "bare")
    assert clone.git("push", there, "main", "main:refs/heads/old", cwd=repo.root).code == 0
    assert clone.git("push", there, ":old", "main:refs/heads/other", cwd=repo.root).code == 0
    assert [before for before, _ in clone.judged] == ["", "", ""]


@pytest.fixture
def real(clone: Clone) -> Clone:
    """Return the clone with the real program."""
    write_program(clone.path / "code-context", f'#!/bin/sh\nexec {shlex.join(COMMAND)} "$@"\n')
    return clone


def test_commits_within_and_over_budget(real: Clone, tmp_path: Path) -> None:
    """Without pre-commit too: nothing is said of a commit within budget, and one over it is stopped with the reason."""
    real.repo.track({"small.py": words(50, "s")})
    made = real.git("commit", "--quiet", "--message=small")
    assert (made.code, made.err) == (0, "")
    real.repo.track({"large.py": words(60, "l")})
    stopped = real.git("commit", "--quiet", "--message=large")
    assert stopped.code == 1
    assert "FAIL budget, growth: +60 tokens, 10 more than the limit of 50" in stopped.err
    assert stopped.err.endswith("to commit all the same, this once: git commit --no-verify\n")
    linked = tmp_path / "linked tree"
    real.repo.git("worktree", "add", "--quiet", "-b", "linked", str(linked))
    (linked / "large.py").write_text(words(70, "l"))
    real.repo.git("-C", str(linked), "add", "large.py")
    assert "FAIL budget, growth: +70 tokens" in real.git("commit", "--message=large", cwd=linked).err


def test_pushes_within_and_over_budget(real: Clone) -> None:
    """What is pushed is summed up against the remote's branch, or against all it has for a new one."""
    real.add("a", 30)
    passed = real.git("push", "--quiet", "origin", "main")
    assert (passed.code, passed.err) == (0, "")
    real.add("b", 30)
    real.add("c", 25)
    stopped = real.git("push", "--quiet", "origin", "main")
    assert stopped.code == 1
    assert "FAIL budget, growth: +55 tokens, 5 more than the limit of 50" in stopped.err
    assert "to push all the same, this once: git push --no-verify" in stopped.err
    assert "FAIL budget, growth: +55 tokens" in real.git("push", "--quiet", "origin", "main:new").err
    assert real.git("push", "--quiet", "origin", "main~1:refs/heads/new").code == 0
    assert real.git("push", "--quiet", "origin", ":new").code == 0


def test_a_push_over_what_is_not_here(real: Clone, tmp_path: Path) -> None:
    """To force a branch over commits that were never fetched is judged by what the remote is known to have."""
    other = Repo(tmp_path / "other")
    other.git("remote", "add", "origin", str(tmp_path / "the remote"))
    other.git("fetch", "--quiet", "origin")
    other.git("checkout", "--quiet", "-B", "main", "origin/main")
    other.track({"ahead.py": words(10)}).commit()
    other.git("push", "--quiet", "origin", "main")
    real.add("a", 300)
    stopped = real.git("push", "--force", "origin", "main")
    assert stopped.code == 1
    assert "FAIL budget, growth: +300 tokens" in stopped.err + stopped.out


def test_a_branch_of_the_remote_that_is_damaged_stops_a_push(real: Clone) -> None:
    """Where git cannot tell whether the remote has it all, that is no reason to let a new branch pass."""
    real.add("a", 400)
    real.repo.write(".git/refs/remotes/origin/gone", f"{'1' * 40}\n")
    stopped = real.git("push", "--quiet", "origin", "main:refs/heads/new")
    assert stopped.code == 1
    assert "git for-each-ref failed" in stopped.err


def test_the_main_branch_is_known_by_its_name(real: Clone) -> None:
    """To it all that lands counts, what another branch holds, too, and where the clone knows an older state of it."""
    seen = real.tip()
    real.add("small", 5)
    real.repo.git("push", "--quiet", "--no-verify", "origin", "main")
    real.add("feature", 60)
    real.repo.git("push", "--quiet", "--no-verify", "origin", "main:refs/heads/feature")
    real.repo.git("update-ref", "refs/remotes/origin/main", seen)
    stopped = real.git("push", "origin", "main")
    assert stopped.code == 1
    assert "FAIL budget, growth: +60 tokens" in stopped.err
