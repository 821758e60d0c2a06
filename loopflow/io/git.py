"""Every git call there is.

Git runs through GitPython's command runner with explicit argument lists, bytes in and out. GitPython's own `Repo`,
index and diff objects are not used: they fail on paths that are not UTF-8, ignore `GIT_INDEX_FILE` and run programs
that a repository configures. A repository is not trusted, so each call switches off what could run a program, fetch,
replace objects or take a lock (`_SWITCHED_OFF`, `_ENVIRONMENT`; see git(1) and git-config(1)).

After discovery every call names the git directory, the work tree and the index. Git's own environment variables
(`GIT_DIR`, `GIT_INDEX_FILE` and the like) therefore hold for the repository that git says is current, and never reach
another one. Discovery itself is left to git wherever it can be, because it also checks who owns the repository.
"""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from loopflow.analysis.names import escape_name
from loopflow.errors import GitError
from loopflow.model import FileRef, ObjectFormat, Repository

if TYPE_CHECKING:
    import git.cmd

OLDEST_GIT = (2, 39)

_SWITCHED_OFF = (
    "--no-optional-locks",
    "--no-pager",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "safe.bareRepository=explicit",
)
_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
_QUESTIONS = (("--show-toplevel",), ("--absolute-git-dir",), ("--git-path", "index"), ("--show-object-format",))
_NAMES_A_REPOSITORY = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    output: bytes
    complaint: str


class Git:
    """The installed git. Nothing runs before the first question; the first one makes sure that git is new enough."""

    def __init__(self) -> None:
        self._discovered: dict[str, Repository | None] = {}

    def find_repository(self, directory: str) -> Repository | None:
        """Return the repository with a work tree around `directory` (absolute, without links), or None.

        Raises GitError where there is one that git refuses to use.
        """
        nearest = _nearest_git_entry(directory)
        if not any(name in os.environ for name in _NAMES_A_REPOSITORY):
            return self._discover(directory, nearest) if nearest else None
        here = os.getcwd()
        try:
            current = self._current
        except GitError:  # what git's environment names is of no use, and of no matter to a repository elsewhere
            if nearest is None or _is_within(here, nearest):
                raise
            current = None
        if current and _is_within(directory, current.root) and not _is_nested(nearest, current.root, here):
            return current
        return self._discover_other(nearest) if nearest else None

    def list_tracked(self, repository: Repository) -> Iterator[FileRef]:
        """Yield what the index tracks, each path once, in the order of their bytes. A path in conflict has no blob."""
        previous = None
        for record in self._lines(repository, ["ls-files", "--stage"]):
            meta, _, raw = record.partition(b"\t")
            if raw == previous:
                continue
            previous = raw
            mode, blob, stage = meta.split(b" ")
            yield FileRef(_path(raw), int(mode, 8), blob.decode("ascii") if stage == b"0" else None)

    def list_untracked(self, repository: Repository) -> Iterator[str]:
        """Yield the paths that are neither tracked nor ignored. That of a nested repository ends in a slash."""
        for raw in self._lines(repository, ["ls-files", "--others", "--exclude-standard"]):
            yield _path(raw)

    def _lines(self, repository: Repository, command: Sequence[str]) -> list[bytes]:
        """Run `command -z` in `repository` and return its NUL-terminated records."""
        named = [f"--git-dir={repository.git_dir}", f"--work-tree={repository.root}", "-C", repository.root]
        answer = self._run([*named, *command, "-z"], repository.index_file)
        if answer.status:
            raise GitError(f"git {command[0]} failed in {escape_name(repository.root)}: {answer.complaint}")
        return answer.output.split(b"\0")[:-1]

    @cached_property
    def _current(self) -> Repository | None:
        """The repository that git's environment variables name, with the index that they name."""
        here = os.getcwd()
        return self._ask([], here) if "GIT_DIR" in os.environ or _nearest_git_entry(here) else None

    def _discover(self, directory: str, nearest: str) -> Repository | None:
        # One answer serves all directories with the same nearest .git, unless git may not go up to it from all of them.
        start = directory if "GIT_CEILING_DIRECTORIES" in os.environ else nearest
        if start not in self._discovered:
            self._discovered[start] = self._ask(["-C", start], start)
        return self._discovered[start]

    def _ask(self, where: Sequence[str], directory: str) -> Repository | None:
        ask = [*where, "rev-parse", "--path-format=absolute"]
        answer = self._run([*ask, *(word for question in _QUESTIONS for word in question)])
        if answer.status:
            _raise_unless_absent(answer, directory)
            return None
        lines = answer.output.split(b"\n")[:-1]
        if len(lines) != len(_QUESTIONS):  # a path with a line break in it: one question at a time
            lines = [self._run([*ask, *question]).output.removesuffix(b"\n") for question in _QUESTIONS]
        root, git_dir, index_file, object_format = map(_path, lines)
        return Repository(root, git_dir, index_file, _object_format(object_format))

    def _discover_other(self, root: str) -> Repository | None:
        """Describe the repository at `root` although git's environment names another one."""
        answer = self._run([f"--git-dir={os.path.join(root, '.git')}", "rev-parse", "--absolute-git-dir"])
        if answer.status:
            _raise_unless_absent(answer, root)
            return None
        git_dir = _path(answer.output.removesuffix(b"\n"))
        answer = self._run([f"--git-dir={git_dir}", "rev-parse", "--show-object-format"])
        return Repository(root, git_dir, os.path.join(git_dir, "index"), _object_format(_path(answer.output).strip()))

    def _run(self, arguments: Sequence[str], index_file: str | None = None) -> _Answer:
        environment = _ENVIRONMENT | ({"GIT_INDEX_FILE": index_file} if index_file else {})
        status, output, complaint = self._runner.execute(
            ["git", *_SWITCHED_OFF, *arguments],
            env=environment,
            with_extended_output=True,
            with_exceptions=False,
            stdout_as_string=False,
            strip_newline_in_stdout=False,
        )
        return _Answer(status, output, _first_line(complaint))

    @cached_property
    def _runner(self) -> "git.cmd.Git":
        # GitPython looks for git when it is imported, and raises when there is none unless it is told to be quiet.
        os.environ["GIT_PYTHON_REFRESH"] = "quiet"
        from git.cmd import Git as Runner  # noqa: PLC0415  (0.06 s, and two processes)
        from git.exc import GitCommandError, GitCommandNotFound  # noqa: PLC0415

        runner = Runner()
        try:
            found = runner.execute(["git", "version"], env=_ENVIRONMENT)
        except GitCommandNotFound as error:
            raise GitError("git is not installed, or not on the PATH", "install git 2.39 or newer") from error
        except (GitCommandError, OSError) as error:  # such as what stands in for git where developer tools are missing
            raise GitError("git is installed and does not run", "see what 'git version' says") from error
        _require_version(str(found))
        return runner


