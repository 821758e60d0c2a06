"""The index and commits as sources: what is listed, whose bytes are read, and what cannot be read like this."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given

from loopflow.cli.code_context import code_context
from loopflow.cli.requests import read_options
from loopflow.errors import UsageError
from loopflow.io.file import select
from loopflow.io.git.repository import Git
from loopflow.model import Index, Reason, Revision, SelectRequest, Source, Worktree
from tests.support.builder import Repo, write_files
from tests.support.examples import some
from tests.support.plumbing import list_tree, texts_of_tree
from tests.support.printing import Printed, print_texts, refusal
from tests.support.random_repos import UNTRACKED, Tree, built, trees

MakeRepo = Callable[..., Repo]

STAGED = SelectRequest(source=Index())
HEAD = SelectRequest(source=Revision("HEAD"))
GIT_SOURCES = [pytest.param(Index(), id="staged"), pytest.param(Revision("HEAD"), id="rev")]

few = some(8)


def write_tree(repo: Repo) -> str:
    """Return the tree that a commit would record now."""
    return repo.git("write-tree").decode().strip()


@few
@given(trees())
def test_the_index_and_a_commit_are_what_git_makes_of_them(tree: Tree) -> None:
    """Every path of the tree that a commit would record is printed with the blob's text or skipped, and no other."""
    with built(tree) as repo:
        for path, kind in tree.items():
            if kind == UNTRACKED:
                repo.git("--literal-pathspecs", "add", "--force", "--intent-to-add", "--", path)
        written = write_tree(repo)
        texts, skipped = texts_of_tree(repo.root, written)
        commit = repo.git("commit-tree", "-m", "x", written).decode().strip()
        staged = print_texts(repo.root, STAGED)
        committed = print_texts(repo.root, SelectRequest(source=Revision(commit)))
    in_order = sorted(texts, key=os.fsencode)
    for printed in (staged, committed):
        assert printed.texts == texts
        assert list(printed.texts) == in_order
        assert printed.skipped == skipped


@pytest.fixture
def project(repo: Repo) -> Repo:
    """Return a repository in which the commit, the index and the disk hold different texts and paths."""
    repo.track({"a.py": "commit", "src/b.py": "commit", "src/c.md": "commit", "old.py": "commit"}).commit()
    repo.git("rm", "-q", "old.py")
    repo.track({"a.py": "index", "new.py": "index", "src/gone.py": "index"})
    repo.track({"docs/README.md": "index", "README.md": "index"})
    repo.write("a.py", "disk")
    repo.write("src/b.py", "disk")
    repo.write("untracked.py", "disk")
    (repo.root / "src/gone.py").unlink()
    return repo


TEXTS: dict[Source, dict[str, str]] = {
    Worktree(): {
        "README.md": "index",
        "a.py": "disk",
        "docs/README.md": "index",
        "new.py": "index",
        "src/b.py": "disk",
        "src/c.md": "commit",
    },
    Index(): {
        "README.md": "index",
        "a.py": "index",
        "docs/README.md": "index",
        "new.py": "index",
        "src/b.py": "commit",
        "src/c.md": "commit",
        "src/gone.py": "index",
    },
    Revision("HEAD"): {"a.py": "commit", "old.py": "commit", "src/b.py": "commit", "src/c.md": "commit"},
}


@pytest.mark.parametrize("source", TEXTS, ids=lambda source: source.kind)
def test_each_source_has_its_own_texts(project: Repo, source: Source) -> None:
    """The work tree is read from disk, the index and a commit from their blobs, whatever the others hold."""
    printed = print_texts(project.root, SelectRequest(source=source))
    assert printed.texts == TEXTS[source]
    assert printed.skipped == ({"src/gone.py": Reason.MISSING} if source == Worktree() else {})


FILTERED = [
    pytest.param(SelectRequest(extensions=("md",)), {"README.md", "docs/README.md", "src/c.md"}, id="extension"),
    pytest.param(SelectRequest(include=("src/",)), {"src/b.py", "src/c.md", "src/gone.py"}, id="include"),
    pytest.param(SelectRequest(exclude=("*.py", "/docs/")), {"README.md", "src/c.md"}, id="exclude"),
    pytest.param(SelectRequest(include=("*.py",), exclude=("src",)), {"a.py", "new.py", "old.py"}, id="both"),
    pytest.param(SelectRequest(paths=("src",)), {"src/b.py", "src/c.md", "src/gone.py"}, id="directory"),
    pytest.param(SelectRequest(paths=("src,a.py",), extensions=("py",)), {"a.py", "src/b.py", "src/gone.py"}, id="two"),
    pytest.param(SelectRequest(paths=("./src/../a.py",)), {"a.py"}, id="up and down"),
]


