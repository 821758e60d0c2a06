"""Which repository a directory belongs to.

Git's own environment variables (`GIT_DIR`, `GIT_INDEX_FILE` and the like) hold for the repository that git says is
current, and must not reach any other one. Discovery itself is left to git wherever it can be, because it also checks
who owns the repository; a repository that git's environment is not about is described from its own `.git`.
"""

import os
import re
import shlex
from collections.abc import Sequence
from functools import cached_property

from loopflow.analysis.names import escape_name
from loopflow.errors import GitError
from loopflow.io.git.command import Answer, GitCommand, decode_path
from loopflow.model import ObjectFormat, Repository

_QUESTIONS = (("--show-toplevel",), ("--absolute-git-dir",), ("--git-path", "index"), ("--show-object-format",))
_GIT_VARIABLES = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAM",
)
_HEAD = re.compile(rb"ref:\s*refs/|[0-9a-f]{40}")
_NAMES_A_REPOSITORY = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")


class Discovery:
    """Finds repositories, each one once."""

    def __init__(self, command: GitCommand) -> None:
        self._command = command
        self._environ = command.surroundings.environ
        self._here = command.surroundings.here
        self._found: dict[str, Repository | None] = {}

    @cached_property
    def named(self) -> Repository | None:
        """The repository that git's environment variables name, with the index that they name, if they name one."""
        if not any(name in self._environ for name in _NAMES_A_REPOSITORY):
            return None
        git_dir = self._environ.get("GIT_DIR")
        if git_dir and "GIT_WORK_TREE" not in self._environ:
            bare = self.find_bare(os.path.normpath(os.path.join(self._here, git_dir)))
            if bare:
                return bare
        return self._ask([], self._here) if git_dir or nearest_git_entry(self._here) else None

    def find(self, directory: str) -> Repository | None:
        """Return the repository with a work tree around `directory` (absolute, without links), or None.

        Raises GitError where there is one that git refuses to use.
        """
        nearest = nearest_git_entry(directory)
        if not any(name in self._environ for name in _NAMES_A_REPOSITORY):
            return self._discover(directory, nearest) if nearest else None
        try:
            current = self.named
        except GitError:  # what git's environment names is of no use, and of no matter to a repository elsewhere
            if nearest is None or _is_within(self._here, nearest):
                raise
            current = None
        if current and _is_within(directory, current.root) and not _is_nested(nearest, current.root, self._here):
            return current
        return self._discover_other(nearest) if nearest else None

    def find_bare(self, directory: str) -> Repository | None:
        """Return the bare repository that `directory` (absolute) itself is, or None. Nothing above it is looked at."""
        if not all(os.path.exists(os.path.join(directory, name)) for name in ("HEAD", "objects", "refs")):
            return None
        answer = self._command.run([f"--git-dir={directory}", "rev-parse", "--is-bare-repository"])
        is_bare = answer.status == 0 and answer.line == "true"
        return self._describe(directory, directory, bare=True) if is_bare else None

    def _discover(self, directory: str, nearest: str) -> Repository | None:
        # One answer serves all directories with the same nearest .git, unless git may not go up to it from all of them.
        start = directory if "GIT_CEILING_DIRECTORIES" in self._environ else nearest
        if start not in self._found:
            self._found[start] = self._ask(["-C", start], start)
        found = self._found[start]
        if found and not _is_within(directory, found.root):  # core.worktree, or a git directory moved away
            where, root = escape_name(directory), escape_name(found.root)
            raise GitError(f"git says that the work tree of {where} lies elsewhere: {root}", "name that directory")
        return found

    def _ask(self, where: Sequence[str], directory: str) -> Repository | None:
        ask = [*where, "rev-parse", "--path-format=absolute"]
        answer = self._command.run([*ask, *(word for question in _QUESTIONS for word in question)])
        if answer.status:
            self._raise_unless_absent(answer, directory, is_named=not where)
            return None
        lines = answer.output.split(b"\n")[:-1]
        if len(lines) != len(_QUESTIONS):  # a path with a line break in it: one question at a time
            lines = [self._command.run([*ask, *question]).output.removesuffix(b"\n") for question in _QUESTIONS]
        root, git_dir, index_file, object_format = map(decode_path, lines)
        return Repository(root, git_dir, index_file, _object_format(object_format))

    def _discover_other(self, root: str) -> Repository | None:
        """Describe the repository at `root` although git's environment names another one."""
        answer = self._command.run([f"--git-dir={os.path.join(root, '.git')}", "rev-parse", "--absolute-git-dir"])
        if answer.status:
            self._raise_unless_absent(answer, root, is_named=False)
            return None
        return self._describe(root, answer.line, bare=False)

    def _describe(self, root: str, git_dir: str, *, bare: bool) -> Repository:
        object_format = self._command.run([f"--git-dir={git_dir}", "rev-parse", "--show-object-format"]).line
        return Repository(root, git_dir, os.path.join(git_dir, "index"), _object_format(object_format), bare)

    def _raise_unless_absent(self, answer: Answer, directory: str, *, is_named: bool) -> None:
        """Raise GitError where git found a repository, or its environment names one, and it will not use it."""
        where, complaint = escape_name(directory), answer.complaint
        if "dubious ownership" in complaint:
            raise GitError(
                f"git does not trust the repository around {where}, because it belongs to another user",
                f"if you trust it: git config --global --add safe.directory {shlex.quote(where)}",
            )
        if "must be run in a work tree" in complaint:
            raise GitError(f"{where} has no work tree: it is a git directory or a bare repository", "name a work tree")
        held_back = "GIT_CEILING_DIRECTORIES" in self._environ or "filesystem boundary" in complaint
        has_git_entry = os.path.lexists(os.path.join(directory, ".git"))
        if "not a git repository" in complaint and held_back and not has_git_entry:
            return
        if is_named:
            variables = ", ".join(sorted(name for name in self._environ if name.startswith(_GIT_VARIABLES)))
            raise GitError(
                f"git cannot use the repository that its environment names: {complaint}", f"check {variables}"
            )
        hint = "check its permissions, and git status there"
        raise GitError(f"there is a .git at or above {where}, but git cannot use it: {complaint}", hint)


def is_git_directory(directory: str) -> bool:
    """Whether git would keep a repository in `directory`, with or without a config (setup.c, is_git_directory)."""
    head = os.path.join(directory, "HEAD")
    if not all(os.path.isdir(os.path.join(directory, name)) for name in ("objects", "refs")):
        return False
    try:
        if os.path.islink(head):
            return os.readlink(head).startswith("refs/")
        with open(os.open(head, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            return _HEAD.match(file.read(64)) is not None
    except OSError:
        return False


def find_git_directory(directory: str) -> str | None:
    """Return the git directory that `directory` is, or lies in, or None."""
    while not is_git_directory(directory):
        parent = os.path.dirname(directory)
        if parent == directory:
            return None
        directory = parent
    return directory


def nearest_git_entry(directory: str) -> str | None:
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
