"""Generated histories: what happens to a work tree and its index over time, one small step after another."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, get_args

from hypothesis import strategies as st

from tests.support.builder import Repo

Action = Literal[
    "write", "edit unseen", "replace unseen", "rename", "move", "chmod", "touch", "delete", "link", "fold away",
    "stage", "stage all", "intend to add", "commit", "reset",
]  # fmt: skip

PATHS = ("a.txt", "b.md", "dir/c.py", "dir/sub/d.txt", "dir/dos.crlf", "secret.rot", "e.bin", "raw\udcff.txt")
TEXTS = (
    b"",
    b"one two three\n",
    b"six ten eight\n",  # as long as the one before
    b"one\ntwo\n",
    b"one\r\ntwo\r\n",
    b"latin \xe9\n",
    b"\0binary\n",
    b"a longer text, in words and in lines\n" * 40,
)
_ATTRIBUTES = "*.crlf text eol=crlf\n*.rot filter=rot\n"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens: to `path`, with `other` as the second one where two are needed, and `text` as content."""

    action: Action
    path: str
    other: str
    text: bytes


def histories() -> st.SearchStrategy[list[Step]]:
    """Return a strategy for histories of a few steps."""
    paths = st.sampled_from(PATHS)
    step = st.builds(Step, st.sampled_from(get_args(Action)), paths, paths, st.sampled_from(TEXTS))
    return st.lists(step, min_size=1, max_size=6)


@contextmanager
def beginning() -> Iterator[Repo]:
    """Make a repository in which every path is committed, with a line ending and a filter of its own."""
    with TemporaryDirectory() as directory:
        repo = Repo(Path(os.path.realpath(directory)) / "repo")
        repo.git("config", "filter.rot.clean", "tr a-z b-za")
        repo.git("config", "filter.rot.smudge", "tr b-za a-z")
        repo.write(".gitattributes", _ATTRIBUTES)
        for number, path in enumerate(PATHS):
            repo.write(path, TEXTS[number % len(TEXTS)])
        repo.link("link", "a.txt")
        repo.track().commit()
        yield repo


def play(repo: Repo, step: Step) -> None:
    """Let a step happen. One that is impossible at this point of the history does not."""
    target, other = repo.root / step.path, repo.root / step.other
    if step.action in _GIT:
        _try_git(repo, *_GIT[step.action], *([step.path] if step.action in {"stage", "intend to add"} else []))
        return
    try:
        _change(repo, step, target, other)
    except OSError:  # such as a file below what is a link now
        return


_GIT: dict[str, tuple[str, ...]] = {
    "stage": ("add", "--all", "--"),
    "stage all": ("add", "--all", "."),
    "intend to add": ("add", "--intent-to-add", "--"),
    "commit": ("commit", "--quiet", "--allow-empty", "--message=step"),
    "reset": ("reset", "--quiet", "--hard"),
}


def _change(repo: Repo, step: Step, target: Path, other: Path) -> None:
    if step.action == "move":
        _try_git(repo, "mv", "--force", step.path, step.other)
    elif step.action == "fold away":
        fold_away(repo.root / "dir", repo.root.parent / "elsewhere")
    elif step.action == "write":
        target.unlink(missing_ok=True)
        repo.write(step.path, step.text)
    else:
        _CHANGES[step.action](target, other)


def _link(target: Path, other: Path) -> None:
    target.unlink(missing_ok=True)
    target.symlink_to(other)


def edit_unseen(path: Path) -> None:
    """Change the bytes of a file and nothing else that a user can set: not its size, not its time of change."""
    status = path.stat()
    data = path.read_bytes()
    with path.open("r+b") as file:
        file.write(_changed(data))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def replace_unseen(path: Path) -> None:
    """Put another file in the place of one, with the same size and the same time of change."""
    status = path.stat()
    new = path.with_name("new")
    new.write_bytes(_changed(path.read_bytes()))
    os.utime(new, ns=(status.st_atime_ns, status.st_mtime_ns))
    new.replace(path)


def fold_away(directory: Path, elsewhere: Path) -> None:
    """Move a directory out of the work tree and leave a link to it, or undo that."""
    if directory.is_symlink():
        directory.unlink()
        elsewhere.rename(directory)
    else:
        directory.rename(elsewhere)
        directory.symlink_to(elsewhere)


_CHANGES: dict[str, Callable[[Path, Path], object]] = {
    "edit unseen": lambda target, _: edit_unseen(target),
    "replace unseen": lambda target, _: replace_unseen(target),
    "rename": lambda target, other: target.rename(other),
    "chmod": lambda target, _: target.chmod(target.stat().st_mode ^ 0o111),
    "touch": lambda target, _: target.touch(),
    "delete": lambda target, _: target.unlink(),
    "link": _link,
}


def _changed(data: bytes) -> bytes:
    """Return other bytes, as many, that are other tokens."""
    return bytes(ord("{") if byte == ord("e") else ord("e") if byte == ord("{") else byte for byte in data)


def _try_git(repo: Repo, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=repo.root, capture_output=True, check=False)