@pytest.mark.parametrize(("asked", "named"), FILTERED)
@pytest.mark.parametrize("source", TEXTS, ids=lambda source: source.kind)
def test_paths_and_filters_hold_in_every_source(
    project: Repo, source: Source, asked: SelectRequest, named: set[str]
) -> None:
    """Paths and filters select by name, and mean the same wherever files are read from."""
    printed = print_texts(project.root, with_source(asked, source))
    assert set(printed.texts) == named & set(TEXTS[source])


def with_source(request: SelectRequest, source: Source) -> SelectRequest:
    """Return the request for another source."""
    return SelectRequest(
        paths=request.paths,
        extensions=request.extensions,
        include=request.include,
        exclude=request.exclude,
        source=source,
    )


@pytest.mark.parametrize("source", GIT_SOURCES)
def test_readmes_come_from_the_same_tree(project: Repo, source: Source) -> None:
    """READMEs of the directories above are those of the index or the commit, not those on disk."""
    project.write("README.md", "disk")
    project.write("src/README.md", "disk")
    printed = print_texts(project.root, SelectRequest(paths=("src/b.py",), source=source, readmes=True))
    first = {"README.md": "index"} if source == Index() else {}
    assert printed.texts == {**first, "src/b.py": "commit"}


NOT_THERE = [
    pytest.param(Index(), "untracked.py", "not in the index: untracked.py", id="staged, on disk only"),
    pytest.param(Index(), "old.py", "not in the index: old.py", id="staged, in the commit only"),
    pytest.param(Index(), "sr", "not in the index: sr", id="staged, half a name"),
    pytest.param(Index(), "a.py/b", "not in the index: a.py/b", id="staged, below a file"),
    pytest.param(Index(), "new\nline", r"not in the index: new\nline", id="staged, hostile"),
    pytest.param(Revision("HEAD"), "new.py", "not in HEAD: new.py", id="rev, in the index only"),
    pytest.param(Revision("HEAD"), "docs", "not in HEAD: docs", id="rev, a directory"),
    pytest.param(Revision("HEAD~0"), "src,new.py,docs", "not in HEAD~0: new.py, docs", id="rev, two of three"),
    pytest.param(Revision("HEAD"), "", "an empty path names nothing", id="rev, empty"),
]


@pytest.mark.parametrize(("source", "path", "message"), NOT_THERE)
def test_a_path_that_the_source_does_not_hold_is_an_error(
    project: Repo, source: Source, path: str, message: str
) -> None:
    """Whether a path exists is asked of the index or the commit, not of the disk."""
    assert message in refusal(project.root, SelectRequest(paths=(path,), source=source))


@pytest.mark.parametrize("source", GIT_SOURCES)
def test_filters_that_match_nothing_are_an_error(project: Repo, source: Source) -> None:
    """A filter that lets nothing through is a mistake, and -u would not help here."""
    message = refusal(project.root, SelectRequest(extensions=("rs",), source=source))
    assert message == "nothing is left to select: --extension rs; check the paths and filters"


def test_paths_are_relative_to_the_current_directory(project: Repo) -> None:
    """From a subdirectory, paths mean what they mean there, and printed ones are relative to the root."""
    for source in (Index(), Revision("HEAD")):
        assert set(print_texts(project.root / "src", SelectRequest(source=source)).texts) == {
            path for path in TEXTS[source] if path.startswith("src/")
        }
        for path in ("b.py", "../src/b.py", str(project.root / "src/b.py")):
            asked = SelectRequest(paths=(path,), source=source)
            assert print_texts(project.root / "src", asked).texts == {"src/b.py": "commit"}
        assert "not in" in refusal(project.root / "src", SelectRequest(paths=("src/b.py",), source=source))


@pytest.mark.parametrize("source", GIT_SOURCES)
def test_a_path_may_lead_through_what_the_disk_has_in_its_place(project: Repo, source: Source) -> None:
    """A directory of the index that is gone, a file or a link on disk is still the one that is named."""
    asked = SelectRequest(paths=("src/b.py",), source=source)
    shutil.rmtree(project.root / "src")
    assert print_texts(project.root, asked).texts == {"src/b.py": "commit"}
    project.link("src", "/etc")
    assert print_texts(project.root, asked).texts == {"src/b.py": "commit"}
    (project.root / "src").unlink()
    project.write("src", "a file")
    assert print_texts(project.root, asked).texts == {"src/b.py": "commit"}


