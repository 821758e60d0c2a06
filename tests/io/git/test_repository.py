"""Git: what it finds, what it refuses and says, and what never runs."""

import os
import shutil
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from loopflow.errors import GitError, UsageError
from loopflow.io.git import command
from loopflow.io.git.repository import Git
from loopflow.model import Reason, SelectRequest
from loopflow.model.file_table import FileTable
from tests.support.builder import Repo, write_files
from tests.support.finding import find
from tests.support.run import run

MakeRepo = Callable[..., Repo]


@pytest.fixture
def project(repo: Repo) -> Repo:
    repo.track({"src/a.py": "a", "top.py": "t"}).commit()
    return repo


@pytest.fixture
def install_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Return a function that puts a shell script of the name git before everything else on the PATH."""

    def install(script: str) -> Path:
        fake = write_files(tmp_path / "bin", {"git": f"#!/bin/sh\n{script}\n"}) / "git"
        fake.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
        return fake

    return install


def refusal(directory: Path) -> GitError:
    """Ask for the repository around `directory` and return the error."""
    with pytest.raises(GitError) as caught:
        Git().find_repository(str(directory))
    assert caught.value.message
    assert "\n" not in caught.value.message + caught.value.hint
    return caught.value


@pytest.mark.parametrize("size", [1, 60, 200])
def test_lists_are_the_same_in_whatever_parts_they_are_read(
    size: int, repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["a.py", "b U", ":c", "d\n", "e/f.py", "g" * 90, "\udcff"]
    repo.track(dict.fromkeys(names, "x")).commit()
    git = Git()
    repository = git.find_repository(str(repo.root))
    assert repository is not None
    commit = git.resolve(repository, "HEAD")
    monkeypatch.setattr(command, "_PIECE_BYTES", size)
    for refs in (git.list_tracked(repository), git.list_index(repository), git.list_commit(repository, commit)):
        assert sorted(ref.path for ref in refs) == sorted(names)


def test_a_compact_list_has_the_same_files(repo: Repo) -> None:
    """Modes, links and ids included, from its beginning and at any place; sorted, it is in the order of texts."""
    repo.track(dict.fromkeys(["a.py", "b/c.py", "\udcff", "\U0001f600"], "x"))
    (repo.root / "link").symlink_to("a.py")
    repo.git("add", "link")
    repo.commit()
    git = Git()
    repository = git.find_repository(str(repo.root))
    assert repository is not None
    for ask in (git.list_tracked, git.list_index, partial(git.list_commit, commit=git.resolve(repository, "HEAD"))):
        refs, table = ask(repository), ask(repository, compact=True)
        assert isinstance(table, FileTable)
        assert [*table] == refs == table[:] == [table[at] for at in range(len(refs))]
        assert [*table.sorted()] == sorted(refs)
        assert [table.find(ref.path) for ref in refs] == refs
        assert table.find("gone") is None


def test_a_repository_is_described(project: Repo, tmp_path: Path) -> None:
    """A repository has a root, a git directory, an index and an object format, the same from each directory in it."""
    git = Git()
    repository = git.find_repository(str(project.root))
    assert repository is not None
    assert repository.root == os.path.realpath(project.root)
    assert repository.git_dir == os.path.join(repository.root, ".git")
    assert repository.index_file == os.path.join(repository.root, ".git", "index")
    assert repository.object_format == "sha1"
    assert git.find_repository(str(project.root / "src")) == repository
    assert git.find_repository(str(tmp_path)) is None


def test_another_users_repository_is_refused(project: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """A repository that git does not trust is named, with the command that would trust it."""
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    error = refusal(project.root / "src")
    assert error.message == (
        f"git does not trust the repository around {project.root}, because it belongs to another user"
    )
    assert error.hint == f"if you trust it: git config --global --add safe.directory {project.root}"
    project.git("config", "--global", "--add", "safe.directory", str(project.root))
    assert find(project.root).paths == ["src/a.py", "top.py"]


def test_another_users_repository_met_on_a_walk_is_a_gap(
    project: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repository that git does not trust is unreadable when it is met, and nothing of it is listed."""
    write_files(tmp_path, {"a.py": "a"})
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    found = find(tmp_path)
    assert (found.paths, found.skipped) == (["a.py"], {project.root.name: Reason.UNREADABLE})
    assert "does not trust" in found.skips[0].detail


