"""Names and entries that are not what they seem: what is listed is counted or skipped, and nothing is followed.

what a repository holds                             what happens
--------------------------------------------------  ------------------------------------------------------------------
names of any bytes, too long, differing in case     listed, counted, shown escaped in every format
links, and files below what is now a link           skipped as links, wherever they lead
what is no file any more, may not be read, is gone  skipped with the reason, without waiting for anybody
paths in conflict                                   on disk one file; the index is refused, with their names
files added with intent only                        no part of the index; on disk what they hold
files that git was told not to look at              read, or missing
submodules, LFS pointers, other line ends           on disk what lies there, in git what the blob says
a link or a submodule that became a file            on disk a file
names in a tree that git never writes               refused by name
unusual repositories                                read like any other

Most of it stands in one repository, on which every way to run the command succeeds.
"""

import base64
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from loopflow.render.formats import FORMATS
from tests.support.branches import branch, merge
from tests.support.builder import Repo, write_files
from tests.support.charts import words
from tests.support.hostile import NAMES, TOO_LONG, Hostile, as_text, make_hostile
from tests.support.oracle import count_text
from tests.support.plumbing import Cost, cost_of_tree, git_at
from tests.support.run import Result, run, run_process
from tests.support.screen import can_act

MakeRepo = Callable[..., Repo]
Sources = Mapping[str, tuple[str, ...]]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")

SOURCES: Sources = {"worktree": (), "index": ("--staged",), "revision": ("--rev", "HEAD")}
EVERY_SOURCE = pytest.mark.parametrize("source", SOURCES)


def exact(entry: Mapping[str, str]) -> str:
    """Return the path of an entry of the JSON, with every byte of it."""
    return os.fsdecode(base64.b64decode(entry["path_base64"])) if "path_base64" in entry else entry["path"]


def cost_of(document: Mapping[str, Any]) -> Cost:
    """Return what a JSON profile says of each file."""
    return Cost(
        {exact(file): (file["tokens"], file["bytes"]) for file in document["files"]},
        {exact(skip): skip["reason"] for skip in document["skipped"]},
    )


def cost_of_texts(texts: Mapping[str, str], skipped: Mapping[str, str]) -> Cost:
    """Return what texts cost, counted by tiktoken."""
    return Cost({path: (count_text(text, "o200k_base"), len(text.encode())) for path, text in texts.items()}, skipped)


@dataclass(frozen=True, slots=True)
class Seen:
    """The hostile repository, and what the command makes of it: the JSON and the other reports of each source."""

    hostile: Hostile
    found: dict[str, Cost]
    reports: dict[str, dict[str, str]]

    def run(self, *arguments: str) -> Result:
        """Run the command on it again."""
        return run(*arguments, cwd=self.hostile.repo.root)


