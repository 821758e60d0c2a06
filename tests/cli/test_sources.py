"""--staged, --rev and --changed on the command line: what is printed is what is counted, and a refusal is one line."""

import re
from collections.abc import Sequence

import pytest

from tests.support.builder import Repo
from tests.support.run import run

SOURCES = [
    pytest.param((), "worktree", None, id="work tree"),
    pytest.param(("--staged",), "index", None, id="staged"),
    pytest.param(("--rev", "HEAD~1"), "revision", "HEAD~1", id="rev"),
    pytest.param(("--changed",), "worktree", None, id="changed"),
    pytest.param(("--staged", "--changed"), "index", None, id="staged and changed"),
    pytest.param(("--rev=HEAD", "--changed"), "revision", "HEAD", id="rev and changed"),
]
PATHS = {
    (): {"a.py", "new.py", "src/b.py"},
    ("--staged",): {"a.py", "src/b.py", "src/gone.py"},
    ("--rev", "HEAD~1"): {"a.py"},
    ("--changed",): {"a.py", "new.py"},
    ("--staged", "--changed"): {"src/gone.py"},
    ("--rev=HEAD", "--changed"): {"src/b.py"},
}


@pytest.fixture
def project(repo: Repo) -> Repo:
    """Return a repository of two commits in which the disk, the index and HEAD differ."""
    repo.track({"a.py": "first\n"}).commit()
    repo.track({"src/b.py": "b\n"}).commit()
    repo.track({"src/gone.py": "staged\n"})
    (repo.root / "src/gone.py").unlink()
    repo.write("a.py", "edited\n")
    repo.write("new.py", "new\n")
    repo.git("add", "--intent-to-add", "new.py")
    return repo


@pytest.mark.parametrize(("options", "kind", "revision"), SOURCES)
def test_what_is_printed_is_what_is_counted(
    project: Repo, options: tuple[str, ...], kind: str, revision: str | None
) -> None:
    """Context and profile name the same files, with the same sum, for each source; the JSON says which it was."""
    profile = run(*options, "--profile", "--format", "json", cwd=project.root)
    context = run(*options, cwd=project.root)
    assert (context.code, profile.code) == (0, 0)
    printed = re.findall("<source>(.*)</source>", context.out)
    assert printed == [file["path"] for file in profile.json["files"]]
    assert set(printed) == PATHS[options]
    assert profile.json["source"] == {"kind": kind, "revision": revision}
    total = profile.json["total"]
    files = "file" if total["files"] == 1 else "files"
    assert f": {total['files']} {files}, {total['tokens']} token" in context.err


REFUSALS: list[tuple[Sequence[str], str]] = [
    (("--staged", "--rev", "HEAD"), "--staged reads the index, --rev a commit; leave one of them out"),
    (("--staged", "--rev", ""), "--staged reads the index, --rev a commit; leave one of them out"),
    (("--staged", "-u"), "untracked files are in no index and in no commit; leave out -u"),
    (("--rev", "HEAD", "-u"), "untracked files are in no index and in no commit; leave out -u"),
    (("--rev", "nowhere"), "no such revision in ROOT: nowhere; check the name; git log, git branch"),
    (("--rev", "-nowhere"), "no such revision in ROOT: -nowhere; check the name"),
    (("--rev=--all", "--changed"), "no such revision in ROOT: --all; check the name"),
    (("--staged", "new.py"), "not in the index: new.py; check the path; git ls-files and git ls-tree list them"),
    (("--rev", "HEAD", "src/gone.py"), "not in HEAD: src/gone.py; check the path"),
    (("--staged", "src", "../other"), "these paths lie in more than one repository: OTHER and ROOT; read one of them"),
    (("--staged", ".."), ".. is not in a git repository; only files of one can be read like this"),
    (("--changed", ".."), ".. is not in a git repository: nothing tells what has changed there; leave out --changed"),
    (("--staged", "-e", "rs"), "nothing is left to select: --extension rs; check the paths and filters"),
]


@pytest.fixture
def roots(project: Repo) -> dict[str, str]:
    """Return what the names in the messages above stand for; there is another repository beside the project."""
    other = Repo(project.root.parent / "other").track({"x.py": "x"})
    other.commit()
    assert run("--profile", cwd=other.root).code == 0  # with a count in the cache, no run loads an encoding in vain
    return {"ROOT": str(project.root), "OTHER": str(other.root)}


def test_a_source_that_cannot_be_read_is_refused_in_one_line(project: Repo, roots: dict[str, str]) -> None:
    """Exit code 2, nothing on standard output, what and why on one line."""
    for options, message in REFUSALS:
        result = run(*options, "--profile", "--format", "json", cwd=project.root)
        expected = re.sub("ROOT|OTHER", lambda name: roots[name[0]], message)
        assert (result.code, result.out) == (2, ""), options
        assert result.err.startswith(f"code-context: error: {expected}"), options
        assert result.err.count("\n") == 1, options


@pytest.mark.usefixtures("roots")
def test_printing_is_refused_like_counting(project: Repo) -> None:
    """What cannot be counted cannot be printed, for the same reason."""
    for options, _ in REFUSALS[::3]:
        assert run(*options, cwd=project.root) == run(*options, "--profile", cwd=project.root)


@pytest.mark.parametrize("options", [("--staged",), ("--rev", "HEAD"), ("--changed",), ("--staged", "--changed")])
def test_nothing_to_count_is_an_empty_profile(repo: Repo, options: tuple[str, ...]) -> None:
    """An empty tree, and a tree in which nothing has changed, are profiles of nothing, and no failure."""
    if "--changed" in options:
        repo.track({"a.py": "a"})
    repo.commit()
    result = run(*options, "--profile", "--format", "json", cwd=repo.root)
    assert result.code == 0
    assert result.json["total"] == {"tokens": 0, "files": 0, "bytes": 0}
    assert "-u" not in result.err
