"""A git, or a repository, that is not what it should be: a named error, and never an empty or a wrong profile.

what is wrong                                        what happens
---------------------------------------------------  -----------------------------------------------------------
objects that only a hostile remote has               no fetch, no program; the missing object is named
`git replace`                                        each object is itself
an object that holds another one's content           an error that names it; nothing wrong is kept
somebody else's repository, no git, an old git       an error that says what to do
a repository or an index that is damaged             an error that says where

Programs that a repository configures: test_untrusted_git.py. What git hands to its hooks: test_commits.py.
"""

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.support.builder import Repo, write_files
from tests.support.plumbing import cost_of_tree, git_at
from tests.support.run import run

EVERY_WAY = (
    ("--profile",),
    ("--profile", "--check"),
    ("--profile", "--save-baseline"),
    ("--profile", "--staged", "--check", "--quiet"),
    ("--profile", "--rev", "HEAD", "--format", "json"),
    ("--raw",),
)
FIRST = {"a.py": "first", "src/b.py": "b"}
SECOND = {"a.py": "second", "src/b.py": "b", "src/c.py": "c"}


def tokens_of(root: Path, *options: str) -> dict[str, tuple[int, int]]:
    """Return tokens and bytes of each file, by a run that must succeed."""
    result = run("--profile", "--format", "json", *options, cwd=root)
    assert (result.code, result.err) == (0, "")
    return {file["path"]: (file["tokens"], file["bytes"]) for file in result.json["files"]}


def refusal(root: Path, *options: str, **variables: str) -> str:
    """Return the one line that a run says which cannot be made; it must print nothing and save nothing."""
    result = run(*options, cwd=root, env=variables)
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1), options
    assert not (root / ".loopflow-baseline.json").exists()
    return result.err.removeprefix("code-context: error: ").rstrip("\n")


