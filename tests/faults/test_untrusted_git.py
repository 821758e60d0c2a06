"""Repositories that want programs run: whatever they configure, no option of the command runs it.

Each setting names a program of its own, which leaves a mark under its own name, so that it can be shown that plain git
does run what the command does not.
"""

import itertools
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from loopflow.cli.code_context import code_context
from loopflow.model import Index, Revision, SelectRequest, Worktree
from tests.support.builder import Repo, write_files
from tests.support.plumbing import git_at
from tests.support.printing import print_texts
from tests.support.run import run

# Git's own commands cannot be aliased; if that ever changes, these are the ones that would be.
COMMANDS = (
    *("cat-file", "check-attr", "config", "diff", "diff-index", "diff-tree", "for-each-ref"),
    *("hash-object", "ls-files", "ls-tree", "merge-base", "rev-parse", "update-index", "version"),
)

PROGRAM = """#!/bin/sh
name=$(basename "$0")
touch {marks}/"$name"
case $name in
    filter.clean | filter.x=y | filter.strict | included.*) cat ;;
    *) exit 1 ;;
esac
"""

CONFIG = """
[core]
    repositoryFormatVersion = 1
    fsmonitor = {core.fsmonitor}
    hooksPath = {hooks}
    pager = {core.pager}
    editor = {core.editor}
    sshCommand = {core.sshCommand}
    askPass = {core.askPass}
    gitProxy = {core.gitProxy}
    alternateRefsCommand = {core.alternateRefsCommand}
[extensions]
    partialClone = origin
[remote "origin"]
    url = ext::{remote.url}
    promisor = true
    uploadpack = {remote.uploadpack}
    vcs = ext
[protocol]
    allow = always
[protocol "ext"]
    allow = always
[filter "clean"]
    clean = {filter.clean}
    smudge = {filter.smudge}
[filter "process"]
    process = {filter.process}
[filter "x=y"]
    clean = {filter.x=y}
    smudge = {filter.x=y}
[filter "strict"]
    clean = {filter.strict}
    required = true
[diff]
    external = {diff.external}
    autoRefreshIndex = true
[diff "evil"]
    command = {diff.command}
    textconv = {diff.textconv}
[merge "evil"]
    driver = {merge.driver}
[credential]
    helper = {credential.helper}
[gpg]
    program = {gpg.program}
[log]
    showSignature = true
[interactive]
    diffFilter = {interactive.diffFilter}
[uploadpack]
    packObjectsHook = {uploadpack.packObjectsHook}
[sequence]
    editor = {sequence.editor}
[submodule "lib"]
    update = !{submodule.update}
    active = true
    url = ext::{submodule.url}
[include]
    path = more
"""
MORE = """
[filter "included"]
    clean = {included.clean}
    required = true
[include]
    path = even-more
"""
EVEN_MORE = """
[filter "nested"]
    process = {nested.process}
[alias]
"""
ATTRIBUTES = """
*.txt filter=clean diff=evil merge=evil
*.proc filter=process
*.py filter=x=y
*.md filter=strict
*.rst filter=included
*.nest filter=nested linguist-generated export-ignore=false
"""
FILES = {f"src/{name}": f"{name}\n" for name in ("a.txt", "b.proc", "c.py", "d.md", "e.rst", "f.nest", "README.md")}


@dataclass(frozen=True, slots=True)
class Trap:
    """A repository that wants programs run, and the directory where they leave their marks."""

    root: Path
    marks: Path

    @property
    def sprung(self) -> set[str]:
        """The settings whose programs have run."""
        return {path.name for path in self.marks.iterdir()}


class Programs(dict[str, str]):
    """A program for each setting, made when it is first asked for."""

    def __init__(self, directory: Path, marks: Path) -> None:
        super().__init__()
        self._directory = directory
        write_files(directory, {"program": PROGRAM.format(marks=marks)})
        (directory / "program").chmod(0o755)

    def __missing__(self, setting: str) -> str:
        path = self._directory / setting
        if not path.is_symlink():
            path.symlink_to("program")
        return str(path)

    def fill(self, config: str) -> str:
        """Put a program in the place of each setting's name in braces."""
        parts = config.split("{")
        filled = [parts[0]]
        for part in parts[1:]:
            setting, _, rest = part.partition("}")
            filled.append(self[setting] + rest)
        return "".join(filled)


def arm(git_dir: Path, beside: Path) -> Path:
    """Let the repository of a git directory configure everything, and return where the marks will be."""
    marks = beside / "marks"
    marks.mkdir()
    programs = Programs(beside / "programs", marks)
    hooks = write_files(beside / "hooks", {})
    for hook in ("post-index-change", "pre-commit", "post-checkout", "reference-transaction", "fsmonitor-watchman"):
        (hooks / hook).symlink_to(programs[hook])
    programs["hooks"] = str(hooks)
    with open(git_dir / "config", "a", encoding="utf-8") as config:
        config.write(programs.fill(CONFIG))
    aliases = "".join(f"    {command} = !{programs[f'alias.{command}']}\n" for command in COMMANDS)
    pagers = "[pager]\n" + "".join(f"    {command} = {programs[f'pager.{command}']}\n" for command in COMMANDS)
    write_files(git_dir, {"more": programs.fill(MORE), "even-more": programs.fill(EVEN_MORE) + aliases + pagers})
    write_files(git_dir, {"info/attributes": ATTRIBUTES})
    return marks