def test_git_may_be_missing(project: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without git a repository cannot be read, and the message says what is missing."""
    monkeypatch.setenv("PATH", "")
    error = refusal(project.root)
    assert error.message == "git is not installed, or not on the PATH"
    assert error.hint == "install git 2.39 or newer"


def test_a_plain_directory_needs_no_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no repository is involved, git is not looked for."""
    write_files(tmp_path / "plain", {"a.py": "a"})
    monkeypatch.setenv("PATH", "")
    assert find(tmp_path / "plain").paths == ["a.py"]


@pytest.mark.parametrize("version", ["git version 1.8.3.1", "git version 2.38.5", "git version 2.9", "gibberish", ""])
def test_git_may_be_too_old(project: Repo, install_git: Callable[[str], Path], version: str) -> None:
    """A git older than 2.39, or one that does not say what it is, is refused with what it said."""
    install_git(f"echo '{version}'")
    error = refusal(project.root)
    assert error.message == f"this git is too old: {version}"
    assert error.hint == "install git 2.39 or newer"


@pytest.mark.parametrize(
    "version",
    ["2.39.0", "2.39", "2.45.1.windows.1", "2.39.5 (Apple Git-154)", "2.100.0", "3.0.rc1", "2.47.0.265.g4ca455297942"],
)
def test_every_newer_git_will_do(project: Repo, install_git: Callable[[str], Path], version: str) -> None:
    """Versions are compared number by number, whatever a vendor adds to them."""
    real = shutil.which("git")
    install_git(f'[ "$*" = version ] && echo "git version {version}" || exec "{real}" "$@"')
    assert find(project.root).paths == ["src/a.py", "top.py"]


def test_git_may_not_run(project: Repo, install_git: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """What is called git and fails, or cannot be run at all, is reported as such."""
    fake = install_git("echo 'invalid active developer path' >&2; exit 1")
    assert refusal(project.root).message == "git is installed and does not run"
    write_files(fake.parent, {"git": b"\x7fELF nonsense"})
    monkeypatch.setenv("PATH", str(fake.parent))
    assert refusal(project.root).message == "git is installed and does not run"


@pytest.mark.parametrize(
    ("path", "content"),
    [
        pytest.param(".git/HEAD", None, id="no HEAD"),
        pytest.param(".git/HEAD", b"\xff", id="nonsense in HEAD"),
        pytest.param(".git/config", b"[core", id="damaged config"),
        pytest.param(".git/config", b"[core]\n\trepositoryformatversion = 99\n", id="a format of the future"),
        pytest.param(".git/objects", None, id="no objects"),
        pytest.param(".git", b"gitdir: /nowhere", id="a .git file that leads nowhere"),
        pytest.param(".git", b"nonsense", id="a .git file of nonsense"),
    ],
)
@pytest.mark.parametrize("ceiling", ["/nowhere", ""])
def test_a_broken_repository_is_refused(
    project: Repo, monkeypatch: pytest.MonkeyPatch, path: str, content: bytes | None, ceiling: str
) -> None:
    """A .git that git cannot use stops the run and is never taken for a plain directory."""
    target = project.root / path
    if target.is_dir():
        target.rename(project.root.parent / "away")
    else:
        target.unlink()
    if content is not None:
        project.write(path, content)
    if ceiling:
        monkeypatch.setenv("GIT_CEILING_DIRECTORIES", ceiling)
    error = refusal(project.root)
    assert error.message.startswith(f"there is a .git at or above {project.root}, but git cannot use it: ")
    assert not error.message.endswith(": ")


def test_a_damaged_index_is_refused(project: Repo) -> None:
    """A listing that fails stops the run, naming the repository."""
    project.write(".git/index", b"DIRC nonsense")
    with pytest.raises(GitError, match="git ls-files failed in ") as caught:
        find(project.root)
    assert str(project.root) in caught.value.message


def test_a_git_directory_has_no_work_tree(project: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bare repository that git's environment names is refused, and does not stand in the way of another one."""
    project.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare.git"))
    monkeypatch.chdir(tmp_path / "bare.git")
    monkeypatch.setenv("GIT_DIR", ".")
    with pytest.raises(UsageError) as caught:
        find(tmp_path / "bare.git")
    assert caught.value.message == f"{tmp_path / 'bare.git'} is a bare repository, which has no work tree"
    assert find(tmp_path, SelectRequest(paths=("repo",))).paths == ["src/a.py", "top.py"]


def test_what_lies_in_a_git_directory_is_not_listed(project: Repo) -> None:
    """A path in .git belongs to the repository, of which it is no part."""
    found = find(project.root, SelectRequest(paths=(".git/info", "top.py")))
    assert (found.paths, found.selection.unmatched) == (["top.py"], (".git/info",))


def test_ceiling_directories_hide_a_repository_as_they_do_for_git(
    project: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Below a ceiling there is no repository above it, so that what is there is a plain directory."""
    project.write("src/untracked.py", "u")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.root))
    below = find(project.root / "src")
    assert (below.paths, below.selection.root) == (["a.py", "untracked.py"], os.path.realpath(project.root / "src"))
    assert find(project.root).paths == ["src/a.py", "top.py"], "the ceiling itself is not below"
    both = SelectRequest(paths=("top.py", "src"))
    assert find(project.root, both).paths == ["src/a.py", "src/untracked.py", "top.py"]
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.root.parent))
    assert find(project.root / "src").paths == ["src/a.py"]


def test_ceiling_directories_hold_while_git_names_an_index(project: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under git's own variables, too, a repository above the ceiling is not the current one."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.root))
    monkeypatch.setenv("GIT_INDEX_FILE", str(project.root / ".git/none"))
    monkeypatch.chdir(project.root / "src")
    assert find(project.root, SelectRequest(paths=(str(project.root),))).paths == ["src/a.py", "top.py"]


MARK = "mark"


@pytest.mark.parametrize("untracked", [False, True])
@pytest.mark.parametrize("where", ["repository", "environment", "command line", "worktree config", "include"])
def test_a_configured_program_never_runs(
    project: Repo, monkeypatch: pytest.MonkeyPatch, where: str, *, untracked: bool
) -> None:
    """What core.fsmonitor and its like name is never run, wherever it is configured; plain git would run it."""
    mark = project.root.parent / MARK
    program = project.write(".git/program", f"#!/bin/sh\necho run >> '{mark}'\nprintf 'token\\0/\\0'\n")
    program.chmod(0o755)
    settings = {
        "core.fsmonitor": str(program),
        "core.hooksPath": str(program.parent),
        "core.pager": str(program),
        "core.sshCommand": str(program),
        "filter.x.clean": str(program),
        "filter.x.process": str(program),
        "diff.x.textconv": str(program),
        "alias.ls-files": f"!{program}",
    }
    configure(project, monkeypatch, where, settings)
    project.write(".gitattributes", "* filter=x diff=x\n")
    project.write("top.py", "changed")
    assert find(project.root, SelectRequest(untracked=untracked)).texts["top.py"] == "changed"
    assert not mark.exists()
    subprocess.run(["git", "ls-files", "--others"], cwd=project.root, check=True, capture_output=True)
    subprocess.run(["git", "status"], cwd=project.root, check=False, capture_output=True)
    assert mark.exists()


def configure(project: Repo, monkeypatch: pytest.MonkeyPatch, where: str, settings: dict[str, str]) -> None:
    """Set `settings` in one of the places where git looks for them."""
    if where == "environment":
        monkeypatch.setenv("GIT_CONFIG_COUNT", str(len(settings)))
        for number, (name, value) in enumerate(settings.items()):
            monkeypatch.setenv(f"GIT_CONFIG_KEY_{number}", name)
            monkeypatch.setenv(f"GIT_CONFIG_VALUE_{number}", value)
        return
    if where == "command line":
        quoted = (f"'{name}={value}'" for name, value in settings.items())
        monkeypatch.setenv("GIT_CONFIG_PARAMETERS", " ".join(quoted))
        return
    options = ["config"]
    if where == "worktree config":
        project.git("config", "extensions.worktreeConfig", "true")
        options.append("--worktree")
    elif where == "include":
        project.git("config", "include.path", "included")
        options.append(f"--file={project.root}/.git/included")
    for name, value in settings.items():
        project.git(*options, name, value)


def test_nothing_is_written_and_nothing_locked(project: Repo) -> None:
    """A run leaves the index as it was, also while another process holds its lock."""
    index = project.root / ".git/index"
    before = (index.read_bytes(), index.stat().st_mtime_ns)
    os.utime(project.root / "top.py")
    project.write(".git/index.lock")
    assert find(project.root, SelectRequest(untracked=True)).paths == ["src/a.py", "top.py"]
    assert (index.read_bytes(), index.stat().st_mtime_ns) == before


def test_git_is_asked_no_more_than_it_must_be(
    project: Repo, make_repo: MakeRepo, install_git: Callable[[str], Path], tmp_path: Path
) -> None:
    """Git starts once for its version, once for each repository, and once for each listing, however many the paths."""
    make_repo("other").track({"x.py": "x"})
    real, log = shutil.which("git"), tmp_path / "log"
    install_git(f'echo "$*" >> "{log}"\nexec "{real}" "$@"')
    paths = (".", "src", "src/a.py", "top.py", "../other", "../other/x.py")
    find(project.root, SelectRequest(paths=paths))
    commands = [word for line in log.read_text().splitlines() for word in line.split() if word in SUBCOMMANDS]
    assert sorted(commands) == ["ls-files", "ls-files", "rev-parse", "rev-parse", "version"]


SUBCOMMANDS = frozenset(subprocess.check_output(["git", "--list-cmds=main"], text=True).split())


def test_the_command_that_is_suggested_can_be_pasted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory's name is quoted in the command of the hint, so that a shell does not run what is in it."""
    repo = Repo(tmp_path / "a;b $(c)")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert refusal(repo.root).hint.endswith(f" safe.directory '{repo.root}'")


@pytest.mark.parametrize("how", ["LITERAL", "GLOB", "NOGLOB", "ICASE"])
@pytest.mark.parametrize(
    "options",
    [
        ("--staged", "--check"),
        ("--rev", "HEAD"),
        ("--changed", "-u"),
        ("--against", "HEAD~1", "src"),
        ("--staged", "--baseline"),
    ],
)
def test_how_a_caller_reads_paths_changes_nothing(project: Repo, how: str, options: tuple[str, ...]) -> None:
    """Git hands its own --literal-pathspecs and the like on to hooks; our questions are about other paths."""
    settings = 'baseline = "ci/tokens.json"\n[budget]\ngrowth = "900%"\n'
    project.track({"src/a.py": "b", "loopflow.toml": settings}).commit()
    project.write("src/*.py", "new")
    (project.root / "ci").mkdir()
    assert run("--profile", "--save-baseline", cwd=project.root).code == 0
    project.git("add", "ci")
    asked = ("--profile", "--format", "json", *options)
    usual = run(*asked, cwd=project.root)
    assert usual.code == 0
    assert run(*asked, cwd=project.root, env={f"GIT_{how}_PATHSPECS": "1"}) == usual


def test_where_a_caller_takes_attributes_from_changes_nothing(
    project: Repo, install_git: Callable[[str], Path]
) -> None:
    """Git hands its own --attr-source on to hooks too, and no question of ours is told."""
    project.track({".gitattributes": "top.py linguist-generated\n"})
    install_git(f'[ -z "${{GIT_ATTR_SOURCE+set}}" ] || exit 3\nexec {shutil.which("git")} "$@"')
    result = run("--profile", "--cuts", "--staged", cwd=project.root, env={"GIT_ATTR_SOURCE": "HEAD~9"})
    assert (result.code, "generated  top.py" in result.out) == (0, True)