def _require_version(found: str) -> None:
    numbers = re.search(r"\d+(?:\.\d+)+", found)
    if not numbers or tuple(map(int, numbers[0].split("."))) < OLDEST_GIT:
        oldest = ".".join(map(str, OLDEST_GIT))
        raise GitError(f"this git is too old: {escape_name(found)}", f"install git {oldest} or newer")


def _raise_unless_absent(answer: _Answer, directory: str) -> None:
    """Raise GitError where git found a repository and will not use it; return where there is none."""
    where, complaint = escape_name(directory), answer.complaint
    if "dubious ownership" in complaint:
        raise GitError(
            f"git does not trust the repository around {where}, because it belongs to another user",
            f"if you trust it: git config --global --add safe.directory {where}",
        )
    if "must be run in a work tree" in complaint:
        raise GitError(f"{where} has no work tree: it is a git directory or a bare repository", "name a work tree")
    held_back = "GIT_CEILING_DIRECTORIES" in os.environ or "filesystem boundary" in complaint
    has_git_entry = os.path.lexists(os.path.join(directory, ".git"))
    if "not a git repository" in complaint and held_back and not has_git_entry:
        return
    raise GitError(f"there is a .git at or above {where}, but git cannot use it: {complaint}", "mend or remove it")


def _nearest_git_entry(directory: str) -> str | None:
    """Return the nearest directory, from `directory` up, that holds an entry named .git."""
    while not os.path.lexists(os.path.join(directory, ".git")):
        parent = os.path.dirname(directory)
        if parent == directory:
            return None
        directory = parent
    return directory


def _is_nested(nearest: str | None, root: str, here: str) -> bool:
    """Whether the nearest .git is that of another repository below `root`. The one we stand in is git's to name."""
    return nearest is not None and nearest != root and _is_within(nearest, root) and not _is_within(here, nearest)


def _is_within(path: str, root: str) -> bool:
    return path == root or path.startswith(root.rstrip("/") + "/")


def _object_format(name: str) -> ObjectFormat:
    return "sha256" if name == "sha256" else "sha1"


def _path(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _first_line(complaint: str | bytes) -> str:
    text = _path(complaint) if isinstance(complaint, bytes) else complaint
    return escape_name(text.strip().partition("\n")[0].removeprefix("fatal: "))