@pytest.fixture
def trap(repo: Repo, tmp_path: Path) -> Trap:
    """Return a repository with two commits and every kind of change, armed."""
    repo.track({**FILES, ".gitattributes": ATTRIBUTES}).commit()
    repo.add_index_entry("lib", mode="160000")
    write_files(repo.root / "lib", {})
    repo.track({"src/c.py": "second\n"})
    repo.commit()
    blob = repo.add_index_entry("gone.txt", b"an object that only the remote has\n")
    repo.git("commit", "--quiet", "--message=gone")
    repo.git("branch", "gone")
    repo.git("reset", "--quiet", "--mixed", "HEAD~1")
    (repo.root / ".git/objects" / blob[:2] / blob[2:]).unlink()
    repo.write("src/new.txt", "staged\n")
    repo.git("add", "src/new.txt")
    repo.write("src/untracked.txt", "untracked\n")
    repo.write("src/a.txt", "A.TXT\n")  # edited, of the same size
    for path in FILES:
        os.utime(repo.root / path, (1, 1))  # git has to look into it to know whether it has changed
    return Trap(repo.root, arm(repo.root / ".git", tmp_path))


REQUESTS = [
    SelectRequest(source=source, changed=changed, paths=paths, readmes=True)
    for source in (Worktree(), Index(), Revision("HEAD"))
    for changed in (False, True)
    for paths in ((), ("src/a.txt", "src/c.py"))
]
OPTIONS: list[tuple[Sequence[str], int | None]] = [
    (("--staged", "--raw", "--verbose"), 0),
    (("--rev", "HEAD", "--changed", "--profile", "--no-cache", "--format", "json", "--jobs", "2"), 0),
    (("--untracked", "--changed", "--readmes", "--quiet"), 0),
    (("--profile", "-e", "py,txt", "--include", "src/", "--exclude", "*.md", "--encoding", "cl100k_base"), 0),
    (("--profile", "--depth", "1", "--files", "--top", "3", "--color", "always"), 0),
    (("--profile", "--staged", "--check", "--against", "HEAD~1", "--quiet", "--config", "src/b.toml"), 2),
    (("--profile", "--against", "HEAD~1", "--cuts", "--window", "1k", "--reserve", "5%", "--keep", "*.py"), 0),
    (("--profile", "--rev", "HEAD", "--check"), 0),
    (("--profile", "--check"), 0),
    (("--profile", "--pushed", "--check", "--quiet"), 0),
    (("--profile", "--format", "markdown", "--report", "html:/dev/null", "--report", "badge:/dev/null"), 0),
    (("--fit", "1k", "-o", "../context"), 0),
    (("--stdin", "-0"), 2),
    (("--diff", "--tree", "--line-numbers"), 0),
    (("--diff", "--staged", "--fit", "1k"), 0),
    (("--diff", "--rev", "HEAD", "--against", "HEAD~1"), 0),
    (("--profile", "--save-baseline", "--baseline-file", "../baseline"), 0),
    (("--profile", "--baseline", "--baseline-file", "../baseline"), 0),
    (("--show-config",), 0),
    (("--init",), 0),
    (("--copy",), None),
    (("--version",), 0),
    (("--help",), 0),
    (("--rev", "gone"), 2),
    (("--rev", "nowhere", "--changed"), 2),
    (("--staged", "--profile", "lib"), 0),
    (("--profile", "src/a.txt", "src/untracked.txt", ".git", "lib"), 0),
]


def test_every_option_is_tried() -> None:
    """The table above runs each option that the command documents."""
    tried = set(itertools.chain.from_iterable(options for options, _ in OPTIONS))
    for parameter in code_context.params:
        if parameter.param_type_name == "option":
            assert tried & {*parameter.opts, *parameter.secondary_opts}, f"{parameter.name} is never run"


def test_no_program_that_a_repository_configures_is_run(trap: Trap) -> None:
    """Whatever is configured, and whatever is asked for: no program leaves a mark, and the index is left alone."""
    index = trap.root / ".git/index"
    before = index.read_bytes()
    for options, code in OPTIONS:
        result = run(*options, cwd=trap.root)
        assert code is None or result.code == code, (options, result.err)
        assert trap.sprung == set(), options
    assert index.read_bytes() == before


