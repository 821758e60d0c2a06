"""Where files come from: a work tree, an index or a commit, of a repository."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

ObjectFormat = Literal["sha1", "sha256"]


@dataclass(frozen=True, slots=True)
class Worktree:
    """The files as they are on disk."""

    kind: Literal["worktree"] = "worktree"
    revision: None = None


@dataclass(frozen=True, slots=True)
class Index:
    """What `git commit` would record now, whole."""

    kind: Literal["index"] = "index"
    revision: None = None


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit's tree. `revision` is what was asked for, such as "HEAD~2"."""

    revision: str
    kind: Literal["revision"] = "revision"


Source: TypeAlias = Worktree | Index | Revision


@dataclass(frozen=True, slots=True)
class Repository:
    """A git repository; all paths absolute. A bare one has no work tree: its root is the git directory."""

    root: str
    git_dir: str
    index_file: str
    object_format: ObjectFormat = "sha1"
    bare: bool = False