@pytest.fixture(scope="module", autouse=True)
def counts(isolated_session: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:  # noqa: ARG001
    """Keep the counts of all tests in one place: most of them count the same texts."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("LOOPFLOW_CACHE_DIR", str(tmp_path_factory.mktemp("counts")))
        yield


@pytest.fixture
def history(repo: Repo) -> Repo:
    """Return a repository of two commits, with a tag on the first."""
    repo.track(FIRST).commit()
    repo.git("tag", "light")
    repo.track(SECOND).commit()
    return repo


# --- Objects ---


@pytest.mark.parametrize("options", [("--staged",), ("--staged", "--check"), ("--rev", "HEAD"), ("--changed",)])
def test_what_only_a_hostile_remote_has_is_not_fetched(history: Repo, tmp_path: Path, options: Sequence[str]) -> None:
    """In a partial clone a missing object is an error that names it; whatever the remote is, nothing of it is run."""
    history.git("config", "uploadpack.allowFilter", "true")
    partial = tmp_path / "clone"
    git_at(tmp_path, "clone", "--quiet", "--filter=blob:none", "--no-checkout", f"file://{history.root}", str(partial))
    git_at(partial, "read-tree", "HEAD")
    blob = history.git("rev-parse", "HEAD:a.py").decode().strip()
    mark = tmp_path / "mark"
    program = write_files(tmp_path, {"program": f"#!/bin/sh\ntouch '{mark}'\nexit 1\n"}) / "program"
    program.chmod(0o755)
    for key in ("core.sshCommand", "remote.origin.uploadpack", "credential.helper"):
        git_at(partial, "config", key, str(program))
    git_at(partial, "config", "protocol.ext.allow", "always")
    for url in (f"ext::{program}", "ssh://x/x"):
        git_at(partial, "config", "remote.origin.url", url)
        if options == ("--changed",):  # all files are gone from disk: nothing has to be read
            assert run("--profile", *options, cwd=partial).code == 0
        else:
            message = refusal(partial, "--profile", "--no-cache", *options)
            assert re.match(
                f"the object {blob} of a.py (is missing|cannot be read) in {partial}; in a partial", message
            )
        assert not mark.exists()
    with pytest.raises(AssertionError, match="failed"):
        Repo(partial).git("cat-file", "-p", blob)
    assert mark.exists(), "git itself runs the program to fetch the object"


@pytest.mark.parametrize("kind", ["blob", "tree", "commit"])
def test_replaced_objects_are_themselves(history: Repo, kind: str) -> None:
    """`git replace` shows git another object in the place of one; the command counts what the commit says."""
    true_cost = cost_of_tree(history.root, "HEAD").files
    names = {"blob": ("HEAD:a.py", "light:a.py"), "tree": ("HEAD^{tree}", "light^{tree}"), "commit": ("HEAD", "light")}
    replaced, other = (history.git("rev-parse", name).decode().strip() for name in names[kind])
    history.git("replace", "--force", replaced, other)
    assert cost_of_tree(history.root, "HEAD").files != true_cost, "git itself shows the other one"
    assert tokens_of(history.root, "--rev", "HEAD") == true_cost
    assert tokens_of(history.root, "--rev", "HEAD", "--changed").keys() == {"a.py", "src/c.py"}
    assert tokens_of(history.root, "--staged") == true_cost
    assert tokens_of(history.root, "--staged", "--changed") == {}


@pytest.mark.parametrize("source", [("--staged",), ("--rev", "HEAD")], ids=["staged", "rev"])
@pytest.mark.parametrize("kind", ["text", "large"])
def test_an_object_with_the_content_of_another_is_an_error(
    repo: Repo, tmp_path: Path, source: Sequence[str], kind: str
) -> None:
    """A blob is what its id says, or the run stops and names it; what was counted wrongly is not kept."""
    repo.track({"a.py": "a text\n", "b.py": {"text": "another", "large": "\0" * 9_000_000}[kind]}).commit()
    ids = {path: repo.git("rev-parse", f":{path}").decode().strip() for path in ("a.py", "b.py")}
    stored = {path: repo.root / ".git/objects" / blob[:2] / blob[2:] for path, blob in ids.items()}
    intact = stored["a.py"].read_bytes()
    stored["a.py"].unlink()
    shutil.copy(stored["b.py"], stored["a.py"])
    cache = {"LOOPFLOW_CACHE_DIR": str(tmp_path / "cache")}
    for options in ((), ("--check",), ("--save-baseline",)):
        message = refusal(repo.root, "--profile", *options, *source, **cache)
        assert message.startswith(f"the object {ids['a.py']} of a.py is damaged: its content has the id {ids['b.py']};")
    stored["a.py"].unlink()
    stored["a.py"].write_bytes(intact)
    found = run("--profile", *source, "--format", "json", cwd=repo.root, env=cache).json
    assert (found["files"][0]["path"], found["files"][0]["tokens"]) == ("a.py", 3)


def test_a_missing_object_is_named(history: Repo) -> None:
    """An object that is simply gone is named, in the index as in a commit; what does not need it is counted."""
    blob = history.git("rev-parse", ":src/b.py").decode().strip()
    (history.root / ".git/objects" / blob[:2] / blob[2:]).unlink()
    for source in (("--staged",), ("--rev", "HEAD")):
        message = refusal(history.root, "--profile", "--no-cache", *source)
        assert message.startswith(f"the object {blob} of src/b.py is missing in {history.root}; ")
    assert tokens_of(history.root, "--rev", "HEAD", "a.py,src/c.py").keys() == {"a.py", "src/c.py"}


# --- Git itself ---


@pytest.mark.parametrize("options", EVERY_WAY[1:5], ids=" ".join)
def test_a_repository_of_somebody_else(sample: Path, options: Sequence[str]) -> None:
    """Where git speaks of dubious ownership, the error says whose decision it is and what to run."""
    message = refusal(sample, *options, GIT_TEST_ASSUME_DIFFERENT_OWNER="1")
    assert message.startswith("git does not trust the repository around ")
    assert "git config --global --add safe.directory " in message


@pytest.mark.parametrize("options", EVERY_WAY[2:4], ids=" ".join)
def test_git_is_missing(sample: Path, tmp_path: Path, options: Sequence[str]) -> None:
    """Without git on the PATH, that is what the error says; it is no empty profile."""
    message = "git is not installed, or not on the PATH; install git 2.39 or newer"
    assert refusal(sample, *options, PATH=str(tmp_path)) == message


@pytest.mark.parametrize("options", EVERY_WAY[2:4], ids=" ".join)
def test_git_is_too_old(sample: Path, tmp_path: Path, options: Sequence[str]) -> None:
    """A git that does not know the options that make it safe is refused."""
    script = write_files(tmp_path, {"git": "#!/bin/sh\necho git version 2.38.5\n"}) / "git"
    script.chmod(0o755)
    message = refusal(sample, *options, PATH=f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert message == "this git is too old: git version 2.38.5; install git 2.39 or newer"


def test_a_git_directory_that_is_broken(repo: Repo) -> None:
    """A repository that git cannot use is an error, not a plain directory."""
    repo.track({"a.py": "x = 1\n"})
    repo.root.joinpath(".git/HEAD").unlink()
    for options in EVERY_WAY[1:3]:
        assert refusal(repo.root, *options).startswith("there is a .git at or above ")


@pytest.mark.parametrize("length", [11, 100])
def test_an_index_that_was_cut_short(history: Repo, length: int) -> None:
    """A damaged index is never read as a smaller one, whether git says so or reads on behind its end."""
    index = history.root / ".git/index"
    index.write_bytes(index.read_bytes()[:length])
    for options in EVERY_WAY[2:4]:
        assert refusal(history.root, *options)
    assert tokens_of(history.root, "--rev", "HEAD") == cost_of_tree(history.root, "HEAD").files