@pytest.mark.parametrize(("name", "known", "change"), [("FROM_REF", "HEAD~1", -1), ("REMOTE_NAME", "origin", 0)])
def test_no_program_is_run_for_a_push(trap: Trap, name: str, known: str, change: int) -> None:
    """What a push is compared with is found without a program, whether or not the remote has the branch."""
    before = (trap.root / ".git/refs/heads/gone").read_text()
    write_files(trap.root / ".git/refs/remotes/origin", {"main": before})
    pushed = ("--profile", "--pushed", "--check", "--format", "json")
    result = run(*pushed, cwd=trap.root, env={f"PRE_COMMIT_{name}": known})
    assert result.code == 0, result.err
    assert result.json["total"]["delta_tokens"] == change
    assert trap.sprung == set()


@pytest.mark.parametrize("directory", ["", "src"])
def test_no_program_is_run_for_any_source(trap: Trap, directory: str) -> None:
    """Each source, changed or not, is listed and read without a program, from the root as from below."""
    for request in REQUESTS:
        paths = tuple(os.path.relpath(path, directory or ".") for path in request.paths)
        print_texts(trap.root / directory, replace(request, paths=paths))
        assert trap.sprung == set(), request
    texts = print_texts(trap.root, SelectRequest(changed=True)).texts
    assert texts["src/a.txt"] == "A.TXT\n"
    assert "src/README.md" not in texts, "what was only touched has not changed"


GIT_RUNS = [
    (("ls-files", "--stage"), {"core.fsmonitor"}),
    (("status",), {"filter.clean", "filter.process", "filter.strict"}),
    (("add", "src/c.py"), {"filter.x=y", "post-index-change"}),
    (("add", "src/e.rst"), {"included.clean"}),
    (("add", "src/f.nest"), {"nested.process"}),
    (("diff", "HEAD", "--", "src/a.txt"), {"diff.command"}),
    (("diff", "--no-ext-diff", "HEAD", "--", "src/a.txt"), {"diff.textconv"}),
    (("cat-file", "blob", "gone:gone.txt"), {"remote.url"}),
]


@pytest.mark.parametrize(("command", "sprung"), GIT_RUNS, ids=[" ".join(command) for command, _ in GIT_RUNS])
def test_git_itself_runs_them(trap: Trap, command: Sequence[str], sprung: set[str]) -> None:
    """The trap works: plain git walks into it."""
    subprocess.run(["git", *command], cwd=trap.root, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert sprung <= trap.sprung


@pytest.fixture
def embedded(repo: Repo, tmp_path: Path) -> Trap:
    """Return a repository that tracks a bare one, armed, whose work tree is said to be the directory above it."""
    repo.track(FILES).commit()
    evil = repo.root / "vendor/evil"
    git_at(tmp_path, "clone", "--quiet", "--bare", str(repo.root), str(evil))
    marks = arm(evil, tmp_path)
    git_at(evil, "--git-dir=.", "config", "core.bare", "false")
    git_at(evil, "--git-dir=.", "config", "core.worktree", "..")
    (evil / "refs/heads/main").touch()
    repo.git("-c", "core.fsmonitor=false", "add", "--force", "vendor")
    repo.commit()
    repo.write("vendor/evil/HEAD", "ref: refs/heads/elsewhere\n")
    repo.write("vendor/evil/untracked", "untracked")
    return Trap(repo.root, marks)


@pytest.mark.parametrize("here", ["", "vendor", "vendor/evil", "vendor/evil/refs"])
def test_a_repository_that_is_content_is_not_used(embedded: Trap, here: str) -> None:
    """A git directory below the work tree is made of files like any other, even to who stands in it."""
    for source in (Worktree(), Index(), Revision("HEAD")):
        for changed in (False, True):
            printed = print_texts(embedded.root / here, SelectRequest(source=source, changed=changed))
            on_disk = {"vendor/evil/HEAD": "ref: refs/heads/elsewhere\n"}
            if changed and source == Worktree():
                assert printed.texts == (on_disk if here != "vendor/evil/refs" else {})
            else:
                assert all(path.startswith(here) for path in printed.texts)
            assert embedded.sprung == set()
    print_texts(embedded.root, SelectRequest(paths=("vendor/evil",), untracked=True))
    assert embedded.sprung == set()


def test_git_itself_would_use_it(embedded: Trap) -> None:
    """Plain git, in that directory, takes it for a repository and runs what it configures."""
    subprocess.run(["git", "status"], cwd=embedded.root / "vendor/evil", stdin=subprocess.DEVNULL, check=False)
    assert "core.fsmonitor" in embedded.sprung


@pytest.mark.parametrize("options", [("--changed",), ("--profile", "--against", "HEAD")])
def test_filters_without_end(repo: Repo, options: tuple[str, ...]) -> None:
    """Where there are too many filters to tell git to run none of them, nothing runs, and that is said."""
    repo.track({"a.py": "a\n"}).commit()
    with open(repo.root / ".git" / "config", "a", encoding="utf-8") as config:
        config.write(f'[filter "{"x" * 200_000}"]\n\tclean = cat\n')
    result = run(*options, cwd=repo.root)
    assert (result.code, result.out) == (2, "")
    assert result.err == (
        "code-context: error: git cannot be started: argument list too long; shorten the names of filters in git's "
        "configuration, which are all switched off, or the environment\n"
    )