@pytest.mark.parametrize("source", GIT_SOURCES)
def test_more_than_one_repository_is_an_error(project: Repo, make_repo: MakeRepo, source: Source) -> None:
    """The index and a commit are those of one repository; paths in two are refused, naming both."""
    other = make_repo("other").track({"x.py": "x"})
    other.commit()
    message = refusal(project.root, SelectRequest(paths=("src", "../other"), source=source))
    assert "more than one repository" in message
    assert str(project.root) in message
    assert str(other.root) in message


@pytest.mark.parametrize("source", GIT_SOURCES)
@pytest.mark.parametrize("paths", [(), (".",), ("plain",)])
def test_a_plain_directory_has_neither_index_nor_commits(
    tmp_path: Path, source: Source, paths: tuple[str, ...]
) -> None:
    """Outside of a repository there is nothing to read but the disk, which was not asked for."""
    write_files(tmp_path / "plain", {"a.py": "a"})
    message = refusal(tmp_path, SelectRequest(paths=paths, source=source))
    assert f"{paths[0] if paths else '.'} is not in a git repository" in message


@pytest.mark.parametrize("source", GIT_SOURCES)
def test_untracked_files_are_in_no_index_and_no_commit(project: Repo, source: Source) -> None:
    """-u asks for the disk, --staged and --rev do not: together they are refused."""
    message = refusal(project.root, SelectRequest(source=source, untracked=True))
    assert message == "untracked files are in no index and in no commit; leave out -u"


def test_two_sources_are_an_error() -> None:
    """--staged and --rev are one or the other; an empty revision is a revision, too."""
    given = {option.name: () if option.multiple else None for option in code_context.params if option.name}
    for revision in ("HEAD", ""):
        with pytest.raises(UsageError, match="--staged reads the index, --rev a commit"):
            read_options({**given, "paths": (), "staged": True, "rev": revision}, {}, "/")


def test_intended_files_are_no_part_of_the_index(project: Repo) -> None:
    """`git add -N` adds nothing that a commit would record: neither counted nor skipped, and not to be named."""
    project.git("add", "--intent-to-add", "untracked.py")
    printed = print_texts(project.root, STAGED)
    assert printed.texts == TEXTS[Index()]
    assert printed.skipped == {}
    message = refusal(project.root, SelectRequest(paths=("untracked.py",), source=Index()))
    assert "not in the index: untracked.py" in message


def test_nothing_staged_is_an_empty_selection(repo: Repo) -> None:
    """An empty index has nothing to count, before the first commit and after one."""
    for _ in range(2):
        assert print_texts(repo.root, STAGED) == Printed({}, {}, (".",), 0)
        repo.commit()
    assert print_texts(repo.root, HEAD) == Printed({}, {}, (".",), 0)


def test_an_empty_file_is_counted(repo: Repo) -> None:
    """A staged file without content is a file of no tokens, unlike one that is only intended."""
    repo.track({"empty.py": ""})
    assert print_texts(repo.root, STAGED).texts == {"empty.py": ""}


@pytest.mark.parametrize("count", [1, 3, 5])
@pytest.mark.parametrize("changed", [False, True])
def test_unmerged_paths_are_named(repo: Repo, count: int, *, changed: bool) -> None:
    """An index with conflicts is no tree: up to three of the paths are named, on one line."""
    paths = [f"new\nline{number}.py" for number in range(count)]
    conflict(repo, paths)
    message = refusal(repo.root, SelectRequest(source=Index(), changed=changed))
    named = ", ".join(rf"new\nline{number}.py" for number in range(min(count, 3)))
    more = " and 2 more" if count == 5 else ""
    assert message == f"the index has unmerged paths: {named}{more}; resolve the conflicts and git add them"


def conflict(repo: Repo, paths: list[str]) -> None:
    """Leave the repository in the middle of a merge in which `paths` conflict."""
    repo.track({"same.py": "same", **dict.fromkeys(paths, "base\n")}).commit()
    repo.git("checkout", "--quiet", "-b", "side")
    repo.track(dict.fromkeys(paths, "side\n")).commit()
    repo.git("checkout", "--quiet", "main")
    repo.track(dict.fromkeys(paths, "main\n")).commit()
    with pytest.raises(AssertionError, match="failed"):
        repo.git("merge", "side")


