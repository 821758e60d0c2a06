"""Random repositories: files, links and submodules of all kinds, some of them changed after they were tracked."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, get_args

from hypothesis import strategies as st

from tests.support.builder import Repo, write_files
from tests.support.unprivileged import open_directory

Kind = Literal[
    "text", "empty", "lossy", "large", "binary", "link", "dangling", "submodule",
    "deleted", "replaced by a link", "replaced by a directory", "edited", "untracked",
]  # fmt: skip
TEXT_KINDS: tuple[Kind, ...] = ("text", "empty", "lossy", "large", "edited")
UNTRACKED: Kind = "untracked"

Tree = Mapping[str, Kind]

_PLAIN_NAMES = ("a", "b", "src", "src2", "x.py", "y.PY", "z.md", "README.md", "Makefile", ".hidden", "é", "日本")
_HOSTILE_NAMES = ("a b", "-x", ":(top)", "*", "new\nline", "tab\t", "quote\"'", "back\\slash", "\x1b[0m", "raw\udcff")
_PATHS = st.lists(st.sampled_from(_PLAIN_NAMES + _HOSTILE_NAMES), min_size=1, max_size=4).map("/".join)
_KINDS: st.SearchStrategy[Kind] = st.sampled_from((*TEXT_KINDS, *get_args(Kind)))


def trees() -> st.SearchStrategy[Tree]:
    """Return a strategy for trees in which no file lies below another one."""
    return st.dictionaries(_PATHS, _KINDS, max_size=15).map(_without_conflicts)


def _without_conflicts(tree: Tree) -> Tree:
    kept: dict[str, Kind] = {}
    for path, kind in tree.items():
        if not any(f"{path}/".startswith(f"{other}/") or f"{other}/".startswith(f"{path}/") for other in kept):
            kept[path] = kind
    return kept


@contextmanager
def built(tree: Tree) -> Iterator[Repo]:
    """Build a repository with a work tree as `tree` describes it."""
    with open_directory() as directory:
        write_files(directory / "outside", {"secret": "secret"})
        repo = Repo(directory / "repo")
        for path, kind in tree.items():
            _make(repo, path, kind)
        repo.track()
        for path, kind in tree.items():
            _change(repo, path, kind)
        yield repo


def _make(repo: Repo, path: str, kind: Kind) -> None:
    if kind == "submodule":
        (repo.root / path).mkdir(parents=True)
    elif kind in {"link", "dangling"}:
        repo.link(path, str(repo.root.parent / ("outside/secret" if kind == "link" else "nowhere")))
    elif kind != UNTRACKED:
        repo.write(path, content_of(path, kind))


def content_of(path: str, kind: Kind) -> bytes:
    """Return what a file of a kind contains before it is changed."""
    name = path.encode("utf-8", "surrogateescape")
    match kind:
        case "empty":
            return b""
        case "lossy":
            return b"lat\xefn " + name + b"\n"
        case "large":
            return (b"a line of " + name + b"\n") * 1_000 + b"\0"
        case "binary":
            return b"\0" + name
    return b"def " + name + b"(): pass\n"


def _change(repo: Repo, path: str, kind: Kind) -> None:
    target = Path(os.path.join(repo.root, path))
    match kind:
        case "submodule":
            repo.add_index_entry(path.encode("utf-8", "surrogateescape"), mode="160000")
        case "deleted":
            target.unlink()
        case "replaced by a link":
            target.unlink()
            target.symlink_to(repo.root.parent / "outside/secret")
        case "replaced by a directory":
            target.unlink()
            write_files(target, {"inside": "inside"})
        case "edited":
            repo.write(path, b"edited " + content_of(path, kind))
        case "untracked":
            repo.write(path, content_of(path, kind))
