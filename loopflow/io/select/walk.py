"""Plain directories: every file below, but for what nested .gitignore files leave out.

The rules are git's (gitignore(5)): a file's rules hold below its own directory, the nearest file that says anything
about a path decides, and what lies in an ignored directory cannot be taken in again. Links are listed, never followed.
A repository that is met on the way is left to git, and what git keeps in a git directory is no source.
"""

import os
from collections.abc import Iterator
from typing import NamedTuple

from loopflow.analysis.patterns import Patterns, compile_ignore_file
from loopflow.errors import describe_os_error
from loopflow.io.git.discovery import is_git_directory
from loopflow.io.read.opening import NotOpened, Opener
from loopflow.model import FileRef, Reason, Skipped

_IGNORE_FILE = ".gitignore"
_OF_A_GIT_DIRECTORY = frozenset({"HEAD", "objects", "refs"})


class NestedRepository(NamedTuple):
    """A directory with a .git of its own, at `path` relative to the directory that is walked."""

    path: str


class _Rules(NamedTuple):
    """The patterns of one .gitignore file and the directory they hold in, "" or ending in a slash."""

    below: str
    patterns: Patterns


def walk(root: str) -> Iterator[FileRef | Skipped | NestedRepository]:
    """Yield everything below the plain directory `root` (absolute) that is not ignored, in no particular order."""
    waiting: list[tuple[str, tuple[_Rules, ...]]] = [("", ())]  # directories, and the rules from above, nearest first
    with Opener(root) as opener:
        while waiting:
            directory, outer = waiting.pop()
            try:
                entries = list(os.scandir(os.path.join(root, directory)))
            except OSError as error:
                yield Skipped(directory.rstrip("/"), Reason.UNREADABLE, describe_os_error(error))
                continue
            names = {entry.name for entry in entries}
            if directory and ".git" in names:
                yield NestedRepository(directory.rstrip("/"))
                continue
            if names >= _OF_A_GIT_DIRECTORY and is_git_directory(os.path.join(root, directory)):
                yield Skipped(directory.rstrip("/"), Reason.SPECIAL, "a git directory")
                continue
            rules = _read_rules(opener, directory) + outer if _IGNORE_FILE in names else outer
            for entry in entries:
                is_directory = entry.is_dir(follow_symlinks=False)
                path = directory + entry.name + ("/" if is_directory else "")
                if entry.name == ".git" or _is_ignored(path, rules):
                    continue
                if is_directory:
                    waiting.append((path, rules))
                else:
                    yield FileRef(path)


def _read_rules(opener: Opener, directory: str) -> tuple[_Rules, ...]:
    try:
        handle, _ = opener.open(directory + _IGNORE_FILE)
    except NotOpened:  # a link or a directory: git takes no rules from it either
        return ()
    with os.fdopen(handle, "rb") as file:
        text = file.read().decode("utf-8", "surrogateescape")
    return (_Rules(directory, compile_ignore_file(text)),)


def _is_ignored(path: str, rules: tuple[_Rules, ...]) -> bool:
    for rule in rules:
        verdict = rule.patterns.decide(path.removeprefix(rule.below))
        if verdict is not None:
            return verdict
    return False