@pytest.mark.parametrize("source", GIT_SOURCES)
def test_what_is_no_text_is_skipped_with_the_reason(repo: Repo, source: Source) -> None:
    """Links, submodules, binary blobs and the baseline are listed with their reasons, whatever is on disk."""
    repo.track({"a.png": b"\0", "big.bin": b"\0" * 9_000_000, "late.txt": b"x" * 8000 + b"\0", "a.py": "a"})
    repo.track({".loopflow-baseline.json": "{}", "sub/.loopflow-baseline.json": "{}"})
    repo.link("link.py", "a.py")
    repo.track()
    repo.add_index_entry("vendor/lib", mode="160000")
    repo.git("commit", "-qm", "x")
    (repo.root / "link.py").unlink()
    repo.write("link.py", "no link any more")
    printed = print_texts(repo.root, SelectRequest(source=source))
    assert set(printed.texts) == {"a.py", "late.txt", "sub/.loopflow-baseline.json"}
    assert printed.skipped == {
        ".loopflow-baseline.json": Reason.BASELINE,
        "a.png": Reason.BINARY,
        "big.bin": Reason.BINARY,
        "link.py": Reason.SYMLINK,
        "vendor/lib": Reason.SUBMODULE,
    }


@pytest.mark.parametrize("source", GIT_SOURCES)
def test_the_blobs_own_bytes_are_counted(repo: Repo, source: Source) -> None:
    """Line endings, encodings and filters are for the disk: the index and a commit hold what is in the blob."""
    repo.git("config", "filter.shout.clean", "tr a-z A-Z")
    repo.git("config", "filter.shout.smudge", "tr A-Z a-z")
    attributes = "*.bat text eol=crlf\n*.loud filter=shout\n*.utf16 text working-tree-encoding=UTF-16\n"
    repo.track({".gitattributes": attributes}).commit()
    repo.track({"x.bat": "a\r\nb\r\n", "x.loud": "quiet", "x.utf16": "wide".encode("utf-16")}).commit()
    printed = print_texts(repo.root, SelectRequest(source=source))
    assert printed.texts == {".gitattributes": attributes, "x.bat": "a\nb\n", "x.loud": "QUIET", "x.utf16": "wide"}
    on_disk = print_texts(repo.root)
    assert on_disk.texts == {".gitattributes": attributes, "x.bat": "a\r\nb\r\n", "x.loud": "quiet"}
    assert on_disk.skipped == {"x.utf16": Reason.BINARY}


@pytest.mark.parametrize("locked", [False, True])
def test_the_index_is_neither_locked_nor_written(project: Repo, *, locked: bool) -> None:
    """Files may look changed that are not, and somebody may hold the lock: the index stays byte for byte."""
    index, lock = project.root / ".git/index", project.root / ".git/index.lock"
    if locked:
        lock.write_bytes(b"")
    os.utime(project.root / "src/c.md", (1, 1))
    before = index.read_bytes(), index.stat().st_mtime_ns, index.stat().st_ino
    stored = sorted(str(path) for path in (project.root / ".git").rglob("*"))
    for changed in (False, True):
        for source in (Index(), Worktree(), Revision("HEAD")):
            print_texts(project.root, SelectRequest(source=source, changed=changed))
    assert (index.read_bytes(), index.stat().st_mtime_ns, index.stat().st_ino) == before
    assert sorted(str(path) for path in (project.root / ".git").rglob("*")) == stored


def test_git_itself_would_write_the_index(project: Repo) -> None:
    """Plain git notes in the index that a file was only touched, even when it is asked not to."""
    os.utime(project.root / "src/c.md", (1, 1))
    before = (project.root / ".git/index").read_bytes()
    project.git("--no-optional-locks", "diff", "HEAD")
    assert (project.root / ".git/index").read_bytes() != before


@pytest.mark.parametrize("source", [Index(), Worktree()], ids=["staged", "worktree"])
@pytest.mark.parametrize("length", [0, 11, 60, 100, 200, 300])
def test_a_damaged_index_is_an_error(project: Repo, source: Source, length: int) -> None:
    """An index that was cut short is never read as a smaller one."""
    index = project.root / ".git/index"
    whole = index.read_bytes()
    assert len(whole) > 400
    index.write_bytes(whole[:length])
    assert refusal(project.root, SelectRequest(source=source))


def test_selection_says_which_blobs(project: Repo) -> None:
    """Each candidate of the index carries the blob and the mode that git lists for it."""
    project.git("update-index", "--chmod=+x", "a.py")
    found = select(STAGED, Git(), str(project.root))
    listed = list_tree(project.root, write_tree(project))
    assert {ref.path: (b"%o" % ref.mode, ref.blob) for ref in found.candidates} == listed
    assert listed["a.py"][0] == b"100755"