@pytest.fixture(scope="module", autouse=True)
def counts(isolated_session: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:  # noqa: ARG001
    """Keep the counts of all tests in one place: most of them count the same texts."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("LOOPFLOW_CACHE_DIR", str(tmp_path_factory.mktemp("counts")))
        yield


@pytest.fixture(scope="module")
def seen(counts: None, tmp_path_factory: pytest.TempPathFactory) -> Seen:  # noqa: ARG001
    """Profile the hostile repository from each source, in every format at once."""
    directory = tmp_path_factory.mktemp("hostile")
    hostile = make_hostile(directory)
    found, reports = {}, {}
    for source, options in SOURCES.items():
        asked = [f"--report={name}:{directory}/{source}.{name}" for name in FORMATS]
        result = run("--profile", "--format", "json", "--files", *options, *asked, cwd=hostile.repo.root)
        assert (result.code, result.err) == (0, "")
        found[source] = cost_of(result.json)
        reports[source] = {name: (directory / f"{source}.{name}").read_bytes().decode() for name in FORMATS}
    return Seen(hostile, found, reports)


# --- All at once ---


@EVERY_SOURCE
def test_listed_is_counted_plus_skipped(seen: Seen, source: str) -> None:
    """Every path that git lists, as often as that may be, is counted or skipped, once; and no other path is."""
    repo, found = seen.hostile.repo, seen.found[source]
    if source == "revision":
        listed = git_at(repo.root, "ls-tree", "-r", "-z", "--name-only", "HEAD")
    else:
        listed = git_at(repo.root, "ls-files", "-z")
    expected = set(map(os.fsdecode, listed.split(b"\0")[:-1]))
    if source == "index":
        expected -= {"intended\n.py"}
    assert found.files.keys() | found.skipped.keys() == expected
    assert found.files.keys().isdisjoint(found.skipped)


@EVERY_SOURCE
def test_everything_is_counted_as_git_and_tiktoken_count_it(seen: Seen, source: str) -> None:
    """Each file costs what its text costs on disk, or in the blob, and what has no text has its reason."""
    hostile = seen.hostile
    on_disk = cost_of_texts(hostile.texts, hostile.skipped)
    expected = {"worktree": on_disk, "index": hostile.index, "revision": hostile.head}[source]
    assert seen.found[source].files == expected.files
    assert seen.found[source].skipped == expected.skipped


@EVERY_SOURCE
def test_every_way_to_run_succeeds(seen: Seen, source: str, tmp_path: Path) -> None:
    """Checking, saving a baseline, comparing with it and printing succeed, and all of them see the same files."""
    options = SOURCES[source]
    tokens = sum(tokens for tokens, _ in seen.found[source].files.values())
    stored = ("--baseline-file", str(tmp_path / "stored.json"))
    saved = seen.run("--profile", "--save-baseline", *stored, *options)
    assert (saved.code, saved.out) == (0, "")
    checked = seen.run("--profile", "--check", "--baseline", *stored, "--format", "json", *options)
    found = cost_of(checked.json)
    if source == "worktree":  # what the work tree is not to have is judged as the index has it
        left_out = "was/hidden-gone.py"
        assert found.files[left_out] == seen.found["index"].files[left_out]
        without = {path: cost for path, cost in found.files.items() if path != left_out}
        found = Cost(without, {**found.skipped, left_out: "missing"})
    assert (checked.code, checked.err, found) == (0, "", seen.found[source])
    assert checked.json["changes"] == []
    printed = seen.run(*options)
    assert printed.code == 0
    assert f"{len(seen.found[source].files)} files, {tokens:,} tokens" in printed.err


# --- Names ---


@EVERY_SOURCE
def test_names_of_any_bytes_are_counted(seen: Seen, source: str) -> None:
    """Whatever a name consists of, its file is counted with its own text, in every source."""
    for name in NAMES:
        assert seen.found[source].files[as_text(name)][0] == count_text(name.hex(), "o200k_base")


@EVERY_SOURCE
def test_names_that_no_disk_holds_are_counted_in_git(seen: Seen, source: str) -> None:
    """A name of 4,000 bytes is missing on disk, and counted in the index and in a commit."""
    found = seen.found[source]
    names = set(map(as_text, TOO_LONG))
    assert names <= (found.skipped if source == "worktree" else found.files).keys()


@EVERY_SOURCE
def test_names_are_shown_escaped_in_every_format(seen: Seen, source: str) -> None:
    """Nothing in any report can act on a terminal: no escape sequence, no bidirectional control, no raw byte."""
    for name, report in seen.reports[source].items():
        assert not can_act(re.sub("[\r\n]", "", report)), name
    for shown in (r"new\nline.py", r"\x1b[31mred.py", r"\xff\xfe.py", r"\u202egpj.py", "[red]x[/", "Foo.py", "foo.py"):
        assert shown in seen.reports[source]["text"]


def test_names_that_differ_in_case_only_are_two(repo: Repo) -> None:
    """`Foo` and `foo` in one index are two files, even where a disk holds one."""
    repo.add_index_entry("Foo", b"one")
    repo.add_index_entry("foo", b"one two")
    assert cost_of(run("--profile", "--staged", "--format", "json", cwd=repo.root).json).files.keys() == {"Foo", "foo"}


# --- What stands on disk ---


def test_links_are_never_followed(seen: Seen) -> None:
    """Tracked links, to whatever, and files that became links, are skipped; nothing of what they lead to is printed."""
    links = ("link/file", "link/directory", "link/self", "link/broken", "link/round", "was/link.py")
    assert {seen.found["worktree"].skipped[path] for path in links} == {"symlink"}
    for options in ((), ("--untracked",)):
        assert "secret" not in seen.run(*options).out


def test_a_directory_that_became_a_link_is_not_entered(seen: Seen) -> None:
    """A tracked file whose directory is a link now is skipped, although a file of its name lies where that leads."""
    assert seen.found["worktree"].skipped["was/moved/deep/file.py"] == "symlink"
    assert seen.run("--raw", "was/moved").out == ""


def test_what_is_no_file_any_more_is_skipped_at_once(seen: Seen) -> None:
    """A pipe, a socket or a directory in the place of a file, or nothing: none is waited for, each has its reason."""
    skipped = seen.found["worktree"].skipped
    kinds = {kind: skipped[f"was/{kind}.py"] for kind in ("pipe", "socket", "folder", "gone")}
    assert kinds == {"pipe": "special", "socket": "special", "folder": "special", "gone": "missing"}


def test_a_file_that_may_not_be_read_makes_the_run_incomplete(repo: Repo, unprivileged: tuple[str, ...]) -> None:
    """It is skipped with the reason and a warning; then nothing is judged, and no baseline is saved."""
    repo.track({"open.py": "x = 1\n", "closed.py": "y = 2\n"}).commit()
    (repo.root / "closed.py").chmod(0)
    found = run_process("--profile", "--format", "json", cwd=repo.root, program=unprivileged)
    assert (found.code, found.json["complete"]) == (0, False)
    assert cost_of(found.json).skipped == {"closed.py": "unreadable"}
    assert "warning: incomplete, 1 file could not be counted: closed.py (permission denied)" in found.err
    for option in ("--check", "--save-baseline"):
        refused = run_process("--profile", option, cwd=repo.root, program=unprivileged)
        assert (refused.code, refused.out) == (2, "")
        assert f"error: {option} needs every count, and closed.py (permission denied) could not be" in refused.err
    assert run_process("--profile", "--staged", "--check", cwd=repo.root, program=unprivileged).code == 0


# --- What stands in the index ---


def test_a_conflict_is_one_file_on_disk_and_no_index(repo: Repo) -> None:
    """A path with three stages counts once on disk and in HEAD; what a commit would record is not known, by name."""
    paths = [f"new\nline{number}.py" for number in range(5)]
    repo.track({"same.py": "same", **dict.fromkeys(paths, "base\n")}).commit()
    for name in ("side", "main"):
        repo.git("checkout", "--quiet", *(["-b"] if name == "side" else []), name)
        repo.track(dict.fromkeys(paths, f"{name}\n")).commit()
    with pytest.raises(AssertionError, match="failed"):
        repo.git("merge", "side")
    assert repo.tracked().count(paths[0]) == 3
    for options in (("--rev", "HEAD"), ("--check",)):
        found = run("--profile", "--format", "json", *options, cwd=repo.root)
        assert (found.code, [exact(file) for file in found.json["files"]]) == (0, [*paths, "same.py"])
    message = r"the index has unmerged paths: new\nline0.py, new\nline1.py, new\nline2.py and 2 more"
    for asked in ("--profile --check", "--profile --save-baseline", ""):
        refused = run("--staged", *asked.split(), cwd=repo.root)
        error = f"code-context: error: {message}; resolve the conflicts and git add them\n"
        assert refused == Result(2, "", error)


def test_intended_files_are_no_part_of_the_index(seen: Seen) -> None:
    """What was added with intent only is neither counted nor skipped there, and on disk it is what it holds."""
    assert "intended\n.py" in seen.hostile.repo.tracked(), "git lists it"
    index = seen.found["index"]
    assert "intended\n.py" not in {**index.files, **index.skipped}
    assert seen.found["worktree"].files["intended\n.py"][0] > 0


@pytest.mark.parametrize("name", ["hidden", "assumed"])
def test_files_that_git_does_not_look_at_are_looked_at(seen: Seen, name: str) -> None:
    """Whether git was told to skip a file or to assume it unchanged: what is on disk is read, what is gone missing."""
    text = f"{name} = 'changed where git does not look'\n"
    assert text in seen.run("--raw", f"was/{name}.py").out
    assert seen.found["worktree"].files[f"was/{name}.py"] == (count_text(text, "o200k_base"), len(text))
    assert seen.found["worktree"].skipped[f"was/{name}-gone.py"] == "missing"
    assert seen.found["index"].files[f"was/{name}-gone.py"][0] > 0


@pytest.mark.parametrize("option", ["--sparse-index", "--no-sparse-index"])
def test_what_a_sparse_checkout_leaves_out_is_missing(repo: Repo, option: str) -> None:
    """On disk it is reported missing, and in the index it is counted, whether the index holds it or its directory."""
    repo.track({"in/a.py": "a", "out/b.py": "b", "out/deep/c.py": "c"}).commit()
    repo.git("sparse-checkout", "set", "--cone", option, "in")
    on_disk = cost_of(run("--profile", "--format", "json", cwd=repo.root).json)
    assert (set(on_disk.files), on_disk.skipped) == ({"in/a.py"}, {"out/b.py": "missing", "out/deep/c.py": "missing"})
    staged = cost_of(run("--profile", "--staged", "--check", "--format", "json", cwd=repo.root).json)
    assert (set(staged.files), staged.skipped) == ({"in/a.py", "out/b.py", "out/deep/c.py"}, {})


def test_the_disk_counts_what_lies_there_and_git_what_it_keeps(seen: Seen) -> None:
    """Line ends, encodings and LFS make a file another one in git: each source counts its own."""
    disk, index = seen.found["worktree"], seen.found["index"]
    assert (disk.files["on/disk.bat"][1], index.files["on/disk.bat"][1]) == (len("one\r\ntwo\r\n"), len("one\ntwo\n"))
    assert (disk.skipped["on/disk.wide"], index.files["on/disk.wide"][1]) == ("binary", len("wide text\n"))
    assert disk.files["on/disk.lfs"][1] == len("the large file itself\n")
    assert b"oid sha256" in git_at(seen.hostile.repo.root, "cat-file", "blob", ":on/disk.lfs")


def test_submodules_are_skipped_whether_they_are_there_or_not(seen: Seen) -> None:
    """A submodule, checked out, empty or gone, is skipped as one; so is a repository among the untracked files."""
    for source in SOURCES:
        assert {seen.found[source].skipped[f"vendor/{name}"] for name in ("lib", "missing")} == {"submodule"}
    untracked = cost_of(seen.run("--profile", "--untracked", "--format", "json").json)
    assert untracked.skipped["nested"] == "submodule"
    assert "nested/inside.py" not in untracked.files


@pytest.mark.parametrize("path", ["link/now-a-file", "vendor/now-a-file"])
def test_a_link_or_a_submodule_that_became_a_file_is_read(seen: Seen, path: str) -> None:
    """On disk it is the file that lies there, and in the index what it was."""
    text = "a file, whatever the index says\n"
    assert seen.found["worktree"].files[path] == (count_text(text, "o200k_base"), len(text))
    assert seen.run("--raw", path).out.endswith(f"{path}\n---\n{text}---\n")
    assert path in seen.found["index"].skipped


# --- Trees that git would not write ---


HARMLESS = ["...", ".gitignore", ".git2", "..a", "a..", ".github/x", "git"]


def commit_of(repo: Repo, name: str, below: str) -> str:
    """Commit a tree with `name` in it, in the directory `below`, and a harmless file beside it."""
    blob = repo.git("hash-object", "-w", "--stdin", data=b"text").decode().strip()
    entries = [b"100644 " + path.encode() + b"\0" + bytes.fromhex(blob) for path in (name, "other.py")]
    tree = repo.git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", data=b"".join(entries)).decode()
    for directory in reversed(below.split("/")[:-1]):
        tree = repo.git("mktree", data=f"040000 tree {tree.strip()}\t{directory}\n".encode()).decode()
    return repo.git("commit-tree", "-m", "x", tree.strip()).decode().strip()


@pytest.mark.parametrize(("name", "below"), [("..", ""), (".git", ""), ("a/../../b", "dir/"), (".GIT", "dir/deep/")])
def test_a_name_that_git_never_writes_is_refused(repo: Repo, name: str, below: str) -> None:
    """A tree made by hand can hold names that lead elsewhere: the run stops, and says which."""
    commit = commit_of(repo, name, below)
    assert f"{below}{name}".encode() in git_at(repo.root, "ls-tree", "-r", "-z", "--name-only", commit)
    message = f"the tree holds a name that git never writes: {below}{name}; do not trust it"
    refused = Result(2, "", f"code-context: error: {message}\n")
    assert run("--profile", "--rev", commit, cwd=repo.root) == refused
    if name == "..":
        for options in (("--changed", "other.py"), ("--profile", "--check"), ("--profile", "--save-baseline")):
            assert run("--rev", commit, *options, cwd=repo.root) == refused
        assert not (repo.root / ".loopflow-baseline.json").exists()


def test_names_that_only_look_like_those_are_read(repo: Repo) -> None:
    """Only the names themselves are refused, not what begins or ends like them."""
    names = {*HARMLESS, *(f"dir/{name}" for name in HARMLESS)}
    for name in names:
        repo.add_index_entry(name, b"text")
    found = run("--profile", "--rev", repo.commit(), "--format", "json", cwd=repo.root)
    assert cost_of(found.json).files.keys() == names


# --- Unusual repositories ---


def profiles_of(root: Path, *sources: str) -> list[Cost]:
    """Profile a work tree from each of these sources."""
    results = [run("--profile", "--format", "json", *SOURCES[source], cwd=root) for source in sources]
    assert [(result.code, result.err) for result in results] == [(0, "")] * len(sources)
    return [cost_of(result.json) for result in results]


FILES = {"a.py": "first\n", "src/b.py": "the second one\n"}


def test_before_the_first_commit(repo: Repo) -> None:
    """Without any commit, disk and index are read and judged, and HEAD is said to be none."""
    repo.track(FILES)
    assert profiles_of(repo.root, "worktree", "index") == [cost_of_texts(FILES, {})] * 2
    assert run("--profile", "--staged", "--check", cwd=repo.root).code == 0
    refused = run("--profile", "--rev", "HEAD", cwd=repo.root)
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith("code-context: error: no such revision in ")


def test_a_detached_head(repo: Repo) -> None:
    """HEAD need not be on a branch."""
    repo.track(FILES).commit()
    repo.track({"a.py": "later\n"}).commit()
    repo.git("checkout", "--quiet", "--detach", "HEAD~1")
    assert profiles_of(repo.root, "index", "revision") == [cost_of_texts(FILES, {})] * 2


def test_a_linked_worktree(repo: Repo, tmp_path: Path) -> None:
    """In a linked work tree, disk, index and HEAD are its own."""
    repo.track(FILES).commit()
    linked = tmp_path / "linked"
    repo.git("worktree", "add", "--quiet", str(linked), "HEAD")
    write_files(linked, {"a.py": "on disk\n", "c.py": "staged\n"})
    git_at(linked, "add", "c.py")
    git_at(linked, "mv", "src/b.py", "b.py")
    index = cost_of_tree(linked, git_at(linked, "write-tree").decode().strip())
    on_disk = cost_of_texts({"a.py": "on disk\n", "b.py": FILES["src/b.py"], "c.py": "staged\n"}, {})
    assert profiles_of(linked, *SOURCES) == [on_disk, index, cost_of_texts(FILES, {})]


def test_a_repository_with_ids_of_sha_256(make_repo: MakeRepo) -> None:
    """Ids of 64 digits are ids, for each source and for what a change begins with."""
    repo = make_repo("sha256", "--object-format=sha256").track(FILES)
    repo.commit()
    assert profiles_of(repo.root, "worktree", "revision") == [cost_of_texts(FILES, {})] * 2
    repo.track({"c.py": "new\n"})
    changed = run("--profile", "--staged", "--against", "HEAD", "--format", "json", cwd=repo.root).json["changes"]
    assert [(change["path"], change["kind"]) for change in changed] == [("c.py", "added")]


def test_a_shallow_clone(repo: Repo, tmp_path: Path) -> None:
    """What was fetched is read; what was not is refused, with the fetch to run."""
    repo.track({"a.py": "before\n"}).commit()
    repo.track(FILES).commit()
    git_at(tmp_path, "clone", "--quiet", "--depth=1", f"file://{repo.root}", "shallow")
    assert profiles_of(tmp_path / "shallow", "revision") == [cost_of_texts(FILES, {})]
    refused = run("--profile", "--rev", "HEAD~1", cwd=tmp_path / "shallow")
    assert (refused.code, "git fetch --unshallow" in refused.err) == (2, True)


def test_a_bare_repository(repo: Repo, tmp_path: Path) -> None:
    """A bare repository has commits, when a path or GIT_DIR names it."""
    repo.track(FILES).commit()
    bare = tmp_path / "bare.git"
    git_at(tmp_path, "clone", "--quiet", "--bare", str(repo.root), str(bare))
    by_path = run("--profile", "--rev", "HEAD", "--format", "json", "bare.git", cwd=tmp_path)
    by_name = run("--profile", "--rev", "main", "--format", "json", cwd=tmp_path, env={"GIT_DIR": str(bare)})
    assert [cost_of(result.json) for result in (by_path, by_name)] == [cost_of_texts(FILES, {})] * 2
    assert run("--profile", "--staged", cwd=tmp_path, env={"GIT_DIR": str(bare)}).code == 2


@pytest.mark.parametrize("named_by", ["path", "GIT_DIR"])
def test_a_bare_repository_is_judged(repo: Repo, tmp_path: Path, named_by: str) -> None:
    """What the error says to write is what --check takes; a merge is judged there as in a work tree."""
    repo.track({"loopflow.toml": "[budget]\ngrowth = 3\n", "src/a.md": "one\n"}).commit()
    branch(repo, "two", "main", {"two.md": words(30, "t")})
    branch(repo, "one", "main", {"one.md": words(30, "o")})
    merge(repo, "two")
    repo.track({"own.md": words(7, "w")}).commit()
    bare = tmp_path / "bare.git"
    git_at(tmp_path, "clone", "--quiet", "--bare", str(repo.root), str(bare))
    met = run("--profile", "--rev", "HEAD", "--check", cwd=bare)
    assert (met.code, met.err.rstrip().endswith("name it: --rev REV .")) == (2, True)
    named = (".",) if named_by == "path" else ()
    env = {} if named_by == "path" else {"GIT_DIR": str(bare)}
    for options, value in ((("--rev", "HEAD"), 7), (("--rev", "HEAD", "--against", "main"), 67), (("--pushed",), 7)):
        judged = run("--profile", "--check", "--format", "json", *options, *named, cwd=bare, env=env)
        assert judged.code == 1, judged.err
        assert judged.json["rules"][0]["value"] == value
    here = run("--profile", "--check", "--format", "json", "--rev", "HEAD", cwd=repo.root)
    assert here.json["rules"][0]["value"] == 7
    assert "name a revision with --rev" in run("--profile", "--check", ".", cwd=bare).err
    assert run("--profile", "--check", "--rev", "HEAD", ".", "--include", "*.md", cwd=bare).code == 2
    saved = ("--profile", "--save-baseline", "--rev", "HEAD", "--baseline-file", "../saved.json", *named)
    assert run(*saved, cwd=bare, env=env).code == 0


def test_a_path_of_a_work_tree_is_less_than_all_of_it(repo: Repo) -> None:
    """Only a bare repository has to be named."""
    repo.track({"loopflow.toml": "[budget]\ngrowth = 3\n", "src/a.md": "one\n"}).commit()
    for path in (".", "src", ".git"):
        assert run("--profile", "--check", "--rev", "HEAD", path, cwd=repo.root).code == 2


def test_git_itself_follows_and_waits(seen: Seen) -> None:
    """The traps work: `cat` of what git lists gives the secret away."""
    root = seen.hostile.repo.root
    for path in ("link/file", "was/link.py", "was/moved/deep/file.py"):
        assert subprocess.run(["cat", path], cwd=root, capture_output=True, check=True).stdout == b"secret"
